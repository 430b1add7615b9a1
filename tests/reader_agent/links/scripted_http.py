"""An HTTP server that answers as a test says, on a real socket: what an R700 may do that the simulated one does not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from firmware_protocols.impinj_json.requests import BASE, STREAM_PATH

SYSTEM = {"productModel": "R700", "serialNumber": "370-10-15-0036"}


@dataclass
class Script:
    """Status of each path; what the stream says; then it ends, or waits until the test is over."""

    statuses: dict[str, int] = field(default_factory=dict)
    pieces: tuple[bytes, ...] = ()
    ends: bool = False
    is_late: bool = False
    """The stream's answer begins with its first line, and there is none."""
    reading: str = "running"
    location: str = ""
    over: Event = field(default_factory=Event)
    asked: list[tuple[str, str, dict[str, object] | None]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: Script) -> None:
        self.script = script
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A host that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, _format: str, *_args: object) -> None:
        """The test says what is wrong."""

    def _serve(self) -> None:
        script = self.server.script
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        script.asked.append((self.command, self.path, json.loads(body) if body else None))
        script.headers.append(dict(self.headers))
        status = script.statuses.get(self.path, 200)
        if self.path == STREAM_PATH and status == 200:
            self._stream(script)
        else:
            self._answer(script, status)

    def _answer(self, script: Script, status: int) -> None:
        told: dict[str, str] = {f"{BASE}/system": SYSTEM, f"{BASE}/status": {"status": script.reading}}.get(self.path, {})
        text = json.dumps(told).encode() if status == 200 else b"no such field: fastId\n"
        self.send_response(status)
        if script.location:
            self.send_header("Location", script.location)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _stream(self, script: Script) -> None:
        if script.is_late:
            script.over.wait(20)
        self.send_response(200)
        self.end_headers()  # neither length nor chunks: it ends with the connection
        for piece in script.pieces:
            self.wfile.write(piece)
        self.close_connection = True
        if not script.ends:
            script.over.wait(20)


@contextmanager
def serving(script: Script) -> Iterator[int]:
    """Gives the port."""
    with _Server(script) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield int(server.server_address[1])
        script.over.set()
        server.shutdown()
        thread.join()
