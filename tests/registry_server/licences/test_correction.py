"""Correcting a record: the checks of a registration, nothing overwritten unseen, and before and after in the books."""

import re

import pytest
from httpx2 import Response
from sqlalchemy import select

from registry_server.audit.models import AuditEntry
from registry_server.db import Database
from registry_server.licences.models import Licence, RegistryChange
from registry_server.people.models import Role
from tests.registry_server.conftest import Browser, ClientFor
from tests.registry_server.licences.test_routes import SECOND, TYPED, registered

WHY = "এনআইডি কার্ড দেখে"
SEEN = re.compile(r'name="seen" value="(\w+)"')
NEW_NID = "5550001112"


@pytest.fixture
def officer(client_for: ClientFor) -> Browser:
    return client_for(Role.LICENCE_OFFICER)


@pytest.fixture
def record(officer: Browser) -> str:
    return registered(officer)


def seen_by(officer: Browser, record: str) -> str:
    found = SEEN.search(officer.get(f"{record}/correction").text)
    assert found
    return found[1]


def corrected(officer: Browser, record: str, changes: dict[str, str]) -> Response:
    """The form as the officer saw it, with changes."""
    whole = TYPED | {"nid": "", "reason": WHY, "seen": seen_by(officer, record)}
    return officer.post(f"{record}/correction", whole | changes)


def facts(database: Database) -> list[dict[str, object]]:
    with database.read() as session:
        return list(session.scalars(select(AuditEntry.facts).where(AuditEntry.action == "licence:correct")))


def test_the_form_begins_with_the_record_and_without_the_nid(officer: Browser, record: str) -> None:
    page = officer.get(f"{record}/correction").text
    for value in ("মোঃ রহিম উদ্দিন", "Md. Rahim Uddin", "০১৭১২৩৪৫৬৭৮", "১২", "AB1234C", "উদাহরণ মোটরস"):
        assert f'value="{value}"' in page.replace("য\u09bc", "য়"), value
    assert '<input class="govuk-input govuk-input--width-20" id="nid" name="nid" type="text" value=""' in page
    assert "শেষ চার অঙ্ক ৭৮৯০" in page


def test_before_and_after_stand_in_the_books_and_the_matchers_are_told(officer: Browser, record: str, seeded: Database) -> None:
    answer = corrected(officer, record, {"mobile": "০১৮১১-২২২৩৩৩", "colour": "নীল"})
    assert answer.headers["location"] == f"{record}?done=correct"
    assert facts(seeded) == [{"reason": WHY, "changed": {"mobile": ["+8801712345678", "+8801811222333"], "colour": ["সবুজ", "নীল"]}}]
    page = officer.get(answer.headers["location"]).text
    assert "+৮৮০১৭১২৩৪৫৬৭৮ → +৮৮০১৮১১২২২৩৩৩" in page
    assert WHY in page
    with seeded.read() as session:
        assert len(session.scalars(select(RegistryChange)).all()) == 2


def test_a_corrected_owner_is_found_by_the_new_name_and_number_only(officer: Browser, record: str) -> None:
    corrected(officer, record, {"name_bn": "জলিল শেখ", "name_en": "Jalil Sheikh", "mobile": "01811222333"})
    assert record in officer.post("/search", {"q": "Jolil"}).text
    assert officer.post("/search", {"q": "01811222333"}).headers["location"] == record
    assert record not in officer.post("/search", {"q": "Rahim"}).text


def test_a_corrected_nid_is_masked_everywhere_and_finds_the_owner(officer: Browser, record: str, seeded: Database) -> None:
    assert corrected(officer, record, {"nid": "৫৫৫-০০০-১১১২"}).status_code == 303
    assert facts(seeded) == [{"reason": WHY, "changed": {"nid": ["…7890", "…1112"]}}]
    assert officer.post("/search", {"q": NEW_NID}).headers["location"] == record
    assert "শেষ চার অঙ্ক ১১১২" in officer.get(record).text
    assert NEW_NID in officer.post(f"{record}/nid", {"reason": WHY}).text


def test_the_same_nid_typed_again_is_no_change(officer: Browser, record: str, seeded: Database) -> None:
    assert corrected(officer, record, {"nid": TYPED["nid"]}).headers["location"] == f"{record}?done=unchanged"
    assert facts(seeded) == []
    assert "কিছু বদলায়নি" in officer.get(f"{record}?done=unchanged").text


def test_a_new_class_changes_the_letter_and_keeps_serial_and_history(officer: Browser, record: str, seeded: Database) -> None:
    assert corrected(officer, record, {"vehicle_class": "goods"}).status_code == 303
    page = officer.get(record).text
    assert "খুলনা-ম ০০০০০১" in page
    assert "যাত্রীবাহী → পণ্যবাহী" in page
    assert ">নিবন্ধন</strong>" in page, "what was done under the old letter is still its history"
    with seeded.read() as session:
        assert session.scalars(select(Licence.number)).all() == ["KCC-G-000001"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"reason": ""}, "‘কারণ’", id="no reason"),
        pytest.param({"mobile": "123"}, "মোবাইল নম্বর ০১৩", id="a bad mobile"),
        pytest.param({"ward": "৩২"}, "১ থেকে ৩১", id="a ward that the city does not have"),
        pytest.param({"nid": "123"}, "১০, ১৩ বা ১৭", id="a bad NID"),
        pytest.param({"name_bn": "Rahim"}, "বাংলা অক্ষরে", id="a Latin name for a Bangla one"),
        pytest.param({"chassis": "XY98765"}, "KCC-P-000002", id="the chassis of another bike"),
        pytest.param({"nid": "9876543210"}, "KCC-P-000002", id="the NID of another owner"),
        pytest.param({"seen": "0123456789abcdef", "colour": "নীল"}, "অন্য কেউ", id="somebody changed it meanwhile"),
    ],
)
def test_what_a_registration_would_refuse_is_refused_and_what_was_typed_stays(
    officer: Browser, record: str, changes: dict[str, str], sentence: str, seeded: Database
) -> None:
    registered(officer, SECOND)
    answer = corrected(officer, record, {"maker": "অন্য মোটরস"} | changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="অন্য মোটরস"' in answer.text
    assert "<title>ত্রুটি:" in answer.text
    assert facts(seeded) == []


def test_of_two_officers_the_slower_one_sends_again_after_a_look(officer: Browser, record: str, client_for: ClientFor) -> None:
    seen = seen_by(officer, record)
    corrected(client_for(Role.LICENCE_OFFICER), record, {"colour": "নীল"})
    refused = corrected(officer, record, {"seen": seen, "maker": "অন্য মোটরস"})
    assert refused.status_code == 422
    found = SEEN.search(refused.text)
    assert found
    assert corrected(officer, record, {"seen": found[1], "colour": "নীল", "maker": "অন্য মোটরস"}).status_code == 303


@pytest.mark.parametrize("changed", [{"nid": "9876543210"}, {"chassis": "XY98765"}], ids=["person", "bike"])
def test_the_history_of_a_cancelled_licence_is_not_taken_over(officer: Browser, record: str, changed: dict[str, str]) -> None:
    former = registered(officer, SECOND)
    officer.post(f"{former}/change/cancel", {"reason": "মালিকের আবেদন"})
    answer = corrected(officer, record, changed)
    assert answer.status_code == 422
    assert "বাতিল লাইসেন্স KCC-P-000002" in answer.text


def test_a_cancelled_licence_is_not_corrected(officer: Browser, record: str) -> None:
    form = TYPED | {"reason": WHY, "nid": "", "seen": seen_by(officer, record)}
    officer.post(f"{record}/change/cancel", {"reason": "মালিকের আবেদন"})
    assert [answer.status_code for answer in (officer.get(f"{record}/correction"), officer.post(f"{record}/correction", form))] == [409] * 2
    assert "/correction" not in officer.get(record).text
