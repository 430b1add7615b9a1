"""The wall's page as it is without a script, and who may see it."""

import re
from datetime import date

import pytest

from registry_server.db import Database
from registry_server.matcher.facts import Expired, UnknownTag
from registry_server.people.models import Role
from tests.registry_server.conftest import ClientFor
from tests.registry_server.wall.street import STRANGER, Street, open_street

EXPIRED = Expired(date(2026, 6, 30), date(2026, 11, 22))


@pytest.fixture
def street(seeded: Database, authority_ids: dict[str, int]) -> Street:
    return open_street(seeded, authority_ids["kcc"])


@pytest.mark.parametrize("role", Role)
def test_every_role_sees_what_passed_without_a_script(client_for: ClientFor, street: Street, role: Role) -> None:
    flagged, clear = street.bike(1), street.bike(2)
    street.drive(flagged[1], EXPIRED, licence_id=flagged[0])
    street.drive(clear[1], licence_id=clear[0])
    page = client_for(role).get("/wall").text
    for text in ("খুলনা-প ০০০০০১", "লাইসেন্সের মেয়াদ শেষ", "খুলনা-প ০০০০০২", "শুধু ট্যাগ নম্বর", "এখানে এখনো ক্যামেরা নেই", 'http-equiv="refresh"'):
        assert text in page
    assert f"/review/L{flagged[0]}-{street.places['pti-more']}" in page
    assert re.search(r'id="connection"[^>]* hidden>', page), "nothing connects without a script"


def test_the_wall_names_no_person(client_for: ClientFor, street: Street) -> None:
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, licence_id=licence_id)
    page = client_for(Role.CHECKPOINT_OFFICER).get("/wall").text
    assert "উদাহরণ মালিক" not in page
    assert "+8801" not in page


def test_one_checkpoint_is_shown_alone(client_for: ClientFor, street: Street) -> None:
    here, there = street.bike(1), street.bike(2)
    street.drive(here[1], EXPIRED, licence_id=here[0])
    street.drive(there[1], EXPIRED, licence_id=there[0], place="rupsha")
    page = client_for(Role.CHECKPOINT_OFFICER).get("/wall?checkpoint=rupsha").text
    assert "খুলনা-প ০০০০০২" in page
    assert "খুলনা-প ০০০০০১" not in page


def test_another_city_sees_nothing_of_it(client_for: ClientFor, street: Street) -> None:
    street.drive(STRANGER, UnknownTag("foreign"))
    browser = client_for(Role.CHECKPOINT_OFFICER, "bcc")
    assert STRANGER.hex().upper() not in browser.get("/wall").text
    assert browser.get("/wall?checkpoint=rupsha").status_code == 404


@pytest.mark.parametrize("path", ["/wall/stream", "/wall/stream.json"])
def test_nobody_watches_without_signing_in(browser_for: ClientFor, path: str) -> None:
    answer = browser_for("").get(path, headers={"Accept": "text/event-stream"})
    assert answer.status_code in {303, 401, 403}
    assert "event-stream" not in answer.headers.get("content-type", "")
