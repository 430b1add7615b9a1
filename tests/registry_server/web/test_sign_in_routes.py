"""Signing in: nothing is told to guessers, nobody is locked out by others, nothing typed is lost."""

import re
from collections.abc import Callable
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import select
from starlette.responses import PlainTextResponse

from registry_server.audit.models import AuditEntry
from registry_server.db import Database
from registry_server.people import service
from registry_server.people.models import Officer, OfficerSession, Role
from registry_server.people.passwords import hash_password
from registry_server.people.queries import get_officer
from registry_server.web.deps import Posted, SignedIn, require
from tests.registry_server.conftest import NOON, PASSWORD, Browser, ClientFor, SetClock, officer_name

NAME = officer_name(Role.MAGISTRATE)
NEW_PASSWORD = "five boats on the Rupsha"
KEPT = re.compile(r'name="kept" value="([^"]+)"')
BrowserFor = Callable[[str], Browser]


def actions(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def act(database: Database, verb: Callable[..., object], *args: object) -> None:
    from registry_server.audit.service import Act  # noqa: PLC0415 — named like this file's function

    with database.write() as session:
        officer = get_officer(session, NAME)
        verb(session, officer, *args, Act(officer.authority_id, "cli:test", NOON))


def test_signing_in_leads_to_the_page_that_was_asked_for(browser_for: BrowserFor) -> None:
    browser = browser_for(NAME)
    asked = browser.get("/audit?by=x&action=officer:")
    assert asked.headers["location"] == "/sign-in?next=/audit%3Fby%3Dx%26action%3Dofficer%3A"
    page = browser.get(asked.headers["location"]).text
    assert 'name="next" value="/audit?by=x&amp;action=officer:"' in page
    assert browser.sign_in(next="/audit?by=x").headers["location"] == "/audit?by=x"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil", "", "/a\nb"]
)
def test_signing_in_leads_to_no_other_site(target: str, browser_for: BrowserFor) -> None:
    assert browser_for(NAME).sign_in(next=target).headers["location"] == "/"
    assert browser_for(NAME).get("/language/en", params={"next": target}).headers["location"] == "/"


def test_a_name_is_understood_however_it_is_typed(browser_for: BrowserFor) -> None:
    assert browser_for(f" {NAME.upper()} ").sign_in().status_code == 303


@pytest.mark.parametrize("name", [pytest.param(NAME, id="wrong password"), pytest.param("nobody", id="unknown name")])
def test_a_refusal_does_not_tell_which_part_was_wrong(name: str, browser_for: BrowserFor) -> None:
    answer = browser_for(name).sign_in("not the password")
    assert answer.status_code == 422
    assert "নাম বা পাসওয়ার্ড ঠিক নয়।" in answer.text
    assert f'value="{name}"' in answer.text, "the name stays"
    assert "not the password" not in answer.text


def test_sign_ins_are_written_down(browser_for: BrowserFor, seeded: Database) -> None:
    browser = browser_for(NAME)
    browser.sign_in("not the password")
    browser.sign_in()
    browser.post("/sign-out")
    assert actions(seeded) == ["officer:sign-in-refused", "officer:sign-in", "officer:sign-out"]


def test_a_sign_in_that_another_site_caused_is_refused(browser_for: BrowserFor) -> None:
    browser = browser_for(NAME)
    browser.get("/sign-in")
    assert browser.post_bare("/sign-in", {"sign_in_name": NAME, "password": PASSWORD, "form_token": "x"}).status_code == 403
    browser.headers["Origin"] = "https://evil.example"
    assert browser.sign_in().status_code == 403


def test_every_sign_in_draws_a_new_session_of_256_bits_and_keeps_only_its_hash(browser_for: BrowserFor, seeded: Database) -> None:
    browser, tokens = browser_for(NAME), []
    browser.client.cookies.set("ebike", "chosen-by-a-stranger")
    for _ in range(2):
        cookie = browser.sign_in().headers["set-cookie"]
        tokens.append(cookie.partition(";")[0].removeprefix("ebike="))
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
    assert len({*tokens, "chosen-by-a-stranger"}) == 3
    assert min(map(len, tokens)) == 43
    with seeded.read() as session:
        kept = {row.token_hash for row in session.scalars(select(OfficerSession))}
    assert len(kept) == 2
    assert not any(token.encode() in kept for token in tokens)


def test_signed_out_is_signed_out_even_with_the_old_cookie(client_for: ClientFor) -> None:
    browser = client_for(Role.MAGISTRATE)
    stolen = browser.client.cookies["ebike"]
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    browser.client.cookies.set("ebike", stolen)
    assert browser.get("/").status_code == 303


def test_a_disabled_officer_is_out_at_once_and_stays_out(client_for: ClientFor, browser_for: BrowserFor, seeded: Database) -> None:
    browser = client_for(Role.MAGISTRATE)
    act(seeded, service.disable_officer)
    assert browser.get("/").status_code == 303
    assert browser_for(NAME).sign_in().status_code == 422
    act(seeded, service.enable_officer)
    assert browser_for(NAME).sign_in().status_code == 303


def test_a_new_password_ends_every_other_session_but_not_this_one(client_for: ClientFor) -> None:
    here, elsewhere = client_for(Role.MAGISTRATE), client_for(Role.MAGISTRATE)
    form = {"old_password": PASSWORD, "password": NEW_PASSWORD, "password_again": NEW_PASSWORD}
    assert here.post("/password", form).status_code == 303
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 303
    assert elsewhere.sign_in().status_code == 422
    assert elsewhere.sign_in(NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        pytest.param({"old_password": "wrong"}, "এখনকার পাসওয়ার্ডটি ঠিক নয়।", id="old one wrong"),
        pytest.param({"password_again": "other"}, "দুবার একই পাসওয়ার্ড লিখুন।", id="typed differently"),
        pytest.param({"password": "short", "password_again": "short"}, "কমপক্ষে ১২টি অক্ষর", id="too short"),
        pytest.param({"password": PASSWORD, "password_again": PASSWORD}, "আগের পাসওয়ার্ডটিই", id="the old one again"),
    ],
)
def test_a_poor_password_is_explained(form: dict[str, str], sentence: str, client_for: ClientFor) -> None:
    whole = {"old_password": PASSWORD, "password": NEW_PASSWORD, "password_again": NEW_PASSWORD} | form
    answer = client_for(Role.MAGISTRATE).post("/password", whole)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<title>ত্রুটি:" in answer.text
    assert not any(typed in answer.text for typed in (PASSWORD, NEW_PASSWORD))


def test_a_one_time_password_opens_only_the_page_to_change_it(browser_for: BrowserFor, seeded: Database) -> None:
    act(seeded, service.give_one_time_password, hash_password("k7mq-abcd-efgh-2345"))
    browser = browser_for(NAME)
    assert browser.sign_in("k7mq-abcd-efgh-2345").status_code == 303
    assert browser.get("/audit").headers["location"] == "/password"
    page = browser.get("/password").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    assert 'href="/audit"' not in page
    form = {"old_password": "k7mq-abcd-efgh-2345", "password": NEW_PASSWORD, "password_again": NEW_PASSWORD, "csrf_token": token[1]}
    assert browser.post_bare("/password", form).headers["location"] == "/"
    assert browser.get("/audit").status_code == 200


def test_guessing_slows_down_and_the_officer_elsewhere_is_not_locked_out(
    browser_for: BrowserFor, clock: SetClock, seeded: Database
) -> None:
    guesser = browser_for(NAME)
    assert [guesser.sign_in("guess").status_code for _ in range(6)] == [422] * 5 + [429]
    assert guesser.sign_in(PASSWORD).status_code == 429, "even the right one waits"
    assert guesser.sign_in("guess").headers["retry-after"] == "1"
    officer = browser_for(NAME)
    officer.client._transport.client = ("198.51.100.7", 50000)  # type: ignore[attr-defined]  # another machine
    assert officer.sign_in().status_code == 303
    clock.pass_(seconds=1)
    assert guesser.sign_in(PASSWORD).status_code == 303


def test_a_forged_forwarding_header_does_not_make_a_guesser_new(browser_for: BrowserFor) -> None:
    guesser = browser_for(NAME)
    answers = []
    for number in range(6):
        guesser.headers["X-Forwarded-For"] = f"198.51.100.{number}"
        answers.append(guesser.sign_in("guess").status_code)
    assert answers[-1] == 429


def at_address(browser: Browser, address: str) -> Browser:
    browser.client._transport.client = (address, 50000)  # type: ignore[attr-defined]  # another machine
    return browser


def test_an_ipv6_subscriber_who_changes_the_address_is_no_new_guesser(browser_for: BrowserFor) -> None:
    answers = [at_address(browser_for(NAME), f"2001:db8:1:2::{n:x}").sign_in("guess").status_code for n in range(6)]
    assert answers == [422] * 5 + [429]
    assert at_address(browser_for(NAME), "2001:db8:1:3::1").sign_in("guess").status_code == 422


@pytest.mark.parametrize("handed_on", ["x" * 9000, "<script>", "1.2.3"])
def test_what_a_proxy_hands_on_as_address_breaks_nothing(handed_on: str, browser_for: BrowserFor, seeded: Database) -> None:
    assert at_address(browser_for(NAME), handed_on).sign_in().status_code == 303
    with seeded.read() as session:
        assert session.scalars(select(AuditEntry.facts)).all() == [{"address": "unknown"}]


def test_at_an_unlocked_screen_the_old_password_is_guessed_no_faster_than_at_the_gate(client_for: ClientFor, clock: SetClock) -> None:
    screen = client_for(Role.MAGISTRATE)
    guess = {"old_password": "guess", "password": NEW_PASSWORD, "password_again": NEW_PASSWORD}
    assert [screen.post("/password", guess).status_code for _ in range(6)] == [422] * 5 + [429]
    waiting = screen.post("/password", guess | {"old_password": PASSWORD})
    assert (waiting.status_code, waiting.headers["retry-after"]) == (429, "1")
    clock.pass_(seconds=1)
    assert screen.post("/password", guess | {"old_password": PASSWORD}).status_code == 303


def test_who_knows_the_old_password_may_look_for_a_good_new_one_as_often_as_it_takes(client_for: ClientFor) -> None:
    screen = client_for(Role.MAGISTRATE)
    poor = {"old_password": PASSWORD, "password": "short", "password_again": "short"}
    assert {screen.post("/password", poor).status_code for _ in range(8)} == {422}


def test_a_wrong_old_password_is_written_down(client_for: ClientFor, seeded: Database) -> None:
    client_for(Role.MAGISTRATE).post("/password", {"old_password": "guess"})
    assert actions(seeded) == ["officer:sign-in", "officer:password:refuse"]


@pytest.fixture
def note_form(app: FastAPI) -> list[dict[str, str]]:
    """A form of some feature; what arrived."""
    arrived: list[dict[str, str]] = []

    @app.post("/note")
    def take(form: Posted, signed_in: Annotated[SignedIn, Depends(require())]) -> PlainTextResponse:
        arrived.append({name: value for name, value in form.items() if name != "csrf_token"})
        return PlainTextResponse("taken")

    return arrived


def test_a_form_sent_after_the_session_ran_out_waits_for_its_officer(
    client_for: ClientFor, clock: SetClock, note_form: list[dict[str, str]]
) -> None:
    browser = client_for(Role.MAGISTRATE)
    token = browser.csrf_token()
    clock.pass_(minutes=20)
    late = browser.post_bare("/note", {"csrf_token": token, "name": "মোঃ রহিম <b>", "nid": "1990123456789"})
    kept = KEPT.search(late.text)
    assert late.status_code == 401
    assert kept
    assert "1990123456789" not in late.text, "the next person at this screen cannot read it"
    confirm = browser.sign_in(kept=kept[1])
    assert confirm.status_code == 200
    assert 'action="/note"' in confirm.text
    assert note_form == []
    found = re.search(r'name="csrf_token" value="([^"]+)"', confirm.text)
    assert found
    assert browser.post_bare("/note", {"csrf_token": found[1], "name": "মোঃ রহিম <b>", "nid": "1990123456789"}).status_code == 200
    assert "মোঃ রহিম &lt;b&gt;" in confirm.text
    assert note_form == [{"name": "মোঃ রহিম <b>", "nid": "1990123456789"}]


@pytest.mark.parametrize("kept", ["theirs", "damaged", "not base64 ়"])
def test_a_kept_form_of_another_officer_is_not_shown(kept: str, client_for: ClientFor, browser_for: BrowserFor, clock: SetClock) -> None:
    browser = client_for(Role.MAGISTRATE)
    clock.pass_(minutes=20)
    late = KEPT.search(browser.post_bare("/cases/1/withdrawal", {"withdraw_note": "x"}).text)
    assert late
    text = {"theirs": late[1], "damaged": late[1][:-8] + "AAAAAAA="}.get(kept, kept)
    answer = browser_for(officer_name(Role.LICENCE_OFFICER)).sign_in(kept=text)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_password_hash_of_older_parameters_is_renewed_at_sign_in(browser_for: BrowserFor, seeded: Database) -> None:
    import argon2  # noqa: PLC0415 — only here is a weak hash made

    with seeded.write() as session:
        get_officer(session, NAME).password_hash = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert browser_for(NAME).sign_in().status_code == 303
    with seeded.read() as session:
        found = session.scalars(select(Officer.password_hash).where(Officer.sign_in_name == NAME)).one()
    assert "m=8," not in found
    assert browser_for(NAME).sign_in().status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour of our domain"),
        pytest.param({"Origin": "https://evil.example"}, id="another site"),
        pytest.param({"Origin": "http://["}, id="nonsense"),
    ],
)
def test_a_form_of_another_site_is_not_kept(headers: dict[str, str], client_for: ClientFor, clock: SetClock) -> None:
    browser = client_for(Role.MAGISTRATE)
    clock.pass_(hours=1)
    late = browser.post_bare("/cases/1/withdrawal", {"withdraw_note": "not mine"}, headers=headers)
    assert late.status_code == 401
    assert not KEPT.search(late.text)
