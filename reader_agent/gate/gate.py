"""What the checkpoint saw, from single reads to events that are due to be sealed. Pure: time comes in."""

from collections import Counter
from collections.abc import Callable

from firmware_protocols.events import TagSeen
from reader_agent.clock import Moment
from reader_agent.gate.lanes import LaneMap, Unplaced, find_tid
from reader_agent.gate.sealing import PendingEvents
from reader_agent.gate.window import Window, WindowLimits
from schemas.epc import Epc
from schemas.errors import ContractError
from schemas.identifiers import ReaderId
from schemas.messages import SightingEvent, SightingOpened

SWEEP_S = 0.1  # how often silence is looked for: a closing may be so much late, an opening never is


class Gate:
    """Lanes, window and pending events of one checkpoint."""

    def __init__(self, lanes: LaneMap, limits: WindowLimits, next_number: Callable[[], int]) -> None:
        self._lanes, self._window, self._pending = lanes, Window(limits, next_number), PendingEvents()
        self._swept_s = 0.0
        self.unplaced_reads: Counter[ReaderId] = Counter()

    def hear(self, reader: ReaderId, seen: TagSeen, at: Moment) -> SightingOpened | Unplaced | None:
        """Count one read; gives the opening if the tag has just come, or why the read belongs to no lane."""
        read = self._lanes.place(reader, seen, at)
        if isinstance(read, Unplaced):
            self.unplaced_reads[reader] += 1
            return read
        events = self._window.add(read)
        self._pending.add(events, at.monotonic_s)
        return next((event for event in events if isinstance(event, SightingOpened)), None)

    def note_tid(self, reader: ReaderId, epc: bytes, words: bytes, at: Moment) -> None:
        tid = find_tid(words)
        try:
            claimed = Epc(epc)
        except ContractError:
            return  # such a tag has opened no sighting
        if tid:
            self._pending.add(self._window.note_tid(reader, claimed, tid, at), at.monotonic_s)

    def take_due(self, now_s: float) -> list[SightingEvent]:
        """The events of the next batch, if one is due now; else none."""
        if now_s - self._swept_s >= SWEEP_S:
            self._swept_s = now_s
            self._pending.add(self._window.close_due(now_s), now_s)
        return self._pending.take() if self._pending.is_due(now_s) else []

    def next_due_s(self) -> float:
        """When `take_due` should be asked at the latest."""
        sweep_s = self._swept_s + SWEEP_S
        return sweep_s if self._pending.due_s is None else min(sweep_s, self._pending.due_s)

    def take_last(self) -> list[SightingEvent]:
        """The agent ends: close every sighting; gives one batch's events, and none when all are taken."""
        self._pending.add(self._window.close_all(), 0.0)
        return self._pending.take()
