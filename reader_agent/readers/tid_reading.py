"""Reading the chip's own number of a tag that has just come, for families that cannot do it while they take inventory."""

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from firmware_protocols.commands import Bank, Command, ReadBank, StopInventory
from firmware_protocols.events import Reply, Status
from reader_agent.clock import Clock

BUDGET_S = 0.15  # for so long other tags go unread; a bike at 30 km/h moves 1.25 m, and stays in the field for some seconds
WORD_COUNTS = (6, 4, 2)  # a 96-bit TID first; older chips have less and refuse a longer read
# Not every family passes on the tag's own word for "that is beyond my memory".
MAY_BE_SHORTER = frozenset({Status.MEMORY_OVERRUN, Status.READ_FAILED, Status.BAD_PARAMETER, Status.TAG_ERROR})
BUSY_TAGS = 3
BUSY_WITHIN_S = 0.5
STALE_S = 1.0
MAX_WANTED = 8


class Asks(Protocol):
    def ask_in_time(self, command: Command, timeout_s: float) -> Reply | None: ...


class WantedTids:
    """Whose TID is wanted. Filled by the gate's thread, emptied by the reader's; a deque's ends are safe between the two."""

    def __init__(self) -> None:
        self._wanted: deque[tuple[bytes, float]] = deque(maxlen=MAX_WANTED)
        self._last_seen_s: dict[bytes, float] = {}

    def ask_for(self, epc: bytes, now_s: float) -> None:
        self._wanted.append((epc, now_s))

    def note_seen(self, epcs: Iterable[bytes], now_s: float) -> None:
        self._last_seen_s |= dict.fromkeys(epcs, now_s)

    def take(self, now_s: float) -> bytes | None:
        """The next tag to read; None when there is none, or when so many tags are in the field that reading them comes first."""
        self._last_seen_s = {epc: at for epc, at in self._last_seen_s.items() if now_s - at < BUSY_WITHIN_S}
        if not self._wanted:
            return None
        epc, asked_s = self._wanted.popleft()
        is_there = epc in self._last_seen_s and now_s - asked_s < STALE_S
        return epc if is_there and len(self._last_seen_s) <= BUSY_TAGS else None


def read_tid(reader: Asks, epc: bytes, clock: Clock) -> bytes | None:
    """The TID of that tag, within BUDGET_S; None if it did not come. The inventory is stopped, the caller starts it again."""
    deadline_s = clock.now().monotonic_s + BUDGET_S
    reader.ask_in_time(StopInventory(), BUDGET_S / 3)
    for words in WORD_COUNTS:
        left_s = deadline_s - clock.now().monotonic_s
        reply = reader.ask_in_time(ReadBank(Bank.TID, 0, words, epc=epc), left_s) if left_s > 0 else None
        if reply is None:
            return None
        if reply.status is Status.OK:
            return reply.data if reply.tag is None or reply.tag.epc == epc else None
        if reply.status not in MAY_BE_SHORTER:
            return None
    return None
