"""Looking for officers."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.errors import NotFound
from registry_server.people.models import Officer


def find_officer(session: Session, sign_in_name: str) -> Officer | None:
    return session.scalars(select(Officer).where(Officer.sign_in_name == sign_in_name)).one_or_none()


def get_officer(session: Session, sign_in_name: str) -> Officer:
    officer = find_officer(session, sign_in_name)
    if officer is None:
        raise NotFound("officer", sign_in_name)
    return officer


def get_officer_by_id(session: Session, officer_id: int) -> Officer:
    officer = session.scalars(select(Officer).where(Officer.id == officer_id)).one_or_none()
    if officer is None:
        raise NotFound("officer", officer_id)
    return officer


def officers_of(session: Session) -> list[Officer]:
    """Of the session's authority: who may sign in first, by name."""
    return list(session.scalars(select(Officer).order_by(Officer.is_disabled, Officer.full_name, Officer.id)))


def is_name_taken(session: Session, sign_in_name: str) -> bool:
    """In whatever authority: a name signs in to one only. By the plain table, which no session filters."""
    officers = Officer.__table__.c
    return session.scalar(select(officers.id).where(officers.sign_in_name == sign_in_name)) is not None
