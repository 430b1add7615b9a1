"""The licence officer's pages."""

import re

import pytest
from httpx2 import Response
from sqlalchemy import select

from registry_server.audit.models import AuditEntry
from registry_server.db import Database
from registry_server.licences.models import Licence
from registry_server.people.models import Role
from tests.registry_server.conftest import Browser, ClientFor

TYPED = {
    "name_bn": "মো: রহিম উদ্দিন",
    "name_en": "Md. Rahim Uddin",
    "guardian_name": "করিম উদ্দিন",
    "nid": "১২৩৪৫৬৭৮৯০",
    "mobile": "০১৭১২-৩৪৫৬৭৮",
    "ward": "১২",
    "holding": "৪৫/ক",
    "vehicle_class": "passenger",
    "chassis": "ab-12 ৩৪ c",
    "motor": "",
    "colour": "সবুজ",
    "maker": "উদাহরণ মোটরস",
    "battery": "",
    "fiscal_year": "2026",
}
FORM_ID = "5f3b1c9e-8a64-4a53-9d3a-0d6f7a1c2b3d"
SECOND = {"nid": "9876543210", "chassis": "XY98765", "name_bn": "আব্দুল করিম", "name_en": "Abdul Karim", "mobile": "01812345678"}


@pytest.fixture
def officer(client_for: ClientFor) -> Browser:
    return client_for(Role.LICENCE_OFFICER)


def register(officer: Browser, changes: dict[str, str] | None = None) -> Response:
    return officer.post("/licences", TYPED | (changes or {}))


def registered(officer: Browser, changes: dict[str, str] | None = None) -> str:
    """The address of a new licence's record."""
    answer = register(officer, changes)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removesuffix("/registered")


def test_a_bike_is_registered_and_the_next_steps_are_shown(officer: Browser) -> None:
    assert officer.get("/licences/new").status_code == 200
    page = officer.get(register(officer).headers["location"])
    assert "খুলনা-প ০০০০০১" in page.text
    assert all(f"{kind}.pdf" in page.text for kind in ("plate", "card"))


def test_what_was_typed_stays_and_every_problem_is_said(officer: Browser) -> None:
    answer = register(officer, {"nid": "123", "mobile": "", "ward": "৯৯", "colour": "<script>লাল"})
    assert answer.status_code == 422
    assert "<title>ত্রুটি:" in answer.text
    for expected in ("এখানে 3 অঙ্ক আছে", "‘মোবাইল নম্বর’", "১ থেকে 31", 'value="মো: রহিম উদ্দিন"', "&lt;script&gt;লাল"):
        assert expected.translate(DIGITS) in answer.text.translate(DIGITS)
    assert "<script>লাল" not in answer.text


DIGITS = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")


@pytest.mark.parametrize("changed", [{"chassis": "XY98765"}, {"nid": "9876543210"}], ids=["one person", "one bike"])
def test_a_conflict_stands_at_its_field_and_names_the_licence(officer: Browser, changed: dict[str, str]) -> None:
    registered(officer)
    answer = register(officer, changed)
    assert answer.status_code == 422
    assert "KCC-P-000001" in answer.text


def test_the_same_form_sent_twice_leads_to_the_same_licence(officer: Browser) -> None:
    answers = [register(officer, {"form_id": FORM_ID}) for _ in range(2)]
    assert len({answer.headers["location"] for answer in answers}) == 1


def test_without_a_script_the_latin_name_is_suggested_by_the_first_answer(officer: Browser) -> None:
    answer = register(officer, {"name_en": ""})
    assert answer.status_code == 422
    assert 'value="Md. Rahim Uddin"' in answer.text


def test_an_empty_latin_name_is_no_fault_while_the_bangla_one_cannot_be_read(officer: Browser) -> None:
    answer = register(officer, {"name_bn": "Rahim", "name_en": ""})
    assert answer.status_code == 422
    assert 'href="#name_bn"' in answer.text
    assert 'href="#name_en"' not in answer.text


def test_with_a_script_the_field_comes_back_filled(officer: Browser) -> None:
    answer = officer.post("/licences/latin-name", {"name_bn": "আব্দুল করিম", "name_en": ""})
    assert 'value="Abdul Karim"' in answer.text


@pytest.mark.parametrize(
    "typed",
    ["KCC-P-000001", "খুলনা প ১", "1", "০১৭১২৩৪৫৬৭৮", "AB 1234-C"],
    ids=["number", "Bangla", "serial", "mobile", "chassis"],
)
def test_an_exact_hit_leads_straight_to_the_record(officer: Browser, typed: str) -> None:
    record = registered(officer)
    registered(officer, SECOND)
    assert officer.get("/search", params={"q": typed}).headers["location"] == record


@pytest.mark.parametrize("typed", ["রহীম", "মোহাম্মদ রহিম", "Rohim", "uddin rahim"])
def test_a_name_is_found_in_any_spelling(officer: Browser, typed: str) -> None:
    record = registered(officer)
    registered(officer, SECOND)
    answer = officer.get("/search", params={"q": typed})
    assert record in answer.text
    assert "আব্দুল করিম" not in answer.text


def test_a_tag_is_found_by_its_epc(officer: Browser) -> None:
    record = registered(officer)
    epc = re.search(r">(EB[0-9A-F]{22})<", officer.get(record).text)
    assert epc
    assert officer.get("/search", params={"q": epc[1].lower()}).headers["location"] == record


def test_an_nid_is_searched_by_a_posted_form_only_and_never_shown(officer: Browser) -> None:
    record = registered(officer)
    assert officer.post("/search", {"q": TYPED["nid"]}).headers["location"] == record
    answer = officer.get(officer.get("/search", params={"q": TYPED["nid"]}).headers["location"])
    assert answer.status_code == 200
    assert record not in answer.text
    assert "1234567890" not in answer.text.translate(DIGITS)


@pytest.mark.parametrize("role", [Role.CHECKPOINT_OFFICER, Role.MAGISTRATE, Role.ADMINISTRATOR])
def test_others_do_not_search_by_nid_or_see_one_but_read_the_record(officer: Browser, client_for: ClientFor, role: Role) -> None:
    record = registered(officer)
    other = client_for(role)
    page = other.get(record)
    assert page.status_code == 200
    assert "1234567890" not in page.text.translate(DIGITS)
    assert "/change/" not in page.text
    assert other.post("/search", {"q": TYPED["nid"]}).status_code == 200
    refused = (other.post(f"{record}/nid", {"reason": "দেখতে চাই"}), other.post(f"{record}/change/cancel", {"reason": "মনে হলো"}))
    assert [answer.status_code for answer in (*refused, register(other, SECOND), other.post(f"{record}/plate.pdf"))] == [403] * 4


def test_an_nid_is_shown_for_a_reason_that_is_written_down(officer: Browser, seeded: Database) -> None:
    record = registered(officer)
    assert officer.post(f"{record}/nid", {"reason": ""}).status_code == 422
    assert "1234567890" in officer.post(f"{record}/nid", {"reason": "আবেদন ১২ যাচাই"}).text
    with seeded.read() as session:
        entries = session.execute(select(AuditEntry.facts).where(AuditEntry.action == "owner:nid:reveal")).scalars().all()
    assert entries == [{"reason": "আবেদন ১২ যাচাই"}]


@pytest.mark.parametrize(
    ("action", "form", "shown"),
    [
        ("suspend", {"reason": "শুনানির আদেশ"}, "স্থগিত"),
        ("stolen", {"reason": "জিডি ৪৫১"}, "চুরি গেছে"),
        ("renew", {"fiscal_year": "2027"}, "৩০ জুন ২০২৮"),
        ("replace-tag", {"reason": "ট্যাগ ভাঙা"}, "নতুন ট্যাগের আদেশ"),
        ("cancel", {"reason": "মালিকের আবেদন"}, "বাতিল"),
    ],
)
def test_each_action_has_its_page_and_comes_back_to_the_record(officer: Browser, action: str, form: dict[str, str], shown: str) -> None:
    record = registered(officer)
    assert officer.get(f"{record}/change/{action}").status_code == 200
    assert officer.post(f"{record}/change/{action}", {}).status_code == 422
    done = officer.post(f"{record}/change/{action}", form)
    assert done.headers["location"] == f"{record}?done={action}"
    assert shown in officer.get(done.headers["location"]).text


def test_what_the_state_forbids_is_a_page_with_409(officer: Browser) -> None:
    record = registered(officer)
    assert officer.post(f"{record}/change/resume", {"reason": "ভুল করে"}).status_code == 409


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["০০০০০২", "০০০০০১"]),
        ("class=goods", ["০০০০০২"]),
        ("state=suspended", ["০০০০০১"]),
        ("term=over", []),
        ("tag=none&class=passenger", ["০০০০০১"]),
        ("before=2", ["০০০০০১"]),
        ("state=%27%3B--&class=x&term=1&before=abc", ["০০০০০২", "০০০০০১"]),
    ],
)
def test_the_list_is_filtered(officer: Browser, query: str, numbers: list[str]) -> None:
    first = registered(officer)
    registered(officer, SECOND | {"vehicle_class": "goods"})
    officer.post(f"{first}/change/suspend", {"reason": "শুনানির আদেশ"})
    assert re.findall(r"<strong>খুলনা-. (\d+)</strong>", officer.get(f"/licences?{query}").text) == numbers


def test_another_citys_licence_is_not_found(officer: Browser, client_for: ClientFor) -> None:
    record = registered(officer)
    other = client_for(Role.LICENCE_OFFICER, "bcc")
    assert other.get(record).status_code == 404
    assert other.get("/search", params={"q": "1"}).status_code == 200


def test_licences_have_all_their_pages_in_english(officer: Browser) -> None:
    record = registered(officer)
    officer.get("/language/en")
    for path in (
        "/licences",
        "/licences/new",
        record,
        f"{record}/registered",
        f"{record}/change/renew",
        f"{record}/nid",
        "/search?q=x",
        "/desks",
    ):
        page = officer.get(path)
        assert page.status_code == 200, path
        assert '<html lang="en"' in page.text


def test_the_database_keeps_one_licence(officer: Browser, seeded: Database) -> None:
    registered(officer)
    with seeded.read() as session:
        assert session.scalars(select(Licence.number)).all() == ["KCC-P-000001"]


def test_a_form_that_lacks_its_fields_is_refused_as_an_empty_one(officer: Browser) -> None:
    assert officer.post("/licences", {}).status_code == 422
