"""What stands on plates and cards, and that its codes hold."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy.orm import Session

from registry_server.audit.service import Act
from registry_server.db import Database
from registry_server.epc_allocation import service as epc_allocation
from registry_server.errors import Conflict, NotFound
from registry_server.issuance.orders import Codes
from registry_server.issuance.printing import DocumentKind, count_print, draw, order_for, print_document, prints_of, reprint_document
from registry_server.licences import service as licences
from registry_server.licences.models import Licence
from schemas.errors import ContractError
from schemas.orders import CardOrder, PlateOrder
from schemas.qr_token import ProofClass, ProofKind, digest_of, read_drive_by, read_proof
from schemas.signing import public_key_of
from schemas.tid import Tid
from tests.registry_server.licences.office import SECRETS, open_office, register

CODES = Codes(SECRETS, "kcc.example")
TID = Tid.parse("E28011602000001122334455")


def code_of(url: str) -> str:
    assert url.startswith("HTTPS://KCC.EXAMPLE/V/")
    return url.rpartition("/")[2]


def public_keys(authority_id: int) -> dict[int, bytes]:
    keys = SECRETS.qr_keys(authority_id)
    return {keys.key_id: public_key_of(keys.private_key)}


def order(database: Database, act: Act, licence: Licence, kind: DocumentKind) -> PlateOrder | CardOrder:
    with database.read(act.authority_id) as session:
        return order_for(session, licences.get_record(session, licence.id), kind, CODES)


def prints(database: Database, act: Act, licence: Licence) -> list[tuple[str, int]]:
    with database.read(act.authority_id) as session:
        return [(print_.kind, print_.copy) for print_ in prints_of(session, licence.id)]


def test_a_plate_has_bangla_figures_and_codes_that_hold(database: Database, act: Act, licence: Licence) -> None:
    plate = order(database, act, licence, DocumentKind.PLATE)
    assert isinstance(plate, PlateOrder)
    assert (plate.number.bn, plate.fiscal_year.bn, plate.vehicle_class.bn) == ("খুলনা-প ০০০০০১", "২০২৬-২৭", "যাত্রীবাহী")
    assert read_drive_by(code_of(plate.drive_by_url), SECRETS.qr_keys(act.authority_id).mac_key) == 1
    proof = read_proof(code_of(plate.proof_url), public_keys(act.authority_id))
    assert (proof.kind, proof.vehicle_class, proof.serial, proof.expires_on) == (ProofKind.PLATE, ProofClass.PASSENGER, 1, None)
    assert proof.tid_digest == bytes(4)


def test_a_card_names_its_last_day_and_is_tied_to_the_chip(database: Database, act: Act, licence: Licence) -> None:
    with database.write(act.authority_id) as session:
        allocation = epc_allocation.find_newest(session, licence.id)
        assert allocation is not None
        epc_allocation.bind(session, allocation, TID, act=act)
    card = order(database, act, licence, DocumentKind.CARD)
    assert isinstance(card, CardOrder)
    proof = read_proof(code_of(card.proof_url), public_keys(act.authority_id))
    assert (proof.kind, proof.expires_on, proof.tid_digest) == (ProofKind.CARD, licence.valid_until, digest_of(TID))
    assert "1000000001" not in repr(card)


def test_no_other_authority_can_take_a_plate_with_the_same_serial_for_its_own(database: Database, act: Act, licence: Licence) -> None:
    plate = order(database, act, licence, DocumentKind.PLATE)
    assert isinstance(plate, PlateOrder)
    with pytest.raises(ContractError, match="a signature that holds"):
        read_proof(code_of(plate.proof_url), public_keys(act.authority_id + 1))
    with pytest.raises(ContractError, match="a MAC that holds"):
        read_drive_by(code_of(plate.drive_by_url), SECRETS.qr_keys(act.authority_id + 1).mac_key)


@pytest.mark.parametrize("kind", DocumentKind)
def test_every_print_is_counted(database: Database, act: Act, licence: Licence, kind: DocumentKind) -> None:
    for _ in range(2):
        assert print_document(database, licence.id, kind, act=act, codes=CODES).pdf.startswith(b"%PDF-")
    assert prints(database, act, licence) == [(kind, 2), (kind, 1)]


def test_nobody_waits_while_a_document_is_drawn(sqlite_database: Database) -> None:
    act = open_office(sqlite_database)
    licence = register(sqlite_database, act)
    with sqlite_database.write():  # the database's only writer
        drawing = draw(sqlite_database, licence.id, DocumentKind.PLATE, authority_id=act.authority_id, codes=CODES)
    assert drawing.pdf.startswith(b"%PDF-")
    assert prints(sqlite_database, act, licence) == []


class Overtaken(Database):
    """Somebody else gets to the lock first, as often as told."""

    def __init__(self, url: str, first: Callable[[Database, int], None], times: int) -> None:
        super().__init__(url)
        self.first, self.left, self.turn = first, times, 0

    @contextmanager
    def write(self, authority_id: int | None = None) -> Iterator[Session]:
        if self.left:
            self.left, self.turn = self.left - 1, self.turn + 1
            other = Database(self.engine.url.render_as_string(hide_password=False))
            self.first(other, self.turn)
            other.close()
        with super().write(authority_id) as session:
            yield session


def renew(act: Act, licence: Licence) -> Callable[[Database, int], None]:
    def do(database: Database, turn: int) -> None:
        with database.write(act.authority_id) as session:
            licences.get_locked(session, licence.id).valid_until = date(2027 + turn, 6, 30)

    return do


@pytest.fixture
def overtaken(database_url: str, act: Act, licence: Licence, request: pytest.FixtureRequest) -> Iterator[Overtaken]:
    database = Overtaken(database_url, renew(act, licence), request.param)
    yield database
    database.close()


@pytest.mark.parametrize("kind", DocumentKind)
@pytest.mark.parametrize("overtaken", [1], indirect=True)
def test_what_changes_while_a_document_is_drawn_stands_on_it(
    overtaken: Overtaken, database: Database, act: Act, licence: Licence, kind: DocumentKind
) -> None:
    printed = print_document(overtaken, licence.id, kind, act=act, codes=CODES)
    assert printed.order == order(database, act, licence, kind)
    assert prints(database, act, licence) == [(kind, 1)]


@pytest.mark.parametrize("overtaken", [3], indirect=True)
def test_a_record_that_never_rests_is_not_printed(overtaken: Overtaken, database: Database, act: Act, licence: Licence) -> None:
    with pytest.raises(Conflict, match="overtaken"):
        print_document(overtaken, licence.id, DocumentKind.CARD, act=act, codes=CODES)
    assert prints(database, act, licence) == []


def test_what_was_never_printed_is_not_printed_again(database: Database, act: Act, licence: Licence) -> None:
    with pytest.raises(NotFound):
        reprint_document(database, licence.id, DocumentKind.CARD, act=act, codes=CODES)


def test_nothing_is_printed_for_a_cancelled_licence(database: Database, act: Act, licence: Licence) -> None:
    drawing = draw(database, licence.id, DocumentKind.PLATE, authority_id=act.authority_id, codes=CODES)
    with database.write(act.authority_id) as session:
        licences.cancel(session, licence.id, "মালিকের আবেদন", act=act)
    with pytest.raises(Conflict):
        print_document(database, licence.id, DocumentKind.PLATE, act=act, codes=CODES)
    with pytest.raises(Conflict), database.write(act.authority_id) as session:
        count_print(session, drawing, act=act, codes=CODES)
