"""The whole agent as its own process, from bytes on a line to signed batches at the registry."""

import json
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from schemas.messages import SightingClosed, SightingEvent, SightingOpened
from schemas.topics import AgentAddress
from tests.reader_agent.fakes import Broker, Registry
from tests.reader_agent.simulator import EPC, TID, SimulatorProcess

CONFIG = """
authority = "kcc"
checkpoint = "pti-more"
agent = "pti-more-1"
key_file = "{folder}/agent.key"
data_dir = "{folder}/data"
broker = {{ url = "{broker}", resend_s = 1.0 }}
lanes = {{ in = "towards the market", out = "from the market" }}
window = {{ silence_s = 0.5 }}
readers = [
  {{ name = "gate-1", family = "m100", url = "{one}", antennas = {{ 1 = "in" }}, read_tid = true }},
  {{ name = "gate-2", family = "r2000", url = "{two}", antennas = {{ 1 = "in", 3 = "out" }}, power_dbm = 30.0 }},
]
"""


class AgentProcess:
    """`ebike-agent run`, which may be killed and started again."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._process: subprocess.Popen[str] | None = None
        self.logs = ""

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reader_agent", "run", str(self._config)], stderr=subprocess.PIPE, text=True
        )

    def fill_disk(self) -> None:
        """From now on no file of the agent's can grow."""
        assert self._process is not None
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (4096, 4096))

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(how)
        self.logs += self._process.communicate(timeout=20)[1]
        code, self._process = self._process.returncode, None
        return code


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[tuple[SimulatorProcess, SimulatorProcess]]:
    one, two = SimulatorProcess.on_pty("m100", tmp_path / "gate-1"), SimulatorProcess.on_tcp("r2000")
    yield one, two
    one.stop()
    two.stop()


@pytest.fixture
def agent(tmp_path: Path, broker: Broker, private_key: bytes, readers: tuple[SimulatorProcess, SimulatorProcess]) -> Iterator[AgentProcess]:
    (tmp_path / "agent.key").write_text(private_key.hex())
    (tmp_path / "agent.key").chmod(0o600)
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(folder=tmp_path, broker=broker.url, one=readers[0].url, two=readers[1].url))
    agent = AgentProcess(config)
    yield agent
    agent.end(signal.SIGKILL)


def wait_for_a_batch(spool: Path) -> None:
    """Until there is one on the disk: no process tells, so it is looked for."""
    with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True)) as database:
        for _ in range(500):
            if database.execute("SELECT count(*) FROM batches").fetchone() != (0,):
                return
            Event().wait(0.02)
    raise AssertionError("no batch in the spool after ten seconds")


def events_of(registry: Registry) -> list[SightingEvent]:
    return [event for batch in registry.batches.values() for event in batch.events]


def opened(registry: Registry) -> list[SightingOpened]:
    return [event for event in events_of(registry) if isinstance(event, SightingOpened)]


def closed(registry: Registry) -> list[SightingClosed]:
    return [event for event in events_of(registry) if isinstance(event, SightingClosed)]


def test_a_bike_that_passes_two_readers_is_two_signed_sightings_with_what_was_learnt(
    broker: Broker, registry: Registry, readers: tuple[SimulatorProcess, SimulatorProcess], agent: AgentProcess, address: AgentAddress
) -> None:
    broker.start()
    registry.connect()
    agent.start()
    registry.wait_until(lambda: bool(registry.statuses) and {reader.state for reader in registry.statuses[-1].readers} == {"running"})
    readers[0].enter(dwell_s=1.5)
    readers[1].enter(dwell_s=1.0, antenna=3)
    registry.wait_until(lambda: len(closed(registry)) == 2)
    places = {(event.reader, event.lane, event.antenna, str(event.epc)) for event in opened(registry)}
    assert places == {("gate-1", "in", 1, EPC), ("gate-2", "out", 3, EPC)}
    by_number = {event.sighting: event.reader for event in opened(registry)}
    assert {by_number[event.sighting]: str(event.tid) for event in closed(registry)} == {"gate-1": TID, "gate-2": "None"}
    assert all(event.reads > 5 for event in closed(registry))
    assert {batch.address for batch in registry.batches.values()} == {address}
    assert agent.end() == 0
    registry.wait_until(lambda: not registry.statuses[-1].online)


def test_stopping_closes_sightings_keeps_them_and_sends_them(
    broker: Broker, registry: Registry, readers: tuple[SimulatorProcess, SimulatorProcess], agent: AgentProcess
) -> None:
    broker.start()
    registry.connect()
    agent.start()
    readers[0].enter()
    registry.wait_until(lambda: len(opened(registry)) == 1)
    assert agent.end() == 0
    registry.wait_until(lambda: len(closed(registry)) == 1)
    lines = [json.loads(line) for line in agent.logs.splitlines()]
    assert lines[0]["event"] == "agent_started"
    assert lines[-1]["event"] == "agent_stopped"


def test_what_was_seen_while_the_broker_was_away_comes_after_a_kill_9(
    broker: Broker, registry: Registry, readers: tuple[SimulatorProcess, SimulatorProcess], agent: AgentProcess, tmp_path: Path
) -> None:
    agent.start()
    readers[0].enter()
    readers[0].await_event("first_answer")
    wait_for_a_batch(tmp_path / "data" / "spool.sqlite")
    agent.end(signal.SIGKILL)
    broker.start()
    registry.connect()
    agent.start()
    registry.wait_until(lambda: len(opened(registry)) >= 1)
    assert str(opened(registry)[0].epc) == EPC
    assert agent.end() == 0


def test_kill_9_at_any_moment_leaves_no_gap_in_what_arrives(
    broker: Broker, registry: Registry, readers: tuple[SimulatorProcess, SimulatorProcess], agent: AgentProcess
) -> None:
    broker.start()
    registry.connect()
    for life in range(1, 5):
        agent.start()
        for number in range(30):
            readers[0].enter(f"EB0002{life:08X}01{number:08X}", f"E2801160{life:08X}{number:08X}", delay_s=number * 0.02, dwell_s=10.0)
        registry.wait_until(lambda life=life: len({batch.boot for batch in registry.batches.values()}) == life)  # type: ignore[misc]
        agent.end(signal.SIGKILL)
    agent.start()
    readers[0].enter()
    registry.wait_until(lambda: EPC in {str(event.epc) for event in opened(registry)})
    assert agent.end() == 0
    for boot in {batch.boot for batch in registry.batches.values()}:
        assert registry.seqs(boot) == list(range(1, len(registry.seqs(boot)) + 1))


def test_sigint_is_a_clean_end_without_a_broker_too(agent: AgentProcess, readers: tuple[SimulatorProcess, SimulatorProcess]) -> None:
    agent.start()
    readers[0].enter()
    readers[0].await_event("first_answer")
    assert agent.end(signal.SIGINT) == 0
    assert "Traceback" not in agent.logs


def test_a_full_disk_is_told_once_and_what_is_lost_is_counted(
    broker: Broker, registry: Registry, readers: tuple[SimulatorProcess, SimulatorProcess], agent: AgentProcess
) -> None:
    """The log is often on the disk that is full: not a line for each batch."""
    broker.start()
    registry.connect()
    agent.start()
    registry.wait_until(lambda: bool(registry.statuses) and {reader.state for reader in registry.statuses[-1].readers} == {"running"})
    agent.fill_disk()
    for number in range(5):
        readers[0].enter(epc=f"{EPC[:-1]}{number}", dwell_s=0.3)
        readers[0].await_event("first_answer")
    registry.wait_until(lambda: registry.statuses[-1].dropped_sightings == 5)
    assert agent.end() == 0
    lost = [json.loads(line) for line in agent.logs.splitlines() if '"sightings_lost"' in line]
    assert [line["since_start"] for line in lost] in ([1], [1, 5])
    assert "free space on that disk" in lost[0]["reason"]
