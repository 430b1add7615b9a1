"""`ebike-reader simulate`: a reader without a reader, on a real line."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic, time

import pytest

from firmware_protocols.catalogue import LISTENED_FAMILIES, codec_for
from firmware_protocols.commands import GetInfo, StartInventory, WriteEpc
from firmware_protocols.events import NEED_DATA, Event, Notice, Reply, Status, TagSeen
from firmware_protocols.simulators import CLEAN_AIR, TagField, simulator_for
from firmware_protocols.simulators.scenario import parse_scenario
from reader_agent.clock import SystemClock
from reader_agent.errors import LinkLost
from reader_agent.link_address import LinkAddress, parse_address
from reader_agent.links.link import Link
from reader_agent.links.open_link import open_link
from reader_agent.reader_tool.lines import TcpLine
from reader_agent.reader_tool.orders import parse_order
from reader_agent.reader_tool.simulate import Parts, Simulation
from schemas.errors import ContractError
from tests.reader_agent.simulator import EPC, TID, SimulatorProcess

NEW_EPC = "EB0001000000020100000002"


class Host:
    """A program that talks to the simulated reader over the real line."""

    def __init__(self, family: str, url: str) -> None:
        self.codec = codec_for(family)
        self.link: Link = open_link(parse_address(url), 115200)

    def ask(self, command: GetInfo | StartInventory | WriteEpc) -> Reply:
        """The last answer to that command's frames."""
        reply = None
        for frame in self.codec.encode(command):
            self.link.write(frame)
            reply = next(event for event in self.events() if isinstance(event, Reply))
        assert reply is not None
        return reply

    def start(self) -> None:
        for frame in self.codec.encode(StartInventory()):
            self.link.write(frame)

    def events(self) -> Iterator[Event]:
        for _ in range(400):
            yield from self._read()

    def _read(self) -> Iterator[Event]:
        self.codec.receive_data(self.link.read(0.05))
        while (event := self.codec.next_event()) is not NEED_DATA:
            yield event

    def events_within(self, seconds: float) -> list[Event]:
        until_s = monotonic() + seconds
        return [event for _ in range(400) if monotonic() < until_s for event in self._read()]

    def await_tag(self) -> str:
        return next(event.epc.hex().upper() for event in self.events() if isinstance(event, TagSeen))


@pytest.fixture(params=["pty", "tcp"])
def simulator(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SimulatorProcess]:
    simulator = SimulatorProcess.on_pty("m100", tmp_path / "by-id") if request.param == "pty" else SimulatorProcess.on_tcp("m100")
    yield simulator
    assert simulator.stop() == 0


def test_a_tag_that_enters_is_reported_and_its_first_answer_told(simulator: SimulatorProcess) -> None:
    host = Host("m100", simulator.url)
    host.start()
    before = time()
    simulator.enter(delay_s=0.1)
    assert host.await_tag() == EPC
    told = simulator.await_event("first_answer")
    assert (told["epc"], told["tid"]) == (EPC, TID)
    assert before + 0.1 <= told["at"] <= time()
    host.link.close()


def test_what_a_host_writes_into_a_chip_is_told_and_stays(simulator: SimulatorProcess) -> None:
    host = Host("m100", simulator.url)
    simulator.enter()
    written = next(
        reply for _ in range(20) if (reply := host.ask(WriteEpc(bytes.fromhex(NEW_EPC), 0x3000))).status is not Status.WRITE_FAILED
    )
    assert written.status is Status.OK
    told = simulator.await_event("tag_written")
    assert (told["tid"], told["epc"], told["epc_before"]) == (TID, NEW_EPC, EPC)
    simulator.tell(remove={"tid": TID})
    simulator.tell(enter={"tid": TID})
    host.start()
    assert host.await_tag() == NEW_EPC
    host.link.close()


def test_a_host_may_close_the_line_and_open_it_again(simulator: SimulatorProcess) -> None:
    for _ in range(3):
        host = Host("m100", simulator.url)
        assert host.ask(GetInfo()).status is Status.OK
        host.link.close()


def test_a_host_at_a_speed_without_a_name_is_heard_as_such(tmp_path: Path) -> None:
    simulator = SimulatorProcess.on_pty("m100", tmp_path / "by-id", "--baud", "250000")
    wrong = Host("m100", f"{simulator.url}?baud=123456")
    wrong.start()
    assert not any(isinstance(event, Reply) for event in wrong.events_within(0.5))
    wrong.link.close()
    right = Host("m100", f"{simulator.url}?baud=250000")
    assert right.ask(GetInfo()).status is Status.OK
    right.link.close()
    assert simulator.stop() == 0


def test_a_replugged_line_is_at_the_same_place(simulator: SimulatorProcess) -> None:
    before = simulator.place
    simulator.tell(unplug={"seconds": 0.1})
    assert simulator.await_event("listening")["at"] == before
    host = Host("m100", simulator.url)
    assert host.ask(GetInfo()).status is Status.OK
    host.link.close()


@pytest.mark.parametrize(
    ("order", "says"),
    [
        pytest.param({"come": {}}, "unknown field", id="no such order"),
        pytest.param({}, 'one of "enter", "remove", "faults", "unplug"', id="nothing"),
        pytest.param({"enter": {"tid": TID}}, "an EPC for a chip that was not here before", id="a chip without an EPC"),
        pytest.param({"enter": {"tid": TID, "epc": "xyz"}}, "an even number of hex digits", id="no EPC"),
        pytest.param({"remove": {"tid": TID}}, "a TID that is in the field", id="nobody to remove"),
    ],
)
def test_an_order_that_cannot_be_followed_is_told_and_the_next_is(tmp_path: Path, order: dict[str, object], says: str) -> None:
    simulator = SimulatorProcess.on_pty("m100", tmp_path / "by-id")
    simulator.tell(**order)
    assert says in simulator.await_event("order_refused")["reason"]
    simulator.tell(unplug={"seconds": 0})
    simulator.await_event("listening")
    assert simulator.stop() == 0


SCENARIO = """
[[tags]]
epc = "EB0001000000010100000001"
tid = "E28011602000111122223333"
enters_s = 0.1
dwell_s = 0.5
repeat_every_s = 1.0
"""


def test_a_chip_of_a_scenario_has_one_memory_before_two_antennas() -> None:
    field, line = TagField(Random(1), CLEAN_AIR), TcpLine("127.0.0.1", 0)
    simulation = Simulation(Parts(simulator_for("r2000", field, Random(1)), field, line), SystemClock(), lambda _: None)
    simulation.play(parse_scenario({"tags": [{"epc": EPC, "tid": TID, "antenna": port} for port in (1, 2)]}))
    simulation.unplug()
    (first,), (second,) = field.present(monotonic() + 1, 1), field.present(monotonic() + 1, 2)
    assert first.tag is second.tag


def test_a_scenario_plays_without_orders(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    simulator = SimulatorProcess.on_tcp("r2000", "--scenario", str(tmp_path / "scenario.toml"), "--noise", "0.05")
    host = Host("r2000", simulator.url)
    host.start()
    assert host.await_tag() == EPC
    assert simulator.await_event("first_answer")["tid"] == TID
    host.link.close()
    assert simulator.stop() == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_runs_until_told_to_end_and_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    link = tmp_path / "by-id"
    command = [sys.executable, "-m", "reader_agent.reader_tool", "simulate", "m100", "--pty", "--link", str(link)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().strip() == str(link)
        assert os.path.realpath(link).startswith("/dev/")
        process.send_signal(how)
        assert (process.wait(), process.stderr.read()) == (0, "")
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["m300", "--pty"], "no reader family 'm300'; known are m100, r200, r2000", id="unknown family"),
        pytest.param(["m100"], "write either --pty or --tcp HOST:PORT", id="no line"),
        pytest.param(["m100", "--pty", "--tcp", "127.0.0.1:0"], "write either --pty or --tcp HOST:PORT", id="two lines"),
        pytest.param(["m100", "--pty", "--scenario", "/nowhere.toml"], "--scenario /nowhere.toml: No such file", id="no scenario"),
        pytest.param(["m100", "--pty", "--set", "colour=red"], "--set option: expected one of round-period-s", id="no such property"),
        pytest.param(["m100", "--pty", "--missing-antennas", "x"], "missing-antennas: expected whole numbers", id="no port"),
        pytest.param(["m100", "--pty", "--set", "clock-drift-ppm=1"], "--set option: expected one of", id="a property of LLRP alone"),
        pytest.param(
            ["llrp", "--tls", "127.0.0.1:0", "--cert", "/nowhere/x.pem"],
            "--cert /nowhere/x.pem: No such file",
            id="no folder for a key",
        ),
        pytest.param(["impinj-json", "--http", "127.0.0.1:0", "--cert", "/nowhere/x.pem"], "--cert /nowhere/x.pem: No", id="nor here"),
        pytest.param(["m100", "--tcp", "4001"], "write HOST:PORT, such as 127.0.0.1:4001", id="no host"),
        pytest.param(["m100", "--pty", "--link", "/nowhere/x"], "--link /nowhere/x: No such file or directory", id="no folder for a link"),
        pytest.param(["m100", "--pty", "--link", __file__], "that is no link, and would be lost", id="a link in the place of a file"),
        pytest.param(["m100", "--tcp", "127.0.0.1:0", "--link", "x"], "--link is a path to a pseudo-terminal", id="a link to a socket"),
        pytest.param(["m100", "--pty", "--scenario", sys.executable], "expected text in UTF-8", id="a scenario of other bytes"),
        pytest.param(["llrp", "--tls", "127.0.0.1:0", "--cert", __file__], "holds no certificate with its key", id="no certificate"),
        pytest.param(["llrp", "--tls", "127.0.0.1:0", "--cert", "/nowhere/c.pem"], "--cert /nowhere/c.pem: No such file", id="no folder"),
        pytest.param(["impinj-json", "--http", "127.0.0.1:0", "--cert", __file__], "holds no certificate with its key", id="HTTP without"),
        pytest.param(
            ["impinj-json", "--http", "127.0.0.1:0", "--cert", "/nowhere/c"], "--cert /nowhere/c: No such file", id="HTTP nowhere"
        ),
        pytest.param(["impinj-json", "--post", "http://h:99999/x"], "write http://HOST:PORT/PATH", id="a port that is none"),
    ],
)
def test_wrong_use_is_told_and_exits_2(arguments: list[str], says: str) -> None:
    command = [sys.executable, "-m", "reader_agent.reader_tool", "simulate", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


@pytest.mark.parametrize("family", LISTENED_FAMILIES)
def test_a_reader_that_only_tells_is_simulated_too(family: str) -> None:
    simulator = SimulatorProcess.on_tcp(family)
    simulator.enter()
    link, codec, seen = open_link(parse_address(simulator.url), 115200), codec_for(family), ""
    while not seen:
        codec.receive_data(link.read(0.05))
        while (event := codec.next_event()) is not NEED_DATA:
            seen = event.epc.hex().upper() if isinstance(event, TagSeen) else seen
    link.close()
    assert simulator.stop() == 0
    assert seen == EPC


def test_a_second_client_of_an_llrp_reader_is_told_and_hung_up_on_and_the_first_stays() -> None:
    simulator = SimulatorProcess.on_tcp("llrp")
    address = parse_address(simulator.url)
    first = open_link(address, 115200)
    assert connection_status(first) == 0
    second = open_link(address, 115200)
    assert connection_status(second) == 2  # ConnectionAttemptEvent: a client has the reader
    with pytest.raises(LinkLost):
        second.read(5)
    second.close()
    first.close()
    deadline_s = monotonic() + 5
    while (status := status_of_a_new_client(address)) != 0:  # until the reader has noticed that the first is gone
        assert (status, monotonic() < deadline_s) == (2, True)
    assert simulator.stop() == 0


def status_of_a_new_client(address: LinkAddress) -> int | None:
    link = open_link(address, 115200)
    try:
        return connection_status(link)
    finally:
        link.close()


def connection_status(link: Link) -> int | None:
    codec = codec_for("llrp")
    codec.receive_data(link.read(5))
    event = codec.next_event()
    assert isinstance(event, Notice)
    assert event.name == "connection_attempt"
    return event.code


def test_orders_are_checked_field_by_field() -> None:
    with pytest.raises(ContractError, match="dwell"):
        parse_order(b'{"enter": {"tid": "E2801160", "dwell": 2}}')
