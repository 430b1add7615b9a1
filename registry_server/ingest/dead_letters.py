"""Messages that could not be taken, kept with the reason."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from registry_server.ingest.envelope import Unreadable
from registry_server.sightings.models import DeadLetter
from schemas.messages import MAX_MESSAGE_BYTES

TOPIC_CHARS = 400


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


def _plain_text(text: str) -> str:
    """PostgreSQL stores no NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
