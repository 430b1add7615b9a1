"""The messages between agents and the registry (docs/decisions/0005-wire-format.md).

A sightings message is `EBK1` + a 64-byte Ed25519 signature + the JSON text that was signed. The JSON is kept as it came: it is
evidence, and it must be readable without our software. Ack and status are plain JSON.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Self, TypeVar

import msgspec
from msgspec import Meta, Struct

from schemas.epc import Epc, PcWord
from schemas.errors import ContractError
from schemas.identifiers import AgentId, AuthorityId, BootId, CheckpointId, LaneId, ReaderId
from schemas.signing import SIGNATURE_BYTES, Signer, is_signed_by
from schemas.tid import Tid
from schemas.topics import AgentAddress

MAGIC = b"EBK1"
SIGNED_AS = b"ebike/v1/sightings\0"  # domain prefix: a signature for one purpose is none for another
MAX_MESSAGE_BYTES = 256 * 1024
MAX_EVENTS = 500

Count = Annotated[int, Meta(ge=1)]
Tally = Annotated[int, Meta(ge=0, lt=2**53)]
SequenceNumber = Annotated[int, Meta(ge=1, lt=2**53)]
Instant = Annotated[datetime, Meta(tz=True)]
AntennaPort = Annotated[int, Meta(ge=1, le=255)]
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
"""What msgspec raises of bytes that are no such document. The second is not among its own: a text that is no UTF-8."""
_ZERO = timedelta(0)
_T = TypeVar("_T")


def require_utc(what: str, at: datetime) -> None:
    if at.tzinfo is not UTC and at.utcoffset() != _ZERO:  # the first is what the decoder gives, and asked a hundred thousand times a second
        raise ContractError(what, "a time in UTC, such as 2026-11-22T06:30:00Z", at.isoformat())


class SightingOpened(Struct, frozen=True, tag="opened", tag_field="event", forbid_unknown_fields=True, omit_defaults=True):
    """The first read of one tag in one lane. Sent at once: a flag does not wait for the window."""

    sighting: SequenceNumber
    lane: LaneId
    reader: ReaderId
    antenna: AntennaPort
    epc: Epc
    first_seen_at: Instant
    pc: PcWord | None = None
    tid: Tid | None = None
    rssi_dbm: float | None = None

    def __post_init__(self) -> None:
        require_utc("first_seen_at", self.first_seen_at)


class SightingIdentified(Struct, frozen=True, tag="identified", tag_field="event", forbid_unknown_fields=True):
    """The chip of an open sighting has answered with its own number. Sent at once: a copied tag is told while the bike is still near."""

    sighting: SequenceNumber
    tid: Tid
    identified_at: Instant

    def __post_init__(self) -> None:
        require_utc("identified_at", self.identified_at)


class SightingClosed(Struct, frozen=True, tag="closed", tag_field="event", forbid_unknown_fields=True, omit_defaults=True):
    """The window of that sighting has closed: what all its reads amount to. `tid` stands here too if it came after the opening."""

    sighting: SequenceNumber
    last_seen_at: Instant
    reads: Count
    best_rssi_dbm: float | None = None
    tid: Tid | None = None

    def __post_init__(self) -> None:
        require_utc("last_seen_at", self.last_seen_at)


SightingEvent = SightingOpened | SightingIdentified | SightingClosed


class SightingBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What an agent sealed at one moment. `(agent, boot, seq)` names it for ever; `seq` counts batches from 1 without a gap."""

    authority: AuthorityId
    checkpoint: CheckpointId
    agent: AgentId
    boot: BootId
    seq: SequenceNumber
    sealed_at: Instant
    events: Annotated[list[SightingEvent], Meta(min_length=1, max_length=MAX_EVENTS)]
    clock_offset_ms: float | None = None
    """How far the agent's clock is ahead of true time, as its time service states it; null: not known."""

    def __post_init__(self) -> None:
        require_utc("sealed_at", self.sealed_at)

    @property
    def address(self) -> AgentAddress:
        return AgentAddress(self.authority, self.checkpoint, self.agent)


class _Sender(Struct):
    """The names in a batch, whatever else a later version puts there."""

    authority: AuthorityId
    checkpoint: CheckpointId
    agent: AgentId


class Ack(Struct, frozen=True, forbid_unknown_fields=True):
    """Every batch of that life up to and with `through` is committed; so are those in `beyond`, which came ahead of a gap."""

    boot: BootId
    through: Annotated[int, Meta(ge=0, lt=2**53)]
    beyond: list[SequenceNumber] = []


class ReaderState(StrEnum):
    """How an agent gets on with a reader."""

    CONNECTING = "connecting"
    RUNNING = "running"
    LOST = "lost"
    REFUSED = "refused"


class ReaderStatus(Struct, frozen=True, forbid_unknown_fields=True):
    """One reader as its agent sees it."""

    reader: ReaderId
    state: ReaderState
    detail: str = ""
    model: str = ""
    reads: Tally = 0
    frame_errors: Tally = 0
    last_frame_at: Instant | None = None
    unplaced_reads: Tally = 0
    """Of `reads`, those that became no sighting: the antenna is in no lane, or what it heard is no EPC."""

    def __post_init__(self) -> None:
        if self.last_frame_at is not None:
            require_utc("last_frame_at", self.last_frame_at)


class AgentStatus(Struct, frozen=True, forbid_unknown_fields=True):
    """Retained on the status topic; the last will is the same message with `online` false."""

    agent: AgentId
    boot: BootId
    online: bool
    at: Instant
    version: str = ""
    spooled_batches: Tally = 0
    dropped_sightings: Tally = 0
    clock_offset_ms: float | None = None
    readers: list[ReaderStatus] = []
    refused_batches: Tally = 0
    """Of `spooled_batches`, those that the registry has not confirmed however often they were sent."""
    quarantined_batches: Tally = 0
    """Batches that changed on the agent's disk; they are kept there and not sent."""

    def __post_init__(self) -> None:
        require_utc("at", self.at)


_NAME = "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
_PATTERNS: dict[type[Any], str] = {
    AgentId: _NAME,
    AuthorityId: _NAME,
    CheckpointId: _NAME,
    LaneId: _NAME,
    ReaderId: _NAME,
    BootId: "^[0-9a-f]{16}$",
    Epc: "^([0-9A-Fa-f]{4}){1,31}$",
    PcWord: "^[0-9A-Fa-f]{4}$",
    Tid: "^([0-9A-Fa-f]{4}){2,32}$",
}


def _hex_parser(what: str, type_: Callable[[bytes], _T]) -> Callable[[str], _T]:
    """Stricter than `parse`, which is for what people type: in a message nothing stands between the digits."""

    def parse(text: str) -> _T:
        try:
            value = bytes.fromhex(text)
        except ValueError:
            value = b""
        if len(value) * 2 != len(text):
            raise ContractError(what, "an even number of hex digits and nothing else", repr(text))
        return type_(value)

    return parse


# The same lanes and readers stand in every message. EPCs and TIDs are ever new: a cache would only be filled by them.
_PARSERS: dict[type[Any], Callable[[str], Any]] = {
    **{type_: lru_cache(maxsize=1024)(type_.parse) for type_ in _PATTERNS},
    Epc: _hex_parser("EPC", Epc),
    Tid: _hex_parser("TID", Tid),
    PcWord: lru_cache(maxsize=1024)(_hex_parser("PC word", lambda word: PcWord.parse(word.hex()))),
}


def to_text(value: Any) -> str:
    if type(value) in _PATTERNS:
        return str(value)
    raise NotImplementedError(f"no text form for {type(value)}")


def from_text(type_: Any, text: Any) -> Any:
    if not isinstance(text, str):
        raise ContractError(type_.__name__, "text", repr(text))
    return _PARSERS[type_](text)


def text_schema(type_: type[Any]) -> dict[str, Any]:
    """The JSON Schema of our value types, for the generated documents."""
    if type_ in _PATTERNS:
        return {
            "type": "string",
            "pattern": _PATTERNS[type_],
            "title": type_.__name__,
            "description": (type_.__doc__ or "").splitlines()[0],
        }
    raise NotImplementedError(f"no schema for {type_}")


_encoder = msgspec.json.Encoder(enc_hook=to_text)
_batch_decoder = msgspec.json.Decoder(SightingBatch, dec_hook=from_text)
_sender_decoder = msgspec.json.Decoder(_Sender, dec_hook=from_text)
_ack_decoder = msgspec.json.Decoder(Ack, dec_hook=from_text)
_status_decoder = msgspec.json.Decoder(AgentStatus, dec_hook=from_text)


class SignedBatch(Struct, frozen=True):
    """A sightings message taken apart, not yet believed."""

    text: bytes
    signature: bytes

    @classmethod
    def split(cls, payload: bytes) -> Self:
        head = len(MAGIC) + SIGNATURE_BYTES
        if len(payload) > MAX_MESSAGE_BYTES:
            raise ContractError("sightings message", f"at most {MAX_MESSAGE_BYTES} bytes", f"{len(payload)} bytes")
        if payload[: len(MAGIC)] != MAGIC or len(payload) <= head:
            raise ContractError("sightings message", "EBK1, a 64-byte signature and JSON", payload[:8].hex() or "nothing")
        return cls(text=payload[head:], signature=payload[len(MAGIC) : head])

    def is_signed_by(self, public_key: bytes) -> bool:
        return is_signed_by(public_key, self.signature, SIGNED_AS + self.text)

    def read(self) -> SightingBatch:
        """The batch. Raises ContractError with the place and what was expected there."""
        return _decode(_batch_decoder, "sightings message", self.text)


def seal(batch: SightingBatch, sign: Signer) -> bytes:
    """The payload of a sightings message."""
    text = _encoder.encode(batch)
    return MAGIC + sign(SIGNED_AS + text) + text


def encode(message: Ack | AgentStatus) -> bytes:
    return _encoder.encode(message)


def find_sender(payload: bytes) -> AgentAddress | None:
    """The address under which a sightings message was sealed; None if it does not say so in our way."""
    try:
        sender = _decode(_sender_decoder, "sightings message", SignedBatch.split(payload).text)
    except ContractError:
        return None
    return AgentAddress(sender.authority, sender.checkpoint, sender.agent)


def decode_ack(payload: bytes) -> Ack:
    return _decode(_ack_decoder, "ack", payload)


def decode_status(payload: bytes) -> AgentStatus:
    return _decode(_status_decoder, "status", payload)


def _decode(decoder: "msgspec.json.Decoder[_T]", what: str, text: bytes) -> _T:
    try:
        return decoder.decode(text)
    except UNREADABLE as error:
        raise ContractError(what, "the published schema", str(error)) from error
