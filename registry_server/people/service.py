"""Officers: added, given a password, disabled."""

import re
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from registry_server.audit.service import Act, record
from registry_server.errors import Conflict, FieldProblem
from registry_server.people.bangla import clean_text
from registry_server.people.models import Officer, Role
from registry_server.people.passwords import check_new_password, hash_password, matches
from registry_server.people.queries import is_name_taken
from registry_server.people.sign_in import end_sessions

MAX_FULL_NAME = 120
SIGN_IN_NAME = re.compile(r"[a-z][a-z0-9._-]{2,39}")


@dataclass(frozen=True, slots=True)
class NewOfficer:
    sign_in_name: str
    full_name: str
    role: Role
    password_hash: str = field(repr=False)
    """Of a one-time password: the officer must choose their own at the first sign-in."""


def sign_in_name_of(typed: str) -> str:
    """However it was typed: `Rahim ` is `rahim`."""
    return typed.strip().lower()


def add_officer(session: Session, new: NewOfficer, act: Act) -> Officer:
    """Raises FieldProblem for a name that cannot be one, Conflict `officer_exists` for one that is taken."""
    name = sign_in_name_of(new.sign_in_name)
    if not SIGN_IN_NAME.fullmatch(name):
        raise FieldProblem("sign_in_name", "sign_in_name_form", new.sign_in_name)
    full_name = _full_name(new.full_name)
    if is_name_taken(session, name):
        raise Conflict("officer_exists", name=name)
    officer = Officer(
        authority_id=act.authority_id,
        sign_in_name=name,
        full_name=full_name,
        role=new.role,
        password_hash=new.password_hash,
        must_change_password=True,
        is_disabled=False,
        created_at=act.at,
    )
    session.add(officer)
    session.flush()
    record(session, act, "officer:add", name, role=new.role)
    return officer


def change_officer(session: Session, officer: Officer, full_name: str, role: Role, act: Act) -> bool:
    """Whether anything changed. A new role begins with a new sign-in: what is open under the old one ends.

    Raises FieldProblem; Conflict `own_officer` for an administrator who would give up the role.
    """
    name, old = _full_name(full_name), Role(officer.role)
    changed = {
        field: [before, after] for field, before, after in (("full_name", officer.full_name, name), ("role", old, role)) if before != after
    }
    if not changed:
        return False
    if role is not old:
        refuse_own(officer, act)
        end_sessions(session, officer.id)
    officer.full_name, officer.role = name, role
    record(session, act, "officer:change", officer.sign_in_name, changed=changed)
    return True


def refuse_own(officer: Officer, act: Act) -> None:
    """Nobody shuts themselves out, so that an administrator always remains. Raises Conflict `own_officer`."""
    if officer.sign_in_name == act.by:
        raise Conflict("own_officer")


def hash_own_password(officer: Officer, password: str) -> str:
    """Of the officer's own choice. Raises FieldProblem if it is a poor one, or the one that the officer has.

    Outside a unit of work, as all hashing.
    """
    check_new_password(password, officer.sign_in_name)
    if matches(password, officer.password_hash):
        raise FieldProblem("password", "password_same")
    return hash_password(password)


def change_own_password(session: Session, officer: Officer, password_hash: str, act: Act) -> None:
    """What `hash_own_password` gave. All sessions of the officer end."""
    _set_password(session, officer, password_hash, must_change=False)
    record(session, act, "officer:password:change", officer.sign_in_name)


def give_one_time_password(session: Session, officer: Officer, password_hash: str, act: Act) -> None:
    """For an officer who forgot theirs. All sessions of the officer end; the next sign-in asks for a new password."""
    _set_password(session, officer, password_hash, must_change=True)
    record(session, act, "officer:password:reset", officer.sign_in_name)


def disable_officer(session: Session, officer: Officer, act: Act) -> None:
    """Signed out everywhere at once, and no way in any more. Never deleted: the log names them."""
    officer.is_disabled = True
    end_sessions(session, officer.id)
    record(session, act, "officer:disable", officer.sign_in_name)


def enable_officer(session: Session, officer: Officer, act: Act) -> None:
    officer.is_disabled = False
    record(session, act, "officer:enable", officer.sign_in_name)


def _full_name(typed: str) -> str:
    name = clean_text("full_name", typed, MAX_FULL_NAME)
    if not name:
        raise FieldProblem("full_name", "full_name_missing")
    return name


def _set_password(session: Session, officer: Officer, password_hash: str, *, must_change: bool) -> None:
    officer.password_hash = password_hash
    officer.must_change_password = must_change
    end_sessions(session, officer.id)
