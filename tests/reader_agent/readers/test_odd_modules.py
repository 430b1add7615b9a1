"""ThingMagic modules that differ from the simulated one: left streaming by a host that searches long, firmwares that lack commands."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import Direction
from firmware_protocols.events import NEED_DATA, HostCommand
from firmware_protocols.thingmagic.frames import build_reply
from firmware_protocols.thingmagic.tables import Opcode
from reader_agent.errors import ReaderRefused
from reader_agent.readers.session import Codecs, Counters, Ears, ReaderSetup, Session
from reader_agent.readers.tid_reading import WantedTids
from tests.reader_agent.readers.virtual import VirtualClock

INFO = bytes.fromhex("14120800" + "30000002" + "20150310" + "01030147" + "00000010")
STARTED, STOPPED = bytes.fromhex("01220000"), b"\x02"
REPORT = build_reply(0x22, 0, bytes.fromhex("10001b" + "0002" + "01" + "c4" + "0080" + "3000" + "e200301666130121155074ef" + "1234"))
BUFFERED = bytes.fromhex("004f" + "00" + "01" + "01c4110d37fc05" + "0080" + "3000" + "e200301666130121155074ef" + "1234")
STEP_S = 0.01


@dataclass
class Module:
    """A module on a line that costs no time. It hears one command after the other, and while it searches none."""

    unknown: frozenset[int] = frozenset()
    code: int = 0x0101
    search_s: float = 0.25
    is_streaming: bool = False
    gap_s: float = 0.1
    clock: VirtualClock = field(default_factory=VirtualClock)
    commands: list[HostCommand] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    _said: bytearray = field(default_factory=bytearray)
    _search_ends_s: float = 0.0

    def __post_init__(self) -> None:
        self._codec = codec_for("thingmagic", direction=Direction.TO_READER)
        self._search_ends_s = self.search_s

    def write(self, data: bytes) -> None:
        self._codec.receive_data(data)
        while (event := self._codec.next_event()) is not NEED_DATA:
            assert isinstance(event, HostCommand)
            self.commands.append(event)

    def read(self, timeout_s: float) -> bytes:
        until_s = self.clock.now_s + timeout_s
        while not self._said and self.clock.now_s < until_s:
            self.clock.now_s += STEP_S
            self._live()
        said, self._said = bytes(self._said), bytearray()
        return said

    def close(self) -> None: ...

    def _live(self) -> None:
        if self.is_streaming:
            self._said += REPORT
            if self.clock.now_s < self._search_ends_s:
                return
            self._search_ends_s = self.clock.now_s + self.search_s
        if self.commands:
            self._obey(self.commands.pop(0))

    def _obey(self, command: HostCommand) -> None:
        self.heard.append(command.command)
        if command.opcode in self.unknown or command.opcode == Opcode.BOOT_FIRMWARE:
            code = 0x0101 if command.opcode == Opcode.BOOT_FIRMWARE else self.code
            self._said += build_reply(command.opcode, code)
            return
        answer = ANSWERS.get(command.opcode)
        self._said += build_reply(command.opcode, 0, answer(command.data) if answer else b"")
        if command.opcode == Opcode.MULTI_PROTOCOL:
            self.is_streaming = command.data[2] == 1
            self._search_ends_s = self.clock.now_s + 0.25


ANSWERS: dict[int, Callable[[bytes], bytes]] = {
    Opcode.GET_INFO: lambda _: INFO,
    Opcode.MULTI_PROTOCOL: lambda data: STARTED if data[2] == 1 else STOPPED,
    Opcode.READ_MULTIPLE: lambda data: data[:3] + b"\x01",
    Opcode.GET_TAG_BUFFER: lambda _: BUFFERED,
}


def reads_before(module: Module, seconds: float = 5.0) -> int:
    """How many reads the agent gets in that time, once it has made the module its own. Raises LinkLost or ReaderRefused."""
    reads: list[float] = []
    codecs = Codecs(codec_for("thingmagic"), codec_for("thingmagic", direction=Direction.TO_READER))
    ears = Ears(lambda _seen, at: reads.append(at.monotonic_s), lambda _epc, _tid: None)
    session, setup, wanted = Session(module, codecs, ears, Counters(), module.clock), ReaderSetup((1,)), WantedTids()
    session.prepare(setup)
    began_s = module.clock.now_s
    while module.clock.now_s < began_s + seconds:
        session._tend(session.hear(0.05), setup, wanted)
    return sum(at_s > began_s for at_s in reads)


@pytest.mark.parametrize("search_s", [0.25, 1.0, 2.5])
def test_a_stream_that_another_program_left_is_over_before_ours_begins(search_s: float) -> None:
    """A Nano on SparkFun's library searches for 1 s and answers a stop 1.007 s after it was sent (its logs of 5 October 2016)."""
    module = Module(is_streaming=True, search_s=search_s)
    assert reads_before(module) > 100
    assert module.heard[:2] == ["stop_inventory", "get_info"]
    assert module.heard.count("stop_inventory") == 1


def test_a_firmware_without_a_read_filter_streams_all_the_same() -> None:
    module = Module(unknown=frozenset({Opcode.SET_OPTION}))
    assert reads_before(module) > 100
    assert module.heard[-1] == "start_inventory"


@pytest.mark.parametrize("code", [0x0101, 0x0102, 0x0109])
@pytest.mark.parametrize("unknown", [{Opcode.MULTI_PROTOCOL}, {Opcode.MULTI_PROTOCOL, Opcode.SET_OPTION}])
def test_a_firmware_without_a_stream_is_polled(unknown: set[int], code: int) -> None:
    """A clone that calls itself what it likes: what it cannot do it says."""
    module = Module(unknown=frozenset(unknown), code=code)
    assert reads_before(module) > 10
    assert module.heard[-1] in {"read_multiple", "get_tag_buffer", "clear_tag_buffer"}


def test_a_firmware_that_lacks_what_is_needed_is_named_as_the_one_to_blame() -> None:
    with pytest.raises(ReaderRefused, match=r"SetAntennas: bad_command command unknown: .*or its firmware an old one"):
        reads_before(Module(unknown=frozenset({Opcode.SET_ANTENNAS})))
