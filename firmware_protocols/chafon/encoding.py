"""A command → the opcodes and data that ask for it. The frames around them are `frames.build_frame`'s."""

from dataclasses import dataclass, replace
from typing import assert_never

from firmware_protocols.chafon.tables import BAND, Model, Opcode
from firmware_protocols.command_checks import (
    TagCommand,
    band_of,
    check_command,
    check_ports,
    check_range,
    epc_mask,
    lock_actions,
    memory_write,
    whole_dbm,
)
from firmware_protocols.commands import (
    Bank,
    Beep,
    BeepMode,
    Command,
    GetAntennas,
    GetInfo,
    GetPower,
    GetRegion,
    LockTag,
    ReadBank,
    Region,
    SetAntennas,
    SetOutput,
    SetPower,
    SetRegion,
    StartInventory,
    StopInventory,
)
from firmware_protocols.errors import BadArgument, Unsupported
from firmware_protocols.gen2 import LockField
from firmware_protocols.serial_codec import Request

FAMILY = "chafon"
MAX_POWER_DBM = 30
MAX_READ_WORDS = 120
MAX_WRITE_WORDS = 32
LONGEST_NAMED_EPC_WORDS = 15  # a longer EPC is named by a mask
BY_MASK = 0xFF
EPC_START_BIT = 0x20  # after CRC and PC
Q = 4  # 16 slots: a checkpoint sees few tags at a time
WITH_FAST_ID = 0x20
SESSION_0, TARGET_A = 0, 0  # a tag answers in every round
FIRST_ANTENNA = 0x80
SCAN_TIME = 3  # x 100 ms, the least the manual allows: until it is over, the reader hears no other command
OUTPUTS = 4
OUTPUTS_AT_START = 0b0011  # both high
MOST_MASKED_PORTS = 8
FOR_NOW = 1  # 16 ports: not kept over power-off


@dataclass(frozen=True, slots=True)
class Setup:
    """What a codec remembers of its reader for the commands to come."""

    antenna_ports: int
    model: Model | None = None
    with_fast_id: bool = False
    ports: tuple[int, ...] = (1,)
    """Those that take part in an inventory, the next first: an inventory is made before one antenna at a time."""
    outputs: int = OUTPUTS_AT_START
    has_long_mask: bool = False
    """The mask of antennas has two bytes. It always has with 16 ports."""
    scan_time: int | None = None
    """The reader's own, where an inventory cannot carry another. None: not known."""


def requests_for(command: Command, setup: Setup) -> tuple[Request, ...]:
    """Raises Unsupported or BadArgument."""
    check_command(FAMILY, command)
    if isinstance(command, TagCommand):
        return _access(command, setup)
    match command:
        case GetInfo() | GetRegion() | GetPower() | GetAntennas():
            return ((Opcode.GET_INFO, b""),)
        case StartInventory():
            return _start(setup)
        case StopInventory():
            return (STOP.get(setup.model, (Opcode.STOP_INVENTORY, b"")),)
        case _:
            return (_setting(command, setup),)


def setup_after(command: Command, setup: Setup) -> Setup:
    """What to remember once the command was encoded."""
    match command:
        case StartInventory():
            return replace(setup, ports=setup.ports[1:] + setup.ports[:1], scan_time=SCAN_TIME)
        case SetAntennas(ports=ports):
            return replace(setup, ports=ports)
        case SetOutput(port=port, is_high=is_high):
            return replace(setup, outputs=_outputs(setup, port, is_high=is_high))
        case _:
            return setup


STOP: dict[Model | None, Request] = {
    Model.UHFREADER18: (Opcode.GET_INFO, b""),  # it has no stop: each inventory ends by itself
    Model.EX10: (Opcode.STOP_FAST_INVENTORY, b""),
}


def _start(setup: Setup) -> tuple[Request, ...]:
    if setup.model is Model.UHFREADER18:
        is_short = setup.scan_time in {None, SCAN_TIME}
        shorten = () if is_short else ((Opcode.SET_SCAN_TIME, bytes((SCAN_TIME,))),)
        return (*shorten, (Opcode.INVENTORY, b""))
    if setup.model is Model.EX10:
        return ((Opcode.START_FAST_INVENTORY, bytes((TARGET_A,))),)
    q = Q | WITH_FAST_ID if setup.with_fast_id else Q
    return ((Opcode.INVENTORY, bytes((q, SESSION_0, TARGET_A, FIRST_ANTENNA + setup.ports[0] - 1, SCAN_TIME))),)


def _setting(command: SetPower | SetRegion | SetAntennas | SetOutput | Beep, setup: Setup) -> Request:
    match command:
        case SetPower(power_dbm=power_dbm):
            return (Opcode.SET_POWER, bytes((whole_dbm(FAMILY, power_dbm, MAX_POWER_DBM),)))
        case SetRegion(region=region):
            return (Opcode.SET_REGION, region_bytes(region))
        case SetAntennas(ports=(1,)) if setup.model is Model.UHFREADER18:
            return (Opcode.GET_INFO, b"")  # its one port is always on; what it answers is as good
        case SetAntennas(ports=ports):
            return (Opcode.SET_ANTENNAS, _antennas(ports, setup))
        case SetOutput(port=port, is_high=is_high):
            _check_model(setup, "switch outputs", "it has none")
            check_range(FAMILY, "output", port, 1, OUTPUTS)
            return (Opcode.SET_OUTPUTS, bytes((_outputs(setup, port, is_high=is_high),)))
        case Beep(mode=mode):
            return (Opcode.SET_BEEPER, bytes((_beeper(mode, setup),)))
    assert_never(command)


def region_bytes(region: Region) -> bytes:
    """Highest and lowest channel, with the band in the two top bits of each."""
    band = band_of(FAMILY, region, BAND)
    return bytes(((band.code & 0b1100) << 4 | band.channels - 1, (band.code & 0b0011) << 6))


def _antennas(ports: tuple[int, ...], setup: Setup) -> bytes:
    _check_model(setup, "switch antennas", "it has one port")
    check_ports(FAMILY, ports, setup.antenna_ports)
    mask = sum(1 << port - 1 for port in ports)
    is_long = setup.has_long_mask or setup.antenna_ports > MOST_MASKED_PORTS
    return bytes((FOR_NOW,)) + mask.to_bytes(2) if is_long else bytes((mask,))


def _outputs(setup: Setup, port: int, *, is_high: bool) -> int:
    bit = 1 << port - 1
    return setup.outputs | bit if is_high else setup.outputs & ~bit


def _beeper(mode: BeepMode, setup: Setup) -> int:
    _check_model(setup, "be told when to beep", "its buzzer follows its work mode")
    if mode is BeepMode.EACH_ROUND:
        raise Unsupported(FAMILY, "beep once a round", "they beep at every tag or not at all")
    return int(mode is BeepMode.EACH_TAG)


def _check_model(setup: Setup, what: str, reason: str) -> None:
    if setup.model is Model.UHFREADER18:
        raise Unsupported(Model.UHFREADER18, what, reason)


def _access(command: TagCommand, setup: Setup) -> tuple[Request, ...]:
    """The tag is named before what is to be done, or, if its EPC is long, masked after it."""
    named, mask = _target(command.epc, setup)
    password = command.password.to_bytes(4)
    match command:
        case ReadBank(bank=bank, word_address=address, word_count=count):
            check_range(FAMILY, "word address", address, 0, 0xFF)
            check_range(FAMILY, "word count", count, 1, MAX_READ_WORDS)
            return ((Opcode.READ_BANK, named + bytes((bank, address, count)) + password + mask),)
        case LockTag():
            actions = zip(LockField, lock_actions(command), strict=True)
            return tuple(
                (Opcode.LOCK_TAG, named + bytes((field, action)) + password + mask) for field, action in actions if action is not None
            )
        case _:
            # A new EPC too, not by WRITE_EPC (04): that leaves all of the PC but its length as it was, and takes whichever tag answers.
            write = memory_write(FAMILY, command, MAX_WRITE_WORDS)
            check_range(FAMILY, "word address", write.word_address, 0, 0xFF)
            place = bytes((write.word_count,)) + named + bytes((write.bank, write.word_address))
            return ((Opcode.WRITE_BANK, place + write.data + password + mask),)


def _target(epc: bytes | None, setup: Setup) -> tuple[bytes, bytes]:
    """What stands before the act and after it. Without an EPC, the tag that answers."""
    words = len(epc or b"") // 2
    if words <= LONGEST_NAMED_EPC_WORDS:
        return bytes((words,)) + (epc or b""), b""
    if setup.model is Model.UHFREADER18:
        raise BadArgument(FAMILY, "EPC of the tag", f"at most {LONGEST_NAMED_EPC_WORDS} words", f"{words} words")
    assert epc is not None
    start, bits, mask = epc_mask(epc)
    return bytes((BY_MASK,)), bytes((Bank.EPC,)) + (EPC_START_BIT + start).to_bytes(2) + bytes((bits,)) + mask
