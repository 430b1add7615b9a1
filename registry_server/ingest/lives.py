"""Each life of each agent, and how far its batches are stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from registry_server.audit.service import Act, record
from registry_server.ingest.agents import KnownAgent
from registry_server.ingest.progress import Progress
from registry_server.sightings.models import AgentLife
from schemas.identifiers import BootId

MOST_LIVES = 10_000
BY = "system:worker"


@dataclass(slots=True, eq=False)
class Life:
    """A row of `agent_life` in memory."""

    id: int
    agent: KnownAgent
    boot: BootId
    progress: Progress
    gap_since_at: datetime | None
    is_changed: bool = False


class Lives:
    """Read once, then kept. Bounded: the longest unused are read again when they speak."""

    def __init__(self) -> None:
        self._lives: dict[tuple[int, BootId], Life] = {}

    def get(self, session: Session, agent: KnownAgent, boot: BootId, now: datetime) -> Life:
        """The life, written down if it is new."""
        key = agent.id, boot
        life = self._lives.pop(key, None) or _read(session, agent, boot) or _begin(session, agent, boot, now)
        life.agent = agent
        self._lives[key] = life
        if len(self._lives) > MOST_LIVES:
            del self._lives[next(iter(self._lives))]
        return life

    def save(self, session: Session, lives: list[Life], now: datetime) -> None:
        """Write how far the changed ones are, and say in the log where a gap opened or closed."""
        for life in lives:
            if life.is_changed:
                _note_gap(session, life, now)
                session.execute(update(AgentLife).where(AgentLife.id == life.id).values(**_values(life)))
                life.is_changed = False


def _read(session: Session, agent: KnownAgent, boot: BootId) -> Life | None:
    row = session.scalars(select(AgentLife).where(AgentLife.agent_id == agent.id, AgentLife.boot == boot)).one_or_none()
    if row is None:
        return None
    return Life(row.id, agent, boot, Progress(row.through, [list(pair) for pair in row.beyond]), row.gap_since_at)


def _begin(session: Session, agent: KnownAgent, boot: BootId, now: datetime) -> Life:
    life = Life(0, agent, boot, Progress(), None)
    result = session.execute(
        insert(AgentLife).values(authority_id=agent.authority_id, agent_id=agent.id, boot=str(boot), started_at=now, **_values(life))
    )
    life.id = result.inserted_primary_key[0]  # type: ignore[attr-defined]  # an insert's result has it; the stubs say Result
    return life


def _values(life: Life) -> dict[str, Any]:
    return {"through": life.progress.through, "beyond": life.progress.beyond, "gap_since_at": life.gap_since_at}


def _note_gap(session: Session, life: Life, now: datetime) -> None:
    missing = life.progress.missing
    if bool(missing) == (life.gap_since_at is not None):
        return
    act = Act(life.agent.authority_id, BY, now)
    subject = f"agent:{life.agent.id}"
    if missing:
        life.gap_since_at = now
        record(session, act, "agent:gap:open", subject, boot=life.boot, through=life.progress.through, missing=missing)
    else:
        life.gap_since_at = None
        record(session, act, "agent:gap:close", subject, boot=life.boot, through=life.progress.through)
