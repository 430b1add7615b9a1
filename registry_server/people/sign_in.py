"""Signing in and staying signed in. The token is in the officer's cookie only; here is its hash."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from registry_server.audit.service import Act, record
from registry_server.people.models import Officer, OfficerSession, SignInAttempt
from registry_server.people.passwords import hash_password, is_outdated, matches
from registry_server.people.throttle import WINDOW, Failures, counted_address, wait
from registry_server.secrets_box import token_hash

TOUCH_AFTER = timedelta(minutes=1)
"""How exactly the last use is kept: a write for every page would make readers wait."""
KEPT_AFTER_END = timedelta(days=2)
"""A session that ran out is remembered this long, so that a form sent too late finds its officer again."""
NAME_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Attempt:
    sign_in_name: str
    address: str
    """As `throttle.canonical_address` gives it."""
    at: datetime

    @property
    def counted_name(self) -> str:
        return self.sign_in_name[:NAME_CHARACTERS]

    @property
    def counted_address(self) -> str:
        return counted_address(self.address)


@dataclass(frozen=True, slots=True)
class NewSession:
    """What is drawn for a new sign-in: 256 bits each, by the caller."""

    token: str = field(repr=False)
    csrf_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionAge:
    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """When a session ends: after idling, and in any case."""

    idle_at: datetime
    last_at: datetime

    @property
    def ends_at(self) -> datetime:
        return min(self.idle_at, self.last_at)


def begin_attempt(session: Session, attempt: Attempt) -> timedelta:
    """Count the attempt as failed until it succeeds, and say how long this one must wait. A waiting attempt is not counted.

    It is counted before the password is looked at, so that many attempts at once do not all slip through.
    """
    session.execute(delete(SignInAttempt).where(SignInAttempt.at < attempt.at - WINDOW))
    pause = wait(_failures(session, attempt), attempt.at)
    if not pause:
        session.add(SignInAttempt(sign_in_name=attempt.counted_name, address=attempt.counted_address, at=attempt.at))
    return pause


def officer_with_password(officer: Officer | None, password: str) -> Officer | None:
    """The officer if this is their password and they may sign in. Takes as long for a name that nobody has."""
    is_right = matches(password, officer.password_hash if officer else None)
    return officer if officer and is_right and not officer.is_disabled else None


def complete_attempt(session: Session, officer: Officer, new: NewSession, attempt: Attempt) -> None:
    """A sign-in that succeeded: a new session, the failures of this name at this address forgotten, old sessions swept away."""
    forget_failures(session, attempt)
    session.execute(update(Officer).where(Officer.id == officer.id).values(last_sign_in_at=attempt.at))
    session.execute(delete(OfficerSession).where(OfficerSession.created_at < attempt.at - KEPT_AFTER_END))
    open_session(session, officer, new, attempt.at)
    record(
        session,
        Act(officer.authority_id, officer.sign_in_name, attempt.at),
        "officer:sign-in",
        officer.sign_in_name,
        address=attempt.address,
    )


def forget_failures(session: Session, attempt: Attempt) -> None:
    """The right password was given: what this name got wrong at this place no longer counts."""
    mine = SignInAttempt.sign_in_name == attempt.counted_name, SignInAttempt.address == attempt.counted_address
    session.execute(delete(SignInAttempt).where(*mine))


def open_session(session: Session, officer: Officer, new: NewSession, at: datetime) -> None:
    session.add(
        OfficerSession(token_hash=token_hash(new.token), officer_id=officer.id, csrf_token=new.csrf_token, created_at=at, last_used_at=at)
    )


def find_better_hash(officer: Officer, password: str) -> str | None:
    """Of the same password, if the parameters have been raised since. Outside a unit of work, as all hashing."""
    return hash_password(password) if is_outdated(officer.password_hash) else None


def renew_hash(session: Session, officer: Officer, better: str) -> None:
    """Unless the password was changed meanwhile."""
    is_the_same = Officer.id == officer.id, Officer.password_hash == officer.password_hash
    session.execute(update(Officer).where(*is_the_same).values(password_hash=better))


def refuse_sign_in(session: Session, officer: Officer | None, attempt: Attempt) -> None:
    """Write down a refused sign-in of an officer who exists; a name that nobody has belongs to no authority's log."""
    if officer:
        act = Act(officer.authority_id, officer.sign_in_name, attempt.at)
        record(session, act, "officer:sign-in-refused", officer.sign_in_name, address=attempt.address)


def refuse_old_password(session: Session, officer: Officer, attempt: Attempt) -> None:
    """Somebody who is signed in as the officer does not know the password."""
    act = Act(officer.authority_id, officer.sign_in_name, attempt.at)
    record(session, act, "officer:password:refuse", officer.sign_in_name, address=attempt.address)


def find_session(session: Session, token: str, now: datetime, age: SessionAge) -> tuple[OfficerSession, Officer] | None:
    """The living session of a cookie's token and its officer."""
    row = session.execute(
        select(OfficerSession, Officer)
        .join(Officer, Officer.id == OfficerSession.officer_id)
        .where(OfficerSession.token_hash == token_hash(token), Officer.is_disabled.is_(False))
    ).one_or_none()
    if row is None:
        return None
    signed_in, officer = row
    is_alive = now - signed_in.last_used_at < age.idle and now - signed_in.created_at < age.absolute
    return (signed_in, officer) if is_alive else None


def find_past_officer_id(session: Session, token: str) -> int | None:
    """Whose session this was, though it has run out."""
    return session.scalars(select(OfficerSession.officer_id).where(OfficerSession.token_hash == token_hash(token))).one_or_none()


def end_of(signed_in: OfficerSession, used_at: datetime, age: SessionAge) -> SessionEnd:
    return SessionEnd(used_at + age.idle, signed_in.created_at + age.absolute)


def needs_touch(signed_in: OfficerSession, now: datetime) -> bool:
    return now - signed_in.last_used_at >= TOUCH_AFTER


def touch_session(session: Session, token: str, now: datetime) -> None:
    session.execute(update(OfficerSession).where(OfficerSession.token_hash == token_hash(token)).values(last_used_at=now))


def close_session(session: Session, token: str, act: Act) -> None:
    session.execute(delete(OfficerSession).where(OfficerSession.token_hash == token_hash(token)))
    record(session, act, "officer:sign-out", act.by)


def end_sessions(session: Session, officer_id: int) -> None:
    """All of an officer's sign-ins end at once."""
    session.execute(delete(OfficerSession).where(OfficerSession.officer_id == officer_id))


def _failures(session: Session, attempt: Attempt) -> Failures:
    counted = select(func.count(), func.max(SignInAttempt.at)).where(
        SignInAttempt.address == attempt.counted_address, SignInAttempt.at >= attempt.at - WINDOW
    )
    pair, pair_last = session.execute(counted.where(SignInAttempt.sign_in_name == attempt.counted_name)).one()
    address, address_last = session.execute(counted).one()
    return Failures(pair, pair_last, address, address_last)
