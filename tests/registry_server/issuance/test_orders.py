"""What stands on plates and cards, and that its codes hold."""

import pytest

from registry_server.audit.service import Act
from registry_server.db import Database
from registry_server.epc_allocation import service as epc_allocation
from registry_server.errors import Conflict, NotFound
from registry_server.issuance.orders import Codes
from registry_server.issuance.printing import DocumentKind, order_for, print_document, prints_of, reprint_document
from registry_server.licences import service as licences
from registry_server.licences.models import Licence
from schemas.errors import ContractError
from schemas.orders import CardOrder, PlateOrder
from schemas.qr_token import ProofClass, ProofKind, digest_of, read_drive_by, read_proof
from schemas.signing import public_key_of
from schemas.tid import Tid
from tests.registry_server.licences.office import SECRETS

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
        with database.write(act.authority_id) as session:
            assert print_document(session, licence.id, kind, act=act, codes=CODES).startswith(b"%PDF-")
    with database.read(act.authority_id) as session:
        assert [(print_.kind, print_.copy) for print_ in prints_of(session, licence.id)] == [(kind, 2), (kind, 1)]


def test_what_was_never_printed_is_not_printed_again(database: Database, act: Act, licence: Licence) -> None:
    with pytest.raises(NotFound), database.write(act.authority_id) as session:
        reprint_document(session, licence.id, DocumentKind.CARD, act=act, codes=CODES)


def test_nothing_is_printed_for_a_cancelled_licence(database: Database, act: Act, licence: Licence) -> None:
    with database.write(act.authority_id) as session:
        licences.cancel(session, licence.id, "মালিকের আবেদন", act=act)
    with pytest.raises(Conflict), database.write(act.authority_id) as session:
        print_document(session, licence.id, DocumentKind.PLATE, act=act, codes=CODES)
