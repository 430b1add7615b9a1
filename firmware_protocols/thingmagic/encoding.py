"""A command → the opcodes and data that ask for it. The frames around them are `frames.build_command`'s."""

from typing import assert_never

from firmware_protocols.command_checks import TagCommand, WriteCommand, check_command, check_ports, check_range, lock_actions, memory_write
from firmware_protocols.commands import (
    Bank,
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
from firmware_protocols.serial_codec import Request
from firmware_protocols.thingmagic.tables import (
    ANTENNA_LIST,
    BY_KEY,
    DETECT_ANTENNAS,
    GEN2,
    REGION_CODE,
    Key,
    Metadata,
    Opcode,
    Option,
    Search,
    Select,
    StreamControl,
)

FAMILY = "thingmagic"
MAX_POWER_DBM = 32  # an M6e has 31.5; what is more than its own a module refuses itself
OUTPUTS = 4
MAX_WRITE_WORDS = 64
MAX_READ_WORDS = 120  # the answer's length byte counts option and metadata flags too
TAG_TIMEOUT_MS = 1000  # as the vendor's: how long the module looks for the tag
SEARCH_MS = 250  # of one search; when it found nothing, the module says so: the pulse of an inventory
TID_WORDS = 6
POWER_ALONE = 0x00  # 01 asks for the limits too
LONG_MASK_BITS = 256
STREAM_METADATA = Metadata(0x01FF)  # all but what only an M7e knows


def requests_for(command: Command, port_count: int, *, with_tid: bool = True) -> tuple[Request, ...]:
    """Raises Unsupported or BadArgument."""
    check_command(FAMILY, command)
    if isinstance(command, TagCommand):
        return ((Opcode.SET_PROTOCOL, GEN2.to_bytes(2)), _access(command))
    match command:
        case GetInfo() | GetRegion() | GetPower() | GetAntennas() | StartInventory() | StopInventory():
            return START_WITHOUT_TID if isinstance(command, StartInventory) and not with_tid else FIXED[type(command)]
        case SetAntennas(ports=ports):
            check_ports(FAMILY, ports, port_count)
            return ((Opcode.SET_ANTENNAS, bytes((ANTENNA_LIST,)) + b"".join(bytes((port, port)) for port in ports)),)
        case SetPower(power_dbm=power_dbm):
            check_range(FAMILY, "power in dBm", power_dbm, 0, MAX_POWER_DBM)
            centi_dbm = round(power_dbm * 100).to_bytes(2)
            return ((Opcode.SET_POWER, centi_dbm), (Opcode.SET_WRITE_POWER, centi_dbm))
        case SetRegion(region=region):
            return ((Opcode.SET_REGION, bytes((REGION_CODE[region],))),)
        case SetOutput(port=port, is_high=is_high):
            check_range(FAMILY, "output", port, 1, OUTPUTS)
            return ((Opcode.SET_OUTPUT, bytes((port, is_high))),)
        case Beep():
            raise Unsupported(FAMILY, "beep", "wire a buzzer to an output and use SetOutput")
    assert_never(command)


def _stream(*, with_tid: bool) -> bytes:
    """READ_MULTIPLE without end, of the antennas in the list, with metadata and the TID of each tag, within MULTI_PROTOCOL."""
    flags = Search.ANTENNA_LIST | Search.STREAMING | Search.LARGE_POPULATION
    tid = _read_data(0, Select.NONE, Bank.TID, 0, TID_WORDS)
    embedded = bytes((1, len(tid), Opcode.READ_BANK)) + tid if with_tid else b""
    if with_tid:
        flags |= Search.EMBEDDED_COMMAND
    search = flags.to_bytes(2) + SEARCH_MS.to_bytes(2) + STREAM_METADATA.to_bytes(2)
    asked = bytes((Option.METADATA,)) + search + embedded
    return bytes((0, 0, StreamControl.START, Opcode.READ_MULTIPLE, 0, 0, GEN2, len(asked), Opcode.READ_MULTIPLE)) + asked


def _read_data(timeout_ms: int, option: int, bank: Bank, address: int, count: int) -> bytes:
    flags = bytes(2) if option & Option.METADATA else b""
    return timeout_ms.to_bytes(2) + bytes((option,)) + flags + bytes((bank,)) + address.to_bytes(4) + bytes((count,))


NO_READ_FILTER = (Opcode.SET_OPTION, bytes((BY_KEY, Key.READ_FILTER, 0)))  # as it leaves the maker, a module reports each tag once
START_WITHOUT_TID: tuple[Request, ...] = (NO_READ_FILTER, (Opcode.MULTI_PROTOCOL, _stream(with_tid=False)))
FIXED: dict[type[Command], tuple[Request, ...]] = {
    GetInfo: ((Opcode.GET_INFO, b""),),
    GetRegion: ((Opcode.GET_REGION, b""),),
    GetPower: ((Opcode.GET_POWER, bytes((POWER_ALONE,))),),
    GetAntennas: ((Opcode.GET_ANTENNAS, bytes((DETECT_ANTENNAS,))),),
    StartInventory: (NO_READ_FILTER, (Opcode.MULTI_PROTOCOL, _stream(with_tid=True))),
    StopInventory: ((Opcode.MULTI_PROTOCOL, bytes((0, 0, StreamControl.STOP))),),
}


def _selection(epc: bytes | None) -> tuple[int, bytes]:
    """Option bits and the mask of the tag with this EPC, all of it. None: whichever answers."""
    if epc is None:
        return Select.NONE, b""
    bits = len(epc) * 8
    if bits < LONG_MASK_BITS:
        return Select.EPC, bytes((bits,)) + epc
    return Select.EPC | Option.LONG_MASK, bits.to_bytes(2) + epc


def _selection_with_password(epc: bytes | None, password: int) -> tuple[int, bytes]:
    option, mask = _selection(epc)
    if not mask and not password:
        return option, b""
    return option or Select.PASSWORD_ONLY, password.to_bytes(4) + mask


def _access(command: TagCommand) -> Request:
    match command:
        case ReadBank(bank=bank, word_address=address, word_count=count):
            check_range(FAMILY, "word count", count, 1, MAX_READ_WORDS)
            option, selection = _selection_with_password(command.epc, command.password)
            return (Opcode.READ_BANK, _read_data(TAG_TIMEOUT_MS, option | Option.METADATA, bank, address, count) + selection)
        case LockTag():
            return (Opcode.LOCK_TAG, _lock(command))
        case _:  # WRITE_EPC would leave no choice of PC bits
            return (Opcode.WRITE_BANK, _write(command))


def _write(command: WriteCommand) -> bytes:
    write = memory_write(FAMILY, command, MAX_WRITE_WORDS)
    option, selection = _selection_with_password(command.epc, command.password)
    place = write.word_address.to_bytes(4) + bytes((write.bank,))
    return TAG_TIMEOUT_MS.to_bytes(2) + bytes((option,)) + place + selection + write.data


def _lock(command: LockTag) -> bytes:
    option, mask = _selection(command.epc)
    bits = int.from_bytes(lock_payload(lock_actions(command)))
    changes = (bits >> 10).to_bytes(2) + (bits & 0x3FF).to_bytes(2)
    return TAG_TIMEOUT_MS.to_bytes(2) + bytes((option,)) + command.password.to_bytes(4) + changes + mask
