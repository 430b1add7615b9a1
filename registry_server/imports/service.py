"""Taking a file in: judged row by row, then written in bulk in one transaction. The caller commits."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from registry_server.audit.models import AuditEntry
from registry_server.audit.service import Act, record
from registry_server.authorities.models import Authority
from registry_server.clock import dhaka_date
from registry_server.db import Base
from registry_server.epc_allocation.bit_layout import RANDOM_BITS, closed_epc
from registry_server.epc_allocation.models import EpcAllocation
from registry_server.errors import FieldProblem
from registry_server.imports.columns import FileRefused, read_table
from registry_server.imports.rules import BadRow, GoodRow, doubled, judge_row
from registry_server.licences.models import BikeImport, Licence, RegistryChange, Vehicle
from registry_server.licences.numbers import latin_number
from registry_server.licences.registration import VehicleFacts
from registry_server.licences.service import lock_counter, next_serial
from registry_server.licences.states import LicenceState
from registry_server.people.models import Owner, OwnerNameWord
from registry_server.people.names import name_key
from registry_server.people.owners import NID, nid_index, words_of
from registry_server.people.wards import last_ward
from registry_server.secrets_box import SecretsBox

BATCH = 500
"""Values a query: below SQLite's and PostgreSQL's limits for one statement."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Judged:
    """A file and what each of its rows would become."""

    sha256: str
    good: list[GoodRow]
    bad: list[BadRow]
    ignored: tuple[str, ...]
    """Headers of columns that mean nothing here."""

    @property
    def rows(self) -> int:
        return len(self.good) + len(self.bad)


@dataclass(frozen=True, slots=True)
class ImportTools:
    secrets: SecretsBox
    random_bits: Callable[[int], int]


def judge(session: Session, data: bytes, *, act: Act, secrets: SecretsBox) -> Judged:
    """Nothing is written. Raises FileRefused, also for a file that was taken in before."""
    sha256 = hashlib.sha256(data).hexdigest()
    refuse_second_time(session, act.authority_id, sha256)
    wards = last_ward(session.get_one(Authority, act.authority_id).wards)
    table = read_table(data)
    judged = [judge_row(row, wards, dhaka_date(act.at)) for row in table.rows]
    good = [row for row in judged if isinstance(row, GoodRow)]
    bad = _by_line([*(row for row in judged if isinstance(row, BadRow)), *doubled(good), *_conflicts(session, good, act, secrets)])
    bad_lines = {row.line for row in bad}
    return Judged(sha256, [row for row in good if row.line not in bad_lines], bad, table.ignored)


def apply(session: Session, judged: Judged, file_name: str, *, act: Act, tools: ImportTools) -> range:
    """Write every row; gives the serials. `judged` comes from the same transaction, after `lock_counter`.

    Raises ValueError if a row is bad.
    """
    if judged.bad:
        raise ValueError("a file with bad rows is not taken in")
    authority = session.get_one(Authority, act.authority_id)
    counter = lock_counter(session, authority.id)
    last = next_serial(counter, len(judged.good))
    serials = range(counter.last_serial + 1, last + 1)
    counter.last_serial = last
    _write(session, judged.good, serials, _Context(authority, act, tools))
    session.add(BikeImport(authority_id=authority.id, sha256=judged.sha256, file_name=file_name[:200], rows=len(judged.good), at=act.at))
    record(session, act, "import:apply", judged.sha256[:16], file=file_name[:200], rows=len(judged.good), first=serials[0], last=last)
    return serials


def refuse_second_time(session: Session, authority_id: int, sha256: str) -> None:
    statement = select(BikeImport).where(BikeImport.authority_id == authority_id, BikeImport.sha256 == sha256)
    earlier = session.scalars(statement).one_or_none()
    if earlier is not None:
        raise FileRefused("file_taken_in_before", name=earlier.file_name, on=dhaka_date(earlier.at).isoformat(), rows=str(earlier.rows))


def _conflicts(session: Session, rows: list[GoodRow], act: Act, secrets: SecretsBox) -> Iterator[BadRow]:
    """Rows whose person or bike the registry knows already."""
    by_nid = {nid_index(row.form.owner.nid, secrets): row for row in rows}
    by_chassis = {row.form.vehicle.chassis: row for row in rows}
    living = Licence.state != LicenceState.CANCELLED
    for batch in _batches(by_nid):
        owners = select(Owner.nid_index, Licence.number).outerjoin(Licence, (Licence.owner_id == Owner.id) & living)
        found = session.execute(owners.where(Owner.authority_id == act.authority_id, Owner.nid_index.in_(batch)))
        for index, number in found:
            yield _known(by_nid[bytes(index)], "nid", "owner_has_licence" if number else "row_owner_known", number)
    for chassis_batch in _batches(by_chassis):
        vehicles = select(Vehicle.chassis, Licence.number).outerjoin(Licence, (Licence.vehicle_id == Vehicle.id) & living)
        found_too = session.execute(vehicles.where(Vehicle.authority_id == act.authority_id, Vehicle.chassis.in_(chassis_batch)))
        for chassis, number in found_too:
            yield _known(by_chassis[chassis], "chassis", "chassis_has_licence" if number else "row_chassis_known", number)


def _known(row: GoodRow, field: str, code: str, number: str | None) -> BadRow:
    return BadRow(row.line, (FieldProblem(field, code, number=number or ""),))


def _by_line(rows: Iterable[BadRow]) -> list[BadRow]:
    problems: dict[int, list[FieldProblem]] = {}
    for row in rows:
        problems.setdefault(row.line, []).extend(row.problems)
    return [BadRow(line, tuple(problems[line])) for line in sorted(problems)]


@dataclass(frozen=True, slots=True)
class _Context:
    authority: Authority
    act: Act
    tools: ImportTools


def _write(session: Session, rows: list[GoodRow], serials: range, context: _Context) -> None:
    """Table by table in bulk: a handful of statements for any number of rows."""
    owner_ids = _insert(session, Owner, (_owner(row, context) for row in rows))
    vehicle_ids = _insert(session, Vehicle, (_vehicle(row, context) for row in rows))
    placed = list(zip(rows, serials, owner_ids, vehicle_ids, strict=True))
    licences = [_licence(row, serial, context) | {"owner_id": owner, "vehicle_id": vehicle} for row, serial, owner, vehicle in placed]
    licence_ids = _insert(session, Licence, licences)
    owned = {"authority_id": context.authority.id}
    words = ((word, owner) for row, owner in zip(rows, owner_ids, strict=True) for word in words_of(row.form.owner))
    session.execute(insert(OwnerNameWord), [owned | {"word": word, "owner_id": owner} for word, owner in words])
    numbered = zip(licence_ids, serials, strict=True)
    session.execute(insert(EpcAllocation), [owned | _allocation(licence_id, serial, context) for licence_id, serial in numbered])
    session.execute(insert(RegistryChange), [{"licence_id": licence_id, "at": context.act.at} for licence_id in licence_ids])
    entry = owned | {"at": context.act.at, "by": context.act.by, "action": "licence:import"}
    lines = [{"subject": one["number"], "facts": {"line": row.line}} for row, one in zip(rows, licences, strict=True)]
    session.execute(insert(AuditEntry), [entry | line for line in lines])


def _insert(session: Session, table: type[Base], rows: Iterable[dict[str, Any]]) -> list[int]:
    """The new ids, in the order of the rows."""
    identity = table.__table__.c.id
    return list(session.scalars(insert(table).returning(identity, sort_by_parameter_order=True), list(rows)))


def _owner(row: GoodRow, context: _Context) -> dict[str, Any]:
    facts, secrets = row.form.owner, context.tools.secrets
    return {
        "authority_id": context.authority.id,
        "name_bn": facts.name_bn,
        "name_en": facts.name_en,
        "name_key": name_key(facts.name_bn),
        "guardian_name": facts.guardian_name,
        "nid_encrypted": secrets.encrypt(facts.nid, NID),
        "nid_index": nid_index(facts.nid, secrets),
        "nid_tail": facts.nid[-4:],
        "mobile": facts.mobile,
        "ward": facts.ward,
        "holding": facts.holding,
        "created_at": context.act.at,
    }


def _vehicle(row: GoodRow, context: _Context) -> dict[str, Any]:
    facts = row.form.vehicle
    return {name: getattr(facts, name) for name in VehicleFacts.__slots__} | {"authority_id": context.authority.id, "stolen_at": None}


def _licence(row: GoodRow, serial: int, context: _Context) -> dict[str, Any]:
    return {
        "authority_id": context.authority.id,
        "serial": serial,
        "number": latin_number(context.authority.plate_prefix_en, row.form.vehicle.vehicle_class, serial),
        "state": LicenceState.ACTIVE,
        "state_reason": "",
        "state_since": context.act.at,
        "issued_on": dhaka_date(context.act.at),
        "valid_until": row.valid_until,
        "created_at": context.act.at,
        "form_id": None,
    }


def _allocation(licence_id: int, serial: int, context: _Context) -> dict[str, Any]:
    epc = closed_epc(context.authority.id, serial, 1, context.tools.random_bits(RANDOM_BITS))
    return {"licence_id": licence_id, "issue": 1, "epc": bytes(epc), "allocated_at": context.act.at, "retired_at": None}


def _batches(values: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch
