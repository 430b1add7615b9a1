"""Putting right what was taken down wrongly. What was printed or written into a tag stays as it is: the record says what no longer fits.

The number's class letter follows the class; its serial never changes, and neither does the EPC.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.audit.service import Act
from registry_server.authorities.models import Authority
from registry_server.errors import Conflict
from registry_server.licences.changes import OWNER_FIELDS, VEHICLE_FIELDS, Change, changes_between, in_books, owner_facts, vehicle_facts
from registry_server.licences.models import Licence, Vehicle
from registry_server.licences.numbers import latin_number
from registry_server.licences.registration import FIELDS, VehicleFacts, read_fields, reason
from registry_server.licences.service import find_living_of, get_living, lock_counter, write_change
from registry_server.people import owners
from registry_server.people.models import Owner
from registry_server.people.nid import nid
from registry_server.people.owner_facts import OwnerFacts
from registry_server.people.wards import ward
from registry_server.secrets_box import SecretsBox

CORRECTED = tuple(name for name in FIELDS if name in {*OWNER_FIELDS, *VEHICLE_FIELDS, "nid"})
"""In the order of the form."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What the record should say. `owner.nid` is empty if the NID stays."""

    owner: OwnerFacts
    vehicle: VehicleFacts
    reason: str
    seen: str
    """The `state_of` the record that the officer had before them."""


def read_correction(fields: Mapping[str, str], last_ward: int) -> Correction:
    """By the same rules as a registration. Raises FieldProblems with everything that is wrong."""
    readers = {name: FIELDS[name] for name in CORRECTED} | {
        "nid": lambda field, text: nid(field, text) if text.strip() else "",
        "ward": lambda field, text: ward(field, text, last_ward),
        "reason": reason,
    }
    values = read_fields(readers, fields)
    owner = OwnerFacts(**{field: values[field] for field in OwnerFacts.__slots__})
    vehicle = VehicleFacts(**{field: values[field] for field in VehicleFacts.__slots__})
    return Correction(owner, vehicle, values["reason"], fields.get("seen", ""))


def facts_of(licence: Licence) -> dict[str, str]:
    """What the form begins with. The NID is not shown: an empty field leaves it as it is."""
    return owner_facts(licence.owner) | vehicle_facts(licence.vehicle)


def state_of(licence: Licence) -> str:
    """Differs when anything that a correction may change differs. Tells nothing of what it stands for."""
    said = "\0".join(facts_of(licence).values()).encode() + licence.owner.nid_index
    return hashlib.sha256(said).hexdigest()[:16]


def correct(session: Session, licence_id: int, correction: Correction, *, act: Act, secrets: SecretsBox) -> dict[str, Change]:
    """The changes, by field; none if the record says all of it already. The caller commits.

    Raises Conflict for a cancelled licence, a record that somebody changed meanwhile, and an NID or chassis that stands elsewhere.
    """
    lock_counter(session, act.authority_id)  # nobody registers the same person or bike meanwhile
    licence = get_living(session, licence_id)
    changes = _changes(licence, correction, secrets)
    if not changes:
        return {}
    if correction.seen != state_of(licence):
        raise Conflict("record_changed", number=licence.number)
    if "nid" in changes:
        _refuse_nid_of_another(session, act.authority_id, correction.owner.nid, secrets)
        owners.change_nid(licence.owner, correction.owner.nid, secrets)
    if "chassis" in changes:
        _refuse_chassis_of_another(session, act.authority_id, correction.vehicle.chassis)
    owners.update_owner(session, licence.owner, correction.owner)
    for name in VEHICLE_FIELDS:
        setattr(licence.vehicle, name, getattr(correction.vehicle, name))
    prefix = session.get_one(Authority, act.authority_id).plate_prefix_en
    licence.number = latin_number(prefix, correction.vehicle.vehicle_class, licence.serial)
    write_change(session, licence, act, "licence:correct", reason=correction.reason, **in_books(changes))
    return changes


def _changes(licence: Licence, correction: Correction, secrets: SecretsBox) -> dict[str, Change]:
    changes = changes_between(facts_of(licence), owner_facts(correction.owner) | vehicle_facts(correction.vehicle))
    typed = correction.owner.nid
    if typed and owners.nid_index(typed, secrets) != licence.owner.nid_index:
        changes["nid"] = f"…{licence.owner.nid_tail}", f"…{typed[-4:]}"
    return changes


def _refuse_nid_of_another(session: Session, authority_id: int, typed: str, secrets: SecretsBox) -> None:
    owner = owners.find_owner_by_nid(session, authority_id, typed, secrets)
    if owner is not None:
        raise _taken(session, owner=owner)


def _refuse_chassis_of_another(session: Session, authority_id: int, chassis: str) -> None:
    vehicle = session.scalars(select(Vehicle).where(Vehicle.authority_id == authority_id, Vehicle.chassis == chassis)).one_or_none()
    if vehicle is not None:
        raise _taken(session, vehicle=vehicle)


def _taken(session: Session, *, owner: Owner | None = None, vehicle: Vehicle | None = None) -> Conflict:
    """Who was registered under it before keeps it: two histories are not made one by a correction."""
    kind = "owner" if owner is not None else "chassis"
    living = find_living_of(session, owner=owner, vehicle=vehicle)
    if living is not None:
        return Conflict(f"{kind}_has_licence", number=living.number)
    mine = Licence.owner_id == owner.id if owner is not None else Licence.vehicle_id == (vehicle.id if vehicle else 0)
    former = session.scalars(select(Licence.number).where(mine).order_by(Licence.id.desc()).limit(1)).first()
    return Conflict(f"{kind}_had_licence", number=former or "–")
