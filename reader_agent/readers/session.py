"""One reader's conversation, from the first question to the last read. One thread, one command at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event as ThreadEvent

from firmware_protocols.codec import AnswersUnasked, Codec
from firmware_protocols.commands import (
    Command,
    GetInfo,
    Region,
    SetAntennas,
    SetPower,
    SetRegion,
    StartInventory,
    StopInventory,
)
from firmware_protocols.errors import ProtocolError
from firmware_protocols.events import NEED_DATA, Event, FrameError, HostCommand, Notice, Reply, RoundEnded, Status, TagSeen
from reader_agent.clock import Clock, Moment
from reader_agent.errors import LinkLost, ReaderRefused
from reader_agent.links.link import Link
from reader_agent.readers.complaints import NO_COMPLAINT, Complaint, Complaints
from reader_agent.readers.tid_reading import WantedTids, read_tid

ANSWER_S = 0.5
ERROR = "error"  # what a reply is called by families whose errors do not name the command
TRIES = 3
START_TRIES = 5  # a codec may have to learn that a reader runs, and what it does not know, by what it refuses
TICK_S = 0.05  # how long one read of the line may wait: the pace of everything that is not a tag
SEARCH_ENDS_S = 3.0  # MercuryAPI lets a module search for 1 s, if it is not told otherwise
RESTART_AFTER_S = 0.6  # a family whose rounds are used up falls silent; its empty rounds last some 50 ms
START_AGAIN_S = 1.0  # what a reader that only complains is given to recover
LOST_AFTER_S = 2.0  # with the time to notice and to say so, a dead reader is seen within three seconds


@dataclass(frozen=True, slots=True)
class ReaderSetup:
    """How the reader is to be set before it reads. None leaves the reader's own setting."""

    ports: tuple[int, ...]
    region: Region | None = None
    power_dbm: float | None = None
    has_to_read_tid: bool = False


@dataclass(slots=True)
class Counters:
    """What has come over this line since the agent's start."""

    model: str = ""
    reads: int = 0
    frame_errors: int = 0
    last_frame: Moment | None = None


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told what the reader saw, and what it says against its work. All are called from the reader's own thread."""

    tag_seen: Callable[[TagSeen, Moment], None]
    tid_read: Callable[[bytes, bytes], None]
    complained: Callable[[Complaint], None] = lambda _: None
    """Whenever it changes; NO_COMPLAINT when it is over."""


@dataclass(frozen=True, slots=True)
class Codecs:
    """Both directions of one line: the second reads our own commands, so that an answer is known to be to what was asked."""

    from_reader: Codec
    to_reader: Codec


class Session:
    """The conversation over one open link. It ends with LinkLost, ReaderRefused, or when it is told to stop."""

    def __init__(self, link: Link, codecs: Codecs, ears: Ears, counters: Counters, clock: Clock) -> None:
        self._link, self._codec, self._ears, self._counters, self._clock = link, codecs.from_reader, ears, counters, clock
        self._own = codecs.to_reader
        now_s = clock.now().monotonic_s
        self._last_bytes_s = self._last_event_s = self._last_start_s = now_s
        self._complaints, self._complaint = Complaints(now_s), NO_COMPLAINT
        self._is_stopped = self._is_in_round = False
        self._last_words = ""

    def prepare(self, setup: ReaderSetup) -> None:
        """Make the reader ours: learn what it is, set it, start the inventory. One that takes no commands is as it is."""
        if not self._codec.facts.takes_commands:
            self._counters.model = self._codec.facts.name
            return
        self.greet()
        for command in self._settings(setup):
            reply = self._ask_surely(command)
            if reply.status is not Status.OK:
                raise ReaderRefused(_name(command), f"{reply.status} {reply.detail}".strip())
        self.start_inventory()

    def greet(self, tries: int = TRIES) -> None:
        """End what the reader may still be doing, and learn what it is. Raises LinkLost if it does not answer."""
        self._quieten()
        reply = self._ask_surely(GetInfo(), tries)
        if reply.command == ERROR:  # it does not say to what: a late one is to what was asked before
            reply = self._ask_surely(GetInfo(), tries)
        self._counters.model = _text_of(reply)

    def _quieten(self) -> None:
        """Some answer a stop only when the search under way is over; in a stream that another program left running it may last seconds.
        While reads come the answer is waited for: until then the reader hears nothing else, and it would end what is started meanwhile.
        """
        frames = self._encode(StopInventory())
        reply = self._send(frames, ANSWER_S)
        asked, until_s = self._asked_by(frames[-1]), self._clock.now().monotonic_s + SEARCH_ENDS_S
        while reply is None and (now_s := self._clock.now().monotonic_s) < until_s and now_s - self._last_event_s < ANSWER_S:
            reply = self._await_reply(asked, now_s + TICK_S)

    def listen(self, setup: ReaderSetup, wanted: WantedTids, stop: ThreadEvent) -> None:
        """Pass on what the reader sees until told to stop."""
        takes_commands = self._codec.facts.takes_commands
        while not stop.is_set():
            events = self.hear(TICK_S)
            if takes_commands:
                self._tend(events, setup, wanted)
        if takes_commands:
            self.ask_in_time(StopInventory(), ANSWER_S)

    def _tend(self, events: list[Event], setup: ReaderSetup, wanted: WantedTids) -> None:
        """What a reader in inventory needs from time to time."""
        wanted.note_seen((event for event in events if isinstance(event, TagSeen)), self._last_event_s)
        self._go_on(events)
        self._mind_complaints(events)
        self._prove_alive()
        if setup.has_to_read_tid:
            self._read_wanted(setup, wanted)

    def _go_on(self, events: list[Event]) -> None:
        """Start what has ended: at once where each round may be the last, after a while where the reader has stopped by itself."""
        if self._codec.facts.round_end_may_stop and any(isinstance(event, RoundEnded) for event in events):
            self.start_inventory()
        if self._is_stopped and self._clock.now().monotonic_s - self._last_start_s >= START_AGAIN_S:
            self.start_inventory()

    def _mind_complaints(self, events: list[Event]) -> None:
        """Pass on what the reader says against its work; one that does nothing else is stopped and started from time to time."""
        now_s = self._clock.now().monotonic_s
        self._complaints.note(events, now_s)
        complaint = self._complaints.standing(now_s)
        if complaint != self._complaint:
            self._complaint = complaint
            self._ears.complained(complaint)
        if not complaint.is_working and now_s - self._last_start_s >= START_AGAIN_S:
            self.ask_in_time(StopInventory(), ANSWER_S)
            self.start_inventory()

    def _read_wanted(self, setup: ReaderSetup, wanted: WantedTids) -> None:
        """One TID, if one is wanted and the air is free for it; then the inventory goes on as it was."""
        chosen = wanted.take(self._last_event_s)
        if chosen is None:
            return
        epc, antenna = chosen
        has_choice = len(setup.ports) > 1
        tid = read_tid(self, epc, antenna if has_choice else None, self._clock)
        if has_choice:
            self.ask_in_time(SetAntennas(setup.ports), ANSWER_S)
        self.start_inventory()
        wanted.note_read(epc, self._clock.now().monotonic_s, is_done=tid is not None)
        if tid:
            self._ears.tid_read(epc, tid)

    def hear(self, timeout_s: float) -> list[Event]:
        """What the line brings within that time, passed on and counted. Raises LinkLost."""
        data = self._read(timeout_s)
        now = self._clock.now()
        if data:
            self._last_bytes_s = now.monotonic_s
            self._codec.receive_data(data)
        elif now.monotonic_s - self._last_bytes_s >= self._link.gap_s:
            self._codec.receive_gap()
        events = list(self._decoded())
        self._answer_unasked()
        for event in events:
            self._note(event, now)
        return events

    def _read(self, timeout_s: float) -> bytes:
        try:
            return self._link.read(timeout_s)
        except LinkLost as error:
            raise LinkLost(error.where, error.reason, self._last_words) from error

    def ask_in_time(self, command: Command, timeout_s: float) -> Reply | None:
        """The answer to the command (the first that is no success, if it takes several frames); None if the time is over."""
        return self._send(self._encode(command), timeout_s)

    def _send(self, frames: tuple[bytes, ...], timeout_s: float) -> Reply | None:
        deadline_s = self._clock.now().monotonic_s + timeout_s
        self._await_hearing(deadline_s)
        reply = None
        for frame in frames:
            self._link.write(frame)
            reply = self._await_reply(self._asked_by(frame), deadline_s)
            if reply is None or reply.status is not Status.OK:
                break
        return reply

    def start_inventory(self) -> None:
        """Its answer may be the reads themselves, so none is waited for: silence is noticed by `listen`. Where a reader answers it,
        what it refuses is tried again (a codec may ask in another way then), at last told. Raises LinkLost or ReaderRefused.
        """
        self._is_stopped = False
        for _ in range(START_TRIES):
            if not self._codec.facts.start_is_answered:
                self._start_unanswered()
                return
            reply = self._ask_surely(StartInventory())
            self._last_start_s = self._clock.now().monotonic_s
            if reply.status is Status.OK:
                return
        raise ReaderRefused(_name(StartInventory()), f"{reply.status} {reply.detail}".strip())

    def _start_unanswered(self) -> None:
        *settings, start = self._encode(StartInventory())
        if settings:
            self._send(tuple(settings), ANSWER_S)
        self._link.write(start)
        self._is_in_round = True
        self._last_start_s = self._clock.now().monotonic_s

    def _ask_surely(self, command: Command, tries: int = TRIES) -> Reply:
        for _ in range(tries):
            frames = self._encode(command)  # anew each time: a codec may address the next try elsewhere
            reply = self._send(frames, ANSWER_S * len(frames))  # some commands are several questions
            if reply is not None:
                return reply
        family = self._codec.facts.name
        raise LinkLost(family, f"no answer to {_name(command)}; is it a {family} reader, at this speed? `ebike-reader probe URL` finds out")

    def _settings(self, setup: ReaderSetup) -> Iterator[Command]:
        if setup.region is not None:
            yield SetRegion(setup.region)
        if setup.power_dbm is not None:
            yield SetPower(setup.power_dbm)
        if self._codec.facts.antenna_ports > 1:
            yield SetAntennas(setup.ports)

    def _encode(self, command: Command) -> tuple[bytes, ...]:
        try:
            return self._codec.encode(command)
        except ProtocolError as error:
            raise ReaderRefused(_name(command), str(error)) from error

    def _asked_by(self, frame: bytes) -> str:
        self._own.receive_data(frame)
        event = self._own.next_event()
        return event.command if isinstance(event, HostCommand) else ""

    def _await_reply(self, asked: str, deadline_s: float) -> Reply | None:
        """The answer to that command; a late one to an earlier command is passed over."""
        while (left_s := deadline_s - self._clock.now().monotonic_s) > 0:
            for event in self.hear(min(left_s, TICK_S)):
                if isinstance(event, Reply) and event.command in {asked, ERROR}:
                    return event
        return None

    def _await_hearing(self, deadline_s: float) -> None:
        """Until the end of a round in which the reader hears nothing; that end may be lost."""
        until_s = min(deadline_s, self._last_start_s + RESTART_AFTER_S)
        while self._is_in_round and not self._codec.facts.hears_in_round and (left_s := until_s - self._clock.now().monotonic_s) > 0:
            self.hear(min(left_s, TICK_S))

    def _answer_unasked(self) -> None:
        """A reader that asks whether we are still there hangs up on silence."""
        if isinstance(self._codec, AnswersUnasked) and (answer := self._codec.bytes_to_send()):
            self._link.write(answer)

    def _decoded(self) -> Iterator[Event]:
        while (event := self._codec.next_event()) is not NEED_DATA:
            yield event

    def _note(self, event: Event, now: Moment) -> None:
        if isinstance(event, FrameError):
            self._counters.frame_errors += 1
            return
        self._last_event_s, self._counters.last_frame = now.monotonic_s, now
        if isinstance(event, RoundEnded | Reply):  # who answers has heard
            self._is_in_round = False
        self._last_words = event.detail if isinstance(event, Notice) and event.status is not Status.OK else ""
        if isinstance(event, Notice) and event.name == self._codec.facts.stop_notice:
            self._is_stopped = True
        if isinstance(event, TagSeen):
            self._counters.reads += 1
            self._ears.tag_seen(event, now)

    def _prove_alive(self) -> None:
        """After a silence, give the reader a reason to speak; after a longer one, it is lost."""
        now_s = self._clock.now().monotonic_s
        silent_s = now_s - self._last_event_s
        if silent_s >= LOST_AFTER_S:
            is_noisy = self._last_bytes_s > self._last_event_s
            heard = f"only noise for {silent_s:.1f} s; is the speed right?" if is_noisy else f"nothing for {silent_s:.1f} s"
            raise LinkLost(self._codec.facts.name, heard)
        facts = self._codec.facts
        if min(silent_s, now_s - self._last_start_s) < RESTART_AFTER_S:
            return
        if facts.inventory_ends_by_itself:
            self.start_inventory()
        elif facts.answers_in_inventory:
            self.ask_in_time(GetInfo(), ANSWER_S)
        elif not facts.pulses_in_inventory:
            self.ask_in_time(GetInfo(), ANSWER_S)
            self.start_inventory()


def _name(command: Command) -> str:
    return type(command).__name__


def _text_of(reply: Reply) -> str:
    """What GetInfo said: in words or as text where the family has them, else its bytes."""
    if reply.detail:
        return reply.detail
    text = reply.data.decode("ascii", errors="replace").strip("\0 ")
    return text if text.isprintable() and "\ufffd" not in text else reply.data.hex(".")
