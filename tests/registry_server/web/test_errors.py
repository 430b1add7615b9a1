"""A refusal says what happened, what became of the form, and whom to ask; never how the program looks inside."""

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import select

from registry_server.authorities.models import Authority
from registry_server.db import Database
from registry_server.errors import Conflict, FieldProblem, MoveRefused, NotAllowed, NotFound, RegistryError, SetupError
from registry_server.people.models import Role
from registry_server.web.deps import SignedIn, require
from registry_server.web.errors import PAGE_STATUSES
from tests.registry_server.conftest import Browser, ClientFor

NOT_SAVED = "আপনার লেখা সংরক্ষণ করা হয়নি"


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        pytest.param(NotFound("licence", "KCC-P-000001"), 404, "পাতাটি পাওয়া যায়নি", id="not found"),
        pytest.param(MoveRefused("licence", "KCC-P-000001", "cancelled", "active"), 409, "KCC-P-000001 এখন এমন অবস্থায়", id="no such step"),
        pytest.param(Conflict("officer_exists", name="rahim"), 409, "rahim নামে একজন কর্মকর্তা", id="conflict with its own sentence"),
        pytest.param(Conflict("has_no_sentence_yet"), 409, "কাজটি এখন করা যায় না", id="conflict without one"),
        pytest.param(NotAllowed("magistrate", "suspend"), 403, "এই কাজের অনুমতি নেই", id="role"),
        pytest.param(FieldProblem("password", "password_short", minimum="12"), 422, "কমপক্ষে ১২টি অক্ষর", id="field"),
        pytest.param(FieldProblem("fiscal_year", "fiscal_year_paid", until="2027-06-30"), 422, "৩০ জুন ২০২৭ পর্যন্ত", id="a day in words"),
        pytest.param(SetupError("the keys do not open /var/lib/secret"), 503, "প্রকৌশলীকে জানান", id="an engineer is needed"),
        pytest.param(RegistryError("some new kind"), 409, "কাজটি এখন করা যায় না", id="a kind that the table does not name"),
        pytest.param(ZeroDivisionError("division by zero"), 500, "আমাদের দিকে একটি সমস্যা হয়েছে", id="our mistake"),
    ],
)
def test_an_error_becomes_a_page(error: Exception, status: int, sentence: str, app: FastAPI, client_for: ClientFor) -> None:
    @app.post("/broken")
    def broken(signed_in: Annotated[SignedIn, Depends(require())]) -> None:
        raise error

    answer = client_for(Role.MAGISTRATE).post("/broken")
    assert answer.status_code == status
    assert sentence in answer.text
    assert NOT_SAVED in answer.text
    assert not any(inside in answer.text for inside in ("Traceback", "ZeroDivisionError", "/var/lib/secret", "division"))


@pytest.mark.parametrize("status", sorted(PAGE_STATUSES))
@pytest.mark.parametrize("language", ["bn", "en"])
def test_every_status_has_a_page_in_both_languages(status: int, language: str, app: FastAPI, anybody: Browser) -> None:
    from starlette.exceptions import HTTPException  # noqa: PLC0415 — used here only

    @app.get("/answers")
    def answers() -> None:
        raise HTTPException(status)

    anybody.get(f"/language/{language}")
    answer = anybody.get("/answers")
    title = app.state.texts.say(language, f"errors.{status}.title")
    assert (answer.status_code, answer.headers["content-language"]) == (status, language)
    assert f">{title}</h1>" in answer.text


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.LICENCE_OFFICER, "/licences/{}"),
        (Role.LICENCE_OFFICER, "/licences/{}/registered"),
        (Role.LICENCE_OFFICER, "/licences/{}/plate.pdf"),
        (Role.LICENCE_OFFICER, "/licences/{}/nid"),
        (Role.LICENCE_OFFICER, "/licences/{}/correction"),
        (Role.LICENCE_OFFICER, "/licences/{}/change/renew"),
        (Role.MAGISTRATE, "/cases/{}"),
        (Role.ADMINISTRATOR, "/officers/{}"),
    ],
)
@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**30])
def test_a_number_that_no_database_holds_names_nothing(client_for: ClientFor, role: Role, path: str, number: int) -> None:
    assert client_for(role).get(path.format(number)).status_code == 404


def test_the_page_names_the_helpline_and_keeps_the_navigation(client_for: ClientFor, seeded: Database) -> None:
    with seeded.write() as session:
        session.scalars(select(Authority).where(Authority.slug == "kcc")).one().helpline = "16123"
    page = client_for(Role.ADMINISTRATOR).get("/nothing").text
    assert "ফোন করুন: ১৬১২৩" in page
    assert 'href="/audit"' in page


def test_a_page_that_was_only_looked_at_says_nothing_of_a_form(anybody: Browser) -> None:
    assert NOT_SAVED not in anybody.get("/nothing").text


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_program_is_answered_plainly(accept: str, anybody: Browser) -> None:
    answer = anybody.get("/", headers={"Accept": accept})
    assert (answer.status_code, answer.json()["status"]) == (401, 401)


def test_a_part_of_a_page_is_refused_without_leaving_the_page(anybody: Browser) -> None:
    answer = anybody.get("/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-trigger"], answer.text) == (401, "session-over", "")


def test_the_wrong_verb_is_refused_with_the_right_ones_named(client_for: ClientFor) -> None:
    answer = client_for(Role.MAGISTRATE).client.put("/audit")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_a_name_of_the_address_is_shown_as_text(anybody: Browser) -> None:
    page = anybody.get("/sign-in", params={"next": '/"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
