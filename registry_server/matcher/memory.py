"""The registry in memory: every EPC that was ever set aside, found without a query (docs/decisions/0009-matcher-memory.md).

One record an EPC, sorted by a 64-bit hash, with an index over the hash's first bits. The full EPC is compared after a hash hit: the hash
is fast, not cryptographic. What came since the table was built stands in a dictionary in front of it.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from registry_server.licences.states import LicenceState
from registry_server.matcher.rules import TagRecord

EPC_BYTES = 12
SHORT_TID_BYTES = 16
MERGE_AT = 20_000
NOT_FOUND = -1

ROW = np.dtype(
    [
        ("epc", "u1", EPC_BYTES),
        ("tid", "u1", SHORT_TID_BYTES),
        ("tid_bytes", "u1"),  # 0: not bound
        ("state", "u1"),
        ("authority", "<u2"),
        ("valid_until", "<i4"),  # days since 1970-01-01
        ("licence", "<i8"),
        ("state_since", "<u4"),  # seconds since 1970, or NEVER; good until 2106
        ("stolen_at", "<u4"),
        ("retired_at", "<u4"),
    ]
)
NEVER = 0
STATES = tuple(LicenceState)
_STATE_NUMBERS = {str(state): number for number, state in enumerate(STATES)}
_ACTIVE = STATES.index(LicenceState.ACTIVE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_INDEX_BITS = 20


class TagRow(NamedTuple):
    """One allocation as it is loaded: days and seconds since 1970."""

    epc: bytes
    authority_id: int
    licence_id: int
    state: str
    state_since_s: int
    """NEVER for one that is active."""
    valid_until_days: int
    stolen_at_s: int | None
    retired_at_s: int | None
    tid: bytes | None


class Found(NamedTuple):
    """The answer for a batch of EPCs, position by position."""

    records: list[int]
    """A handle for `get`; NOT_FOUND for an unknown EPC."""
    licences: list[int]
    """Meaningless where not found."""
    authorities: list[int]
    good_through: list[int]
    """Days since 1970 up to which nothing but the chip can be wrong; NOT_FOUND if something is wrong now."""


class TagMemory:
    """Belongs to one thread."""

    def __init__(self, rows: "NDArray[Any] | None" = None) -> None:
        """`rows` are ROWs in any order, each EPC once."""
        self._long_tids: dict[bytes, bytes] = {}
        self._newer: dict[bytes, TagRow] = {}
        self._newer_list: list[TagRow] = []
        self._sort(np.zeros(0, ROW) if rows is None else rows)

    def __len__(self) -> int:
        return len(self._rows) + len(self._newer)

    def look_up(self, epcs: Sequence[bytes]) -> Found:
        """Find a batch of EPCs of any length in one vector step."""
        positions = self._positions(epcs)
        known = self._rows[np.maximum(positions, 0)] if len(self._rows) else np.zeros(len(epcs), ROW)
        good = (known["state"] == _ACTIVE) & (known["stolen_at"] == NEVER) & (known["retired_at"] == NEVER) & (known["tid_bytes"] > 0)
        found = Found(
            positions.tolist(),
            known["licence"].tolist(),
            known["authority"].tolist(),
            np.where(good & (positions >= 0), known["valid_until"], NOT_FOUND).tolist(),
        )
        if self._newer:
            self._prefer_newer(epcs, found)
        return found

    def get(self, handle: int) -> TagRecord:
        """The whole record of a handle that `look_up` gave. Valid until the next change."""
        if handle <= NOT_FOUND - 1:
            return _record(self._newer_list[NOT_FOUND - 1 - handle])
        _, _, _, state, authority, until, licence, since, stolen, retired = self._rows[handle].tolist()
        return _record(
            TagRow(b"", authority, licence, STATES[state], since, until, _known(stolen), _known(retired), self.tid(handle)),
        )

    def find(self, epc: bytes) -> TagRecord | None:
        handle = self.look_up([epc]).records[0]
        return None if handle == NOT_FOUND else self.get(handle)

    def tid(self, handle: int) -> bytes | None:
        """The chip of a handle; None if it is not bound."""
        if handle <= NOT_FOUND - 1:
            return self._newer_list[NOT_FOUND - 1 - handle].tid
        size = int(self._rows["tid_bytes"][handle])
        if size > SHORT_TID_BYTES:
            return self._long_tids[self._rows["epc"][handle].tobytes()]
        return self._rows["tid"][handle, :size].tobytes() if size else None

    def put_all(self, rows: Sequence[TagRow]) -> None:
        """Learn allocations that are new or have changed."""
        if not rows:
            return
        positions = self._positions([row[0] for row in rows]).tolist()
        for row, position in zip(rows, positions, strict=True):
            if position == NOT_FOUND:
                self._newer[row[0]] = TagRow(*row)
            else:
                self._overwrite(position, row)
        self._newer_list = list(self._newer.values())
        for index, epc in enumerate(self._newer):
            self._handles[epc] = NOT_FOUND - 1 - index
        if len(self._newer) >= MERGE_AT:
            self._merge()

    def _overwrite(self, position: int, row: TagRow) -> None:
        tid = row[-1] or b""
        if len(tid) > SHORT_TID_BYTES:
            self._long_tids[row[0]] = tid
            row = TagRow(*row)._replace(tid=tid[:SHORT_TID_BYTES])
        _fill(self._rows[position : position + 1], [row])
        self._rows["tid_bytes"][position] = len(tid)

    def _prefer_newer(self, epcs: Sequence[bytes], found: Found) -> None:
        for index, epc in enumerate(epcs):
            handle = self._handles.get(epc)
            if handle is None:
                continue
            row = self._newer_list[NOT_FOUND - 1 - handle]
            is_good = row.state == LicenceState.ACTIVE and row.stolen_at_s is None and row.retired_at_s is None and row.tid
            found.records[index] = handle
            found.licences[index] = row.licence_id
            found.authorities[index] = row.authority_id
            found.good_through[index] = row.valid_until_days if is_good else NOT_FOUND

    def _merge(self) -> None:
        """Sort what is newer into the table."""
        plain = [row for row in self._newer.values() if _fits(row)]
        added = np.zeros(len(plain), ROW)
        _fill(added, plain)
        for row in plain:
            del self._newer[row.epc]
        self._sort(np.concatenate([self._rows, added]))

    def _sort(self, rows: "NDArray[Any]") -> None:
        hashes = _hashes(rows["epc"])
        order = np.argsort(hashes)
        self._hashes: NDArray[np.uint64] = hashes[order]
        self._rows = rows[order]
        self._index = np.searchsorted(self._hashes, np.arange(2**_INDEX_BITS, dtype=np.uint64) << np.uint64(64 - _INDEX_BITS)).astype(
            np.int32
        )
        self._index = np.append(self._index, np.int32(len(self._hashes)))
        self._longest = int(np.max(np.diff(self._index), initial=0))
        self._newer_list = list(self._newer.values())
        self._handles = {epc: NOT_FOUND - 1 - index for index, epc in enumerate(self._newer)}

    def _positions(self, epcs: Sequence[bytes]) -> "NDArray[np.int64]":
        """Where each EPC stands in the table, or NOT_FOUND."""
        result = np.full(len(epcs), NOT_FOUND, np.int64)
        if not len(self._rows):
            return result
        where = [index for index, epc in enumerate(epcs) if len(epc) == EPC_BYTES]
        wanted = np.frombuffer(b"".join([epcs[index] for index in where]), np.uint8).reshape(-1, EPC_BYTES)
        hashes = _hashes(wanted)
        buckets = (hashes >> np.uint64(64 - _INDEX_BITS)).astype(np.int64)
        at, end = self._index[buckets].astype(np.int64), self._index[buckets + 1]
        hit = np.full(len(where), NOT_FOUND, np.int64)
        for _ in range(self._longest):  # buckets hold one or two hashes; equal hashes of different EPCs are all compared
            here = np.minimum(at, len(self._hashes) - 1)
            same = np.flatnonzero((at < end) & (self._hashes[here] == hashes))
            same = same[(self._rows["epc"][here[same]] == wanted[same]).all(axis=1)]
            hit[same] = here[same]
            at += 1
        result[where] = hit
        return result


def _hashes(epcs: "NDArray[np.uint8]") -> "NDArray[np.uint64]":
    """Mix the twelve bytes so that each bit of the result depends on all of them."""
    plain = np.ascontiguousarray(epcs)
    head = np.ascontiguousarray(plain[:, :8]).view("<u8").ravel()
    tail = np.ascontiguousarray(plain[:, 8:]).view("<u4").ravel().astype(np.uint64)
    mixed = (head ^ (tail * _MIX_1)) * _MIX_2
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX_1
    result: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(32))
    return result


def _fits(row: TagRow) -> bool:
    return len(row[0]) == EPC_BYTES and len(row[-1] or b"") <= SHORT_TID_BYTES


def _fill(target: "NDArray[Any]", rows: Sequence[TagRow]) -> None:
    if not rows:
        return
    epcs, authorities, licences, states, since, until, stolen, retired, tids = zip(*rows, strict=True)
    bound = [tid or b"" for tid in tids]
    target["epc"] = np.frombuffer(b"".join(epcs), np.uint8).reshape(-1, EPC_BYTES)
    target["tid"] = np.array(bound, f"S{SHORT_TID_BYTES}").view(np.uint8).reshape(-1, SHORT_TID_BYTES)
    target["tid_bytes"] = [len(tid) for tid in bound]
    target["state"] = list(map(_STATE_NUMBERS.__getitem__, states))
    target["authority"] = authorities
    target["licence"] = licences
    target["valid_until"] = until
    target["state_since"] = since
    target["stolen_at"] = [NEVER if at_s is None else at_s for at_s in stolen]
    target["retired_at"] = [NEVER if at_s is None else at_s for at_s in retired]


def _known(at_s: int) -> int | None:
    return None if at_s == NEVER else at_s


def _record(row: TagRow) -> TagRecord:
    _, authority_id, licence_id, state, since_s, until_days, stolen_s, retired_s, tid = row
    return TagRecord(
        authority_id=authority_id,
        licence_id=licence_id,
        state=LicenceState(state),
        state_since=_EPOCH + timedelta(seconds=since_s),
        valid_until=date.fromordinal(_EPOCH_DAY + until_days),
        stolen_at=None if stolen_s is None else _EPOCH + timedelta(seconds=stolen_s),
        retired_at=None if retired_s is None else _EPOCH + timedelta(seconds=retired_s),
        tid=tid,
    )
