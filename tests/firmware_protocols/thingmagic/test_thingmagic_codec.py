"""ThingMagic modules: what each answer means, and what no bytes can do to the codec."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.codec import Direction
from firmware_protocols.commands import (
    Command,
    GetInfo,
    Region,
    StartInventory,
    StopInventory,
)
from firmware_protocols.events import (
    NEED_DATA,
    HostCommand,
    Reply,
    RoundEnded,
    Status,
)
from firmware_protocols.thingmagic.codec import FACTS, ThingMagicCodec
from firmware_protocols.thingmagic.frames import build_reply
from firmware_protocols.thingmagic.tables import CODE, REGION_CODE, REGION_NAME, Code, Opcode
from tests.firmware_protocols.reading import drain, read, without_errors
from tests.firmware_protocols.thingmagic.building import METADATA, SAID, STREAM, TID, event_of


def bodies_of(command: Command, codec: ThingMagicCodec | None = None) -> list[str]:
    """Opcode and data of each frame."""
    return [frame[2:-2].hex() for frame in (codec or ThingMagicCodec()).encode(command)]


@pytest.mark.parametrize(
    ("command", "data", "status", "name"),
    [
        pytest.param(StartInventory(), "01220000", 0, "start_inventory", id="started"),
        pytest.param(StopInventory(), "02", 0, "stop_inventory", id="stopped"),
        pytest.param(StopInventory(), "", 0, "stop_inventory", id="stopped, without a word"),
        pytest.param(StartInventory(), "", 0x0105, "start_inventory", id="refused to start"),
        pytest.param(StopInventory(), "01220000", 0, "start_inventory", id="a late answer to a start"),
        pytest.param(StopInventory(), "0467", 0, "multi_protocol", id="a parameter asked of a running stream"),
    ],
)
def test_the_answer_to_a_start_is_not_that_to_a_stop(command: Command, data: str, status: int, name: str) -> None:
    codec = ThingMagicCodec()
    codec.encode(command)
    reply = event_of(0x2F, data, status, codec)
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status is Status.OK) == (name, status == 0)


@pytest.mark.parametrize(
    ("data", "status", "code", "detail"),
    [
        pytest.param("04" + "01" + "72" + "0000" + "1e", Status.OK, 0, "get_temperature: 30 °C", id="told"),
        pytest.param("04" + "00" + "92" + "0000", Status.OK, 0, "set_power: done", id="done"),
        pytest.param("04" + "00" + "97" + "010b", Status.BAD_PARAMETER, 0x010B, f"set_region: {CODE[0x010B].text}", id="refused"),
    ],
)
def test_an_answer_within_a_running_stream_is_what_it_would_be_alone(data: str, status: Status, code: int, detail: str) -> None:
    """As MercuryAPI takes it apart (TMR_SR_sendTimeout): size, opcode and status after the control byte."""
    assert event_of(0x2F, data) == Reply("multi_protocol", status, code, bytes.fromhex(data), detail=detail)


class TestAccess:
    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(TID.hex(), id="the words alone"),
            pytest.param("01" + TID.hex(), id="after the option byte"),
            pytest.param("11" + "0000" + TID.hex(), id="after option and metadata flags"),
            pytest.param("10" + "00c0" + "05" + "0000" + TID.hex(), id="after metadata, as the vendor's SDK asks for them"),
            pytest.param("10" + "0002" + "c4" + TID.hex(), id="after one byte of metadata"),
            pytest.param("88" + "11" + "0000" + TID.hex(), id="after two option bytes and metadata flags"),
        ],
    )
    def test_the_words_of_a_bank(self, data: str) -> None:
        assert event_of(0x28, data) == Reply("read_bank", Status.OK, 0, TID)

    @pytest.mark.parametrize("words", ["3000" + "01001111", "3000" + "02c41111", "3001"])
    def test_words_alone_that_begin_as_metadata_would(self, words: str) -> None:
        """The EPC bank from its PC on, as SparkFun's library reads it: 30 is no option byte, for it selects nothing by a long mask."""
        assert event_of(0x28, words) == Reply("read_bank", Status.OK, 0, bytes.fromhex(words))

    @pytest.mark.parametrize("opcode", [0x23, 0x24, 0x25, 0x26])
    def test_a_change_is_answered_by_its_status(self, opcode: int) -> None:
        done, refused = event_of(opcode, ""), event_of(opcode, "", 0x0424)
        assert isinstance(done, Reply)
        assert isinstance(refused, Reply)
        assert (done.status, refused.status) == (Status.OK, Status.LOCKED)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param(0x0101, Status.BAD_COMMAND, id="invalid opcode"),
        pytest.param(0x0103, Status.BAD_PARAMETER, id="power too high"),
        pytest.param(0x0400, Status.NO_TAG, id="no tag"),
        pytest.param(0x0404, Status.READ_FAILED, id="no data read"),
        pytest.param(0x0406, Status.WRITE_FAILED, id="write failed"),
        pytest.param(0x040C, Status.WRONG_PASSWORD, id="wrong kill password"),
        pytest.param(0x0413, Status.BAD_COMMAND, id="an operation that the tag does not have"),
        pytest.param(0x04A7, Status.WRONG_PASSWORD, id="the tag does not know the password"),
        pytest.param(0x0509, Status.READER_ERROR, id="supply voltage"),
        pytest.param(0x0423, Status.MEMORY_OVERRUN, id="memory overrun"),
        pytest.param(0x0424, Status.LOCKED, id="memory locked"),
        pytest.param(0x042B, Status.LOW_POWER, id="insufficient power"),
        pytest.param(0x0503, Status.ANTENNA_MISSING, id="antenna"),
        pytest.param(0x0504, Status.TEMPERATURE, id="temperature"),
        pytest.param(0x0601, Status.READER_ERROR, id="buffer full"),
        pytest.param(0x0666, Status.READER_ERROR, id="a status that no list has"),
        pytest.param(0xABCD, Status.READER_ERROR, id="a status of an unknown area"),
    ],
)
def test_a_refusal(code: int, status: Status) -> None:
    reply = event_of(0x28, "", code)
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status, reply.code) == ("read_bank", status, code)
    assert reply.detail


def test_every_status_of_the_vendor_has_words() -> None:
    """tmr_status.h of MercuryAPI 1.37."""
    listed = {*range(0x100, 0x107), *range(0x109, 0x10D), 0x200, 0x201, *range(0x300, 0x307), *range(0x400, 0x40D), *range(0x40E, 0x412)}
    listed |= {0x413, 0x4A7, 0x509}
    listed |= {0x420, *range(0x423, 0x427), 0x42B, 0x42F, 0x430, *range(0x500, 0x506), 0x507, *range(0x600, 0x605), 0x7F00, 0x7F01}
    assert set(CODE) == listed | {0}
    assert all(bool(meaning.text) == (code != 0) for code, meaning in CODE.items())
    assert set(Code) <= set(CODE)


def test_where_an_assertion_failed_is_told() -> None:
    reply = event_of(0x22, "0000002a" + b"hop.c".hex(), 0x7F01)
    assert isinstance(reply, Reply)
    assert reply.detail == "assertion failed in the module: line 42 of hop.c"


def test_every_region_that_can_be_set_is_read_back_by_its_name() -> None:
    assert set(REGION_CODE) == set(Region)
    assert all(REGION_NAME[code] == region for region, code in REGION_CODE.items())


@pytest.mark.parametrize(
    ("opcode", "data", "detail"),
    [
        pytest.param(0x67, "04", "india", id="India"),
        pytest.param(0x67, "1d", "bangladesh", id="Bangladesh"),
        pytest.param(0x67, "1a", "thailand", id="a region without a name of ours"),
        pytest.param(0x67, "77", "region 77", id="an unknown region"),
        pytest.param(0x62, "01fe0c0bb8fe0c", "-5 dBm (-5 to 30)", id="negative power"),
        pytest.param(0x0C, "11", "bootloader", id="bootloader"),
        pytest.param(0x0C, "52", "application", id="application of a Nano"),
        pytest.param(0x61, "0501010200", "port 1 connected, port 2 not connected", id="antennas"),
        pytest.param(0x61, "0101", "", id="not the shape of a detection"),
        pytest.param(0x72, "f6", "-10 °C", id="cold"),
        pytest.param(0x03, "00", "", id="too short a version"),
        pytest.param(
            0x03,
            "0" * 8 + "77000000" + "20240131" + "01020304" + "00000010",
            "model 77, firmware 01.02.03.04 of 2024-01-31",
            id="a new model",
        ),
        pytest.param(
            0x03,
            "07102300 01000003 20141007 01070209 00000010",
            "M5e Compact, firmware 01.07.02.09 of 2014-10-07",
            id="an M5e Compact, as erossi/m5e_rfid captured it",
        ),
        pytest.param(0x03, "14120800 38000001 20240131 02010002 00000010", "M7e Pico, firmware 02.01.00.02 of 2024-01-31", id="an M7e"),
        pytest.param(
            0x03, "14120800 20000003 20240131 01130001 00000010", "M6e Micro USB Pro, firmware 01.13.00.01 of 2024-01-31", id="USB"
        ),
        pytest.param(0x5A, "10", "", id="an unknown opcode"),
    ],
)
def test_an_answer_in_words(opcode: int, data: str, detail: str) -> None:
    reply = event_of(opcode, data)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.data, reply.detail) == (Status.OK, bytes.fromhex(data), detail)


class TestBootloader:
    def test_a_module_in_its_bootloader_is_told_to_start_its_firmware(self) -> None:
        codec = ThingMagicCodec()
        event_of(0x2F, "", 0x0101, codec)
        assert bodies_of(GetInfo(), codec) == ["04", "03"]
        event_of(0x04, "07102300010000032014100701070209" + "00000010", codec=codec)
        assert bodies_of(GetInfo(), codec) == ["03"]

    def test_one_that_runs_already_says_so_and_all_is_well(self) -> None:
        codec = ThingMagicCodec()
        event_of(0x97, "", 0x0101, codec)
        reply = event_of(0x04, "", 0x0101, codec)
        assert isinstance(reply, Reply)
        assert (reply.command, reply.status, reply.detail) == ("boot_firmware", Status.OK, "the firmware is running already")
        assert bodies_of(StopInventory(), codec) == ["2f000002"]


def test_a_row_of_ff_wakes_a_module_and_is_no_frame() -> None:
    """Sixteen and more FF come before a command to a sleeping module; FF as a length would swallow it."""
    codec = ThingMagicCodec(direction=Direction.TO_READER)
    codec.receive_data(b"\xff" * 32 + bytes.fromhex("ff00031d0c"))
    assert without_errors(drain(codec)) == [HostCommand("get_info", 0x03)]


@given(
    st.lists(
        st.sampled_from([b"\xff", b"\xff\x00\x22", bytes.fromhex("ff0022040084e0"), bytes(9), bytes.fromhex("ff042f000001220000")]),
        max_size=30,
    )
)
def test_bytes_in_any_order_end_in_known_events(pieces: list[bytes]) -> None:
    codec = ThingMagicCodec()
    events = read(codec, pieces)
    assert codec.held_bytes == 0
    good = b"".join(pieces).count(bytes.fromhex("ff0022040084e0"))
    assert sum(event == RoundEnded(reads=0) for event in events) == good


@given(
    opcode=st.sampled_from(sorted(Opcode)),
    status=st.sampled_from([0, 0, 0, 0x101, 0x400, 0x504, 0x7F01, 0xFFFF]),
    data=st.binary(max_size=60),
)
def test_any_data_in_a_whole_frame_is_an_event(opcode: int, status: int, data: bytes) -> None:
    codec = ThingMagicCodec()
    codec.receive_data(build_reply(opcode, status, data))
    assert drain(codec)


@given(data=st.binary(max_size=60), flags=st.sampled_from([0x01FF, 0x0057, 0x0000, 0x1FFF, 0xFFFF]))
def test_any_data_behind_the_head_of_a_stream_or_a_buffer_is_an_event(data: bytes, flags: int) -> None:
    codec = ThingMagicCodec()
    codec.receive_data(build_reply(0x22, 0, b"\x10\x00\x1f" + flags.to_bytes(2) + b"\x01" + data))
    codec.receive_data(build_reply(0x29, 0, flags.to_bytes(2) + b"\x00" + data))
    assert len(drain(codec)) >= 2


def test_what_a_session_must_know() -> None:
    assert FACTS.reads_tid_in_inventory
    assert FACTS.pulses_in_inventory
    assert not FACTS.inventory_ends_by_itself
    assert (FACTS.default_baud, FACTS.has_rssi_dbm) == (115_200, True)


def test_reading_is_a_hundred_times_faster_than_the_line() -> None:
    """115,200 baud bring 195 reports with TID a second. Best of three: the machine may have other work."""
    frame = build_reply(0x22, 0, bytes.fromhex(STREAM + "01" + METADATA + "0060" + TID.hex() + "0f" + SAID))
    count, rates = 2000, []
    for _ in range(3):
        codec = ThingMagicCodec()
        codec.receive_data(frame * count)
        starts_s = time.process_time()
        while codec.next_event() is not NEED_DATA:
            pass
        rates.append(count / (time.process_time() - starts_s))
    assert max(rates) >= 100 * 11_520 / len(frame)
