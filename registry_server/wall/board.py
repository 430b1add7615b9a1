"""What the wall shows, as values. No personal data: a plate, a vehicle's looks, what was found."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from registry_server.licences.vehicle_class import VehicleClass
from registry_server.matcher.sentences import Words
from registry_server.matcher.states import FlagKind
from schemas.identifiers import ProofLevel
from schemas.messages import ReaderState

QUIET_AFTER = timedelta(seconds=90)
"""An agent tells its status every 30 s or sooner; three missing ones are silence."""
SPOOL_WARNING = 20
"""Batches that wait at the agent: the uplink is down or too slow, what is shown here is late."""


@dataclass(frozen=True, slots=True)
class FlagSeen:
    id: int
    kind: FlagKind


@dataclass(frozen=True, slots=True)
class Bike:
    """What an officer compares with the vehicle before him."""

    licence_id: int
    number: str
    plate: Words
    vehicle_class: VehicleClass
    colour: str
    valid_until: date


@dataclass(frozen=True, slots=True)
class Passed:
    """One vehicle's going through. Without flags it is legal as far as the tag says."""

    id: int
    authority_id: int
    checkpoint_id: int
    checkpoint: str
    place: Words
    lane: str
    epc: str
    proof_level: ProofLevel
    seen_at: datetime
    received_at: datetime
    bike: Bike | None = None
    flags: tuple[FlagSeen, ...] = ()

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
        return self.state == ReaderState.RUNNING


@dataclass(frozen=True, slots=True)
class AgentNow:
    """What an agent last said of itself. `told_at` None: it never did."""

    name: str
    is_online: bool = False
    told_at: datetime | None = None
    spooled_batches: int = 0
    dropped_sightings: int = 0
    refused_batches: int = 0
    quarantined_batches: int = 0
    clock_offset_ms: float | None = None
    readers: tuple[ReaderNow, ...] = ()

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
        kept_back = {"dropped": self.dropped_sightings, "refused": self.refused_batches, "damaged": self.quarantined_batches}
        return found + [fault for fault, count in kept_back.items() if count]


@dataclass(frozen=True, slots=True)
class CheckpointNow:
    """The last minute of one checkpoint, and whether its readers can be believed."""

    id: int
    slug: str
    place: Words
    passages: int
    flagged: int
    agents: tuple[AgentNow, ...]

    def faults(self, now: datetime) -> list[str]:
        if not self.agents:
            return ["no_agent"]
        return sorted({fault for agent in self.agents for fault in agent.faults(now)})

    def is_healthy(self, now: datetime) -> bool:
        return not self.faults(now)
