"""The verbs of the licence office. Each locks its rows, follows the state table, leaves an audit entry and a change for the matcher.

The caller commits. `act` says who, for which authority, and when.
"""

from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from registry_server.audit.service import Act, record
from registry_server.authorities.models import Authority
from registry_server.clock import dhaka_date
from registry_server.db import insert_ignoring
from registry_server.epc_allocation import service as epc_allocation
from registry_server.epc_allocation.models import EpcAllocation
from registry_server.epc_allocation.service import RandomBits
from registry_server.errors import Conflict, MoveRefused, NotFound
from registry_server.licences.changes import VEHICLE_FIELDS, Change, changes_between, in_books, owner_facts, vehicle_facts
from registry_server.licences.models import Licence, LicenceCounter, RegistryChange, Vehicle
from registry_server.licences.numbers import latin_number
from registry_server.licences.registration import RegistrationForm, VehicleFacts
from registry_server.licences.states import ALLOWED, LicenceState
from registry_server.licences.terms import first_term_end, renewed_term_end
from registry_server.people import owners
from registry_server.people.models import Owner
from registry_server.people.owner_facts import OwnerFacts
from registry_server.secrets_box import SecretsBox
from schemas.qr_token import MAX_SERIAL


def register(session: Session, form: RegistrationForm, *, act: Act, secrets: SecretsBox, random_bits: RandomBits) -> Licence:
    """A licence with its number and its first EPC. The same form sent twice gives the same licence; a form that came back by the browser's
    Back button and says something else now is another one.

    What the form says of a person or a bike that is known from a cancelled licence takes the place of what stood there: the entry in the
    books says what changed. Raises Conflict that names the other licence if the person or the bike has one; FieldProblem for a fiscal
    year out of range.
    """
    valid_until = first_term_end(form.fiscal_year, dhaka_date(act.at))
    counter = lock_counter(session, act.authority_id)  # from here on nobody else registers in this authority
    done = find_by_form(session, act.authority_id, form.form_id)
    if done is not None and _says_the_same(done, form, valid_until, secrets):
        return done
    owner, of_owner = _owner_without_licence(session, form.owner, act, secrets)
    vehicle, of_vehicle = _vehicle_without_licence(session, form.vehicle, act)
    counter.last_serial = next_serial(counter)
    authority = session.get_one(Authority, act.authority_id)
    licence = Licence(
        authority_id=act.authority_id,
        serial=counter.last_serial,
        number=latin_number(authority.plate_prefix_en, form.vehicle.vehicle_class, counter.last_serial),
        owner=owner,
        vehicle=vehicle,
        state=LicenceState.ACTIVE,
        state_since=act.at,
        issued_on=dhaka_date(act.at),
        valid_until=valid_until,
        created_at=act.at,
        form_id=form.form_id if done is None else None,
    )
    session.add(licence)
    session.flush()
    allocation = epc_allocation.allocate(session, licence.id, licence.serial, act=act, random_bits=random_bits)
    facts = {"issue": allocation.issue, "valid_until": valid_until.isoformat(), **in_books(of_owner | of_vehicle)}
    write_change(session, licence, act, "licence:register", **facts)
    return licence


def suspend(session: Session, licence_id: int, reason: str, *, act: Act) -> Licence:
    return _move(session, licence_id, LicenceState.SUSPENDED, reason, act)


def resume(session: Session, licence_id: int, reason: str, *, act: Act) -> Licence:
    return _move(session, licence_id, LicenceState.ACTIVE, reason, act)


def cancel(session: Session, licence_id: int, reason: str, *, act: Act) -> Licence:
    """For ever. The person and the bike may be registered anew."""
    return _move(session, licence_id, LicenceState.CANCELLED, reason, act)


def report_stolen(session: Session, licence_id: int, reason: str, *, act: Act) -> Licence:
    licence = get_locked(session, licence_id)
    if licence.vehicle.stolen_at is not None:
        raise Conflict("already_stolen", number=licence.number)
    licence.vehicle.stolen_at = act.at
    write_change(session, licence, act, "vehicle:report_stolen", reason=reason)
    return licence


def report_found(session: Session, licence_id: int, reason: str, *, act: Act) -> Licence:
    licence = get_locked(session, licence_id)
    if licence.vehicle.stolen_at is None:
        raise Conflict("not_stolen", number=licence.number)
    licence.vehicle.stolen_at = None
    write_change(session, licence, act, "vehicle:report_found", reason=reason)
    return licence


def renew(session: Session, licence_id: int, fiscal_year: int, *, act: Act) -> Licence:
    """Valid until 30 June of the fiscal year that began in July of `fiscal_year`. Raises FieldProblem, Conflict if cancelled."""
    licence = get_living(session, licence_id)
    before = licence.valid_until
    licence.valid_until = renewed_term_end(before, fiscal_year, dhaka_date(act.at))
    write_change(session, licence, act, "licence:renew", before=before.isoformat(), valid_until=licence.valid_until.isoformat())
    return licence


def replace_tag(session: Session, licence_id: int, reason: str, *, act: Act, random_bits: RandomBits) -> EpcAllocation:
    """A new EPC with the next issue number. The old EPC and its chip are to be stopped from now on. Raises Conflict if cancelled."""
    licence = get_living(session, licence_id)
    old = epc_allocation.find_newest(session, licence.id)
    if old is not None:
        epc_allocation.retire(session, old, act.at)
        session.flush()
    new = epc_allocation.allocate(session, licence.id, licence.serial, act=act, random_bits=random_bits)
    write_change(session, licence, act, "tag:replace", reason=reason, issue=new.issue)
    return new


def reveal_nid(session: Session, licence_id: int, reason: str, *, act: Act, secrets: SecretsBox) -> str:
    """One owner's NID in clear. Who saw it and why is written down in the same transaction."""
    licence = get_record(session, licence_id)
    record(session, act, "owner:nid:reveal", licence.number, reason=reason)
    return owners.read_nid(licence.owner, secrets)


def get_record(session: Session, licence_id: int) -> Licence:
    """With owner and vehicle. Raises NotFound."""
    licence = session.scalars(_whole().where(Licence.id == licence_id)).one_or_none()
    if licence is None:
        raise NotFound("licence", licence_id)
    return licence


def get_locked(session: Session, licence_id: int) -> Licence:
    """The same, and nobody else changes it before the end of this transaction."""
    statement = _whole().where(Licence.id == licence_id).with_for_update(of=Licence).execution_options(populate_existing=True)
    licence = session.scalars(statement).one_or_none()
    if licence is None:
        raise NotFound("licence", licence_id)
    return licence


def get_living(session: Session, licence_id: int) -> Licence:
    """Locked. Raises Conflict for a cancelled one."""
    return require_living(get_locked(session, licence_id))


def require_living(licence: Licence) -> Licence:
    """For a page that only looks, and so locks nothing. Raises Conflict for a cancelled one."""
    if licence.state == LicenceState.CANCELLED:
        raise Conflict("licence_cancelled", number=licence.number)
    return licence


def find_by_form(session: Session, authority_id: int, form_id: str | None) -> Licence | None:
    if form_id is None:
        return None
    return session.scalars(_whole().where(Licence.authority_id == authority_id, Licence.form_id == form_id)).one_or_none()


def find_by_serial(session: Session, serial: int) -> Licence | None:
    """Of the session's authority, with owner and vehicle."""
    return session.scalars(_whole().where(Licence.serial == serial)).one_or_none()


def find_living_of(session: Session, *, owner: Owner | None = None, vehicle: Vehicle | None = None) -> Licence | None:
    """The licence that is not cancelled of a person or of a bike."""
    mine = Licence.owner_id == owner.id if owner is not None else Licence.vehicle_id == (vehicle.id if vehicle else 0)
    return session.scalars(select(Licence).where(mine, Licence.state != LicenceState.CANCELLED)).one_or_none()


def lock_counter(session: Session, authority_id: int) -> LicenceCounter:
    """The authority's counter, made if it is the first licence. Locked until the end of the transaction."""
    insert_ignoring(session, LicenceCounter.metadata.tables["licence_counter"], {"authority_id": authority_id, "last_serial": 0})
    statement = select(LicenceCounter).where(LicenceCounter.authority_id == authority_id)
    return session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one()


def next_serial(counter: LicenceCounter, ahead: int = 1) -> int:
    """Raises Conflict when the proof code has no room for a larger one."""
    serial = counter.last_serial + ahead
    if serial > MAX_SERIAL:
        raise Conflict("serials_used_up", last=str(MAX_SERIAL))
    return serial


def write_change(session: Session, licence: Licence, act: Act, action: str, **facts: object) -> None:
    """The audit entry, and the row by which every matcher learns of it."""
    record(session, act, action, licence.number, **facts)
    session.add(RegistryChange(licence_id=licence.id, at=act.at))
    session.flush()


def _says_the_same(licence: Licence, form: RegistrationForm, valid_until: date, secrets: SecretsBox) -> bool:
    return (
        licence.owner.nid_index == owners.nid_index(form.owner.nid, secrets)
        and owner_facts(licence.owner) == owner_facts(form.owner)
        and vehicle_facts(licence.vehicle) == vehicle_facts(form.vehicle)
        and licence.valid_until == valid_until
    )


def _whole() -> Select[Licence]:
    return select(Licence).options(joinedload(Licence.owner, innerjoin=True), joinedload(Licence.vehicle, innerjoin=True))


MOVES = {LicenceState.SUSPENDED: "licence:suspend", LicenceState.ACTIVE: "licence:resume", LicenceState.CANCELLED: "licence:cancel"}
"""What the books call a move, by where it leads."""


def _move(session: Session, licence_id: int, new: LicenceState, reason: str, act: Act) -> Licence:
    licence = get_locked(session, licence_id)
    old = LicenceState(licence.state)
    if new not in ALLOWED[old]:
        raise MoveRefused("licence", licence.number, old, new)
    licence.state, licence.state_reason, licence.state_since = new, reason, act.at
    write_change(session, licence, act, MOVES[new], reason=reason, before=old)
    return licence


def _owner_without_licence(session: Session, facts: OwnerFacts, act: Act, secrets: SecretsBox) -> tuple[Owner, dict[str, Change]]:
    """With what changed of one who is known."""
    owner = owners.find_owner_by_nid(session, act.authority_id, facts.nid, secrets)
    if owner is None:
        return owners.add_owner(session, facts, act=act, secrets=secrets), {}
    holder = find_living_of(session, owner=owner)
    if holder is not None:
        raise Conflict("owner_has_licence", number=holder.number)
    changes = changes_between(owner_facts(owner), owner_facts(facts))
    owners.update_owner(session, owner, facts)
    return owner, changes


def _vehicle_without_licence(session: Session, facts: VehicleFacts, act: Act) -> tuple[Vehicle, dict[str, Change]]:
    """With what changed of one that is known."""
    statement = select(Vehicle).where(Vehicle.authority_id == act.authority_id, Vehicle.chassis == facts.chassis)
    vehicle = session.scalars(statement).one_or_none()
    if vehicle is None:
        vehicle, changes = Vehicle(authority_id=act.authority_id, stolen_at=None), {}
        session.add(vehicle)
    else:
        _refuse_vehicle(session, vehicle)
        changes = changes_between(vehicle_facts(vehicle), vehicle_facts(facts))
    for name in VEHICLE_FIELDS:
        setattr(vehicle, name, getattr(facts, name))
    session.flush()
    return vehicle, changes


def _refuse_vehicle(session: Session, vehicle: Vehicle) -> None:
    holder = find_living_of(session, vehicle=vehicle)
    if holder is not None:
        raise Conflict("chassis_has_licence", number=holder.number)
    if vehicle.stolen_at is not None:
        raise Conflict("chassis_stolen", chassis=vehicle.chassis)
