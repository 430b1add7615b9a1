"""The desk's half of a conversation with a reader, line by line and without a port."""

from random import Random

from firmware_protocols.commands import GetInfo
from firmware_protocols.events import Status
from firmware_protocols.simulators import CLEAN_AIR, ReaderOptions, TagField, simulator_for
from plate_printer.desk_link import ReaderAddress
from plate_printer.desk_reader import LOOK_S, DeskReader, ReaderSetup
from tests.plate_printer.bench_field import BLANK_EPC, blank

NOISE = b"\x40"  # to a Chafon reader's host, a frame of 65 bytes begins


class Line:
    """A simulated reader on a line that may hum when the port is opened. It has its own time."""

    gap_s = 0.1

    def __init__(self, model: str | None = None, noise: bytes = b"") -> None:
        rng = Random(1)
        self.field = TagField(rng, CLEAN_AIR)
        self._reader = simulator_for("chafon", self.field, rng, options=ReaderOptions(model=model))
        self._noise = noise
        self.now_s = 0.0

    def desk_reader(self) -> DeskReader:
        return DeskReader(ReaderSetup(ReaderAddress.parse("tcp://192.0.2.1:27011"), "chafon"), self, lambda: self.now_s)

    def read(self, timeout_s: float) -> bytes:
        self.now_s += timeout_s
        noise, self._noise = self._noise, b""
        return noise + b"".join(self._reader.advance(self.now_s))

    def write(self, data: bytes) -> None:
        self._reader.receive_data(data)

    def close(self) -> None: ...


def test_an_answer_behind_noise_is_heard_when_the_line_falls_silent() -> None:
    assert Line(noise=NOISE).desk_reader().ask(GetInfo()).status is Status.OK


def test_a_reader_that_hears_nothing_in_a_round_is_asked_after_it() -> None:
    """UHFReader18: else each look would end with a question that nobody answers."""
    line = Line("uhfreader18")
    line.field.enter(blank(), enters_s=0.0)
    reader = line.desk_reader()
    reader.ask(GetInfo())
    began_s = line.now_s
    assert {seen.epc for seen in reader.look()} == {BLANK_EPC}
    assert line.now_s - began_s < LOOK_S + 0.3
