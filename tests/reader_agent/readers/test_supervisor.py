"""A reader is kept going over real lines: pulled, silent, held, refused."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Condition
from time import monotonic

import pytest

from firmware_protocols.catalogue import FAMILIES, codec_for
from firmware_protocols.codec import Direction
from firmware_protocols.events import TagSeen
from reader_agent.clock import Moment, SystemClock
from reader_agent.link_address import SerialAddress, parse_address
from reader_agent.links.open_link import open_link
from reader_agent.readers.session import Codecs, Ears, ReaderSetup
from reader_agent.readers.supervisor import ReaderPlan, ReaderSupervisor
from schemas.identifiers import ReaderId
from schemas.messages import ReaderState
from tests.reader_agent.simulator import EPC, TID, SimulatorProcess

WAIT_S = 15.0


class Listener:
    """A supervisor, and what it has heard and been."""

    def __init__(self, family: str, url: str, *, power_dbm: float | None = None) -> None:
        self._news = Condition()
        self.reads = 0
        self.tids: list[tuple[str, str]] = []
        plan = ReaderPlan(
            ReaderId("gate-1"),
            partial(open_link, parse_address(url), 115200),
            lambda: Codecs(codec_for(family), codec_for(family, direction=Direction.TO_READER)),
            ReaderSetup((1,), power_dbm=power_dbm, has_to_read_tid=True),
        )
        self.supervisor = ReaderSupervisor(plan, Ears(self._hear, self._hear_tid), SystemClock())
        self.supervisor.start()

    def _hear(self, seen: TagSeen, _at: Moment) -> None:
        with self._news:
            if not self.reads:
                self.supervisor.want_tid(seen.epc)
            self.reads += 1
            self._news.notify_all()

    def _hear_tid(self, epc: bytes, tid: bytes) -> None:
        with self._news:
            self.tids.append((epc.hex().upper(), tid.hex().upper()))
            self._news.notify_all()

    def wait_until(self, is_true: Callable[[], bool], within_s: float = WAIT_S) -> None:
        """Looks again whenever something is heard, and twenty times a second for a change of state."""
        end_s = monotonic() + within_s
        with self._news:
            while not is_true():
                assert monotonic() < end_s, f"after {within_s} s: {self.supervisor.status()}"
                self._news.wait(0.05)

    def wait_for(self, state: ReaderState, within_s: float = WAIT_S) -> str:
        self.wait_until(lambda: self.supervisor.state[0] is state, within_s)
        return self.supervisor.state[1]

    def wait_for_a_read(self) -> None:
        before = self.reads
        self.wait_until(lambda: self.reads > before)

    def end(self) -> None:
        self.supervisor.stop()
        self.wait_until(lambda: not self.supervisor.is_alive())


@pytest.fixture(params=["pty", "tcp"])
def simulator(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SimulatorProcess]:
    simulator = SimulatorProcess.on_pty("m100", tmp_path / "by-id") if request.param == "pty" else SimulatorProcess.on_tcp("m100")
    yield simulator
    assert simulator.stop() == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_tags_and_their_tids_come_over_a_real_line(family: str, tmp_path: Path) -> None:
    simulator = SimulatorProcess.on_pty(family, tmp_path / "by-id")
    listener = Listener(family, simulator.url)
    listener.wait_for(ReaderState.RUNNING)
    simulator.enter()
    listener.wait_until(lambda: listener.tids == [(EPC, TID)])
    listener.end()
    simulator.stop()


def test_a_pulled_cable_is_seen_within_three_seconds_and_the_reader_comes_back_by_itself(simulator: SimulatorProcess) -> None:
    listener = Listener("m100", simulator.url)
    simulator.enter()
    listener.wait_for_a_read()
    simulator.tell(unplug={"seconds": 1.5})
    simulator.await_event("unplugged")
    listener.wait_for(ReaderState.LOST, within_s=3.0)
    simulator.await_event("listening")
    listener.wait_for(ReaderState.RUNNING, within_s=6.0)
    listener.wait_for_a_read()
    listener.end()


def test_a_silent_reader_is_lost_within_three_seconds_and_comes_back(simulator: SimulatorProcess) -> None:
    listener = Listener("m100", simulator.url)
    simulator.enter()
    listener.wait_for_a_read()
    simulator.tell(faults={"silence_s": 3.5})
    detail = listener.wait_for(ReaderState.LOST, within_s=3.5)
    assert "nothing for" in detail
    listener.wait_for(ReaderState.RUNNING, within_s=8.0)
    listener.wait_for_a_read()
    listener.end()


def test_a_refused_setting_is_told_and_nothing_is_read(simulator: SimulatorProcess) -> None:
    listener = Listener("m100", simulator.url, power_dbm=36.0)
    simulator.enter()
    assert "the reader refuses SetPower" in listener.wait_for(ReaderState.REFUSED)
    assert listener.reads == 0
    listener.end()


def test_a_held_port_is_told_with_its_holder_and_taken_when_it_is_free(tmp_path: Path) -> None:
    simulator = SimulatorProcess.on_pty("m100", tmp_path / "by-id")
    holder = open_link(SerialAddress(simulator.place), 115200)
    listener = Listener("m100", simulator.url)
    assert "is held by process" in listener.wait_for(ReaderState.REFUSED)
    holder.close()
    listener.wait_for(ReaderState.RUNNING)
    listener.end()
    simulator.stop()


def test_a_reader_that_another_client_has_is_told_and_taken_when_it_is_free() -> None:
    simulator = SimulatorProcess.on_tcp("llrp")
    holder = open_link(parse_address(simulator.url), 115200)
    holder.read(5)  # its greeting: it is in
    listener = Listener("llrp", simulator.url)
    assert "before that it said: refused: another client is connected" in listener.wait_for(ReaderState.LOST)
    holder.close()
    listener.wait_for(ReaderState.RUNNING)
    listener.end()
    simulator.stop()


def test_the_counters_tell_what_came_over_the_line(simulator: SimulatorProcess) -> None:
    listener = Listener("m100", simulator.url)
    simulator.enter()
    listener.wait_until(lambda: listener.reads >= 10)
    status = listener.supervisor.status()
    assert (status.state, status.frame_errors) == ("running", 0)
    assert status.reads >= 10
    assert status.model
    assert status.last_frame_at is not None
    listener.end()
