"""A desk's surroundings, as real as they can be on one machine: an HTTP registry and a simulated reader on TCP ports."""

import json
import os
import select
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Self

from firmware_protocols.simulators import CLEAN_AIR, LineFaults, ReaderOptions, SimulatedTag, TagField, simulator_for
from schemas.orders import EncodedTag, EncodingFailure, EncodingJob, decode_order, encode_order

TOKEN = "desk-token"
WITHIN_S = 20.0


@dataclass
class Registry:
    """What the office holds, and how it behaves."""

    jobs: list[EncodingJob] = field(default_factory=list)
    encoded: list[EncodedTag] = field(default_factory=list)
    failed: list[EncodingFailure] = field(default_factory=list)
    alive: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0
    refuse_encoded: str = ""
    """Not empty: reports of tags are answered 409 with this."""
    is_away: bool = False
    """Every request is answered by a broken connection."""
    loses_reports: bool = False
    """Reports are neither stored nor answered: the network is gone."""
    reports_tried: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_until(self, is_true: Callable[[Self], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: is_true(self), WITHIN_S), self

    def set(self, **what: object) -> None:
        with self.changed:
            for name, value in what.items():
                setattr(self, name, value)
            self.changed.notify_all()

    def answer(self, path: str, body: bytes) -> tuple[int, bytes] | None:
        """Status and body; None breaks the connection."""
        with self.changed:
            try:
                return self._answer(path, body)
            finally:
                self.changed.notify_all()

    def _answer(self, path: str, body: bytes) -> tuple[int, bytes] | None:
        if self.is_away:
            return None
        if path == "/desk/v1/jobs/next":
            self.asked += 1
            return (200, encode_order(self.jobs[0])) if self.jobs else (204, b"")
        if path == "/desk/v1/alive":
            self.alive.append(json.loads(body))
            return 204, b""
        return self._take_report(path, body)

    def _take_report(self, path: str, body: bytes) -> tuple[int, bytes] | None:
        self.reports_tried += 1
        if self.loses_reports:
            return None
        if path.endswith("/encoded"):
            if self.refuse_encoded:
                return 409, json.dumps({"detail": self.refuse_encoded}).encode()
            self.encoded.append(decode_order(EncodedTag, body))
        else:
            self.failed.append(decode_order(EncodingFailure, body))
        job = int(path.split("/")[4])
        self.jobs = [waiting for waiting in self.jobs if waiting.job != job]
        return 204, b""


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            answer = registry.answer(self.path, body) if is_known else (401, b'{"detail": "who are you?"}')
            if answer is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, text = answer
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None: ...

    return Handler


@contextmanager
def serving(registry: Registry) -> Iterator[str]:
    """The registry's URL while it serves."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(registry))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(WITHIN_S)
        server.server_close()


class ReaderOnTcp:
    """A simulated reader behind a TCP port, one connection at a time, in real time. `open_pty` gives it a serial port as well."""

    def __init__(self, family: str = "m100", faults: LineFaults | None = None, address: int | None = None) -> None:
        self.family = family
        self.tags = TagField(Random(5), CLEAN_AIR)
        self._reader = simulator_for(family, self.tags, Random(7), faults=faults or LineFaults(), options=ReaderOptions(address=address))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._stop, self._unplug = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(WITHIN_S)
        self._listener.close()

    def put(self, *tags: SimulatedTag) -> None:
        with self._lock:
            for tag in tags:
                self.tags.enter(tag, enters_s=0.0)

    def take(self, tag: SimulatedTag) -> None:
        with self._lock:
            self.tags.remove(tag.tid)

    @contextmanager
    def open_pty(self) -> Iterator[str]:
        """The URL of a serial port behind which this reader answers, instead of on TCP."""
        master, slave = os.openpty()
        tty.setraw(slave)
        thread = threading.Thread(
            target=self._serve_bytes, args=(master, lambda: os.read(master, 4096), lambda data: os.write(master, data))
        )
        thread.start()
        try:
            yield f"serial://{os.ttyname(slave)}?baud=115200"
        finally:
            self._unplug.set()
            thread.join(WITHIN_S)
            os.close(master)
            os.close(slave)

    def unplug(self) -> None:
        """The connection breaks; the next one is taken again."""
        self._unplug.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            if select.select([self._listener], [], [], 0.02)[0]:
                connection, _ = self._listener.accept()
                with connection:
                    self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        self._serve_bytes(connection.fileno(), lambda: connection.recv(4096), connection.sendall)

    def _serve_bytes(self, handle: int, read: Callable[[], bytes], write: Callable[[bytes], object]) -> None:
        self._unplug.clear()
        while not self._stop.is_set() and not self._unplug.is_set():
            try:
                if select.select([handle], [], [], 0.002)[0]:
                    data = read()
                    if not data:
                        return
                    self._reader.receive_data(data)
                with self._lock:
                    writes = self._reader.advance(time.monotonic())
                for said in writes:
                    write(said)
            except OSError:
                return
