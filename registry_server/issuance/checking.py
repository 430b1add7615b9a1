"""Whose plate or card a scanned code is, and what the registry says of it now. Decision 0006: a copied code holds too, so that a person
has to compare.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.authorities.models import Authority
from registry_server.db import Database
from registry_server.epc_allocation import service as epc_allocation
from registry_server.issuance.orders import proof_class_of
from registry_server.licences.models import Licence
from registry_server.licences.numbers import plate_numbers
from registry_server.licences.service import find_by_serial
from registry_server.licences.states import LicenceState
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.secrets_box import SecretsBox
from schemas.errors import ContractError
from schemas.qr_token import ProofToken, digest_of, read_drive_by, read_proof
from schemas.signing import public_key_of
from schemas.tid import Tid


class Standing(StrEnum):
    """All that a passer-by is told: why a licence does not hold is the office's business."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_IN_FORCE = "not_in_force"


@dataclass(frozen=True, slots=True)
class Issued:
    """What to compare with the bike. No personal data."""

    authority_id: int
    authority_bn: str
    authority_en: str
    licence_id: int
    plate_bn: str
    plate_en: str
    vehicle_class: VehicleClass
    colour: str
    valid_until: date
    standing: Standing
    is_replaced: bool
    """The code speaks of another chip or class than the record does now."""


def find_issued(database: Database, code: str, secrets: SecretsBox, today: date) -> Issued | None:
    """None for a code that no authority of this installation has issued. The key that checks it tells whose it is."""
    with database.read() as session:
        authority_ids = session.scalars(select(Authority.id)).all()
    for authority_id in authority_ids:
        read = _read(code, authority_id, secrets)
        if read is not None:
            with database.read(authority_id) as session:
                return _issued(session, session.get_one(Authority, authority_id), *read, today)
    return None


def _read(code: str, authority_id: int, secrets: SecretsBox) -> tuple[int, ProofToken | None] | None:
    """The serial, and what a proof code says besides."""
    keys = secrets.qr_keys(authority_id)
    try:
        if "-" in code:
            return read_drive_by(code, keys.mac_key), None
        token = read_proof(code, {keys.key_id: public_key_of(keys.private_key)})
    except ContractError:
        return None
    return token.serial, token


def _issued(session: Session, authority: Authority, serial: int, token: ProofToken | None, today: date) -> Issued | None:
    licence = find_by_serial(session, serial)
    if licence is None:
        return None
    vehicle_class = VehicleClass(licence.vehicle.vehicle_class)
    plate_bn, plate_en = plate_numbers(authority.plate_prefix_bn, authority.plate_prefix_en, vehicle_class, serial)
    return Issued(
        authority.id,
        authority.name_bn,
        authority.name_en,
        licence.id,
        plate_bn,
        plate_en,
        vehicle_class,
        licence.vehicle.colour,
        licence.valid_until,
        _standing(licence, today),
        token is not None and _is_replaced(session, licence, token),
    )


def _standing(licence: Licence, today: date) -> Standing:
    if licence.state != LicenceState.ACTIVE or licence.vehicle.stolen_at is not None:
        return Standing.NOT_IN_FORCE
    return Standing.EXPIRED if licence.valid_until < today else Standing.VALID


def _is_replaced(session: Session, licence: Licence, token: ProofToken) -> bool:
    allocation = epc_allocation.find_newest(session, licence.id)
    binding = epc_allocation.find_binding(session, allocation) if allocation is not None else None
    bound = digest_of(Tid(binding.tid)) if binding is not None else digest_of(None)
    is_other_chip = token.tid_digest not in {digest_of(None), bound}
    return is_other_chip or token.vehicle_class is not proof_class_of(licence)
