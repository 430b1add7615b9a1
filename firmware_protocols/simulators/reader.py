"""The reader's half of a conversation: what it hears from the host, what it puts on the line as time goes by."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from firmware_protocols.codec import Codec
from firmware_protocols.events import NEED_DATA, HostCommand
from firmware_protocols.simulators.faults import NO_FAULTS, FaultyLine, LineFaults
from firmware_protocols.simulators.tag_field import Presence, TagField

GAP_S = 0.05  # after so long a silence of the host, what it had begun to send is forgotten
MOST_ROUNDS_AT_ONCE = 200  # a host that was away is not owed the rounds of an hour


class SimulatedReader(Protocol):
    """A reader without its port. Whoever holds a line gives it what the host sent and writes what it is given."""

    def receive_data(self, data: bytes) -> None:
        """What the host sent. It is answered by the next `advance`."""

    def advance(self, now_s: float) -> list[bytes]:
        """Let time pass to `now_s`; the writes that the reader puts on the line, in order."""


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """What differs between simulated readers of one family."""

    round_period_s: float = 0.03
    antenna_ports: int = 4
    """R2000 boards have 1, 4 or 8; M100 modules always 1."""
    missing_antennas: frozenset[int] = frozenset()
    """R2000, ThingMagic, Chafon, CF: ports with nothing connected."""
    address: int | None = None
    """R2000, Chafon, CF: the address it has and answers with; None: the one it leaves the maker with (01, 00, 00)."""
    loops_on_ff: bool = True
    """R2000: whether a repeat of FF goes on until the next command. Boards differ: with some it is one short round."""
    starts_in_bootloader: bool = False
    """ThingMagic: it knows only what a bootloader knows until it is told to start its firmware."""
    is_left_reading: bool = False
    """ThingMagic: a host that is gone has left it streaming."""
    overheats_after_s: float | None = None
    """ThingMagic: after so long a time of reading it only says that it is too hot, until it is stopped."""
    mismatched_antennas: frozenset[int] = frozenset()
    """ThingMagic: ports whose antenna sends its power back."""
    model: str | None = None
    """Chafon: `uhfreader18`, `288` (if not said) or `ex10`. ThingMagic: `m5e`, `m6e`, `micro`, `nano` or `m7e`."""
    pushes: bool = False
    """Chafon: it was left in real-time mode and reports unasked."""


DEFAULT_OPTIONS = ReaderOptions()


@dataclass(frozen=True, slots=True)
class Emission:
    """One frame of the reader; if it reports a tag, whose stay it reports."""

    frame: bytes
    presence: Presence | None = None


class Dialect(Protocol):
    """What one family answers. Holds the reader's settings; knows neither line nor clock."""

    @property
    def is_reading(self) -> bool:
        """Is an inventory running?"""

    def answer(self, command: HostCommand, now_s: float) -> Iterable[Emission]: ...

    def refuse(self, command: HostCommand) -> Iterable[Emission]:
        """The family's error for a command that cannot be done just now."""

    def run_round(self, now_s: float) -> Iterable[Emission]:
        """One inventory round of those that were asked for."""


class LineReader:
    """A SimulatedReader made of a family's codec and dialect."""

    def __init__(self, codec: Codec, dialect: Dialect, field: TagField, rng: Random, setup: "LineSetup") -> None:
        self._codec, self._dialect, self._field = codec, dialect, field
        self._line = FaultyLine(setup.faults, rng)
        self._period_s = setup.round_period_s
        self._next_round_s: float | None = None
        self._has_heard, self._last_heard_s = False, 0.0

    def receive_data(self, data: bytes) -> None:
        self._has_heard = True
        self._codec.receive_data(data)

    def advance(self, now_s: float) -> list[bytes]:
        self._mind_gap(now_s)
        is_silent = self._line.is_silent(now_s)
        while (event := self._codec.next_event()) is not NEED_DATA:
            if isinstance(event, HostCommand) and not is_silent and self._line.is_answered():
                self._put(self._answer(event, now_s), now_s)
        if not is_silent:
            self._run_rounds(now_s)
        return self._line.take_writes()

    def _mind_gap(self, now_s: float) -> None:
        if self._has_heard:
            self._has_heard, self._last_heard_s = False, now_s
        elif now_s - self._last_heard_s >= GAP_S:
            self._codec.receive_gap()

    def _answer(self, command: HostCommand, now_s: float) -> Iterable[Emission]:
        return self._dialect.refuse(command) if self._line.is_refused() else self._dialect.answer(command, now_s)

    def _run_rounds(self, now_s: float) -> None:
        if not self._dialect.is_reading:
            self._next_round_s = None
            return
        due_s = now_s if self._next_round_s is None else self._next_round_s
        due_s = max(due_s, now_s - MOST_ROUNDS_AT_ONCE * self._period_s)
        while due_s <= now_s and self._dialect.is_reading:
            self._put(self._dialect.run_round(due_s), now_s)
            due_s += self._period_s
        self._next_round_s = due_s

    def _put(self, emissions: Iterable[Emission], now_s: float) -> None:
        for emission in emissions:
            is_intact = self._line.put(emission.frame)
            if is_intact and emission.presence is not None:
                self._field.note_reported(emission.presence, now_s)


@dataclass(frozen=True, slots=True)
class LineSetup:
    faults: LineFaults = NO_FAULTS
    round_period_s: float = 0.03
