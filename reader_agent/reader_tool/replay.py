"""Plays a recording: the reader's bytes come again at their times, and its host's are waited for."""

import select
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from threading import Event

from firmware_protocols.as_json import JsonObject, event_to_json
from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import Codec, Direction
from firmware_protocols.events import NEED_DATA
from reader_agent.clock import Clock
from reader_agent.reader_tool.lines import Line
from reader_agent.reader_tool.recording import Entry, Way

TICK_S = 0.02
PATIENCE_S = 2.0  # for so long a host's next command is waited for; this host may do with fewer than the recorded one
LINGER_S = 0.3  # the kernel passes a pseudo-terminal's last bytes on a moment after they were written
GAP_S = 0.1  # as on the agent's serial lines


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed` times as fast as it was; inf: as fast as the line takes it. `has_host`: where the recorded host spoke, wait for this one."""

    speed: float = 1.0
    has_host: bool = True


class Player:
    """Plays entries on a line until they are over or `stop` is set."""

    def __init__(self, line: Line, clock: Clock, pace: Pace, stop: Event) -> None:
        self._line, self._clock, self._pace, self._stop = line, clock, pace, stop
        self._heard_bytes = 0

    def play(self, entries: Iterable[Entry]) -> None:
        """Begins when somebody is there; ends when the host has taken everything."""
        while not self._stop.is_set() and not self._line.is_up:
            self._listen(TICK_S)
        origin_s, patience_s = self._now_s(), inf
        for entry in entries:
            if self._stop.is_set():
                return
            if entry.way is Way.TO_READER:
                if self._pace.has_host:
                    self._await_host(len(entry.data), patience_s)
                    origin_s, patience_s = self._now_s() - entry.t_s / self._pace.speed, PATIENCE_S
                continue
            self._await_time(origin_s + entry.t_s / self._pace.speed)
            self._send(entry.data)
        until_s = self._now_s() + LINGER_S
        while not self._stop.is_set() and (self._now_s() < until_s or not self._line.is_drained):
            self._listen(TICK_S)

    def _await_host(self, count: int, patience_s: float) -> None:
        until_s = self._now_s() + patience_s
        while self._heard_bytes < count and self._now_s() < until_s and not self._stop.is_set():
            self._listen(TICK_S)
        self._heard_bytes = max(0, self._heard_bytes - count)

    def _await_time(self, due_s: float) -> None:
        while (left_s := due_s - self._now_s()) > 0 and not self._stop.is_set():
            self._listen(min(left_s, TICK_S))

    def _send(self, data: bytes) -> None:
        while (data := self._line.send(data)) and not self._stop.is_set():
            self._listen(TICK_S / 10)

    def _listen(self, timeout_s: float) -> None:
        select.select(self._line.handles(), [], [], timeout_s)
        self._heard_bytes += len(self._line.receive())

    def _now_s(self) -> float:
        return self._clock.now().monotonic_s


def decoded(entries: Iterable[Entry], family: str) -> Iterator[tuple[float, JsonObject]]:
    """Each event with the time at which it was whole, both ways. Raises UnknownFamily."""
    codecs = {Way.FROM_READER: codec_for(family), Way.TO_READER: codec_for(family, direction=Direction.TO_READER)}
    last_s = dict.fromkeys(Way, 0.0)
    for entry in entries:
        codec = codecs[entry.way]
        if entry.t_s - last_s[entry.way] >= GAP_S:
            codec.receive_gap()
            yield from ((last_s[entry.way], told) for told in _events(codec, entry.way))
        last_s[entry.way] = entry.t_s
        codec.receive_data(entry.data)
        yield from ((entry.t_s, told) for told in _events(codec, entry.way))
    for way, codec in codecs.items():
        codec.receive_gap()
        yield from ((last_s[way], told) for told in _events(codec, way))


def _events(codec: Codec, way: Way) -> Iterator[JsonObject]:
    while (event := codec.next_event()) is not NEED_DATA:
        yield {"dir": way.value, **event_to_json(event)}
