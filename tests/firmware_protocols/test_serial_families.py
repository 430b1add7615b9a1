"""What holds for every serial family alike: commands to bytes and back, refusals, options, addresses."""

from contextlib import suppress

import pytest

from firmware_protocols.catalogue import codec_for
from firmware_protocols.cf.frames import build_frame as build_cf
from firmware_protocols.chafon.frames import build_frame as build_chafon
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
from firmware_protocols.errors import BadArgument, ProtocolError, Unsupported
from firmware_protocols.events import HostCommand, RoundEnded
from firmware_protocols.r2000.frames import build_frame as build_r2000
from tests.firmware_protocols.reading import read, without_errors

EPC = bytes.fromhex("e200301666130121155074ef")
FAMILIES = ("m100", "r200", "r2000", "thingmagic", "chafon", "cf")
ADDRESSED = ("r2000", "chafon", "cf")
NO_TAG = {
    "r2000": lambda address: build_r2000(address, 0x89, bytes(7)),
    "chafon": lambda address: build_chafon(address, 0x01, b"\xfb"),
    "cf": lambda address: build_cf(address, 0x0001, b"\x12"),
}
"""The frame by which a round ends that heard nothing."""

ORDERS: tuple[Command, ...] = (
    *(GetInfo(), GetRegion(), GetPower(), GetAntennas(), StartInventory(), StopInventory()),
    *(SetRegion(region) for region in Region),
    *(SetPower(dbm) for dbm in (0, 20, 30)),
    *(SetAntennas((1,)), SetAntennas((2, 4)), SetOutput(1, is_high=True), SetOutput(3, is_high=False)),
    *(Beep(mode) for mode in BeepMode),
    *(ReadBank(bank, 0, 2, 0x11223344, EPC) for bank in Bank),
    ReadBank(Bank.TID, 0, 6),
    WriteBank(Bank.USER, 1, b"\x12\x34", 0, EPC),
    WriteEpc(EPC, 0x3000),
    WriteEpc(bytes(62), 0xF800, epc=bytes(62)),
    SetAccessPassword(0xAABBCCDD, 0, EPC),
    *(LockTag(1, epc_bank=action, access_password=LockAction.NEEDS_PASSWORD, epc=EPC) for action in LockAction),
)

CANNOT = {
    "m100": (GetAntennas, SetAntennas, Beep),
    "r200": (GetAntennas, SetAntennas, Beep),
    "r2000": (),
    "thingmagic": (Beep,),
    "chafon": (),
    "cf": (LockTag,),
}
"""What a family refuses whatever the argument. Regions, outputs and modes it may refuse one by one."""

REFUSED = [
    pytest.param(SetPower(-1), id="negative power"),
    pytest.param(SetPower(99), id="power beyond any reader"),
    pytest.param(SetAntennas(()), id="no antenna"),
    pytest.param(SetAntennas((0,)), id="ports count from 1"),
    pytest.param(SetAntennas((5,)), id="the fifth of four ports"),
    pytest.param(SetAntennas((1, 1)), id="a port twice"),
    pytest.param(SetOutput(9, is_high=True), id="no such output"),
    pytest.param(ReadBank(Bank.TID, 0, 0), id="read nothing"),
    pytest.param(ReadBank(Bank.TID, -1, 1), id="address before the bank"),
    pytest.param(ReadBank(Bank.USER, 0, 256), id="longer than an answer"),
    pytest.param(ReadBank(Bank.TID, 0, 6, epc=b"\x01"), id="half a word of EPC"),
    pytest.param(ReadBank(Bank.TID, 0, 6, epc=b""), id="an EPC of nothing would select everything"),
    pytest.param(ReadBank(Bank.TID, 0, 6, password=1 << 32), id="password of 33 bits"),
    pytest.param(WriteBank(Bank.USER, 0, b"\x01"), id="half a word"),
    pytest.param(WriteBank(Bank.USER, 0, b""), id="no word"),
    pytest.param(WriteBank(Bank.USER, 0, bytes(130)), id="65 words at once"),
    pytest.param(WriteEpc(EPC, 0x3800), id="PC for a longer EPC"),
    pytest.param(WriteEpc(EPC, 0x1800), id="PC for a shorter EPC"),
    pytest.param(WriteEpc(bytes(64), 0xF800), id="EPC longer than any PC can say"),
    pytest.param(SetAccessPassword(-1), id="negative password"),
    pytest.param(LockTag(1), id="a lock of nothing"),
]


def encoded(family: str, command: Command) -> tuple[bytes, ...]:
    """No frames where the family says, by the right error, that it cannot."""
    if isinstance(command, CANNOT[family]):
        with pytest.raises(Unsupported, match=f"^{family} readers cannot"):
            codec_for(family).encode(command)
        return ()
    if isinstance(command, SetRegion | SetOutput | Beep):
        with suppress(Unsupported, BadArgument):
            return codec_for(family).encode(command)
        return ()
    return codec_for(family).encode(command)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("command", [pytest.param(order, id=str(order)[:60]) for order in ORDERS])
def test_the_other_half_reads_what_we_send_unless_the_family_says_that_it_cannot(family: str, command: Command) -> None:
    frames = encoded(family, command)
    events = read(codec_for(family, direction=Direction.TO_READER), frames, has_gap=False)
    assert len(events) == len(frames)
    for event in events:
        assert isinstance(event, HostCommand)
        assert not event.command.startswith("0x")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("command", REFUSED)
def test_what_no_reader_takes_is_refused_before_it_is_sent(family: str, command: Command) -> None:
    with pytest.raises(ProtocolError, match=family):
        codec_for(family).encode(command)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_refusal_does_not_repeat_the_password(family: str) -> None:
    with pytest.raises(BadArgument) as refusal:
        codec_for(family).encode(SetAccessPassword(0x123456789A))
    assert "123456789a" not in str(refusal.value).lower()
    assert str(0x123456789A) not in str(refusal.value)


@pytest.mark.parametrize("family", ["r2000", "thingmagic", "chafon", "cf"])
def test_a_refused_command_is_not_remembered(family: str) -> None:
    untouched, codec = codec_for(family), codec_for(family)
    for ports in ((1, 9), ()):
        with pytest.raises(BadArgument):
            codec.encode(SetAntennas(ports))
    assert codec.encode(StartInventory()) == untouched.encode(StartInventory())


@pytest.mark.parametrize("family", ADDRESSED)
@pytest.mark.parametrize(("address", "ports"), [(256, 4), (-1, 4), (0, 3), (0, 0), (0, 32)])
def test_an_option_that_no_reader_has(family: str, address: int, ports: int) -> None:
    with pytest.raises(BadArgument):
        codec_for(family, address=address, antenna_ports=ports)


@pytest.mark.parametrize("family", ADDRESSED)
@pytest.mark.parametrize("address", [0x00, 0x01, 0x7F, 0xFE, 0xFF])
class TestAddresses:
    """Many R2000 boards are 01, Chafon's and CF's readers 00; FF is whoever listens."""

    def test_commands_go_to_the_chosen_one(self, family: str, address: int) -> None:
        frames = codec_for(family, address=address).encode(GetInfo())
        (command,) = read(codec_for(family, direction=Direction.TO_READER), frames)
        assert isinstance(command, HostCommand)
        assert command.address == address

    @pytest.mark.parametrize("own", [0x00, 0x01, 0xFF])
    def test_answers_are_taken_from_any(self, family: str, address: int, own: int) -> None:
        (event,) = read(codec_for(family, address=own), [NO_TAG[family](address)])
        assert isinstance(event, RoundEnded)
        assert event.reads == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_half_frame_before_a_silence_does_not_hide_the_next(family: str) -> None:
    codec = codec_for(family, direction=Direction.TO_READER)
    (frame,) = codec_for(family).encode(GetInfo())
    assert not without_errors(read(codec, [frame[:-1]]))
    (event,) = read(codec, [frame], has_gap=False)
    assert isinstance(event, HostCommand)
