"""ThingMagic modules: commands to bytes, and what each answer means."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.codec import Direction
from firmware_protocols.commands import (
    Bank,
    Beep,
    BeepMode,
    Command,
    GetAntennas,
    GetInfo,
    GetPower,
    GetRegion,
    LockAction,
    LockTag,
    ReadBank,
    Region,
    SetAccessPassword,
    SetAntennas,
    SetOutput,
    SetPower,
    SetRegion,
    StartInventory,
    StopInventory,
    WriteBank,
    WriteEpc,
)
from firmware_protocols.errors import BadArgument, ProtocolError
from firmware_protocols.events import (
    NEED_DATA,
    Event,
    FrameError,
    FrameFault,
    HostCommand,
    Notice,
    Reply,
    RoundEnded,
    Rssi,
    RssiUnit,
    Status,
    TagSeen,
)
from firmware_protocols.thingmagic.codec import FACTS, ThingMagicCodec
from firmware_protocols.thingmagic.frames import build_command, build_reply
from firmware_protocols.thingmagic.tables import CODE, METADATA_SIZE, REGION_CODE, REGION_NAME, Code, Metadata, Opcode
from tests.firmware_protocols.reading import drain, errors_of, read, without_errors

EPC = bytes.fromhex("e200301666130121155074ef")
TID = bytes.fromhex("e2801170200012345678abcd")
SAID = "0080" + "3000" + EPC.hex() + "1234"  # length in bits, PC, EPC, CRC
SEEN = TagSeen(EPC, 0x3000, TID, Rssi(-60.0, RssiUnit.DBM, b"\xc4"), 2, 866_300, 90, 3)
METADATA = "03" + "c4" + "22" + "0d37fc" + "00000127" + "005a" + "05"
STREAM = "10" + "001f" + "01ff"


def event_of(opcode: int, data: str, status: int = 0, codec: ThingMagicCodec | None = None) -> Event:
    (event,) = read(codec or ThingMagicCodec(), [build_reply(opcode, status, bytes.fromhex(data))])
    return event


def bodies_of(command: Command, codec: ThingMagicCodec | None = None) -> list[str]:
    """Opcode and data of each frame."""
    return [frame[2:-2].hex() for frame in (codec or ThingMagicCodec()).encode(command)]


GEN2 = "930005"
SELECTED = "60" + EPC.hex()


@pytest.mark.parametrize(
    ("command", "bodies"),
    [
        pytest.param(GetInfo(), ["03"], id="info"),
        pytest.param(
            StartInventory(),
            [
                "9a010c00",
                "2f000001220000" + "0513" + "2210001f00fa01ff" + "0109" + "28" + "0000000200000000" + "06",
            ],
            id="start: no filter, then a stream with all metadata and the TID",
        ),
        pytest.param(StopInventory(), ["2f000002"], id="stop"),
        pytest.param(GetRegion(), ["67"], id="region"),
        pytest.param(SetRegion(Region.EU), ["9708"], id="EU3"),
        pytest.param(SetRegion(Region.US), ["9701"], id="NA"),
        pytest.param(SetRegion(Region.KOREA), ["9709"], id="KR2"),
        pytest.param(SetRegion(Region.CHINA_900), ["9706"], id="PRC"),
        pytest.param(SetRegion(Region.CHINA_800), ["970a"], id="PRC2"),
        pytest.param(GetPower(), ["6200"], id="power"),
        pytest.param(SetPower(22.5), ["9208ca", "9408ca"], id="power to read and to write"),
        pytest.param(GetAntennas(), ["6105"], id="antennas"),
        pytest.param(SetAntennas((1, 3)), ["9102" + "0101" + "0303"], id="the ports of a search"),
        pytest.param(SetOutput(2, is_high=True), ["960201"], id="output"),
        pytest.param(ReadBank(Bank.TID, 0, 6), [GEN2, "2803e8" + "10" + "0000" + "02" + "00000000" + "06"], id="read the TID of any tag"),
        pytest.param(
            ReadBank(Bank.USER, 1, 2, 0x11223344),
            [GEN2, "2803e8" + "15" + "0000" + "03" + "00000001" + "02" + "11223344"],
            id="read with a password",
        ),
        pytest.param(
            ReadBank(Bank.USER, 1, 2, epc=EPC),
            [GEN2, "2803e8" + "11" + "0000" + "03" + "00000001" + "02" + "00000000" + SELECTED],
            id="read a tag by its EPC",
        ),
        pytest.param(
            WriteBank(Bank.USER, 0, b"\x00\xee"), [GEN2, "2403e8" + "00" + "00000000" + "03" + "00ee"], id="write, as SparkFun prints it"
        ),
        pytest.param(
            WriteEpc(EPC, 0x3000, 1, EPC),
            [GEN2, "2403e8" + "01" + "00000001" + "01" + "00000001" + SELECTED + "3000" + EPC.hex()],
            id="write PC and EPC",
        ),
        pytest.param(SetAccessPassword(0xAABBCCDD), [GEN2, "2403e8" + "00" + "00000002" + "00" + "aabbccdd"], id="set the access password"),
        pytest.param(
            LockTag(0x11223344, epc_bank=LockAction.NEEDS_PASSWORD, epc=bytes.fromhex("111122223333444455556666")),
            [GEN2, "2503e8" + "01" + "11223344" + "0020" + "0020" + "60" + "111122223333444455556666"],
            id="lock, as the M5e guide prints it",
        ),
        pytest.param(
            LockTag(1, kill_password=LockAction.CLOSED_FOREVER, user_bank=LockAction.OPEN),
            [GEN2, "2503e8" + "00" + "00000001" + "0302" + "0300"],
            id="lock whichever answers",
        ),
    ],
)
def test_what_is_sent(command: Command, bodies: list[str]) -> None:
    assert bodies_of(command) == bodies


def test_a_long_epc_takes_a_longer_length() -> None:
    epc = bytes(range(32))
    assert (
        bodies_of(ReadBank(Bank.TID, 0, 2, epc=epc))[1]
        == "2803e8" + "31" + "0000" + "02" + "00000000" + "02" + "00000000" + "0100" + epc.hex()
    )


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(SetPower(33), id="power beyond any module"),
        pytest.param(SetPower(-1), id="negative power"),
        pytest.param(SetPower(float("nan")), id="no power"),
        pytest.param(SetAntennas(()), id="no antenna"),
        pytest.param(SetAntennas((5,)), id="no such port"),
        pytest.param(SetAntennas((1, 1)), id="a port twice"),
        pytest.param(SetOutput(5, is_high=True), id="no such output"),
        pytest.param(ReadBank(Bank.USER, 0, 121), id="longer than an answer"),
        pytest.param(WriteBank(Bank.USER, 0, bytes(130)), id="longer than a frame"),
        pytest.param(WriteEpc(EPC, 0x3800), id="PC for a longer EPC"),
        pytest.param(Beep(BeepMode.EACH_TAG), id="no beeper"),
    ],
)
def test_what_no_module_takes_is_refused_before_it_is_sent(command: Command) -> None:
    with pytest.raises(ProtocolError):
        ThingMagicCodec().encode(command)


@pytest.mark.parametrize("ports", [0, 3, 32])
def test_no_module_has_so_many_ports(ports: int) -> None:
    with pytest.raises(BadArgument, match="antenna ports"):
        ThingMagicCodec(antenna_ports=ports)


@given(
    command=st.sampled_from([ReadBank(Bank.TID, 0, 2, epc=EPC), WriteEpc(EPC, 0x3000, 1, EPC), StartInventory(), SetPower(20), GetInfo()])
)
def test_the_other_half_reads_what_we_send(command: Command) -> None:
    frames = ThingMagicCodec().encode(command)
    heard = read(ThingMagicCodec(direction=Direction.TO_READER), frames, has_gap=False)
    assert [build_command(each.opcode, each.data) for each in heard if isinstance(each, HostCommand)] == list(frames)


def test_start_and_stop_have_one_opcode_and_two_names() -> None:
    codec = ThingMagicCodec(direction=Direction.TO_READER)
    commands = read(
        codec,
        [ThingMagicCodec().encode(StartInventory())[-1], *ThingMagicCodec().encode(StopInventory()), build_command(0x2F, b"\0\0\x04")],
    )
    assert [each.command for each in commands if isinstance(each, HostCommand)] == ["start_inventory", "stop_inventory", "multi_protocol"]


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


def test_tags_that_come_before_the_answer_to_a_stop_are_reads() -> None:
    codec = ThingMagicCodec()
    codec.encode(StopInventory())
    late = build_reply(0x22, 0, bytes.fromhex(STREAM + "01" + METADATA + "0060" + TID.hex() + "0f" + SAID))
    events = read(codec, [late + late + build_reply(0x2F, 0, b"\x02")])
    assert events[:2] == [SEEN, SEEN]
    assert isinstance(events[2], Reply)
    assert events[2].command == "stop_inventory"


class TestStream:
    @pytest.mark.parametrize(
        ("data", "tid"),
        [
            pytest.param("0060" + TID.hex(), TID, id="the TID"),
            pytest.param("0000", None, id="nothing could be read"),
            pytest.param("80000404", None, id="an error instead of data"),
        ],
    )
    def test_a_tag_with_what_was_read_of_it(self, data: str, tid: bytes | None) -> None:
        assert event_of(0x22, STREAM + "01" + METADATA + data + "0f" + SAID) == SEEN._replace(tid=tid)

    @pytest.mark.parametrize("prefix", ["81", "84", "88"])
    def test_two_option_bytes(self, prefix: str) -> None:
        assert event_of(0x22, prefix + STREAM + "01" + METADATA + "0060" + TID.hex() + "0f" + SAID) == SEEN

    def test_no_metadata(self) -> None:
        assert event_of(0x22, "00" + "001b" + "01" + SAID) == TagSeen(EPC, 0x3000)

    def test_all_metadata_of_an_m7e(self) -> None:
        data = "10" + "001f" + "1fff" + "01" + METADATA + "0060" + TID.hex() + "0f" + "02" + "00" + "01" + "abcd" + SAID
        assert event_of(0x22, data) == SEEN

    @given(flags=st.integers(0, 0x1FFF), tid=st.sampled_from([b"", TID, TID[:4]]))
    def test_any_choice_of_metadata(self, flags: int, tid: bytes) -> None:
        """What was asked for is there, what was not is None."""
        values = {flag: bytes((size,) * size) for flag, size in METADATA_SIZE.items()}
        values |= {Metadata.PROTOCOL: b"\x05", Metadata.DATA: (len(tid) * 8).to_bytes(2) + tid}
        metadata = b"".join(value for flag, value in values.items() if flags & flag)
        seen = event_of(0x22, "10001b" + f"{flags:04x}" + "01" + metadata.hex() + SAID)
        assert isinstance(seen, TagSeen)
        assert (seen.epc, seen.pc) == (EPC, 0x3000)
        assert seen.tid == (tid or None if flags & Metadata.DATA else None)
        assert (seen.rssi is not None) == bool(flags & Metadata.RSSI)
        assert seen.reads == (1 if flags & Metadata.READ_COUNT else None)
        assert seen.antenna == (16 if flags & Metadata.ANTENNA else None)
        assert seen.frequency_khz == (0x030303 if flags & Metadata.FREQUENCY else None)
        assert seen.phase == (0x0202 if flags & Metadata.PHASE else None)

    @pytest.mark.parametrize(("byte", "port"), [("11", 1), ("43", 4), ("00", 16)])
    def test_the_antenna_is_the_one_that_sends(self, byte: str, port: int) -> None:
        seen = event_of(0x22, "10001b" + "0004" + "01" + byte + SAID)
        assert isinstance(seen, TagSeen)
        assert seen.antenna == port

    @pytest.mark.parametrize(("byte", "dbm"), [("c4", -60.0), ("00", 0.0), ("80", -128.0), ("05", 5.0)])
    def test_rssi_is_signed(self, byte: str, dbm: float) -> None:
        seen = event_of(0x22, "10001b" + "0002" + "01" + byte + SAID)
        assert isinstance(seen, TagSeen)
        assert seen.rssi == Rssi(dbm, RssiUnit.DBM, bytes.fromhex(byte))

    @pytest.mark.parametrize(
        ("said", "epc", "pc"),
        [
            pytest.param("0020" + "0000" + "abcd", b"", 0, id="no EPC"),
            pytest.param(
                "00a0" + "3200" + "0080" + EPC.hex() + "0000" + "1234", EPC + b"\0\0", 0x3200, id="an XPC word is none of the EPC"
            ),
            pytest.param("00b0" + "3200" + "8080" + "0001" + EPC.hex() + "0000" + "1234", EPC + b"\0\0", 0x3200, id="nor are two"),
        ],
    )
    def test_what_a_tag_says_of_itself(self, said: str, epc: bytes, pc: int) -> None:
        assert event_of(0x22, "10001b" + "0000" + "01" + said) == TagSeen(epc, pc)

    def test_a_tag_of_another_protocol_has_no_pc(self) -> None:
        assert event_of(0x22, "10001b" + "0040" + "01" + "03" + "0050" + "e004010203040506" + "1234") == TagSeen(
            bytes.fromhex("e004010203040506")
        )

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(STREAM + "01" + METADATA + "0060" + TID.hex() + "0f" + SAID + "00", id="a byte too many"),
            pytest.param(STREAM + "01" + METADATA + "0060" + TID.hex() + "0f" + SAID[:-2], id="a byte too few"),
            pytest.param(STREAM + "01" + METADATA[:8], id="metadata cut off"),
            pytest.param(STREAM + "01" + METADATA + "7f00", id="data longer than the frame"),
            pytest.param("10001b" + "0000" + "01" + "0080" + "1800" + EPC.hex() + "1234", id="a PC for a shorter EPC"),
            pytest.param("10001b" + "0000" + "01" + "0008" + "30", id="no room for a CRC"),
            pytest.param("10001b" + "4000" + "01" + SAID, id="metadata of which nobody knows the size"),
            pytest.param(STREAM + "07", id="no such kind"),
            pytest.param("10001b01", id="cut off before its kind"),
            pytest.param("00", id="one byte"),
        ],
    )
    def test_a_whole_frame_with_nonsense_in_it(self, data: str) -> None:
        error = event_of(0x22, data)
        assert isinstance(error, FrameError)
        assert error.reason is FrameFault.CONTENT

    @pytest.mark.parametrize(
        ("status", "data", "event"),
        [
            pytest.param(0x0400, "", RoundEnded(reads=0), id="heart-beat"),
            pytest.param(0x0000, "", RoundEnded(), id="a search is over"),
            pytest.param(0x0000, STREAM + "00" + "0003" + "0000", RoundEnded(), id="a search is over, with counts"),
            pytest.param(0x0504, "", Notice("temperature", Status.TEMPERATURE, 0x504, b"", CODE[0x504].text), id="too hot"),
            pytest.param(0x0505, "", Notice("return_loss", Status.READER_ERROR, 0x505, b"", CODE[0x505].text), id="return loss"),
            pytest.param(0x0503, "", Notice("antenna_missing", Status.ANTENNA_MISSING, 0x503, b"", CODE[0x503].text), id="no antenna"),
            pytest.param(
                0, "00011b" + "02" + "8200" + "8200" + "01" + "1c", Notice("temperature", data=b"\x1c", detail="28 °C"), id="temperature"
            ),
            pytest.param(
                0, "00011b" + "02" + "8200" + "8200" + "01" + "f6", Notice("temperature", data=b"\xf6", detail="-10 °C"), id="frost"
            ),
            pytest.param(
                0,
                "00011b" + "02" + "01" + "01" + "04" + "00000010",
                Notice("statistics", data=bytes.fromhex("01010400000010")),
                id="other statistics",
            ),
            pytest.param(0, "00011b" + "02", Notice("statistics"), id="no statistics"),
            pytest.param(
                0, "00011b" + "02" + "8200" + "8200", Notice("statistics", data=bytes.fromhex("82008200")), id="statistics cut off"
            ),
        ],
    )
    def test_what_a_stream_says_of_the_module(self, status: int, data: str, event: Event) -> None:
        assert event_of(0x22, data, status) == event

    def test_a_search_that_the_module_cannot_do(self) -> None:
        reply = event_of(0x22, "", 0x0405)
        assert reply == Reply("read_multiple", Status.READER_ERROR, 0x405, detail="radio is off: set a region first")


class TestBuffer:
    @pytest.mark.parametrize("data", ["00" + "0003" + "02", "0000130000" + "0002", "88000013" + "00000002", "88100013" + "02"])
    def test_how_many_tags_a_search_found(self, data: str) -> None:
        reply = event_of(0x22, data)
        assert isinstance(reply, Reply)
        assert reply.detail == "2 tags in the buffer"

    def test_two_tags_as_a_nano_reported_them(self) -> None:
        """The data of a published answer; both CRCs of the tags hold."""
        first = "2bc611" + "00000009" + "05" + "0080" + "3400" + "e200470457606426e301010e" + "c4bb"
        second = "2fcc11" + "0000000e" + "05" + "0080" + "3000" + "e200420e8c506017044e7949" + "50a7"
        events = read(ThingMagicCodec(), [build_reply(0x29, 0, bytes.fromhex("0057" + "00" + "02" + first + second))])
        assert [(seen.epc.hex(), seen.reads, seen.antenna) for seen in events if isinstance(seen, TagSeen)] == [
            ("e200470457606426e301010e", 0x2B, 1),
            ("e200420e8c506017044e7949", 0x2F, 1),
        ]
        assert events[2] == Reply("get_tag_buffer", Status.OK, 0, detail="2 tags")

    def test_where_reading_and_writing_stand(self) -> None:
        reply = event_of(0x29, "00010004")
        assert isinstance(reply, Reply)
        assert reply.detail == "3 tags in the buffer"

    def test_an_empty_buffer(self) -> None:
        assert event_of(0x29, "", 0x0600) == Reply("get_tag_buffer", Status.NO_TAG, 0x600, detail=CODE[0x600].text)

    @pytest.mark.parametrize("data", ["0000" + "00" + "02" + SAID, "0000" + "00" + "01" + SAID + "00", "0000"])
    def test_not_what_its_count_says(self, data: str) -> None:
        events = read(ThingMagicCodec(), [build_reply(0x29, 0, bytes.fromhex(data))])
        assert [error.reason for error in errors_of(events)] == [FrameFault.CONTENT]
        assert all(isinstance(event, TagSeen) for event in without_errors(events))

    @pytest.mark.parametrize(
        ("data", "tag"),
        [
            pytest.param("00" + EPC.hex() + "1234", TagSeen(EPC), id="with the option byte"),
            pytest.param(EPC.hex() + "1234", TagSeen(EPC), id="without"),
            pytest.param("10" + "0002" + "c4" + SAID, TagSeen(EPC, 0x3000, rssi=Rssi(-60.0, RssiUnit.DBM, b"\xc4")), id="with metadata"),
        ],
    )
    def test_a_single_read(self, data: str, tag: TagSeen) -> None:
        assert event_of(0x21, data) == Reply("read_single", Status.OK, 0, tag=tag)

    def test_a_single_read_of_nothing(self) -> None:
        assert isinstance(event_of(0x21, ""), FrameError)


class TestAccess:
    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(TID.hex(), id="the words alone"),
            pytest.param("01" + TID.hex(), id="after the option byte"),
            pytest.param("11" + "0000" + TID.hex(), id="after option and metadata flags"),
            pytest.param("10" + "00c0" + "05" + "0000" + TID.hex(), id="after metadata, as the vendor's SDK asks for them"),
            pytest.param("10" + "0002" + "c4" + TID.hex(), id="after one byte of metadata"),
        ],
    )
    def test_the_words_of_a_bank(self, data: str) -> None:
        assert event_of(0x28, data) == Reply("read_bank", Status.OK, 0, TID)

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
    """tmr_status.h of MercuryAPI 1.29."""
    listed = {*range(0x100, 0x107), *range(0x109, 0x10D), 0x200, 0x201, *range(0x300, 0x307), *range(0x400, 0x40D), *range(0x40E, 0x412)}
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
        pytest.param(0x67, "04", "india", id="a region without a name of ours"),
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
