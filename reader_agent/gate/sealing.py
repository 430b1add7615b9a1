"""Events wait here a moment, so that one signature and one write to disk serve many of them."""

from dataclasses import dataclass, field

from schemas.messages import MAX_EVENTS, SightingEvent

LINGER_S = 0.02  # what an opening waits at most: invisible to a person, and one disk write then serves some ten vehicles
BATCH_EVENTS = 200
assert BATCH_EVENTS <= MAX_EVENTS


@dataclass(slots=True)
class PendingEvents:
    """What is to go into the next batch, and when it must."""

    events: list[SightingEvent] = field(default_factory=list)
    due_s: float | None = None

    def add(self, events: list[SightingEvent], now_s: float) -> None:
        if events and self.due_s is None:
            self.due_s = now_s + LINGER_S
        self.events += events

    def is_due(self, now_s: float) -> bool:
        return self.due_s is not None and (now_s >= self.due_s or len(self.events) >= BATCH_EVENTS)

    def take(self) -> list[SightingEvent]:
        """The next batch's events, at most BATCH_EVENTS; what is left stays due."""
        taken, self.events = self.events[:BATCH_EVENTS], self.events[BATCH_EVENTS:]
        if not self.events:
            self.due_s = None
        return taken
