"""What passed since a position, the latest of it, and how the checkpoints are. At most four statements each, however much passed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, select, union_all
from sqlalchemy.orm import Session

from registry_server.authorities.models import Agent, Authority, Checkpoint
from registry_server.licences.models import Licence, Vehicle
from registry_server.licences.numbers import plate_numbers
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.matcher.models import Flag
from registry_server.matcher.sentences import Words
from registry_server.matcher.states import FlagKind
from registry_server.sightings.models import AgentState, Passage, Verdict
from registry_server.wall.board import AgentNow, Bike, CheckpointNow, FlagSeen, Passed, ReaderNow
from registry_server.wall.position import Position
from schemas.identifiers import ProofLevel

MINUTE = timedelta(minutes=1)
FIRST_STEP = 500
ALL = 1_000_000_000


class Page(NamedTuple):
    """Oldest first. `is_whole`: nothing more was there at the time."""

    position: Position
    passed: list[Passed]
    is_whole: bool


def newest_position(session: Session) -> Position:
    """Of all authorities: what is stored now needs no delivery."""
    return Position(session.scalar(select(func.max(Passage.id))) or 0, session.scalar(select(func.max(Flag.id))) or 0)


def passed_after(session: Session, after: Position, limit: int = ALL) -> Page:
    """The next `limit` passages with all their flags, and earlier passages of the next `limit` flags: those were flagged since."""
    rows = session.execute(_passages().where(Passage.id > after.passage).order_by(Passage.id).limit(limit)).all()
    last = rows[-1].id if rows else after.passage
    newer = session.execute(select(Flag.id, Flag.passage_id).where(Flag.id > after.flag).order_by(Flag.id).limit(limit)).all()
    told = list(takewhile(lambda flag: flag.passage_id <= last, newer))
    late = sorted({flag.passage_id for flag in told if flag.passage_id <= after.passage})
    flags = _flags(session, and_(Flag.passage_id > after.passage, Flag.passage_id <= last)) if rows else {}
    passed = [_passed(row, flags.get(row.id, [])) for row in rows] + _by_id(session, late)
    return Page(Position(last, told[-1].id if told else after.flag), passed, len(rows) < limit and len(newer) < limit)


def latest_clear(session: Session, checkpoint_id: int | None, limit: int) -> list[Passed]:
    """The newest legal passages, newest first, however long ago they were."""
    newest = [
        select(Passage.id).where(Passage.checkpoint_id == place, Passage.verdict == Verdict.LEGAL).order_by(Passage.id.desc()).limit(limit)
        for place in _places(session, checkpoint_id)
    ]
    ids = sorted((id_ for (id_,) in _together(session, newest)), reverse=True)[:limit]
    rows = _rows(session, ids)
    return [_passed(rows[id_], []) for id_ in ids if id_ in rows]


def latest_flagged(session: Session, checkpoint_id: int | None, limit: int) -> list[Passed]:
    """The passages with the newest flags, newest first, however long ago they were."""
    enough = limit * len(FlagKind)  # a passage has at most one flag of each kind
    newest = [
        select(Flag.id, Flag.passage_id).where(Flag.checkpoint_id == place).order_by(Flag.id.desc()).limit(enough)
        for place in _places(session, checkpoint_id)
    ]
    flagged = dict.fromkeys(passage_id for _, passage_id in sorted(_together(session, newest), reverse=True))
    return _by_id(session, list(flagged)[:limit])


def health(session: Session, authority_ids: Iterable[int], now: datetime) -> dict[int, tuple[CheckpointNow, ...]]:
    """Every checkpoint of these authorities with its last minute and its agents."""
    agents = _agents(session)
    counts = _last_minute(session, now)
    found: dict[int, list[CheckpointNow]] = {authority_id: [] for authority_id in authority_ids}
    for checkpoint in session.scalars(select(Checkpoint).where(Checkpoint.authority_id.in_(found)).order_by(Checkpoint.name_en)):
        legal, flagged = counts[checkpoint.id, Verdict.LEGAL], counts[checkpoint.id, Verdict.FLAGGED]
        place = Words(checkpoint.name_bn, checkpoint.name_en)
        found[checkpoint.authority_id].append(
            CheckpointNow(checkpoint.id, checkpoint.slug, place, legal + flagged, flagged, tuple(agents[checkpoint.id]))
        )
    return {authority_id: tuple(rows) for authority_id, rows in found.items()}


def _places(session: Session, checkpoint_id: int | None) -> Sequence[int]:
    return [checkpoint_id] if checkpoint_id is not None else session.scalars(select(Checkpoint.id)).all()


def _together(session: Session, parts: Sequence["Select[*tuple[Any, ...]]"]) -> list[tuple[int, ...]]:
    """The rows of all parts, by one statement. Each part is the end of an index: in one question of several checkpoints a database
    would read all that passed at the busy ones.
    """
    if not parts:
        return []
    return [tuple(row) for row in session.execute(union_all(*(select(part.subquery()) for part in parts)))]


def _last_before(session: Session, at: datetime) -> int:
    """A passage of whatever authority that arrived before, at most twice as far back as need be; 0 if there is none.

    Passages have no index by time, but their ids rise with their arrival: steps that double find the place in a few looks.
    """
    passages = Passage.__table__.c  # of all authorities: a session's own may lie far apart
    newest, step = session.scalar(select(func.max(passages.id))) or 0, FIRST_STEP
    while (id_ := newest - step) > 0:
        look = select(passages.id, passages.received_at).where(passages.id <= id_).order_by(passages.id.desc()).limit(1)
        found = session.execute(look).one_or_none()
        if found is None:
            return 0
        if found.received_at < at:
            return int(found.id)
        step *= 2
    return 0


def _passages() -> "Select[*tuple[Any, ...]]":
    return (
        select(
            Passage.id,
            Passage.authority_id,
            Passage.checkpoint_id,
            Passage.lane,
            Passage.epc,
            Passage.proof_level,
            Passage.at,
            Passage.received_at,
            Checkpoint.slug,
            Checkpoint.name_bn,
            Checkpoint.name_en,
            Authority.plate_prefix_bn,
            Authority.plate_prefix_en,
            Licence.id.label("licence_id"),
            Licence.number,
            Licence.serial,
            Licence.valid_until,
            Vehicle.vehicle_class,
            Vehicle.colour,
        )
        .join(Checkpoint, Checkpoint.id == Passage.checkpoint_id)
        .join(Authority, Authority.id == Passage.authority_id)
        .outerjoin(Licence, Licence.id == Passage.licence_id)
        .outerjoin(Vehicle, Vehicle.id == Licence.vehicle_id)
    )


def _flags(session: Session, *where: ColumnElement[bool]) -> dict[int, list[FlagSeen]]:
    found: dict[int, list[FlagSeen]] = defaultdict(list)
    for row in session.execute(select(Flag.id, Flag.passage_id, Flag.kind).where(and_(*where)).order_by(Flag.id)):
        found[row.passage_id].append(FlagSeen(row.id, FlagKind(row.kind)))
    return found


def _rows(session: Session, ids: Sequence[int]) -> dict[int, Row[Any]]:
    return {row.id: row for row in session.execute(_passages().where(Passage.id.in_(ids)))}


def _by_id(session: Session, ids: Sequence[int]) -> list[Passed]:
    """In the order of the ids. One that was forgotten meanwhile is left out."""
    if not ids:
        return []
    rows = _rows(session, ids)
    flags = _flags(session, Flag.passage_id.in_(ids))
    return [_passed(rows[id_], flags[id_]) for id_ in ids if id_ in rows]


def _passed(row: Row[Any], flags: list[FlagSeen]) -> Passed:
    return Passed(
        id=row.id,
        authority_id=row.authority_id,
        checkpoint_id=row.checkpoint_id,
        checkpoint=row.slug,
        place=Words(row.name_bn, row.name_en),
        lane=row.lane,
        epc=row.epc.hex().upper(),
        proof_level=ProofLevel(row.proof_level),
        seen_at=row.at,
        received_at=row.received_at,
        bike=_bike(row),
        flags=tuple(flags),
    )


def _bike(row: Row[Any]) -> Bike | None:
    if row.licence_id is None:
        return None
    vehicle_class = VehicleClass(row.vehicle_class)
    plate = Words(*plate_numbers(row.plate_prefix_bn, row.plate_prefix_en, vehicle_class, row.serial))
    return Bike(row.licence_id, row.number, plate, vehicle_class, row.colour, row.valid_until)


def _last_minute(session: Session, now: datetime) -> dict[tuple[int, Verdict], int]:
    statement = select(Passage.checkpoint_id, Passage.verdict, func.count()).where(
        Passage.id > _last_before(session, now - MINUTE), Passage.received_at > now - MINUTE
    )
    counts: dict[tuple[int, Verdict], int] = defaultdict(int)
    for checkpoint_id, verdict, count in session.execute(statement.group_by(Passage.checkpoint_id, Passage.verdict)):
        counts[checkpoint_id, Verdict(verdict)] = count
    return counts


def _agents(session: Session) -> dict[int, list[AgentNow]]:
    """By checkpoint. Agents whose key was revoked no longer count."""
    found: dict[int, list[AgentNow]] = defaultdict(list)
    statement = select(Agent, AgentState).outerjoin(AgentState, AgentState.agent_id == Agent.id).where(~Agent.is_revoked)
    for agent, state in session.execute(statement.order_by(Agent.slug)):
        found[agent.checkpoint_id].append(_agent(agent, state))
    return found


def _agent(agent: Agent, state: AgentState | None) -> AgentNow:
    if state is None:
        return AgentNow(agent.slug)
    return AgentNow(
        agent.slug,
        is_online=state.is_online,
        told_at=state.received_at,
        spooled_batches=state.spooled_batches,
        dropped_sightings=state.dropped_sightings,
        refused_batches=state.refused_batches,
        quarantined_batches=state.quarantined_batches,
        clock_offset_ms=state.clock_offset_ms,
        readers=tuple(ReaderNow(str(one["reader"]), str(one["state"])) for one in state.readers),
    )
