"""The desk's HTTP API and the officer's view of it."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from plate_printer.tag_writer import Step
from registry_server.audit.service import Act
from registry_server.db import Database
from registry_server.issuance import desks
from registry_server.people.models import Role
from registry_server.web.texts import Texts
from schemas.orders import EncodedTag, EncodingFailure, EncodingJob, Order, decode_order, encode_order
from schemas.tid import Tid
from tests.registry_server.conftest import NOON, Browser, ClientFor
from tests.registry_server.licences.test_routes import TYPED

TID = Tid.parse("E28011602000001122334455")


@dataclass(frozen=True)
class DeskProgram:
    client: TestClient
    token: str = "token-1"

    def post(self, path: str, body: bytes = b"") -> Response:
        return self.client.post(f"/desk/v1/{path}", content=body, headers={"Authorization": f"Bearer {self.token}"})

    def report(self, job: int, step: str, order: Order) -> Response:
        return self.post(f"jobs/{job}/{step}", encode_order(order))

    def next_job(self) -> EncodingJob:
        answer = self.post("jobs/next")
        assert answer.status_code == 200
        return decode_order(EncodingJob, answer.content)


@pytest.fixture
def officer(client_for: ClientFor) -> Browser:
    return client_for(Role.LICENCE_OFFICER)


@pytest.fixture
def desk(officer: Browser, seeded: Database, authority_ids: dict[str, int]) -> DeskProgram:
    act = Act(authority_ids["kcc"], "cli:test", NOON)
    with seeded.write(act.authority_id) as session:
        desks.add_desk(session, "desk-1", "token-1", act=act)
    return DeskProgram(officer.client)


@pytest.fixture
def record(officer: Browser) -> str:
    return officer.post("/licences", TYPED).headers["location"].removesuffix("/registered")


def encoded(job: EncodingJob) -> EncodedTag:
    return EncodedTag(job=job.job, epc=job.epc, tid=TID, locked=True, encoded_at=NOON)


def test_a_tag_goes_from_the_button_to_the_bound_chip(officer: Browser, desk: DeskProgram, record: str) -> None:
    assert desk.post("jobs/next").status_code == 204
    assert officer.post(f"{record}/tag").status_code == 303
    job = desk.next_job()
    assert desk.next_job() == job
    assert "desk-1" in officer.get(f"{record}/tag").text
    assert [desk.report(job.job, "encoded", encoded(job)).status_code for _ in range(2)] == [204, 204]
    page = officer.get(record).text
    assert str(TID) in page
    assert "every 2s" not in page
    assert officer.get("/search", params={"q": str(TID)}).headers["location"] == record


def test_the_record_says_that_its_desk_lost_the_reader(officer: Browser, desk: DeskProgram, record: str) -> None:
    officer.post(f"{record}/tag")
    desk.next_job()
    lost = "রিডারের তার ও বিদ্যুৎ দেখুন"
    for state, is_lost in (("writing", False), ("reader_lost", True), ("writing", False)):
        desk.post("alive", f'{{"state": "{state}"}}'.encode())
        assert (lost in officer.get(record).text) is is_lost


def test_a_failure_is_shown_to_the_officer_who_may_order_again(officer: Browser, desk: DeskProgram, record: str) -> None:
    officer.post(f"{record}/tag")
    job = desk.next_job()
    assert desk.report(job.job, "failed", EncodingFailure(job=job.job, step="lock", reason="<b>gone</b>")).status_code == 204
    page = officer.get(record).text
    assert "ট্যাগ লক করা যায়নি। ট্যাগটি আলাদা রাখুন" in page
    assert "ডেস্কের বার্তা: &lt;b&gt;gone&lt;/b&gt;" in page
    officer.post(f"{record}/tag")
    assert desk.next_job().job != job.job


def test_a_step_that_another_version_of_the_desk_names_is_shown_as_it_is(officer: Browser, desk: DeskProgram, record: str) -> None:
    officer.post(f"{record}/tag")
    job = desk.next_job()
    desk.report(job.job, "failed", EncodingFailure(job=job.job, step="weld", reason="no flame"))
    assert "weld। ট্যাগটি আলাদা রাখুন" in officer.get(record).text


@pytest.mark.parametrize("step", Step)
def test_every_step_of_the_desk_has_words(step: Step) -> None:
    assert Texts.load().has(f"issuance.step.{step}")


def test_a_conflict_is_409_with_a_sentence(officer: Browser, desk: DeskProgram, record: str) -> None:
    officer.post(f"{record}/tag")
    job = desk.next_job()
    answer = desk.report(job.job, "encoded", msgspec.structs.replace(encoded(job), locked=False))
    assert answer.status_code == 409
    assert str(TID) in answer.json()["detail"]


def test_an_officer_takes_a_job_back(officer: Browser, desk: DeskProgram, record: str) -> None:
    officer.post(f"{record}/tag")
    job = desk.next_job()
    assert officer.post(f"{record}/tag/take-back").status_code == 303
    assert desk.next_job() == job


@pytest.mark.parametrize("token", ["", "wrong", "টোকেন"], ids=["none", "wrong", "not ASCII"])
@pytest.mark.parametrize("path", ["jobs/next", "jobs/1/encoded", "jobs/1/failed", "alive"])
def test_without_its_token_nothing_opens(desk: DeskProgram, token: str, path: str) -> None:
    answer = desk.client.post(f"/desk/v1/{path}", headers={b"Authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("jobs/1/encoded", b"", 422, id="nothing"),
        pytest.param("jobs/1/encoded", b'{"job": 1}', 422, id="fields missing"),
        pytest.param("jobs/1/failed", b'{"job": 2, "step": "x", "reason": "y"}', 422, id="another job than in the address"),
        pytest.param("jobs/1/failed", b'{"job": 1, "step": "x", "reason": "y"}', 404, id="no such job"),
        pytest.param("jobs/1/failed", b'{"job": 1, "step": "x", "reason": "y", "z": 1}', 422, id="a field too many"),
        pytest.param("jobs/1/failed", b"x" * 5000, 413, id="too long"),
        pytest.param("alive", b'{"state": ""}', 422, id="no state"),
        pytest.param("alive", b"\xff\xfe", 422, id="not text"),
    ],
)
def test_a_bad_body_is_refused_with_a_reason(desk: DeskProgram, path: str, body: bytes, status: int) -> None:
    answer = desk.post(path, body)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_desk_that_sends_slowly_holds_up_nobody(desk: DeskProgram, seeded: Database) -> None:
    """While its body is under way, others write."""
    written = []

    def slowly() -> Iterator[bytes]:
        yield b'{"state": '
        with sqlite3.connect(str(seeded.engine.url.database), timeout=0, isolation_level=None) as other:
            written.append(other.execute("BEGIN IMMEDIATE").rowcount)
            other.execute("ROLLBACK")
        yield b'"ready"}'

    answer = desk.client.post("/desk/v1/alive", content=slowly(), headers={"Authorization": f"Bearer {desk.token}"})
    assert (answer.status_code, len(written)) == (204, 1)


def test_officers_see_which_desks_are_on(officer: Browser, desk: DeskProgram) -> None:
    assert "কখনো না" in officer.get("/desks").text
    assert desk.post("alive", '{"state": "ready", "detail": "রিডার M100"}'.encode()).status_code == 204
    assert "রিডার M100" in officer.get("/desks").text
    desk.post("alive", b'{"state": "reader_lost"}')
    assert "রিডার পাওয়া যাচ্ছে না" in officer.get("/desks").text.replace("য\u09bc", "য়")


def test_a_pdf_is_printed_by_a_form_and_again_by_its_address(officer: Browser, record: str) -> None:
    assert officer.get(f"{record}/card.pdf").status_code == 404
    for answer in (officer.post(f"{record}/card.pdf"), officer.get(f"{record}/card.pdf")):
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
    assert "কপি ২" in officer.get(record).text
