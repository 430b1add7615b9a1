"""What was injected beside what was found, and how long it took. Pure."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil

from registry_server.demo.city import STORIES, Story
from registry_server.demo.traffic import DrivePast


@dataclass(frozen=True, slots=True)
class Found:
    """A stored passage and the kinds of its flags."""

    epc: str
    checkpoint: str
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class StoryResult:
    """One row of the closing table."""

    story: Story
    injected: int
    heard: int
    passages: int
    owed: str | None
    flagged: int
    other_flags: Mapping[str, int]
    lost: int
    duplicated: int


@dataclass(frozen=True, slots=True)
class Latency:
    """From the first byte on the serial line to the event at the page, in milliseconds."""

    count: int
    p50_ms: float
    p99_ms: float


@dataclass(slots=True)
class Tally:
    """Filled from several threads while the demo runs."""

    drives: list[DrivePast] = field(default_factory=list)
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    _waiting: dict[tuple[str, str], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def inject(self, drive: DrivePast) -> None:
        with self._lock:
            self.drives.append(drive)

    def answer(self, checkpoint: str, epc: str, at_s: float) -> None:
        """The simulated reader put this tag's first report on its line."""
        with self._lock:
            self.heard[checkpoint, epc] += 1
            self._waiting[checkpoint, epc] = at_s

    def show(self, checkpoint: str, epc: str, at_s: float) -> float | None:
        """The passage came to the page; its latency in milliseconds if this is the first time."""
        with self._lock:
            answered_at_s = self._waiting.pop((checkpoint, epc), None)
            if answered_at_s is None:
                return None
            latency_ms = (at_s - answered_at_s) * 1000
            self.latencies_ms.append(latency_ms)
            return latency_ms

    def latency(self) -> Latency | None:
        with self._lock:
            ordered = sorted(self.latencies_ms)
        return Latency(len(ordered), _percentile(ordered, 50), _percentile(ordered, 99)) if ordered else None

    def results(self, passages: Iterable[Found]) -> list[StoryResult]:
        """One row a story, in the order of the city's table."""
        story_of = {_hex(drive.bike.epc): drive.bike.story for drive in self.drives if drive.bike.epc}
        found = defaultdict(list)
        for passage in passages:
            if passage.epc in story_of:
                found[story_of[passage.epc]].append(passage)
        injected = Counter(drive.bike.story for drive in self.drives)
        heard: defaultdict[Story, Counter[tuple[str, str]]] = defaultdict(Counter)
        for (checkpoint, epc), times in self.heard.items():
            if epc in story_of:
                heard[story_of[epc]][checkpoint, epc] = times
        return [_result(story, injected[story], heard[story], found[story]) for story in Story if injected[story]]


def _result(story: Story, injected: int, heard: Counter[tuple[str, str]], passages: list[Found]) -> StoryResult:
    """Lost and duplicated are counted tag by tag and place by place: else one of each would hide the other."""
    owed = STORIES[story].flag if story in STORIES else None
    others = Counter(kind for passage in passages for kind in passage.kinds if kind != owed)
    flagged = sum(owed in passage.kinds for passage in passages) if owed else 0
    stored = Counter((passage.checkpoint, passage.epc) for passage in passages)
    lost, duplicated = (heard - stored).total(), (stored - heard).total()
    return StoryResult(story, injected, heard.total(), len(passages), owed, flagged, dict(others), lost, duplicated)


def _hex(epc: bytes | None) -> str:
    return epc.hex().upper() if epc else ""


def _percentile(ordered: list[float], percent: int) -> float:
    """Nearest rank."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
