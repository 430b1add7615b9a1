"""Writing what a transaction harvested, in as few statements as there are tables. Values are the drivers' own."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Table
from sqlalchemy.orm import Session

from registry_server.db import copy_rows, execute_many
from registry_server.matcher.engine import Arrival, Harvest, NewFlag
from registry_server.matcher.facts import to_json
from registry_server.matcher.law import sections_for
from registry_server.matcher.models import Flag
from registry_server.matcher.rules import proof_of
from registry_server.matcher.states import FlagState
from registry_server.sightings.models import Passage, ReceivedBatch, Sighting, SightingClosing, SignedMessage, Verdict
from registry_server.sightings.passages import KnownPassage
from schemas.identifiers import ProofLevel

MOST_READS = 2**53
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_S = 86_400

SIGHTING = ("life_id", "number", "seq", "passage_id", "lane", "reader", "antenna", "epc", "pc", "tid", "first_seen_at", "rssi_dbm")
CLOSING = ("life_id", "number", "seq", "last_seen_at", "reads", "best_rssi_dbm", "tid")
PASSAGE = (
    "id", "authority_id", "checkpoint_id", "lane", "epc", "tid", "licence_id", "at", "is_time_sure", "received_at", "proof_level",
    "verdict",
)  # fmt: skip
FLAG = (
    "id", "authority_id", "passage_id", "other_passage_id", "checkpoint_id", "lane", "life_id", "seq", "kind", "proof_level", "facts",
    "law_sections", "epc", "tid", "licence_id", "at", "created_at", "state",
)  # fmt: skip
COUNT = """
INSERT INTO passage_count (authority_id, checkpoint_id, lane, hour_at, verdict, passages) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (checkpoint_id, lane, hour_at, verdict) DO UPDATE SET passages = passage_count.passages + excluded.passages
"""
KNOWN_BETTER = "UPDATE passage SET tid = ?, proof_level = ?, verdict = ? WHERE id = ?"

_FLAGGED, _LEGAL = str(Verdict.FLAGGED), str(Verdict.LEGAL)
_PROOFS = {level: str(level) for level in ProofLevel}

Instant = Callable[[datetime], str]


class HarvestStore:
    """Numbers flags as it writes them. Belongs to one worker."""

    def __init__(self, *, last_flag_id: int, laws: Mapping[int, str]) -> None:
        self._last_flag_id, self._laws = last_flag_id, laws

    def store(self, session: Session, harvest: Harvest, arrivals: Sequence[Arrival], payloads: Mapping[tuple[int, int], bytes]) -> None:
        """Write all of it. `payloads` are the signed messages by life and seq; those that raised a flag are kept."""
        instant = _instant_writer(session)
        received = [
            (arrival.life_id, arrival.batch.seq, len(arrival.batch.events), instant(arrival.batch.sealed_at), instant(arrival.received_at),
             arrival.batch.clock_offset_ms)
            for arrival in arrivals
        ]  # fmt: skip
        columns = ("life_id", "seq", "events", "sealed_at", "received_at", "clock_offset_ms")
        _copy(session, ReceivedBatch, columns, received)
        began: dict[int, str] = {}
        _copy(session, Sighting, SIGHTING, _sightings(harvest, began, instant))
        _copy(session, SightingClosing, CLOSING, _closings(harvest, instant))
        _copy(session, Passage, PASSAGE, _passages(harvest.passages, began, instant))
        if harvest.changed:
            execute_many(session, KNOWN_BETTER, [_better(passage) for passage in harvest.changed.values()])
        self._store_flags(session, harvest.flags, payloads, instant)
        _count(session, harvest, instant)

    def _store_flags(self, session: Session, flags: Sequence[NewFlag], payloads: Mapping[tuple[int, int], bytes], instant: Instant) -> None:
        if not flags:
            return
        _copy(session, Flag, FLAG, self._flags(flags, instant))
        evidence = {(flag.life_id, flag.seq) for flag in flags}
        _copy(session, SignedMessage, ("life_id", "seq", "payload"), [(*key, payloads[key]) for key in sorted(evidence)])

    def _flags(self, flags: Sequence[NewFlag], instant: Instant) -> Iterator[tuple[Any, ...]]:
        for flag in flags:
            self._last_flag_id += 1
            passage, kind = flag.passage, flag.facts.kind
            sections = sections_for(self._laws.get(passage.authority_id, ""), flag.facts)
            yield (
                self._last_flag_id, passage.authority_id, passage.id, flag.other_passage_id, passage.checkpoint_id, str(passage.lane),
                flag.life_id, flag.seq, str(kind), str(proof_of(flag.tid)), to_json(flag.facts).decode(),
                msgspec.json.encode(sections).decode(), bytes(passage.epc), _plain(flag.tid), passage.licence_id, instant(passage.at),
                instant(passage.received_at), str(FlagState.OPEN),
            )  # fmt: skip


def _copy(session: Session, model: type[Any], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table: Table = model.__table__
    copy_rows(session, table, columns, rows)


def _sightings(harvest: Harvest, began: dict[int, str], instant: Instant) -> Iterator[tuple[Any, ...]]:
    """Made while PostgreSQL stores those before. Notes in `began`, by passage, the text of its moment where that is the sighting's own."""
    for life_id, seq, passage, event in harvest.sightings:
        pc, tid, first_seen_at = event.pc, event.tid, event.first_seen_at
        written = instant(first_seen_at)
        if passage.at is first_seen_at:
            began[passage.id] = written
        yield (
            life_id, event.sighting, seq, passage.id, str(event.lane), str(event.reader), event.antenna, bytes(event.epc),
            None if pc is None else int(pc), None if tid is None else bytes(tid), written, event.rssi_dbm,
        )  # fmt: skip


def _closings(harvest: Harvest, instant: Instant) -> Iterator[tuple[Any, ...]]:
    for life_id, seq, event in harvest.closings:
        tid = event.tid
        yield (
            life_id, event.sighting, seq, instant(event.last_seen_at), min(event.reads, MOST_READS), event.best_rssi_dbm,
            None if tid is None else bytes(tid),
        )  # fmt: skip


def _passages(passages: Sequence[KnownPassage], began: Mapping[int, str], instant: Instant) -> Iterator[tuple[Any, ...]]:
    received = {one.received_at: instant(one.received_at) for one in passages[-1:]}  # one moment for the whole transaction
    for one in passages:
        tid = one.tid
        yield (
            one.id, one.authority_id, one.checkpoint_id, str(one.lane), bytes(one.epc), None if tid is None else bytes(tid), one.licence_id,
            began.get(one.id) or instant(one.at), one.is_time_sure, received[one.received_at], _PROOFS[proof_of(tid)],
            _FLAGGED if one.kinds else _LEGAL,
        )  # fmt: skip


def _better(passage: KnownPassage) -> tuple[Any, ...]:
    return _plain(passage.tid), str(proof_of(passage.tid)), _verdict(passage), passage.id


def _count(session: Session, harvest: Harvest, instant: Instant) -> None:
    """Counted in the transaction that stores them, so that nothing is counted twice or forgotten uncounted."""
    counts = Counter((one.authority_id, one.checkpoint_id, one.lane, one.received_at, bool(one.kinds)) for one in harvest.passages)
    for one in harvest.turned:
        counts[one.authority_id, one.checkpoint_id, one.lane, one.received_at, False] -= 1
        counts[one.authority_id, one.checkpoint_id, one.lane, one.received_at, True] += 1
    if counts:
        execute_many(
            session,
            COUNT,
            [
                (authority, place, str(lane), instant(at.replace(minute=0, second=0, microsecond=0)), _FLAGGED if is_flagged else _LEGAL, n)
                for (authority, place, lane, at, is_flagged), n in counts.items()
            ],
        )


def _verdict(passage: KnownPassage) -> str:
    return _FLAGGED if passage.kinds else _LEGAL


def _plain(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(value)


def _instant_writer(session: Session) -> Instant:
    """How both drivers take an instant as text: SQLite as SQLAlchemy writes it, in UTC without saying so; PostgreSQL with the offset.

    Each second is written once and kept: formatting an instant is as dear as matching a sighting.
    """
    offset = "" if session.connection().dialect.name == "sqlite" else "+00:00"
    seconds: dict[int, str] = {}

    def write(at: datetime) -> str:
        since = at - EPOCH
        at_s = since.days * DAY_S + since.seconds
        second = seconds.get(at_s)
        if second is None:
            second = seconds[at_s] = (EPOCH + timedelta(seconds=at_s)).strftime("%Y-%m-%d %H:%M:%S.")
        return second + str(since.microseconds).zfill(6) + offset

    return write
