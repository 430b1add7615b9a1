"""A host in a test: sends commands to a simulated reader, lets time pass, reads what comes back."""

from random import Random

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import AnswersUnasked
from firmware_protocols.commands import Command, StartInventory
from firmware_protocols.events import Event, Reply, RoundEnded, TagSeen
from firmware_protocols.simulators import (
    CLEAN_AIR,
    NO_FAULTS,
    LineFaults,
    RadioConditions,
    ReaderOptions,
    SimulatedTag,
    TagField,
    simulator_for,
)
from tests.firmware_protocols.reading import drain

EPC = bytes.fromhex("e28011700000020f1a2b3c4d")
TID = bytes.fromhex("e2801170200012345678abcd")
TICK_S = 0.01
GAP_TICKS, LOST_TICKS = 5, 60
POLLED = {"chafon"}  # an inventory is one short scan: a host asks again when it is over


def new_tag(number: int = 0, *, kill_password: int = 0) -> SimulatedTag:
    """Tags of a roll: EPC and TID count up."""
    return SimulatedTag(
        epc=(int.from_bytes(EPC) + number).to_bytes(12), tid=(int.from_bytes(TID) + number).to_bytes(12), kill_password=kill_password
    )


class Conversation:
    """Host and simulated reader, joined without a line."""

    def __init__(
        self,
        family: str,
        *,
        air: RadioConditions = CLEAN_AIR,
        faults: LineFaults = NO_FAULTS,
        options: ReaderOptions = ReaderOptions(),  # noqa: B008 — a frozen value
        seed: int = 1,
    ) -> None:
        rng = Random(seed)
        self.field = TagField(rng, air)
        self.reader = simulator_for(family, self.field, rng, faults=faults, options=options)
        self.codec = codec_for(family, antenna_ports=options.antenna_ports if family == "r2000" else None)
        self.now_s = 0.0
        self._is_polled, self._asks_again, self._silent_ticks = family in POLLED, False, 0

    def pass_time(self, seconds: float) -> list[Event]:
        events: list[Event] = []
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s += TICK_S
            writes = self.reader.advance(self.now_s)
            for write in writes:
                self.codec.receive_data(write)
                events += (heard := drain(self.codec))
                if self._asks_again and any(isinstance(event, RoundEnded) for event in heard):
                    self.tell(StartInventory())
                if isinstance(self.codec, AnswersUnasked):
                    self.reader.receive_data(self.codec.bytes_to_send())
            if self._asks_again:
                events += self._mind_silence(has_heard=bool(writes))
        self.codec.receive_gap()
        return events + drain(self.codec)

    def _mind_silence(self, *, has_heard: bool) -> list[Event]:
        """What is half received will not be completed; and if the end of an inventory was lost, ask for another."""
        self._silent_ticks = 0 if has_heard else self._silent_ticks + 1
        if self._silent_ticks == GAP_TICKS:
            self.codec.receive_gap()
        if self._silent_ticks == LOST_TICKS:
            self._silent_ticks = 0
            self.tell(StartInventory())
        return drain(self.codec)

    def tell(self, command: Command) -> None:
        self._asks_again = self._is_polled and isinstance(command, StartInventory)
        for frame in self.codec.encode(command):
            self.reader.receive_data(frame)

    def ask(self, command: Command) -> Reply:
        """The answer to the command: the first that is no success, else the last."""
        replies: list[Reply] = []
        self._asks_again = False
        for frame in self.codec.encode(command):
            self.reader.receive_data(frame)
            replies += self._await_reply()
        return next((reply for reply in replies if reply.status != "ok"), replies[-1])

    def _await_reply(self) -> list[Reply]:
        """The first to come within a second."""
        until_s = self.now_s + 1.0
        while self.now_s < until_s:
            if replies := [event for event in self.pass_time(TICK_S) if isinstance(event, Reply)]:
                return replies
        return []


def seen_in(events: list[Event]) -> list[TagSeen]:
    return [event for event in events if isinstance(event, TagSeen)]
