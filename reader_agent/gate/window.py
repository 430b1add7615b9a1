"""Many reads of one tag in one lane become one sighting. Pure: time and numbers come in."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reader_agent.clock import Moment
from reader_agent.gate.lanes import LaneRead
from schemas.epc import Epc
from schemas.identifiers import LaneId, ReaderId
from schemas.messages import SightingClosed, SightingEvent, SightingIdentified, SightingOpened
from schemas.tid import Tid

_Key = tuple[LaneId, Epc, Tid | None]


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """When a sighting ends: after so long a silence, or when it has lasted so long; and how many may be open at once."""

    silence_s: float = 2.0
    max_s: float = 60.0
    max_open: int = 10_000


@dataclass(slots=True)
class _Open:
    number: int
    reader: ReaderId
    first_seen_at: datetime
    first_s: float
    last_s: float
    reads: int
    best_rssi_dbm: float | None
    tid: Tid | None
    is_tid_sent: bool

    def add(self, read: LaneRead) -> None:
        self.last_s = max(self.last_s, read.at.monotonic_s)
        self.reads += 1
        if read.rssi_dbm is not None:
            self.best_rssi_dbm = read.rssi_dbm if self.best_rssi_dbm is None else max(self.best_rssi_dbm, read.rssi_dbm)

    def identify(self, tid: Tid | None, at: Moment) -> list[SightingEvent]:
        """The first TID after an opening without one; what comes later changes nothing."""
        if tid is None or self.tid is not None:
            return []
        self.tid = tid
        return [SightingIdentified(sighting=self.number, tid=tid, identified_at=at.utc)]

    def close(self) -> SightingClosed:
        # The length is counted on the monotonic clock, so a jump of the wall clock cannot end a sighting before it began.
        return SightingClosed(
            sighting=self.number,
            last_seen_at=self.first_seen_at + timedelta(seconds=self.last_s - self.first_s),
            reads=self.reads,
            best_rssi_dbm=self.best_rssi_dbm,
            tid=None if self.is_tid_sent else self.tid,
        )


class Window:
    """The sightings that are now open, ordered by their last read.

    A sighting is one EPC in one lane. A second chip that answers with the same EPC but another TID is a sighting of its own.
    """

    def __init__(self, limits: WindowLimits, next_number: Callable[[], int]) -> None:
        self._limits = limits
        self._next_number = next_number
        self._open: OrderedDict[_Key, _Open] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, read: LaneRead) -> list[SightingEvent]:
        """Count the read. Gives the opening, if it is a first read, after the closings that it brought about."""
        key = self._key_of(read)
        sighting = self._open.get(key)
        if sighting and not self._is_over(sighting, read.at.monotonic_s):
            sighting.add(read)
            self._open.move_to_end(key)
            return sighting.identify(read.tid, read.at)
        events: list[SightingEvent] = []
        if sighting:
            events.append(self._open.pop(key).close())
        elif len(self._open) >= self._limits.max_open:
            events.append(self._open.popitem(last=False)[1].close())
        return [*events, self._begin(key, read)]

    def note_tid(self, reader: ReaderId, epc: Epc, tid: Tid, at: Moment) -> list[SightingEvent]:
        """A TID that was read on its own, for the open sightings of that tag at that reader which have none."""
        mine = [sighting for (_, seen_epc, _), sighting in self._open.items() if seen_epc == epc and sighting.reader == reader]
        return [event for sighting in mine for event in sighting.identify(tid, at)]

    def close_due(self, now_s: float) -> list[SightingEvent]:
        """Close what has been silent long enough."""
        events: list[SightingEvent] = []
        while self._open and self._is_silent(next(iter(self._open.values())), now_s):
            events.append(self._open.popitem(last=False)[1].close())
        return events

    def close_all(self) -> list[SightingEvent]:
        events: list[SightingEvent] = [sighting.close() for sighting in self._open.values()]
        self._open.clear()
        return events

    def _key_of(self, read: LaneRead) -> _Key:
        plain, own = (read.lane, read.epc, None), (read.lane, read.epc, read.tid)
        sighting = self._open.get(plain)
        has_other_chip = sighting and sighting.tid and read.tid and sighting.tid != read.tid
        return own if own in self._open or has_other_chip else plain

    def _begin(self, key: _Key, read: LaneRead) -> SightingOpened:
        number, at = self._next_number(), read.at
        self._open[key] = _Open(
            number, read.reader, at.utc, at.monotonic_s, at.monotonic_s, 1, read.rssi_dbm, read.tid, is_tid_sent=read.tid is not None
        )
        return SightingOpened(
            sighting=number,
            lane=read.lane,
            reader=read.reader,
            antenna=read.antenna,
            epc=read.epc,
            first_seen_at=at.utc,
            pc=read.pc,
            tid=read.tid,
            rssi_dbm=read.rssi_dbm,
        )

    def _is_over(self, sighting: _Open, now_s: float) -> bool:
        return self._is_silent(sighting, now_s) or now_s - sighting.first_s >= self._limits.max_s

    def _is_silent(self, sighting: _Open, now_s: float) -> bool:
        return now_s - sighting.last_s >= self._limits.silence_s
