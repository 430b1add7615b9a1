"""Unflagged passages are forgotten; their counts stay (docs/law.md: where a person is from minute to minute is sensitive)."""

from datetime import datetime

from sqlalchemy import Select, and_, delete, exists, select, tuple_
from sqlalchemy.orm import Session

from registry_server.db import fetch_rows
from registry_server.matcher.models import Flag
from registry_server.sightings.models import Forgetting, Passage, ReceivedBatch, Sighting, SightingClosing, SignedMessage, Verdict

CHUNK = 2_000
THE_ROW = 1


def forget_some(session: Session, before: datetime, now: datetime) -> int:
    """Delete the oldest passages that arrived before an instant and that no flag rests on. How many were looked at: 0 when done."""
    mark = session.get(Forgetting, THE_ROW)
    if mark is None:
        mark = Forgetting(id=THE_ROW, through_passage_id=0, at=now)
        session.add(mark)
    rows = session.execute(
        select(Passage.id, Passage.received_at).where(Passage.id > mark.through_passage_id).order_by(Passage.id).limit(CHUNK)
    ).all()
    old = [number for number, received_at in rows if received_at < before]
    if not old:
        return 0
    _delete(session, mark.through_passage_id, old[-1])
    mark.through_passage_id, mark.at = old[-1], now
    return len(old)


def forget_batches(session: Session, before: datetime) -> None:
    """Delete the notes of batches that raised no flag. That they were stored stays known: `agent_life` counts it."""
    evidence = exists().where(SignedMessage.life_id == ReceivedBatch.life_id, SignedMessage.seq == ReceivedBatch.seq)
    session.execute(delete(ReceivedBatch).where(ReceivedBatch.received_at < before, ~evidence))


def last_passage_id(session: Session) -> int:
    """The highest number ever given, also if its passage is forgotten: numbers are never used again."""
    ((highest,),) = fetch_rows(session, "SELECT coalesce(max(id), 0) FROM passage")
    mark = session.get(Forgetting, THE_ROW)
    return max(int(highest), mark.through_passage_id if mark else 0)


def _delete(session: Session, after_id: int, through_id: int) -> None:
    doomed = _doomed(after_id, through_id)
    sightings = select(Sighting.life_id, Sighting.number).where(Sighting.passage_id.in_(doomed))
    session.execute(delete(SightingClosing).where(tuple_(SightingClosing.life_id, SightingClosing.number).in_(sightings)))
    session.execute(delete(Sighting).where(Sighting.passage_id.in_(doomed)))
    session.execute(delete(Passage).where(Passage.id.in_(doomed)))


def _doomed(after_id: int, through_id: int) -> Select[int]:
    rests_on = exists().where(Flag.other_passage_id == Passage.id)  # a passage with a flag of its own is not legal
    in_range = and_(Passage.id > after_id, Passage.id <= through_id)
    return select(Passage.id).where(in_range, Passage.verdict == Verdict.LEGAL, ~rests_on)
