"""What flags rest on: the sightings, the signed messages that brought them, and how the readers were at that time."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import Session, aliased

from registry_server.authorities.models import Agent, Checkpoint
from registry_server.matcher.models import Flag
from registry_server.sightings.models import (
    AgentLife,
    AgentStateChange,
    Passage,
    ReceivedBatch,
    Sighting,
    SightingClosing,
    SignedMessage,
)
from schemas.errors import ContractError
from schemas.messages import ReaderState, SignedBatch


@dataclass(frozen=True, slots=True)
class Message:
    """The signed message that brought a sighting. `holds` None: the bytes are no longer kept, it was checked when it came."""

    agent: str
    boot: str
    seq: int
    sha256: str | None
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Seen:
    """One sighting as evidence. Times are the checkpoint's own; `clock_offset_ms` says how far that clock was ahead, None: not known."""

    passage_id: int
    checkpoint: Checkpoint
    lane: str
    reader: str
    antenna: int
    epc: str
    tid: str | None
    first_seen_at: datetime
    last_seen_at: datetime | None
    reads: int | None
    best_rssi_dbm: float | None
    clock_offset_ms: float | None
    is_time_sure: bool
    """Of the passage: without a stated offset, its time agreed with ours when it came."""
    received_at: datetime | None
    message: Message


@dataclass(frozen=True, slots=True)
class HealthThen:
    """The last thing an agent had said of itself when the flag rose. `readers`: name and state."""

    agent: str
    said_at: datetime
    is_online: bool
    clock_offset_ms: float | None
    readers: tuple[tuple[str, str], ...]

    @property
    def is_healthy(self) -> bool:
        return self.is_online and all(state == ReaderState.RUNNING for _, state in self.readers)


def sightings_of(session: Session, flags: Sequence[Flag]) -> dict[int, list[Seen]]:
    """By flag id; of impossible travel with those of the other place. A sighting without a flag may be forgotten by now."""
    passages = {flag.passage_id for flag in flags} | {flag.other_passage_id for flag in flags if flag.other_passage_id}
    seen: dict[int, list[Seen]] = defaultdict(list)
    for row in session.execute(_sightings(passages)):
        seen[row.Sighting.passage_id].append(_seen(row))
    return {flag.id: seen[flag.passage_id] + (seen[flag.other_passage_id] if flag.other_passage_id else []) for flag in flags}


def raising_messages(session: Session, flags: Sequence[Flag]) -> dict[int, Message]:
    """By flag id: the message after which the flag rose. A chip that answered late came in another than the sighting's first."""
    of_flag = and_(SignedMessage.life_id == Flag.life_id, SignedMessage.seq == Flag.seq)
    rows = session.execute(
        select(Flag.id, Flag.seq, SignedMessage.payload, AgentLife.boot, Agent)
        .join(AgentLife, AgentLife.id == Flag.life_id)
        .join(Agent, Agent.id == AgentLife.agent_id)
        .outerjoin(SignedMessage, of_flag)
        .where(Flag.id.in_([flag.id for flag in flags]))
    )
    return {flag_id: _message(agent, boot, seq, payload) for flag_id, seq, payload, boot, agent in rows}


def health_at(session: Session, flags: Sequence[Flag]) -> dict[int, HealthThen]:
    """By flag id; none of a flag whose agent had said nothing of itself before."""
    said = aliased(AgentStateChange)
    latest = (
        select(said.id)
        .where(said.agent_id == AgentLife.agent_id, said.received_at <= Flag.created_at)
        .order_by(said.received_at.desc(), said.id.desc())
        .limit(1)
        .correlate(AgentLife, Flag)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Flag.id, AgentStateChange, Agent.slug)
        .join(AgentLife, AgentLife.id == Flag.life_id)
        .join(AgentStateChange, AgentStateChange.id == latest)
        .join(Agent, Agent.id == AgentLife.agent_id)
        .where(Flag.id.in_([flag.id for flag in flags]))
    )
    return {flag_id: _health(change, agent) for flag_id, change, agent in rows}


def _health(change: AgentStateChange, agent: str) -> HealthThen:
    return HealthThen(agent, change.received_at, change.is_online, change.clock_offset_ms, tuple(sorted(change.readers.items())))


def _sightings(passage_ids: Collection[int]) -> Any:
    at_closing = and_(SightingClosing.life_id == Sighting.life_id, SightingClosing.number == Sighting.number)
    of_batch = and_(ReceivedBatch.life_id == Sighting.life_id, ReceivedBatch.seq == Sighting.seq)
    of_message = and_(SignedMessage.life_id == Sighting.life_id, SignedMessage.seq == Sighting.seq)
    return (
        select(Sighting, SightingClosing, ReceivedBatch, Passage.is_time_sure, SignedMessage.payload, AgentLife.boot, Agent, Checkpoint)
        .join(Passage, Passage.id == Sighting.passage_id)
        .join(Checkpoint, Checkpoint.id == Passage.checkpoint_id)
        .join(AgentLife, AgentLife.id == Sighting.life_id)
        .join(Agent, Agent.id == AgentLife.agent_id)
        .outerjoin(SightingClosing, at_closing)
        .outerjoin(ReceivedBatch, of_batch)
        .outerjoin(SignedMessage, of_message)
        .where(Sighting.passage_id.in_(passage_ids))
        .order_by(Sighting.first_seen_at)
    )


def _seen(row: Row[Any]) -> Seen:
    sighting: Sighting = row.Sighting
    closing: SightingClosing | None = row.SightingClosing
    batch: ReceivedBatch | None = row.ReceivedBatch
    tid = sighting.tid or (closing.tid if closing else None)
    return Seen(
        passage_id=sighting.passage_id,
        checkpoint=row.Checkpoint,
        lane=sighting.lane,
        reader=sighting.reader,
        antenna=sighting.antenna,
        epc=sighting.epc.hex().upper(),
        tid=tid.hex().upper() if tid else None,
        first_seen_at=sighting.first_seen_at,
        last_seen_at=closing.last_seen_at if closing else None,
        reads=closing.reads if closing else None,
        best_rssi_dbm=closing.best_rssi_dbm if closing else sighting.rssi_dbm,
        clock_offset_ms=batch.clock_offset_ms if batch else None,
        is_time_sure=row.is_time_sure,
        received_at=batch.received_at if batch else None,
        message=_message(row.Agent, row.boot, sighting.seq, row.payload),
    )


def _message(agent: Agent, boot: str, seq: int, payload: bytes | None) -> Message:
    if payload is None:
        return Message(agent.slug, boot, seq, None, None)
    return Message(agent.slug, boot, seq, hashlib.sha256(payload).hexdigest(), _holds(payload, agent.public_key))


def _holds(payload: bytes, public_key: bytes) -> bool:
    """Checked again each time it is shown: the kept bytes must still be those that the agent signed."""
    try:
        return SignedBatch.split(payload).is_signed_by(public_key)
    except ContractError:
        return False
