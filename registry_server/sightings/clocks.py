"""What an agent's times are worth. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=10)
"""What a trusted clock may be wrong, sending included."""
MOST_OFFSET_MS = 50 * 365 * 86_400_000.0
"""A clock that woke in 1970 may say so; more is no clock."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How to read the times of one batch."""

    ahead: timedelta
    """Take this off each time to come near true time."""
    is_sure: bool
    latest_at: datetime
    """A moment later than this was not yet, whatever the batch says."""

    def true_time(self, stated_at: datetime) -> datetime:
        return stated_at - self.ahead if self.ahead else stated_at

    def is_sure_of(self, true_at: datetime) -> bool:
        return self.is_sure and true_at <= self.latest_at


def read_clock(sealed_at: datetime, clock_offset_ms: float | None, received_at: datetime) -> ClockReading:
    """A stated offset is believed unless it puts the sealing after the arrival.

    With none stated, the clock is believed only if the batch came at once and its time fits ours.
    """
    latest_at = received_at + TOLERANCE
    if clock_offset_ms is None:
        return ClockReading(timedelta(0), abs(received_at - sealed_at) <= TOLERANCE, latest_at)
    if abs(clock_offset_ms) > MOST_OFFSET_MS:
        return ClockReading(timedelta(0), is_sure=False, latest_at=latest_at)
    ahead = timedelta(milliseconds=clock_offset_ms)
    return ClockReading(ahead, sealed_at - ahead <= latest_at, latest_at)
