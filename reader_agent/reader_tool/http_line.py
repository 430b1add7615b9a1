"""The simulated reader's own HTTP server: its REST interface, and the stream of its events to every host that asks for it."""

import json
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any, NamedTuple

from firmware_protocols.impinj_json.requests import STREAM_PATH
from firmware_protocols.simulators.r700_rest import HttpAnswer
from reader_agent.links.passwords import basic_authorization
from reader_agent.reader_tool.lines import CHUNK, RESET

MOST_WAITING = 10_000
END = b""
POLL_S = 0.05
NOBODY_ANSWERS_S = 60.0
NO_CONTENT, BAD_REQUEST, UNAUTHORIZED, NOT_ALLOWED, NOT_IMPLEMENTED = 204, 400, 401, 405, 501
LONGEST_LINE = 1024
Rest = Callable[[str, str, bytes], HttpAnswer | None]
"""Method, path and body to an answer; None: none is given."""


class _Asked(NamedTuple):
    method: str
    path: str
    body: bytes
    answer: Queue[HttpAnswer]


class Account(NamedTuple):
    name: str
    password: str

    @property
    def token(self) -> str:
        return basic_authorization(self.name, self.password)


class HttpLine:
    """Requests are answered by `rest` in the thread that calls `receive`, as everything else of the simulation is done there."""

    def __init__(self, place: tuple[str, int], account: Account | None, certificate: Path | None) -> None:
        """`certificate`: PEM, with its key; None for plain HTTP. Raises OSError where port or file cannot be used."""
        self._place, self.account, self._certificate = place, account, certificate
        self.rest: Rest = lambda *_: None
        self.asked: Queue[_Asked] = Queue()
        self.streams: list[Queue[bytes]] = []
        self._server: _Server | None = None
        self.plug_in()

    @property
    def place(self) -> str:
        """As a host is to be given it, but for the account."""
        host, port = self._place
        return f"https://{host}:{port}?ca={self._certificate}" if self._certificate else f"http://{host}:{port}"

    def handles(self) -> list[int]:
        return []

    def receive(self) -> bytes:
        """Nothing for the reader itself: what is asked is answered here."""
        with suppress(Empty):
            while True:
                asked = self.asked.get_nowait()
                answer = self.rest(asked.method, asked.path, asked.body)
                if answer is not None:
                    asked.answer.put(answer)
        return b""

    def send(self, data: bytes) -> bytes:
        for stream in self.streams:
            with suppress(Full):
                stream.put_nowait(data)
        return b""

    @property
    def is_up(self) -> bool:
        return bool(self.streams)

    @property
    def is_drained(self) -> bool:
        return all(stream.empty() for stream in self.streams)

    def plug_in(self) -> None:
        self._server = _Server(self._place, self, _context(self._certificate))
        self._place = (self._place[0], int(self._server.server_address[1]))
        Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True).start()

    def unplug(self) -> None:
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()
            server.reset_all()

    def close(self) -> None:
        for stream in self.streams:
            stream.put(END)
        self.unplug()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, place: tuple[str, int], line: HttpLine, context: ssl.SSLContext | None) -> None:
        self.line, self._context = line, context
        self._connections: set[socket.socket] = set()
        super().__init__(place, _Host)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, client = super().get_request()
        if self._context:  # the handshake is the host's own thread's: it may take its time
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._connections.add(connection)
        return connection, client

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def reset_all(self) -> None:
        """Whoever waits on them wakes up."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for stream in self.line.streams:
            stream.put(END)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A host that hung up, or did not trust us."""


class _Host(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "simulated-reader", ""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, _format: str, *_args: object) -> None:
        """Standard output tells what happens, standard error nothing."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 — the library's
        """What the library refuses by itself is refused in the reader's form, too: a request that is none, and methods not named here."""
        self.close_connection = True
        status = NOT_ALLOWED if code == NOT_IMPLEMENTED else code
        self._answer(HttpAnswer(status, json.dumps({"message": message or "this is no HTTP request"}).encode("ascii")), {})

    def _serve(self) -> None:
        try:
            body = self._body()
        except ValueError:
            self.send_error(BAD_REQUEST, "the body is not as long as it says")
            return
        line = self.server.line
        if line.account and self.headers.get("Authorization") != line.account.token:
            self._answer(HttpAnswer(UNAUTHORIZED), {"WWW-Authenticate": 'Basic realm="simulated reader"'})
        elif (self.command, self.path.partition("?")[0]) == ("GET", STREAM_PATH):
            self._stream()
        else:
            asked = _Asked(self.command, self.path, body, Queue(1))
            line.asked.put(asked)
            try:
                self._answer(asked.answer.get(timeout=NOBODY_ANSWERS_S), {})
            except Empty:
                self.close_connection = True

    def _body(self) -> bytes:
        """Some hosts send it in chunks, without a length (.NET's; RFC 9112, 7.1). Raises ValueError."""
        if not self.headers.get("Transfer-Encoding"):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = bytearray()
        while size := int(self.rfile.readline(LONGEST_LINE).partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline(LONGEST_LINE)
        while self.rfile.readline(LONGEST_LINE).strip():
            pass
        return bytes(body)

    def _answer(self, answer: HttpAnswer, headers: dict[str, str]) -> None:
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.body:
            self.send_header("Content-Type", "application/json")
        if answer.status != NO_CONTENT:  # RFC 9110, 8.6
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _stream(self) -> None:
        pieces: Queue[bytes] = Queue(MOST_WAITING)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.server.line.streams.append(pieces)
        try:
            while piece := pieces.get()[:CHUNK]:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        finally:
            self.server.line.streams.remove(pieces)
            self.close_connection = True


def _context(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
