"""What the wall shows, as values. No personal data: a plate, a vehicle's looks, what was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

QUIET_AFTER = timedelta(seconds=90)
"""An agent tells its status every 30 s or sooner; three missing ones are silence."""
SPOOL_WARNING = 20
"""Batches that wait at the agent: the uplink is down or too slow, what is shown here is late."""


@dataclass(frozen=True, slots=True)
class FlagSeen:
    id: int
    kind: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Passed:
    """One vehicle's going through. Without flags it is legal as far as the tag says."""

    id: int
    authority_id: int
    checkpoint_id: int
    checkpoint: str
    lane: str
    epc: str
    proof_level: str
    seen_at: datetime
    received_at: datetime
    licence_id: int | None = None
    plate: str | None = None
    vehicle_class: str | None = None
    colour: str | None = None
    valid_until: date | None = None
    flags: tuple[FlagSeen, ...] = ()

    @property
    def is_flagged(self) -> bool:
        return bool(self.flags)

    @property
    def version(self) -> tuple[int, int]:
        """Changes when a later read raises one more flag on the same passage."""
        return self.id, len(self.flags)


@dataclass(frozen=True, slots=True)
class ReaderNow:
    name: str
    state: str

    @property
    def is_running(self) -> bool:
        return self.state == "running"


@dataclass(frozen=True, slots=True)
class AgentNow:
    """What an agent last said of itself. `told_at` None: it never did."""

    name: str
    is_online: bool
    told_at: datetime | None
    spooled_batches: int
    dropped_sightings: int
    clock_offset_ms: float | None
    readers: tuple[ReaderNow, ...]

    def faults(self, now: datetime) -> list[str]:
        """Why nothing, or not all, can be concluded from a quiet lane. Names of sentences; empty: healthy."""
        found = []
        if self.told_at is None:
            return ["never_heard"]
        if not self.is_online:
            found.append("offline")
        elif now - self.told_at > QUIET_AFTER:
            found.append("silent")
        if not all(reader.is_running for reader in self.readers):
            found.append("reader_lost")
        if self.spooled_batches > SPOOL_WARNING:
            found.append("spool")
        if self.dropped_sightings:
            found.append("dropped")
        return found


@dataclass(frozen=True, slots=True)
class CheckpointNow:
    """The last minute of one checkpoint, and whether its readers can be believed."""

    id: int
    slug: str
    name_bn: str
    name_en: str
    passages: int
    flagged: int
    agents: tuple[AgentNow, ...]

    def faults(self, now: datetime) -> list[str]:
        if not self.agents:
            return ["no_agent"]
        return sorted({fault for agent in self.agents for fault in agent.faults(now)})

    def is_healthy(self, now: datetime) -> bool:
        return not self.faults(now)
