"""10,000 bikes pass while the agent, the broker and the worker are killed at random points: none is lost, none counts twice.

Real programs, real bytes: a simulated reader on a socket, the agent before it, a broker, the worker, both databases.
"""

import json
import random
import signal
import subprocess
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from registry_server.authorities.models import Agent, Authority, Checkpoint
from registry_server.broker import start_broker
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.matcher.models import Flag
from registry_server.ports import free_port
from registry_server.processes import Child, own_command, script
from registry_server.sightings.models import Passage
from registry_server.up import environment_of
from schemas.signing import new_private_key, public_key_of

BIKES = 10_000
BIKES_A_SECOND = 200
DWELL_S = 4.0
WAITING_S = 60.0  # how long the first bike waits that comes while the agent is away
KILLS = ("agent", "broker", "agent", "worker", "agent", "broker", "agent", "worker", "agent")
DRAIN_WITHIN_S = 90.0


def epc_of(number: int) -> bytes:
    return bytes.fromhex("E2801160") + number.to_bytes(8)


class Street(threading.Thread):
    """BIKES that pass the simulated reader one after another. While the agent is away the street stands still: who was before the
    antenna is still there when it is back.
    """

    def __init__(self, reader: Child) -> None:
        super().__init__(name="street")
        orders, answers = reader.process.stdin, reader.process.stdout
        assert orders is not None
        assert answers is not None
        self._orders, self._answers = orders, answers
        self._moving = threading.Lock()
        self._answered = threading.Condition()
        self._heard: set[str] = set()
        self._lately: deque[tuple[float, int]] = deque()
        self._next = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def run(self) -> None:
        while self._next < BIKES:
            with self._moving:
                self._pass()
            time.sleep(1 / BIKES_A_SECOND)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Ends when the reader is asked again and all who stood before it have been put there anew."""
        with self._moving:
            stopped_s = time.monotonic()
            waiting = [number for at_s, number in self._lately if stopped_s - at_s < DWELL_S]
            yield
            first = self._next
            self._pass(WAITING_S)
            with self._answered:
                assert self._answered.wait_for(lambda: epc_of(first).hex() in self._heard, WAITING_S), "the agent did not come back"
            for number in waiting:
                self._enter(number, DWELL_S)

    def _pass(self, dwell_s: float = DWELL_S) -> None:
        if self._next < BIKES:
            self._lately.append((time.monotonic(), self._next))
            while time.monotonic() - self._lately[0][0] > DWELL_S:
                self._lately.popleft()
            self._enter(self._next, dwell_s)
            self._next += 1

    def _enter(self, number: int, dwell_s: float) -> None:
        tag = {"epc": epc_of(number).hex(), "tid": f"E2801160{number:016X}", "dwell_s": dwell_s, "antenna": 1, "rssi_dbm": -45}
        self._orders.write(json.dumps({"enter": tag}) + "\n")
        self._orders.flush()

    def _listen(self) -> None:
        for line in self._answers:
            event = json.loads(line)
            if event["event"] == "first_answer":
                with self._answered:
                    self._heard.add(str(event["epc"]).lower())
                    self._answered.notify_all()


@dataclass(slots=True)
class Site:
    """One checkpoint with all that stands behind it; each part can be killed and started again."""

    settings: Settings
    folder: Path
    broker_port: int
    reader: Child
    agent: Child
    worker: Child
    broker: Child

    def kill(self, name: str, street: Street) -> None:
        child: Child = getattr(self, name)
        with street.standing_still() if name == "agent" else nullcontext():
            child.process.send_signal(signal.SIGKILL)
            child.process.wait()
            if name == "broker":
                self.broker = start_broker(self.folder / "broker", "127.0.0.1", self.broker_port).child
            else:
                child.start()

    def stop(self) -> None:
        for child in (self.agent, self.reader, self.worker, self.broker):
            child.stop()


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    broker_port = free_port()
    settings = Settings(data_dir=tmp_path, database_url=database_url, broker_url=f"mqtt://127.0.0.1:{broker_port}")
    key = new_private_key()
    key_file = tmp_path / "agent.key"
    key_file.touch(mode=0o600)
    key_file.write_text(key.hex())
    register_site(Database(database_url), public_key_of(key))
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "site.log").open("w"))
        reader = Child(
            "reader",
            [script("ebike-reader"), "simulate", "r2000", "--tcp", "127.0.0.1:0", "--stdin", "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        reader.start()
        pipe = reader.process.stdout
        assert pipe is not None
        address = json.loads(pipe.readline())["at"]
        agent_file = tmp_path / "agent.toml"
        agent_file.write_text(agent_configuration(tmp_path, broker_port, address))
        made = Site(
            settings=settings,
            folder=tmp_path,
            broker_port=broker_port,
            reader=reader,
            agent=Child("agent", [script("ebike-agent"), "run", str(agent_file)], stderr=log),
            worker=Child("worker", own_command("worker"), environment_of(settings), stderr=log),
            broker=start_broker(tmp_path / "broker", "127.0.0.1", broker_port).child,
        )
        stack.callback(made.stop)
        made.worker.start()
        made.agent.start()
        yield made


def register_site(database: Database, public_key: bytes) -> None:
    with database.write() as session:
        authority = Authority(
            slug="kcc",
            name_bn="খুলনা সিটি কর্পোরেশন",
            name_en="Khulna City Corporation",
            plate_prefix_bn="খুলনা",
            plate_prefix_en="KCC",
            law="city_corporation_2009",
            afi=None,
        )
        session.add(authority)
        session.flush()
        place = Checkpoint(authority_id=authority.id, slug="gate", name_bn="ফটক", name_en="Gate", latitude=22.8, longitude=89.5)
        session.add(place)
        session.flush()
        session.add(Agent(authority_id=authority.id, checkpoint_id=place.id, slug="gate-1", public_key=public_key, is_revoked=False))
    database.close()


def agent_configuration(folder: Path, broker_port: int, address: str) -> str:
    return f"""\
authority = "kcc"
checkpoint = "gate"
agent = "gate-1"
key_file = "{folder / "agent.key"}"
data_dir = "{folder / "agent"}"
[broker]
url = "mqtt://127.0.0.1:{broker_port}"
resend_s = 2.0
[lanes]
in = "in"
[[readers]]
name = "gate"
family = "r2000"
url = "tcp://{address}"
antennas = {{ 1 = "in" }}
"""


def passages(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Passage)) or 0


@pytest.mark.timeout(400)
def test_ten_thousand_bikes_pass_and_each_counts_once_whatever_is_killed(site: Site, database: Database) -> None:
    rng = random.Random(20261122)
    street = Street(site.reader)
    with street.standing_still():
        pass  # until the agent has begun to read
    street.start()
    span_s = BIKES / BIKES_A_SECOND / (len(KILLS) + 1)
    for name in KILLS:
        time.sleep(span_s * rng.uniform(0.6, 1.0))
        site.kill(name, street)
    street.join()
    deadline = time.monotonic() + DRAIN_WITHIN_S
    while passages(database) < BIKES and time.monotonic() < deadline:
        time.sleep(0.5)
    time.sleep(2 * DWELL_S)  # whatever would count twice has arrived by now

    with database.read() as session:
        times = Counter(bytes(epc) for epc in session.scalars(select(Passage.epc)))
        flags = Counter(bytes(epc) for epc in session.scalars(select(Flag.epc)))
    assert {epc_of(number) for number in range(BIKES)} - times.keys() == set()
    assert {epc.hex(): count for epc, count in times.items() if count > 1} == {}
    assert {epc.hex(): count for epc, count in flags.items() if count > 1} == {}
    assert len(flags) == BIKES
