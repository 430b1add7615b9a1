"""A damaged spool file is set aside, never deleted, and what can still be read of it goes on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reader_agent.spool.table import UNREADABLE, create_tables, digest_of, open_database

HEADER_BYTES = 100  # https://www.sqlite.org/fileformat2.html, 1.3: everything before the first page's b-tree
_NOT_THE_FILES_FAULT = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PERM}
)
_PAGE_COUNT, _FREE_LIST = slice(28, 32), slice(32, 40)
_Row = tuple[str, int, int, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Damage:
    """What was found at the start: the file set aside, the batches carried over from it, and why."""

    set_aside: Path
    rescued: int
    reason: str


def set_aside_if_damaged(path: Path, stamp: str) -> Damage | None:
    """Check the spool file; if it is broken, rename it with `stamp` and start a new one with its readable batches."""
    reason = find_damage(path) if path.exists() else None
    if reason is None:
        return None
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return Damage(aside, _carry_over(aside, path), reason)


def find_damage(path: Path) -> str | None:
    """Why the file cannot be worked with; None if it can. Raises OSError or OperationalError where the disk is to blame."""
    path.open("r+b").close()
    try:
        with closing(open_database(path)) as database:
            create_tables(database)
            findings = [row[0] for row in database.execute("PRAGMA integrity_check(3)")]
    except UNREADABLE as error:
        if isinstance(error, sqlite3.Error) and error.sqlite_errorcode & 0xFF in _NOT_THE_FILES_FAULT:
            raise
        return str(error)
    return None if findings == ["ok"] else "; ".join(findings)


def _carry_over(damaged: Path, fresh: Path) -> int:
    target = open_database(fresh)
    create_tables(target)
    rows = {(row[0], row[1]): row for row in _readable(damaged)} or {(row[0], row[1]): row for row in _behind_new_header(damaged, fresh)}
    with target:
        target.execute("BEGIN")
        target.executemany("INSERT INTO batches (boot, seq, sightings, body, digest) VALUES (?, ?, ?, ?, ?)", rows.values())
    target.close()
    return len(rows)


def _behind_new_header(damaged: Path, fresh: Path) -> Iterator[_Row]:
    """The rows of a file whose header is broken: all our spools have the same header but for two counts."""
    content = damaged.read_bytes()
    header = bytearray(fresh.read_bytes()[:HEADER_BYTES])
    page_bytes = int.from_bytes(header[16:18])
    header[_PAGE_COUNT] = (len(content) // page_bytes).to_bytes(4) if header else b""
    header[_FREE_LIST] = bytes(8)
    trial = damaged.with_name(damaged.name + ".trial")
    trial.write_bytes(bytes(header) + content[HEADER_BYTES:])
    yield from _readable(trial)
    for suffix in ("-wal", "-shm", ""):
        trial.with_name(trial.name + suffix).unlink(missing_ok=True)


def _readable(path: Path) -> Iterator[_Row]:
    """Every whole row, one at a time, so that one broken page costs only its own rows."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = bytes
    try:
        last_id = _find_last_id(database)
        for id_ in range(1, last_id + 1):
            row = _find_row(database, id_)
            if row is not None:
                yield row
    finally:
        database.close()


def _find_last_id(database: sqlite3.Connection) -> int:
    try:
        row = database.execute("SELECT max(id) FROM batches").fetchone()
    except UNREADABLE:
        return 0
    return int(row[0] or 0)


def _find_row(database: sqlite3.Connection, id_: int) -> _Row | None:
    try:
        row = database.execute("SELECT boot, seq, sightings, body, digest FROM batches WHERE id = ?", (id_,)).fetchone()
    except UNREADABLE:
        return None
    if row is None or not _has_right_types(row):
        return None
    boot = row[0].decode(errors="replace")
    return (boot, row[1], row[2], row[3], row[4]) if digest_of(boot, row[1], row[3]) == row[4] else None


def _has_right_types(row: tuple[object, ...]) -> bool:
    return [type(value) for value in row] == [bytes, int, int, bytes, bytes]
