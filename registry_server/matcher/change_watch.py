"""Which licences have changed, found by polling ids: no process calls another (docs/decisions/0009-matcher-memory.md).

On PostgreSQL ids are drawn before they are committed, so one may appear after a higher one: a list of thousands that is brought in takes
its ids long before its commit. What is skipped is therefore remembered as a hole and asked for again, until it is filled or so old that
nobody can be filling it any more.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple, Self

from sqlalchemy.orm import Session

from registry_server.db import fetch_rows

UNFILLED_FOR = timedelta(minutes=15)
"""Longer than any transaction of ours. What was rolled back leaves its hole for ever."""
MOST_HOLES = 200
BEGIN_BACK_IDS = 20_000
"""How far back of the newest id somebody may be filling holes when the watch begins."""


class Hole(NamedTuple):
    """Ids that were skipped, both included."""

    first: int
    last: int
    since_at: datetime


@dataclass(slots=True)
class ChangeWatch:
    """How far the memory has followed the registry."""

    last_id: int
    holes: list[Hole] = field(default_factory=list)

    @classmethod
    def begin(cls, session: Session, now: datetime) -> Self:
        """Take this before the tags are loaded: what changes meanwhile is then read twice rather than never."""
        ((newest,),) = fetch_rows(session, "SELECT coalesce(max(id), 0) FROM registry_change")
        first = max(1, newest - BEGIN_BACK_IDS + 1)
        present = fetch_rows(session, f"SELECT id FROM registry_change WHERE id >= {first:d} ORDER BY id")  # noqa: S608 — a number
        return cls(newest, list(_gaps(Hole(first, newest, now), (number for (number,) in present)))[-MOST_HOLES:])

    def poll(self, session: Session, now: datetime) -> set[int]:
        """Licences that changed since the last poll."""
        old = [hole for hole in self.holes if now - hole.since_at < UNFILLED_FOR]
        where = " OR ".join([f"id > {self.last_id:d}", *(f"id BETWEEN {hole.first:d} AND {hole.last:d}" for hole in old)])
        rows = fetch_rows(session, f"SELECT id, licence_id FROM registry_change WHERE {where} ORDER BY id")  # noqa: S608 — numbers
        newest = max(self.last_id, rows[-1][0]) if rows else self.last_id
        asked = [*old, Hole(self.last_id + 1, newest, now)]
        ids = [number for number, _ in rows]
        self.holes = list(chain.from_iterable(_gaps(hole, ids) for hole in asked))[-MOST_HOLES:]
        self.last_id = newest
        return {licence_id for _, licence_id in rows}


def _gaps(hole: Hole, present: Iterable[int]) -> Iterator[Hole]:
    """What of a hole is not filled by the ids that are there, ascending."""
    first = hole.first
    for number in present:
        if not first <= number <= hole.last:
            continue
        if number > first:
            yield Hole(first, number - 1, hole.since_at)
        first = number + 1
    if first <= hole.last:
        yield Hole(first, hole.last, hole.since_at)
