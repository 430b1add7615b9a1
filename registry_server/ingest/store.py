"""Writing what a transaction harvested, in as few statements as there are tables. Values are the drivers' own."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
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

MOST_READS = 2**53

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

Instant = Callable[[datetime], Any]


class HarvestStore:
    """Numbers flags as it writes them. Belongs to one worker."""

    def __init__(self, *, last_flag_id: int, laws: Mapping[int, str]) -> None:
        self._last_flag_id, self._laws = last_flag_id, laws

    def store(self, session: Session, harvest: Harvest, arrivals: Sequence[Arrival], payloads: Mapping[tuple[int, int], bytes]) -> None:
        """Write all of it. `payloads` are the signed messages by life and seq; those that raised a flag are kept."""
        instant = _instant_form(session)
        received = [
            (arrival.life_id, arrival.batch.seq, len(arrival.batch.events), instant(arrival.batch.sealed_at), instant(arrival.received_at),
             arrival.batch.clock_offset_ms)
            for arrival in arrivals
        ]  # fmt: skip
        columns = ("life_id", "seq", "events", "sealed_at", "received_at", "clock_offset_ms")
        _copy(session, ReceivedBatch, columns, received)
        _copy(session, Sighting, SIGHTING, _sightings(harvest, instant))
        _copy(session, SightingClosing, CLOSING, _closings(harvest, instant))
        _copy(session, Passage, PASSAGE, _passages(harvest.passages, instant))
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
            sections = sections_for(self._laws.get(passage.authority_id, ""), kind)
            yield (
                self._last_flag_id, passage.authority_id, passage.id, flag.other_passage_id, passage.checkpoint_id, str(passage.lane),
                flag.life_id, flag.seq, str(kind), str(proof_of(flag.tid)), to_json(flag.facts).decode(),
                msgspec.json.encode(sections).decode(), bytes(passage.epc), _plain(flag.tid), passage.licence_id, instant(passage.at),
                instant(passage.received_at), str(FlagState.OPEN),
            )  # fmt: skip


def _copy(session: Session, model: type[Any], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table: Table = model.__table__
    copy_rows(session, table, columns, rows)


def _sightings(harvest: Harvest, instant: Instant) -> Iterator[tuple[Any, ...]]:
    for life_id, number, seq, passage_id, lane, reader, antenna, epc, pc, tid, first_seen_at, rssi_dbm in harvest.sightings:
        yield (
            life_id, number, seq, passage_id, str(lane), str(reader), antenna, bytes(epc), None if pc is None else int(pc), _plain(tid),
            instant(first_seen_at), rssi_dbm,
        )  # fmt: skip


def _closings(harvest: Harvest, instant: Instant) -> Iterator[tuple[Any, ...]]:
    for life_id, number, seq, last_seen_at, reads, best_rssi_dbm, tid in harvest.closings:
        yield life_id, number, seq, instant(last_seen_at), min(reads, MOST_READS), best_rssi_dbm, _plain(tid)


def _passages(passages: Sequence[KnownPassage], instant: Instant) -> Iterator[tuple[Any, ...]]:
    for one in passages:
        yield (
            one.id, one.authority_id, one.checkpoint_id, str(one.lane), bytes(one.epc), _plain(one.tid), one.licence_id, instant(one.at),
            one.is_time_sure, instant(one.received_at), str(proof_of(one.tid)), _verdict(one),
        )  # fmt: skip


def _better(passage: KnownPassage) -> tuple[Any, ...]:
    return _plain(passage.tid), str(proof_of(passage.tid)), _verdict(passage), passage.id


def _count(session: Session, harvest: Harvest, instant: Instant) -> None:
    """Counted in the transaction that stores them, so that nothing is counted twice or forgotten uncounted."""
    counts: Counter[tuple[int, int, str, datetime, str]] = Counter()
    for passage in harvest.passages:
        counts[_bucket(passage, _verdict(passage))] += 1
    for passage in harvest.turned:
        counts[_bucket(passage, Verdict.LEGAL)] -= 1
        counts[_bucket(passage, Verdict.FLAGGED)] += 1
    if counts:
        execute_many(
            session,
            COUNT,
            [(authority, place, lane, instant(hour), verdict, n) for (authority, place, lane, hour, verdict), n in counts.items()],
        )


def _bucket(passage: KnownPassage, verdict: str) -> tuple[int, int, str, datetime, str]:
    hour_at = passage.received_at.replace(minute=0, second=0, microsecond=0)
    return passage.authority_id, passage.checkpoint_id, str(passage.lane), hour_at, str(verdict)


def _verdict(passage: KnownPassage) -> str:
    return str(Verdict.FLAGGED) if passage.kinds else str(Verdict.LEGAL)


def _plain(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(value)


def _instant_form(session: Session) -> Instant:
    """How the driver takes an instant: PostgreSQL as it is, SQLite as text in UTC, as SQLAlchemy writes it."""
    return _sqlite_instant if session.connection().dialect.name == "sqlite" else _as_it_is


def _as_it_is(at: datetime) -> datetime:
    return at


def _sqlite_instant(at: datetime) -> str:
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:26]
