"""The administrator's pages for officers: who may sign in and as what, first passwords, who is shut out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from registry_server.errors import Conflict, FieldProblem
from registry_server.people import service
from registry_server.people.models import Officer, Role
from registry_server.people.passwords import hash_password, one_time_password
from registry_server.people.queries import get_officer_by_id, officers_of
from registry_server.web import pages
from registry_server.web.deps import Now, Posted, ReadSession, RecordId, RegistryDatabase, SignedIn, WriteSession, require
from registry_server.web.errors import problem_sentences, refusal_sentence
from registry_server.web.navigation import Place

PLACES = (Place("/officers", "people.officers_nav", frozenset({Role.ADMINISTRATOR})),)
DONE = frozenset({"changed", "unchanged", "disabled", "enabled"})
NOTHING_TYPED = {"sign_in_name": "", "full_name": "", "role": ""}
Administrator = Annotated[SignedIn, Depends(require(Role.ADMINISTRATOR))]
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Visit:
    """The administrator who asks, and the request."""

    request: Request
    session: Session
    signed_in: SignedIn


@router.get("/officers")
def show_officers(request: Request, session: ReadSession, signed_in: Administrator) -> Response:
    return pages.page(request, signed_in, "people/officers.html", officers=officers_of(session))


@router.get("/officers/new")
def show_new_officer(request: Request, signed_in: Administrator) -> Response:
    return _new_page(request, signed_in, {})


@router.post("/officers")
def add_officer(request: Request, database: RegistryDatabase, signed_in: Administrator, form: Posted, now: Now) -> Response:
    """The one-time password stands in this answer and nowhere else."""
    password = one_time_password()
    try:
        new = service.NewOfficer(form.get("sign_in_name", ""), form.get("full_name", ""), _role(form), hash_password(password))
        with database.write(signed_in.authority_id) as session:
            officer = service.add_officer(session, new, signed_in.act(now))
    except FieldProblem as problem:
        return _new_page(request, signed_in, form, problem_sentences(request, problem))
    except Conflict as taken:
        return _new_page(request, signed_in, form, {"sign_in_name": refusal_sentence(request, taken) or str(taken)})
    return _password_page(request, signed_in, officer, password)


@router.get("/officers/{officer_id}")
def show_officer(request: Request, session: ReadSession, signed_in: Administrator, officer_id: RecordId, done: str = "") -> Response:
    return _officer_page(Visit(request, session, signed_in), officer_id, done=done if done in DONE else "")


@router.post("/officers/{officer_id}")
def change_officer(
    request: Request, session: WriteSession, signed_in: Administrator, officer_id: RecordId, form: Posted, now: Now
) -> Response:
    officer = get_officer_by_id(session, officer_id)
    try:
        is_changed = service.change_officer(session, officer, form.get("full_name", ""), _role(form), signed_in.act(now))
    except FieldProblem as problem:
        return _officer_page(Visit(request, session, signed_in), officer_id, form, problem_sentences(request, problem))
    return pages.redirect(f"/officers/{officer_id}?done={'changed' if is_changed else 'unchanged'}")


@router.post("/officers/{officer_id}/password")
def reset_password(request: Request, database: RegistryDatabase, signed_in: Administrator, officer_id: RecordId, now: Now) -> Response:
    """For an officer who forgot theirs; who knows it changes it at /password."""
    password = one_time_password()
    password_hash = hash_password(password)
    with database.write(signed_in.authority_id) as session:
        officer = get_officer_by_id(session, officer_id)
        service.refuse_own(officer, signed_in.act(now))
        service.give_one_time_password(session, officer, password_hash, signed_in.act(now))
    return _password_page(request, signed_in, officer, password)


@router.post("/officers/{officer_id}/disabled")
def disable(session: WriteSession, signed_in: Administrator, officer_id: RecordId, now: Now) -> Response:
    return _switch(session, signed_in, officer_id, now, service.disable_officer)


@router.post("/officers/{officer_id}/enabled")
def enable(session: WriteSession, signed_in: Administrator, officer_id: RecordId, now: Now) -> Response:
    return _switch(session, signed_in, officer_id, now, service.enable_officer)


def _switch(session: Session, signed_in: SignedIn, officer_id: int, now: Now, verb: Callable[..., None]) -> Response:
    officer = get_officer_by_id(session, officer_id)
    service.refuse_own(officer, signed_in.act(now))
    verb(session, officer, signed_in.act(now))
    return pages.redirect(f"/officers/{officer_id}?done={'disabled' if officer.is_disabled else 'enabled'}")


def _role(form: dict[str, str]) -> Role:
    typed = form.get("role", "")
    if typed not in set(Role):
        raise FieldProblem("role", "role_missing", typed)
    return Role(typed)


def _roles(request: Request) -> list[tuple[str, str, str]]:
    return [(role.value, pages.say(request, f"people.role.{role}"), pages.say(request, f"people.role_may.{role}")) for role in Role]


def _new_page(request: Request, signed_in: SignedIn, typed: dict[str, str], problems: dict[str, str] | None = None) -> Response:
    facts = {"typed": NOTHING_TYPED | typed, "problems": problems or {}, "roles": _roles(request)}
    return pages.page(request, signed_in, "people/new_officer.html", 422 if problems else 200, **facts)


def _officer_page(
    visit: Visit, officer_id: int, typed: dict[str, str] | None = None, problems: dict[str, str] | None = None, done: str = ""
) -> Response:
    officer = get_officer_by_id(visit.session, officer_id)
    return pages.page(
        visit.request,
        visit.signed_in,
        "people/officer.html",
        422 if problems else 200,
        officer=officer,
        typed={"full_name": officer.full_name, "role": officer.role} | (typed or {}),
        problems=problems or {},
        roles=_roles(visit.request),
        is_own=officer.id == visit.signed_in.officer_id,
        done=done,
    )


def _password_page(request: Request, signed_in: SignedIn, officer: Officer, password: str) -> Response:
    return pages.page(request, signed_in, "people/first_password.html", officer=officer, password=password)
