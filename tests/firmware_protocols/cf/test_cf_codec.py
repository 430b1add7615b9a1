"""CF gates: commands to bytes, and what each answer means."""

import json

import pytest

from firmware_protocols.cf.codec import CfCodec
from firmware_protocols.cf.frames import build_frame
from firmware_protocols.cf.tables import ACTS, STATUS, TAG_STATUS, Code, Opcode
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
from firmware_protocols.errors import ProtocolError, Unsupported
from firmware_protocols.events import Event, FrameError, FrameFault, HostCommand, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from tests.firmware_protocols.reading import VECTORS, cut, read

EPC = bytes.fromhex("e2801160600002094c4c8b1a")
TID = bytes.fromhex("e2801170200012345678abcd")
NAMED = "02" + "1234" + "3000" + "0c" + EPC.hex()  # antenna, CRC, PC, length, EPC
TAG = TagSeen(EPC, 0x3000, antenna=2)
ROWS = json.loads((VECTORS / "chafon-cf-m.json").read_text(encoding="utf-8"))
PARAMETERS = "0000018004000103" + "0361006400c80e" + "1a" + "010400000c00030105"


def event_of(command: int, data: str, *, codec: CfCodec | None = None, address: int = 0) -> Event:
    """`data` begins with the status."""
    (event,) = read(codec or CfCodec(), [build_frame(address, command, bytes.fromhex(data))])
    return event


def bodies_of(codec: CfCodec, command: Command) -> list[str]:
    """Opcode and data of each frame, without the length."""
    return [(frame[2:4] + frame[5:-2]).hex() for frame in codec.encode(command)]


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in ROWS if row["verified"]])
@pytest.mark.parametrize("size", [1, 4, 500], ids="{} bytes a time".format)
def test_a_published_frame_is_read(row: dict[str, object], size: int) -> None:
    meaning = row["meaning"]
    assert isinstance(meaning, dict)
    codec = CfCodec(direction=Direction(str(row["direction"]).replace("_", "-")))
    (event,) = read(codec, cut(bytes.fromhex(str(row["hex"])), size))
    if isinstance(event, HostCommand):
        assert event.opcode == int(meaning["cmd"], 16)
        assert not event.command.startswith("0x")
    elif meaning["status"] == Code.ENDED:
        assert event == RoundEnded(0)
    else:
        assert isinstance(event, Reply)
        assert (event.status, event.code) == (Status.OK, meaning["status"])
        assert not event.command.startswith("0x")


def test_the_published_frame_with_a_made_up_end_is_named_for_its_length() -> None:
    (row,) = [row for row in ROWS if not row["verified"]]
    (error,) = read(CfCodec(), [bytes.fromhex(row["hex"])])
    assert isinstance(error, FrameError)
    assert (error.reason, error.discarded.hex()) == (FrameFault.LENGTH, row["hex"])


def test_the_published_parameters_in_words() -> None:
    (row,) = [row for row in ROWS if row["name"] == "all parameters"]
    (reply,) = read(CfCodec(), [bytes.fromhex(row["hex"])])
    assert isinstance(reply, Reply)
    assert reply.detail == "us, 33 dBm"


@pytest.mark.parametrize(
    ("command", "bodies"),
    [
        pytest.param(GetInfo(), ["0070"], id="info"),
        pytest.param(GetRegion(), ["0072"], id="region: part of all parameters"),
        pytest.param(GetPower(), ["0072"], id="power: part of all parameters"),
        pytest.param(GetAntennas(), ["0072"], id="antennas: part of all parameters"),
        pytest.param(StartInventory(), ["0001" + "0000000000"], id="start, by time, without end"),
        pytest.param(StopInventory(), ["0002"], id="stop"),
        pytest.param(SetRegion(Region.US), ["0055" + "01038602ee01f431"], id="US: 902.75 MHz, 500 kHz, channels to 49"),
        pytest.param(SetRegion(Region.EU), ["0055" + "030361006400c80e"], id="EU: 865.1 MHz, 200 kHz, channels to 14"),
        pytest.param(SetPower(26), ["0053" + "1a00"], id="power"),
        pytest.param(SetAntennas((1, 3)), ["0057" + "05"], id="antennas as a bit mask"),
        pytest.param(SetOutput(1, is_high=True), ["0077" + "0200"], id="close relay 1"),
        pytest.param(SetOutput(2, is_high=False), ["0078" + "0100"], id="release relay 2"),
        pytest.param(Beep(BeepMode.QUIET), ["005b" + "0100"], id="quiet"),
        pytest.param(Beep(BeepMode.EACH_TAG), ["005b" + "0101"], id="beep"),
        pytest.param(
            ReadBank(Bank.TID, 0, 6, epc=EPC),
            ["0007" + "000060" + EPC.hex(), "0003" + "00" + "00000000" + "02" + "0000" + "06"],
            id="read TID",
        ),
        pytest.param(ReadBank(Bank.TID, 0, 6), ["0007" + "000000", "0003" + "00" + "00000000" + "02" + "0000" + "06"], id="of any tag"),
        pytest.param(
            WriteBank(Bank.USER, 1, b"\x12\x34", 0x11223344),
            ["0007000000", "0004" + "00" + "11223344" + "03" + "0001" + "01" + "1234"],
            id="write",
        ),
        pytest.param(
            WriteEpc(EPC, 0x3000),
            ["0007000000", "0004" + "00" + "00000000" + "01" + "0001" + "07" + "3000" + EPC.hex()],
            id="write PC and EPC",
        ),
        pytest.param(
            SetAccessPassword(0xAABBCCDD),
            ["0007000000", "0004" + "00" + "00000000" + "00" + "0002" + "02" + "aabbccdd"],
            id="access password",
        ),
    ],
)
def test_a_command_in_bytes(command: Command, bodies: list[str]) -> None:
    assert bodies_of(CfCodec(), command) == bodies


@pytest.mark.parametrize(
    ("command", "frame"),
    [
        pytest.param(StartInventory(), "cfff0001050000000000f5b5", id="start, as published"),
        pytest.param(StopInventory(), "cfff000200e761", id="stop, as published"),
        pytest.param(SetPower(26), "cfff0053021a00fbc8", id="power, as published"),
        pytest.param(GetInfo(), "cfff0070002415", id="info, as published"),
        pytest.param(SetOutput(1, is_high=True), "cfff00770202005d26", id="relay, as published"),
    ],
)
def test_a_whole_frame(command: Command, frame: str) -> None:
    assert [each.hex() for each in CfCodec().encode(command)] == [frame]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(SetPower(34), id="power beyond the reader"),
        pytest.param(SetPower(20.5), id="half a dBm"),
        pytest.param(SetRegion(Region.CHINA_800), id="no such region"),
        pytest.param(SetOutput(3, is_high=True), id="no such relay"),
        pytest.param(Beep(BeepMode.EACH_ROUND), id="beep once a round"),
        pytest.param(ReadBank(Bank.USER, 0, 93), id="longer than an answer"),
    ],
)
def test_what_a_gate_cannot(command: Command) -> None:
    with pytest.raises(ProtocolError):
        CfCodec().encode(command)


def test_a_long_epc_is_masked_by_its_end() -> None:
    """A mask has 255 bits at most."""
    epc = bytes(range(62))
    selection, _ = bodies_of(CfCodec(), ReadBank(Bank.TID, 0, 2, epc=epc))
    assert selection == "0007" + "0100" + "f0" + epc[32:].hex()


def test_a_lock_is_refused_rather_than_guessed() -> None:
    with pytest.raises(Unsupported, match="cf readers cannot lock tags: the maker publishes no numbers"):
        CfCodec().encode(LockTag(1, epc_bank=LockAction.CLOSED_FOREVER))


@pytest.mark.parametrize(
    ("data", "event"),
    [
        pytest.param(
            "00" + "fec0" + "0100" + "0c" + EPC.hex(), TagSeen(EPC, rssi=Rssi(-32.0, RssiUnit.DBM, b"\xfe\xc0"), antenna=1), id="-32.0 dBm"
        ),
        pytest.param(
            "00" + "fd8f" + "0405" + "0c" + EPC.hex(), TagSeen(EPC, rssi=Rssi(-62.5, RssiUnit.DBM, b"\xfd\x8f"), antenna=4), id="antenna 4"
        ),
        pytest.param(
            "00" + "0000" + "0000" + "04" + "00323038", TagSeen(b"\x00208", rssi=Rssi(0.0, RssiUnit.DBM, bytes(2))), id="no antenna"
        ),
        pytest.param("12", RoundEnded(0), id="nothing heard"),
        pytest.param("13", RoundEnded(0), id="nothing heard, of other firmware"),
        pytest.param("00", Reply("inventory", Status.OK, 0), id="the start is confirmed"),
        pytest.param(
            "01", Reply("inventory", Status.BAD_PARAMETER, 1, detail="parameter invalid or out of range"), id="the start is refused"
        ),
    ],
)
def test_what_an_inventory_says(data: str, event: Event) -> None:
    assert event_of(0x0001, data) == event


def test_tags_are_counted_up_to_the_end_of_the_round() -> None:
    codec = CfCodec()
    for _ in range(3):
        event_of(0x0001, "00" + "fec0" + "0100" + "0c" + EPC.hex(), codec=codec)
    assert event_of(0x0001, "12", codec=codec) == RoundEnded(3)
    assert event_of(0x0001, "12", codec=codec) == RoundEnded(0)


def test_what_was_read_of_a_tag() -> None:
    assert event_of(0x0003, "00" + "00" + NAMED + "06" + TID.hex()) == Reply("read_bank", Status.OK, 0, TID, TAG)


@pytest.mark.parametrize("command", sorted(ACTS - {Opcode.READ_BANK}))
def test_what_was_done_to_a_tag(command: Opcode) -> None:
    assert event_of(command, "00" + "00" + NAMED) == Reply(command.name.lower(), Status.OK, 0, tag=TAG)


@pytest.mark.parametrize("status", ["00", "02"])
@pytest.mark.parametrize("code", sorted(TAG_STATUS))
def test_the_tags_own_error_is_named(code: int, status: str) -> None:
    reply = event_of(0x0004, status + f"{code:02x}" + NAMED)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.detail, reply.tag) == (*TAG_STATUS[code], TAG)


def test_a_tags_error_that_the_maker_does_not_name() -> None:
    reply = event_of(0x0004, "00" + "77" + NAMED)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.detail) == (Status.TAG_ERROR, "tag's error code 77")


def test_an_act_without_a_tag_is_told_once_and_its_end_after_an_answer_is_no_second_answer() -> None:
    codec = CfCodec()
    codec.encode(ReadBank(Bank.TID, 0, 6))
    nobody = event_of(0x0003, "12", codec=codec)
    assert isinstance(nobody, Reply)
    assert nobody.status is Status.NO_TAG
    codec.encode(ReadBank(Bank.TID, 0, 6))
    assert isinstance(event_of(0x0003, "00" + "00" + NAMED + "06" + TID.hex(), codec=codec), Reply)
    assert isinstance(event_of(0x0003, "12", codec=codec), RoundEnded)


@pytest.mark.parametrize(
    ("command", "meant"),
    [(0x0003, Status.READ_FAILED), (0x0004, Status.WRITE_FAILED), (0x0005, Status.LOCK_FAILED), (0x0006, Status.KILL_FAILED)],
)
@pytest.mark.parametrize("status", ["02", "15"])
def test_a_failure_is_that_of_its_command(command: int, meant: Status, status: str) -> None:
    reply = event_of(command, status)
    assert isinstance(reply, Reply)
    assert reply.status is meant


@pytest.mark.parametrize("status", sorted(STATUS))
def test_every_status_of_an_answer_has_its_words(status: int) -> None:
    reply = event_of(0x0053, f"{status:02x}")
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status, reply.code, reply.detail) == ("set_power", STATUS[status].status, status, STATUS[status].text)
    assert bool(reply.detail) == (status != Code.OK)


def test_a_status_and_a_command_that_nobody_names_are_told_in_hex() -> None:
    assert event_of(0x0F0F, "77") == Reply("0x0f0f", Status.READER_ERROR, 0x77, detail="status 77, not in the manual")


@pytest.mark.parametrize(
    ("question", "command", "data", "detail"),
    [
        pytest.param(GetRegion(), 0x0072, PARAMETERS[:12] + "05" + PARAMETERS[14:], "eu", id="region"),
        pytest.param(GetPower(), 0x0072, PARAMETERS, "26 dBm", id="power"),
        pytest.param(GetAntennas(), 0x0072, PARAMETERS[:12] + "05" + PARAMETERS[14:], "ports 1, 3", id="antennas"),
        pytest.param(GetAntennas(), 0x0072, PARAMETERS, "port 1", id="one antenna"),
        pytest.param(GetInfo(), 0x0072, PARAMETERS, "eu, 26 dBm", id="all parameters"),
        pytest.param(GetInfo(), 0x0072, PARAMETERS[:14] + "55" + PARAMETERS[16:], "region 55, 26 dBm", id="unknown region"),
        pytest.param(GetInfo(), 0x0072, PARAMETERS[:-2], "", id="fewer parameters than the manual's"),
        pytest.param(
            GetInfo(),
            0x0070,
            (b"CF-M200".ljust(32, b"\0") + b"V1.2".ljust(32, b"\0") + bytes.fromhex("20260001") + bytes(8)).hex(),
            "CF-M200, V1.2, serial number 202600010000000000000000",
            id="info",
        ),
        pytest.param(GetInfo(), 0x0070, "", "", id="info of nothing"),
    ],
)
def test_an_answer_in_words(question: Command, command: int, data: str, detail: str) -> None:
    codec = CfCodec()
    codec.encode(question)
    reply = event_of(command, "00" + data, codec=codec)
    assert isinstance(reply, Reply)
    assert (reply.data.hex(), reply.detail) == (data, detail)


def test_a_gate_tells_who_goes_which_way() -> None:
    assert event_of(0x0082, "00" + "0102" + "65000000") == Notice("gate_status", data=bytes.fromhex("010265000000"))


@pytest.mark.parametrize(
    ("command", "data"),
    [
        pytest.param(0x0001, "00" + "fec0" + "0100" + "0d" + EPC.hex(), id="an EPC shorter than it says"),
        pytest.param(0x0001, "00" + "fec0", id="a report of an RSSI"),
        pytest.param(0x0003, "00" + "00" + NAMED + "06" + TID[:10].hex(), id="fewer words than it says"),
        pytest.param(0x0003, "00" + "00" + NAMED, id="a read of nothing"),
        pytest.param(0x0004, "00" + "00" + NAMED[:20], id="half a tag"),
    ],
)
def test_a_whole_frame_with_nonsense_in_it(command: int, data: str) -> None:
    error = event_of(command, data)
    assert isinstance(error, FrameError)
    assert error.reason is FrameFault.CONTENT


def test_a_wrong_crc_is_named_with_both_values() -> None:
    (error,) = read(CfCodec(), [bytes.fromhex("cf0000010112421e")])
    assert isinstance(error, FrameError)
    assert (error.reason, error.expected, error.found) == (FrameFault.CHECKSUM, "421d", "421e")


def test_whether_a_gate_speaks_when_nobody_comes_no_manual_says_so_it_is_asked() -> None:
    facts = CfCodec().facts
    assert (facts.pulses_in_inventory, facts.inventory_ends_by_itself) == (False, False)
