"""The magistrate's pages as a browser sees them."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from registry_server.audit.models import AuditEntry
from registry_server.db import Database
from registry_server.matcher.facts import Expired, ImpossibleTravel, Stolen, UnknownTag
from registry_server.matcher.models import Flag
from registry_server.people.models import Role
from registry_server.sightings.models import Passage, ReceivedBatch, SignedMessage
from schemas.identifiers import ProofLevel
from tests.registry_server.conftest import ClientFor
from tests.registry_server.wall.street import STRANGER, Street, open_street

EXPIRED = Expired(date(2026, 6, 30), date(2026, 11, 22))
STOLEN = Stolen(datetime(2026, 11, 3, tzinfo=UTC))
TRAVEL = ImpossibleTravel(2, "রূপসা ঘাট", "Rupsha Ghat", datetime(2026, 11, 22, 6, tzinfo=UTC), 3.0, 186.0, 20.0, 2580, 3095, 60.0, "unknown")
CHIP = bytes.fromhex("E28011602000D90531C263A5")
SCRIPT = '<script>alert("x")</script>'


@pytest.fixture
def street(seeded: Database, authority_ids: dict[str, int]) -> Street:
    return open_street(seeded, authority_ids["kcc"])


@pytest.fixture
def review(street: Street) -> str:
    """The address of a bike with one flag."""
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, licence_id=licence_id)
    return f"/review/L{licence_id}-{street.places['pti-more']}"


def looked(page: str) -> str:
    found = re.search(r'name="looked" value="([^"]+)"', page)
    assert found
    return found[1]


def chip_answers(street: Street, passage_id: int, tid: bytes = CHIP) -> None:
    """As the ingest notes it: after the passage was judged."""
    with street.database.write(street.authority_id) as session:
        passage = session.get_one(Passage, passage_id)
        passage.tid, passage.proof_level = tid, ProofLevel.EPC_TID


def actions(database: Database) -> list[str]:
    with database.read() as session:
        return [
            entry for entry in session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)) if entry.startswith(("flag:", "case:"))
        ]


def test_a_magistrate_reads_all_grounds_and_dismisses_with_a_reason(client_for: ClientFor, review: str, seeded: Database) -> None:
    browser = client_for(Role.MAGISTRATE)
    assert review in browser.get("/review").text
    page = browser.get(review).text
    for ground in ("খুলনা-প ০০০০০১", "৩০ জুন ২০২৬", "The licence ran out on 30/06/2026", "পঞ্চম তফসিল", "স্বাক্ষর ঠিক আছে", "SHA-256", "সুস্থ ছিল"):
        assert ground in page
    answer = browser.post(f"{review}/dismissal", {"looked": looked(page), "reason": "settled_since", "dismiss_note": "নবায়ন করেছেন"})
    assert answer.status_code == 303
    after = browser.get(answer.headers["location"]).text
    assert "বাতিল করা হয়েছে" in after
    assert "নবায়ন করেছেন" in after
    assert review not in browser.get("/review").text
    assert actions(seeded) == ["flag:view", "flag:dismiss", "flag:view"]


def test_a_magistrate_confirms_and_finds_the_case_in_the_list(client_for: ClientFor, review: str, seeded: Database) -> None:
    browser = client_for(Role.MAGISTRATE)
    answer = browser.post(f"{review}/case", {"looked": looked(browser.get(review).text), "confirm_note": "চেসিস মেলে না"})
    case = browser.get(answer.headers["location"]).text
    assert "২০২৬-২৭/০০০০১" in case
    assert "চেসিস মেলে না" in case
    assert "২০২৬-২৭/০০০০১" in browser.get("/cases").text
    withdrawn = browser.post("/cases/1/withdrawal", {"withdraw_note": "ভুল গাড়ি"})
    assert "ভুল গাড়ি" in browser.get(withdrawn.headers["location"]).text
    assert actions(seeded) == ["flag:view", "flag:confirm", "case:open", "case:view", "case:withdraw", "case:view"]


def test_what_was_typed_is_kept_when_the_reason_is_missing(client_for: ClientFor, review: str) -> None:
    browser = client_for(Role.MAGISTRATE)
    answer = browser.post(f"{review}/dismissal", {"looked": looked(browser.get(review).text), "dismiss_note": "লম্বা মন্তব্য"})
    assert answer.status_code == 422
    assert "একটি কারণ বেছে নিন" in answer.text
    assert "লম্বা মন্তব্য" in answer.text


def test_the_slower_of_two_magistrates_is_told_who_decided(client_for: ClientFor, review: str) -> None:
    fast, slow = client_for(Role.MAGISTRATE), client_for(Role.MAGISTRATE)
    seen = looked(slow.get(review).text)
    fast.post(f"{review}/dismissal", {"looked": seen, "reason": "tag_fault"})
    answer = slow.post(f"{review}/case", {"looked": seen, "confirm_note": "মামলা"})
    assert answer.status_code == 409
    assert "kcc.magistrate" in answer.text
    assert "আপনারটি নেওয়া হয়নি" in answer.text
    assert ">মামলা</blockquote>" in answer.text


def test_the_proof_level_is_that_of_all_that_was_read(client_for: ClientFor, review: str, street: Street) -> None:
    """The chip of a bike that is flagged for its licence answers after the flag has been raised."""
    browser = client_for(Role.MAGISTRATE)
    assert "শুধু ট্যাগ নম্বর (EPC)" in browser.get(review).text
    chip_answers(street, 1)
    page = browser.get(review).text
    assert "শুধু ট্যাগ নম্বর (EPC)" not in page
    assert "ট্যাগ নম্বর ও চিপ নম্বর (EPC ও TID)" in page


@pytest.mark.parametrize(
    ("other_chip", "says"),
    [
        pytest.param(None, "দুটির একটি নকল (কোনটি তা জানা নেই)", id="one has not answered"),
        pytest.param(CHIP, "একই চিপ নম্বর পাওয়া গেছে", id="the same"),
        pytest.param(CHIP[::-1], "ভিন্ন চিপ উত্তর দিয়েছে", id="different"),
    ],
)
def test_the_chips_at_two_places_are_compared_when_both_have_answered(
    client_for: ClientFor, street: Street, other_chip: bytes | None, says: str
) -> None:
    licence_id, epc = street.bike(1)
    there = street.drive(epc, place="rupsha", licence_id=licence_id)
    here = street.drive(epc, TRAVEL, licence_id=licence_id, other_passage_id=there)
    chip_answers(street, here)
    if other_chip is not None:
        chip_answers(street, there, other_chip)
    assert says in client_for(Role.MAGISTRATE).get(f"/review/L{licence_id}-{street.places['pti-more']}").text


@pytest.mark.parametrize(
    ("is_time_sure", "says"),
    [pytest.param(True, "আমাদের ঘড়ির সঙ্গে মিলেছে", id="it came at once"), pytest.param(False, "সময় যাচাই করা যায়নি", id="it did not")],
)
def test_what_a_time_without_a_stated_offset_is_worth_is_said(
    client_for: ClientFor, review: str, street: Street, is_time_sure: bool, says: str
) -> None:
    with street.database.write(street.authority_id) as session:
        session.scalars(select(Passage)).one().is_time_sure = is_time_sure
        session.scalars(select(ReceivedBatch)).one().clock_offset_ms = None
    assert says in client_for(Role.MAGISTRATE).get(review).text


def test_the_message_after_which_a_flag_rose_is_shown_and_checked(client_for: ClientFor, review: str, street: Street) -> None:
    """Of a chip that does not match the first message of the sighting says nothing; the one that told of the chip is kept."""
    with street.database.write(street.authority_id) as session:
        session.scalars(select(Flag)).one().seq = 99
        session.scalars(select(SignedMessage)).one().seq = 99
    page = client_for(Role.MAGISTRATE).get(review).text
    assert "বার্তাটি রাখা নেই" in page
    assert "যে স্বাক্ষরিত বার্তা আসার পর চিহ্নটি উঠেছে" in page
    assert "ক্রমিক ৯৯" in page
    assert "স্বাক্ষর ঠিক আছে" in page


def test_a_message_that_is_shown_with_its_sighting_is_not_shown_twice(client_for: ClientFor, review: str) -> None:
    page = client_for(Role.MAGISTRATE).get(review).text
    assert page.count("স্বাক্ষর ঠিক আছে") == 1


def test_a_page_that_is_shown_again_is_a_view_too(client_for: ClientFor, review: str, seeded: Database) -> None:
    """Else evidence could be read without an entry: by a form that is sure to be refused."""
    browser = client_for(Role.MAGISTRATE)
    assert browser.post(f"{review}/dismissal", {"looked": "1.1"}).status_code == 422
    assert actions(seeded) == ["flag:view"]
    browser.post(f"{review}/case", {"looked": "1.1", "confirm_note": "চেসিস মেলে না"})
    assert browser.post("/cases/1/withdrawal", {}).status_code == 422
    assert actions(seeded) == ["flag:view", "flag:confirm", "case:open", "case:view"]


@pytest.mark.parametrize("role", [Role.CHECKPOINT_OFFICER, Role.LICENCE_OFFICER, Role.ADMINISTRATOR])
def test_others_read_but_do_not_decide(client_for: ClientFor, review: str, role: Role, seeded: Database) -> None:
    browser = client_for(role)
    page = browser.get(review)
    assert page.status_code == 200
    assert "/dismissal" not in page.text
    for path in (f"{review}/dismissal", f"{review}/case", "/cases/1/withdrawal"):
        assert browser.post(path, {"looked": "1.1", "reason": "tag_fault", "confirm_note": "x"}).status_code == 403
    with seeded.read() as session:
        assert session.scalars(select(Flag.state)).all() == ["open"]


def test_another_authority_finds_nothing_there(client_for: ClientFor, review: str) -> None:
    browser = client_for(Role.MAGISTRATE, "bcc")
    assert browser.get(review).status_code == 404
    assert browser.post(f"{review}/dismissal", {"looked": "1.1", "reason": "tag_fault"}).status_code == 404
    assert review not in browser.get("/review").text


@pytest.mark.parametrize("path", ["/review/nonsense", "/review/L1-999", "/review/L999-1", "/cases/999"])
def test_what_is_not_there_is_not_found(client_for: ClientFor, review: str, path: str) -> None:
    assert client_for(Role.MAGISTRATE).get(path).status_code == 404


def test_an_invented_address_writes_nothing_into_the_log(client_for: ClientFor, street: Street, seeded: Database) -> None:
    place = street.places["pti-more"]
    browser = client_for(Role.MAGISTRATE)
    assert browser.get(f"/review/L424242-{place}").status_code == 404
    assert browser.post(f"/review/L424242-{place}/dismissal", {}).status_code == 404
    assert actions(seeded) == []


@pytest.mark.parametrize(
    "query", ["?kind=nonsense", "?day=nonsense", "?day=0001-01-01", "?checkpoint=nowhere", "?after=x", "?after=1.1", "?day=২০২৬-১১-২২"]
)
def test_a_filter_that_cannot_be_read_is_no_error(client_for: ClientFor, review: str, query: str) -> None:
    assert client_for(Role.MAGISTRATE).get(f"/review{query}").status_code == 200


def test_what_people_wrote_is_text_and_never_markup(client_for: ClientFor, street: Street) -> None:
    licence_id, epc = street.bike(1, colour=SCRIPT)
    street.drive(epc, EXPIRED, licence_id=licence_id, lane=SCRIPT)
    browser = client_for(Role.MAGISTRATE)
    review = f"/review/L{licence_id}-{street.places['pti-more']}"
    answer = browser.post(f"{review}/case", {"looked": looked(browser.get(review).text), "confirm_note": SCRIPT})
    for page in (browser.get(review), browser.get(answer.headers["location"]), browser.get("/wall")):
        assert SCRIPT not in page.text
        assert "&lt;script&gt;" in page.text


def test_a_strange_tag_is_reviewed_by_its_number(client_for: ClientFor, street: Street) -> None:
    street.drive(STRANGER, UnknownTag("foreign"))
    browser = client_for(Role.MAGISTRATE)
    browser.get("/language/en?next=/review")
    page = browser.get(f"/review/T{STRANGER.hex().upper()}-{street.places['pti-more']}").text
    assert "Not in the register" in page
    assert "no number of this register" in page


def test_the_home_page_says_how_many_bikes_wait(client_for: ClientFor, street: Street) -> None:
    for n in (1, 2):
        licence_id, epc = street.bike(n)
        street.drive(epc, EXPIRED, STOLEN, licence_id=licence_id)
    assert "২" in client_for(Role.MAGISTRATE).get("/").text
