"""What a reader says against its own work while it is told to read: an antenna is off, it is too hot, it will not start."""

from collections.abc import Iterable
from typing import NamedTuple, TypeGuard

from firmware_protocols.events import Event, Notice, Reply, RoundEnded, Status, TagSeen

STANDS_FOR_S = 3.0  # a round that fails is told each time; what was said longer ago is over
SAID_AT_LEAST = 2  # once may be the late answer to a question that nobody waits for any more
IDLE_S = 2.0
_NOTHING_WRONG = frozenset({Status.OK, Status.NO_TAG})


class Complaint(NamedTuple):
    """What the reader says, and whether it reports tags or ends rounds all the same (another antenna of it may be well)."""

    says: str
    is_working: bool


NO_COMPLAINT = Complaint("", is_working=True)


def is_complaint(event: Event) -> TypeGuard[Notice | Reply]:
    return isinstance(event, Notice | Reply) and event.status not in _NOTHING_WRONG


class Complaints:
    """Of one conversation. The time comes in."""

    def __init__(self, now_s: float) -> None:
        self._said: list[tuple[float, str]] = []
        self._last_work_s = now_s

    def note(self, events: Iterable[Event], now_s: float) -> None:
        """What came unasked in inventory."""
        for event in events:
            if isinstance(event, TagSeen | RoundEnded):
                self._last_work_s = now_s
            elif is_complaint(event):
                self._said.append((now_s, f"{event.status} {event.detail}".strip()))

    def standing(self, now_s: float) -> Complaint:
        self._said = [(said_s, says) for said_s, says in self._said if now_s - said_s < STANDS_FOR_S]
        if len(self._said) < SAID_AT_LEAST:
            return NO_COMPLAINT
        return Complaint(f"the reader says: {self._said[-1][1]}", is_working=now_s - self._last_work_s < IDLE_S)
