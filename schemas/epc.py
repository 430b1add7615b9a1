"""The EPC and the protocol-control word: what memory bank 01 of a tag holds.

Source: GS1 EPC UHF Gen2 air interface, bank 01 (word 0 CRC, word 1 PC, words 2… EPC).
"""

from dataclasses import dataclass
from typing import Self

from schemas.errors import ContractError

WORD_BYTES = 2
MAX_WORDS = 31  # the PC word gives the length five bits


def bytes_from_hex(what: str, text: str) -> bytes:
    """Hex digits as bytes; spaces are allowed. Raises ContractError."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ContractError(what, "an even number of hex digits", repr(text)) from None


class Epc(bytes):
    """The number by which a tag answers: 1 to 31 words of 16 bits. Ours have six (96 bits).

    A stranger's tag may have any length and must still be reported, so other lengths are values too.
    """

    __slots__ = ()

    def __new__(cls, value: bytes) -> Self:
        if len(value) % WORD_BYTES or not 1 <= len(value) // WORD_BYTES <= MAX_WORDS:
            raise ContractError("EPC", "1 to 31 words of 4 hex digits", f"{len(value) * 2} hex digits")
        return super().__new__(cls, value)

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(bytes_from_hex("EPC", text))

    @property
    def bits(self) -> int:
        return len(self) * 8

    def __str__(self) -> str:
        return self.hex().upper()


class PcWord(int):
    """The protocol-control word before the EPC (bits 10h–1Fh of bank 01)."""

    __slots__ = ()

    def __new__(cls, value: int) -> Self:
        if not 0 <= value <= 0xFFFF:
            raise ContractError("PC word", "16 bits", hex(value))
        return super().__new__(cls, value)

    @classmethod
    def parse(cls, text: str) -> Self:
        value = bytes_from_hex("PC word", text)
        if len(value) != WORD_BYTES:
            raise ContractError("PC word", "4 hex digits", repr(text))
        return cls(int.from_bytes(value))

    @classmethod
    def for_epc(cls, epc: Epc, afi: int | None = None) -> Self:
        """The PC word to write before an EPC: with an AFI (ISO/IEC 15961) the numbering is closed, without it is GS1's."""
        length = len(epc) // WORD_BYTES << 11
        return cls(length if afi is None else length | 0x0100 | afi)

    @property
    def epc_bytes(self) -> int:
        return (self >> 11) * WORD_BYTES

    @property
    def is_gs1(self) -> bool:
        """The numbering toggle: clear says a GS1 EPC, set says an ISO/IEC 15961 AFI follows."""
        return not self & 0x0100

    @property
    def afi(self) -> int | None:
        return None if self.is_gs1 else self & 0xFF

    def __str__(self) -> str:
        return f"{int(self):04X}"


@dataclass(frozen=True, slots=True)
class ClosedEpc:
    """Our 96-bit layout: layout 8 | authority 16 | serial 32 | issue 8 | random 32 (docs/decisions/0001)."""

    authority: int
    serial: int
    issue: int
    random: int

    LAYOUT = 0xEB  # no GS1 header has this value, so a reader that forgets the toggle bit cannot mistake it

    def __post_init__(self) -> None:
        for name, value, bits in (
            ("authority", self.authority, 16),
            ("serial", self.serial, 32),
            ("issue", self.issue, 8),
            ("random", self.random, 32),
        ):
            if not 0 <= value < 1 << bits:
                raise ContractError(f"EPC field {name}", f"{bits} bits", str(value))

    def to_epc(self) -> Epc:
        number = self.LAYOUT
        for value, bits in ((self.authority, 16), (self.serial, 32), (self.issue, 8), (self.random, 32)):
            number = number << bits | value
        return Epc(number.to_bytes(12))

    @classmethod
    def find_in(cls, epc: Epc) -> Self | None:
        """The fields of one of our EPCs; None for any other number."""
        if len(epc) != 12 or epc[0] != cls.LAYOUT:
            return None
        return cls(
            authority=int.from_bytes(epc[1:3]),
            serial=int.from_bytes(epc[3:7]),
            issue=epc[7],
            random=int.from_bytes(epc[8:12]),
        )
