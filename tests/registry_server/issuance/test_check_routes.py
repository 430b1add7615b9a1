"""What a telephone shows that scans a plate or a card."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from registry_server.db import Database
from registry_server.issuance.orders import Codes
from registry_server.issuance.printing import DocumentKind, order_for
from registry_server.licences.service import find_by_serial
from registry_server.people.models import Role
from schemas.orders import PlateOrder
from tests.registry_server.conftest import Browser, ClientFor, SetClock
from tests.registry_server.issuance.test_desk_routes import DeskProgram, desk, encoded, officer, record
from tests.registry_server.issuance.test_routes import replace_tag
from tests.registry_server.licences.test_correction import corrected
from tests.registry_server.licences.test_routes import TYPED

__all__ = ["desk", "officer", "record"]
REPLACED = "এই প্লেট বা কার্ড পুরোনো"


ReadCodes = Callable[[], dict[str, str]]


@pytest.fixture
def read_codes(app: FastAPI, seeded: Database, authority_ids: dict[str, int], record: str) -> ReadCodes:
    """The addresses in the codes of the record's plate, as it would be printed now."""

    def read() -> dict[str, str]:
        with seeded.read(authority_ids["kcc"]) as session:
            licence = find_by_serial(session, 1)
            assert licence is not None
            order = order_for(session, licence, DocumentKind.PLATE, Codes(app.state.secrets, "ebike.example"))
        assert isinstance(order, PlateOrder)
        return {"drive-by": order.drive_by_url, "proof": order.proof_url}

    return read


@pytest.fixture
def codes(read_codes: ReadCodes) -> dict[str, str]:
    return read_codes()


def scan(browser: Browser, url: str) -> str:
    answer = browser.get(urlsplit(url).path)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("kind", ["drive-by", "proof"])
def test_anybody_reads_what_to_compare_and_no_person(anybody: Browser, codes: dict[str, str], kind: str) -> None:
    page = scan(anybody, codes[kind])
    for told in ("খুলনা-প ০০০০০১ / KCC-P 000001", "যাত্রীবাহী", TYPED["colour"], "৩০ জুন ২০২৭", "লাইসেন্স বৈধ", "কোড নকল করা যায়"):
        assert told in page, told
    for person in ("রহিম", "Rahim", TYPED["mobile"][-6:], TYPED["nid"], "AB1234C", "/licences/", "অনুমোদিত কর্মকর্তাদের"):
        assert person not in page, person


@pytest.mark.parametrize(
    "code", ["1-AAAAAAAAAAAAA", "2-O4RQNJ4I7TWYW", "CEAQAAQUAEE5YAAA", "x", "<script>", "A" * 125, "১-AAAAAAAAAAAAA", "%F0%9F%98%80"]
)
def test_what_no_office_gave_out_is_said_to_be_unknown(anybody: Browser, codes: dict[str, str], code: str) -> None:
    answer = anybody.get(f"/V/{code}")
    assert answer.status_code == 404
    assert "কোনো প্লেট বা কার্ডের জন্য দেওয়া হয়নি" in answer.text


def test_why_a_licence_does_not_hold_is_not_said(anybody: Browser, officer: Browser, record: str, codes: dict[str, str]) -> None:
    officer.post(f"{record}/change/stolen", {"reason": "থানার চিঠি"})
    page = scan(anybody, codes["drive-by"])
    assert "লাইসেন্স এখন কার্যকর নয়" in page
    assert "চুরি" not in page


def test_a_licence_that_ran_out_is_said_so(anybody: Browser, codes: dict[str, str], clock: SetClock) -> None:
    clock.at = datetime(2027, 6, 30, 18, 30, tzinfo=UTC)  # half past midnight on 1 July in Khulna
    assert "লাইসেন্সের মেয়াদ শেষ" in scan(anybody, codes["proof"])


def test_the_plate_of_a_replaced_tag_or_another_class_is_an_old_one(
    anybody: Browser, officer: Browser, desk: DeskProgram, record: str, read_codes: ReadCodes
) -> None:
    officer.post(f"{record}/tag")
    job = desk.next_job()
    desk.report(job.job, "encoded", encoded(job))
    proof = read_codes()["proof"]
    assert REPLACED not in scan(anybody, proof)
    replace_tag(officer, record)
    assert REPLACED in scan(anybody, proof)
    unbound = read_codes()["proof"]
    assert REPLACED not in scan(anybody, unbound)
    assert corrected(officer, record, {"vehicle_class": "goods"}).status_code == 303
    assert REPLACED in scan(anybody, unbound)


def test_an_officer_of_the_authority_goes_on_to_the_record(client_for: ClientFor, codes: dict[str, str], record: str) -> None:
    assert f'href="{record}"' in scan(client_for(Role.CHECKPOINT_OFFICER), codes["drive-by"])
    assert record not in scan(client_for(Role.CHECKPOINT_OFFICER, "bcc"), codes["drive-by"])


def test_a_scanner_at_the_counter_may_type_the_code_into_the_search(officer: Browser, codes: dict[str, str]) -> None:
    for url in codes.values():
        assert officer.post("/search", {"q": f"{url.lower()}\n"}).headers["location"] == urlsplit(url).path
