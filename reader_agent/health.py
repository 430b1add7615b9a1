"""What the agent tells the registry about itself."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from reader_agent.spool.spool import Spool
from schemas.identifiers import AgentId, BootId
from schemas.messages import AgentStatus, ReaderStatus

EVERY_S = 10.0
OUR_VERSION = version("ebike-registry")  # once: while an upgrade replaces the files it cannot be looked up
_LIBC = ctypes.CDLL(None)  # this process's own: to look it up by its name starts other programs, and each batch asks
_UNSYNCHRONISED = 0x0040  # STA_UNSYNC of adjtimex(2)
_NANOSECONDS = 0x2000  # STA_NANO


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as it is read; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 40),
    )


def find_clock_offset_ms() -> float | None:
    """How far this clock is ahead of true time, as the kernel knows from the time service; None when none keeps it."""
    timex = _Timex()
    if not hasattr(_LIBC, "adjtimex") or _LIBC.adjtimex(ctypes.byref(timex)) < 0 or timex.status & _UNSYNCHRONISED:
        return None
    offset, is_fine = int(timex.offset), bool(timex.status & _NANOSECONDS)
    # The kernel states what is still to be added to the clock: ahead is its opposite. (0 − x, for −0.0 is no answer.)
    return (0 - offset) / (1e6 if is_fine else 1e3)


@dataclass(frozen=True, slots=True)
class StatusWriter:
    """Makes the status messages of one life of the agent."""

    agent: AgentId
    boot: BootId
    spool: Spool

    def online(self, readers: Sequence[ReaderStatus], lost_unspooled: int, at: datetime) -> AgentStatus:
        """`lost_unspooled`: sightings that could not even be put on the disk."""
        return AgentStatus(
            agent=self.agent,
            boot=self.boot,
            online=True,
            at=at,
            version=OUR_VERSION,
            spooled_batches=len(self.spool),
            dropped_sightings=self.spool.dropped_sightings + lost_unspooled,
            clock_offset_ms=find_clock_offset_ms(),
            readers=list(readers),
            refused_batches=len(self.spool.aside),
            quarantined_batches=self.spool.quarantined,
        )

    def offline(self, at: datetime) -> AgentStatus:
        return AgentStatus(
            agent=self.agent,
            boot=self.boot,
            online=False,
            at=at,
            version=OUR_VERSION,
            spooled_batches=len(self.spool),
            dropped_sightings=self.spool.dropped_sightings,
            refused_batches=len(self.spool.aside),
            quarantined_batches=self.spool.quarantined,
        )
