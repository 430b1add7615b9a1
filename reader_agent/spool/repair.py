"""A damaged spool file is set aside, never deleted, and what can still be read of it goes on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reader_agent.spool.table import MAX_ID, PAGE_BYTES, UNREADABLE, create_tables, digest_of, open_database, primary_code

MAX_MISSES = 2000  # more ids in a row than one broken page can hold
_NOT_THE_FILES_FAULT = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PERM}
)
_PAGE_COUNT, _FREE_LIST = slice(28, 32), slice(32, 40)  # https://www.sqlite.org/fileformat2.html, 1.3
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
            has_right_schema = _schema_of(database) == _right_schema()
    except UNREADABLE as error:
        if primary_code(error) in _NOT_THE_FILES_FAULT:
            raise
        return str(error)
    if findings == ["ok"]:
        return None if has_right_schema else "its tables are not a spool's"
    return "; ".join(findings)


def _schema_of(database: sqlite3.Connection) -> list[tuple[object, ...]]:
    return database.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master ORDER BY name").fetchall()


def _right_schema() -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        create_tables(database)
        return _schema_of(database)


def _carry_over(damaged: Path, fresh: Path) -> int:
    with closing(open_database(fresh)) as target:
        create_tables(target)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        rows = _rows_by_name(damaged) or _rows_behind_new_first_page(damaged, fresh)
        with target:
            target.execute("BEGIN")
            in_order = (rows[id_] for id_ in sorted(rows))
            target.executemany("INSERT OR IGNORE INTO batches (boot, seq, sightings, body, digest) VALUES (?, ?, ?, ?, ?)", in_order)
            target.execute("UPDATE counters SET value = ? WHERE name = 'dropped_sightings'", (_find_dropped(damaged),))
    return len(rows)


def _find_dropped(damaged: Path) -> int:
    """What was lost stays told; 0 where the file cannot say any more."""
    with closing(sqlite3.connect(f"file:{damaged}?mode=ro", uri=True)) as database:
        try:
            row = database.execute("SELECT value FROM counters WHERE name = 'dropped_sightings'").fetchone()
        except UNREADABLE:
            return 0
    return row[0] if row and isinstance(row[0], int) and row[0] >= 0 else 0


def _rows_behind_new_first_page(damaged: Path, fresh: Path) -> dict[int, _Row]:
    """The rows of a file whose header or schema is broken: the first page of all our spools is the same but for two counts."""
    content, page = damaged.read_bytes(), bytearray(fresh.read_bytes()[:PAGE_BYTES])
    page[_PAGE_COUNT] = (len(content) // PAGE_BYTES).to_bytes(4)
    page[_FREE_LIST] = bytes(8)
    trial = damaged.with_name(damaged.name + ".trial")
    trial.write_bytes(bytes(page) + content[PAGE_BYTES:])
    rows = _rows_by_name(trial)
    for suffix in ("-wal", "-shm", ""):
        trial.with_name(trial.name + suffix).unlink(missing_ok=True)
    return rows


def _rows_by_name(path: Path) -> dict[int, _Row]:
    """Every whole row by its id, from both ends, so that one broken page costs only its own rows."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        upwards = _walk(database, "SELECT id, boot, seq, sightings, body, digest FROM batches WHERE id > ? ORDER BY id LIMIT 1", 0, 1)
        downwards = _walk(
            database, "SELECT id, boot, seq, sightings, body, digest FROM batches WHERE id < ? ORDER BY id DESC LIMIT 1", MAX_ID, -1
        )
        return dict(upwards) | dict(downwards)


def _walk(database: sqlite3.Connection, query: str, start: int, step: int) -> Iterator[tuple[int, _Row]]:
    place, misses = start, 0
    while misses < MAX_MISSES and abs(place) <= MAX_ID:
        try:
            row = database.execute(query, (place,)).fetchone()
        except UNREADABLE:
            place, misses = place + step, misses + 1
            continue
        if row is None:
            return
        whole = _find_whole(row[1:])
        if whole:
            yield row[0], whole
        if (row[0] - place) * step > 0:
            place, misses = row[0], 0
        else:  # a page whose rows are out of order leads back: whoever followed it would go round for ever
            place, misses = place + step, misses + 1


def _find_whole(row: tuple[object, ...]) -> _Row | None:
    match row:
        case (bytes(name), int(seq), int(sightings), bytes(body), bytes(digest)):
            boot = name.decode(errors="replace")
            return (boot, seq, sightings, body, digest) if digest_of(boot, seq, body) == digest else None
        case _:
            return None
