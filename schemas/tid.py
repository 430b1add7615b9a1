"""The TID: what the chip's maker wrote into bank 10 and nobody can write again. `firmware_protocols.tid` reads what it says of the chip.

Source: GS1 EPC UHF Gen2 (class identifier E2).
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

    def __str__(self) -> str:
        return self.hex().upper()
