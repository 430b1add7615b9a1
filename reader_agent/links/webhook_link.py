"""A reader that posts what it sees to us: a small HTTP listener for it alone. The agent's one door to http.server."""

import errno
import socket
import ssl
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from typing import Any

import structlog

from firmware_protocols.json_lines import MAX_LINE, line_of
from reader_agent.door_address import WebhookAddress
from reader_agent.errors import LinkLost, PortHeld
from reader_agent.links.dead_peer import SOCKET_OPTIONS
from reader_agent.links.inbox import Inbox, ListeningLink
from reader_agent.links.passwords import basic_authorization, password_of

MAX_BODY = MAX_LINE - 1  # with its line end, the longest line
MAX_CHUNK_HEAD = 64
MAX_CONNECTIONS = 16  # a reader has one, or a few; whoever holds more keeps it out
IDLE_S = 30.0
POLL_S = 0.05
log = structlog.get_logger()


class WebhookLink(ListeningLink):
    """Each body is one line. The link stands while the listener does; that the reader has fallen silent is for others to notice."""

    def __init__(self, address: WebhookAddress) -> None:
        """Listen. Raises PortHeld, or LinkLost for an address that is none of this computer's."""
        super().__init__(address.url)
        token, context = _token(address), _context(address)
        try:
            self._server = _Listener(address, self._inbox, token, context)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortHeld(address.place, None) from error
            remedy = "write an address of this computer, or 0.0.0.0 for all of them, and a port above 1023"
            raise LinkLost(self._where, f"cannot listen there ({error.strerror or error}); {remedy}") from error
        self._thread = Thread(target=self._server.serve_forever, args=(POLL_S,), name=f"webhook {address.place}", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The one that was taken, where the address left it open with 0."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Whoever posts on a connection that is still open is told to come again."""
        super().close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Refusal(Exception):
    """Why a post is not taken."""

    def __init__(self, status: HTTPStatus, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 2 * MAX_CONNECTIONS  # who comes in a crowd is told at once, not after the second that TCP waits to knock again

    def __init__(self, address: WebhookAddress, inbox: Inbox, token: bytes | None, context: ssl.SSLContext | None) -> None:
        self.path, self.inbox, self.token, self._context = address.path, inbox, token, context
        self._room = BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        super().__init__((address.host, address.port), _Post)

    def server_bind(self) -> None:
        """Without the look-up of our own name that the library makes, which takes seconds where no name server is."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, client = super().get_request()
        if self._context:  # the handshake is made in the connection's own thread: one that is slow keeps nobody waiting
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, client

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 — the library's
        """Somebody hung up in the middle of a word."""
        log.info("webhook_broken_off", client=client_address[0])


class _Post(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "ebike-agent", ""
    timeout = IDLE_S

    def setup(self) -> None:
        for option in SOCKET_OPTIONS:
            self.request.setsockopt(*option)
        super().setup()

    def do_POST(self) -> None:
        try:
            self._check()
            self._take(self._body())
        except _Refusal as refusal:
            self._refuse(refusal)
        else:
            self._answer(HTTPStatus.NO_CONTENT, b"", {})

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 — the library's
        """What the library refuses by itself: a request that is none, and every method but POST."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._refuse(_Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{self.command[:20]!a}: events are sent by POST", Allow="POST"))
        else:
            self._refuse(_Refusal(HTTPStatus(code), message or "this is no HTTP request"))

    def _check(self) -> None:
        path = self.path.partition("?")[0]
        if path != self.server.path:
            raise _Refusal(HTTPStatus.NOT_FOUND, f"nothing is taken at {path[:80]!a}; correct the path that is set on the reader")
        token = self.server.token
        if token is not None and not compare_digest(self.headers.get("Authorization", "").encode("latin-1", "replace"), token):
            wanted = "sign in by Basic authentication with the account that the agent's configuration names"
            raise _Refusal(HTTPStatus.UNAUTHORIZED, wanted, **{"WWW-Authenticate": 'Basic realm="ebike-agent", charset="UTF-8"'})

    def _take(self, body: bytes) -> None:
        if not self.server.inbox.put(line_of(body)):
            raise _Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "no room for more just now; post it again", **{"Retry-After": "1"})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
            return self._chunks()
        length = self.headers.get("Content-Length")
        if length is None:
            raise _Refusal(HTTPStatus.LENGTH_REQUIRED, "say with Content-Length how long the body is")
        if not (length.isascii() and length.isdecimal()):
            raise _Refusal(HTTPStatus.BAD_REQUEST, "Content-Length is no number")
        if len(length) > len(str(MAX_BODY)) or int(length) > MAX_BODY:
            raise _too_large()
        return self._read(int(length))

    def _chunks(self) -> bytes:
        """RFC 9112, 7.1."""
        body = bytearray()
        while size := self._chunk_size():
            if len(body) + size > MAX_BODY:
                raise _too_large()
            body += self._read(size)
            if self._read(2) != b"\r\n":
                raise _Refusal(HTTPStatus.BAD_REQUEST, "a chunk of the body is not as long as it says")
        for _ in range(MAX_CHUNK_HEAD):
            if not self.rfile.readline(MAX_CHUNK_HEAD * 16).strip():
                return bytes(body)
        raise _Refusal(HTTPStatus.BAD_REQUEST, "too many trailers after the body")

    def _chunk_size(self) -> int:
        digits = self.rfile.readline(MAX_CHUNK_HEAD).partition(b";")[0].strip()
        try:
            return int(digits, 16) if digits.isalnum() else int("", 16)
        except ValueError:
            raise _Refusal(HTTPStatus.BAD_REQUEST, "a chunk of the body begins without its size") from None

    def _read(self, count: int) -> bytes:
        data = self.rfile.read(count)
        if len(data) != count:
            raise ConnectionError("the body ended early")
        return data

    def _refuse(self, refusal: _Refusal) -> None:
        if not self.server.inbox.is_ended:  # after the end it is no news
            log.warning("webhook_refused", client=self.client_address[0], status=int(refusal.status), reason=refusal.text)
        self.close_connection = True  # its body was not read
        headers = {"Connection": "close", "Content-Type": "text/plain; charset=utf-8", **refusal.headers}
        self._answer(refusal.status, f"{refusal.text}\n".encode(), headers)

    def _answer(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, _format: str, *_args: object) -> None:
        """What is refused is logged where it is refused, and nothing else."""


def _too_large() -> _Refusal:
    return _Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body of at most {MAX_BODY} bytes is taken; let the reader send fewer events at a time"
    )


def _token(address: WebhookAddress) -> bytes | None:
    if address.account is None:
        return None
    return basic_authorization(address.account.name, password_of(address.account, address.url)).encode("ascii")


def _context(address: WebhookAddress) -> ssl.SSLContext | None:
    if address.cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(address.cert, password=lambda: b"")  # never ask at a terminal
    except OSError as error:
        reason = "holds something else" if isinstance(error, ssl.SSLError) else error.strerror
        remedy = "give the path of a PEM file with a certificate and its key, without a password"
        raise LinkLost(address.url, f"cert={address.cert}: {reason}; {remedy}") from error
    return context
