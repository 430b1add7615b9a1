"""The waiting bikes in their order, and everything that is known about one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Self

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from registry_server.authorities.models import Authority, Checkpoint
from registry_server.cases import rules
from registry_server.cases.models import Case, Decision
from registry_server.cases.rules import GroupKey, Looked, Rank
from registry_server.clock import instants_of
from registry_server.errors import NotFound
from registry_server.licences.models import Licence, Vehicle
from registry_server.licences.numbers import plate_numbers
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.matcher.models import Flag
from registry_server.matcher.states import FlagKind, FlagState
from registry_server.sightings.models import Passage

PAGE_SIZE = 25
MOST_SHOWN = 20
MOST_EARLIER = 50
_UNKNOWN_EPC = case((Flag.licence_id.is_(None), Flag.epc))


class Filter(NamedTuple):
    """What the officer wants to see of the queue; None: all."""

    kind: FlagKind | None = None
    checkpoint_id: int | None = None
    day: date | None = None


class Place(NamedTuple):
    """Where in the order a page ends: `42.1024`."""

    rank: int
    newest: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        rank, _, newest = text.partition(".")
        if not all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in (rank, newest)):
            return None
        return cls(int(rank), int(newest))

    def __str__(self) -> str:
        return f"{self.rank}.{self.newest}"


@dataclass(frozen=True, slots=True)
class BikeFacts:
    """The register's side: which bike the tag claims to be."""

    licence_id: int
    plate_bn: str
    plate_en: str
    number: str
    state: str
    valid_until: date
    vehicle_class: VehicleClass
    colour: str
    chassis: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One bike at one place with its open flags, as one line of the queue."""

    key: GroupKey
    epc: str
    rank: Rank
    kinds: tuple[FlagKind, ...]
    flags: int
    passages: int
    newest: int
    newest_at: datetime
    checkpoint: Checkpoint
    bike: BikeFacts | None

    @property
    def place(self) -> Place:
        return Place(self.rank.value, self.newest)


class Totals(NamedTuple):
    groups: int
    flags: int
    by_kind: dict[FlagKind, int]


def of_group(key: GroupKey) -> Select[Flag]:
    """All flags of the bike at the place, in whatever state."""
    return _of_bike(key).where(Flag.checkpoint_id == key.checkpoint_id)


def waiting(session: Session, wanted: Filter, after: Place | None = None, limit: int = PAGE_SIZE) -> list[Waiting]:
    """The bikes with open flags: gravest first, then newest. `after`: where the page before ended."""
    groups = _groups(wanted).subquery()
    statement = select(groups).order_by(groups.c.rank.desc(), groups.c.newest.desc()).limit(limit)
    if after is not None:
        statement = statement.where(
            (groups.c.rank < after.rank) | ((groups.c.rank == after.rank) & (groups.c.newest < after.newest)),
        )
    keys = [GroupKey(row.licence_id, row.unknown_epc, row.checkpoint_id) for row in session.execute(statement)]
    flags = _flags_by_group(session, wanted, keys)
    bikes = bikes_of(session, {key.licence_id for key in keys if key.licence_id is not None})
    places = {
        place.id: place for place in session.scalars(select(Checkpoint).where(Checkpoint.id.in_({key.checkpoint_id for key in keys})))
    }
    return [_waiting(key, flags[key], places[key.checkpoint_id], bikes.get(key.licence_id or 0)) for key in keys]


def totals(session: Session, wanted: Filter) -> Totals:
    """How many bikes and flags wait; the kinds are counted without the filter by kind."""
    by_kind = {
        FlagKind(kind): number
        for kind, number in session.execute(select(Flag.kind, func.count()).where(*_open(wanted)).group_by(Flag.kind))
    }
    if wanted.kind is None:
        return Totals(_count_bikes(session, wanted), sum(by_kind.values()), by_kind)
    groups = _groups(wanted).subquery()
    count, flags = session.execute(select(func.count(), func.coalesce(func.sum(groups.c.flags), 0)).select_from(groups)).one()
    return Totals(count, int(flags), by_kind)


def count_waiting(session: Session, _now: datetime) -> int:
    """Bikes that wait for a decision, for the home page."""
    return _count_bikes(session, Filter())


def _count_bikes(session: Session, wanted: Filter) -> int:
    bikes = select(Flag.licence_id, _UNKNOWN_EPC, Flag.checkpoint_id).where(*_open(wanted)).distinct().subquery()
    return session.scalar(select(func.count()).select_from(bikes)) or 0


def open_flags(session: Session, key: GroupKey) -> Sequence[Flag]:
    """Newest first."""
    return session.scalars(of_group(key).where(Flag.state == FlagState.OPEN).order_by(Flag.id.desc())).all()


def passages_of(session: Session, flags: Sequence[Flag]) -> dict[int, Passage]:
    """By id, as far as they are known now: a chip often answers after its flag has been raised."""
    ids = {flag.passage_id for flag in flags} | {flag.other_passage_id for flag in flags if flag.other_passage_id}
    return {passage.id: passage for passage in session.scalars(select(Passage).where(Passage.id.in_(ids)))}


def looked_at(flags: Sequence[Flag]) -> Looked:
    return Looked(len(flags), max((flag.id for flag in flags), default=0))


class Earlier(NamedTuple):
    """A flag of the same bike that is not up for decision here, and what was decided about it."""

    flag: Flag
    decision: Decision | None
    case: Case | None
    checkpoint: Checkpoint


def earlier(session: Session, key: GroupKey) -> list[Earlier]:
    """The newest other flags of the bike: decided ones, and open ones at other places."""
    is_here_and_open = (Flag.state == FlagState.OPEN) & (Flag.checkpoint_id == key.checkpoint_id)
    rows = session.execute(
        _of_bike(key)
        .where(~is_here_and_open)
        .join(Checkpoint, Checkpoint.id == Flag.checkpoint_id)
        .outerjoin(Decision, Decision.id == Flag.decision_id)
        .outerjoin(Case, Case.id == Flag.case_id)
        .with_only_columns(Flag, Decision, Case, Checkpoint)
        .order_by(Flag.id.desc())
        .limit(MOST_EARLIER)
    )
    return [Earlier(*row) for row in rows]


def find_bike(session: Session, licence_id: int | None) -> BikeFacts | None:
    return None if licence_id is None else bikes_of(session, {licence_id}).get(licence_id)


def bikes_of(session: Session, licence_ids: set[int]) -> dict[int, BikeFacts]:
    statement = (
        select(Licence, Vehicle, Authority)
        .join(Vehicle, Vehicle.id == Licence.vehicle_id)
        .join(Authority, Authority.id == Licence.authority_id)
        .where(Licence.id.in_(licence_ids))
    )
    return {licence.id: _bike(licence, vehicle, authority) for licence, vehicle, authority in session.execute(statement)}


class CaseLine(NamedTuple):
    case: Case
    checkpoint: Checkpoint
    bike: BikeFacts | None


def cases(session: Session, before_id: int | None = None, limit: int = PAGE_SIZE) -> list[CaseLine]:
    """Newest first."""
    statement = select(Case, Checkpoint).join(Checkpoint, Checkpoint.id == Case.checkpoint_id).order_by(Case.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(Case.id < before_id)
    rows = session.execute(statement).all()
    bikes = bikes_of(session, {row.Case.licence_id for row in rows if row.Case.licence_id is not None})
    return [CaseLine(row.Case, row.Checkpoint, bikes.get(row.Case.licence_id)) for row in rows]


def get_case(session: Session, case_id: int) -> Case:
    """Raises NotFound."""
    found = session.scalars(select(Case).where(Case.id == case_id)).one_or_none()
    if found is None:
        raise NotFound("case", case_id)
    return found


def flags_of_case(session: Session, case_id: int) -> Sequence[Flag]:
    return session.scalars(select(Flag).where(Flag.case_id == case_id).order_by(Flag.id.desc())).all()


def _of_bike(key: GroupKey) -> Select[Flag]:
    if key.licence_id is not None:
        return select(Flag).where(Flag.licence_id == key.licence_id)
    return select(Flag).where(Flag.licence_id.is_(None), Flag.epc == key.epc)


def _open(wanted: Filter) -> list[Any]:
    conditions: list[Any] = [Flag.state == FlagState.OPEN]
    if wanted.checkpoint_id is not None:
        conditions.append(Flag.checkpoint_id == wanted.checkpoint_id)
    if wanted.day is not None:
        begins_at, ends_at = instants_of(wanted.day)
        conditions += [Flag.at >= begins_at, Flag.at < ends_at]
    return conditions


def _groups(wanted: Filter) -> Select[Any]:
    """One row for each bike at each place: what orders it, and no more, for there may be tens of thousands. The order is `rules.rank`
    in SQL; a test compares the two.
    """
    seriousness = func.max(case(*((Flag.kind == kind, weight) for kind, weight in rules.SERIOUSNESS.items())))
    passages = func.count(Flag.passage_id.distinct())
    repeats = case((passages > rules.MOST_FOR_REPEATS, rules.MOST_FOR_REPEATS), else_=passages - 1)
    statement = select(
        Flag.licence_id,
        _UNKNOWN_EPC.label("unknown_epc"),
        Flag.checkpoint_id,
        (seriousness + repeats).label("rank"),
        func.count().label("flags"),
        func.max(Flag.id).label("newest"),
    ).where(*_open(wanted))
    if wanted.kind is not None:
        statement = statement.having(func.max(case((Flag.kind == wanted.kind, 1), else_=0)) == 1)
    return statement.group_by(Flag.licence_id, _UNKNOWN_EPC, Flag.checkpoint_id)


def _flags_by_group(session: Session, wanted: Filter, keys: list[GroupKey]) -> dict[GroupKey, list[Any]]:
    """The open flags of these bikes at these places."""
    columns = (Flag.id, Flag.kind, Flag.passage_id, Flag.at, Flag.epc, Flag.licence_id, Flag.checkpoint_id)
    ours, strange = {key.licence_id for key in keys} - {None}, {key.epc for key in keys} - {None}
    of_bikes = or_(Flag.licence_id.in_(ours), and_(Flag.licence_id.is_(None), Flag.epc.in_(strange)))
    found: dict[GroupKey, list[Any]] = {key: [] for key in keys}
    for row in session.execute(select(*columns).where(*_open(wanted), of_bikes)):
        key = GroupKey.of(row.licence_id, row.epc, row.checkpoint_id)
        if key in found:
            found[key].append(row)
    return found


def _waiting(key: GroupKey, flags: list[Any], checkpoint: Checkpoint, bike: BikeFacts | None) -> Waiting:
    kinds = rules.by_seriousness(FlagKind(flag.kind) for flag in flags)
    passages = len({flag.passage_id for flag in flags})
    newest = max(flags, key=lambda flag: flag.id)
    return Waiting(
        key=key,
        epc=newest.epc.hex().upper(),
        rank=rules.rank(kinds, passages),
        kinds=tuple(kinds),
        flags=len(flags),
        passages=passages,
        newest=newest.id,
        newest_at=max(flag.at for flag in flags),
        checkpoint=checkpoint,
        bike=bike,
    )


def _bike(licence: Licence, vehicle: Vehicle, authority: Authority) -> BikeFacts:
    vehicle_class = VehicleClass(vehicle.vehicle_class)
    plate_bn, plate_en = plate_numbers(authority.plate_prefix_bn, authority.plate_prefix_en, vehicle_class, licence.serial)
    return BikeFacts(
        licence_id=licence.id,
        plate_bn=plate_bn,
        plate_en=plate_en,
        number=licence.number,
        state=licence.state,
        valid_until=licence.valid_until,
        vehicle_class=vehicle_class,
        colour=vehicle.colour,
        chassis=vehicle.chassis,
    )
