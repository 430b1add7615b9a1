"""Everything a reader can tell us. Read this file and you know every noun that a codec will ever hand out."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import NamedTuple


class NeedData(Enum):
    """What `next_event` gives when the bytes so far hold no further event."""

    NEED_DATA = "need_data"


NEED_DATA = NeedData.NEED_DATA


class RssiUnit(StrEnum):
    DBM = "dBm"
    RAW = "raw"  # the maker documents no scale


@dataclass(frozen=True, slots=True)
class Rssi:
    """Strength of the tag's answer. Not calibrated between makes; `raw` is what stood in the frame."""

    value: float
    unit: RssiUnit
    raw: bytes


class TagSeen(NamedTuple):
    """One tag report by one antenna. What the protocol does not say is None.

    A tuple, not a dataclass: a network reader reports tens of thousands of tags a second, and a frozen dataclass costs more to make
    than its report costs to read.
    """

    epc: bytes
    pc: int | None = None
    tid: bytes | None = None
    rssi: Rssi | None = None
    antenna: int | None = None
    """Antenna port, from 1."""
    frequency_khz: int | None = None
    phase: int | None = None
    reads: int | None = None
    """How many reads the report stands for, where the reader adds them up."""
    first_seen_us: int | None = None
    """By the reader's own clock, microseconds: UTC where it has one, else since its start."""
    last_seen_us: int | None = None


class Status(StrEnum):
    """How a command went, in words that all families share. The family's own code stands beside it in `Reply.code`."""

    OK = "ok"
    NO_TAG = "no_tag"
    WRONG_PASSWORD = "wrong_password"
    LOCKED = "locked"
    MEMORY_OVERRUN = "memory_overrun"
    LOW_POWER = "low_power"
    READ_FAILED = "read_failed"
    WRITE_FAILED = "write_failed"
    LOCK_FAILED = "lock_failed"
    KILL_FAILED = "kill_failed"
    ANTENNA_MISSING = "antenna_missing"
    TEMPERATURE = "temperature"
    BAD_COMMAND = "bad_command"
    BAD_PARAMETER = "bad_parameter"
    TAG_ERROR = "tag_error"
    READER_ERROR = "reader_error"


class Meaning(NamedTuple):
    """A family's status or error code, in the words that all families share and in those of its manual."""

    status: Status
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one frame that we sent."""

    command: str
    """Name of the opcode answered, lower case, e.g. `read_bank`."""
    status: Status
    code: int | None = None
    """The family's own status or error code, None where a reply carries none."""
    data: bytes = b""
    """What the reply carries beyond status and tag: a bank's words, a version text, a power."""
    tag: TagSeen | None = None
    """The tag that was acted on, where the reply names it."""
    detail: str = ""
    """The manual's words for `code`."""


@dataclass(frozen=True, slots=True)
class RoundEnded:
    """An inventory round is over. Comes also when no tag is there, so it proves that the reader lives."""

    reads: int | None = None
    antenna: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """The reader spoke unasked: a heart-beat, a temperature, an antenna gone."""

    name: str
    status: Status = Status.OK
    code: int | None = None
    data: bytes = b""
    detail: str = ""
    reader_time_us: int | None = None
    """When, by the reader's own clock: with the first of a connection, how far that clock is off."""


@dataclass(frozen=True, slots=True)
class HostCommand:
    """What a host asked, as the reader's half sees it (`decode --direction to-reader`, simulators)."""

    command: str
    opcode: int
    data: bytes = b""
    address: int | None = None
    message_id: int | None = None
    """The number that the answer repeats, where the family numbers its messages."""


class FrameFault(StrEnum):
    CHECKSUM = "checksum"
    LENGTH = "length"
    TAIL = "tail"
    NOISE = "noise"
    CONTENT = "content"  # the frame is whole, what stands in it is not


@dataclass(frozen=True, slots=True)
class FrameError:
    """Bytes that make no frame, thrown away. The codec goes on with the next good one."""

    reason: FrameFault
    expected: str
    found: str
    discarded: bytes


Event = TagSeen | Reply | RoundEnded | Notice | HostCommand | FrameError
