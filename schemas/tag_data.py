"""The numbers of GS1's own schemes in an EPC, both ways: GRAI-96, GIAI-96, GIAI-202 and GID-96.

Source: GS1 EPC Tag Data Standard (TDS) 2.3, October 2025: binary headers table 14-1; GRAI-96 tables 14-19 and 14-15, GIAI-96 tables
14-23 and 14-24, GIAI-202 §14.6.5.2, GID-96 table 14-29; encoding §14.3, decoding §14.4; pure identity URIs §6.3, tag URIs §12;
characters of a text annex A.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

from schemas.epc import WORD_BYTES, Epc, PcWord
from schemas.errors import ContractError

PURE_IDENTITY, TAG_URI = "urn:epc:id:", "urn:epc:tag:"
HEADER_BITS, FILTER_BITS, PARTITION_BITS, CHARACTER_BITS = 8, 3, 3, 7
PREFIX_BITS = {12: 40, 11: 37, 10: 34, 9: 30, 8: 27, 7: 24, 6: 20}
"""The partition tables of all three schemes: digits of the GS1 company prefix (L) → its bits (M). The partition value is 12 − L;
what the prefix leaves of a scheme's bits and digits is its neighbour's (N, K)."""
MOST_PREFIX_DIGITS = max(PREFIX_BITS)
GRAI_BITS, GRAI_DIGITS, GRAI_SERIAL_BITS = 44, 12, 38
GIAI_96_BITS, GIAI_202_BITS, GIAI_202_LETTERS = 82, 188, 30
GID_BITS = (28, 24, 36)
CHARACTERS = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
ESCAPED = frozenset('"%&/<>?')

_DIGITS = re.compile(r"[0-9]*")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,23}")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


class _Field(NamedTuple):
    value: int
    bits: int


@dataclass(frozen=True, slots=True)
class Grai96:
    """A returnable asset: who owns it, which type, which piece. The type has the digits that the company prefix leaves of twelve."""

    filter_value: int
    company_prefix: str
    asset_type: str
    serial: int

    HEADER: ClassVar = 0x33
    NAME: ClassVar = "grai-96"

    def __post_init__(self) -> None:
        _check_filter(self.NAME, self.filter_value)
        _check_prefix(self.NAME, self.company_prefix)
        _check_digits(f"{self.NAME} asset type", self.asset_type, GRAI_DIGITS - len(self.company_prefix))
        _check_bits(f"{self.NAME} serial", self.serial, GRAI_SERIAL_BITS)

    @property
    def pure_identity(self) -> str:
        return f"{PURE_IDENTITY}grai:{self.company_prefix}.{self.asset_type}.{self.serial}"

    @property
    def tag_uri(self) -> str:
        return f"{TAG_URI}{self.NAME}:{self.filter_value}.{self.company_prefix}.{self.asset_type}.{self.serial}"

    def to_epc(self) -> Epc:
        rest = _Field(int(self.asset_type or "0"), GRAI_BITS - PREFIX_BITS[len(self.company_prefix)])
        return _pack((*_start(self.HEADER, self.filter_value, self.company_prefix), rest, _Field(self.serial, GRAI_SERIAL_BITS)))

    @classmethod
    def of_epc(cls, epc: Epc) -> Self:
        """Raises ContractError."""
        filter_value, prefix, (asset_type, serial) = _partitioned(cls.NAME, epc, GRAI_BITS, GRAI_SERIAL_BITS)
        digits = GRAI_DIGITS - len(prefix)
        return cls(filter_value, prefix, f"{asset_type:0{digits}}" if digits else _no_digits(asset_type), serial)

    @classmethod
    def of_parts(cls, filter_value: int, parts: str) -> Self:
        """`parts` is prefix.type.serial. Raises ContractError."""
        prefix, asset_type, serial = _split(cls.NAME, parts, 3)
        return cls(filter_value, prefix, asset_type, _number(f"{cls.NAME} serial", serial))


@dataclass(frozen=True, slots=True)
class Giai96:
    """A single asset whose reference is a number without leading zeros."""

    filter_value: int
    company_prefix: str
    asset_reference: int

    HEADER: ClassVar = 0x34
    NAME: ClassVar = "giai-96"

    def __post_init__(self) -> None:
        _check_filter(self.NAME, self.filter_value)
        _check_prefix(self.NAME, self.company_prefix)
        _check_bits(f"{self.NAME} asset reference", self.asset_reference, GIAI_96_BITS - PREFIX_BITS[len(self.company_prefix)])

    @property
    def pure_identity(self) -> str:
        return f"{PURE_IDENTITY}giai:{self.company_prefix}.{self.asset_reference}"

    @property
    def tag_uri(self) -> str:
        return f"{TAG_URI}{self.NAME}:{self.filter_value}.{self.company_prefix}.{self.asset_reference}"

    def to_epc(self) -> Epc:
        rest = _Field(self.asset_reference, GIAI_96_BITS - PREFIX_BITS[len(self.company_prefix)])
        return _pack((*_start(self.HEADER, self.filter_value, self.company_prefix), rest))

    @classmethod
    def of_epc(cls, epc: Epc) -> Self:
        """Raises ContractError."""
        filter_value, prefix, (reference,) = _partitioned(cls.NAME, epc, GIAI_96_BITS)
        return cls(filter_value, prefix, reference)

    @classmethod
    def of_parts(cls, filter_value: int, parts: str) -> Self:
        """`parts` is prefix.reference. Raises ContractError."""
        prefix, reference = _split(cls.NAME, parts, 2)
        return cls(filter_value, prefix, _number(f"{cls.NAME} asset reference", reference))


@dataclass(frozen=True, slots=True)
class Giai202:
    """A single asset whose reference is a text of one to 24 characters, fewer beside a longer company prefix."""

    filter_value: int
    company_prefix: str
    asset_reference: str
    """As people write it, without escapes."""

    HEADER: ClassVar = 0x38
    NAME: ClassVar = "giai-202"

    def __post_init__(self) -> None:
        _check_filter(self.NAME, self.filter_value)
        _check_prefix(self.NAME, self.company_prefix)
        most = GIAI_202_LETTERS - len(self.company_prefix)
        if not 1 <= len(self.asset_reference) <= most or not CHARACTERS.issuperset(self.asset_reference):
            expected = f"1 to {most} characters of GS1's alphabet (TDS annex A)"
            raise ContractError(f"{self.NAME} asset reference", expected, repr(self.asset_reference))

    @property
    def pure_identity(self) -> str:
        return f"{PURE_IDENTITY}giai:{self.company_prefix}.{_escape(self.asset_reference)}"

    @property
    def tag_uri(self) -> str:
        return f"{TAG_URI}{self.NAME}:{self.filter_value}.{self.company_prefix}.{_escape(self.asset_reference)}"

    def to_epc(self) -> Epc:
        bits = GIAI_202_BITS - PREFIX_BITS[len(self.company_prefix)]
        letters = [_Field(ord(letter), CHARACTER_BITS) for letter in self.asset_reference]
        unused = _Field(0, bits - CHARACTER_BITS * len(letters))
        return _pack((*_start(self.HEADER, self.filter_value, self.company_prefix), *letters, unused))

    @classmethod
    def of_epc(cls, epc: Epc) -> Self:
        """Raises ContractError."""
        filter_value, prefix, (text,) = _partitioned(cls.NAME, epc, GIAI_202_BITS)
        return cls(filter_value, prefix, _letters(text, GIAI_202_BITS - PREFIX_BITS[len(prefix)]))

    @classmethod
    def of_parts(cls, filter_value: int, parts: str) -> Self:
        """`parts` is prefix.reference, escaped as in a URI. Raises ContractError."""
        prefix, reference = _split(cls.NAME, parts, 2)
        return cls(filter_value, prefix, _unescape(reference))


@dataclass(frozen=True, slots=True)
class Gid96:
    """A number for anything, under a manager number that GS1 has given out. It has no filter value."""

    manager: int
    object_class: int
    serial: int

    HEADER: ClassVar = 0x35
    NAME: ClassVar = "gid-96"

    def __post_init__(self) -> None:
        for name, value, bits in zip(("manager", "object class", "serial"), self._values, GID_BITS, strict=True):
            _check_bits(f"{self.NAME} {name}", value, bits)

    @property
    def _values(self) -> tuple[int, int, int]:
        return self.manager, self.object_class, self.serial

    @property
    def pure_identity(self) -> str:
        return f"{PURE_IDENTITY}gid:{self.manager}.{self.object_class}.{self.serial}"

    @property
    def tag_uri(self) -> str:
        return f"{TAG_URI}{self.NAME}:{self.manager}.{self.object_class}.{self.serial}"

    def to_epc(self) -> Epc:
        return _pack((_Field(self.HEADER, HEADER_BITS), *map(_Field, self._values, GID_BITS)))

    @classmethod
    def of_epc(cls, epc: Epc) -> Self:
        """Raises ContractError."""
        _, *values = _unpack(cls.NAME, epc, (HEADER_BITS, *GID_BITS))
        return cls(*values)

    @classmethod
    def of_parts(cls, parts: str) -> Self:
        """`parts` is manager.class.serial. Raises ContractError."""
        manager, object_class, serial = (_number(f"{cls.NAME} number", part) for part in _split(cls.NAME, parts, 3))
        return cls(manager, object_class, serial)


TagData = Grai96 | Giai96 | Giai202 | Gid96
FORMS: dict[int, type[TagData]] = {form.HEADER: form for form in (Grai96, Giai96, Gid96, Giai202)}
_FILTERED: dict[str, type[Grai96 | Giai96 | Giai202]] = {form.NAME: form for form in (Grai96, Giai96, Giai202)}


def decode_tag_data(epc: Epc) -> TagData:
    """What the EPC says in one of the four forms. Raises ContractError for another header and for a number that breaks its form's rules."""
    form = FORMS.get(epc[0])
    if form is None:
        known = ", ".join(f"{form.HEADER:02X} ({form.NAME})" for form in FORMS.values())
        raise ContractError("EPC header", f"one of {known}", f"{epc[0]:02X}")
    return form.of_epc(epc)


def find_tag_data(epc: Epc, pc: PcWord | None = None) -> TagData | None:
    """The same for a stranger's tag: None where it is none of these forms, or its PC word says that it is no GS1 number at all."""
    if epc[0] not in FORMS or (pc is not None and not pc.is_gs1):
        return None
    try:
        return decode_tag_data(epc)
    except ContractError:
        return None


def parse_tag_uri(text: str) -> TagData:
    """`urn:epc:tag:giai-96:0.0614141.12345400`. Raises ContractError."""
    name, _, parts = _after(text, TAG_URI).partition(":")
    if name == Gid96.NAME:
        return Gid96.of_parts(parts)
    if name not in _FILTERED:
        raise ContractError("tag URI", f"one of {', '.join(form.NAME for form in FORMS.values())}", repr(name))
    filter_value, _, rest = parts.partition(".")
    return _FILTERED[name].of_parts(_number(f"{name} filter", filter_value), rest)


def parse_pure_identity(text: str, *, filter_value: int = 0) -> TagData:
    """`urn:epc:id:giai:0614141.12345400`, in the shortest form that can hold it. Raises ContractError."""
    scheme, _, parts = _after(text, PURE_IDENTITY).partition(":")
    if scheme == "giai":
        return _shortest_giai(filter_value, parts)
    if scheme == "grai":
        return Grai96.of_parts(filter_value, parts)
    if scheme == "gid":
        return Gid96.of_parts(parts)
    raise ContractError("pure identity URI", "one of grai, giai, gid", repr(scheme))


def _shortest_giai(filter_value: int, parts: str) -> Giai96 | Giai202:
    giai = Giai202.of_parts(filter_value, parts)
    reference, bits = giai.asset_reference, GIAI_96_BITS - PREFIX_BITS[len(giai.company_prefix)]
    if _NUMBER.fullmatch(reference) and int(reference) < 1 << bits:
        return Giai96(filter_value, giai.company_prefix, int(reference))
    return giai


def _start(header: int, filter_value: int, prefix: str) -> tuple[_Field, ...]:
    partition = MOST_PREFIX_DIGITS - len(prefix)
    values = (header, filter_value, partition, int(prefix))
    return tuple(map(_Field, values, (HEADER_BITS, FILTER_BITS, PARTITION_BITS, PREFIX_BITS[len(prefix)])))


def _pack(fields: Sequence[_Field]) -> Epc:
    """The fields one after another, and zero bits to the end of the last word (TDS §15.1.1)."""
    number = 0
    for field in fields:
        number = number << field.bits | field.value
    size = _epc_size(sum(field.bits for field in fields))
    return Epc((number << size * 8 - sum(field.bits for field in fields)).to_bytes(size))


def _epc_size(bits: int) -> int:
    return -(-bits // (WORD_BYTES * 8)) * WORD_BYTES


def _unpack(name: str, epc: Epc, widths: Sequence[int]) -> list[int]:
    """The values of fields that follow one another. Raises ContractError for another length and for what stands behind them."""
    left = len(epc) * 8
    if len(epc) != _epc_size(sum(widths)):
        raise ContractError(name, f"{_epc_size(sum(widths)) * 2} hex digits", f"{left // 4}")
    number, values = int.from_bytes(epc), []
    for width in widths:
        left -= width
        values.append(number >> left & (1 << width) - 1)
    if number & (1 << left) - 1:
        raise ContractError(f"{name} after its last bit", "zeros", f"{number & (1 << left) - 1:b}")
    return values


def _partitioned(name: str, epc: Epc, bits: int, *behind: int) -> tuple[int, str, list[int]]:
    """Filter, company prefix, and what follows it; `bits` hold the prefix and its neighbour."""
    _, filter_value, partition, *_ = _unpack(name, epc, (HEADER_BITS, FILTER_BITS, PARTITION_BITS, bits, *behind))
    digits = MOST_PREFIX_DIGITS - partition
    if digits not in PREFIX_BITS:
        raise ContractError(f"{name} partition", "0 to 6", str(partition))
    prefix_bits = PREFIX_BITS[digits]
    widths = (HEADER_BITS, FILTER_BITS, PARTITION_BITS, prefix_bits, bits - prefix_bits, *behind)
    _, _, _, prefix, *rest = _unpack(name, epc, widths)
    if prefix >= 10**digits:
        raise ContractError(f"{name} company prefix", f"{digits} digits", str(prefix))
    return filter_value, f"{prefix:0{digits}}", rest


def _letters(value: int, bits: int) -> str:
    """Seven bits each, from the top; the first zero ends the text. What follows it has to be zero too (TDS §14.4.2)."""
    places = range(bits - CHARACTER_BITS, -1, -CHARACTER_BITS)
    text = "".join(chr(value >> place & 0x7F) for place in places)
    stem = text.rstrip("\0")
    if value & (1 << bits % CHARACTER_BITS) - 1 or "\0" in stem:
        raise ContractError(f"{Giai202.NAME} asset reference", "zeros behind its end", repr(text))
    return stem


def _no_digits(value: int) -> str:
    if value:
        raise ContractError(f"{Grai96.NAME} asset type", "none beside a company prefix of 12 digits", str(value))
    return ""


def _check_filter(name: str, value: int) -> None:
    if not 0 <= value < 1 << FILTER_BITS:
        raise ContractError(f"{name} filter", "0 to 7", str(value))


def _check_prefix(name: str, text: str) -> None:
    if len(text) not in PREFIX_BITS or not _DIGITS.fullmatch(text):
        raise ContractError(f"{name} company prefix", f"{min(PREFIX_BITS)} to {MOST_PREFIX_DIGITS} digits", repr(text))


def _check_digits(what: str, text: str, count: int) -> None:
    if len(text) != count or not _DIGITS.fullmatch(text):
        raise ContractError(what, f"{count} digits", repr(text))


def _check_bits(what: str, value: int, bits: int) -> None:
    if not 0 <= value < 1 << bits:
        raise ContractError(what, f"0 to {(1 << bits) - 1}", str(value))


def _after(text: str, start: str) -> str:
    if not text.startswith(start):
        raise ContractError("URI", f"{start}…", repr(text))
    return text.removeprefix(start)


def _split(name: str, parts: str, count: int) -> list[str]:
    """A text may hold dots of its own, so only the first ones part it."""
    found = parts.split(".", count - 1)
    if len(found) != count:
        raise ContractError(name, f"{count} parts with dots between them", repr(parts))
    return found


def _number(what: str, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ContractError(what, "a number of at most 24 digits without leading zeros", repr(text))
    return int(text)


def _escape(text: str) -> str:
    return "".join(f"%{ord(letter):02X}" if letter in ESCAPED else letter for letter in text)


def _unescape(text: str) -> str:
    """Raises ContractError for a character that has to be escaped and is not."""
    bare = _ESCAPE.sub("", text)
    if not ESCAPED.isdisjoint(bare):
        raise ContractError("URI", f"{' '.join(sorted(ESCAPED))} escaped, as %22 for a quotation mark", repr(text))
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
