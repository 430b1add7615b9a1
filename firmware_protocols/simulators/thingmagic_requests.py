"""What a host asks of a ThingMagic module, taken apart: options, selections, searches (MercuryAPI, serial_reader_l3.c)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from firmware_protocols.commands import Bank
from firmware_protocols.simulators.simulated_tag import SimulatedTag
from firmware_protocols.thingmagic.tables import GEN2, Code, Opcode, Option, Search, Select

EPC_START_BIT = 0x20  # after CRC and PC
BANK_OF = {Select.EPC: Bank.EPC, Select.EPC_BITS: Bank.EPC, Select.TID_BITS: Bank.TID, Select.USER_BITS: Bank.USER}
SELECT_BITS = 0b111
MULTI_SELECT = 0x08  # of the option byte before the option byte (TMR_SR_TagOperationByte)
TARGET_AND_ACTION_SIZE = 2  # what a select does to the tags that match; here all mean "only these"
SHORT_READ_SIZE = 8


class Refused(Exception):
    """The command is answered by this status."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:04x}")
        self.code = code


class Fields:
    """The data of a command, from left to right. Raises Refused where it is too short."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise Refused(Code.WRONG_DATA_COUNT)
        self._at += size
        return taken

    def number(self, size: int = 1) -> int:
        return int.from_bytes(self.take(size))

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)


class TagOption(NamedTuple):
    """The option byte, and the one before it that says there are two (b"" where there is none)."""

    prefix: bytes
    bits: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tags are meant, and the password for them."""

    is_meant: Callable[[SimulatedTag], bool]
    password: int = 0


@dataclass(frozen=True, slots=True)
class DataRead:
    """READ_BANK, alone or within a search."""

    bank: Bank
    address: int
    count: int
    before_data: bytes = b""
    """What the answer begins with."""
    metadata: int = 0
    """Which metadata of the tag stand between that and the words."""
    selection: Selection = Selection(lambda _: True)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """READ_MULTIPLE, into the buffer or as a stream."""

    option: TagOption
    flags: int
    timeout_s: float
    metadata: int
    selection: Selection
    embedded: DataRead | None

    @property
    def echo(self) -> bytes:
        """What every streamed frame of this search begins with."""
        metadata = self.metadata.to_bytes(2) if self.option.bits & Option.METADATA else b""
        return self.option.prefix + bytes((self.option.bits,)) + self.flags.to_bytes(2) + metadata

    @property
    def status_echo(self) -> bytes:
        """What its frames without a tag begin with: a status has no metadata, and says so."""
        return self.option.prefix + bytes((self.option.bits & ~Option.METADATA,)) + self.flags.to_bytes(2)


def take_option(fields: Fields) -> TagOption:
    first = fields.take(1)
    return TagOption(first, fields.number()) if first[0] & Option.MORE else TagOption(b"", first[0])


def take_selection(fields: Fields, option: TagOption, *, has_password: bool = True) -> Selection:
    """The password, if the command carries it here, then the mask."""
    select = option.bits & SELECT_BITS
    if select == Select.NONE:
        return Selection(lambda _: True)
    password = fields.number(4) if has_password and select != Select.EPC_LENGTH else 0
    is_meant = _take_mask(fields, option.bits, select)
    masks = [_inverted(is_meant, option.bits)]
    more = _take_end_of_select(fields, option)
    while more:
        masks.append(_inverted(_take_mask(fields, more, more & SELECT_BITS), more))
        more = _take_end_of_select(fields, option)
    return Selection(lambda tag: all(mask(tag) for mask in masks), password)


def _take_end_of_select(fields: Fields, option: TagOption) -> int:
    """The option bits of the next select; 0 after the last. Without MULTI_SELECT there is one, and no word of its end."""
    if not option.prefix or not option.prefix[0] & MULTI_SELECT:
        return 0
    fields.take(TARGET_AND_ACTION_SIZE)
    return fields.number()


def _inverted(mask: Callable[[SimulatedTag], bool], option: int) -> Callable[[SimulatedTag], bool]:
    return (lambda tag: not mask(tag)) if option & Option.INVERT else mask


def _take_mask(fields: Fields, option: int, select: int) -> Callable[[SimulatedTag], bool]:
    if select == Select.PASSWORD_ONLY:
        return lambda _: True
    if select == Select.EPC_LENGTH:
        bits = fields.number(2)
        return lambda tag: len(tag.epc) * 8 == bits
    if select not in BANK_OF:
        raise Refused(Code.INVALID_PARAMETER)
    start = EPC_START_BIT if select == Select.EPC else fields.number(4)
    size = fields.number(2 if option & Option.LONG_MASK else 1)
    mask = fields.take((size + 7) // 8)
    bank = BANK_OF[Select(select)]
    return lambda tag: tag.has_bits(bank, start, size, mask)


def parse_read(data: bytes) -> DataRead:
    """READ_BANK. The short form has neither option nor selection, and its answer nothing before the words."""
    fields = Fields(data)
    fields.take(2)  # how long to look for the tag
    if len(data) == SHORT_READ_SIZE:
        return DataRead(Bank(fields.number() & 0b11), fields.number(4), fields.number())
    option = take_option(fields)
    flags = fields.take(2) if option.bits & Option.METADATA else b""
    bank, address, count = Bank(fields.number() & 0b11), fields.number(4), fields.number()
    echo = option.prefix + bytes((option.bits,)) + flags
    return DataRead(bank, address, count, echo, int.from_bytes(flags), take_selection(fields, option))


def parse_search(data: bytes) -> SearchRequest:
    """READ_MULTIPLE, without its opcode."""
    fields = Fields(data)
    option = take_option(fields)
    flags, timeout_ms = fields.number(2), fields.number(2)
    if flags & Search.DUTY_CYCLE:
        fields.take(2)  # how long to rest after each search
    metadata = fields.number(2) if option.bits & Option.METADATA else 0
    if flags & Search.RETURN_ON_N_TAGS:
        fields.take(4)
    if flags & (Search.STATISTICS | Search.STATUS_REPORTS):
        fields.take(2)
    selection = take_selection(fields, option)
    embedded = _take_embedded(fields) if flags & Search.EMBEDDED_COMMAND else None
    return SearchRequest(option, flags, timeout_ms / 1000, metadata, selection, embedded)


def _take_embedded(fields: Fields) -> DataRead:
    """How many commands (one), the size of its data, opcode, data. Only reading is simulated."""
    count, size, opcode = fields.number(), fields.number(), fields.number()
    if count != 1 or opcode != Opcode.READ_BANK:
        raise Refused(Code.UNSUPPORTED_FEATURE)
    return parse_read(fields.take(size))


def parse_stream(fields: Fields) -> SearchRequest:
    """MULTI_PROTOCOL after its option byte 01: the opcode, search flags, then protocol, size and command of each protocol."""
    if fields.number() != Opcode.READ_MULTIPLE:
        raise Refused(Code.INVALID_PARAMETER)
    if fields.number(2) & Search.RETURN_ON_N_TAGS:
        fields.take(4)
    protocol, size, opcode = fields.number(), fields.number(), fields.number()
    if protocol != GEN2 or opcode != Opcode.READ_MULTIPLE:
        raise Refused(Code.INVALID_PROTOCOL)
    request = parse_search(fields.take(size))
    if not request.flags & Search.STREAMING:
        raise Refused(Code.INVALID_PARAMETER)
    return request
