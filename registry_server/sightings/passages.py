"""Which sightings make one passage. Pure.

One vehicle is seen in several lanes, by several antennas, and by an agent that was restarted while it stood there: that is one passage.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

MERGE_GAP_S = 5.0
"""The same tag at the same checkpoint within this is still the same vehicle going through."""
OPEN_GAP_S = 60.0
"""The same while one of its sightings has not closed: a bike in the queue, or an agent that was restarted meanwhile."""
REMEMBERED = 40_000
"""Passages held in memory, at least half of them at any time: an hour and a half of four busy checkpoints."""
OF_ONE_TAG = 8
"""And of these so many of one tag: a tag that is parked before an antenna must not fill the book."""

NO_TID = b""
NO_KINDS: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class KnownPassage:
    """A passage that the worker still remembers. Seconds are since 1970, corrected for the agent's clock."""

    id: int
    authority_id: int
    checkpoint_id: int
    lane: str
    epc: bytes
    at: datetime
    first_s: float
    last_s: float
    is_time_sure: bool
    received_at: datetime
    tid: bytes | None = None
    licence_id: int | None = None
    open_sightings: int = 0
    kinds: frozenset[str] = NO_KINDS
    """Of the flags it has raised."""

    def is_joined_by(self, at_s: float) -> bool:
        """Whether a sighting at that moment, of the same tag at the same checkpoint, belongs to it."""
        gap_s = OPEN_GAP_S if self.open_sightings > 0 else MERGE_GAP_S
        return self.first_s - MERGE_GAP_S <= at_s <= self.last_s + gap_s

    def join(self, at_s: float) -> None:
        self.first_s = min(self.first_s, at_s)
        self.last_s = max(self.last_s, at_s)


class PassageBook:
    """The newest passages by EPC. Bounded: when it is full the older half is forgotten at once, which costs less than one by one."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._half = max(1, remembered // 2)
        self._newer: dict[bytes, tuple[KnownPassage, ...]] = {}
        self._older: dict[bytes, tuple[KnownPassage, ...]] = {}
        self._arrivals = 0
        """In the newer half."""

    def of(self, epc: bytes) -> tuple[KnownPassage, ...]:
        """Oldest arrival first."""
        older, newer = self._older.get(epc, ()), self._newer.get(epc, ())
        return (*older, *newer)[-OF_ONE_TAG:] if older else newer

    def find_joined(self, epc: bytes, checkpoint_id: int, at_s: float) -> KnownPassage | None:
        """The passage that a sighting belongs to; None: it begins a new one."""
        for passage in reversed(self.of(epc)):
            if passage.checkpoint_id == checkpoint_id and passage.is_joined_by(at_s):
                return passage
        return None

    def add(self, passage: KnownPassage) -> None:
        epc = passage.epc
        self._newer[epc] = (*self._newer.get(epc, ())[1 - OF_ONE_TAG :], passage)
        self._arrivals += 1
        if self._arrivals >= self._half:
            self._older, self._newer, self._arrivals = self._newer, {}, 0


SightingKey = tuple[int, int]
"""Life and number."""
_V = TypeVar("_V")


class _Recent(Generic[_V]):
    """A dictionary that forgets its older half when it is full. To drop single oldest keys from a dict is slow."""

    def __init__(self, remembered: int) -> None:
        self._half = max(1, remembered // 2)
        self._newer: dict[SightingKey, _V] = {}
        self._older: dict[SightingKey, _V] = {}

    def __setitem__(self, key: SightingKey, value: _V) -> None:
        self._newer[key] = value
        if len(self._newer) >= self._half:
            self._older, self._newer = self._newer, {}

    def __contains__(self, key: SightingKey) -> bool:
        return key in self._newer or key in self._older

    def __bool__(self) -> bool:
        return bool(self._newer or self._older)

    def get(self, key: SightingKey) -> _V | None:
        return self._newer.get(key) or self._older.get(key)

    def pop(self, key: SightingKey) -> _V | None:
        return self._newer.pop(key, None) or self._older.pop(key, None)


class OpenSightings:
    """Sightings whose closing has not come yet, and closings whose opening has not. The oldest are forgotten."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._open: _Recent[KnownPassage] = _Recent(remembered)
        self._early: _Recent[bytes] = _Recent(remembered)

    def open(self, key: SightingKey, passage: KnownPassage) -> bytes | None:
        """Note an opening. The TID of its closing if that came first; the sighting is then closed."""
        if self._early and key in self._early:
            return self._early.pop(key) or None
        passage.open_sightings += 1
        self._open[key] = passage
        return None

    def find(self, key: SightingKey) -> KnownPassage | None:
        """The passage of a sighting that is open."""
        return self._open.get(key)

    def close(self, key: SightingKey, tid: bytes | None) -> KnownPassage | None:
        """The passage of a sighting that closes; None if its opening has not come, or is long forgotten."""
        passage = self._open.pop(key)
        if passage is None:
            self._early[key] = tid or NO_TID
            return None
        passage.open_sightings -= 1
        return passage
