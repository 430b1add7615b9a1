"""10,000 bikes pass while the agent, the broker and the worker are killed at random points: none is lost, none counts twice.

Real programs, real bytes: a simulated reader on a socket, the agent before it, a broker, the worker, both databases.
"""

import json
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from registry_server.authorities.models import Agent, Authority, Checkpoint
from registry_server.broker import start_broker
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.matcher.models import Flag
from registry_server.processes import Child, own_command, script
from registry_server.sightings.models import Passage
from registry_server.up import environment_of, free_port
from schemas.signing import new_private_key, public_key_of

BIKES = 10_000
BIKES_A_SECOND = 200
DWELL_S = 4.0  # longer than the agent needs to come back, shorter than what makes a second passage
KILLS = ("agent", "broker", "agent", "worker", "agent", "broker", "agent", "worker", "agent")
DRAIN_WITHIN_S = 90.0


def epc_of(number: int) -> bytes:
    return bytes.fromhex("E2801160") + number.to_bytes(8)


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

    def kill(self, name: str) -> None:
        child: Child = getattr(self, name)
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
        threading.Thread(target=pipe.read, daemon=True).start()
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


def send_bikes(reader: Child) -> None:
    """BIKES_A_SECOND of them, evenly."""
    pipe = reader.process.stdin
    assert pipe is not None
    began_s = time.monotonic()
    for number in range(BIKES):
        tag = {"epc": epc_of(number).hex(), "tid": f"E2801160{number:016X}", "dwell_s": DWELL_S, "antenna": 1, "rssi_dbm": -45}
        pipe.write(json.dumps({"enter": tag}) + "\n")
        if number % 20 == 19:
            pipe.flush()
            time.sleep(max(0.0, began_s + number / BIKES_A_SECOND - time.monotonic()))
    pipe.flush()


def passages(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Passage)) or 0


@pytest.mark.timeout(400)
def test_ten_thousand_bikes_pass_and_each_counts_once_whatever_is_killed(site: Site, database: Database) -> None:
    rng = random.Random(20261122)
    sender = threading.Thread(target=send_bikes, args=(site.reader,))
    sender.start()
    span_s = BIKES / BIKES_A_SECOND / (len(KILLS) + 1)
    for name in KILLS:
        time.sleep(span_s * rng.uniform(0.6, 1.0))
        site.kill(name)
    sender.join()
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
