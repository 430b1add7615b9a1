"""What agents say of themselves: the newest, and a line whenever their health changes."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from registry_server.ingest.agents import KnownAgent
from registry_server.sightings.models import AgentState, AgentStateChange
from schemas.messages import AgentStatus, to_text

VERSION_CHARS = 40


def note(session: Session, agent: KnownAgent, status: AgentStatus, now: datetime) -> None:
    """Replace what the agent said last."""
    row = session.get(AgentState, agent.id)
    known = None if row is None else _health(row.is_online, row.readers)
    readers = _readers(status)
    if row is None:
        row = AgentState(agent_id=agent.id, authority_id=agent.authority_id)
        session.add(row)
    row.boot, row.is_online, row.at, row.received_at = str(status.boot), status.online, status.at, now
    row.version = status.version.replace("\0", "")[:VERSION_CHARS]
    row.spooled_batches, row.dropped_sightings = status.spooled_batches, status.dropped_sightings
    row.refused_batches, row.quarantined_batches = status.refused_batches, status.quarantined_batches
    row.clock_offset_ms, row.readers = status.clock_offset_ms, readers
    health = _health(status.online, readers)
    if health != known:
        session.add(
            AgentStateChange(
                agent_id=agent.id,
                authority_id=agent.authority_id,
                received_at=now,
                is_online=status.online,
                clock_offset_ms=status.clock_offset_ms,
                readers=health[1],
            )
        )


def _readers(status: AgentStatus) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(reader, enc_hook=to_text) for reader in status.readers]


def _health(is_online: bool, readers: list[dict[str, Any]]) -> tuple[bool, dict[str, str]]:  # noqa: FBT001 — half of a value, not a switch
    return is_online, {reader["reader"]: reader["state"] for reader in readers}
