"""What a tag's TID bank says of its chip: the maker, the model, and behind the XTID header its serial number and what it can do.

Source: GS1 EPC Tag Data Standard (TDS) 2.3 §16.1 and §16.2. A chip refuses to be read beyond its last word, so the bank is read in steps:
two words, the header, then as many as the header promises (`TidFacts.words`). What was not read is None here, never a guess.
"""

from dataclasses import dataclass, replace

GS1_CLASS = 0xE2
_HAS_XTID, _HAS_SECURITY, _HAS_FILES = 0x80, 0x40, 0x20  # of the second byte
_COMMANDS, _BLOCKS, _USER_MEMORY, _LOCK_BITS = 1 << 12, 1 << 11, 1 << 10, 1 << 9  # of the XTID header
_SEGMENT_BYTES = {_COMMANDS: 2, _BLOCKS: 8, _USER_MEMORY: 4, _LOCK_BITS: 2}
"""Segments behind the serial, in their order in the bank (TDS §16.2: from the header's highest bit down)."""
_FIXED_BYTES, _HEADER_BYTES = 4, 2


@dataclass(frozen=True, slots=True)
class CommandSupport:
    """The optional command support segment (TDS §16.2.3)."""

    max_epc_words: int
    can_be_recommissioned: bool
    has_access: bool
    has_separate_locks: bool
    sets_user_memory_bit: bool
    has_phase_jitter: bool
    has_block_erase: bool
    has_block_write: bool
    has_block_permalock: bool


@dataclass(frozen=True, slots=True)
class BlockAccess:
    """Half of the BlockWrite and BlockErase segment (TDS §16.2.4). Addresses are of the first whole block, in words."""

    block_words: int
    has_variable_size: bool
    epc_address: int
    is_free_in_epc: bool
    """No block boundaries in the EPC bank."""
    user_address: int
    is_free_in_user: bool


@dataclass(frozen=True, slots=True)
class UserMemory:
    """TDS §16.2.5."""

    words: int
    permalock_words: int
    """Size of a block for BlockPermalock; 0 where the chip does not say."""


@dataclass(frozen=True, slots=True)
class TidFacts:
    """What a class E2 TID says; None for each part that it has not or that was not read."""

    designer: int
    """Mask designer identifier, nine bits."""
    model: int
    """Tag model number, twelve bits."""
    has_xtid: bool
    has_security: bool = False
    """Knows Authenticate or Challenge (Gen2 version 2)."""
    has_files: bool = False
    """Knows FileOpen (Gen2 version 2)."""
    serial_bits: int | None = None
    """Length of the serial as the XTID header states it: 0 or 48 to 144."""
    serial: bytes | None = None
    words: int | None = None
    """How many words of the bank the header describes, from the bank's first."""
    commands: CommandSupport | None = None
    block_write: BlockAccess | None = None
    block_erase: BlockAccess | None = None
    user_memory: UserMemory | None = None
    lock_bits: int | None = None
    """The locks as they stand: EPC, TID and user bank, two bits each (TDS §16.2.6)."""

    @property
    def stid_uri(self) -> str | None:
        """The serialised tag identification (TDS §16.3); None without a serial."""
        if self.serial is None:
            return None
        indicators = self.has_xtid << 11 | self.has_security << 10 | self.has_files << 9
        return f"urn:epc:stid:x{indicators | self.designer:03X}.x{self.model:03X}.x{self.serial.hex().upper()}"


def find_tid_facts(tid: bytes) -> TidFacts | None:
    """None if this is no TID of class E2 or fewer than its first two words were read."""
    if len(tid) < _FIXED_BYTES or tid[0] != GS1_CLASS:
        return None
    word = int.from_bytes(tid[:_FIXED_BYTES])
    has_xtid = bool(tid[1] & _HAS_XTID)
    short = TidFacts(word >> 12 & 0x1FF, word & 0xFFF, has_xtid, bool(tid[1] & _HAS_SECURITY), bool(tid[1] & _HAS_FILES))
    return _with_xtid(short, tid[_FIXED_BYTES:]) if has_xtid and len(tid) >= _FIXED_BYTES + _HEADER_BYTES else short


def _with_xtid(short: TidFacts, xtid: bytes) -> TidFacts:
    header = int.from_bytes(xtid[:_HEADER_BYTES])
    serial_bytes = _serial_bytes(header)
    behind = _HEADER_BYTES + serial_bytes
    serial, segments = xtid[_HEADER_BYTES:behind], _segments(header, xtid[behind:])
    promised = sum(size for flag, size in _SEGMENT_BYTES.items() if header & flag)
    blocks = segments.get(_BLOCKS)
    return replace(
        short,
        serial_bits=serial_bytes * 8,
        serial=serial if serial and len(serial) == serial_bytes else None,
        words=(_FIXED_BYTES + behind + promised) // 2,
        commands=_command_support(segments[_COMMANDS]) if _COMMANDS in segments else None,
        block_write=None if blocks is None else _block_access(blocks),
        block_erase=None if blocks is None else _block_access(blocks >> 32),
        user_memory=_user_memory(segments[_USER_MEMORY]) if _USER_MEMORY in segments else None,
        lock_bits=segments[_LOCK_BITS] & 0x3F if _LOCK_BITS in segments else None,
    )


def _serial_bytes(header: int) -> int:
    serialization = header >> 13
    return 6 + 2 * (serialization - 1) if serialization else 0


def _segments(header: int, data: bytes) -> dict[int, int]:
    """The segments that were read whole, by their bit of the header."""
    found, place = {}, 0
    for flag, size in _SEGMENT_BYTES.items():
        if header & flag and place + size <= len(data):
            found[flag] = int.from_bytes(data[place : place + size])
        place += size if header & flag else 0
    return found


def _command_support(bits: int) -> CommandSupport:
    return CommandSupport(bits & 0x1F, *(bool(bits >> place & 1) for place in range(5, 13)))


def _block_access(bits: int) -> BlockAccess:
    return BlockAccess(
        block_words=bits & 0xFF,
        has_variable_size=bool(bits >> 8 & 1),
        epc_address=bits >> 9 & 0xFF,
        is_free_in_epc=bool(bits >> 17 & 1),
        user_address=bits >> 18 & 0xFF,
        is_free_in_user=bool(bits >> 26 & 1),
    )


def _user_memory(bits: int) -> UserMemory:
    return UserMemory(words=bits & 0xFFFF, permalock_words=bits >> 16)
