"""The one file of the agent that asks the time."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks: UTC to be written down, monotonic seconds to be counted with (they never jump)."""

    utc: datetime
    monotonic_s: float


class Clock(Protocol):
    def now(self) -> Moment: ...


class SystemClock:
    def now(self) -> Moment:
        return Moment(datetime.now(UTC), time.monotonic())
