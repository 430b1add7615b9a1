"""Taking a handful of messages in one transaction. What it returns may be said to the agents after the commit, not before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from registry_server.ingest import dead_letters, statuses
from registry_server.ingest.agents import AgentDirectory, KnownAgent
from registry_server.ingest.envelope import Message, ReadBatch, ReadStatus, Unreadable
from registry_server.ingest.lives import Life, Lives
from registry_server.ingest.store import HarvestStore
from registry_server.matcher.engine import Arrival, Matcher
from registry_server.sightings.clocks import read_clock
from schemas.identifiers import BootId
from schemas.messages import Ack
from schemas.topics import AgentAddress


@dataclass(slots=True)
class Outcome:
    """What one transaction did."""

    acks: list[tuple[AgentAddress, Ack]] = field(default_factory=list)
    sightings: int = 0
    passages: int = 0
    flags: int = 0
    repeated: int = 0
    refused: list[Unreadable] = field(default_factory=list)


@dataclass(slots=True)
class _Heard:
    """One life in this transaction: which of its batches came, new or again."""

    address: AgentAddress
    life: Life
    seqs: list[int] = field(default_factory=list)

    def ack(self) -> Ack:
        progress = self.life.progress
        return Ack(boot=self.life.boot, through=progress.through, beyond=sorted({seq for seq in self.seqs if seq > progress.through}))


@dataclass(slots=True)
class _Round:
    """One transaction under way."""

    session: Session
    now: datetime
    outcome: Outcome = field(default_factory=Outcome)
    heard: dict[tuple[AgentAddress, BootId], _Heard] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    payloads: dict[tuple[int, int], bytes] = field(default_factory=dict)


class Ingest:
    """Its memory runs ahead of a transaction that fails: build a new one then."""

    def __init__(self, matcher: Matcher, store: HarvestStore, directory: AgentDirectory) -> None:
        self._matcher, self._store, self._directory = matcher, store, directory
        self._lives = Lives()

    def take(self, session: Session, messages: Sequence[Message], now: datetime, condemned: Mapping[bytes, str]) -> Outcome:
        """Store everything that is new and believed. `condemned`: messages (by SHA-256) that made an earlier transaction fail, and how."""
        one = _Round(session, now)
        for message in messages:
            checked = self._check(session, message, condemned)
            if isinstance(checked, Unreadable):
                one.outcome.refused.append(checked)
                dead_letters.keep(session, checked, now)
            elif isinstance(message, ReadStatus):
                statuses.note(session, checked, message.status, now)
            elif isinstance(message, ReadBatch):
                self._note(one, checked, message)
        if one.arrivals:
            self._match(one)
        self._lives.save(session, [heard.life for heard in one.heard.values()], now)
        one.outcome.acks = [(heard.address, heard.ack()) for heard in one.heard.values()]
        return one.outcome

    def _note(self, one: _Round, agent: KnownAgent, message: ReadBatch) -> None:
        """A batch that is new goes to the matcher; one that came before is acknowledged again, no more."""
        batch = message.batch
        key = message.address, batch.boot
        if key not in one.heard:
            one.heard[key] = _Heard(message.address, self._lives.get(one.session, agent, batch.boot, one.now))
        heard = one.heard[key]
        heard.seqs.append(batch.seq)
        if not heard.life.progress.add(batch.seq):
            one.outcome.repeated += 1
            return
        heard.life.is_changed = True
        clock = read_clock(batch.sealed_at, batch.clock_offset_ms, one.now)
        one.arrivals.append(Arrival(batch, heard.life.id, agent.authority_id, agent.checkpoint_id, clock, one.now))
        one.payloads[heard.life.id, batch.seq] = message.delivery.payload

    def _match(self, one: _Round) -> None:
        harvest = self._matcher.take(one.arrivals)
        self._store.store(one.session, harvest, one.arrivals, one.payloads)
        one.outcome.sightings = len(harvest.sightings)
        one.outcome.passages = len(harvest.passages)
        one.outcome.flags = len(harvest.flags)

    def _check(self, session: Session, message: Message, condemned: Mapping[bytes, str]) -> KnownAgent | Unreadable:
        """Who speaks, if it is believed."""
        if isinstance(message, Unreadable):
            return message
        if condemned and message.delivery.sha256 in condemned:
            return Unreadable(message.delivery, condemned[message.delivery.sha256])
        agent = self._directory.agents.get(message.address)
        if agent is None:  # perhaps it was registered a moment ago
            self._directory.reload(session)
            agent = self._directory.agents.get(message.address)
        reason = _why_not(agent, message)
        return Unreadable(message.delivery, reason) if agent is None or reason else agent


def _why_not(agent: KnownAgent | None, message: ReadBatch | ReadStatus) -> str:
    """Empty if the message is believed."""
    address = message.address
    if agent is None:
        return f"no agent {address.agent} is registered at checkpoint {address.checkpoint} of {address.authority}"
    if agent.is_revoked:
        return f"the key of agent {address.agent} has been revoked"
    if isinstance(message, ReadBatch) and not message.signed.is_signed_by(agent.public_key):
        return f"the signature is not by the key of agent {address.agent}"
    return ""
