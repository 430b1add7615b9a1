"""Every route of every feature has a door: who may pass, only with a form of their own page."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from registry_server.app import ROUTERS
from registry_server.people.models import Role
from tests.registry_server.conftest import HOST, Browser, ClientFor, SetClock

PUBLIC = {
    "/favicon.ico": "a picture",
    "/sign-in": "nobody is signed in yet; its POST checks origin and a double-submit token of its own",
    "/language/{language}": "changes nothing but a cookie of the reader",
    "/static/{version}/{name:path}": "style sheets, scripts and fonts",
    "/V/{code}": "what the code on a plate opens for everybody with a phone: number, class, colour and standing, no person",
    "/healthz": "for the supervisor of processes; says nothing about the registry",
    "/readyz": "same",
}
OWN_DOOR = {"/desk/": "the token of a desk"}
"""Routes for programs, below a prefix, that check a credential other than the officer's cookie. Their features test them."""


LETTERS = {Role.LICENCE_OFFICER: "L", Role.CHECKPOINT_OFFICER: "C", Role.MAGISTRATE: "M", Role.ADMINISTRATOR: "A"}
WHO_MAY = """
LCMA GET  /
---- GET  /V/{code}
--MA GET  /audit
LCMA GET  /cases
LCMA GET  /cases/{case_id:int}
--M- POST /cases/{case_id:int}/withdrawal
---- POST /desk/v1/alive
---- POST /desk/v1/jobs/next
---- POST /desk/v1/jobs/{job}/encoded
---- POST /desk/v1/jobs/{job}/failed
L--A GET  /desks
---- GET  /favicon.ico
---- GET  /healthz
---- GET  /language/{language}
L--A GET  /licences
L--- POST /licences
L--- POST /licences/latin-name
L--- GET  /licences/new
LCMA GET  /licences/{licence_id}
L--- GET  /licences/{licence_id}/change/{action}
L--- POST /licences/{licence_id}/change/{action}
L--- GET  /licences/{licence_id}/correction
L--- POST /licences/{licence_id}/correction
L--- GET  /licences/{licence_id}/nid
L--- POST /licences/{licence_id}/nid
LCMA GET  /licences/{licence_id}/prints
L--- GET  /licences/{licence_id}/registered
LCMA GET  /licences/{licence_id}/tag
L--- POST /licences/{licence_id}/tag
L--- POST /licences/{licence_id}/tag/take-back
L--- GET  /licences/{licence_id}/{kind}.pdf
L--- POST /licences/{licence_id}/{kind}.pdf
---A GET  /officers
---A POST /officers
---A GET  /officers/new
---A GET  /officers/{officer_id}
---A POST /officers/{officer_id}
---A POST /officers/{officer_id}/disabled
---A POST /officers/{officer_id}/enabled
---A POST /officers/{officer_id}/password
LCMA GET  /password
LCMA POST /password
---- GET  /readyz
LCMA GET  /review
LCMA GET  /review/{group}
--M- POST /review/{group}/case
--M- POST /review/{group}/dismissal
LCMA GET  /search
LCMA POST /search
LCMA POST /session
LCMA GET  /shortcuts
---- GET  /sign-in
---- POST /sign-in
LCMA POST /sign-out
---- GET  /static/{version}/{name:path}
LCMA GET  /wall
LCMA GET  /wall/stream
LCMA GET  /wall/stream.json
"""
"""Every route and who may use it; `----` is for the public or has a door of its own. A change here is a change of rights: look twice."""
SAFE = {"GET", "HEAD"}
PARAMETER = re.compile(r"\{\w+(:\w+)?\}")


def roles_of(dependant: Dependant) -> frozenset[Role]:
    """Who passes all `require`s of a route; none if it has no `require`."""
    own: frozenset[Role] | None = getattr(dependant.call, "roles", None)
    found = [roles for inner in dependant.dependencies if (roles := roles_of(inner))] + ([own] if own else [])
    return frozenset.intersection(*found) if found else frozenset()


def routes() -> Iterator[tuple[str, APIRoute]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, route) for method in sorted(route.methods or ()))


def guarded() -> list[tuple[str, str, frozenset[Role]]]:
    """Method, address with invented ids, and who may: of all routes that officers use."""
    return [
        (method, PARAMETER.sub("424242", route.path), roles_of(route.dependant))
        for method, route in routes()
        if route.path not in PUBLIC and not route.path.startswith(tuple(OWN_DOOR))
    ]


def test_every_route_says_who_may_use_it() -> None:
    assert [address for _, address, roles in guarded() if not roles] == [], "neither require(…) nor on the list of public routes"


def test_who_may_do_what_is_what_the_table_says() -> None:
    found = sorted(((route.path, method), roles_of(route.dependant)) for method, route in routes())
    lines = [
        "".join(letter if role in roles else "-" for role, letter in LETTERS.items()) + f" {method:4} {path}"
        for (path, method), roles in found
    ]
    assert lines == WHO_MAY.split("\n")[1:-1]


def test_who_is_not_signed_in_is_led_to_sign_in(anybody: Browser) -> None:
    for method, address, _ in guarded():
        answer = anybody.client.request(method, address)
        if method in SAFE and answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in?next="), (method, address)
        else:
            assert answer.status_code == 401, (method, address)


@pytest.mark.parametrize("role", Role)
def test_a_role_that_a_route_does_not_name_is_refused(role: Role, client_for: ClientFor) -> None:
    browser = client_for(role)
    form = {"csrf_token": browser.csrf_token()}
    for method, address, roles in guarded():
        if role not in roles:
            answer = browser.client.request(method, address, data=None if method in SAFE else form, headers=browser.headers)
            assert answer.status_code == 403, (method, address)


@pytest.mark.parametrize(
    ("own_token", "other_token", "headers"),
    [
        pytest.param(False, False, {"Origin": HOST}, id="no token"),
        pytest.param(False, True, {"Origin": HOST}, id="the token of another session"),
        pytest.param(True, False, {"Origin": "https://evil.example"}, id="another site's origin"),
        pytest.param(True, False, {"Origin": "null"}, id="an origin that hides"),
        pytest.param(True, False, {"Origin": HOST, "Sec-Fetch-Site": "cross-site"}, id="another site by fetch metadata"),
    ],
)
def test_a_form_that_our_page_did_not_send_is_refused(
    own_token: bool, other_token: bool, headers: dict[str, str], client_for: ClientFor
) -> None:
    for role in Role:
        browser, other = client_for(role), client_for(role)
        form = {"csrf_token": browser.csrf_token()} if own_token else {"csrf_token": other.csrf_token()} if other_token else {}
        for method, address, roles in guarded():
            if method not in SAFE and role in roles:
                assert browser.client.request(method, address, data=form, headers=headers).status_code == 403, (method, address)


@pytest.mark.parametrize("path", PUBLIC)
def test_the_list_of_public_routes_names_only_routes_that_exist(path: str) -> None:
    assert path in {route.path for _, route in routes()}


def test_nothing_documents_itself_to_strangers(anybody: Browser) -> None:
    assert [anybody.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404] * 3


def test_a_session_ends_after_idling_and_after_its_whole_age(client_for: ClientFor, clock: SetClock) -> None:
    browser = client_for(Role.MAGISTRATE)
    clock.pass_(minutes=14)
    assert browser.get("/").status_code == 200
    clock.pass_(minutes=14)
    assert browser.get("/").status_code == 200, "using a session keeps it alive"
    clock.pass_(minutes=15)
    assert browser.get("/").status_code == 303


def test_a_session_ends_after_its_whole_age_however_busy(client_for: ClientFor, clock: SetClock) -> None:
    browser = client_for(Role.MAGISTRATE)
    answers = []
    for _ in range(12 * 6):
        clock.pass_(minutes=10)
        answers.append(browser.get("/").status_code)
    assert answers == [200] * 71 + [303]


def test_no_answer_lacks_its_security_headers(app: FastAPI, anybody: Browser) -> None:
    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError

    for path in ("/", "/sign-in", "/nothing", "/healthz", "/broken"):
        headers = anybody.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"], path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store"), path
