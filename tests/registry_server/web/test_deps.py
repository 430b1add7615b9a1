"""Sessions of a request: one authority, and the commit comes before the answer."""

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from registry_server.audit.models import AuditEntry
from registry_server.audit.service import record
from registry_server.db import Database
from registry_server.errors import NotFound
from registry_server.people.models import Officer, Role
from registry_server.web.deps import Now, Posted, ReadSession, SignedIn, WriteSession, require
from tests.registry_server.conftest import NOON, ClientFor

AnyOfficer = Annotated[SignedIn, Depends(require())]


class DiskFull(Exception):
    pass


def _fail(session: Session) -> None:
    raise DiskFull


def entries(database: Database, action: str) -> list[tuple[int, str]]:
    with database.read() as session:
        return [(entry.authority_id, entry.by) for entry in session.scalars(select(AuditEntry).where(AuditEntry.action == action))]


def test_a_commit_that_fails_answers_500_and_not_200(app: FastAPI, client_for: ClientFor, seeded: Database) -> None:
    @app.post("/failing")
    def failing(session: WriteSession, signed_in: AnyOfficer, now: Now) -> str:
        record(session, signed_in.act(now), "licence:suspend", "x")
        event.listen(session, "before_commit", _fail)
        return "done"

    answer = client_for(Role.MAGISTRATE).post("/failing")
    assert answer.status_code == 500
    assert "আমাদের দিকে একটি সমস্যা হয়েছে" in answer.text
    assert "DiskFull" not in answer.text
    assert entries(seeded, "licence:suspend") == []


def test_what_a_route_writes_is_committed_as_the_officer_s_act(
    app: FastAPI, client_for: ClientFor, seeded: Database, authority_ids: dict[str, int]
) -> None:
    @app.post("/writing")
    def writing(session: WriteSession, signed_in: AnyOfficer, now: Now) -> str:
        record(session, signed_in.act(now), "licence:suspend", "x")
        return "done"

    assert client_for(Role.MAGISTRATE, "bcc").post("/writing").status_code == 200
    assert entries(seeded, "licence:suspend") == [(authority_ids["bcc"], "bcc.magistrate")]


def test_a_refusal_leaves_nothing_behind(app: FastAPI, client_for: ClientFor, seeded: Database) -> None:
    @app.post("/refusing")
    def refusing(session: WriteSession, signed_in: AnyOfficer, now: Now) -> str:
        record(session, signed_in.act(now), "licence:suspend", "x")
        raise NotFound("licence", "KCC-P-000001")

    assert client_for(Role.MAGISTRATE).post("/refusing").status_code == 404
    assert entries(seeded, "licence:suspend") == []


@pytest.mark.parametrize("authority", ["kcc", "bcc"])
def test_a_session_sees_its_officer_s_authority_only(authority: str, app: FastAPI, client_for: ClientFor) -> None:
    @app.get("/names")
    def names(session: ReadSession, signed_in: AnyOfficer) -> list[str]:
        return list(session.scalars(select(Officer.sign_in_name)))

    found = client_for(Role.ADMINISTRATOR, authority).get("/names").json()
    assert len(found) == len(Role)
    assert {name.partition(".")[0] for name in found} == {authority}


def test_an_act_carries_officer_authority_and_time(app: FastAPI, client_for: ClientFor) -> None:
    @app.get("/act")
    def act(signed_in: AnyOfficer, now: Now) -> list[str]:
        act = signed_in.act(now)
        return [act.by, act.at.isoformat(), signed_in.authority.name_en, signed_in.role]

    assert client_for(Role.MAGISTRATE).get("/act").json() == ["kcc.magistrate", NOON.isoformat(), "Khulna City Corporation", "magistrate"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param(" মোঃ রহিম \r\n", "মোঃ রহিম", id="spaces around"),
        pytest.param("ra\0him\x07", "rahim", id="controls"),
        pytest.param("র‌্যাব ক‍", "র‌্যাব ক‍", id="joiners are spelling"),
        pytest.param("\u202egnp.exe\u2069", "gnp.exe", id="marks that turn the direction"),
        pytest.param("one\ntwo\tthree", "one\ntwo\tthree", id="lines of a note"),
    ],
)
def test_typed_text_is_cleaned_of_what_nobody_types(typed: str, kept: str, app: FastAPI, client_for: ClientFor) -> None:
    @app.post("/typed")
    def show(form: Posted, signed_in: AnyOfficer) -> str:
        return form["text"]

    assert client_for(Role.MAGISTRATE).post("/typed", {"text": typed}).json() == kept


@pytest.mark.parametrize("address", ["/audit?by=%00", "/audit%00"])
def test_an_address_with_a_nul_is_refused(address: str, client_for: ClientFor) -> None:
    assert client_for(Role.MAGISTRATE).get(address).status_code == 400
