"""From the serial line to the page at 500 sightings a second: real agents before simulated readers, broker, worker, the wall's stream.

Latency counts from the instant at which a simulated reader put a tag's first report on its line until the passage's event was read by a
signed-in client of the wall. Everything shares this machine.
"""

import random
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import update

from bench.city import Machine, epc_of, fill, tid_of
from registry_server.clock import SystemClock
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.demo.city import DemoCheckpoint
from registry_server.demo.observer import Observer, Shown
from registry_server.demo.seeding import SignIn
from registry_server.demo.stage import Entry, Stage, agent_key_file, write_agent_file
from registry_server.demo.tally import Latency, Tally
from registry_server.people.models import Officer, Owner, Role
from registry_server.people.owners import NID
from registry_server.people.passwords import hash_password
from registry_server.ports import free_port
from registry_server.secrets_box import load_or_create
from registry_server.up import BrokerPlace, system_up

PLACES = tuple(
    DemoCheckpoint(f"place-{number}", f"জায়গা {number}", f"Place {number}", 0.0, 0.0, family, ("in",), 1.0)
    for number, family in enumerate(("r2000", "m100", "r200", "r2000"), start=1)
)
LICENCES = 20_000
STRANGERS = 0.1  # the share of tags that no licence carries: a flag each
DWELL_S = 0.4
BURST_S = 0.02
WATCHER = SignIn(Role.MAGISTRATE, "watcher", "bench-only-password")


@dataclass(frozen=True, slots=True)
class LatencyFigures:
    per_s: float
    injected: int
    answered: int  # of the injected, those that the simulated radio read before they were gone
    latency: Latency


class _Injector:
    """Lets so many tags a second pass, evenly over the places, and hears when each is first on the line."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.injected = 0

    def heard(self, reader: str, event: Mapping[str, Any]) -> None:
        if event.get("event") == "first_answer":
            self.tally.answer(reader, str(event["epc"]).upper(), float(event["at"]))

    def saw(self, shown: Shown) -> None:
        self.tally.show(shown.checkpoint, shown.epc, shown.at_s)

    def run(self, stage: Stage, per_s: float, seconds: float) -> None:
        rng = random.Random(1)
        began_s = time.monotonic()
        while (now_s := time.monotonic() - began_s) < seconds:
            while self.injected < now_s * per_s:
                self._enter(stage, rng)
            time.sleep(BURST_S)

    def _enter(self, stage: Stage, rng: random.Random) -> None:
        self.injected += 1
        serial = self.injected
        epc = bytes.fromhex("e2801160") + serial.to_bytes(8) if rng.random() < STRANGERS else bytes(epc_of(serial))
        entry = Entry(epc, tid_of(serial), DWELL_S)
        stage.readers[PLACES[serial % len(PLACES)].slug].tell(enter=entry.as_json())


def measure(per_s: float = 500.0, seconds: float = 20.0, database_url: str = "") -> LatencyFigures:
    """`database_url`: an empty PostgreSQL database; without one SQLite."""
    injector = _Injector()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ebike-bench-")))
        log = stack.enter_context((folder / "bench.log").open("w"))
        settings = Settings(data_dir=folder, database_url=database_url, web_port=free_port(), cookie_secure=False)
        place = BrokerPlace("127.0.0.1", free_port())
        broker_url = f"mqtt://127.0.0.1:{place.port}"
        running = stack.enter_context(
            system_up(settings, place, log_to=log, prepare=lambda database: _prepare(database, folder, broker_url))
        )
        stage = stack.enter_context(Stage(folder, injector.heard, log))
        stage.open_checkpoints(PLACES)
        observer = Observer(running.web_url, WATCHER, SystemClock(), injector.saw)
        observer.start()
        stack.callback(observer.stop)
        stop = threading.Event()
        stack.callback(stop.set)
        injector.run(stage, per_s, seconds)
        time.sleep(3.0)
    latency = injector.tally.latency()
    assert latency is not None, "nothing came to the page"
    return LatencyFigures(per_s, injector.injected, injector.tally.heard.total(), latency)


def _prepare(database: Database, folder: Path, broker_url: str) -> None:
    for machine, place in zip(fill(database, LICENCES), PLACES, strict=True):
        _write_agent(machine, folder, place, broker_url)
    keys = load_or_create(folder)
    with database.write() as session:
        session.execute(update(Owner).values(nid_encrypted=keys.encrypt("1000000001", NID)))  # the pages look whether their keys open it
        session.add(
            Officer(
                authority_id=1,
                sign_in_name=WATCHER.name,
                full_name="Bench",
                role=WATCHER.role,
                password_hash=hash_password(WATCHER.password),
                must_change_password=False,
                is_disabled=False,
                created_at=SystemClock().now(),
            )
        )


def _write_agent(machine: Machine, folder: Path, place: DemoCheckpoint, broker_url: str) -> None:
    key_file = agent_key_file(folder, place)
    key_file.touch(mode=0o600)
    key_file.write_text(machine.private_key.hex())
    path = write_agent_file(folder, place, broker_url)
    path.write_text(path.read_text().replace("read_tid = true", "read_tid = false"))  # 125 new tags a second leave no air for it
