"""Unflagged passages are forgotten; their counts stay (docs/law.md: where a person is from minute to minute is sensitive).

Dead letters are forgotten too: whoever reaches the broker can make as many as they like.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, delete, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from registry_server.clock import dhaka_date
from registry_server.db import fetch_rows
from registry_server.matcher.models import Flag
from registry_server.sightings.models import (
    DeadLetter,
    DeadLetterCount,
    Forgetting,
    Passage,
    ReceivedBatch,
    Sighting,
    SightingClosing,
    SignedMessage,
    Verdict,
)

CHUNK = 2_000
THE_ROW = 1


@dataclass(frozen=True, slots=True)
class DeadLetterLimits:
    """Beyond any of these the oldest are forgotten."""

    kept: timedelta = timedelta(days=30)
    letters: int = 10_000
    total_bytes: int = 64 << 20


DEAD_LETTER_LIMITS = DeadLetterLimits()


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


def forget_dead_letters(session: Session, now: datetime, limits: DeadLetterLimits = DEAD_LETTER_LIMITS) -> int:
    """Delete some of what is beyond the limits, and add it to the counts of its days. How many: 0 when done."""
    doomed = session.execute(_doomed_letters(now - limits.kept, limits)).all()
    letters, messages = Counter[date](), Counter[date]()
    for letter in doomed:
        on = dhaka_date(letter.last_at)
        letters[on] += 1
        messages[on] += letter.times
    for on, count in letters.items():
        row = session.get(DeadLetterCount, on)
        if row is None:
            session.add(DeadLetterCount(last_on=on, letters=count, messages=messages[on]))
        else:
            row.letters, row.messages = row.letters + count, row.messages + messages[on]
    session.execute(delete(DeadLetter).where(DeadLetter.id.in_([letter.id for letter in doomed])))
    return len(doomed)


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


def _doomed_letters(before: datetime, limits: DeadLetterLimits) -> Select[int, datetime, int]:
    """Id, when it came last, and how often it came."""
    newest_first = (DeadLetter.last_at.desc(), DeadLetter.id.desc())
    place = func.row_number().over(order_by=newest_first).label("place")
    held_bytes = func.sum(func.length(DeadLetter.payload)).over(order_by=newest_first).label("held_bytes")
    placed = select(DeadLetter.id, DeadLetter.last_at, DeadLetter.times, place, held_bytes).subquery()
    is_beyond = or_(placed.c.last_at < before, placed.c.place > limits.letters, placed.c.held_bytes > limits.total_bytes)
    return select(placed.c.id, placed.c.last_at, placed.c.times).where(is_beyond).limit(CHUNK)


def _doomed(after_id: int, through_id: int) -> Select[int]:
    rests_on = exists().where(Flag.other_passage_id == Passage.id)  # a passage with a flag of its own is not legal
    in_range = and_(Passage.id > after_id, Passage.id <= through_id)
    return select(Passage.id).where(in_range, Passage.verdict == Verdict.LEGAL, ~rests_on)
