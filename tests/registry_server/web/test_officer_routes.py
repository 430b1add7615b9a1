"""The administrator's pages: first passwords, roles, shutting out; never oneself, never another city's."""

import re
from collections.abc import Callable

import pytest
from httpx2 import Response
from sqlalchemy import select

from registry_server.audit.models import AuditEntry
from registry_server.db import Database
from registry_server.people.models import Officer, Role
from registry_server.people.queries import get_officer
from tests.registry_server.conftest import PASSWORD, Browser, ClientFor, officer_name

NEW = {"full_name": "নাসরিন আক্তার", "sign_in_name": "Nasrin.Akter", "role": "licence_officer"}
SHOWN = re.compile(r'class="first-password"><code[^>]*>([^<]+)<')
OWN_PASSWORD = "five boats on the Rupsha"
MAGISTRATE = officer_name(Role.MAGISTRATE)
BrowserFor = Callable[[str], Browser]


@pytest.fixture
def admin(client_for: ClientFor) -> Browser:
    return client_for(Role.ADMINISTRATOR)


def id_of(database: Database, name: str) -> int:
    with database.read() as session:
        return get_officer(session, name).id


def facts(database: Database, action: str) -> list[tuple[str, str, dict[str, object]]]:
    with database.read() as session:
        rows = session.execute(select(AuditEntry.by, AuditEntry.subject, AuditEntry.facts).where(AuditEntry.action == action))
        return [tuple(row) for row in rows]


def password_in(answer: Response) -> str:
    found = SHOWN.search(answer.text)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert found
    return found[1]


def test_an_added_officer_signs_in_once_with_what_was_shown_and_then_chooses(
    admin: Browser, browser_for: BrowserFor, seeded: Database
) -> None:
    assert admin.get("/officers/new").status_code == 200
    password = password_in(admin.post("/officers", NEW))
    assert facts(seeded, "officer:add") == [(admin.name, "nasrin.akter", {"role": "licence_officer"})]
    assert "নিজের পাসওয়ার্ড এখনো ঠিক করেননি" in admin.get("/officers").text
    nasrin = browser_for("nasrin.akter")
    assert nasrin.sign_in(password).status_code == 303
    assert nasrin.get("/licences").headers["location"] == "/password"
    token = re.search(r'name="csrf_token" value="([^"]+)"', nasrin.get("/password").text)
    assert token
    form = {"old_password": password, "password": OWN_PASSWORD, "password_again": OWN_PASSWORD, "csrf_token": token[1]}
    assert nasrin.post_bare("/password", form).status_code == 303
    assert nasrin.get("/licences").status_code == 200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"full_name": " "}, "পূর্ণ নাম লিখুন", id="no name"),
        pytest.param({"full_name": "ন" * 200}, "সর্বোচ্চ ১২০ অক্ষর", id="a name that is too long"),
        pytest.param({"sign_in_name": "না"}, "ব্যবহারকারীর নাম ৩ থেকে ৪০", id="a name that nobody can type"),
        pytest.param({"role": ""}, "পদ বেছে নিন", id="no role"),
        pytest.param({"role": "emperor"}, "পদ বেছে নিন", id="no such role"),
        pytest.param({"sign_in_name": MAGISTRATE}, "আগে থেকেই আছেন", id="taken here"),
        pytest.param({"sign_in_name": officer_name(Role.MAGISTRATE, "bcc")}, "আগে থেকেই আছেন", id="taken in another city"),
    ],
)
def test_what_cannot_be_added_is_explained_and_what_was_typed_stays(
    admin: Browser, changes: dict[str, str], sentence: str, seeded: Database
) -> None:
    answer = admin.post("/officers", NEW | {"full_name": "নাসরিন"} | changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<title>ত্রুটি:" in answer.text
    assert ('value="licence_officer" checked' in answer.text) == ("role" not in changes)
    assert facts(seeded, "officer:add") == []


def test_a_reset_password_ends_what_is_open_and_asks_for_another(
    admin: Browser, client_for: ClientFor, browser_for: BrowserFor, seeded: Database
) -> None:
    open_session = client_for(Role.MAGISTRATE)
    password = password_in(admin.post(f"/officers/{id_of(seeded, MAGISTRATE)}/password"))
    assert open_session.get("/").status_code == 303
    assert browser_for(MAGISTRATE).sign_in(PASSWORD).status_code == 422
    again = browser_for(MAGISTRATE)
    assert again.sign_in(password).status_code == 303
    assert again.get("/review").headers["location"] == "/password"
    assert facts(seeded, "officer:password:reset") == [(admin.name, MAGISTRATE, {})]


def test_a_new_role_ends_what_is_open_under_the_old_one_and_is_written_down(
    admin: Browser, client_for: ClientFor, browser_for: BrowserFor, seeded: Database
) -> None:
    open_session = client_for(Role.MAGISTRATE)
    page = f"/officers/{id_of(seeded, MAGISTRATE)}"
    answer = admin.post(page, {"full_name": "রোকেয়া খাতুন", "role": "licence_officer"})
    assert answer.headers["location"] == f"{page}?done=changed"
    assert "রোকেয়া খাতুন" in admin.get(answer.headers["location"]).text.replace("য\u09bc", "য়")
    assert open_session.get("/").status_code == 303
    again = browser_for(MAGISTRATE)
    again.sign_in()
    assert again.get("/licences/new").status_code == 200
    (_, _, written), *_ = facts(seeded, "officer:change")
    assert written["changed"]["role"] == ["magistrate", "licence_officer"]  # type: ignore[index]  # JSON


def test_a_new_name_alone_ends_nothing_and_no_change_is_none(admin: Browser, client_for: ClientFor, seeded: Database) -> None:
    open_session, page = client_for(Role.MAGISTRATE), f"/officers/{id_of(seeded, MAGISTRATE)}"
    for done in ("changed", "unchanged"):
        answer = admin.post(page, {"full_name": "Rokeya", "role": "magistrate"})
        assert answer.headers["location"] == f"{page}?done={done}"
    assert open_session.get("/").status_code == 200
    assert len(facts(seeded, "officer:change")) == 1


def test_who_is_shut_out_is_out_at_once_until_let_in(
    admin: Browser, client_for: ClientFor, browser_for: BrowserFor, seeded: Database
) -> None:
    open_session, page = client_for(Role.MAGISTRATE), f"/officers/{id_of(seeded, MAGISTRATE)}"
    assert admin.post(f"{page}/disabled").headers["location"] == f"{page}?done=disabled"
    assert open_session.get("/").status_code == 303
    assert browser_for(MAGISTRATE).sign_in().status_code == 422
    assert f"{page}/enabled" in admin.get(page).text
    admin.post(f"{page}/enabled")
    assert browser_for(MAGISTRATE).sign_in().status_code == 303
    assert [len(facts(seeded, f"officer:{verb}")) for verb in ("disable", "enable")] == [1, 1]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        pytest.param("", {"full_name": "x y z", "role": "magistrate"}, id="give up the role"),
        pytest.param("/disabled", {}, id="shut out"),
        pytest.param("/password", {}, id="reset the password"),
    ],
)
def test_an_administrator_cannot_shut_themselves_out(admin: Browser, path: str, form: dict[str, str], seeded: Database) -> None:
    page = f"/officers/{id_of(seeded, admin.name)}"
    answer = admin.post(f"{page}{path}", form)
    assert answer.status_code == 409
    assert "অন্য প্রশাসককে বলুন" in answer.text
    assert admin.get(page).status_code == 200
    assert "/disabled" not in admin.get(page).text


def test_another_citys_officers_are_neither_listed_nor_changed(admin: Browser, seeded: Database) -> None:
    with seeded.read() as session:
        theirs = session.scalars(select(Officer.id).where(Officer.sign_in_name.startswith("bcc"))).all()
    assert "bcc" not in admin.get("/officers").text
    for officer_id in theirs:
        assert admin.get(f"/officers/{officer_id}").status_code == 404
        for path in ("", "/password", "/disabled", "/enabled"):
            answer = admin.post(f"/officers/{officer_id}{path}", {"full_name": "x", "role": "magistrate"})
            assert answer.status_code == 404


def test_the_list_says_when_each_signed_in_last(admin: Browser) -> None:
    page = admin.get("/officers").text
    assert "২২ নভেম্বর ২০২৬, ১২:০০" in page
    assert page.count("কখনো না") == 3


def test_the_pages_are_there_in_english(admin: Browser, seeded: Database) -> None:
    admin.get("/language/en")
    for path in ("/officers", "/officers/new", f"/officers/{id_of(seeded, MAGISTRATE)}", f"/officers/{id_of(seeded, admin.name)}"):
        assert '<html lang="en"' in admin.get(path).text
