"""A command → the opcodes and data that ask for it. The frames around them are `frames.build_frame`'s."""

from typing import assert_never

from firmware_protocols.command_checks import (
    TagCommand,
    band_of,
    check_command,
    check_ports,
    check_range,
    lock_actions,
    memory_write,
    whole_dbm,
)
from firmware_protocols.commands import (
    Beep,
    Command,
    GetAntennas,
    GetInfo,
    GetPower,
    GetRegion,
    LockAction,
    LockTag,
    ReadBank,
    SetAntennas,
    SetOutput,
    SetPower,
    SetRegion,
    StartInventory,
    StopInventory,
)
from firmware_protocols.gen2 import LockField
from firmware_protocols.r2000.tables import BAND, LOCK_ACTION_CODE, LOCK_FIELD_CODE, Opcode
from firmware_protocols.serial_codec import Request

FAMILY = "r2000"
REPEAT_FOR_EVER = 0xFF
MAX_POWER_DBM = 33
MAX_READ_WORDS = 96  # the answer's length byte counts PC, EPC and CRC too
MAX_WRITE_WORDS = 64
FIRST_OUTPUT, LAST_OUTPUT = 3, 4  # pins 1 and 2 are inputs
MATCH_EPC, MATCH_NONE = 0, 1
NO_ANTENNA = 0xFF
STAY_ROUNDS, PAUSE_MS = 1, 0
CYCLES = 2  # of all antennas before the end-of-round frame: seldom more than half a second


def requests_for(command: Command, ports: tuple[int, ...], port_count: int) -> tuple[Request, ...]:
    """`ports` are those that take part in an inventory. Raises Unsupported or BadArgument."""
    check_command(FAMILY, command)
    if isinstance(command, TagCommand):
        return (_match(command.epc), *_access(command))
    match command:
        case StartInventory():
            return (_inventory(ports, port_count),)
        case GetInfo() | GetRegion() | GetPower() | GetAntennas() | StopInventory():
            return ((QUESTIONS[type(command)], b""),)
        case SetAntennas(ports=wanted):
            check_ports(FAMILY, wanted, port_count)
            return ((Opcode.SET_ANTENNA, bytes((wanted[0] - 1,))),)
        case _:
            return (_setting(command),)


def _setting(command: SetPower | SetRegion | SetOutput | Beep) -> Request:
    match command:
        case SetPower(power_dbm=power_dbm):
            return (Opcode.SET_POWER, bytes((whole_dbm(FAMILY, power_dbm, MAX_POWER_DBM),)))
        case SetRegion(region=region):
            return (Opcode.SET_REGION, bytes(band_of(FAMILY, region, BAND)))
        case SetOutput(port=port, is_high=is_high):
            check_range(FAMILY, "output (pins 1 and 2 are inputs)", port, FIRST_OUTPUT, LAST_OUTPUT)
            return (Opcode.SET_OUTPUT, bytes((port, is_high)))
        case Beep(mode=mode):
            return (Opcode.SET_BEEPER, bytes((mode,)))
    assert_never(command)


QUESTIONS: dict[type[Command], Opcode] = {
    GetInfo: Opcode.GET_INFO,
    GetRegion: Opcode.GET_REGION,
    GetPower: Opcode.GET_POWER,
    GetAntennas: Opcode.GET_ANTENNA,
    StopInventory: Opcode.GET_INFO,  # the family has no stop: any other command ends an inventory
}


def _inventory(ports: tuple[int, ...], port_count: int) -> Request:
    """89 for the one working antenna; 8A for several: antenna and stay for each of four places (eight on larger boards)."""
    if len(ports) == 1:
        return (Opcode.INVENTORY, bytes((REPEAT_FOR_EVER,)))
    places = 4 if port_count <= 4 else 8
    stays = b"".join(bytes((port - 1, STAY_ROUNDS)) for port in ports)
    return (Opcode.INVENTORY_ANTENNAS, stays + bytes((NO_ANTENNA, 0)) * (places - len(ports)) + bytes((PAUSE_MS, CYCLES)))


def _match(epc: bytes | None) -> Request:
    """Only the tag with this EPC is meant by what follows; None: whichever answers."""
    if epc is None:
        return (Opcode.SET_EPC_MATCH, bytes((MATCH_NONE, 0)))
    return (Opcode.SET_EPC_MATCH, bytes((MATCH_EPC, len(epc))) + epc)


def _access(command: TagCommand) -> tuple[Request, ...]:
    password = command.password.to_bytes(4)
    match command:
        case ReadBank(bank=bank, word_address=address, word_count=count):
            check_range(FAMILY, "word address", address, 0, 0xFF)
            check_range(FAMILY, "word count", count, 1, MAX_READ_WORDS)
            return ((Opcode.READ_BANK, bytes((bank, address, count)) + password),)
        case LockTag():
            actions = zip(LockField, lock_actions(command), strict=True)
            return tuple(_lock(password, field, LockAction(action)) for field, action in actions if action is not None)
        case _:
            write = memory_write(FAMILY, command, MAX_WRITE_WORDS)
            check_range(FAMILY, "word address", write.word_address, 0, 0xFF)
            return ((Opcode.WRITE_BANK, password + bytes((write.bank, write.word_address, write.word_count)) + write.data),)


def _lock(password: bytes, field: LockField, action: LockAction) -> Request:
    return (Opcode.LOCK_TAG, password + bytes((LOCK_FIELD_CODE[field], LOCK_ACTION_CODE[action])))
