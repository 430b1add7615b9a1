"""`ebike-server demo`: the whole system alive on one machine, and what it found beside what was injected."""

import random
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from registry_server.authorities.models import Checkpoint
from registry_server.clock import Clock
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.demo.city import CHECKPOINTS
from registry_server.demo.observer import Observer, Shown
from registry_server.demo.report import closing_table, opening_panel, screen, second_line
from registry_server.demo.seeding import Seeded, Seeding
from registry_server.demo.stage import Stage
from registry_server.demo.tally import Found, Tally
from registry_server.demo.traffic import Traffic
from registry_server.demo.visitor import Visitor
from registry_server.matcher.models import Flag
from registry_server.people.models import Role
from registry_server.ports import free_port
from registry_server.secrets_box import load_or_create
from registry_server.sightings.models import Passage
from registry_server.up import BrokerPlace, go_on_unless, quiet_when_stopped, stop_on_signals, system_up

SETTLE_S = 6.0  # the last tags fade, their windows close, the last flags come
TICK_S = 0.02
LOG_FILE = "demo.log"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asked for."""

    seconds: float | None
    seed: int
    data_dir: Path | None


@dataclass(slots=True)
class Seen:
    """What came to the page since the last line was printed."""

    tally: Tally
    recent: deque[Shown] = field(default_factory=lambda: deque(maxlen=200))

    def heard(self, reader: str, event: Mapping[str, Any]) -> None:
        if event.get("event") == "first_answer" and reader != "desk":
            self.tally.answer(reader, str(event["epc"]).upper(), float(event["at"]))

    def saw(self, shown: Shown) -> None:
        self.tally.show(shown.checkpoint, shown.epc, shown.at_s)
        self.recent.append(shown)


def run_demo(settings: Settings, options: DemoOptions, clock: Clock) -> None:
    """Runs for `options.seconds`, or until Ctrl-C. Raises SetupError if the machine lacks something."""
    stop = stop_on_signals()
    with quiet_when_stopped(), ExitStack() as stack:
        folder = stack.enter_context(_folder(options.data_dir))
        settings = settings.model_copy(update={"data_dir": folder, "cookie_secure": False, "web_port": settings.web_port or free_port()})
        rng = random.Random(options.seed)  # noqa: S311 — a demo that can be shown again
        seeding = Seeding(load_or_create(folder), folder, clock.now(), rng)
        seeded: list[Seeded] = []
        broker_port = free_port()
        broker_url = settings.broker_url or f"mqtt://127.0.0.1:{broker_port}"
        screen.print("setting up the demo city …")
        log = stack.enter_context((folder / LOG_FILE).open("a"))
        fill = partial(seeding.fill, broker_url=broker_url, go_on=partial(go_on_unless, stop))
        place = BrokerPlace("127.0.0.1", broker_port)
        running = stack.enter_context(
            system_up(settings, place, stop=stop, log_to=log, prepare=lambda database: seeded.append(fill(database)))
        )
        database = Database(settings.sqlalchemy_url)
        stack.callback(database.close)
        seen = Seen(Tally())
        stage = stack.enter_context(Stage(folder, seen.heard, log, stop))
        city = seeded[0]
        token_file = folder / "desk.token"
        token_file.write_text(city.desk_token)
        stage.open_checkpoints(CHECKPOINTS)
        stage.open_desk(running.web_url, token_file)
        magistrate = next(sign_in for sign_in in city.sign_ins if sign_in.role is Role.MAGISTRATE)
        observer = Observer(running.web_url, magistrate, clock, seen.saw)
        observer.start()
        stack.callback(observer.stop)
        opening_panel(running.web_url, city.sign_ins, options.seconds)
        visitor = Visitor(database, seeding, stage, Traffic(city.bikes, rng), seen.tally)
        threading.Thread(target=running.watch, args=(stop,), name="watch", daemon=True).start()
        _play(options.seconds, visitor, seen, stop)
        if options.seconds is not None and not stop.is_set():
            stop.wait(SETTLE_S)
        closing_table(seen.tally.results(_found(database)), seen.tally.latency())
        stop.set()


def _play(seconds: float | None, visitor: Visitor, seen: Seen, stop: threading.Event) -> None:
    """Let the traffic pass in real time; a line a second says what came to the page."""
    began_s = time.monotonic()
    drives = visitor.traffic.stream()
    ahead = next(drives)
    next_line_s = 1.0
    while not stop.is_set():
        now_s = time.monotonic() - began_s
        if seconds is not None and now_s >= seconds:
            return
        while ahead.at_s <= now_s:
            seen.tally.inject(ahead)
            visitor.stage.drive(ahead)
            ahead = next(drives)
        if now_s >= next_line_s:
            second_line(int(now_s), list(seen.recent))
            seen.recent.clear()
            visitor.look(now_s)
            next_line_s += 1.0
        stop.wait(TICK_S)


def _found(database: Database) -> Iterator[Found]:
    """Every stored passage with the kinds of its flags."""
    with database.read() as session:
        kinds: dict[int, set[str]] = {}
        for passage_id, kind in session.execute(select(Flag.passage_id, Flag.kind)):
            kinds.setdefault(passage_id, set()).add(kind)
        rows = session.execute(select(Passage.id, Passage.epc, Checkpoint.slug).join(Checkpoint, Checkpoint.id == Passage.checkpoint_id))
        for passage_id, epc, slug in rows:
            yield Found(epc.hex().upper(), slug, frozenset(kinds.get(passage_id, ())))


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The folder that was asked for, or one that is gone afterwards."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="ebike-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
