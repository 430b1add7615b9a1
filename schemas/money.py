"""Money: integer poisha, never a float. One taka is 100 poisha."""

import re
from dataclasses import dataclass
from typing import Self

from schemas.errors import ContractError

_AMOUNT = re.compile(r"(-?)(\d{1,18})(?:\.(\d{1,2}))?")
_DIGITS = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")
MAX_POISHA = 10**15  # ten lakh crore taka: past any city's budget, and inside a 64-bit column


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in poisha."""

    poisha: int

    def __post_init__(self) -> None:
        if type(self.poisha) is not int or abs(self.poisha) > MAX_POISHA:
            raise ContractError("money", f"whole poisha up to {MAX_POISHA}", repr(self.poisha))

    @classmethod
    def taka(cls, taka: int) -> Self:
        return cls(taka * 100)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Taka with at most two decimals, Latin or Bangla digits, commas where people put them."""
        plain = text.strip().translate(_DIGITS).replace(",", "").removeprefix("৳").strip()
        match = _AMOUNT.fullmatch(plain)
        if match is None:
            raise ContractError("money", "an amount in taka such as 10,000 or ১০,০০০.৫০", repr(text))
        sign, whole, part = match.groups()
        poisha = int(whole) * 100 + int((part or "0").ljust(2, "0"))
        return cls(-poisha if sign else poisha)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.poisha + other.poisha)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.poisha - other.poisha)

    def __mul__(self, times: int) -> Self:
        return type(self)(self.poisha * times)

    def __neg__(self) -> Self:
        return type(self)(-self.poisha)

    def __str__(self) -> str:
        """Taka grouped in lakh and crore: 12345678.50 is 1,23,45,678.50."""
        whole, part = divmod(abs(self.poisha), 100)
        head, tail = str(whole)[:-3], str(whole)[-3:]
        groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
        return f"{'-' if self.poisha < 0 else ''}{','.join([*groups, tail])}.{part:02d}"
