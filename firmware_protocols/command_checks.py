"""What no Gen2 reader of any make accepts: checked once, before a family encodes."""

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from firmware_protocols.commands import Bank, Command, LockTag, ReadBank, Region, SetAccessPassword, WriteBank, WriteEpc
from firmware_protocols.errors import BadArgument, Unsupported
from firmware_protocols.gen2 import MAX_EPC_WORDS, epc_size

MAX_PASSWORD = 0xFFFFFFFF
_Band = TypeVar("_Band")
WriteCommand = WriteBank | WriteEpc | SetAccessPassword
TagCommand = ReadBank | WriteCommand | LockTag
MOST_MASKED_BYTES = 30
PC_WORD, ACCESS_PASSWORD_WORD = 1, 2  # where they stand in their banks


def check_command(family: str, command: Command) -> None:
    """Raises BadArgument for passwords beyond 32 bits, EPCs and data that are no whole words, a PC word that does not fit its EPC,
    an empty read or lock.
    """
    if isinstance(command, TagCommand):
        _check_password(family, "password", command.password)
        if command.epc is not None:
            _check_words(family, "EPC of the tag", command.epc, MAX_EPC_WORDS)
    match command:
        case ReadBank(word_address=address, word_count=count):
            check_range(family, "word address", address, 0, 0xFFFF)
            check_range(family, "word count", count, 1, 0xFFFF)
        case WriteBank(word_address=address, data=data):
            check_range(family, "word address", address, 0, 0xFFFF)
            _check_words(family, "data to write", data, 0xFFFF)
        case WriteEpc(new_epc=new_epc, new_pc=new_pc):
            _check_new_epc(family, new_epc, new_pc)
        case SetAccessPassword(new_password=password):
            _check_password(family, "new access password", password)
        case LockTag():
            _check_lock(family, command)
        case _:
            pass


def check_range(family: str, what: str, value: float, low: int, high: int) -> None:
    if not low <= value <= high:
        raise BadArgument(family, what, f"{low} to {high}", str(value))


def check_ports(family: str, ports: tuple[int, ...], port_count: int) -> None:
    if not ports or len(set(ports)) != len(ports) or not all(1 <= port <= port_count for port in ports):
        raise BadArgument(family, "antenna ports", f"different ports from 1 to {port_count}", str(ports))


def band_of(family: str, region: Region, bands: Mapping[Region, _Band]) -> _Band:
    """What the family's manual has for the region. Raises Unsupported, which names the regions that it has."""
    if region not in bands:
        raise Unsupported(family, f"use the region {region}", f"they have {', '.join(bands)}")
    return bands[region]


def whole_dbm(family: str, power_dbm: float, most: int) -> int:
    """For families that take whole dBm. Raises BadArgument."""
    check_range(family, "power in dBm", power_dbm, 0, most)
    if power_dbm != int(power_dbm):
        raise BadArgument(family, "power", "whole dBm", f"{power_dbm} dBm")
    return int(power_dbm)


class EpcMask(NamedTuple):
    """`start` counts bits from the first of the EPC."""

    start: int
    bits: int
    mask: bytes


def epc_mask(epc: bytes) -> EpcMask:
    """What picks the tag with this EPC by a select of at most 255 bits: all of it, or, if it is longer, its last 15 words."""
    mask = epc[-MOST_MASKED_BYTES:]
    return EpcMask(8 * (len(epc) - len(mask)), 8 * len(mask), mask)


class MemoryWrite(NamedTuple):
    """Words for one place of a tag's memory."""

    bank: Bank
    word_address: int
    data: bytes

    @property
    def word_count(self) -> int:
        return len(self.data) // 2


def memory_write(family: str, command: WriteCommand, most_words: int) -> MemoryWrite:
    """What any of the three writes: the EPC with its PC word before it, the access password into the reserved bank.
    Raises BadArgument for more words than the family takes at once.
    """
    match command:
        case WriteBank(bank=bank, word_address=address, data=data):
            write = MemoryWrite(bank, address, data)
        case WriteEpc(new_epc=new_epc, new_pc=new_pc):
            write = MemoryWrite(Bank.EPC, PC_WORD, new_pc.to_bytes(2) + new_epc)
        case SetAccessPassword(new_password=new_password):
            write = MemoryWrite(Bank.RESERVED, ACCESS_PASSWORD_WORD, new_password.to_bytes(4))
    if write.word_count > most_words:
        raise BadArgument(family, "data to write", f"at most {most_words} words", f"{write.word_count} words")
    return write


def _check_password(family: str, what: str, password: int) -> None:
    if not 0 <= password <= MAX_PASSWORD:
        raise BadArgument(family, what, "32 bits", f"{password.bit_length()} bits")  # the value itself belongs in no message


def _check_words(family: str, what: str, data: bytes, most: int) -> None:
    if not data or len(data) % 2 or len(data) > 2 * most:
        raise BadArgument(family, what, f"1 to {most} whole words of two bytes", f"{len(data)} bytes")


def _check_new_epc(family: str, new_epc: bytes, new_pc: int) -> None:
    _check_words(family, "new EPC", new_epc, MAX_EPC_WORDS)
    check_range(family, "new PC word", new_pc, 0, 0xFFFF)
    if epc_size(new_pc) != len(new_epc):
        raise BadArgument(family, "new PC word", f"length bits for {len(new_epc)} bytes of EPC", f"{new_pc:04x}, {epc_size(new_pc)} bytes")


def lock_actions(command: LockTag) -> tuple[int | None, ...]:
    """The five fields in the order of `gen2.LockField`."""
    return (command.kill_password, command.access_password, command.epc_bank, command.tid_bank, command.user_bank)


def _check_lock(family: str, command: LockTag) -> None:
    if all(action is None for action in lock_actions(command)):
        raise BadArgument(family, "lock", "at least one field to change", "none")
