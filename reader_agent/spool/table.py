"""The spool's tables, and how a row proves that it is whole."""

import sqlite3
from hashlib import blake2b
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    boot TEXT NOT NULL,
    seq INTEGER NOT NULL,
    sightings INTEGER NOT NULL,
    body BLOB NOT NULL,
    digest BLOB NOT NULL,
    UNIQUE (boot, seq)
);
CREATE TABLE IF NOT EXISTS quarantine (
    id INTEGER PRIMARY KEY,
    boot TEXT NOT NULL,
    seq INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counters VALUES ('dropped_sightings', 0);
"""
PAGE_BYTES = 4096
MAX_ID = 2**63 - 1
WAL_PAGES = 100


UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)  # the second: SQLite quotes a damaged table's bytes in its message


def primary_code(error: Exception) -> int:
    """SQLite's result code; 0 where Python's module itself complains (of bytes that are no UTF-8)."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def digest_of(boot: str, seq: int, body: bytes) -> bytes:
    """Sixteen bytes that find a flipped bit. No protection against a person: that is the signature's work."""
    return blake2b(f"{boot}/{seq}/".encode() + body, digest_size=16).digest()


def open_database(path: Path) -> sqlite3.Connection:
    """A connection whose every commit is on the disk when it returns. Any thread may use it, one at a time."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        database.execute(f"PRAGMA journal_size_limit = {WAL_PAGES * PAGE_BYTES}")
    except UNREADABLE:
        database.close()
        raise
    return database


def create_tables(database: sqlite3.Connection) -> None:
    database.executescript(f"BEGIN; {SCHEMA} COMMIT;")
