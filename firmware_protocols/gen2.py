"""What EPC Gen2 (ISO/IEC 18000-63) fixes for every tag, whatever the reader: the PC word, locks, error codes. The TID is in `tid`."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

MAX_EPC_WORDS = 31  # five length bits in the PC word
HAS_XPC = 0x0200  # the XI bit: an XPC word follows the PC
XPC_GOES_ON = 0x80  # the XEB bit, in the first byte of XPC_W1: XPC_W2 follows


class Gen2Error(IntEnum):
    """What a tag backscatters when it refuses (Gen2 annex I)."""

    OTHER = 0x0
    NOT_SUPPORTED = 0x1
    NO_PRIVILEGE = 0x2
    MEMORY_OVERRUN = 0x3
    MEMORY_LOCKED = 0x4
    LOW_POWER = 0xB
    NON_SPECIFIC = 0xF


GEN2_ERROR_TEXT: dict[int, str] = {
    Gen2Error.OTHER: "other error",
    Gen2Error.NOT_SUPPORTED: "not supported by the tag",
    Gen2Error.NO_PRIVILEGE: "insufficient privileges",
    Gen2Error.MEMORY_OVERRUN: "memory overrun: no such words on this tag",
    Gen2Error.MEMORY_LOCKED: "memory locked",
    Gen2Error.LOW_POWER: "insufficient power at the tag",
    Gen2Error.NON_SPECIFIC: "non-specific error",
}


def epc_size(pc: int) -> int:
    """Bytes of EPC that follow this PC word."""
    return (pc >> 11) * 2


def xpc_size(pc: int, said: bytes) -> int:
    """Bytes of XPC that the tag sends before its EPC; `said` begins behind the PC word (Gen2 §6.3.2.1.2.2, §6.3.2.1.2.5)."""
    if not pc & HAS_XPC or not said:
        return 0
    return 4 if said[0] & XPC_GOES_ON else 2


def pc_with_epc_size(pc: int, size: int) -> int:
    """The same PC word for an EPC of `size` bytes (a whole number of words, up to 31)."""
    return pc & 0x07FF | size // 2 << 11


class LockField(IntEnum):
    """The five fields of a lock payload, in their order on the air."""

    KILL_PASSWORD = 0
    ACCESS_PASSWORD = 1
    EPC_BANK = 2
    TID_BANK = 3
    USER_BANK = 4


class LockChange(NamedTuple):
    """Two bits each: which of a field's lock bits change, and what they become."""

    mask: int
    action: int


NO_CHANGE = LockChange(0, 0)
PERMANENT = 0b01
_PASSWORD_BIT, _BOTH_BITS = 0b10, 0b11


def lock_change(action: int | None) -> LockChange:
    """The change for one field: what can be taken back leaves the permanent bit alone; None changes nothing."""
    if action is None:
        return NO_CHANGE
    return LockChange(_BOTH_BITS if action & PERMANENT else _PASSWORD_BIT, action)


def lock_payload(actions: Sequence[int | None]) -> bytes:
    """Three bytes: four zero bits, ten mask bits, ten action bits (Gen2 §6.3.2.12.3.5). `actions` in the order of LockField,
    each two bits, None where nothing changes.
    """
    return lock_payload_of([lock_change(action) for action in actions])


def lock_payload_of(changes: Sequence[LockChange]) -> bytes:
    """The same from masks and actions, for a change that no single action stands for (one of a field's two bits alone)."""
    mask = action = 0
    for change in changes:
        mask = mask << 2 | change.mask
        action = action << 2 | change.action
    return (mask << 10 | action).to_bytes(3)


def lock_changes(payload: bytes) -> tuple[LockChange, ...]:
    """The five changes that a three-byte payload asks for, in the order of LockField. The four bits above the masks say nothing."""
    bits = int.from_bytes(payload)
    shifts = range(8, -1, -2)
    return tuple(LockChange(bits >> 10 + shift & _BOTH_BITS, bits >> shift & _BOTH_BITS) for shift in shifts)
