"""Reading the chip's own number of a tag that has just come, for families that cannot do it while they take inventory."""

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from firmware_protocols.commands import Bank, Command, ReadBank, SetAntennas, StopInventory
from firmware_protocols.events import Reply, Status, TagSeen
from reader_agent.clock import Clock

BUDGET_S = 0.15  # for so long other tags go unread; a bike at 30 km/h moves 1.25 m, and stays in the field for some seconds
WORD_COUNTS = (6, 4, 2)  # a 96-bit TID first; older chips have less and refuse a longer read
# Not every family passes on the tag's own word for "that is beyond my memory".
MAY_BE_SHORTER = frozenset({Status.MEMORY_OVERRUN, Status.READ_FAILED, Status.BAD_PARAMETER, Status.TAG_ERROR})
IN_FIELD_S = 0.5
BUSY_TAGS = 3
PAUSE_S = 0.1  # between two TIDs: the inventory gets its share of the air
BUSY_PAUSE_S = 0.5  # with many tags in the field, reading that they are there comes first
MOST_TRIES = 3  # the first answers of a tag are its weakest
GIVE_UP_S = 3.0
MAX_WANTED = 64


class Asks(Protocol):
    def ask_in_time(self, command: Command, timeout_s: float) -> Reply | None: ...


@dataclass(slots=True)
class Wanted:
    """A tag whose TID is not known yet."""

    asked_s: float
    tries: int = 0


class WantedTids:
    """Whose TID is wanted. Filled by the gate's thread, worked off by the reader's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted: dict[bytes, Wanted] = {}
        self._seen: dict[bytes, tuple[float, int | None]] = {}
        self._next_s = 0.0

    def ask_for(self, epc: bytes, now_s: float) -> None:
        with self._lock:
            if len(self._wanted) < MAX_WANTED:
                self._wanted[epc] = Wanted(now_s)

    def note_seen(self, tags: Iterable[TagSeen], now_s: float) -> None:
        self._seen |= {tag.epc: (now_s, tag.antenna) for tag in tags}

    def take(self, now_s: float) -> tuple[bytes, int | None] | None:
        """The next tag to read, and the antenna before which it is; None when there is none, or the air belongs to the inventory."""
        self._seen = {epc: at for epc, at in self._seen.items() if now_s - at[0] < IN_FIELD_S}
        if now_s < self._next_s + (BUSY_PAUSE_S if len(self._seen) > BUSY_TAGS else PAUSE_S):
            return None
        with self._lock:
            self._wanted = {epc: wanted for epc, wanted in self._wanted.items() if now_s - wanted.asked_s < GIVE_UP_S}
            there = [epc for epc in self._wanted if epc in self._seen]
            if not there:
                return None
            epc = min(there, key=lambda epc: self._wanted[epc].tries)
            self._wanted[epc].tries += 1
            if self._wanted[epc].tries >= MOST_TRIES:
                del self._wanted[epc]
        return epc, self._seen[epc][1]

    def note_read(self, epc: bytes, now_s: float, *, is_done: bool) -> None:
        """The attempt is over; one that failed is made again while the tag is there."""
        self._next_s = now_s
        if is_done:
            with self._lock:
                self._wanted.pop(epc, None)


def read_tid(reader: Asks, epc: bytes, antenna: int | None, clock: Clock) -> bytes | None:
    """The TID of that tag, within BUDGET_S; None if it did not come. The inventory is stopped, the caller starts it again.

    `antenna`: the port to read through, for a reader that works with one of several at a time.
    """
    deadline_s = clock.now().monotonic_s + BUDGET_S
    reader.ask_in_time(StopInventory(), BUDGET_S / 3)
    if antenna is not None:
        reader.ask_in_time(SetAntennas((antenna,)), BUDGET_S / 3)
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
