"""Lists and searches of licences. Each is answered by an index; none loads what it does not show."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session, aliased, joinedload

from registry_server.audit.models import AuditEntry
from registry_server.epc_allocation.models import EpcAllocation, TagBinding
from registry_server.licences.models import Licence, Vehicle
from registry_server.licences.numbers import latin_number
from registry_server.licences.search import Sought
from registry_server.licences.states import LicenceState
from registry_server.licences.terms import SOON_DAYS
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.people.models import Owner, OwnerNameWord
from registry_server.people.names import name_key
from registry_server.people.owners import find_owner_by_nid
from registry_server.secrets_box import SecretsBox

PAGE_ROWS = 50
MOST_HITS = 50
HISTORY_ROWS = 200
NAMESAKES = 200


class TermFilter(StrEnum):
    SOON = "soon"
    """Runs out within SOON_DAYS."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class ListFilter:
    today: date
    state: LicenceState | None = None
    vehicle_class: VehicleClass | None = None
    term: TermFilter | None = None
    without_tag: bool = False
    before: int | None = None
    """The id below which the page begins."""


@dataclass(frozen=True, slots=True)
class LicencePage:
    licences: list[Licence]
    tagged: frozenset[int]
    """Ids of those whose newest EPC is on a chip."""
    next_before: int | None


def find_page(session: Session, authority_id: int, wanted: ListFilter) -> LicencePage:
    """The newest first, one page."""
    statement = _shown().where(Licence.authority_id == authority_id, *_conditions(wanted)).limit(PAGE_ROWS + 1)
    ordered = _bare(statement, authority_id) if wanted.without_tag else statement.order_by(Licence.id.desc())
    found = list(session.scalars(ordered))
    page = found[:PAGE_ROWS]
    return LicencePage(page, tagged_among(session, page), page[-1].id if len(found) > PAGE_ROWS else None)


def tagged_among(session: Session, licences: list[Licence]) -> frozenset[int]:
    statement = (
        select(EpcAllocation.licence_id)
        .join(TagBinding, TagBinding.allocation_id == EpcAllocation.id)
        .where(EpcAllocation.licence_id.in_([licence.id for licence in licences]), TagBinding.retired_at.is_(None))
    )
    return frozenset(session.scalars(statement))


def find_exact(session: Session, authority_id: int, sought: Sought) -> list[Licence]:
    """What a number, a mobile, a chassis, an EPC or a TID names; those not cancelled first."""
    ids: set[int] = set()
    for statement in _exact_statements(sought):
        ids |= set(session.scalars(statement.where(Licence.authority_id == authority_id).limit(MOST_HITS)))
    return _in_order(session, ids)


def find_by_nid(session: Session, authority_id: int, nid: str, secrets: SecretsBox) -> list[Licence]:
    owner = find_owner_by_nid(session, authority_id, nid, secrets)
    return _in_order(session, set(session.scalars(select(Licence.id).where(Licence.owner_id == owner.id)))) if owner else []


def find_by_name(session: Session, authority_id: int, words: tuple[str, ...]) -> list[Licence]:
    """Licences of owners whose name has all the words, in any spelling; at most MOST_HITS."""
    if not words:
        return []
    statement = select(Licence.id).join(Owner, Owner.id == Licence.owner_id)
    for word in words[:5]:
        carried = aliased(OwnerNameWord)
        statement = statement.join(carried, and_(carried.owner_id == Owner.id, carried.authority_id == authority_id, carried.word == word))
    return _in_order(session, set(session.scalars(statement.where(Licence.authority_id == authority_id).limit(MOST_HITS))))


def namesakes_of(session: Session, licence: Licence) -> list[Licence]:
    """Licences, not cancelled, of other owners with the same name in any spelling and the same father's or husband's name.

    One person may come with an NID of 10 digits here and of 17 there, which nothing shows to be one person's (docs/law.md): a clerk has
    to look. Of a name that very many carry only the newest NAMESAKES are compared.
    """
    owner = licence.owner
    same_name = (Owner.authority_id == licence.authority_id, Owner.name_key == owner.name_key, Owner.id != owner.id)
    statement = _shown().join(Owner, Owner.id == Licence.owner_id).where(*same_name, Licence.state != LicenceState.CANCELLED)
    guardian = name_key(owner.guardian_name)
    found = session.scalars(statement.order_by(Licence.id.desc()).limit(NAMESAKES))
    return [other for other in found if name_key(other.owner.guardian_name) == guardian]


def history_of(session: Session, licence: Licence) -> list[AuditEntry]:
    """What was done to a licence, the newest first; also under the letter of the class that it had before a correction."""
    prefix = licence.number.partition("-")[0]
    numbers = [latin_number(prefix, vehicle_class, licence.serial) for vehicle_class in VehicleClass]
    statement = select(AuditEntry).where(AuditEntry.authority_id == licence.authority_id, AuditEntry.subject.in_(numbers))
    return list(session.scalars(statement.order_by(AuditEntry.id.desc()).limit(HISTORY_ROWS)))


def _shown() -> Select[Licence]:
    return select(Licence).options(joinedload(Licence.owner, innerjoin=True), joinedload(Licence.vehicle, innerjoin=True))


def _conditions(wanted: ListFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.before is not None:
        place = EpcAllocation.licence_id if wanted.without_tag else Licence.id
        conditions.append(place < wanted.before)
    if wanted.state is not None:
        conditions.append(Licence.state == wanted.state)
    if wanted.vehicle_class is not None:
        conditions.append(Licence.vehicle.has(Vehicle.vehicle_class == wanted.vehicle_class))
    if wanted.term is TermFilter.SOON:
        conditions.append(Licence.valid_until.between(wanted.today, wanted.today + timedelta(days=SOON_DAYS)))
    if wanted.term is TermFilter.OVER:
        conditions.append(Licence.valid_until < wanted.today)
    if wanted.without_tag:
        conditions.append(Licence.state != LicenceState.CANCELLED)
    return conditions


def _bare(statement: Select[Licence], authority_id: int) -> Select[Licence]:
    """Those whose EPC waits for a chip, along the index that holds no others: a licence has one EPC that is not retired."""
    waits = (EpcAllocation.authority_id == authority_id, EpcAllocation.retired_at.is_(None), EpcAllocation.bound_at.is_(None))
    statement = statement.join(EpcAllocation, EpcAllocation.licence_id == Licence.id).where(*waits)
    return statement.order_by(EpcAllocation.licence_id.desc())


def _exact_statements(sought: Sought) -> list[Select[int]]:
    plain = select(Licence.id)
    statements = []
    if sought.number is not None:
        by_number = plain.where(Licence.serial == sought.number.serial)
        if sought.number.vehicle_class is not None:
            by_number = by_number.where(Licence.vehicle.has(Vehicle.vehicle_class == sought.number.vehicle_class))
        statements.append(by_number)
    if sought.mobile is not None:
        statements.append(plain.join(Owner, Owner.id == Licence.owner_id).where(Owner.mobile == sought.mobile))
    if sought.chassis is not None:
        statements.append(plain.join(Vehicle, Vehicle.id == Licence.vehicle_id).where(Vehicle.chassis == sought.chassis))
    codes: list[ColumnElement[bool]] = []
    if sought.epc is not None:
        codes.append(EpcAllocation.epc == sought.epc)
    if sought.tid is not None:
        codes.append(EpcAllocation.id.in_(select(TagBinding.allocation_id).where(TagBinding.tid == sought.tid)))
    statements += [plain.join(EpcAllocation, EpcAllocation.licence_id == Licence.id).where(code) for code in codes]
    return statements


def _in_order(session: Session, ids: set[int]) -> list[Licence]:
    found = session.scalars(_shown().where(Licence.id.in_(ids)))
    return sorted(found, key=lambda licence: (licence.state == LicenceState.CANCELLED, -licence.id))
