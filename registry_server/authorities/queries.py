"""Looking for authorities, checkpoints and agents."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.authorities.models import Agent, Authority, Checkpoint
from registry_server.errors import NotFound


def find_authority(session: Session, slug: str) -> Authority | None:
    return session.scalars(select(Authority).where(Authority.slug == slug)).one_or_none()


def checkpoints(session: Session) -> Sequence[Checkpoint]:
    """Of the session's authority, by name."""
    return session.scalars(select(Checkpoint).order_by(Checkpoint.name_en)).all()


def get_checkpoint(session: Session, slug: str) -> Checkpoint:
    checkpoint = session.scalars(select(Checkpoint).where(Checkpoint.slug == slug)).one_or_none()
    if checkpoint is None:
        raise NotFound("checkpoint", slug)
    return checkpoint


def get_checkpoint_by_id(session: Session, checkpoint_id: int) -> Checkpoint:
    """Raises NotFound, also for one of another authority."""
    checkpoint = session.scalars(select(Checkpoint).where(Checkpoint.id == checkpoint_id)).one_or_none()
    if checkpoint is None:
        raise NotFound("checkpoint", checkpoint_id)
    return checkpoint


def get_agent(session: Session, slug: str) -> Agent:
    agent = session.scalars(select(Agent).where(Agent.slug == slug)).one_or_none()
    if agent is None:
        raise NotFound("agent", slug)
    return agent
