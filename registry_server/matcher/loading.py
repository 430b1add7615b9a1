"""Filling the matcher's memory from the database.

A million tags in a few seconds: three tables are read one by one in columns and joined here. The database sends
whole columns packed into one value, so that no row becomes an object.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from registry_server.db import fetch_rows
from registry_server.matcher.memory import EPC_BYTES, NEVER, ROW, SHORT_TID_BYTES, STATES, TagMemory, TagRow

CHUNK_IDS = 50_000
MOST_IDS_A_QUERY = 5_000

_STATE = "CASE state " + " ".join(f"WHEN '{state}' THEN {number}" for number, state in enumerate(STATES)) + " END"
_SINCE = {
    "sqlite": f"CASE state WHEN 'active' THEN {NEVER} ELSE CAST(strftime('%s', state_since) AS INTEGER) END",
    "postgresql": f"CASE state WHEN 'active' THEN {NEVER} ELSE EXTRACT(EPOCH FROM state_since)::bigint END",
}
"""Nobody asks since when a licence is active; nearly all are, and each instant costs."""
_PAD = "00" * SHORT_TID_BYTES


class _Column(NamedTuple):
    """One number or byte string of a row: its form when packed, and how each database packs it. SQLite packs hex digits."""

    name: str
    form: str
    postgresql: str
    sqlite: str


class _Source(NamedTuple):
    table: str
    condition: str
    columns: tuple[_Column, ...]


def _number(name: str, bits: int, postgresql: str, sqlite: str = "") -> _Column:
    return _Column(name, f">i{bits // 8}", f"int{bits // 8}send({postgresql})", f"printf('%0{bits // 4}x', {sqlite or postgresql})")


_ALLOCATIONS = _Source(
    "epc_allocation",
    f"length(epc) = {EPC_BYTES}",
    (
        _number("id", 64, "id"),
        _Column("epc", f"S{EPC_BYTES}", "epc", "hex(epc)"),
        _number("authority", 32, "authority_id::int", "authority_id"),
        _number("licence", 64, "licence_id"),
        _number(
            "retired_at",
            64,
            f"coalesce(EXTRACT(EPOCH FROM retired_at)::bigint, {NEVER})",
            f"coalesce(CAST(strftime('%s', retired_at) AS INTEGER), {NEVER})",
        ),
    ),
)
_LICENCES = _Source(
    "licence",
    "TRUE",
    (
        _number("id", 64, "id"),
        _number("valid_until", 32, "valid_until - DATE '1970-01-01'", "max(0, CAST(julianday(valid_until) - 2440587.5 AS INTEGER))"),
        _number("state", 32, _STATE),
        _number("state_since", 64, _SINCE["postgresql"], _SINCE["sqlite"]),
    ),
)
_BINDINGS = _Source(
    "tag_binding",
    "retired_at IS NULL",
    (
        _number("allocation", 64, "allocation_id"),
        _number("tid_bytes", 32, "length(tid)"),
        _Column(
            "tid",
            f"S{SHORT_TID_BYTES}",
            f"substring(tid || '\\x{_PAD}'::bytea from 1 for {SHORT_TID_BYTES})",
            f"substr(hex(tid) || '{_PAD}', 1, {2 * SHORT_TID_BYTES})",
        ),
    ),
)
_ODD = f"""
SELECT a.licence_id FROM epc_allocation a WHERE length(a.epc) != {EPC_BYTES}
UNION SELECT l.id FROM licence l JOIN vehicle v ON v.id = l.vehicle_id WHERE v.stolen_at IS NOT NULL
UNION SELECT a.licence_id FROM epc_allocation a JOIN tag_binding b ON b.allocation_id = a.id WHERE length(b.tid) > {SHORT_TID_BYTES}
"""  # noqa: S608 — numbers of ours
_INSTANTS = {
    "sqlite": "CAST(julianday(l.valid_until) - 2440587.5 AS INTEGER), "
    "CAST(strftime('%s', v.stolen_at) AS INTEGER), CAST(strftime('%s', a.retired_at) AS INTEGER)",
    "postgresql": "l.valid_until - DATE '1970-01-01', EXTRACT(EPOCH FROM v.stolen_at)::bigint, EXTRACT(EPOCH FROM a.retired_at)::bigint",
}
_TAGS = """
SELECT a.epc, a.authority_id, a.licence_id, l.state, {since}, {instants}, b.tid
FROM epc_allocation a JOIN licence l ON l.id = a.licence_id JOIN vehicle v ON v.id = l.vehicle_id
LEFT JOIN tag_binding b ON b.allocation_id = a.id AND b.retired_at IS NULL
WHERE a.licence_id IN ({ids}) ORDER BY a.id
"""


def load_tags(session: Session) -> TagMemory:
    """Every allocation of every authority. What is rare (stolen, of odd length) is laid over the rest row by row."""
    memory = TagMemory(_join(_read(session, _ALLOCATIONS), session))
    memory.put_all(tags_of_licences(session, [licence_id for (licence_id,) in fetch_rows(session, _ODD)]))
    return memory


def _join(allocations: "NDArray[Any]", session: Session) -> "NDArray[Any]":
    rows = np.zeros(len(allocations), ROW)
    rows["epc"] = _bytes(allocations["epc"], EPC_BYTES)
    for name in ("authority", "licence", "retired_at"):
        rows[name] = allocations[name]
    rows["stolen_at"] = NEVER
    licences = _read(session, _LICENCES)
    of_licence = _places(licences["id"], allocations["licence"])
    for name in ("valid_until", "state", "state_since"):
        rows[name] = licences[name][of_licence]
    del licences, of_licence
    bindings = _read(session, _BINDINGS)
    bindings = bindings[np.isin(bindings["allocation"], allocations["id"])]
    bound = _places(allocations["id"], bindings["allocation"])
    rows["tid"][bound] = _bytes(bindings["tid"], SHORT_TID_BYTES)
    rows["tid_bytes"][bound] = np.minimum(bindings["tid_bytes"], SHORT_TID_BYTES)
    return rows


def _read(session: Session, source: _Source) -> "NDArray[Any]":
    """A table's columns, in no order."""
    dtype = np.dtype([(column.name, column.form) for column in source.columns])
    ((count, last_id),) = fetch_rows(session, f"SELECT count(*), coalesce(max(id), 0) FROM {source.table}")  # noqa: S608 — names of ours
    rows, filled = np.zeros(count, dtype), 0
    is_sqlite = session.connection().dialect.name == "sqlite"
    packed = " || ".join(column.sqlite if is_sqlite else column.postgresql for column in source.columns)
    together = f"group_concat({packed}, '')" if is_sqlite else f"string_agg({packed}, ''::bytea)"
    for first in range(0, last_id, CHUNK_IDS):
        condition = f"{source.condition} AND id > {first} AND id <= {first + CHUNK_IDS}"
        ((data,),) = fetch_rows(session, f"SELECT {together} FROM {source.table} WHERE {condition}")  # noqa: S608 — names of ours
        chunk = np.frombuffer(bytes.fromhex(data) if isinstance(data, str) else data or b"", dtype)
        rows[filled : filled + len(chunk)] = chunk  # they fit: a reading session sees one state from its count to its last chunk
        filled += len(chunk)
    return rows[:filled]


def _places(sorted_keys: "NDArray[Any]", wanted: "NDArray[Any]") -> "NDArray[np.int64]":
    """Where each wanted key stands. All are there: foreign keys hold that."""
    order = np.argsort(sorted_keys, kind="stable")
    return np.asarray(order[np.searchsorted(sorted_keys, wanted, sorter=order)], np.int64)


def _bytes(column: "NDArray[Any]", size: int) -> "NDArray[np.uint8]":
    return np.ascontiguousarray(column).view(np.uint8).reshape(-1, size)


def tags_of_licences(session: Session, licence_ids: Collection[int]) -> list[TagRow]:
    """The allocations of some licences, whole."""
    ids: Sequence[int] = sorted(licence_ids)
    dialect = session.connection().dialect.name
    return [
        row
        for start in range(0, len(ids), MOST_IDS_A_QUERY)
        for row in fetch_rows(
            session,
            _TAGS.format(
                since=_SINCE[dialect],
                instants=_INSTANTS[dialect],
                ids=", ".join(f"{number:d}" for number in ids[start : start + MOST_IDS_A_QUERY]),
            ),
        )
    ]
