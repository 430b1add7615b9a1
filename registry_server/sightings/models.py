"""What agents report, as rows. The worker alone writes them, thousands a second.

The busy tables (`received_batch`, `sighting`, `passage`) carry no foreign keys: the worker takes the numbers from rows it has read, and
a check for each row would cost more than the row.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry_server.db import AuthorityOwned, Base, BigId
from schemas.identifiers import ProofLevel

EPC_BYTES, TID_BYTES = 62, 64
WITHOUT_ROWID = {"sqlite_with_rowid": False}  # the key is the row's place: one tree to write instead of two


class Verdict(StrEnum):
    """What the rules made of one passage. Flagged is a reason to look, never a finding of guilt."""

    LEGAL = "legal"
    FLAGGED = "flagged"


class AgentLife(AuthorityOwned, Base):
    """One life of an agent and which of its batches are stored: all up to `through`, and the ranges in `beyond`, ahead of gaps."""

    __tablename__ = "agent_life"
    __table_args__ = (UniqueConstraint("agent_id", "boot"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    boot: Mapped[str] = mapped_column(String(16))
    through: Mapped[int]
    beyond: Mapped[list[list[int]]] = mapped_column(JSON)
    """`[[first, last], …]`, ascending, both included."""
    gap_since_at: Mapped[datetime | None]
    """When the batches that are still missing were first seen to be missing."""
    started_at: Mapped[datetime]
    """When its first batch arrived."""


class ReceivedBatch(Base):
    """A stored batch. `seq` is unique in a life, so that what is sent twice counts once."""

    __tablename__ = "received_batch"

    life_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    events: Mapped[int]
    sealed_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(index=True)
    clock_offset_ms: Mapped[float | None]


class SignedMessage(Base):
    """The bytes as the agent signed them, kept as evidence for batches that raised a flag."""

    __tablename__ = "signed_message"

    life_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class Sighting(Base):
    """One tag in one lane for some seconds, as it opened. Times are the reader's side's own; what they are worth stands with the batch."""

    __tablename__ = "sighting"
    __table_args__ = WITHOUT_ROWID

    life_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """`SightingOpened.sighting`: counts in the life of the agent."""
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The batch that brought it."""
    passage_id: Mapped[int] = mapped_column(index=True)
    lane: Mapped[str] = mapped_column(String(40))
    reader: Mapped[str] = mapped_column(String(40))
    antenna: Mapped[int]
    epc: Mapped[bytes] = mapped_column(LargeBinary(EPC_BYTES))
    pc: Mapped[int | None]
    tid: Mapped[bytes | None] = mapped_column(LargeBinary(TID_BYTES))
    first_seen_at: Mapped[datetime]
    rssi_dbm: Mapped[float | None]


class SightingClosing(Base):
    """What all reads of one sighting amount to. Its own row, so that nothing is ever updated and order does not matter."""

    __tablename__ = "sighting_closing"
    __table_args__ = WITHOUT_ROWID

    life_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_seen_at: Mapped[datetime]
    reads: Mapped[int]
    best_rssi_dbm: Mapped[float | None]
    tid: Mapped[bytes | None] = mapped_column(LargeBinary(TID_BYTES))


class Passage(AuthorityOwned, Base):
    """One vehicle's going through one checkpoint. `id` rises with the commits: who polls `id > last` misses none."""

    __tablename__ = "passage"
    __table_args__ = (Index(None, "checkpoint_id", "verdict", "id"),)  # the wall: the newest of a quiet place beside busy ones

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    authority_id: Mapped[int] = mapped_column()
    checkpoint_id: Mapped[int]
    lane: Mapped[str] = mapped_column(String(40))
    """Of the first sighting."""
    epc: Mapped[bytes] = mapped_column(LargeBinary(EPC_BYTES))
    tid: Mapped[bytes | None] = mapped_column(LargeBinary(TID_BYTES))
    licence_id: Mapped[int | None]
    """Whose tag it claims to be; None for one that this authority does not know."""
    at: Mapped[datetime]
    """The first read, corrected by the clock offset that the agent stated."""
    is_time_sure: Mapped[bool]
    received_at: Mapped[datetime]
    proof_level: Mapped[ProofLevel] = mapped_column(String(20))
    verdict: Mapped[Verdict] = mapped_column(String(10))


class PassageCount(AuthorityOwned, Base):
    """How many passed, by hour of arrival: what stays when passages are forgotten."""

    __tablename__ = "passage_count"

    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    checkpoint_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lane: Mapped[str] = mapped_column(String(40), primary_key=True)
    hour_at: Mapped[datetime] = mapped_column(primary_key=True)
    verdict: Mapped[Verdict] = mapped_column(String(10), primary_key=True)
    passages: Mapped[int]


class Forgetting(Base):
    """One row: passages up to this id were looked through and, if no flag needs them, deleted."""

    __tablename__ = "forgetting"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    through_passage_id: Mapped[int]
    at: Mapped[datetime]


class AgentState(AuthorityOwned, Base):
    """What an agent last said of itself."""

    __tablename__ = "agent_state"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True, autoincrement=False)
    boot: Mapped[str] = mapped_column(String(16))
    is_online: Mapped[bool]
    at: Mapped[datetime]
    """By the agent's clock."""
    received_at: Mapped[datetime]
    version: Mapped[str] = mapped_column(String(40))
    spooled_batches: Mapped[int]
    dropped_sightings: Mapped[int]
    refused_batches: Mapped[int]
    """Which the registry did not take: see the dead letters."""
    quarantined_batches: Mapped[int]
    """Which it found damaged in its own spool."""
    clock_offset_ms: Mapped[float | None]
    readers: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """`ReaderStatus` as it came."""


class AgentStateChange(AuthorityOwned, Base):
    """An agent went on or off line, or the state of one of its readers changed: how healthy it was when it flagged something."""

    __tablename__ = "agent_state_change"
    __table_args__ = (Index(None, "agent_id", "received_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    received_at: Mapped[datetime]
    is_online: Mapped[bool]
    clock_offset_ms: Mapped[float | None]
    readers: Mapped[dict[str, str]] = mapped_column(JSON)
    """Reader name: state."""


class DeadLetter(Base):
    """A message that could not be taken, with the reason. The same bytes on the same topic are one row, counted."""

    __tablename__ = "dead_letter"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """Of topic, zero byte, payload."""
    topic: Mapped[str] = mapped_column(String(400))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
    times: Mapped[int]


class DeadLetterCount(Base):
    """How many dead letters were forgotten, by the day in Dhaka on which each came last."""

    __tablename__ = "dead_letter_count"

    last_on: Mapped[date] = mapped_column(primary_key=True)
    letters: Mapped[int]
    messages: Mapped[int]
    """The same bytes as often as they came."""
