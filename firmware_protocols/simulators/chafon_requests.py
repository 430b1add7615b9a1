"""What a host asks of a Chafon reader's radio, taken apart: which tags are meant, where, and what is to be done to them."""

from collections.abc import Callable
from typing import NamedTuple

from firmware_protocols.chafon.tables import Opcode
from firmware_protocols.commands import Bank
from firmware_protocols.gen2 import LockField, lock_change
from firmware_protocols.simulators.simulated_tag import SimulatedTag

IsMeant = Callable[[SimulatedTag], bool]
FIRST_ANTENNA = 0x80
BY_MASK = 0xFF
MASK_HEAD_SIZE = 4
SESSIONS = frozenset({0, 1, 2, 3, 0xFF})  # FF: the reader chooses
WRITES = frozenset({Opcode.WRITE_BANK, Opcode.BLOCK_WRITE, Opcode.WRITE_EXTENDED})
EXTENDED = frozenset({Opcode.READ_EXTENDED, Opcode.WRITE_EXTENDED})  # their word address has two bytes
# Bytes that follow the tag's name, without the words of a write.
ACT_SIZE = {
    Opcode.READ_BANK: 7,
    Opcode.READ_EXTENDED: 8,
    Opcode.WRITE_BANK: 6,
    Opcode.BLOCK_WRITE: 6,
    Opcode.WRITE_EXTENDED: 7,
    Opcode.BLOCK_ERASE: 7,
    Opcode.WRITE_EPC: 4,
    Opcode.LOCK_TAG: 6,
    Opcode.KILL_TAG: 4,
}


class ScanRequest(NamedTuple):
    """What 01 carries. None: the reader's own setting."""

    flags: int = 0
    is_meant: IsMeant = lambda _: True
    tid_words: tuple[int, int] | None = None
    """Address and count: report these words of the TID, not the EPC."""
    antenna: int | None = None
    """From 0."""
    scan_time: int | None = None


class Act(NamedTuple):
    """What is to be done to a tag."""

    opcode: Opcode
    words: int
    body: bytes
    is_meant: IsMeant


def parse_scan(asked: bytes) -> ScanRequest | None:
    """Q and flags, session [, mask] [, TID address, count] [, target, antenna, scan time]. None if it has no such shape. A mask of no
    bits is no mask: hosts send one to fill the place.
    """
    if not asked:
        return ScanRequest()
    if len(asked) < 2 or asked[1] not in SESSIONS:
        return None
    masked = _split_mask(asked[2:])
    is_meant, rest = masked if masked and len(masked[1]) in {0, 2, 3, 5} else (ScanRequest().is_meant, asked[2:])
    if len(rest) not in {0, 2, 3, 5}:
        return None
    tid_words = (rest[0], rest[1]) if len(rest) in {2, 5} else None
    if len(rest) < 3:
        return ScanRequest(asked[0], is_meant, tid_words)
    return ScanRequest(asked[0], is_meant, tid_words, rest[-2] - FIRST_ANTENNA, rest[-1])


def parse_bare_scan(asked: bytes) -> ScanRequest | None:
    """Of UHFReader18: nothing, or TID address and count. None if it has no such shape."""
    if len(asked) == 2:
        return ScanRequest(tid_words=(asked[0], asked[1]))
    return None if asked else ScanRequest()


def parse_act(opcode: Opcode, asked: bytes) -> Act | None:
    """[Count of words,] the tag's name, what is to be done [, a mask in place of the name]. None if it has no such shape."""
    if not asked:
        return None
    words = asked[0] if opcode in WRITES or opcode is Opcode.WRITE_EPC else 0
    named = b"\0" + asked[1:] if opcode is Opcode.WRITE_EPC else asked[1:] if opcode in WRITES else asked
    if not named:
        return None
    size = ACT_SIZE[opcode] + 2 * words
    if named[0] == BY_MASK:
        masked = _split_mask(named[1 + size :])
        return Act(opcode, words, named[1 : 1 + size], masked[0]) if masked and not masked[1] else None
    start = 1 + 2 * named[0]
    if len(named) < start + size:
        return None
    epc = named[1:start]
    return Act(opcode, words, named[start : start + size], lambda tag: not epc or tag.epc == epc)


def _split_mask(data: bytes) -> tuple[IsMeant, bytes] | None:
    """Bank, address u16 and length in bits, mask; and what follows."""
    if len(data) < MASK_HEAD_SIZE or data[0] not in set(Bank):
        return None
    bank, start, length = Bank(data[0]), int.from_bytes(data[1:3]), data[3]
    end = MASK_HEAD_SIZE + (length + 7) // 8
    mask = data[MASK_HEAD_SIZE:end]
    return (lambda tag: not length or tag.has_bits(bank, start, length, mask), data[end:]) if len(data) >= end else None


def do_act(act: Act, tag: SimulatedTag) -> bytes:
    """Do it; what was read. Raises TagRefused or WrongPassword."""
    body = act.body
    match act.opcode:
        case Opcode.KILL_TAG:
            tag.kill(int.from_bytes(body))
        case Opcode.LOCK_TAG:
            changes = tuple(lock_change(body[1] & 0b11 if locked == body[0] else None) for locked in LockField)
            tag.lock(changes, password=int.from_bytes(body[2:6]))
        case Opcode.WRITE_EPC:
            pc = tag.pc & 0x07FF | act.words << 11
            tag.write(Bank.EPC, 1, pc.to_bytes(2) + body[4:], password=int.from_bytes(body[:4]))
        case _:
            return _do_memory_act(act, tag)
    return b""


def _do_memory_act(act: Act, tag: SimulatedTag) -> bytes:
    """Bank, word address; then to read or erase the count, to write the words; password."""
    body = act.body
    address_size = 2 if act.opcode in EXTENDED else 1
    bank, address, rest = Bank(body[0] & 0b11), int.from_bytes(body[1 : 1 + address_size]), body[1 + address_size : -4]
    password = int.from_bytes(body[-4:])
    if act.opcode in WRITES:
        tag.write(bank, address, rest, password=password)
        return b""
    if act.opcode is Opcode.BLOCK_ERASE:
        tag.write(bank, address, bytes(2 * rest[0]), password=password)
        return b""
    return tag.read(bank, address, rest[0], password=password)
