"""Home, language, and what a supervisor of processes asks."""

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from registry_server.db import Database
from registry_server.people.models import Role
from registry_server.web.navigation import Place, place_of
from tests.registry_server.conftest import Browser, ClientFor


@pytest.mark.parametrize("role", Role)
def test_home_shows_what_the_role_may_do_and_nothing_else(role: Role, app: FastAPI, client_for: ClientFor) -> None:
    page = client_for(role).get("/").text
    for place in app.state.places:
        assert (f'class="card__link" href="{place.path}"' in page) == place.is_open_to(role)


def test_home_counts_what_waits(app: FastAPI, client_for: ClientFor) -> None:
    app.state.places = (Place("/audit", "audit.nav", count=lambda _session, _now: 1234567),)
    assert "<strong>১২,৩৪,৫৬৭</strong>" in client_for(Role.MAGISTRATE).get("/").text


def test_bangla_is_first_and_english_one_click_away_on_the_same_page(client_for: ClientFor) -> None:
    browser = client_for(Role.MAGISTRATE)
    page = browser.get("/audit?by=x").text
    assert '<html lang="bn"' in page
    assert 'href="/language/en?next=/audit%3Fby%3Dx"' in page
    assert browser.get("/language/en?next=/audit%3Fby%3Dx").headers["location"] == "/audit?by=x"
    assert '<html lang="en"' in browser.get("/audit?by=x").text


def test_a_language_that_we_do_not_speak_is_not_found(anybody: Browser) -> None:
    assert anybody.get("/language/fr").status_code == 404


def test_alive_and_ready(anybody: Browser, seeded: Database) -> None:
    assert (anybody.get("/healthz").text, anybody.get("/readyz").text) == ("ok\n", "ok\n")
    with seeded.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    answer = anybody.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database does not have this version's schema\n")


PLACES = (Place("/licences", "a"), Place("/licences/new", "b"), Place("/", "c"))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param("/licences", "/licences", id="itself"),
        pytest.param("/licences/KCC-P-000001", "/licences", id="below"),
        pytest.param("/licences/new/step", "/licences/new", id="the deepest"),
        pytest.param("/licencesold", "/", id="not by letters alone"),
    ],
)
def test_the_navigation_marks_where_a_page_belongs(path: str, found: str) -> None:
    place = place_of(path, PLACES)
    assert place
    assert place.path == found
