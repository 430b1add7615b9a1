"""What the worker remembers of the last hours, read back after a restart."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry_server.matcher.engine import Matcher
from registry_server.matcher.models import Flag
from registry_server.sightings.models import Passage, Sighting, SightingClosing
from registry_server.sightings.passages import REMEMBERED, KnownPassage

STILL_THERE = timedelta(minutes=5)
"""A passage that arrived this long ago may still be going on."""


def recall(session: Session, matcher: Matcher, now: datetime) -> int:
    """Fill a new matcher with the newest passages. How many there were."""
    rows = session.execute(select(Passage.__table__).order_by(Passage.id.desc()).limit(REMEMBERED)).all()
    kinds = _kinds(session, rows[-1].id) if rows else {}
    recent: dict[int, KnownPassage] = {}
    for row in reversed(rows):
        at_s = row.at.timestamp()
        passage = KnownPassage(
            id=row.id,
            authority_id=row.authority_id,
            checkpoint_id=row.checkpoint_id,
            lane=row.lane,
            epc=row.epc,
            at=row.at,
            first_s=at_s,
            last_s=at_s,
            is_time_sure=row.is_time_sure,
            received_at=row.received_at,
            tid=row.tid,
            licence_id=row.licence_id,
            kinds=frozenset(kinds.get(row.id, ())),
        )
        matcher.book.add(passage)
        if now - row.received_at < STILL_THERE:
            recent[passage.id] = passage
    if recent:
        _recall_open(session, matcher, recent)
    return len(rows)


def _kinds(session: Session, from_id: int) -> dict[int, set[str]]:
    kinds: dict[int, set[str]] = {}
    for passage_id, kind in session.execute(select(Flag.passage_id, Flag.kind).where(Flag.passage_id >= from_id)):
        kinds.setdefault(passage_id, set()).add(str(kind))
    return kinds


def _recall_open(session: Session, matcher: Matcher, recent: dict[int, KnownPassage]) -> None:
    """How long each lasted so far, and which of its sightings have not closed."""
    closing = SightingClosing
    rows = session.execute(
        select(Sighting.passage_id, Sighting.life_id, Sighting.number, Sighting.first_seen_at, func.max(closing.last_seen_at))
        .outerjoin(closing, (closing.life_id == Sighting.life_id) & (closing.number == Sighting.number))
        .where(Sighting.passage_id >= min(recent))
        .group_by(Sighting.passage_id, Sighting.life_id, Sighting.number, Sighting.first_seen_at)
        .order_by(Sighting.first_seen_at)
    ).all()
    began: dict[int, datetime] = {}
    for passage_id, life_id, number, first_seen_at, last_seen_at in rows:
        passage = recent.get(passage_id)
        if passage is None:
            continue
        lasted = (last_seen_at or first_seen_at) - began.setdefault(passage_id, first_seen_at)
        passage.join(passage.first_s + lasted.total_seconds())
        if last_seen_at is None:
            matcher.open_sightings.open((life_id, number), passage)
