"""An NID that was typed is nowhere but where a person asked for it with a reason: not in pages, rows, files, addresses or logs."""

import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from registry_server.app import ROUTERS
from registry_server.authorities.models import Authority
from registry_server.db import Base, Database
from registry_server.issuance.orders import Codes, Subject, card_order, plate_order
from registry_server.licences.service import get_record
from registry_server.people.models import Role
from registry_server.secrets_box import SecretsBox
from schemas.orders import encode_order
from tests.registry_server.conftest import Browser, ClientFor
from tests.registry_server.licences.test_routes import TYPED

NID = "7391846205"
SPELLINGS = (NID, "৭৩৯১৮৪৬২০৫", "739 184 6205", NID.encode().hex())
WHY = "the owner asks at the window"


@pytest.fixture
def record(client_for: ClientFor) -> str:
    """The address of the licence whose owner has the NID."""
    answer = client_for(Role.LICENCE_OFFICER).post("/licences", TYPED | {"nid": SPELLINGS[1]})
    assert answer.status_code == 303
    return answer.headers["location"].removesuffix("/registered")


def holds_nid(text: str) -> bool:
    return any(spelling in text for spelling in SPELLINGS)


def pages_of(record: str) -> Iterator[str]:
    """Every address that a person can look at."""
    licence_id = record.rpartition("/")[2]
    for router in ROUTERS:
        for route in router.routes:
            path: str = route.path  # type: ignore[attr-defined]  # all are APIRoutes
            if "GET" in route.methods and "stream" not in path:  # type: ignore[attr-defined]  # the same
                for kind in ("plate", "card"):
                    yield path.replace("{licence_id}", licence_id).replace("{kind}", kind).replace("{action}", "suspend")


@pytest.mark.parametrize("role", Role)
def test_no_page_shows_it(role: Role, record: str, client_for: ClientFor) -> None:
    browser = client_for(role)
    for address in sorted(set(pages_of(record))):
        assert not holds_nid(browser.get(address).text), address


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("spelling", SPELLINGS[:3])
def test_a_search_does_not_repeat_it(role: Role, spelling: str, record: str, client_for: ClientFor) -> None:
    browser = client_for(role)
    for answer in (browser.post("/search", {"q": spelling}), browser.get("/search", params={"q": spelling})):
        assert not holds_nid(unquote(unquote(answer.text + str(answer.headers))))


def test_an_nid_in_an_address_is_led_away_from_there(client_for: ClientFor) -> None:
    browser = client_for(Role.LICENCE_OFFICER)
    answer = browser.get("/search", params={"q": NID})
    assert (answer.status_code, answer.headers["location"]) == (303, "/search?refused=nid")
    assert "govuk-warning-text" in browser.get(answer.headers["location"]).text


def test_only_the_licence_office_finds_by_it(record: str, client_for: ClientFor) -> None:
    found = {role: client_for(role).post("/search", {"q": NID}).headers.get("location") == record for role in Role}
    assert found == {role: role is Role.LICENCE_OFFICER for role in Role}


def test_it_is_shown_to_who_gives_a_reason_and_the_log_says_who_but_not_what(record: str, client_for: ClientFor) -> None:
    answer = reveal(client_for(Role.LICENCE_OFFICER), record)
    assert holds_nid(answer)
    audit = client_for(Role.ADMINISTRATOR).get("/audit").text
    assert WHY in audit
    assert not holds_nid(audit)


def test_no_row_no_log_and_no_document_holds_it(
    record: str,
    client_for: ClientFor,
    seeded: Database,
    secrets: SecretsBox,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    officer = client_for(Role.LICENCE_OFFICER)
    reveal(officer, record)
    officer.post("/licences", TYPED | {"nid": NID, "chassis": "OTHER12345"})
    officer.post("/licences", TYPED | {"nid": f"{NID}1"})
    officer.post("/search", {"q": NID})
    with seeded.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.connection().execute(select(table)):
                assert not holds_nid(repr(tuple(value.hex() if isinstance(value, bytes) else value for value in row))), table.name
        licence = get_record(session, int(record.rpartition("/")[2]))
        subject = Subject(session.get_one(Authority, licence.authority_id), licence, 1, None)
        for order in (plate_order(subject, Codes(secrets, "localhost")), card_order(subject, Codes(secrets, "localhost"))):
            assert not holds_nid(encode_order(order).decode())
    database = Path(str(seeded.engine.url.database))
    for path in (database, database.with_name(f"{database.name}-wal")):
        assert not any(spelling.encode() in path.read_bytes() for spelling in SPELLINGS[:3])
    said = capfd.readouterr()
    assert not holds_nid(caplog.text + said.out + said.err)


def reveal(officer: Browser, record: str) -> str:
    answer = officer.post(f"{record}/nid", {"reason": WHY})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return answer.text
