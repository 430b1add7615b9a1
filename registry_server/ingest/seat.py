"""One worker writes. A second one waits for the seat and takes over when the first is gone."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from registry_server.db import Database

LOCK_KEY = 0x65_62_69_6B_65  # "ebike"


@contextmanager
def try_seat(database: Database) -> Iterator[bool]:
    """Whether this process is the worker now. The seat goes with the process or, on PostgreSQL, with its connection."""
    if database.is_sqlite:
        path = Path(str(database.engine.url.database) + ".worker-lock")
        with path.open("a") as file:
            yield _lock(file.fileno())
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # closed at the end, not given back: the lock is the connection's
        yield bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}))


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
