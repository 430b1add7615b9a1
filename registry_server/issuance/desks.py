"""Desks: the programs beside the officers' USB readers, known by a token of which only the hash is kept."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.audit.service import Act, record
from registry_server.errors import Conflict, NotFound
from registry_server.issuance.models import Desk
from registry_server.secrets_box import token_hash

AWAKE = timedelta(seconds=90)
"""A desk that was not heard for longer is taken to be off."""


def add_desk(session: Session, name: str, token: str, *, act: Act) -> Desk:
    """`name` is a `schemas.identifiers.Name`. Raises Conflict for one that is taken."""
    if find_desk_by_name(session, act.authority_id, name) is not None:
        raise Conflict("desk_exists", name=name)
    desk = Desk(authority_id=act.authority_id, name=name, token_hash=token_hash(token), last_seen_at=None)
    session.add(desk)
    record(session, act, "desk:add", name)
    session.flush()
    return desk


def revoke_desk(session: Session, name: str, *, act: Act) -> None:
    """Its token opens nothing any more. Raises NotFound."""
    desk = find_desk_by_name(session, act.authority_id, name)
    if desk is None:
        raise NotFound("desk", name)
    desk.is_revoked = True
    record(session, act, "desk:revoke", name)


def find_desk_by_name(session: Session, authority_id: int, name: str) -> Desk | None:
    return session.scalars(select(Desk).where(Desk.authority_id == authority_id, Desk.name == name)).one_or_none()


def find_desk(session: Session, token: str) -> Desk | None:
    """The desk that a token belongs to, unless it was revoked."""
    statement = select(Desk).where(Desk.token_hash == token_hash(token), Desk.is_revoked.is_(False))
    return session.scalars(statement).one_or_none()


def desks_of(session: Session, authority_id: int) -> list[Desk]:
    statement = select(Desk).where(Desk.authority_id == authority_id, Desk.is_revoked.is_(False)).order_by(Desk.name)
    return list(session.scalars(statement))


def note_alive(desk: Desk, at: datetime, state: str | None = None, detail: str = "") -> None:
    desk.last_seen_at = at
    if state is not None:
        desk.state, desk.detail = state[:20], detail[:300]


def is_awake(desk: Desk, at: datetime) -> bool:
    return desk.last_seen_at is not None and at - desk.last_seen_at <= AWAKE
