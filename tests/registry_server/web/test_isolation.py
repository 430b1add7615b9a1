"""No officer, whatever the role, and no desk learns or changes anything of another authority: every route, asked with its ids."""

import re
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import select, update

from registry_server.app import ROUTERS
from registry_server.audit.service import Act
from registry_server.authorities.models import Checkpoint
from registry_server.cases import service as cases
from registry_server.cases.rules import GroupKey, Looked
from registry_server.db import Base, Database
from registry_server.issuance import desks
from registry_server.issuance import service as issuance
from registry_server.issuance.models import Desk
from registry_server.issuance.orders import Codes
from registry_server.issuance.printing import DocumentKind, print_document
from registry_server.licences import service as licences
from registry_server.licences.actions import Action
from registry_server.licences.registration import FIELDS, RegistrationForm, read_registration
from registry_server.matcher.facts import Stolen
from registry_server.people.models import Officer, Role
from registry_server.secrets_box import SecretsBox
from schemas.epc import Epc
from schemas.orders import EncodedTag, EncodingFailure, encode_order
from schemas.tid import Tid
from tests.registry_server.conftest import NOON, Browser, ClientFor
from tests.registry_server.licences.test_routes import SECOND, TYPED
from tests.registry_server.wall.street import open_street

STRANGE = bytes.fromhex("E2801170000002FA11ED0FF1")
TIDS = (Tid.parse("E28011602000F0E1600000AA"), Tid.parse("E280116020000A1100000001"))
FOREIGN_WORDS = ("BCC", "বরিশাল", "Barishal", "bcc", "Foreign", "foreign", "ভিন্ন", "FOREIGN", "01999")
"""All that is written into the other authority's rows says where it comes from."""
DRAWN = re.compile(r'[0-9a-f]{8,}(-[0-9a-f]{4,12})*|name="(csrf|form)_token" value="[^"]*"')
"""Hashes, form numbers and tokens. EPCs are in capitals and stay."""
OWN_AFFAIR = frozenset({"/sign-in", "/sign-out", "/password"})
"""Routes about the asking officer's own session."""
STREAMS = frozenset({"/wall/stream", "/wall/stream.json"})
"""Never end: test_stream.py watches two authorities side by side. Here they are asked for a place that is not theirs."""
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"checkpoint": "foreign-more", "kind": "stolen", "day": "2026-11-22"},
    {"before": "99999999", "after": "999.99999999"},
    {"subject": "BCC-P-000001"},
    {"by": "bcc.magistrate", "action": "licence:"},
    {"q": "BCC-P-000001"},
    {"q": "CHASSIS00099"},
    {"q": "01999000001"},
    {"q": str(TIDS[0])},
    {"q": "Foreigna Ownera"},
)
FORM = {
    "reason": "settled_since",
    "fiscal_year": "2027",
    "looked": "1.99999999",
    "dismiss_note": "a reason that is long enough",
    "confirm_note": "a reason that is long enough",
    "withdraw_note": "a reason that is long enough",
}


@dataclass(frozen=True)
class City:
    """One authority with something in every table, and the ids of it."""

    authority_id: int
    licence_id: int
    checkpoint_id: int
    case_id: int
    waiting_job: int
    done_job: int
    officer_id: int
    epc: bytes

    def groups(self, other: "City") -> list[str]:
        """Addresses of reviews that name something of this city, some together with something of the other."""
        bikes = [f"L{self.licence_id}", f"T{STRANGE.hex().upper()}"]
        return [f"{bike}-{self.checkpoint_id}" for bike in (*bikes, f"L{other.licence_id}")] + [f"{bikes[0]}-{other.checkpoint_id}"]


@pytest.fixture
def mine(seeded: Database, authority_ids: dict[str, int], secrets: SecretsBox) -> City:
    return settle(seeded, authority_ids["kcc"], "kcc", secrets)


@pytest.fixture
def theirs(seeded: Database, authority_ids: dict[str, int], secrets: SecretsBox, mine: City) -> City:
    assert mine.authority_id != authority_ids["bcc"]
    return settle(seeded, authority_ids["bcc"], "bcc", secrets)


def settle(database: Database, authority_id: int, slug: str, secrets: SecretsBox) -> City:
    act = Act(authority_id, f"{slug}.magistrate", NOON)
    is_other = slug == "bcc"
    street = open_street(database, authority_id, slug)
    with database.write(authority_id) as session:
        tagged = register(session, act, secrets, is_other=is_other, n=0)
        waiting = register(session, act, secrets, is_other=is_other, n=1)
        desk = desks.add_desk(session, "foreign-desk" if is_other else "desk-1", f"token-{slug}", act=act)
        done = issuance.order_tag(session, tagged.id, act=act, secrets=secrets, random_bits=bits)
        job = issuance.next_job(session, session.get_one(Desk, desk.id), act=act, secrets=secrets)
        assert job is not None
        report = EncodedTag(job=done.id, epc=job.epc, tid=TIDS[0 if is_other else 1], locked=True, encoded_at=NOON)
        issuance.job_done(session, desk, report, act=act)
        open_job = issuance.order_tag(session, waiting.id, act=act, secrets=secrets, random_bits=bits)
        ids = tagged.id, open_job.id, done.id, bytes(job.epc)
        officer_id = session.scalars(select(Officer.id).where(Officer.role == Role.MAGISTRATE)).one()
    for kind in DocumentKind:
        print_document(database, ids[0], kind, act=act, codes=Codes(secrets, "localhost"))
    for _ in range(2):
        street.drive(ids[3], Stolen(NOON), licence_id=ids[0])
    street.drive(STRANGE, Stolen(NOON))
    place = street.places["pti-more"]
    with database.write(authority_id) as session:
        key = GroupKey.of(ids[0], ids[3], place)
        case = cases.confirm(session, key, Looked(2, 99_999_999), "Foreign note" if is_other else "note", act)
        case_id = case.id
    street.drive(ids[3], Stolen(NOON), licence_id=ids[0])
    if is_other:
        with database.write(authority_id) as session:
            named = {"slug": "foreign-more", "name_bn": "ভিন্ন মোড়", "name_en": "Foreign More"}
            session.execute(update(Checkpoint).where(Checkpoint.slug == "pti-more").values(**named))
            session.execute(update(Checkpoint).where(Checkpoint.slug == "rupsha").values(slug="foreign-ghat", name_en="Foreign Ghat"))
    return City(authority_id, ids[0], place, case_id, ids[1], ids[2], officer_id, ids[3])


def bits(count: int) -> int:
    return int.from_bytes(b"\x5a" * 16) & ((1 << count) - 1)


def register(session: Any, act: Act, secrets: SecretsBox, *, is_other: bool, n: int) -> Any:
    typed = TYPED | (SECOND if n else {})
    if is_other:
        marks = {"name_bn": "ভিন্ন মালিক", "name_en": "Foreigna Ownera", "holding": "Foreign", "colour": "Foreign", "maker": "Foreign"}
        typed = typed | marks | {"mobile": f"0199900000{n + 1}", "chassis": f"CHASSIS0009{9 - n}", "motor": "FOREIGN"}
    read: RegistrationForm = read_registration(dict.fromkeys(FIELDS, "") | typed, 31)
    return licences.register(session, read, act=act, secrets=secrets, random_bits=bits)


def addresses(of: City, beside: City) -> list[tuple[str, str, bool]]:
    """Method, address, and whether the address names something of the city: every route with every parameter."""
    values: dict[str, list[str]] = {
        "licence_id": [str(of.licence_id)],
        "group": of.groups(beside),
        "case_id:int": [str(of.case_id)],
        "job": [str(of.waiting_job), str(of.done_job)],
        "officer_id": [str(of.officer_id)],
        "action": list(Action),
        "kind": list(DocumentKind),
        "language": ["en"],
        "version": ["x"],
        "name:path": ["../../config.py"],
        "code": ["1-AAAAAAAAAAAAA"],  # forged: a true one is for everybody
    }
    found = []
    for router in ROUTERS:
        for route in router.routes:
            names = [part.partition("}")[0] for part in route.path.split("{")[1:]]  # type: ignore[attr-defined]  # all are APIRoutes
            for chosen in product(*(values[name] for name in names)):
                address = route.path  # type: ignore[attr-defined]  # the same
                for name, value in zip(names, chosen, strict=True):
                    address = address.replace(f"{{{name}}}", value)
                is_named = not {"licence_id", "group", "case_id:int", "job", "officer_id"}.isdisjoint(names)
                found += [(method, address, is_named) for method in route.methods]  # type: ignore[attr-defined]  # the same
    return [row for row in found if row[1] not in OWN_AFFAIR]


def rows_of(database: Database, city: City) -> dict[str, list[Any]]:
    """Every row of every table that belongs to the authority."""
    with database.read() as session:
        return {
            table.name: sorted(session.connection().execute(select(table).where(table.c.authority_id == city.authority_id)), key=repr)
            for table in Base.metadata.sorted_tables
            if "authority_id" in table.c
        }


def says_nothing_of(city: City, answer: Response) -> bool:
    said = answer.text + str(answer.headers)
    codes = (city.epc.hex(), str(TIDS[0]))
    return not any(word in said for word in FOREIGN_WORDS) and not any(code.lower() in said.lower() for code in codes)


def ask(browser: Browser, token: str, method: str, address: str, given: dict[str, str]) -> Response:
    if method == "GET":
        return browser.client.get(address, params=given)
    return browser.client.post(address, data={"csrf_token": token} | FORM | given, headers=browser.headers)


def without_what_was_asked(page: str, given: dict[str, str]) -> str:
    """The page repeats a filter in its field and in the link to the other language; what was drawn by lot may spell any word."""
    text = DRAWN.sub("", unquote(unquote(page)))
    for value in given.values():
        text = text.replace(value, "").replace(value.replace(" ", "+"), "")
    return text


@pytest.mark.parametrize("role", Role)
def test_an_officer_finds_and_changes_nothing_of_another_authority(
    role: Role, mine: City, theirs: City, seeded: Database, client_for: ClientFor
) -> None:
    browser = client_for(role)
    token, before = browser.csrf_token(), rows_of(seeded, theirs)
    for method, address, is_named in addresses(theirs, mine):
        if address.startswith("/desk/"):
            continue
        queries = QUERIES[1:2] if address in STREAMS else QUERIES[:1] if is_named else QUERIES
        for given in queries:
            answer = ask(browser, token, method, address, given)
            if is_named or address in STREAMS:
                assert answer.status_code in {403, 404}, (method, address)
            else:
                assert answer.status_code < 500, (method, address, given)
            text = without_what_was_asked(answer.text, given)
            assert not any(word in text for word in FOREIGN_WORDS), (method, address, given)
            assert theirs.epc.hex().upper() not in text, (method, address, given)
    assert rows_of(seeded, theirs) == before


def test_the_same_person_and_bike_may_be_registered_here_too(
    theirs: City, seeded: Database, client_for: ClientFor, authority_ids: dict[str, int]
) -> None:
    browser, before = client_for(Role.LICENCE_OFFICER), rows_of(seeded, theirs)
    answer = browser.post("/licences", TYPED | SECOND | {"chassis": "CHASSIS00099", "nid": "5550001112", "mobile": "01999000001"})
    assert answer.status_code == 303
    record = browser.get(answer.headers["location"].removesuffix("/registered")).text
    assert "KCC-P" in record
    assert "BCC" not in record
    assert rows_of(seeded, theirs) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("jobs/{waiting}/encoded", 404, id="its waiting job done"),
        pytest.param("jobs/{done}/encoded", 404, id="its finished job done again"),
        pytest.param("jobs/{waiting}/failed", 404, id="its waiting job failed"),
        pytest.param("jobs/{done}/failed", 404, id="its finished job failed"),
    ],
)
def test_a_desk_finds_and_changes_nothing_of_another_authority(
    path: str, status: int, mine: City, theirs: City, seeded: Database, client_for: ClientFor
) -> None:
    before = rows_of(seeded, theirs)
    job = theirs.waiting_job if "waiting" in path else theirs.done_job
    encoded = EncodedTag(job=job, epc=Epc(theirs.epc), tid=TIDS[0], locked=True, encoded_at=NOON)
    report = encoded if path.endswith("encoded") else EncodingFailure(job=job, step="lock", reason="gone")
    answer = desk(client_for, path.format(waiting=job, done=job), encode_order(report))
    assert answer.status_code == status
    assert says_nothing_of(theirs, answer)
    assert rows_of(seeded, theirs) == before


def test_a_desk_is_given_jobs_of_its_own_authority_only(mine: City, theirs: City, client_for: ClientFor) -> None:
    answer = desk(client_for, "jobs/next", b"")
    assert (answer.status_code, answer.json()["job"], answer.json()["authority"]) == (200, mine.waiting_job, "kcc")


def test_a_chip_of_another_authority_is_refused_without_saying_whose_it_is(
    mine: City, theirs: City, seeded: Database, client_for: ClientFor
) -> None:
    before = rows_of(seeded, theirs)
    job = desk(client_for, "jobs/next", b"").json()
    report = EncodedTag(job=job["job"], epc=Epc.parse(job["epc"]), tid=TIDS[0], locked=True, encoded_at=NOON)
    answer = desk(client_for, f"jobs/{job['job']}/encoded", encode_order(report))
    assert answer.status_code == 409
    assert not any(word in answer.text for word in FOREIGN_WORDS)
    assert rows_of(seeded, theirs) == before


def desk(client_for: ClientFor, path: str, body: bytes) -> Response:
    """What the desk of `kcc` is answered."""
    client = client_for(Role.LICENCE_OFFICER).client
    return client.post(f"/desk/v1/{path}", content=body, headers={"Authorization": "Bearer token-kcc"})


def test_the_addresses_that_were_asked_are_real(mine: City, theirs: City, app: FastAPI, client_for: ClientFor) -> None:
    """Else the tests above prove nothing: their own officers are answered."""
    officer, administrator = (client_for(role, "bcc") for role in (Role.LICENCE_OFFICER, Role.ADMINISTRATOR))
    strange_here = f"L{mine.licence_id}-"
    for method, address, is_named in addresses(theirs, mine):
        is_theirs = is_named and strange_here not in address and not address.endswith(f"-{mine.checkpoint_id}")
        if method == "GET" and is_theirs and not address.startswith("/desk/"):
            browser = administrator if address.startswith("/officers") else officer
            assert browser.get(address).status_code == 200, address
