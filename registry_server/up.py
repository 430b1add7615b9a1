"""`ebike-server up`: broker, web and worker in one command, started in order and stopped in reverse."""

import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import IO

import structlog

from registry_server.broker import start_broker
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.errors import SetupError
from registry_server.ports import claim_port, in_url
from registry_server.processes import Child, FolderLock, own_command
from registry_server.schema import migrate

log = structlog.get_logger()
READY_WITHIN_S = 60.0
WATCH_EVERY_S = 0.2
RESTART_AFTER_S = (0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_S = 60.0
PORT_TAKEN = "Stop what uses that port, or choose another with --port."


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """Where a broker is to listen that we start. It knows no passwords: beyond loopback, use one that does."""

    host: str
    port: int


@dataclass(slots=True)
class Watched:
    """A child that is started again when it ends, ever more slowly while it keeps ending. One that has given up is ended first."""

    child: Child
    has_given_up: Callable[[], bool] = lambda: False
    failures: int = 0
    started_at_s: float = 0.0
    restart_at_s: float | None = None

    def start(self, now_s: float) -> None:
        self.child.start()
        self.started_at_s, self.restart_at_s = now_s, None

    def look_after(self, now_s: float) -> None:
        if self.restart_at_s is not None:
            if now_s >= self.restart_at_s:
                self.start(now_s)
            return
        if self.child.exit_code() is None and self.has_given_up():
            log.error("process can work no more, as its log says; ending it", process=self.child.name)
            self.child.stop()
        code = self.child.exit_code()
        if code is None:
            return
        if now_s - self.started_at_s > STEADY_S:
            self.failures = 0
        pause_s = RESTART_AFTER_S[min(self.failures, len(RESTART_AFTER_S) - 1)]
        self.failures += 1
        self.restart_at_s = now_s + pause_s
        log.error("process ended, starting it again", process=self.child.name, exit_code=code, pause_s=pause_s)


@dataclass(slots=True)
class Running:
    """A system that is up."""

    settings: Settings
    watched: list[Watched] = field(default_factory=list)

    @property
    def web_url(self) -> str:
        return f"http://{in_url(self.settings.web_host, self.settings.web_port)}"

    def watch(self, stop: Event) -> None:
        """Look after the children until told to stop."""
        while not stop.wait(WATCH_EVERY_S):
            for watched in self.watched:
                watched.look_after(time.monotonic())


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as the children read them."""
    return {
        "EBIKE_DATA_DIR": str(settings.data_dir.resolve()),
        "EBIKE_DATABASE_URL": settings.database_url,
        "EBIKE_BROKER_URL": settings.broker_url,
        "EBIKE_WEB_HOST": settings.web_host,
        "EBIKE_WEB_PORT": str(settings.web_port),
        "EBIKE_TRUSTED_PROXY": settings.trusted_proxy,
        "EBIKE_PUBLIC_HOST": settings.public_host,
        "EBIKE_COOKIE_SECURE": str(settings.cookie_secure),
    }


@contextmanager
def system_up(
    settings: Settings,
    where: BrokerPlace,
    *,
    stop: Event | None = None,
    log_to: IO[str] | None = None,
    prepare: Callable[[Database], None] | None = None,
) -> Iterator[Running]:
    """Everything started and answering; stopped again at the end, whatever happens.

    `log_to` takes what the processes say (None: this terminal). `prepare` runs once the schema is there and before anything reads it.
    Raises SetupError with what the engineer must do, Stopped if `stop` is set before all is up.
    """
    stop = stop or Event()
    with ExitStack() as stack:
        lock = FolderLock(settings.data_dir)
        stack.callback(lock.release)
        web_port = claim_port(settings.web_host, settings.web_port, "the pages", PORT_TAKEN)
        settings = settings.model_copy(update={"web_port": web_port})
        watched_broker: list[Watched] = []
        go_on_unless(stop)
        bring_database_up(settings, prepare)
        go_on_unless(stop)
        if not settings.broker_url:
            broker = start_broker(settings.data_dir / "broker", where.host, where.port)
            stack.callback(broker.stop)
            settings = settings.model_copy(update={"broker_url": broker.url})
            watched_broker = [Watched(broker.child, broker.log.has_given_up, started_at_s=time.monotonic())]
        running = Running(settings, watched_broker)
        for name in ("worker", "web"):
            child = Child(name, own_command(name), environment_of(settings), stderr=log_to)
            watched = Watched(child)
            watched.start(time.monotonic())
            stack.callback(child.stop)
            running.watched.append(watched)
        wait_until_ready(f"{running.web_url}/readyz", running, stop)
        yield running


def bring_database_up(settings: Settings, prepare: Callable[[Database], None] | None = None) -> None:
    database = Database(settings.sqlalchemy_url)
    try:
        migrate(database)
        if prepare is not None:
            prepare(database)
    finally:
        database.close()


def wait_until_ready(url: str, running: Running, stop: Event) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        go_on_unless(stop)
        if is_answering(url):
            return
        ended = [watched.child.name for watched in running.watched if watched.child.exit_code() is not None]
        if ended:
            raise SetupError(f"{ended[0]} ended while starting; its last lines above say why")
        stop.wait(0.1)
    raise SetupError(f"{url} did not answer within {READY_WITHIN_S:.0f} s; the log above says what the processes were waiting for")


def is_answering(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 — our own loopback address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def stop_on_signals() -> Event:
    """An event that Ctrl-C and SIGTERM set."""
    stop = Event()

    def ask_to_stop(_number: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGINT, ask_to_stop)
    signal.signal(signal.SIGTERM, ask_to_stop)
    return stop


class Stopped(Exception):
    """A stop was asked for before everything ran. Nothing went wrong."""


def go_on_unless(stop: Event) -> None:
    """Between the steps of setting up, and while waiting for one. Raises Stopped: whoever began something puts it away then.

    Not raised by the signal's handler itself: Python drops what a handler raises in some places, as at a fork, and would go on.
    """
    if stop.is_set():
        raise Stopped


@contextmanager
def quiet_when_stopped() -> Iterator[None]:
    try:
        yield
    except Stopped:
        log.info("stopped while starting")
