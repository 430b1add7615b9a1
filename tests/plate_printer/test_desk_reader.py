"""The desk's half of a conversation with a reader, line by line and without a port."""

from random import Random

from firmware_protocols.commands import GetInfo
from firmware_protocols.events import Status
from firmware_protocols.simulators import CLEAN_AIR, TagField, simulator_for
from plate_printer.desk_link import ReaderAddress
from plate_printer.desk_reader import DeskReader, ReaderSetup

NOISE = b"\x40"  # to a Chafon reader's host, a frame of 65 bytes begins


class NoisyLine:
    """A simulated reader on a line that hums when the port is opened. It has its own time."""

    gap_s = 0.1

    def __init__(self, family: str) -> None:
        rng = Random(1)
        self._reader = simulator_for(family, TagField(rng, CLEAN_AIR), rng)
        self._noise = NOISE
        self.now_s = 0.0

    def read(self, timeout_s: float) -> bytes:
        self.now_s += timeout_s
        noise, self._noise = self._noise, b""
        return noise + b"".join(self._reader.advance(self.now_s))

    def write(self, data: bytes) -> None:
        self._reader.receive_data(data)

    def close(self) -> None: ...


def test_an_answer_behind_noise_is_heard_when_the_line_falls_silent() -> None:
    line = NoisyLine("chafon")
    reader = DeskReader(ReaderSetup(ReaderAddress.parse("tcp://192.0.2.1:27011"), "chafon"), line, lambda: line.now_s)
    assert reader.ask(GetInfo()).status is Status.OK
