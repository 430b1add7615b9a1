"""The desk's reader before a ThingMagic module that has just been given its supply: it has no region, and without one no radio."""

from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import Direction
from firmware_protocols.commands import Region
from firmware_protocols.events import NEED_DATA, HostCommand
from firmware_protocols.thingmagic.frames import build_reply
from firmware_protocols.thingmagic.tables import Opcode
from plate_printer.desk_link import ReaderAddress
from plate_printer.desk_reader import DeskReader, ReaderSetup
from plate_printer.errors import DeskMisused, ReaderLost

INFO = bytes.fromhex("14120800" + "30000002" + "20150310" + "01030147" + "00000010")
EPC = bytes.fromhex("e200301666130121155074ef")
REPORT = build_reply(0x22, 0, bytes.fromhex("10001b" + "0002" + "01" + "c4" + "0080" + "3000" + EPC.hex() + "1234"))
KNOWN_REGIONS = {0x01, 0x04, 0x08}
NO_REGION, BAD_REGION = 0x0405, 0x010B
STEP_S = 0.01


@dataclass
class FreshModule:
    """Answers at once, on a line that costs no time."""

    gap_s: ClassVar[float] = 0.5
    noise: bytes = b""
    region: int = 0
    now_s: float = 0.0
    most_in_flight: int = 0
    _waiting: list[HostCommand] = field(default_factory=list)
    _is_streaming: bool = False

    def __post_init__(self) -> None:
        self._codec = codec_for("thingmagic", direction=Direction.TO_READER)

    def write(self, data: bytes) -> None:
        self._codec.receive_data(data)
        while (event := self._codec.next_event()) is not NEED_DATA:
            assert isinstance(event, HostCommand)
            self._waiting.append(event)
        self.most_in_flight = max(self.most_in_flight, len(self._waiting))

    def read(self, timeout_s: float) -> bytes:
        said = b"".join(self._answer(command) for command in self._waiting)
        self._waiting.clear()
        noise, self.noise = self.noise, b""
        if not (said or noise or self._is_streaming):
            self.now_s += timeout_s
            return b""
        self.now_s += STEP_S
        return noise or said + REPORT * self._is_streaming

    def close(self) -> None: ...

    def _answer(self, command: HostCommand) -> bytes:
        if command.opcode == Opcode.GET_INFO:
            return build_reply(command.opcode, 0, INFO)
        if command.opcode == Opcode.SET_REGION:
            if command.data[0] not in KNOWN_REGIONS:
                return build_reply(command.opcode, BAD_REGION)
            self.region = command.data[0]
        if command.opcode == Opcode.MULTI_PROTOCOL:
            is_start = command.data[2] == 1
            if is_start and not self.region:
                return build_reply(command.opcode, NO_REGION)
            self._is_streaming = is_start
            return build_reply(command.opcode, 0, command.data[2:3])
        return build_reply(command.opcode, 0)


def reader_before(module: FreshModule, region: Region | None = None) -> DeskReader:
    setup = ReaderSetup(ReaderAddress.parse("tcp://127.0.0.1:8080"), "thingmagic", region=region)
    reader = DeskReader(setup, module, lambda: module.now_s)
    reader._greet()
    return reader


def test_told_the_region_it_reads() -> None:
    module = FreshModule()
    assert {seen.epc for seen in reader_before(module, Region.INDIA).look()} == {EPC}
    assert module.most_in_flight == 1


def test_told_none_it_does_not_and_says_why() -> None:
    reader = reader_before(FreshModule())
    with pytest.raises(ReaderLost, match=r"it does not start to read: .*set a region first"):
        reader.look()


def test_a_region_that_it_does_not_have_is_the_desks_mistake() -> None:
    with pytest.raises(DeskMisused, match=r"--region bangladesh: the reader refused it: .*region not supported by this module"):
        reader_before(FreshModule(), Region.BANGLADESH)


def test_noise_that_begins_as_a_long_frame_swallows_no_answer_for_long() -> None:
    module = FreshModule(noise=b"\xff\xf0\x22")
    assert {seen.epc for seen in reader_before(module, Region.EU).look()} == {EPC}
