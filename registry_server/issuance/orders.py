"""What stands on a plate and a card, as values for the printer. The codes are signed with the authority's own keys."""

from dataclasses import dataclass

from registry_server.authorities.models import Authority
from registry_server.clock import fiscal_year_name, fiscal_year_of
from registry_server.licences.models import Licence
from registry_server.licences.numbers import plate_numbers
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.people.bangla import bangla_digits
from registry_server.secrets_box import SecretsBox
from schemas.orders import BilingualText, CardOrder, PlateOrder
from schemas.qr_token import ProofClass, ProofKind, ProofToken, digest_of, drive_by_code, qr_url, sign_proof
from schemas.signing import signer_for
from schemas.tid import Tid

CLASS_TEXTS = {
    VehicleClass.PASSENGER: BilingualText(bn="যাত্রীবাহী", en="Passenger"),
    VehicleClass.GOODS: BilingualText(bn="পণ্যবাহী", en="Goods"),
}
CARD_TITLE = BilingualText(bn="ইজিবাইক লাইসেন্স কার্ড", en="Easy-bike licence card")
_PROOF_CLASS = {VehicleClass.PASSENGER: ProofClass.PASSENGER, VehicleClass.GOODS: ProofClass.GOODS}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a document is about."""

    authority: Authority
    licence: Licence
    issue: int
    tid: Tid | None
    """The bound chip's; None while no tag is written, and the codes then do not vouch for one."""


@dataclass(frozen=True, slots=True)
class Codes:
    """How this installation makes its codes."""

    secrets: SecretsBox
    public_host: str


def plate_order(subject: Subject, codes: Codes) -> PlateOrder:
    licence = subject.licence
    fiscal_year = fiscal_year_name(fiscal_year_of(licence.valid_until))
    return PlateOrder(
        authority=_authority_texts(subject.authority),
        number=number_texts(subject.authority, _class_of(licence), licence.serial),
        vehicle_class=CLASS_TEXTS[_class_of(licence)],
        serial=licence.serial,
        issue=subject.issue,
        drive_by_url=qr_url(codes.public_host, drive_by_code(licence.serial, codes.secrets.qr_keys(subject.authority.id).mac_key)),
        proof_url=_proof_url(ProofKind.PLATE, subject, codes),
        fiscal_year=BilingualText(bn=bangla_digits(fiscal_year), en=fiscal_year),
        helpline=subject.authority.helpline,
    )


def card_order(subject: Subject, codes: Codes) -> CardOrder:
    licence = subject.licence
    return CardOrder(
        authority=_authority_texts(subject.authority),
        title=CARD_TITLE,
        owner_name=BilingualText(bn=licence.owner.name_bn, en=licence.owner.name_en),
        number=number_texts(subject.authority, _class_of(licence), licence.serial),
        vehicle_class=CLASS_TEXTS[_class_of(licence)],
        licence_number=licence.number,
        serial=licence.serial,
        valid_until=licence.valid_until,
        proof_url=_proof_url(ProofKind.CARD, subject, codes),
    )


def number_texts(authority: Authority, vehicle_class: VehicleClass, serial: int) -> BilingualText:
    bangla, latin = plate_numbers(authority.plate_prefix_bn, authority.plate_prefix_en, vehicle_class, serial)
    return BilingualText(bn=bangla, en=latin)


def _proof_url(kind: ProofKind, subject: Subject, codes: Codes) -> str:
    """A renewal needs no new plate: its code names no last day, the card's does (docs/decisions/0006-qr-codes.md)."""
    licence, keys = subject.licence, codes.secrets.qr_keys(subject.authority.id)
    token = ProofToken(
        kind=kind,
        key_id=keys.key_id,
        serial=licence.serial,
        vehicle_class=_PROOF_CLASS[_class_of(licence)],
        issued_on=licence.issued_on,
        expires_on=licence.valid_until if kind is ProofKind.CARD else None,
        tid_digest=digest_of(subject.tid),
    )
    return qr_url(codes.public_host, sign_proof(token, signer_for(keys.private_key)))


def _authority_texts(authority: Authority) -> BilingualText:
    return BilingualText(bn=authority.name_bn, en=authority.name_en)


def _class_of(licence: Licence) -> VehicleClass:
    return VehicleClass(licence.vehicle.vehicle_class)


def proof_class_of(licence: Licence) -> ProofClass:
    """As a proof code states it."""
    return _PROOF_CLASS[_class_of(licence)]
