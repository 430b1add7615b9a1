"""R2000 boards: commands to bytes, and what each answer means."""

import pytest

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
from firmware_protocols.errors import ProtocolError
from firmware_protocols.events import Event, FrameError, FrameFault, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.r2000.codec import R2000Codec
from firmware_protocols.r2000.frames import build_frame
from tests.firmware_protocols.reading import read

EPC = bytes.fromhex("e200301666130121155074ef")
NAMED = "3000" + EPC.hex() + "1234"  # PC, EPC, CRC


def event_of(command: int, data: str, *, address: int = 1, codec: R2000Codec | None = None) -> Event:
    (event,) = read(codec or R2000Codec(), [build_frame(address, command, bytes.fromhex(data))])
    return event


def bodies_of(codec: R2000Codec, command: Command) -> list[str]:
    """Opcode and data of each frame."""
    return [frame[3:-1].hex() for frame in codec.encode(command)]


MATCH = "85000c" + EPC.hex()


@pytest.mark.parametrize(
    ("command", "bodies"),
    [
        pytest.param(GetInfo(), ["72"], id="info"),
        pytest.param(StopInventory(), ["72"], id="no stop command: any other ends an inventory"),
        pytest.param(StartInventory(), ["89ff"], id="start with one antenna"),
        pytest.param(GetRegion(), ["79"], id="region"),
        pytest.param(SetRegion(Region.US), ["7801073b"], id="FCC, 902 to 928 MHz"),
        pytest.param(SetRegion(Region.EU), ["78020006"], id="ETSI, 865 to 868 MHz"),
        pytest.param(SetRegion(Region.CHINA_900), ["78032b35"], id="China, 920 to 925 MHz"),
        pytest.param(GetPower(), ["77"], id="power"),
        pytest.param(SetPower(26), ["761a"], id="set power"),
        pytest.param(GetAntennas(), ["75"], id="antenna"),
        pytest.param(SetAntennas((2,)), ["7401"], id="set antenna, counted from 0"),
        pytest.param(SetOutput(3, is_high=True), ["610301"], id="output"),
        pytest.param(Beep(BeepMode.EACH_TAG), ["7a02"], id="beep"),
        pytest.param(ReadBank(Bank.TID, 0, 6, epc=EPC), [MATCH, "8102000600000000"], id="read TID"),
        pytest.param(ReadBank(Bank.TID, 0, 6), ["850100", "8102000600000000"], id="read TID of any tag"),
        pytest.param(WriteBank(Bank.USER, 1, b"\x12\x34", 0x11223344, EPC), [MATCH, "82112233440301011234"], id="write"),
        pytest.param(WriteEpc(EPC, 0x3000), ["850100", "82000000000101073000" + EPC.hex()], id="write PC and EPC"),
        pytest.param(SetAccessPassword(0xAABBCCDD), ["850100", "8200000000000202aabbccdd"], id="set access password"),
        pytest.param(
            LockTag(
                1, kill_password=LockAction.CLOSED_FOREVER, access_password=LockAction.NEEDS_PASSWORD, epc_bank=LockAction.OPEN, epc=EPC
            ),
            [MATCH, "83000000010503", "83000000010401", "83000000010300"],
            id="lock, one frame a field, in the family's own numbers",
        ),
    ],
)
def test_a_command_in_bytes(command: Command, bodies: list[str]) -> None:
    assert bodies_of(R2000Codec(), command) == bodies


@pytest.mark.parametrize(
    ("command", "address", "frame"),
    [
        pytest.param(GetInfo(), 0x01, "a0030172ea", id="address 1"),
        pytest.param(GetInfo(), 0x00, "a0030072eb", id="address 0"),
        pytest.param(GetInfo(), 0xFF, "a003ff72ec", id="all boards"),
        pytest.param(SetPower(26), 0x01, "a00401761acb", id="as published"),
        pytest.param(StartInventory(), 0x01, "a0040189ffd3", id="continuous, as published"),
    ],
)
def test_a_whole_frame(command: Command, address: int, frame: str) -> None:
    assert [each.hex() for each in R2000Codec(address=address).encode(command)] == [frame]


class TestWhoseCommandsAreEncoded:
    """Where no address was chosen."""

    def test_a_board_that_has_not_spoken_is_asked_by_its_usual_addresses_in_turn(self) -> None:
        codec = R2000Codec()
        assert [codec.encode(GetInfo())[0][2] for _ in range(4)] == [0x01, 0xFF, 0x00, 0x01]

    @pytest.mark.parametrize("address", [0x00, 0x01, 0x7F])
    def test_one_that_has_is_asked_by_its_own(self, address: int) -> None:
        codec = R2000Codec()
        codec.encode(GetInfo())
        event_of(0x72, "0802", address=address, codec=codec)
        frames = codec.encode(ReadBank(Bank.TID, 0, 6, epc=EPC))
        assert [frame[2] for frame in frames] == [address, address]

    def test_one_that_falls_silent_is_called_by_the_public_one_too(self) -> None:
        codec = R2000Codec()
        event_of(0x72, "0802", address=5, codec=codec)
        assert [codec.encode(GetInfo())[0][2] for _ in range(3)] == [5, 0xFF, 5]

    def test_a_chosen_one_is_kept(self) -> None:
        codec = R2000Codec(address=3)
        event_of(0x72, "0802", address=1, codec=codec)
        assert [codec.encode(GetInfo())[0][2] for _ in range(3)] == [3, 3, 3]


class TestEcho:
    """Some lines of two wires give back what the host sends, and frames of both directions look alike."""

    def test_a_question_is_no_answer(self) -> None:
        error = event_of(0x72, "")
        assert isinstance(error, FrameError)
        assert (error.reason, "to-reader" in error.found) == (FrameFault.CONTENT, True)

    def test_once_a_question_came_back_no_frame_of_ours_is_an_answer(self) -> None:
        codec = R2000Codec(address=1)
        answer = build_frame(1, 0x76, b"\x10")
        events = read(codec, [*codec.encode(GetInfo()), build_frame(1, 0x72, b"\x08\x02"), *codec.encode(SetPower(16)), answer])
        assert [type(event) for event in events] == [FrameError, Reply, FrameError, Reply]

    def test_an_answer_that_looks_like_the_command_is_one(self) -> None:
        codec = R2000Codec(address=1)
        (command,) = codec.encode(SetPower(16))
        (reply,) = read(codec, [command])
        assert isinstance(reply, Reply)
        assert reply.status is Status.OK


def test_several_antennas_are_switched_by_the_board() -> None:
    codec = R2000Codec()
    assert bodies_of(codec, SetAntennas((1, 3))) == ["7400"]
    assert bodies_of(codec, StartInventory()) == ["8a" + "0001" + "0201" + "ff00" * 2 + "0002"]


def test_eight_antennas_take_the_longer_form() -> None:
    codec = R2000Codec(antenna_ports=8)
    codec.encode(SetAntennas((5, 8)))
    assert bodies_of(codec, StartInventory()) == ["8a" + "0401" + "0701" + "ff00" * 6 + "0002"]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(SetPower(34), id="power beyond the board"),
        pytest.param(SetPower(20.5), id="half a dBm"),
        pytest.param(SetRegion(Region.KOREA), id="no such region"),
        pytest.param(SetOutput(1, is_high=True), id="an input"),
        pytest.param(ReadBank(Bank.USER, 0, 97), id="longer than an answer"),
        pytest.param(ReadBank(Bank.USER, 256, 1), id="address beyond a byte"),
        pytest.param(WriteBank(Bank.USER, 0, bytes(130)), id="longer than a frame"),
    ],
)
def test_what_no_board_takes_is_refused_before_it_is_sent(command: Command) -> None:
    with pytest.raises(ProtocolError):
        R2000Codec().encode(command)


@pytest.mark.parametrize("command", [0x89, 0x8A, 0x8B])
@pytest.mark.parametrize("address", [0x00, 0x01, 0x7F, 0xFF])
def test_a_tag_report(command: int, address: int) -> None:
    seen = event_of(command, "06" + "3000" + EPC.hex() + "45", address=address)
    assert seen == TagSeen(EPC, 0x3000, None, Rssi(-60.0, RssiUnit.DBM, b"\x45"), 3, 865_500)


def test_a_tag_report_with_phase() -> None:
    seen = event_of(0x8B, "06" + "3000" + EPC.hex() + "45" + "0102")
    assert isinstance(seen, TagSeen)
    assert (seen.epc, seen.phase, seen.rssi and seen.rssi.raw) == (EPC, 0x0102, b"\x45")


def test_a_frequency_beyond_the_table_is_not_guessed() -> None:
    seen = event_of(0x89, "fc" + "3000" + EPC.hex() + "45")
    assert isinstance(seen, TagSeen)
    assert (seen.antenna, seen.frequency_khz) == (1, None)


@pytest.mark.parametrize(
    ("place", "rssi", "antenna", "dbm"),
    [
        pytest.param("01", "45", 2, -60.0, id="port 2"),
        pytest.param("01", "c5", 6, -60.0, id="port 6: bit 7 of the RSSI"),
        pytest.param("03", "e2", 8, -31.0, id="port 8"),
    ],
)
@pytest.mark.parametrize("ports", [pytest.param(8, id="as configured"), pytest.param(4, id="though nobody said how many ports it has")])
def test_the_antenna_on_an_eight_port_board(place: str, rssi: str, antenna: int, dbm: float, ports: int) -> None:
    """No tag is so loud that its strength needs bit 7."""
    seen = event_of(0x89, place + "3000" + EPC.hex() + rssi, codec=R2000Codec(antenna_ports=ports))
    assert isinstance(seen, TagSeen)
    assert seen.rssi == Rssi(dbm, RssiUnit.DBM, bytes.fromhex(rssi))
    assert seen.antenna == antenna


@pytest.mark.parametrize(
    ("said", "phase"),
    [
        pytest.param("3200" + "0001" + EPC.hex() + "45", None, id="XPC_W1"),
        pytest.param("3200" + "80010002" + EPC.hex() + "45", None, id="XPC_W1 and W2"),
        pytest.param("3200" + "0001" + EPC.hex() + "45" + "0102", 0x0102, id="XPC_W1, and a phase"),
        pytest.param("3200" + "80010002" + EPC.hex() + "45" + "0102", 0x0102, id="XPC_W1 and W2, and a phase"),
        pytest.param("3200" + EPC.hex() + "45", None, id="a board that cuts it off"),
    ],
)
def test_an_extended_pc_is_no_part_of_the_epc(said: str, phase: int | None) -> None:
    assert event_of(0x8B, "04" + said) == TagSeen(EPC, 0x3200, None, Rssi(-60.0, RssiUnit.DBM, b"\x45"), 1, 865_500, phase)


@pytest.mark.parametrize(
    ("pc", "xpc"),
    [
        pytest.param("3200", "0001", id="XPC_W1"),
        pytest.param("3600", "80010002", id="XPC_W1 and W2"),
        pytest.param("3200", "", id="a board that cuts it off"),
    ],
)
def test_nor_where_an_answer_or_the_buffer_names_the_tag(pc: str, xpc: str) -> None:
    named = pc + xpc + EPC.hex() + "1234"
    size = len(named) // 2
    reply = event_of(0x81, "0001" + f"{size + 4:02x}" + named + "12345678" + "04" + "00" + "01")
    assert isinstance(reply, Reply)
    assert (reply.tag and reply.tag.epc, reply.data) == (EPC, bytes.fromhex("12345678"))
    seen = event_of(0x90, "0001" + f"{size:02x}" + named + "45" + "06" + "03")
    assert isinstance(seen, TagSeen)
    assert seen.epc == EPC


@pytest.mark.parametrize(
    ("rssi", "count", "antenna", "reads"),
    [pytest.param("45", "c8", 3, 200, id="port 3, 200 times"), pytest.param("c5", "83", 7, 3, id="port 7, three times")],
)
def test_bit_7_of_a_buffers_count_is_the_antennas_where_that_of_its_rssi_is(rssi: str, count: str, antenna: int, reads: int) -> None:
    seen = event_of(0x90, "0001" + "10" + NAMED + rssi + "06" + count)
    assert isinstance(seen, TagSeen)
    assert (seen.antenna, seen.reads) == (antenna, reads)


@pytest.mark.parametrize(
    ("command", "data", "ended"),
    [
        pytest.param(0x89, "00001d00000001", RoundEnded(1, 1), id="89, as published, checksum mended"),
        pytest.param(0x8B, "03000000000000", RoundEnded(0, 4), id="8B on port 4"),
        pytest.param(0x8A, "00000c00000190", RoundEnded(12, None, 400), id="8A"),
        pytest.param(0x80, "010002001d00000005", RoundEnded(5, 2), id="80 into the buffer"),
    ],
)
def test_the_end_of_a_round(command: int, data: str, ended: RoundEnded) -> None:
    assert event_of(command, data) == ended


@pytest.mark.parametrize(
    ("command", "code", "name", "status"),
    [
        pytest.param(0x89, "22", "inventory", Status.ANTENNA_MISSING, id="antenna missing"),
        pytest.param(0x8A, "31", "inventory_antennas", Status.READER_ERROR, id="inventory failed"),
        pytest.param(0x76, "10", "set_power", Status.OK, id="power set"),
        pytest.param(0x76, "48", "set_power", Status.BAD_PARAMETER, id="power out of range"),
        pytest.param(0x81, "36", "read_bank", Status.NO_TAG, id="no tag"),
        pytest.param(0x81, "32", "read_bank", Status.READ_FAILED, id="read failed"),
        pytest.param(0x82, "40", "write_bank", Status.WRONG_PASSWORD, id="wrong password"),
        pytest.param(0x83, "34", "lock_tag", Status.LOCK_FAILED, id="lock failed"),
        pytest.param(0x84, "35", "kill_tag", Status.KILL_FAILED, id="kill failed"),
        pytest.param(0x90, "38", "get_buffer", Status.NO_TAG, id="buffer empty"),
        pytest.param(0x72, "11", "get_info", Status.READER_ERROR, id="failed"),
        pytest.param(0x7E, "22", "get_return_loss", Status.OK, id="34 dB or error 22: taken for the value"),
        pytest.param(0x7E, "ee", "get_return_loss", Status.READER_ERROR, id="no return loss is so high"),
        pytest.param(0x75, "11", "get_antenna", Status.READER_ERROR, id="no board has so many antennas"),
        pytest.param(0x77, "25", "get_power", Status.READER_ERROR, id="no board has so much power"),
        pytest.param(0x74, "99", "set_antenna", Status.READER_ERROR, id="a code that no manual has"),
    ],
)
def test_an_answer_of_one_byte(command: int, code: str, name: str, status: Status) -> None:
    reply = event_of(command, code)
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status) == (name, status)
    assert bool(reply.detail) == (status is not Status.OK)


def test_8a_names_the_antenna_that_is_missing_and_goes_on() -> None:
    assert event_of(0x8A, "0222") == Notice("antenna_missing", Status.ANTENNA_MISSING, 0x22, b"\x02", "port 3: antenna not connected")


def test_a_tag_whose_epc_is_empty() -> None:
    """A Gen2 tag fresh from the factory may say PC 0000."""
    seen = event_of(0x89, "04" + "0000" + "45")
    assert seen == TagSeen(b"", 0, None, Rssi(-60.0, RssiUnit.DBM, b"\x45"), 1, 865_500)


def test_frequencies_of_the_owners_own_plan() -> None:
    """Region 4: n * step behind the start, step in 10 kHz (vendor's ReaderMethod, GetFreqString)."""
    codec = R2000Codec()
    reply = event_of(0x79, "04" + "14" + "0a" + "0d3356", codec=codec)
    assert isinstance(reply, Reply)
    assert reply.detail == "user-defined: 10 channels from 865110 kHz, 200 kHz apart"
    seen = event_of(0x89, "0d" + "3000" + EPC.hex() + "45", codec=codec)
    assert isinstance(seen, TagSeen)
    assert (seen.frequency_khz, seen.antenna) == (865_710, 2)
    event_of(0x79, "020006", codec=codec)
    again = event_of(0x89, "0d" + "3000" + EPC.hex() + "45", codec=codec)
    assert isinstance(again, TagSeen)
    assert again.frequency_khz == 866_500


@pytest.mark.parametrize(("count", "port"), [("01", 2), ("81", 6)])
def test_the_antenna_of_an_act_on_an_eight_port_board(count: str, port: int) -> None:
    reply = event_of(0x82, "0001" + "10" + NAMED + "10" + "05" + count, codec=R2000Codec(antenna_ports=8))
    assert isinstance(reply, Reply)
    assert reply.tag is not None
    assert reply.tag.antenna == port


def test_a_length_of_what_was_read_in_words() -> None:
    reply = event_of(0x81, "0001" + "14" + NAMED + "12345678" + "02" + "00" + "01")
    assert isinstance(reply, Reply)
    assert reply.data == bytes.fromhex("12345678")


def test_what_was_read_of_a_tag() -> None:
    tid = "e2801170200012345678abcd"
    reply = event_of(0x81, "0001" + "1c" + NAMED + tid + "0c" + "05" + "01")
    assert reply == Reply("read_bank", Status.OK, data=bytes.fromhex(tid), tag=TagSeen(EPC, 0x3000, antenna=2, frequency_khz=865_500))


@pytest.mark.parametrize("command", [0x82, 0x83, 0x84, 0x94])
def test_what_was_done_to_a_tag(command: int) -> None:
    reply = event_of(command, "0001" + "10" + NAMED + "10" + "00" + "01")
    assert isinstance(reply, Reply)
    assert (reply.status, reply.code, reply.tag and reply.tag.epc) == (Status.OK, 0x10, EPC)
    failed = event_of(command, "0001" + "10" + NAMED + "33" + "00" + "01")
    assert isinstance(failed, Reply)
    assert failed.status is Status.WRITE_FAILED


@pytest.mark.parametrize("command", [0x90, 0x91])
def test_a_tag_from_the_buffer(command: int) -> None:
    seen = event_of(command, "0001" + "10" + NAMED + "45" + "06" + "03")
    assert seen == TagSeen(EPC, 0x3000, None, Rssi(-60.0, RssiUnit.DBM, b"\x45"), 3, 865_500, reads=3)


@pytest.mark.parametrize(
    ("command", "data", "detail"),
    [
        pytest.param(0x72, "0802", "firmware 8.2", id="firmware"),
        pytest.param(0x77, "17", "23 dBm", id="power"),
        pytest.param(0x77, "17181920", "23 dBm, 24 dBm, 25 dBm, 32 dBm", id="power of each antenna"),
        pytest.param(0x7B, "0126", "38 °C", id="warm"),
        pytest.param(0x7B, "0005", "-5 °C", id="cold"),
        pytest.param(0x75, "01", "port 2", id="antenna"),
        pytest.param(0x79, "020006", "eu", id="region"),
        pytest.param(0x79, "043205000c3500", "", id="not the shape that the manual has"),
        pytest.param(0x97, "1e1d1c1b", "30 dBm, 29 dBm, 28 dBm, 27 dBm", id="power of each port"),
        pytest.param(0x60, "0100", "", id="inputs"),
        pytest.param(0x5A, "10", "", id="an unknown opcode"),
    ],
)
def test_an_answer_in_words(command: int, data: str, detail: str) -> None:
    reply = event_of(command, data)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.code, reply.data, reply.detail) == (Status.OK, None, bytes.fromhex(data), detail)


@pytest.mark.parametrize(
    ("command", "data"),
    [
        pytest.param(0x89, "00" + "1800" + EPC.hex() + "45", id="a PC for a shorter EPC"),
        pytest.param(0x89, "", id="a report of nothing"),
        pytest.param(0x81, "0001" + "0c" + NAMED + "00" + "00" + "01", id="a length that is not so"),
        pytest.param(0x81, "0001" + "12" + NAMED + "abcd" + "04" + "00" + "01", id="less read than it says"),
        pytest.param(0x82, "0001", id="an answer of two bytes"),
        pytest.param(0x90, "0001" + "12" + NAMED + "abcd" + "45" + "06" + "03", id="more in the buffer than a tag"),
    ],
)
def test_a_whole_frame_with_nonsense_in_it(command: int, data: str) -> None:
    error = event_of(command, data)
    assert isinstance(error, FrameError)
    assert error.reason is FrameFault.CONTENT
