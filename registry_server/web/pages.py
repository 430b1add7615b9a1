"""Turning values into pages. One door to Jinja."""

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse, RedirectResponse

from registry_server.web import formats
from registry_server.web.deps import SignedIn
from registry_server.web.navigation import place_of, places_for
from registry_server.web.texts import Language, Texts

TEMPLATES_DIR = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "language"
FORM_COOKIE = "ebike-form"


def page(request: Request, signed_in: SignedIn | None, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page.

    Besides `context` the template has the names of `request_facts` and the filters of `FILTERS`.
    """
    language = language_of(request)
    body = request.app.state.templates.get_template(template).render(
        request_facts(request, signed_in, language) | context,
    )
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store", "Content-Language": language})


def fragment(request: Request, signed_in: SignedIn | None, template: str, **context: Any) -> str:
    """A piece of a page as text, for server-sent events and htmx swaps."""
    body: str = request.app.state.templates.get_template(template).render(request_facts(request, signed_in, language_of(request)) | context)
    return body


def redirect(url: str) -> RedirectResponse:
    """303: the browser asks the new address with GET, so that reloading sends no form twice."""
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})


def language_of(request: Request) -> Language:
    return Language.EN if request.cookies.get(LANGUAGE_COOKIE) == Language.EN else Language.BN


def say(request: Request, key: str, /, **facts: object) -> str:
    """A sentence in the reader's language, for Python code of routes."""
    return texts_of(request).say(language_of(request), key, **facts)


def texts_of(request: Request) -> Texts:
    texts: Texts = request.app.state.texts
    return texts


def local_path(target: str, otherwise: str = "/") -> str:
    """A path of this site, or `otherwise`: a link must not lead a signed-in officer to a stranger's site."""
    parts = urlsplit(target)
    is_ours = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_ours and target.isprintable() and "\\" not in target else otherwise


def sign_in_url(target: str) -> str:
    return f"/sign-in?next={quote(target)}"


def sign_in_page(request: Request, status: int = 200, **context: Any) -> HTMLResponse:
    """The form to sign in, with a fresh double-submit token. `kept` is a sealed form to be sent afterwards."""
    facts: dict[str, Any] = {"next": "/", "sign_in_name": "", "problems": {}, "kept": "", "is_late": False, "is_lost": False}
    form_token = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    response = page(request, None, "people/sign_in.html", status, **(facts | context | {"form_token": form_token}))
    is_secure = request.app.state.settings.cookie_secure
    response.set_cookie(FORM_COOKIE, form_token, httponly=True, samesite="strict", secure=is_secure)
    return response


def session_text(request: Request, signed_in: SignedIn, *, is_live: bool = False) -> str:
    """When the officer will be signed out. A live page's stream goes on without use: there only the last moment counts."""
    end = signed_in.session
    is_last = is_live or end.ends_at == end.last_at
    at = formats.time_of_day(end.last_at if is_last else end.ends_at, language_of(request))
    return say(request, "people.session_last" if is_last else "people.session_ends", at=at)


def request_facts(request: Request, signed_in: SignedIn | None, language: Language) -> dict[str, Any]:
    state = request.app.state
    places = places_for(state.places, signed_in.role) if signed_in and not signed_in.must_change_password else []
    return {
        "t": partial(state.texts.say, language),
        "language": language,
        "now": state.clock.now(),
        "signed_in": signed_in,
        "csrf_token": signed_in.csrf_token if signed_in else "",
        "path": request.url.path,
        "here": quote(here(request)),
        "places": places,
        "place_here": place_of(request.url.path, places),
        "static": state.static_files.url,
        "has_search": state.has_search,
        "session_text": partial(session_text, request, signed_in) if signed_in else None,
    }


def here(request: Request) -> str:
    """The page to come back to after the language is switched; a form that was posted is shown at its own address by GET."""
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _in_language(function: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def filtered(context: Context, value: Any, **options: Any) -> str:
        return "" if value is None else function(value, language=context["language"], **options)

    return filtered


@pass_context
def _ago(context: Context, at: Any) -> str:
    return formats.ago(at, context["now"], context["language"])


FILTERS: dict[str, Callable[..., str]] = {
    "digits": _in_language(formats.digits),
    "date": _in_language(formats.day),
    "time": _in_language(formats.time_of_day),
    "moment": _in_language(formats.moment),
    "grouped": _in_language(formats.grouped),
    "money": _in_language(formats.money),
    "fiscal_year": _in_language(formats.fiscal_year),
    "ago": _ago,
}


def environment() -> Environment:
    """Autoescape for every file, and an error for every unknown name."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES_DIR), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= FILTERS
    return made
