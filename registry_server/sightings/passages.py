"""Which sightings make one passage. Pure.

One vehicle is seen in several lanes, by several antennas, and by an agent that was restarted while it stood there: that is one passage.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

MERGE_GAP_S = 5.0
"""The same tag at the same checkpoint within this is still the same vehicle going through."""
OPEN_GAP_S = 60.0
"""The same while one of its sightings has not closed: a bike in the queue, or an agent that was restarted meanwhile."""
REMEMBERED = 30_000
"""Passages held in memory. More than two hours of four busy checkpoints."""
OF_ONE_TAG = 8
"""And of these so many of one tag: a tag that is parked before an antenna must not fill the book."""


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
    kinds: frozenset[str] = field(default=frozenset())
    """Of the flags it has raised."""

    def is_joined_by(self, at_s: float) -> bool:
        """Whether a sighting at that moment, of the same tag at the same checkpoint, belongs to it."""
        gap_s = OPEN_GAP_S if self.open_sightings > 0 else MERGE_GAP_S
        return self.first_s - MERGE_GAP_S <= at_s <= self.last_s + gap_s

    def join(self, at_s: float) -> None:
        self.first_s = min(self.first_s, at_s)
        self.last_s = max(self.last_s, at_s)


class PassageBook:
    """The newest passages by EPC. Bounded: the oldest arrivals are forgotten first."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._by_epc: dict[bytes, tuple[KnownPassage, ...]] = {}
        self._arrivals: deque[KnownPassage] = deque()

    def __len__(self) -> int:
        return len(self._arrivals)

    def of(self, epc: bytes) -> tuple[KnownPassage, ...]:
        """Oldest arrival first."""
        return self._by_epc.get(epc, ())

    def find_joined(self, epc: bytes, checkpoint_id: int, at_s: float) -> KnownPassage | None:
        """The passage that a sighting belongs to; None: it begins a new one."""
        for passage in reversed(self._by_epc.get(epc, ())):
            if passage.checkpoint_id == checkpoint_id and passage.is_joined_by(at_s):
                return passage
        return None

    def add(self, passage: KnownPassage) -> None:
        self._arrivals.append(passage)
        self._by_epc[passage.epc] = (*self._by_epc.get(passage.epc, ())[1 - OF_ONE_TAG :], passage)
        while len(self._arrivals) > self._remembered:
            self._drop(self._arrivals.popleft())

    def _drop(self, oldest: KnownPassage) -> None:
        known = self._by_epc[oldest.epc]
        if known[0] is not oldest:
            return  # newer ones of the same tag have pushed it out
        if len(known) > 1:
            self._by_epc[oldest.epc] = known[1:]
        else:
            del self._by_epc[oldest.epc]


class OpenSightings:
    """Sightings whose closing has not come yet, and closings whose opening has not. Bounded in the same way."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._open: dict[tuple[int, int], KnownPassage] = {}
        self._early: dict[tuple[int, int], bytes | None] = {}

    def open(self, key: tuple[int, int], passage: KnownPassage) -> bytes | None:
        """Note an opening. The TID of its closing if that came first; the sighting is then closed."""
        if key in self._early:
            return self._early.pop(key)
        passage.open_sightings += 1
        self._open[key] = passage
        if len(self._open) > self._remembered:
            del self._open[next(iter(self._open))]
        return None

    def close(self, key: tuple[int, int], tid: bytes | None) -> KnownPassage | None:
        """The passage of a sighting that closes; None if its opening has not come, or is long forgotten."""
        passage = self._open.pop(key, None)
        if passage is None:
            self._early[key] = tid
            if len(self._early) > self._remembered:
                del self._early[next(iter(self._early))]
            return None
        passage.open_sightings -= 1
        return passage
