"""A command → the opcodes and data that ask for it. The frames around them are `frames.build_frame`'s."""

from typing import assert_never

from firmware_protocols.cf.tables import BAND, Opcode
from firmware_protocols.command_checks import (
    TagCommand,
    band_of,
    check_command,
    check_ports,
    check_range,
    epc_mask,
    memory_write,
    whole_dbm,
)
from firmware_protocols.commands import (
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
from firmware_protocols.errors import Unsupported
from firmware_protocols.serial_codec import Request

FAMILY = "cf"
MAX_POWER_DBM = 33
MAX_READ_WORDS = 92  # the answer's length byte counts the tag's name too
MAX_WRITE_WORDS = 64
BY_TIME, WITHOUT_END = 0, 0
SET = 0x01
NO_OPTION = 0x00
RELAYS = (Opcode.RELAY_1, Opcode.RELAY_2)
RELEASE, CLOSE = 0x01, 0x02
UNTIL_TOLD = 0x00


def requests_for(command: Command, port_count: int) -> tuple[Request, ...]:
    """Raises Unsupported or BadArgument."""
    check_command(FAMILY, command)
    if isinstance(command, TagCommand):
        return (_selection(command.epc), _access(command))
    match command:
        case GetInfo() | GetRegion() | GetPower() | GetAntennas() | StopInventory():
            return ((QUESTIONS[type(command)], b""),)
        case StartInventory():
            return ((Opcode.INVENTORY, bytes((BY_TIME,)) + WITHOUT_END.to_bytes(4)),)
        case _:
            return (_setting(command, port_count),)


QUESTIONS: dict[type[Command], Opcode] = {
    GetInfo: Opcode.GET_INFO,
    GetRegion: Opcode.GET_PARAMETERS,  # gates have no question for one setting
    GetPower: Opcode.GET_PARAMETERS,
    GetAntennas: Opcode.GET_PARAMETERS,
    StopInventory: Opcode.STOP_INVENTORY,
}


def _setting(command: SetPower | SetRegion | SetAntennas | SetOutput | Beep, port_count: int) -> Request:
    match command:
        case SetPower(power_dbm=power_dbm):
            return (Opcode.SET_POWER, bytes((whole_dbm(FAMILY, power_dbm, MAX_POWER_DBM), 0)))
        case SetRegion(region=region):
            return (Opcode.SET_REGION, region_bytes(region))
        case SetAntennas(ports=ports):
            check_ports(FAMILY, ports, port_count)
            return (Opcode.SET_ANTENNAS, bytes((sum(1 << port - 1 for port in ports),)))
        case SetOutput(port=port, is_high=is_high):
            check_range(FAMILY, "relay", port, 1, len(RELAYS))
            return (RELAYS[port - 1], bytes((CLOSE if is_high else RELEASE, UNTIL_TOLD)))
        case Beep(mode=mode):
            if mode is BeepMode.EACH_ROUND:
                raise Unsupported(FAMILY, "beep once a round", "they beep at every tag or not at all")
            return (Opcode.BEEPER, bytes((SET, mode is BeepMode.EACH_TAG)))
    assert_never(command)


def region_bytes(region: Region) -> bytes:
    """Code, start in MHz u16 and kHz u16, step in kHz u16, last channel."""
    band = band_of(FAMILY, region, BAND)
    mhz, khz = divmod(band.start_khz, 1000)
    return bytes((band.code,)) + mhz.to_bytes(2) + khz.to_bytes(2) + band.step_khz.to_bytes(2) + bytes((band.last_channel,))


def _selection(epc: bytes | None) -> Request:
    """Pointer u16 and length in bits, EPC: the tag that the next act is for. Kept by the reader, so an empty one is sent too."""
    start, bits, mask = epc_mask(epc or b"")
    return (Opcode.SET_SELECT_MASK, start.to_bytes(2) + bytes((bits,)) + mask)


def _access(command: TagCommand) -> Request:
    head = bytes((NO_OPTION,)) + command.password.to_bytes(4)
    match command:
        case ReadBank(bank=bank, word_address=address, word_count=count):
            check_range(FAMILY, "word count", count, 1, MAX_READ_WORDS)
            return (Opcode.READ_BANK, head + bytes((bank,)) + address.to_bytes(2) + bytes((count,)))
        case LockTag():
            # A lock may be for ever, and a wrong guess at the number of an area or an action would ruin tags.
            raise Unsupported(FAMILY, "lock tags", "the maker publishes no numbers for areas and actions; lock with a reader of the desk")
        case _:
            write = memory_write(FAMILY, command, MAX_WRITE_WORDS)
            place = bytes((write.bank,)) + write.word_address.to_bytes(2) + bytes((write.word_count,))
            return (Opcode.WRITE_BANK, head + place + write.data)
