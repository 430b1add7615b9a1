"""What the pages of each feature promise, on PostgreSQL too: the tests of the features, run here again over another database."""

import pytest

from registry_server.db import Database
from registry_server.people.models import Role
from tests.registry_server.cases.test_routes import (
    review,
    test_a_magistrate_confirms_and_finds_the_case_in_the_list,
)
from tests.registry_server.conftest import Browser, ClientFor
from tests.registry_server.issuance.test_desk_routes import (
    desk,
    test_a_tag_goes_from_the_button_to_the_bound_chip,
)
from tests.registry_server.issuance.test_routes import test_after_a_registration_each_step_shows_when_it_is_done
from tests.registry_server.licences.test_correction import (
    officer,
    record,
    test_before_and_after_stand_in_the_books_and_the_matchers_are_told,
)
from tests.registry_server.licences.test_routes import (
    test_a_bike_is_registered_and_the_next_steps_are_shown,
    test_an_nid_is_shown_for_a_reason_that_is_written_down,
)
from tests.registry_server.wall.test_routes import street, test_one_checkpoint_is_shown_alone
from tests.registry_server.wall.test_stream import play, test_what_passes_arrives_in_order_and_says_what_programs_need
from tests.registry_server.web.test_isolation import City, addresses, mine
from tests.registry_server.web.test_officer_routes import (
    admin,
    test_an_added_officer_signs_in_once_with_what_was_shown_and_then_chooses,
)
from tests.registry_server.web.test_sign_in_routes import (
    test_guessing_slows_down_and_the_officer_elsewhere_is_not_locked_out,
)

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
__all__ = [
    "admin",
    "desk",
    "mine",
    "officer",
    "play",
    "record",
    "review",
    "street",
    "test_a_bike_is_registered_and_the_next_steps_are_shown",
    "test_a_magistrate_confirms_and_finds_the_case_in_the_list",
    "test_a_tag_goes_from_the_button_to_the_bound_chip",
    "test_after_a_registration_each_step_shows_when_it_is_done",
    "test_an_added_officer_signs_in_once_with_what_was_shown_and_then_chooses",
    "test_an_nid_is_shown_for_a_reason_that_is_written_down",
    "test_before_and_after_stand_in_the_books_and_the_matchers_are_told",
    "test_guessing_slows_down_and_the_officer_elsewhere_is_not_locked_out",
    "test_one_checkpoint_is_shown_alone",
    "test_what_passes_arrives_in_order_and_says_what_programs_need",
]


@pytest.fixture
def web_database(database: Database) -> Database:
    assert not database.is_sqlite
    return database


def test_every_page_is_shown_to_whom_it_is_for(mine: City, client_for: ClientFor) -> None:
    pages = {address for method, address, _ in addresses(mine, mine) if method == "GET" and "/stream" not in address}
    browsers = {role: client_for(role) for role in Role}
    answers = {(role, page): browsers[role].get(page).status_code for role in Role for page in pages}
    assert {status for status in answers.values() if status >= 500} == set()
    shown = {page for (_, page), status in answers.items() if status == 200}
    assert pages - shown <= {"/static/x/../../config.py", "/language/en", "/favicon.ico", "/search", "/V/1-AAAAAAAAAAAAA"}


FOUND = (
    (Role.LICENCE_OFFICER, "/licences?tag=none&class=passenger", "খুলনা-প ০০০০০২"),
    (Role.LICENCE_OFFICER, "/licences?state=active&term=valid", "খুলনা-প ০০০০০১"),
    (Role.LICENCE_OFFICER, "/search?q=Rohim", "/licences/1"),
    (Role.LICENCE_OFFICER, "/search?q=Korim", "/licences/2"),
    (Role.MAGISTRATE, "/review?kind=stolen&day=2026-11-22", "E2801170000002FA11ED0FF1"),
    (Role.MAGISTRATE, "/cases", "২০২৬-২৭/০০০০১"),
    (Role.ADMINISTRATOR, "/audit?by=kcc.magistrate&action=case:&on=2026-11-22", "case:open"),
    (Role.ADMINISTRATOR, "/audit?subject=KCC-P-000001&before=99999999", "plate:print"),
)


@pytest.mark.usefixtures("mine")
def test_lists_are_searched_and_filtered(client_for: ClientFor) -> None:
    browsers = {role: client_for(role) for role in Role}
    assert [address for role, address, words in FOUND if words not in browsers[role].get(address).text] == []


@pytest.mark.usefixtures("mine")
def test_a_licence_goes_through_its_states(officer: Browser) -> None:
    done = {
        "suspend": {"reason": "a reason that is long enough"},
        "resume": {"reason": "a reason that is long enough"},
        "stolen": {"reason": "a reason that is long enough"},
        "found": {"reason": "a reason that is long enough"},
        "renew": {"fiscal_year": "2027"},
        "replace-tag": {"reason": "a reason that is long enough"},
        "cancel": {"reason": "a reason that is long enough"},
    }
    answers = {action: officer.post(f"/licences/1/change/{action}", form).status_code for action, form in done.items()}
    assert answers == dict.fromkeys(done, 303)
