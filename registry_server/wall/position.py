"""How far a reader of two growing tables has come, when ids may become visible out of order. Pure.

PostgreSQL gives ids at the insert and shows rows at the commit: with several workers a lower id can appear after a higher one. A cursor
remembers such holes for a while and looks at them again, so that nothing is passed over; SQLite has one writer and never a hole.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Self

HOLE_PATIENCE_S = 5.0
"""A writer's transaction that takes longer than this was rolled back, or will be seen by the next page load."""
MOST_HOLES = 10_000


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

    def at_most(self, other: "Position") -> "Position":
        return Position(min(self.passage, other.passage), min(self.flag, other.flag))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18  # noqa: PLR2004 — always below 2**63


@dataclass(slots=True)
class Cursor:
    """Takes every id once."""

    top: int
    holes: dict[int, float] = field(default_factory=dict)
    """Ids below `top` that were not seen, and when they were missed first."""

    @classmethod
    def after(cls, recent: Iterable[int], now_s: float) -> Self:
        """A cursor behind ids that need no delivery; holes among them may still be filled."""
        ids = sorted(recent)
        cursor = cls(ids[0] if ids else 0)
        cursor.take(ids, now_s)
        return cursor

    @property
    def low(self) -> int:
        """Every id up to this one was taken or given up."""
        return min(self.holes) - 1 if self.holes else self.top

    def take(self, ids: Iterable[int], now_s: float) -> set[int]:
        """Those that were not taken before."""
        fresh = {id_ for id_ in ids if id_ > self.top or id_ in self.holes}
        newest = max(fresh, default=self.top)
        if newest > self.top:
            first = max(self.top + 1, newest - MOST_HOLES)
            self.holes.update((id_, now_s) for id_ in range(first, newest) if id_ not in fresh)
            self.top = newest
        for id_ in fresh:
            self.holes.pop(id_, None)
        return fresh

    def give_up(self, now_s: float) -> None:
        """Forget holes that nobody will fill any more."""
        if self.holes:
            self.holes = {id_: at_s for id_, at_s in self.holes.items() if now_s - at_s < HOLE_PATIENCE_S}
