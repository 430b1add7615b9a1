"""Filling the matcher's memory from the database, and keeping it fresh."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry_server.db import fetch_rows
from registry_server.matcher.memory import TagMemory, TagRow

CHUNK_ROWS = 20_000
LOOK_BACK_IDS = 500
"""On PostgreSQL a change may be committed after one with a higher id was seen. So many ids are read again at each poll."""
MOST_IDS_A_QUERY = 5_000

_COLUMNS = {
    "sqlite": "CAST(julianday(l.valid_until) - 2440587.5 AS INTEGER), CAST(strftime('%s', v.stolen_at) AS INTEGER), "
    "CAST(strftime('%s', a.retired_at) AS INTEGER)",
    "postgresql": "l.valid_until - DATE '1970-01-01', EXTRACT(EPOCH FROM v.stolen_at)::bigint, EXTRACT(EPOCH FROM a.retired_at)::bigint",
}
_TAGS = """
SELECT a.epc, a.authority_id, a.licence_id, l.state, {columns}, b.tid
FROM epc_allocation a JOIN licence l ON l.id = a.licence_id JOIN vehicle v ON v.id = l.vehicle_id
LEFT JOIN tag_binding b ON b.allocation_id = a.id AND b.retired_at IS NULL
WHERE {condition} ORDER BY a.id
"""


def load_tags(session: Session) -> TagMemory:
    """Every allocation of every authority, in chunks: the whole is never twice in memory."""
    (count,) = fetch_rows(session, "SELECT count(*) FROM epc_allocation")[0]
    return TagMemory.load(count, _chunks(session))


def _chunks(session: Session) -> Iterator[list[TagRow]]:
    (last_id,) = fetch_rows(session, "SELECT coalesce(max(id), 0) FROM epc_allocation")[0]
    for first in range(0, last_id, CHUNK_ROWS):
        yield _tags(session, f"a.id > {first:d} AND a.id <= {first + CHUNK_ROWS:d}")


def tags_of_licences(session: Session, licence_ids: Collection[int]) -> list[TagRow]:
    ids = sorted(licence_ids)
    return [
        row
        for start in range(0, len(ids), MOST_IDS_A_QUERY)
        for row in _tags(session, f"a.licence_id IN ({', '.join(f'{number:d}' for number in ids[start : start + MOST_IDS_A_QUERY])})")
    ]


def _tags(session: Session, condition: str) -> list[TagRow]:
    columns = _COLUMNS[session.connection().dialect.name]
    return fetch_rows(session, _TAGS.format(columns=columns, condition=condition))


def newest_change(session: Session) -> int:
    (newest,) = fetch_rows(session, "SELECT coalesce(max(id), 0) FROM registry_change")[0]
    return int(newest)


@dataclass(slots=True)
class ChangeWatch:
    """How far the memory has followed the registry."""

    last_id: int
    seen: set[int]

    @classmethod
    def begin(cls, session: Session) -> "ChangeWatch":
        """Take this before the tags are loaded: what changes meanwhile is then read twice rather than never."""
        newest = newest_change(session)
        return cls(newest, set())

    def poll(self, session: Session) -> set[int]:
        """Licences that changed since the last poll. Those of the ids looked back at come once."""
        floor = max(0, self.last_id - LOOK_BACK_IDS)
        rows = fetch_rows(session, f"SELECT id, licence_id FROM registry_change WHERE id > {floor:d} ORDER BY id")  # noqa: S608 — a number
        changed = {licence_id for number, licence_id in rows if number not in self.seen}
        if rows:
            self.last_id = max(self.last_id, rows[-1][0])
        self.seen = {number for number, _ in rows if number > self.last_id - LOOK_BACK_IDS}
        return changed
