"""Batches that were sent in vain: still in the spool, and out of the way of the others. Known only for as long as the agent runs."""

import sqlite3
from collections.abc import Iterable
from threading import RLock

from schemas.identifiers import BootId

# In memory, so that it costs no disk when that is full. The trigger: whatever deletes a batch need not think of this table.
_TABLE = """
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE aside (id INTEGER PRIMARY KEY, boot TEXT NOT NULL);
CREATE TEMP TRIGGER batch_gone AFTER DELETE ON main.batches BEGIN DELETE FROM aside WHERE id = OLD.id; END;
"""


class Aside:
    """Which batches of the spool wait apart. `Spool.oldest` leaves them out."""

    def __init__(self, database: sqlite3.Connection, guard: RLock) -> None:
        self._database, self._guard = database, guard
        database.executescript(_TABLE)

    def __len__(self) -> int:
        with self._guard:
            return int(self._database.execute("SELECT count(*) FROM temp.aside").fetchone()[0])

    def put(self, ids: Iterable[int]) -> None:
        query = "INSERT OR IGNORE INTO temp.aside SELECT id, boot FROM batches WHERE id = ?"
        with self._guard:
            self._database.executemany(query, [(id_,) for id_ in ids])

    def put_life(self, boot: BootId) -> None:
        with self._guard:
            self._database.execute("INSERT OR IGNORE INTO temp.aside SELECT id, boot FROM batches WHERE boot = ?", (boot,))

    def take_back(self) -> None:
        """None waits apart any more."""
        with self._guard:
            self._database.execute("DELETE FROM temp.aside")

    def lives(self) -> list[tuple[BootId, int]]:
        """The lives that have batches here, the oldest first, and how many."""
        with self._guard:
            rows = self._database.execute("SELECT boot, count(*) FROM temp.aside GROUP BY boot ORDER BY min(id)").fetchall()
        return [(BootId(boot), count) for boot, count in rows]

    def find_id(self, boot: BootId, place: int) -> int | None:
        """The batch at that place, from 0, among those of that life."""
        with self._guard:
            row = self._database.execute("SELECT id FROM temp.aside WHERE boot = ? ORDER BY id LIMIT 1 OFFSET ?", (boot, place)).fetchone()
        return None if row is None else int(row[0])
