"""Sign-in, sign-out, and the officer's own password."""

import secrets
from dataclasses import dataclass, field
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from registry_server.audit.service import Act
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.errors import FieldProblem
from registry_server.people import service, sign_in
from registry_server.people.models import Officer
from registry_server.people.passwords import matches
from registry_server.people.queries import find_officer
from registry_server.web import csrf, pages
from registry_server.web.deps import AppSettings, ClientAddress, Now, Posted, RegistryDatabase, SignedIn, WriteSession, cookie_name, require
from registry_server.web.errors import problem_sentences
from registry_server.web.formats import digits
from registry_server.web.kept_forms import unseal

router = APIRouter()
TOKEN_BYTES = 32
AnyOfficer = Annotated[SignedIn, Depends(require())]


@dataclass(frozen=True, slots=True)
class Credentials:
    attempt: sign_in.Attempt
    password: str = field(repr=False)


def credentials(request: Request, form: Posted, address: ClientAddress, at: Now) -> Credentials:
    """From our own sign-in page only: no other site may sign somebody in (the form repeats the token of its cookie)."""
    csrf.check_origin(request)
    csrf.check_token(request.cookies.get(pages.FORM_COOKIE, ""), form.get("form_token", ""))
    name = service.sign_in_name_of(form.get("sign_in_name", ""))
    return Credentials(sign_in.Attempt(name, address, at), form.get("password", ""))


@router.get("/sign-in")
def show_sign_in(request: Request, next: str = "/", late: str = "") -> Response:  # noqa: A002 — the name in the address
    return pages.sign_in_page(request, next=pages.local_path(next), is_late=late == "1")


@router.post("/session")
def stay_signed_in(request: Request, signed_in: AnyOfficer) -> JSONResponse:
    """Asking is use. For a page whose officer types for long: when the session ends now."""
    return JSONResponse({"ends_at": signed_in.session.ends_at.isoformat(), "text": pages.session_text(request, signed_in)})


@router.post("/sign-in")
def do_sign_in(request: Request, form: Posted, database: RegistryDatabase, given: Annotated[Credentials, Depends(credentials)]) -> Response:
    """Two short units of work, so that hashing the password holds no lock."""
    with database.write() as session:
        pause = sign_in.begin_attempt(session, given.attempt)
        known = find_officer(session, given.attempt.sign_in_name)
    if pause:
        seconds = ceil(pause.total_seconds())
        answer = _refused(request, form, 429, "sign_in_wait", seconds=digits(seconds, pages.language_of(request)))
        answer.headers["Retry-After"] = str(seconds)
        return answer
    officer = sign_in.officer_with_password(known, given.password)
    if officer is None:
        with database.write() as session:
            sign_in.refuse_sign_in(session, known, given.attempt)
        return _refused(request, form, 422, "sign_in_refused")
    return _welcome(request, form, officer, _open(database, officer, given))


@router.post("/sign-out")
def do_sign_out(request: Request, session: WriteSession, signed_in: AnyOfficer, settings: AppSettings, now: Now) -> Response:
    sign_in.close_session(session, request.cookies[cookie_name(settings)], signed_in.act(now))
    response = pages.redirect("/sign-in")
    response.delete_cookie(cookie_name(settings), secure=settings.cookie_secure, httponly=True, samesite="lax")
    return response


@router.get("/password")
def show_password(request: Request, signed_in: AnyOfficer) -> Response:
    return pages.page(request, signed_in, "people/password.html", problems={})


@router.post("/password")
def change_password(
    request: Request, database: RegistryDatabase, signed_in: AnyOfficer, form: Posted, address: ClientAddress, now: Now
) -> Response:
    """Ends every session of the officer and opens a new one here: whoever else was signed in with the old password is out.

    Short units of work, so that hashing holds no lock. A wrong old password is a guess like one at the gate: counted with them, and made
    to wait.
    """
    attempt = sign_in.Attempt(signed_in.sign_in_name, address, now)
    with database.write(signed_in.authority_id) as session:
        pause = sign_in.begin_attempt(session, attempt)
        officer = session.get_one(Officer, signed_in.officer_id)
    if pause:
        return _password_wait(request, signed_in, ceil(pause.total_seconds()))
    if not matches(form.get("old_password", ""), officer.password_hash):
        with database.write(signed_in.authority_id) as session:
            sign_in.refuse_old_password(session, officer, attempt)
        return _password_again(request, signed_in, FieldProblem("old_password", "password_wrong"))
    with database.write(signed_in.authority_id) as session:
        sign_in.forget_failures(session, attempt)
    try:
        password_hash = _chosen(officer, form)
        with database.write(signed_in.authority_id) as session:
            new = _change_password(session, officer, password_hash, signed_in.act(now))
    except FieldProblem as problem:
        return _password_again(request, signed_in, problem)
    return _with_cookie(request, pages.redirect("/"), new)


def _chosen(officer: Officer, form: dict[str, str]) -> str:
    """The hash of the new password. Raises FieldProblem."""
    if form.get("password", "") != form.get("password_again", ""):
        raise FieldProblem("password_again", "password_differs")
    return service.hash_own_password(officer, form.get("password", ""))


def _change_password(session: Session, known: Officer, password_hash: str, act: Act) -> sign_in.NewSession:
    """Raises FieldProblem if the old password was replaced since it was looked at."""
    officer = session.get_one(Officer, known.id)
    if officer.password_hash != known.password_hash:
        raise FieldProblem("old_password", "password_wrong")
    service.change_own_password(session, officer, password_hash, act)
    new = _drawn()
    sign_in.open_session(session, officer, new, act.at)
    return new


def _password_again(request: Request, signed_in: SignedIn, problem: FieldProblem) -> Response:
    return pages.page(request, signed_in, "people/password.html", 422, problems=problem_sentences(request, problem))


def _password_wait(request: Request, signed_in: SignedIn, seconds: int) -> Response:
    sentence = pages.say(request, "error.sign_in_wait", seconds=digits(seconds, pages.language_of(request)))
    answer = pages.page(request, signed_in, "people/password.html", 429, problems={"old_password": sentence})
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _open(database: Database, officer: Officer, given: Credentials) -> sign_in.NewSession:
    new, better = _drawn(), sign_in.find_better_hash(officer, given.password)
    with database.write() as session:
        sign_in.complete_attempt(session, officer, new, given.attempt)
        if better:
            sign_in.renew_hash(session, officer, better)
    return new


def _drawn() -> sign_in.NewSession:
    return sign_in.NewSession(secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES))


def _welcome(request: Request, form: dict[str, str], officer: Officer, new: sign_in.NewSession) -> Response:
    """To the page that was asked for; to the form that was sent too late, if the same officer is back."""
    kept = unseal(form["kept"], officer.id, request.app.state.secrets) if form.get("kept") else None
    if kept and not officer.must_change_password:
        answer: Response = pages.page(request, None, "people/kept_form.html", kept=kept, new_csrf_token=new.csrf_token)
    else:
        answer = pages.redirect(pages.local_path(form.get("next", "/")))
    return _with_cookie(request, answer, new)


def _with_cookie(request: Request, response: Response, new: sign_in.NewSession) -> Response:
    settings: Settings = request.app.state.settings
    response.set_cookie(cookie_name(settings), new.token, httponly=True, samesite="lax", secure=settings.cookie_secure)
    return response


def _refused(request: Request, form: dict[str, str], status: int, code: str, **facts: object) -> Response:
    """What was typed stays, but for the password."""
    shown = {name: form.get(name, "") for name in ("sign_in_name", "next", "kept")}
    sentence = pages.say(request, f"error.{code}", **facts)
    return pages.sign_in_page(request, status, problems={"sign_in_name": sentence}, **shown)
