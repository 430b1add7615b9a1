"""The desk's reader: one command at a time over one line, whatever the family."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import AnswersUnasked, Codec, Direction
from firmware_protocols.commands import Command, GetInfo, Region, SetPower, SetRegion, StartInventory, StopInventory
from firmware_protocols.events import NEED_DATA, Event, FrameError, HostCommand, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.family_options import Options
from plate_printer.desk_link import Link, ReaderAddress, open_link
from plate_printer.errors import DeskMisused, ReaderLost
from plate_printer.tag_writer import in_words

LOOK_S = 0.4  # some eight rounds of a slow module: a tag that lies on the reader is heard
ANSWER_S = 1.5  # a write of eight words lasts some 200 ms; a ThingMagic module looks for the tag for 1 s before it says that there is none
TICK_S = 0.05
SILENCES_TO_LOST = 3
START_TRIES = 5  # a codec may have to learn that a reader runs, and what it does not know, by what it refuses
ERROR = "error"  # what a reply is called by families whose errors do not name the command

Monotonic = Callable[[], float]


@dataclass(frozen=True, slots=True)
class ReaderSetup:
    """Which reader, and how it is to be set."""

    address: ReaderAddress
    family: str
    power_dbm: float | None = None
    """Low, so that a box of tags beside the reader stays unheard. None leaves the reader's own setting."""
    region: Region | None = None
    """A ThingMagic module forgets its own with the supply, and transmits in none. None leaves the reader's own setting."""
    number: int | None = None
    """Its address among the readers of one line, in families whose frames carry one. None: the family's usual."""
    options: Options = field(default_factory=dict)
    """As `firmware_protocols.family_options` lists them."""

    def codec(self) -> Codec:
        """Raises ProtocolError for a family, number or option that there is not."""
        return codec_for(self.family, address=self.number, options=self.options)


class DeskReader:
    """An open reader. ReaderLost ends it; then a new one is opened."""

    def __init__(self, setup: ReaderSetup, link: Link, monotonic: Monotonic) -> None:
        self._setup, self._link, self._monotonic = setup, link, monotonic
        self._codec = setup.codec()
        self._own = codec_for(setup.family, direction=Direction.TO_READER)  # names what we send, so that answers are told apart
        self._silences = 0
        self._last_bytes_s = monotonic()
        self._is_in_round = False

    @classmethod
    def open(cls, setup: ReaderSetup, monotonic: Monotonic) -> Self:
        """Connect, quieten and set the reader. Raises ReaderLost; DeskMisused where it refuses region or power."""
        link = open_link(setup.address, setup.codec().facts.default_baud)
        reader = cls(setup, link, monotonic)
        try:
            reader._greet()
        except (ReaderLost, DeskMisused):
            reader.close()
            raise
        return reader

    def close(self) -> None:
        """Leave the reader quiet, if it still hears."""
        with suppress(ReaderLost):
            for frame in self._codec.encode(StopInventory()):
                self._link.write(frame)
        self._link.close()

    def look(self) -> tuple[TagSeen, ...]:
        """Every tag report of a short inventory. Raises ReaderLost."""
        seen: list[TagSeen] = []
        until = self._monotonic() + LOOK_S
        self._start()
        while self._monotonic() < until:
            events = self._hear(TICK_S)
            seen += (event for event in events if isinstance(event, TagSeen))
            if self._codec.facts.round_end_may_stop and any(isinstance(event, RoundEnded) for event in events):
                self._start()
        self._quieten()
        return tuple(seen)

    def ask(self, command: Command) -> Reply:
        """The reader's answer; for a command of several frames the last one's, or the first that is not OK.

        An answer that was damaged or did not come is a Reply with READER_ERROR; when none comes again and again, ReaderLost.
        Raises ProtocolError for what the family cannot do.
        """
        reply = Reply("", Status.OK)
        for frame in self._codec.encode(command):
            reply = self._exchange(frame)
            if reply.status is not Status.OK:
                break
        return reply

    def _greet(self) -> None:
        self._quieten()
        info = self._ask_surely(GetInfo())
        if info.status is not Status.OK:
            raise ReaderLost(self._setup.address.url, f"no {self._setup.family} reader answers there: {in_words(info)}")
        if self._setup.region is not None:
            self._set(SetRegion(self._setup.region), f"--region {self._setup.region}")
        if self._setup.power_dbm is not None:
            self._set(SetPower(self._setup.power_dbm), f"--power-dbm {self._setup.power_dbm:g}")

    def _set(self, command: Command, option: str) -> None:
        reply = self._ask_surely(command)
        if reply.status is not Status.OK:
            raise DeskMisused(f"{option}: the reader refused it: {in_words(reply)}")

    def _ask_surely(self, command: Command) -> Reply:
        reply = self.ask(command)
        for _ in range(SILENCES_TO_LOST - 1):
            if reply.status is not Status.READER_ERROR:
                break
            reply = self.ask(command)
        return reply

    def _start(self) -> None:
        """Its answer may be the reads themselves, then it is not waited for. Raises ReaderLost where the reader refuses."""
        reply = Reply("", Status.OK)
        for _ in range(START_TRIES):
            if not self._codec.facts.start_is_answered:
                self._start_unanswered()
                return
            reply = self._ask_surely(StartInventory())
            if reply.status is Status.OK:
                return
        raise ReaderLost(self._setup.address.url, f"it does not start to read: {in_words(reply)}")

    def _start_unanswered(self) -> None:
        *settings, start = self._codec.encode(StartInventory())
        for frame in settings:
            self._exchange(frame)
        self._link.write(start)
        self._is_in_round = True

    def _quieten(self) -> None:
        self._ask_surely(StopInventory())

    def _exchange(self, frame: bytes) -> Reply:
        self._await_hearing()
        asked = self._name_of(frame)
        self._link.write(frame)
        until = self._monotonic() + ANSWER_S
        damage = ""
        while self._monotonic() < until:
            for event in self._hear(TICK_S):
                if isinstance(event, Reply) and event.command in (asked, ERROR):
                    self._silences = 0
                    return event
                if isinstance(event, FrameError):
                    damage = f"the answer was damaged ({event.reason})"
        self._note_silence()
        return Reply(asked, Status.READER_ERROR, detail=damage or "no answer")

    def _await_hearing(self) -> None:
        """Until the end of a round in which the reader hears nothing."""
        until = self._monotonic() + ANSWER_S
        while self._is_in_round and not self._codec.facts.hears_in_round and self._monotonic() < until:
            self._hear(TICK_S)

    def _note_silence(self) -> None:
        self._silences += 1
        if self._silences >= SILENCES_TO_LOST:
            raise ReaderLost(self._setup.address.url, "the reader does not answer; is it on, and is it of this family and baud?")

    def _name_of(self, frame: bytes) -> str:
        self._own.receive_data(frame)
        event = self._own.next_event()
        return event.command if isinstance(event, HostCommand) else ""

    def _hear(self, timeout_s: float) -> tuple[Event, ...]:
        data, now_s = self._link.read(timeout_s), self._monotonic()
        if data:
            self._last_bytes_s = now_s
            self._codec.receive_data(data)
        elif now_s - self._last_bytes_s >= self._link.gap_s:
            self._codec.receive_gap()
        events = tuple(_events_of(self._codec))
        if any(isinstance(event, RoundEnded | Reply) for event in events):  # who answers has heard
            self._is_in_round = False
        if isinstance(self._codec, AnswersUnasked) and (answer := self._codec.bytes_to_send()):
            self._link.write(answer)
        return events


def _events_of(codec: Codec) -> Iterator[Event]:
    while (event := codec.next_event()) is not NEED_DATA:
        yield event
