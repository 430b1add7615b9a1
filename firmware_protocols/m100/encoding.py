"""A command → the opcodes and payloads that ask for it. The frames around them are `frames.build_frame`'s."""

from typing import assert_never

from firmware_protocols.command_checks import TagCommand, band_of, check_command, check_range, epc_mask, lock_actions, memory_write
from firmware_protocols.commands import (
    Beep,
    Command,
    GetAntennas,
    GetInfo,
    GetPower,
    GetRegion,
    LockTag,
    ReadBank,
    SetAntennas,
    SetOutput,
    SetPower,
    SetRegion,
    StartInventory,
    StopInventory,
)
from firmware_protocols.errors import Unsupported
from firmware_protocols.gen2 import lock_payload
from firmware_protocols.m100.tables import BAND, Opcode
from firmware_protocols.serial_codec import Request

ROUNDS = 0xFFFF  # the most that one START_INVENTORY takes
INVENTORY_RESERVED = 0x22
MAX_POWER_DBM = 30
MAX_WRITE_WORDS = 32  # V2.1 §4.8
MAX_READ_WORDS = 255
OUTPUTS = 4
PIN_DIRECTION, PIN_VALUE = 0, 1
SELECT_EPC = 0b000_000_01  # target S0, action 000, bank EPC (V2.1 §4.5)
EPC_START_BIT = 0x20  # after CRC and PC
NOT_TRUNCATED = 0
NEVER_SELECT = 1


def requests_for(family: str, command: Command) -> tuple[Request, ...]:
    """Raises Unsupported or BadArgument."""
    check_command(family, command)
    if isinstance(command, TagCommand):
        return (_selection(command.epc), _access(family, command))
    return _plain_requests(family, command)


def _plain_requests(
    family: str,
    command: GetInfo
    | GetRegion
    | SetRegion
    | GetPower
    | SetPower
    | GetAntennas
    | SetAntennas
    | StartInventory
    | StopInventory
    | SetOutput
    | Beep,
) -> tuple[Request, ...]:
    match command:
        case GetInfo() | GetRegion() | GetPower() | StartInventory() | StopInventory():
            return (FIXED[type(command)],)
        case SetRegion(region=region):
            return ((Opcode.SET_REGION, bytes((band_of(family, region, BAND).code,))),)
        case SetPower(power_dbm=power_dbm):
            check_range(family, "power in dBm", power_dbm, 0, MAX_POWER_DBM)
            return ((Opcode.SET_POWER, round(power_dbm * 100).to_bytes(2)),)
        case SetOutput(port=port, is_high=is_high):
            check_range(family, "output", port, 1, OUTPUTS)
            return ((Opcode.GPIO, bytes((PIN_DIRECTION, port, 1))), (Opcode.GPIO, bytes((PIN_VALUE, port, is_high))))
        case GetAntennas() | SetAntennas():
            raise Unsupported(family, "switch antennas", "the module has one port")
        case Beep():
            raise Unsupported(family, "beep", "wire a buzzer to an output and use SetOutput")
    assert_never(command)


FIXED: dict[type[Command], Request] = {
    GetInfo: (Opcode.GET_INFO, b"\x00"),
    GetRegion: (Opcode.GET_REGION, b""),
    GetPower: (Opcode.GET_POWER, b""),
    StartInventory: (Opcode.START_INVENTORY, bytes((INVENTORY_RESERVED,)) + ROUNDS.to_bytes(2)),
    StopInventory: (Opcode.STOP_INVENTORY, b""),
}


def _selection(epc: bytes | None) -> Request:
    """SET_SELECT also sets select mode 2 (for all but inventory); without an EPC, whichever tag answers is meant."""
    if epc is None:
        return (Opcode.SET_SELECT_MODE, bytes((NEVER_SELECT,)))
    start, bits, mask = epc_mask(epc)
    return (Opcode.SET_SELECT, bytes((SELECT_EPC,)) + (EPC_START_BIT + start).to_bytes(4) + bytes((bits, NOT_TRUNCATED)) + mask)


def _access(family: str, command: TagCommand) -> Request:
    password = command.password.to_bytes(4)
    match command:
        case ReadBank(bank=bank, word_address=address, word_count=count):
            check_range(family, "word count", count, 1, MAX_READ_WORDS)
            return (Opcode.READ_BANK, password + bytes((bank,)) + address.to_bytes(2) + count.to_bytes(2))
        case LockTag():
            return (Opcode.LOCK_TAG, password + lock_payload(lock_actions(command)))
        case _:
            write = memory_write(family, command, MAX_WRITE_WORDS)
            place = bytes((write.bank,)) + write.word_address.to_bytes(2) + write.word_count.to_bytes(2)
            return (Opcode.WRITE_BANK, password + place + write.data)
