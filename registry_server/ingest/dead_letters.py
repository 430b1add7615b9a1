"""Messages that could not be taken, kept with the reason (for how long: `forgetting`)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from registry_server.errors import NotFound
from registry_server.ingest.envelope import Unreadable
from registry_server.sightings.models import DeadLetter, DeadLetterCount
from schemas.messages import MAX_MESSAGE_BYTES

TOPIC_CHARS = 400


@dataclass(frozen=True, slots=True)
class Letter:
    """One that is kept, without its bytes."""

    id: int
    at: datetime
    last_at: datetime
    times: int
    bytes: int
    topic: str
    reason: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many of a day are not kept any more."""

    last_on: date
    letters: int
    messages: int


def keep(session: Session, unreadable: Unreadable, now: datetime) -> None:
    """One row for the same bytes on the same topic, however often they come. Of an oversized message the beginning is kept."""
    delivery = unreadable.delivery
    again = update(DeadLetter).where(DeadLetter.sha256 == delivery.sha256).values(last_at=now, times=DeadLetter.times + 1)
    if session.execute(again).rowcount:  # type: ignore[attr-defined]  # an update's result has it; the stubs say Result
        return
    session.add(
        DeadLetter(
            sha256=delivery.sha256,
            topic=_plain_text(delivery.topic)[:TOPIC_CHARS],
            payload=delivery.payload[:MAX_MESSAGE_BYTES],
            reason=_plain_text(unreadable.reason),
            at=now,
            last_at=now,
            times=1,
        )
    )
    session.flush()


def newest(session: Session, most: int) -> list[Letter]:
    """The one that came last first."""
    size = func.length(DeadLetter.payload)
    columns = select(DeadLetter.id, DeadLetter.at, DeadLetter.last_at, DeadLetter.times, size, DeadLetter.topic, DeadLetter.reason)
    rows = session.execute(columns.order_by(DeadLetter.last_at.desc(), DeadLetter.id.desc()).limit(most))
    return [Letter(*row) for row in rows]


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(DeadLetter)) or 0


def forgotten(session: Session) -> list[Forgotten]:
    """The newest day first."""
    columns = select(DeadLetterCount.last_on, DeadLetterCount.letters, DeadLetterCount.messages)
    return [Forgotten(*row) for row in session.execute(columns.order_by(DeadLetterCount.last_on.desc()))]


def get_payload(session: Session, letter_id: int) -> bytes:
    """Raises NotFound."""
    payload = session.scalar(select(DeadLetter.payload).where(DeadLetter.id == letter_id))
    if payload is None:
        raise NotFound("dead letter", letter_id)
    return payload


def _plain_text(text: str) -> str:
    """PostgreSQL stores no NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
