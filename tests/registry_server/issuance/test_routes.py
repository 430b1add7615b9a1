"""Plate and card from the record's page: what was printed is counted, and said to be out of date when the record has moved on."""

import re
from collections.abc import Callable

import pytest

from registry_server.db import Database
from registry_server.people.models import Role
from tests.registry_server.conftest import Browser, ClientFor
from tests.registry_server.issuance.test_desk_routes import DeskProgram, desk, encoded, officer, record
from tests.registry_server.licences.test_correction import corrected
from tests.registry_server.licences.test_routes import TYPED

__all__ = ["desk", "officer", "record"]
AGAIN = {"plate": "প্লেট আবার ছাপুন", "card": "কার্ড আবার ছাপুন"}
BEFORE_TAG = "ট্যাগ লেখার আগে ছাপলে"


def printed(officer: Browser, record: str) -> None:
    for kind in AGAIN:
        assert officer.post(f"{record}/{kind}.pdf").status_code == 200


def outdated(page: str) -> set[str]:
    return {kind for kind, sentence in AGAIN.items() if sentence in page}


def renew(officer: Browser, record: str) -> None:
    assert officer.post(f"{record}/change/renew", {"fiscal_year": "2027"}).status_code == 303


def replace_tag(officer: Browser, record: str) -> None:
    assert officer.post(f"{record}/change/replace-tag", {"reason": "ট্যাগ ভাঙা"}).status_code == 303


def correct(**changes: str) -> Callable[[Browser, str], None]:
    def do(officer: Browser, record: str) -> None:
        assert corrected(officer, record, changes).status_code == 303

    return do


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        pytest.param(lambda *_: None, set(), id="nothing happened"),
        pytest.param(renew, {"card"}, id="a renewal: the card names the last day, the plate's year goes on by a sticker"),
        pytest.param(replace_tag, {"plate"}, id="another tag: the plate carries its issue"),
        pytest.param(correct(mobile="01999888777"), set(), id="a number that stands on neither"),
        pytest.param(correct(name_bn="আব্দুর রহিম"), {"card"}, id="the owner's name"),
        pytest.param(correct(vehicle_class="goods"), {"plate", "card"}, id="the class"),
    ],
)
def test_the_record_says_what_must_be_printed_again(
    officer: Browser, record: str, change: Callable[[Browser, str], None], kinds: set[str]
) -> None:
    printed(officer, record)
    change(officer, record)
    assert outdated(officer.get(record).text) == kinds
    for kind in kinds:
        officer.post(f"{record}/{kind}.pdf")
    assert outdated(officer.get(record).text) == set()


def test_what_was_printed_before_the_tag_was_written_is_out_of_date_and_the_page_learns_it_by_itself(
    officer: Browser, desk: DeskProgram, record: str
) -> None:
    assert BEFORE_TAG in officer.get(record).text
    printed(officer, record)
    officer.post(f"{record}/tag")
    job = desk.next_job()
    waiting = officer.get(f"{record}/tag?on=record").text
    assert "every 2s" in waiting
    assert "hx-swap-oob" not in waiting
    desk.report(job.job, "encoded", encoded(job))
    news = officer.get(f"{record}/tag?on=record").text
    assert outdated(news) == {"plate", "card"}
    assert BEFORE_TAG not in news
    assert "ট্যাগ লেখা হয়েছে" in news, "the history too"
    assert re.findall(r'id="([\w-]+)"[^>]* hx-swap-oob="true"', news) == ["prints-news", "history"]
    page = officer.get(record).text
    assert 'id="prints-news"' in page
    assert "hx-swap-oob" not in page


def test_after_a_registration_each_step_shows_when_it_is_done(officer: Browser, record: str) -> None:
    before = officer.get(f"{record}/registered").text
    assert 'id="step-plate"' in before
    assert "হয়েছে</strong>" not in before
    officer.post(f"{record}/plate.pdf")
    news = officer.get(f"{record}/prints?on=registered").text
    assert re.findall(r'id="step-(\w+)" hx-swap-oob="true">(?:<strong[^>]*>([^<]*))?', news) == [("plate", "হয়েছে"), ("card", "")]


def test_after_a_registration_the_officer_is_led_to_licences_in_the_same_names(officer: Browser, record: str) -> None:
    assert 'id="namesakes"' not in officer.get(f"{record}/registered").text
    again = TYPED | {"nid": "19901234567890123", "chassis": "XY98765", "name_bn": "মোহাম্মদ রহীম উদ্দিন"}
    page = officer.get(officer.post("/licences", again).headers["location"]).text
    assert f'<li><a class="govuk-link" href="{record}">খুলনা-প ০০০০০১</a></li>' in page


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site's link"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour of our domain"),
        pytest.param({"Sec-Fetch-Site": "none", "Sec-Purpose": "prefetch;prerender"}, id="the browser guesses what the officer will open"),
    ],
)
def test_nobody_but_the_officer_makes_a_further_copy(officer: Browser, record: str, headers: dict[str, str]) -> None:
    officer.post(f"{record}/plate.pdf")
    assert officer.get(f"{record}/plate.pdf", headers=headers).status_code == 403
    assert "কপি ২" not in officer.get(record).text
    assert officer.get(f"{record}/plate.pdf", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert "কপি ২" in officer.get(record).text


def test_others_learn_what_is_out_of_date_but_print_nothing(officer: Browser, record: str, client_for: ClientFor, seeded: Database) -> None:
    printed(officer, record)
    renew(officer, record)
    page = client_for(Role.CHECKPOINT_OFFICER).get(record).text
    assert outdated(page) == {"card"}
    assert ".pdf" not in page
