"""The TID: what the chip's maker wrote into bank 10 and nobody can write again.

Source: GS1 EPC Tag Data Standard 1.6 §16.2 (XTID); GS1 EPC UHF Gen2 (class identifier E2).
"""

from typing import Self

from schemas.epc import WORD_BYTES, bytes_from_hex
from schemas.errors import ContractError

ISO_CLASS = 0xE2
MIN_BYTES, MAX_BYTES = 4, 64


class Tid(bytes):
    """A chip's number, 2 to 32 words. Harder to copy than an EPC, and still imitable."""

    __slots__ = ()

    def __new__(cls, value: bytes) -> Self:
        if len(value) % WORD_BYTES or not MIN_BYTES <= len(value) <= MAX_BYTES:
            raise ContractError("TID", "8 to 128 hex digits in words of 4", f"{len(value) * 2} hex digits")
        return super().__new__(cls, value)

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(bytes_from_hex("TID", text))

    @property
    def is_gen2(self) -> bool:
        return self[0] == ISO_CLASS

    @property
    def has_extension(self) -> bool:
        """The X bit: an XTID header follows the first two words."""
        return self.is_gen2 and bool(self[1] & 0x80)

    @property
    def designer(self) -> int:
        """The nine-bit mask designer identifier (1 Impinj, 3 Alien, 6 NXP)."""
        return int.from_bytes(self[1:3]) >> 4 & 0x1FF

    @property
    def model(self) -> int:
        return int.from_bytes(self[2:4]) & 0xFFF

    @property
    def serial_bits(self) -> int:
        """Length of the serial number as the XTID header states it: 0 or 48 + 16 (N − 1)."""
        if not self.has_extension or len(self) < 6:
            return 0
        steps = self[4] >> 5
        return 48 + 16 * (steps - 1) if steps else 0

    @property
    def serial(self) -> bytes | None:
        """The chip's serial number, if the TID holds one and it was read whole."""
        size = self.serial_bits // 8
        part = self[6 : 6 + size]
        return part if size and len(part) == size else None

    def __str__(self) -> str:
        return self.hex().upper()
