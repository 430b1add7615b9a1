"""A reader that hears nothing while it takes inventory, as the manual of UHFReader18 has it (V2.0 §2), in virtual time."""

from dataclasses import dataclass
from threading import Event

import pytest

from firmware_protocols.catalogue import codec_for
from firmware_protocols.chafon.frames import build_frame
from firmware_protocols.chafon.tables import Code, Opcode
from firmware_protocols.codec import Direction
from firmware_protocols.commands import GetInfo
from firmware_protocols.events import NEED_DATA, HostCommand, Status
from reader_agent.readers.session import Codecs, Counters, Ears, ReaderSetup, Session
from reader_agent.readers.tid_reading import WantedTids
from tests.reader_agent.readers.virtual import STEP_S, VirtualClock

SCAN_UNIT_S, ANSWER_S = 0.1, 0.01
ENDS_S = 10.0  # a silence of two seconds before that would be LinkLost


class DeafReader:
    """A UHFReader18 with no tag before it, and the line to it. Counts what it was asked in vain."""

    gap_s = 0.1

    def __init__(self, clock: VirtualClock, scan_time: int, stop: Event) -> None:
        self._clock, self._scan_time, self._stop = clock, scan_time, stop
        self._ears = codec_for("chafon", direction=Direction.TO_READER)
        self._busy_until_s, self._answer = 0.0, b""
        self.inventories = self.missed = 0
        self.refuses_inventory = self.loses_ends = False
        self.answer_s = ANSWER_S

    def read(self, timeout_s: float) -> bytes:
        until_s = self._clock.now_s + timeout_s
        while self._clock.now_s < until_s:
            self._clock.now_s += STEP_S
            if self._clock.now_s >= ENDS_S:
                self._stop.set()
            if self._answer and self._clock.now_s >= self._busy_until_s:
                answer, self._answer = self._answer, b""
                return answer
        return b""

    def write(self, data: bytes) -> None:
        self._ears.receive_data(data)
        while (event := self._ears.next_event()) is not NEED_DATA:
            assert isinstance(event, HostCommand)
            if self._answer:
                self.missed += 1
            else:
                self._obey(event)

    def close(self) -> None: ...

    def _obey(self, asked: HostCommand) -> None:
        self.inventories += asked.opcode == Opcode.INVENTORY
        status, said, lasts_s = Code.OK, b"", self.answer_s
        if asked.opcode == Opcode.SET_SCAN_TIME:
            self._scan_time = asked.data[0]
        elif asked.opcode == Opcode.GET_INFO:
            said = bytes.fromhex("0109" + "09" + "02" + "4e00" + "1a") + bytes((self._scan_time,))
        elif asked.opcode == Opcode.INVENTORY and not self.refuses_inventory:
            status, lasts_s = Code.NO_TAG, self._scan_time * SCAN_UNIT_S
        else:
            status = Code.BAD_COMMAND
        opcode = Opcode.ERROR if status is Code.BAD_COMMAND else asked.opcode
        self._answer = build_frame(0, opcode, bytes((status,)) + said)
        if self.loses_ends and opcode == Opcode.INVENTORY:
            self._answer = self._answer[:-1] + b"?"
        self._busy_until_s = self._clock.now_s + lasts_s


@dataclass
class Talk:
    """A session with such a reader."""

    scan_time: int = 3

    def __post_init__(self) -> None:
        self.stop, clock = Event(), VirtualClock()
        self.reader = DeafReader(clock, self.scan_time, self.stop)
        codecs = Codecs(codec_for("chafon"), codec_for("chafon", direction=Direction.TO_READER))
        self.counters = Counters()
        self.session = Session(self.reader, codecs, Ears(lambda *_: None, lambda *_: None), self.counters, clock)


@pytest.mark.parametrize("scan_time", [3, 10, 255], ids=["as short as can be", "as it comes from its maker", "as long as can be"])
def test_it_is_asked_nothing_before_its_round_is_over(scan_time: int) -> None:
    talk = Talk(scan_time)
    talk.session.prepare(ReaderSetup((1,)))
    talk.session.listen(ReaderSetup((1,)), WantedTids(), talk.stop)
    assert talk.reader.missed == 0
    assert talk.reader.inventories > ENDS_S / 0.4


@pytest.mark.parametrize(
    ("trait", "within_s"),
    [
        pytest.param("refuses_inventory", 0.1, id="it pushes what it sees and starts no inventory"),
        pytest.param("loses_ends", 1.0, id="the end of its round was harmed"),
    ],
)
def test_it_is_asked_too_where_no_end_of_a_round_comes(trait: str, within_s: float) -> None:
    talk = Talk()
    setattr(talk.reader, trait, True)
    talk.session.prepare(ReaderSetup((1,)))
    talk.session.hear(0.05)
    reply = talk.session.ask_in_time(GetInfo(), within_s)
    assert reply is not None
    assert reply.status is Status.OK


def test_its_late_refusal_of_the_stop_that_it_does_not_know_is_not_what_it_says_of_itself() -> None:
    talk = Talk()
    talk.reader.answer_s = 0.7
    talk.session.greet()
    assert talk.counters.model == "UHFReader18, firmware 1.9, eu, 26 dBm"
