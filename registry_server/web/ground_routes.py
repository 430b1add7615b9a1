"""Home, language, static files, and what a supervisor of processes asks."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from registry_server.db import is_reachable
from registry_server.schema import is_current
from registry_server.web import pages
from registry_server.web.deps import Now, ReadSession, RegistryDatabase, SignedIn, require
from registry_server.web.navigation import places_for
from registry_server.web.texts import Language

router = APIRouter()
LANGUAGE_KEPT_S = 400 * 24 * 3600


@router.get("/")
def home(request: Request, session: ReadSession, signed_in: Annotated[SignedIn, Depends(require())], now: Now) -> Response:
    cards = [(place, place.count(session, now) if place.count else None) for place in places_for(request.app.state.places, signed_in.role)]
    return pages.page(request, signed_in, "ground/home.html", cards=cards)


@router.get("/shortcuts")
def shortcuts(request: Request, signed_in: Annotated[SignedIn, Depends(require())]) -> Response:
    return pages.page(request, signed_in, "ground/shortcuts.html")


@router.get("/language/{language}")
def choose_language(request: Request, language: Language, next: str = "/") -> Response:  # noqa: A002 — the name in the address
    response = pages.redirect(pages.local_path(next))
    is_secure = request.app.state.settings.cookie_secure
    response.set_cookie(pages.LANGUAGE_COOKIE, language, max_age=LANGUAGE_KEPT_S, samesite="lax", secure=is_secure, httponly=True)
    return response


@router.get("/static/{version}/{name:path}")
def static_file(request: Request, version: str, name: str) -> Response:
    response: Response = request.app.state.static_files.respond(version, name, request)
    return response


@router.get("/favicon.ico")
def icon(request: Request) -> Response:
    """Browsers ask here for documents that name no icon, such as a PDF."""
    return RedirectResponse(request.app.state.static_files.url("ebike.svg"), 301)


@router.get("/healthz")
def is_alive() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def is_ready(database: RegistryDatabase) -> PlainTextResponse:
    """503 until the database answers and has this program's schema."""
    if not is_reachable(database):
        return PlainTextResponse("the database does not answer\n", 503)
    if not is_current(database):
        return PlainTextResponse("the database does not have this version's schema\n", 503)
    return PlainTextResponse("ok\n")
