"""Chafon readers: commands to bytes, for each generation, and what the codec remembers for them."""

import pytest

from firmware_protocols.chafon.codec import ChafonCodec
from firmware_protocols.chafon.frames import build_frame
from firmware_protocols.chafon.tables import Model
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
from firmware_protocols.events import Event, Reply, Rssi, RssiUnit, Status, TagSeen
from tests.firmware_protocols.reading import read

EPC = bytes.fromhex("e200301666130121155074ef")
LONG_EPC = bytes(range(34))
TID = bytes.fromhex("e2801170200012345678abcd")
NAMED = "06" + EPC.hex()
RSSI_64 = Rssi(64.0, RssiUnit.RAW, b"\x40")
INFO_18 = "0109" + "09" + "02" + "4e00" + "1a" + "14"
INFO_288 = "0214" + "0c" + "02" + "4e00" + "1a" + "14" + "05" + "01" + "00" + "01"


def hear(codec: ChafonCodec, command: int, data: str) -> Event:
    """`data` begins with the status."""
    (event,) = read(codec, [build_frame(0, command, bytes.fromhex(data))])
    return event


def bodies_of(codec: ChafonCodec, command: Command) -> list[str]:
    """Opcode and data of each frame."""
    return [frame[2:-2].hex() for frame in codec.encode(command)]


@pytest.mark.parametrize(
    ("command", "bodies"),
    [
        pytest.param(GetInfo(), ["21"], id="info"),
        pytest.param(GetRegion(), ["21"], id="region: part of the info"),
        pytest.param(GetPower(), ["21"], id="power: part of the info"),
        pytest.param(GetAntennas(), ["21"], id="antennas: part of the info"),
        pytest.param(StartInventory(), ["010400008003"], id="start: Q 4, session 0, target A, antenna 1, 300 ms"),
        pytest.param(StopInventory(), ["93"], id="stop"),
        pytest.param(SetRegion(Region.US), ["223180"], id="US: channels 0 to 49, band 2"),
        pytest.param(SetRegion(Region.EU), ["224e00"], id="EU: channels 0 to 14, band 4"),
        pytest.param(SetRegion(Region.CHINA_900), ["221340"], id="China 920 MHz: band 1"),
        pytest.param(SetRegion(Region.CHINA_800), ["229300"], id="China 840 MHz: band 8"),
        pytest.param(SetRegion(Region.KOREA), ["221fc0"], id="Korea: band 3"),
        pytest.param(SetPower(26), ["2f1a"], id="power"),
        pytest.param(SetAntennas((1, 3)), ["3f05"], id="antennas as a bit mask"),
        pytest.param(SetOutput(1, is_high=False), ["4602"], id="an output low, the other as it was"),
        pytest.param(SetOutput(3, is_high=True), ["4607"], id="an output high"),
        pytest.param(Beep(BeepMode.QUIET), ["4000"], id="quiet"),
        pytest.param(Beep(BeepMode.EACH_TAG), ["4001"], id="beep"),
        pytest.param(ReadBank(Bank.TID, 0, 6, epc=EPC), ["02" + NAMED + "020006" + "00000000"], id="read TID"),
        pytest.param(ReadBank(Bank.TID, 0, 6), ["0200" + "020006" + "00000000"], id="read TID of the tag that answers"),
        pytest.param(
            ReadBank(Bank.USER, 0, 1, 1, LONG_EPC),
            ["02ff" + "030001" + "00000001" + "01" + "0040" + "f0" + LONG_EPC[4:].hex()],
            id="an EPC of 17 words is masked by its last 15",
        ),
        pytest.param(WriteBank(Bank.USER, 1, b"\x12\x34", 0x11223344, EPC), ["0301" + NAMED + "0301" + "1234" + "11223344"], id="write"),
        pytest.param(WriteEpc(EPC, 0x3000), ["030700" + "0101" + "3000" + EPC.hex() + "00000000"], id="write PC and EPC"),
        pytest.param(SetAccessPassword(0xAABBCCDD), ["030200" + "0002" + "aabbccdd" + "00000000"], id="set access password"),
        pytest.param(
            LockTag(
                1, kill_password=LockAction.CLOSED_FOREVER, access_password=LockAction.NEEDS_PASSWORD, epc_bank=LockAction.OPEN, epc=EPC
            ),
            ["06" + NAMED + "000300000001", "06" + NAMED + "010200000001", "06" + NAMED + "020000000001"],
            id="lock, one frame a field",
        ),
    ],
)
def test_a_command_in_bytes(command: Command, bodies: list[str]) -> None:
    assert bodies_of(ChafonCodec(), command) == bodies


@pytest.mark.parametrize(
    ("command", "address", "frame"),
    [
        pytest.param(GetInfo(), 0x00, "040021d96a", id="address 0, as published"),
        pytest.param(GetInfo(), 0xFF, "04ff211995", id="whichever reader is on the line, as published"),
    ],
)
def test_a_whole_frame(command: Command, address: int, frame: str) -> None:
    assert [each.hex() for each in ChafonCodec(address=address).encode(command)] == [frame]


@pytest.mark.parametrize(
    ("model", "start", "stop"),
    [
        pytest.param(Model.UHFREADER18, "01", "21", id="UHFReader18 takes no parameters and has no stop"),
        pytest.param(Model.R288, "010400008003", "93", id="288"),
        pytest.param(Model.EX10, "5000", "51", id="Ex10 reads until it is stopped"),
        pytest.param(None, "010400008003", "93", id="not known yet"),
    ],
)
def test_an_inventory_of_each_model(model: Model | None, start: str, stop: str) -> None:
    codec = ChafonCodec(model=model)
    assert (bodies_of(codec, StartInventory()), bodies_of(codec, StopInventory())) == ([start], [stop])
    assert codec.facts.inventory_ends_by_itself == (model is not Model.EX10)


@pytest.mark.parametrize(("scan_time", "starts"), [("14", ["2503", "01"]), ("03", ["01"])], ids=["two seconds", "short already"])
def test_the_scans_of_uhfreader18_are_made_as_short_as_those_of_the_others(scan_time: str, starts: list[str]) -> None:
    """It keeps that time and takes no other with an inventory, and hears nothing until it is over."""
    codec = ChafonCodec()
    hear(codec, 0x21, "00" + INFO_18[:-2] + scan_time)
    assert bodies_of(codec, StartInventory()) == starts
    assert bodies_of(codec, StartInventory()) == ["01"]
    assert not codec.facts.hears_in_round


def test_fast_id_is_asked_for_where_it_is_wanted() -> None:
    codec = ChafonCodec(with_fast_id=True)
    assert bodies_of(codec, StartInventory()) == ["012400008003"]
    assert codec.facts.reads_tid_in_inventory


def test_the_antennas_take_turns() -> None:
    codec = ChafonCodec()
    assert bodies_of(codec, SetAntennas((1, 3))) == ["3f05"]
    assert [bodies_of(codec, StartInventory())[0][8:10] for _ in range(3)] == ["80", "82", "80"]


def test_sixteen_ports_take_the_longer_form_and_count_antennas() -> None:
    codec = ChafonCodec(antenna_ports=16)
    assert bodies_of(codec, SetAntennas((1, 10))) == ["3f01" + "0201"]
    seen = hear(codec, 0x01, "03" + "0901" + "0c" + EPC.hex() + "40")
    assert seen == TagSeen(EPC, rssi=RSSI_64, antenna=10)


@pytest.mark.parametrize(
    ("info", "model"),
    [
        pytest.param(INFO_18, Model.UHFREADER18, id="type 09"),
        pytest.param(INFO_288, Model.R288, id="type 0C"),
        pytest.param("0102" + "7e" + INFO_18[6:], Model.UHFREADER18, id="unknown type, eight bytes"),
        pytest.param("0102" + "7e" + INFO_288[6:], Model.R288, id="unknown type, twelve bytes"),
    ],
)
def test_the_model_is_learnt_from_the_info(info: str, model: Model) -> None:
    codec = ChafonCodec()
    reply = hear(codec, 0x21, "00" + info)
    assert isinstance(reply, Reply)
    assert reply.status is Status.OK
    assert bodies_of(codec, StopInventory()) == (["21"] if model is Model.UHFREADER18 else ["93"])


@pytest.mark.parametrize(("type_code", "body"), [("0c", "3f81"), ("26", "3f010081"), ("68", "3f010081")])
def test_the_type_says_how_eight_antennas_are_chosen(type_code: str, body: str) -> None:
    codec = ChafonCodec(antenna_ports=8)
    hear(codec, 0x21, "00" + "0214" + type_code + INFO_288[6:])
    assert bodies_of(codec, SetAntennas((1, 8))) == [body]


def test_a_model_that_was_chosen_is_kept() -> None:
    codec = ChafonCodec(model=Model.EX10)
    hear(codec, 0x21, "00" + INFO_18)
    assert bodies_of(codec, StartInventory()) == ["5000"]


@pytest.mark.parametrize(
    ("command", "model"),
    [
        pytest.param(SetPower(31), None, id="power beyond the reader"),
        pytest.param(SetPower(20.5), None, id="half a dBm"),
        pytest.param(SetAntennas((1, 2)), Model.UHFREADER18, id="antennas of a reader with one"),
        pytest.param(SetOutput(5, is_high=True), None, id="no such output"),
        pytest.param(SetOutput(1, is_high=True), Model.UHFREADER18, id="outputs of a reader without"),
        pytest.param(Beep(BeepMode.EACH_ROUND), None, id="beep once a round"),
        pytest.param(Beep(BeepMode.QUIET), Model.UHFREADER18, id="buzzer of a reader that does as it likes"),
        pytest.param(ReadBank(Bank.USER, 0, 121), None, id="longer than an answer"),
        pytest.param(ReadBank(Bank.USER, 256, 1), None, id="address beyond a byte"),
        pytest.param(ReadBank(Bank.USER, 0, 1, 0, LONG_EPC), Model.UHFREADER18, id="an EPC too long to be named"),
        pytest.param(WriteBank(Bank.USER, 0, bytes(66)), None, id="more words than a write takes"),
    ],
)
def test_what_no_reader_takes_is_refused_before_it_is_sent(command: Command, model: Model | None) -> None:
    with pytest.raises(ProtocolError):
        ChafonCodec(model=model).encode(command)


def test_a_refusal_names_the_model() -> None:
    with pytest.raises(Unsupported, match="uhfreader18 readers cannot switch antennas: it has one port"):
        ChafonCodec(model=Model.UHFREADER18).encode(SetAntennas((2,)))


def test_the_one_port_of_uhfreader18_is_always_on() -> None:
    assert bodies_of(ChafonCodec(model=Model.UHFREADER18), SetAntennas((1,))) == ["21"]
