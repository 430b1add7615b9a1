"""The feed's news from the database. Sees all authorities; the feed sorts."""

from collections.abc import Iterable
from dataclasses import dataclass

from registry_server.clock import Clock
from registry_server.db import Database
from registry_server.wall import queries
from registry_server.wall.board import CheckpointNow, Passed
from registry_server.wall.position import Position


@dataclass(slots=True)
class DatabaseSource:
    database: Database
    clock: Clock
    position: Position

    @classmethod
    def open(cls, database: Database, clock: Clock) -> "DatabaseSource":
        """From now on: what is stored already, a watcher reads by itself."""
        with database.read() as session:
            return cls(database, clock, queries.newest_position(session))

    def read(self) -> tuple[Position, dict[int, list[Passed]]]:
        with self.database.read() as session:
            page = queries.passed_after(session, self.position)
        self.position = page.position
        by_authority: dict[int, list[Passed]] = {}
        for passed in page.passed:
            by_authority.setdefault(passed.authority_id, []).append(passed)
        return page.position, by_authority

    def health(self, authority_ids: Iterable[int]) -> dict[int, tuple[CheckpointNow, ...]]:
        with self.database.read() as session:
            return queries.health(session, authority_ids, self.clock.now())
