"""How far a reader of passages and flags has come. Ids of both rise with the commits, so nothing appears behind a position."""

from typing import NamedTuple, Self


class Position(NamedTuple):
    """Every passage and every flag up to these ids was delivered. Its text is the id of an event: `1024.77`."""

    passage: int
    flag: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what this program did not write: the client then begins anew."""
        head, dot, tail = text.partition(".")
        if not (dot and _is_id(head) and _is_id(tail)):
            return None
        return cls(int(head), int(tail))

    def __str__(self) -> str:
        return f"{self.passage}.{self.flag}"

    def at_least(self, other: "Position") -> "Position":
        return Position(max(self.passage, other.passage), max(self.flag, other.flag))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
