"""Which batches are on their way, and when to send them again. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from reader_agent.spool.spool import SpooledBatch
from schemas.identifiers import BootId
from schemas.messages import Ack

MAX_PATIENCE_S = 120.0


@dataclass(slots=True)
class Delivery:
    """Go-back-N over the spool: batches leave in order, at most `in_flight` unconfirmed; without a confirmation for
    `resend_s` all unconfirmed ones go again, oldest first, and each time in vain the wait doubles.
    """

    in_flight: int
    resend_s: float
    last_id: int = 0
    _patience_s: float = 0.0
    _waiting_since_s: float = 0.0
    _unconfirmed: set[tuple[BootId, int]] = field(default_factory=set)

    def begin(self) -> None:
        """A new connection: nothing that went over the old one is taken as received."""
        self._start_over()
        self._patience_s = self.resend_s

    @property
    def room(self) -> int:
        return self.in_flight - len(self._unconfirmed)

    def due_in_s(self, now_s: float) -> float | None:
        """Seconds until the unconfirmed batches go again; None when nothing is unconfirmed."""
        return max(self._waiting_since_s + self._patience_s - now_s, 0.0) if self._unconfirmed else None

    def note_sent(self, batch: SpooledBatch, now_s: float) -> None:
        if not self._unconfirmed:
            self._waiting_since_s = now_s
        self.last_id = batch.id
        self._unconfirmed.add((batch.boot, batch.seq))

    def note_confirmed(self, ack: Ack, now_s: float) -> None:
        left = {(boot, seq) for boot, seq in self._unconfirmed if boot != ack.boot or (seq > ack.through and seq not in ack.beyond)}
        if len(left) < len(self._unconfirmed):
            self._patience_s, self._waiting_since_s = self.resend_s, now_s
        self._unconfirmed = left

    def go_back_if_due(self, now_s: float) -> bool:
        """Whether the wait was in vain; the oldest batch is then the next to send."""
        if self.due_in_s(now_s) != 0.0:
            return False
        self._start_over()
        self._patience_s = min(self._patience_s * 2, MAX_PATIENCE_S)
        return True

    def _start_over(self) -> None:
        self.last_id = 0
        self._unconfirmed.clear()


def merge_acks(acks: Iterable[Ack]) -> list[Ack]:
    """One ack per life that covers what all of them cover, so that one write to disk does for many."""
    merged: dict[BootId, Ack] = {}
    for ack in acks:
        other = merged.get(ack.boot, Ack(ack.boot, 0))
        merged[ack.boot] = Ack(ack.boot, max(ack.through, other.through), sorted({*ack.beyond, *other.beyond}))
    return list(merged.values())
