"""From the broker's bytes to a message that can be believed, or the reason why not. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import assert_never

from schemas.errors import ContractError
from schemas.messages import (
    AgentStatus,
    SightingBatch,
    SightingClosed,
    SightingEvent,
    SightingIdentified,
    SightingOpened,
    SignedBatch,
    decode_status,
)
from schemas.topics import AgentAddress, Channel

EARLIEST_AT = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_AT = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One message as the broker gave it. `receipt` is what the subscriber needs to acknowledge it."""

    topic: str
    payload: bytes
    receipt: object = None

    @property
    def sha256(self) -> bytes:
        """Names the message in the dead letters."""
        return sha256(self.topic.encode() + b"\0" + self.payload).digest()


@dataclass(frozen=True, slots=True, eq=False)
class Unreadable:
    """Kept with the reason; it would not get better by coming again."""

    delivery: Delivery
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class ReadBatch:
    """A batch that keeps the contract and names itself as its topic does. The signature is not yet checked."""

    delivery: Delivery
    address: AgentAddress
    signed: SignedBatch
    batch: SightingBatch


@dataclass(frozen=True, slots=True, eq=False)
class ReadStatus:
    delivery: Delivery
    address: AgentAddress
    status: AgentStatus


Message = ReadBatch | ReadStatus | Unreadable


def read(delivery: Delivery) -> Message:
    """Take a message apart. Never raises."""
    try:
        address, channel = AgentAddress.parse_topic(delivery.topic)
        if channel is Channel.STATUS:
            return ReadStatus(delivery, address, _status(delivery, address))
        if channel is Channel.SIGHTINGS:
            signed = SignedBatch.split(delivery.payload)
            return ReadBatch(delivery, address, signed, _batch(signed, address))
    except ContractError as error:
        return Unreadable(delivery, str(error))
    return Unreadable(delivery, f"the registry takes no {channel} messages")


def _status(delivery: Delivery, address: AgentAddress) -> AgentStatus:
    status = decode_status(delivery.payload)
    if status.agent != address.agent:
        raise ContractError("status message", f"agent {address.agent}, as in its topic", status.agent)
    _require_plausible("status message", status.at)
    return status


def _batch(signed: SignedBatch, address: AgentAddress) -> SightingBatch:
    batch = signed.read()
    if batch.address != address:
        found = f"those of {batch.address.topic(Channel.SIGHTINGS)}"
        raise ContractError("sightings message", f"the names in its topic, {address.topic(Channel.SIGHTINGS)}", found)
    _require_plausible("sealed_at", batch.sealed_at)
    instants = [_instant_of(event) for event in batch.events]
    _require_plausible("the earliest event", min(instants))
    _require_plausible("the latest event", max(instants))
    said = {(type(event), event.sighting) for event in batch.events}
    if len(said) != len(batch.events):
        raise ContractError("sightings message", "each sighting to open, to be identified and to close once", "one that does so twice")
    return batch


def _instant_of(event: SightingEvent) -> datetime:
    if isinstance(event, SightingOpened):
        return event.first_seen_at
    if isinstance(event, SightingClosed):
        return event.last_seen_at
    if isinstance(event, SightingIdentified):
        return event.identified_at
    assert_never(event)


def _require_plausible(what: str, at: datetime) -> None:
    """A clock that woke in 1970 is plausible; a year that our arithmetic cannot carry is not."""
    if not EARLIEST_AT <= at < LATEST_AT:
        raise ContractError(what, "a time between 1970 and 2200", at.isoformat())
