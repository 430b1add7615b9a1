"""Refusals and failures as pages: a status, what happened, what became of the form, whom to ask. Never a stack trace."""

from datetime import date
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from registry_server.errors import Conflict, FieldProblem, FieldProblems, MoveRefused, NotAllowed, NotFound, RegistryError, SetupError
from registry_server.web import csrf, kept_forms, pages
from registry_server.web.csrf import SAFE_METHODS, Forged
from registry_server.web.deps import PasswordChangeNeeded, SignedIn, SignInNeeded, cookie_name, find_signed_in
from registry_server.web.formats import day, digits
from registry_server.web.middleware import security_headers
from registry_server.web.texts import Language

log = structlog.get_logger()

HTTP_STATUS: dict[type[RegistryError], int] = {
    NotFound: 404,
    MoveRefused: 409,
    Conflict: 409,
    NotAllowed: 403,
    Forged: 403,
    FieldProblem: 422,
    FieldProblems: 422,
    SetupError: 503,
}
PAGE_STATUSES = frozenset({400, 403, 404, 405, 409, 413, 422, 429, 500, 503})
"""Each has `errors.<status>.title` and `.text`; any other is shown as 500 or 400."""
NAVIGABLE = frozenset({404, 405})
"""No route looked who asks; the page still shows the officer's navigation."""
NOT_A_PAGE = ("text/event-stream", "application/json")


def install(app: FastAPI) -> None:
    app.add_exception_handler(SignInNeeded, _ask_to_sign_in)
    app.add_exception_handler(PasswordChangeNeeded, _ask_for_new_password)
    app.add_exception_handler(RegistryError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_malformed)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _fail)


def refusal_sentence(request: Request, error: RegistryError) -> str | None:
    """`error.<code>` in the reader's language with the error's facts; None if the kind of refusal has no sentence of its own."""
    code, facts = _code_and_facts(error)
    key = f"error.{code}"
    return pages.say(request, key, **_localised(request, facts)) if code and pages.texts_of(request).has(key) else None


def problem_sentences(request: Request, error: FieldProblem | FieldProblems) -> dict[str, str]:
    """Field name -> sentence, for a form that is shown again. The first problem of a field counts."""
    problems = error.problems if isinstance(error, FieldProblems) else [error]
    sentences: dict[str, str] = {}
    for problem in problems:
        sentences.setdefault(
            problem.field, pages.say(request, f"error.{problem.code}", found=problem.found, **_localised(request, problem.facts))
        )
    return sentences


def error_page(request: Request, status: int, sentence: str | None = None) -> Response:
    """The page of a status; JSON for a program, a bare status for a live stream."""
    if request.headers.get("accept", "").startswith(NOT_A_PAGE):
        return JSONResponse({"status": status, "detail": sentence or HTTPStatus(status).phrase}, status)
    shown = status if status in PAGE_STATUSES else 500 if status > 500 else 400
    signed_in: SignedIn | None = getattr(request.state, "signed_in", None)
    was_posted = request.method not in SAFE_METHODS
    return pages.page(request, signed_in, "ground/error.html", status, shown=shown, sentence=sentence, was_posted=was_posted)


def _code_and_facts(error: RegistryError) -> tuple[str, dict[str, str]]:
    match error:
        case Conflict():
            return error.code, error.facts
        case FieldProblem():
            return error.code, {**error.facts, "found": error.found}
        case MoveRefused():
            return "move_refused", {"key": error.key}
        case _:
            return "", {}


def _localised(request: Request, facts: dict[str, str]) -> dict[str, str]:
    """Plain numbers and days as the reader writes them; what was typed, names and codes as they are."""
    language = pages.language_of(request)
    return {name: _localised_fact(fact, language) for name, fact in facts.items()}


def _localised_fact(fact: str, language: Language) -> str:
    if fact.isdecimal():
        return digits(fact, language)
    try:
        return day(date.fromisoformat(fact), language)
    except ValueError:
        return fact


def _status_of(error: RegistryError) -> int:
    return next(status for kind in type(error).__mro__ if (status := HTTP_STATUS.get(kind, 409 if kind is RegistryError else 0)))


def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, RegistryError)
    status = _status_of(error)
    if status >= 500:
        log.error("a page cannot be served", method=request.method, path=request.url.path, reason=str(error))
    return error_page(request, status, refusal_sentence(request, error))


def _refuse_malformed(request: Request, error: Exception) -> Response:
    """An address whose parts cannot be read names nothing; a form that our page could not have sent is malformed."""
    assert isinstance(error, RequestValidationError)
    in_path = any(problem["loc"][:1] == ("path",) for problem in error.errors())
    return error_page(request, 404 if in_path else 422)


def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in NAVIGABLE:
        state = request.app.state
        request.state.signed_in = find_signed_in(request, state.database, state.settings, state.clock.now())
    response = error_page(request, error.status_code)
    response.headers.update(error.headers or {})
    return response


def _fail(request: Request, error: Exception) -> Response:
    """Starlette asks for this answer outside of all middleware: it must bring its headers itself."""
    log.error("a page failed", method=request.method, path=request.url.path, exc_info=error)
    response = error_page(request, 500)
    response.headers.update(security_headers(https_only=request.app.state.settings.cookie_secure))
    return response


async def _ask_to_sign_in(request: Request, _error: Exception) -> Response:
    """A page leads to sign-in and back; a form of ours is kept in the sign-in page; a program is told plainly. What htmx fetches is a part
    of a page that may hold a form: `ebike.js` has that kept before the page is left.
    """
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Trigger": "session-over"})
    if request.headers.get("accept", "").startswith(NOT_A_PAGE):
        return error_page(request, 401)
    if request.method in SAFE_METHODS:
        return pages.redirect(pages.sign_in_url(pages.here(request)))
    form = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    token = request.cookies.get(cookie_name(request.app.state.settings))
    may_keep = csrf.is_from_our_site(request) and not any("password" in name for name, _ in form)
    kept = await run_in_threadpool(kept_forms.seal, request, form, token) if may_keep else ""
    return pages.sign_in_page(request, status=401, kept=kept, is_late=True, is_lost=not kept)


def _ask_for_new_password(request: Request, _error: Exception) -> Response:  # noqa: ARG001 — Starlette's signature
    return pages.redirect("/password")
