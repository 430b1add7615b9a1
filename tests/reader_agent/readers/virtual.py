"""A simulated reader on a line that costs no time: the clock goes forward only when somebody waits."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event as ThreadEvent

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import Codec, Direction, FamilyFacts
from firmware_protocols.events import Event, NeedData, RoundEnded, TagSeen
from firmware_protocols.simulators import simulator_for
from firmware_protocols.simulators.faults import NO_FAULTS, LineFaults
from firmware_protocols.simulators.simulated_tag import SimulatedTag
from firmware_protocols.simulators.tag_field import CLEAN_AIR, TagField
from reader_agent.clock import Moment
from reader_agent.errors import LinkLost
from reader_agent.readers.session import Codecs, Counters, Ears, ReaderSetup, Session
from reader_agent.readers.tid_reading import WantedTids

START = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
STEP_S = 0.005
EPC = bytes.fromhex("EB0001000000010100000001")
TID = bytes.fromhex("E28011602000111122223333")


@dataclass
class VirtualClock:
    now_s: float = 0.0

    def now(self) -> Moment:
        return Moment(START + timedelta(seconds=self.now_s), self.now_s)


class _WithoutPulse:
    """The codec of a family that says nothing while no tag is there, as some do: made of one that does."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.facts: FamilyFacts = replace(codec.facts, inventory_ends_by_itself=False, pulses_in_inventory=False, round_end_may_stop=False)
        self.receive_data, self.receive_gap, self.encode = codec.receive_data, codec.receive_gap, codec.encode

    def next_event(self) -> Event | NeedData:
        while isinstance(event := self._codec.next_event(), RoundEnded):
            pass
        return event


@dataclass
class Bench:
    """One reader, one line, one session, and what was heard. `at` says what happens when."""

    family: str
    faults: LineFaults = NO_FAULTS
    setup: ReaderSetup = field(default_factory=lambda: ReaderSetup((1,), has_to_read_tid=True))
    seen: list[tuple[TagSeen, float]] = field(default_factory=list)
    tids: list[tuple[bytes, bytes]] = field(default_factory=list)
    events: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)
    gap_s: float = 0.1
    has_no_pulse: bool = False
    has_echo: bool = False
    """The line gives back what the host writes."""

    def __post_init__(self) -> None:
        self.clock, self.stop, self.wanted = VirtualClock(), ThreadEvent(), WantedTids()
        rng = Random(1)
        self.field = TagField(rng, CLEAN_AIR)
        self.reader = simulator_for(self.family, self.field, rng, faults=self.faults)
        self.is_pulled = self.is_silent = False
        self.garbage = b""
        self.written: list[bytes] = []
        self._waiting = bytearray()
        codec = codec_for(self.family)
        self.codecs = Codecs(_WithoutPulse(codec) if self.has_no_pulse else codec, codec_for(self.family, direction=Direction.TO_READER))
        self.session = Session(
            self, self.codecs, Ears(self._hear, lambda epc, tid: self.tids.append((epc, tid))), self.counters, self.clock
        )

    def at(self, now_s: float, action: Callable[[], None]) -> None:
        self.events.append((now_s, action))

    def enter(self, epc: bytes = EPC, tid: bytes = TID, *, enters_s: float = 0.0, leaves_s: float = 1e9, antenna: int = 1) -> None:
        self.field.enter(SimulatedTag(epc=epc, tid=tid), enters_s=enters_s, leaves_s=leaves_s, antenna=antenna)

    def run(self, seconds: float) -> None:
        self.at(self.clock.now_s + seconds, self.stop.set)
        self.session.prepare(self.setup)
        self.session.listen(self.setup, self.wanted, self.stop)

    def read(self, timeout_s: float) -> bytes:
        until_s = self.clock.now_s + timeout_s
        while not self._waiting and self.clock.now_s < until_s:
            self._let_time_pass()
        data, self._waiting = bytes(self._waiting), bytearray()
        return data

    def write(self, data: bytes) -> None:
        self._check_cable()
        self.written.append(data)
        if self.has_echo:
            self._waiting += data
        if not self.is_silent:
            self.reader.receive_data(data)

    def close(self) -> None:
        self.is_pulled = True

    def _let_time_pass(self) -> None:
        self.clock.now_s += STEP_S
        for event in [event for event in self.events if event[0] <= self.clock.now_s]:
            self.events.remove(event)
            event[1]()
        self._check_cable()
        sent = b"".join(self.reader.advance(self.clock.now_s))
        self._waiting += self.garbage + (b"" if self.is_silent else sent)

    def _check_cable(self) -> None:
        if self.is_pulled:
            raise LinkLost("virtual line", "unplugged")

    def _hear(self, seen: TagSeen, at: Moment) -> None:
        if seen.epc not in {known.epc for known, _ in self.seen}:
            self.wanted.ask_for(seen.epc, at.monotonic_s)
        self.seen.append((seen, at.monotonic_s))
