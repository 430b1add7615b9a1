"""A checkpoint with one simulated reader of each family on a real line, and the real agent before them, without a broker."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from random import Random
from threading import Event, Thread
from time import monotonic
from typing import Any

from structlog.testing import capture_logs

from firmware_protocols.simulators import simulator_for
from firmware_protocols.simulators.faults import NO_FAULTS, LineFaults
from firmware_protocols.simulators.llrp import LlrpReader
from firmware_protocols.simulators.llrp_settings import PLAIN, LlrpOptions
from firmware_protocols.simulators.reader import ReaderOptions, SimulatedReader
from firmware_protocols.simulators.simulated_tag import SimulatedTag
from firmware_protocols.simulators.tag_field import CLEAN_AIR, TagField
from reader_agent.agent import Agent
from reader_agent.clock import SystemClock
from reader_agent.config import parse_config
from reader_agent.reader_tool.lines import Line, PtyLine, TcpLine
from reader_agent.reader_tool.one_client import OneClient
from reader_agent.reader_tool.simulate import Parts, Simulation
from schemas.messages import ReaderStatus, SightingBatch, SightingOpened, SignedBatch
from schemas.signing import new_private_key
from tests.reader_agent.fakes import free_port

ON_TCP = frozenset({"llrp", "impinj-json", "zebra-json"})
TICK_S = 0.005
WAIT_S = 25.0


PLAIN_READER = ReaderOptions(round_period_s=0.05)


@dataclass(frozen=True, slots=True)
class Manner:
    """How the readers are and misbehave."""

    faults: LineFaults = NO_FAULTS
    options: ReaderOptions = PLAIN_READER
    llrp: LlrpOptions = PLAIN
    is_on_tcp: bool = False
    baud: int | None = None
    """The speed of those on a serial line; None fits any."""


def bike(number: int) -> tuple[bytes, bytes]:
    return bytes.fromhex(f"EB0001{number:08X}0100000001"), bytes.fromhex(f"E2801160{number:016X}")


class Player:
    """One simulated reader with its tags and its line."""

    def __init__(self, family: str, folder: Path, manner: Manner) -> None:
        rng = Random(7)
        self.family, self.field = family, TagField(rng, CLEAN_AIR)
        self.line: Line = TcpLine("127.0.0.1", 0) if family in ON_TCP or manner.is_on_tcp else PtyLine(folder / family, manner.baud)
        reader = _reader(family, self.field, rng, manner)
        if isinstance(reader, LlrpReader) and isinstance(self.line, TcpLine):
            self.line.doorkeeper = OneClient(reader, SystemClock())
        self.simulation = Simulation(Parts(reader, self.field, self.line), SystemClock(), lambda _: None)

    @property
    def url(self) -> str:
        return f"serial://{self.line.place}" if isinstance(self.line, PtyLine) else f"tcp://{self.line.place}"


def _reader(family: str, field: TagField, rng: Random, manner: Manner) -> SimulatedReader:
    if family == "llrp":
        return LlrpReader(field, rng, manner.faults, manner.options, manner.llrp)
    return simulator_for(family, field, rng, faults=manner.faults, options=manner.options)


class Street:
    """The readers and the agent, and what can be seen of it from outside: its spool, its status, its log."""

    def __init__(self, families: tuple[str, ...], folder: Path, manner: Manner, **reader_settings: Any) -> None:
        self._folder = folder
        self.players = {family: Player(family, folder, manner) for family in families}
        config = {
            "authority": "kcc",
            "checkpoint": "here",
            "agent": "here-1",
            "key_file": str(folder / "agent.key"),
            "data_dir": str(folder / "data"),
            "broker": {"url": f"mqtt://127.0.0.1:{free_port()}"},
            "lanes": {family: f"before the {family} reader" for family in families},
            "window": {"silence_s": 1.5},
            "readers": [
                {"name": family, "family": family, "url": player.url, "antennas": {1: family}, **reader_settings}
                for family, player in self.players.items()
            ],
        }
        self.agent = Agent(parse_config(config, folder / "agent.toml"), new_private_key(), SystemClock())
        self.log: list[Any] = []
        self._ends = Event()
        self._orders: SimpleQueue[bytes] = SimpleQueue()
        self._bikes = 0

    @contextmanager
    def playing(self) -> Iterator[None]:
        """The readers alone."""
        thread = Thread(target=self._play)
        thread.start()
        try:
            yield
        finally:
            self._ends.set()
            thread.join()
            for player in self.players.values():
                player.line.close()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """The agent before them."""
        thread = Thread(target=self.agent.run)
        with capture_logs() as self.log:
            thread.start()
            try:
                yield
            finally:
                self.agent.ask_to_stop()
                thread.join()

    def _play(self) -> None:
        while not self._ends.wait(TICK_S):
            orders = b"".join(self._orders.get() for _ in range(self._orders.qsize()))
            for player in self.players.values():
                player.simulation.feed(orders)
                player.simulation.advance()

    def send_bikes(self, count: int, *, every_s: float = 0.8) -> list[bytes]:
        """So many new bikes, one after the other before each reader, from now on."""
        now_s, numbers = SystemClock().now().monotonic_s, range(self._bikes + 1, self._bikes + 1 + count)
        self._bikes += count
        for place, number in enumerate(numbers):
            epc, tid = bike(number)
            for player in self.players.values():
                enters_s = now_s + place * every_s
                player.field.enter(SimulatedTag(epc=epc, tid=tid), enters_s=enters_s, leaves_s=enters_s + every_s, antenna=1)
        return [bike(number)[0] for number in numbers]

    def order(self, text: str) -> None:
        """Obeyed by the thread that plays: a line must not be pulled out while that reads from it."""
        self._orders.put(text.encode() + b"\n")

    def status(self, family: str) -> ReaderStatus:
        return next(reader.status() for name, reader in self.agent._readers.items() if name == family)

    def states(self, family: str) -> list[str]:
        """Through which states the reader went, as the log tells; what follows itself stands there once."""
        told = [entry["state"].value for entry in self.log if entry["event"] == "reader_state" and entry["reader"] == family]
        return [state for place, state in enumerate(told) if place == 0 or state != told[place - 1]]

    def opened(self, family: str) -> list[tuple[SightingOpened, datetime]]:
        """What that reader's sightings are in the spool, and when each was put there."""
        events = [(event, batch.sealed_at) for batch in self.spooled() for event in batch.events]
        return [(event, at) for event, at in events if isinstance(event, SightingOpened) and event.reader == family]

    def spooled(self) -> list[SightingBatch]:
        path = self._folder / "data" / "spool.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT body FROM batches ORDER BY id").fetchall()
        return [SignedBatch.split(body).read() for (body,) in rows]

    def epcs(self, family: str) -> set[bytes]:
        return {bytes(event.epc) for event, _ in self.opened(family)}

    def linger(self, seconds: float) -> None:
        """So long nothing is waited for: what must not happen has the time to."""
        self._ends.wait(seconds)

    def wait_until(self, is_true: Callable[[], bool], within_s: float = WAIT_S) -> bool:
        end_s = monotonic() + within_s
        while not is_true():
            if monotonic() > end_s:
                return False
            self._ends.wait(0.05)
        return True
