"""Sealed batches wait here until the registry says that they are committed. Survives a power cut, a full disk and a flipped bit."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from reader_agent.errors import FolderWrong, SpoolFull
from reader_agent.spool.aside import Aside
from reader_agent.spool.folder_lock import FolderLock
from reader_agent.spool.repair import Damage, set_aside_if_damaged
from reader_agent.spool.table import MAX_ID, PAGE_BYTES, create_tables, digest_of, open_database, primary_code
from schemas.identifiers import BootId

MARGIN_BYTES = 1024 * 1024  # with less than this free on the disk the file grows no more
FLOOR_BYTES = 512 * 1024  # some thousand sightings
RESERVE_BYTES = 512 * 1024  # given back when the disk is full all the same: as much as the write-ahead log may hold back
DROP_SHARE = 20  # a full spool loses its oldest twentieth at once, so that it is not full again with the next batch
MAX_DROPS = 8
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


@dataclass(frozen=True, slots=True)
class SpooledBatch:
    """One message as it will go out; `id` orders all batches of all lives of the agent."""

    id: int
    boot: BootId
    seq: int
    body: bytes


class Spool:
    """The queue. Every method may be called from any thread; each returns when its effect is on the disk."""

    def __init__(self, folder: Path, boot: BootId, *, capacity_bytes: int, stamp: str) -> None:
        """Raises SpoolHeld if another agent has the folder, FolderWrong if it cannot be written.

        `stamp` names a damaged file that is set aside (`damage` tells).
        """
        self._folder, self._boot, self._last_seq = folder, boot, 0
        self._guard = RLock()
        self._reserve = folder / "spool.reserve"
        self.damage: Damage | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as held:
                self._lock = held.enter_context(FolderLock(folder))
                self._database = self._open(folder / "spool.sqlite", stamp)
                held.pop_all()
        except OSError as error:
            raise FolderWrong(folder, error.strerror or str(error)) from error
        except sqlite3.OperationalError as error:
            raise FolderWrong(folder, str(error)) from error
        self.aside = Aside(self._database, self._guard)
        self._max_pages = max(capacity_bytes // PAGE_BYTES, 32)
        self._keep_floor()
        self._keep_reserve()

    @property
    def last_seq(self) -> int:
        """The newest batch of this life; 0 before the first."""
        return self._last_seq

    @property
    def dropped_sightings(self) -> int:
        return self._count("SELECT value FROM counters WHERE name = 'dropped_sightings'")

    @property
    def quarantined(self) -> int:
        return self._count("SELECT count(*) FROM quarantine")

    def __len__(self) -> int:
        return self._count("SELECT count(*) FROM batches")

    def append(self, seal: Callable[[int], bytes], sightings: int) -> int:
        """Keep the batch that `seal` makes for the next sequence number; gives that number once it is on the disk.

        When nothing more fits, the oldest batches make room and are counted. Raises SpoolFull only if that did not help;
        the number is then still free, so the sequence has no gap.
        """
        with self._guard:
            seq = self._last_seq + 1
            body = seal(seq)
            self._insert_making_room(seq, body, sightings)
            self._last_seq = seq
            return seq

    @property
    def newest_id(self) -> int:
        """0 while there is none."""
        return self._count("SELECT coalesce(max(id), 0) FROM batches")

    def oldest(self, limit: int, after_id: int = 0, through_id: int = MAX_ID) -> list[SpooledBatch]:
        """Batches in the order in which they were made, without those set `aside`. One whose bytes have changed is put in
        quarantine instead.
        """
        query = """SELECT id, boot, seq, body, digest FROM batches WHERE id > ? AND id <= ?
                   AND NOT EXISTS (SELECT 1 FROM temp.aside WHERE aside.id = batches.id) ORDER BY id LIMIT ?"""
        while True:
            batches, broken = self._read(query, after_id, through_id, limit)
            if batches or not broken:
                return batches

    def find(self, id_: int) -> SpooledBatch | None:
        """The batch, wherever it waits; None if it is gone, or its bytes have changed."""
        batches, _ = self._read("SELECT id, boot, seq, body, digest FROM batches WHERE id = ?", id_)
        return next(iter(batches), None)

    def forget(self, boot: BootId, through: int, beyond: Sequence[int]) -> None:
        """Delete what the registry has committed of that life: everything up to `through`, and each of `beyond`."""

        def delete() -> None:
            self._database.execute("DELETE FROM batches WHERE boot = ? AND seq <= ?", (boot, through))
            self._database.executemany("DELETE FROM batches WHERE boot = ? AND seq = ?", [(boot, seq) for seq in beyond])

        with self._guard:
            self._commit_from_reserve(delete)

    def close(self) -> None:
        with self._guard:
            self._database.close()
            self._lock.release()

    def _open(self, path: Path, stamp: str) -> sqlite3.Connection:
        self._reserve.unlink(missing_ok=True)
        self.damage = set_aside_if_damaged(path, stamp)
        database = open_database(path)
        create_tables(database)
        return database

    def _insert_making_room(self, seq: int, body: bytes, sightings: int) -> None:
        row = (self._boot, seq, sightings, body, digest_of(self._boot, seq, body))

        def insert() -> None:
            self._database.execute("INSERT INTO batches (boot, seq, sightings, body, digest) VALUES (?, ?, ?, ?, ?)", row)

        is_short = self._limit_growth()
        for _ in range(MAX_DROPS):
            if self._commits(insert) or (is_short and self._gains_room() and self._commits(insert)):
                return
            self._commit_from_reserve(self._drop_oldest)
        raise SpoolFull(self._folder, f"a batch of {len(body)} bytes")

    def _limit_growth(self) -> bool:
        """Without room on the disk the file stays as long as it is: what the oldest batches held is used again."""
        disk = os.statvfs(self._folder)
        free_bytes = disk.f_bavail * disk.f_frsize
        is_short = free_bytes < MARGIN_BYTES
        self._database.execute(f"PRAGMA max_page_count = {1 if is_short else self._max_pages}").fetchall()  # 1 means: as it is now
        if free_bytes >= MARGIN_BYTES + RESERVE_BYTES and not self._reserve.exists():
            self._keep_reserve()
        return is_short

    def _gains_room(self) -> bool:
        """Before anything is dropped, what the journal holds goes where it belongs, and the reserve is spent."""
        has_reserve = self._reserve.exists()
        self._reserve.unlink(missing_ok=True)
        self._checkpoint()
        return has_reserve or len(self) > 0

    def _keep_floor(self) -> None:
        """Make the file as long as some thousand sightings need. They fit then, even if somebody fills the disk a moment later."""
        floor_bytes = min(FLOOR_BYTES, self._max_pages * PAGE_BYTES // 2)
        if self._count("SELECT page_count FROM pragma_page_count") * PAGE_BYTES >= floor_bytes:
            return
        filler = "INSERT INTO quarantine (id, boot, seq, body) VALUES (-1, '', 0, zeroblob(?))"
        if self._commits(lambda: self._database.execute(filler, (floor_bytes,))):
            self._commits(lambda: self._database.execute("DELETE FROM quarantine WHERE id = -1"))
            self._checkpoint()

    def _commits(self, action: Callable[[], object]) -> bool:
        """Whether the action is on the disk; False if it does not fit."""
        try:
            with _Transaction(self._database):
                action()
        except sqlite3.OperationalError as error:
            if primary_code(error) not in _FULL:
                raise
            return False
        return True

    def _commit_from_reserve(self, action: Callable[[], None]) -> None:
        """Commit what frees room, which itself needs a little."""
        if self._commits(action):
            return
        self._reserve.unlink(missing_ok=True)
        self._checkpoint()
        if not self._commits(action):
            raise SpoolFull(self._folder, "not even a deletion fits")
        self._checkpoint()
        self._keep_reserve()

    def _checkpoint(self) -> None:
        with suppress(sqlite3.OperationalError):  # no room for it yet: the next one will do
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _drop_oldest(self) -> None:
        batches = max(len(self) // DROP_SHARE, 1)
        lost = self._count("SELECT coalesce(sum(sightings), 0) FROM (SELECT sightings FROM batches ORDER BY id LIMIT ?)", batches)
        self._database.execute("DELETE FROM batches WHERE id IN (SELECT id FROM batches ORDER BY id LIMIT ?)", (batches,))
        self._database.execute("UPDATE counters SET value = value + ? WHERE name = 'dropped_sightings'", (lost,))

    def _read(self, query: str, *arguments: int) -> tuple[list[SpooledBatch], int]:
        """The whole ones, and how many were not and are out of the way now."""
        with self._guard:
            rows = self._database.execute(query, arguments).fetchall()
            broken = [row for row in rows if digest_of(row[1], row[2], row[3]) != row[4]]
            for row in broken:
                try:
                    self._put_in_quarantine(row[0])
                except SpoolFull:  # later, then
                    self.aside.put([row[0]])
        return [SpooledBatch(row[0], BootId(row[1]), row[2], row[3]) for row in rows if row not in broken], len(broken)

    def _put_in_quarantine(self, id_: int) -> None:
        def move() -> None:
            self._database.execute("INSERT OR REPLACE INTO quarantine SELECT id, boot, seq, body FROM batches WHERE id = ?", (id_,))
            self._database.execute("DELETE FROM batches WHERE id = ?", (id_,))

        self._commit_from_reserve(move)

    def _count(self, query: str, *arguments: int) -> int:
        with self._guard:
            return int(self._database.execute(query, arguments).fetchone()[0])

    def _keep_reserve(self) -> None:
        with suppress(OSError):  # no room for the reserve: the disk is full already, and appending will say so
            self._reserve.write_bytes(bytes(RESERVE_BYTES))


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK if anything is raised, the commit included."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            try:
                self._database.execute("COMMIT")
            except sqlite3.Error:
                self._roll_back()
                raise
        else:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._database.in_transaction:  # SQLite rolls back by itself when the disk is full
            self._database.execute("ROLLBACK")
