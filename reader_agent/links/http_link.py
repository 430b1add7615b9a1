"""A reader's own HTTP server: it is told to read, and streams what it sees line by line. The agent's one door to httpx2.

Whoever only listens notices nothing of a reader that has died, so a silent one is asked for its status. That also tells when somebody
else has ended the inventory: the stream of an idle reader looks like that of an empty street.
"""

import socket
import ssl
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import httpx2

from firmware_protocols.impinj_json.requests import (
    LISTEN_ONLY,
    HttpRequest,
    Visit,
    get_status,
    get_system,
    is_idle,
    model_of,
    stop_inventory,
)
from reader_agent.certificate_faults import speaks_no_tls
from reader_agent.door_address import HttpAddress
from reader_agent.errors import AgentError, LinkLost, ReaderRefused
from reader_agent.links.dead_peer import SOCKET_OPTIONS
from reader_agent.links.inbox import ListeningLink
from reader_agent.links.passwords import basic_authorization, password_of
from reader_agent.links.tls_link import context_for, why_no_handshake

OPEN_TIMEOUT_S = 2.0
ANSWER_S = 5.0  # an R700 needs a second or two to begin an inventory
ALIVE_S, LOOK_EVERY_S = 1.2, 0.6  # silent for one look, asked at the next: a dead reader is seen within three seconds
FAREWELL_S = 1.0
LONGEST_REQUEST_S = 5.0
SHOWN, MAX_BODY = 120, 64 << 10
NO_READER = "is the reader on and its network cable in?"
STOP = f"{stop_inventory().method} {stop_inventory().path}"
ASKED = httpx2.Timeout(ANSWER_S, connect=OPEN_TIMEOUT_S)
STREAMED = httpx2.Timeout(OPEN_TIMEOUT_S, read=None)


class HttpLink(ListeningLink):
    """The stream of one reader, and the requests that go with it."""

    def __init__(self, address: HttpAddress, visit: Visit = LISTEN_ONLY) -> None:
        """Sign in, let the reader begin, open its stream. Raises LinkLost, or ReaderRefused for what trying again will not mend."""
        super().__init__(address.base_url)
        self._address, self._visit = address, visit
        self._http, self._stream = _client(address), _client(address)
        self._closing, self._opened = Event(), Event()
        self._socket: socket.socket | None = None
        self._threads = [Thread(target=task, name=f"{task.__name__} {self._where}", daemon=True) for task in (self._pump, self._watch)]
        try:
            self.model = model_of(self._ask(get_system()))
            for request in visit.begin:
                self._ask(request)
            self._listen()
        except AgentError:
            self.close()
            raise

    def close(self) -> None:
        was_open, is_lost = self._opened.is_set(), self._inbox.is_ended
        self._closing.set()
        super().close()
        if was_open and not is_lost:
            with suppress(AgentError):  # it may be gone; the next visit begins with a stop
                for request in self._visit.end:
                    self._ask(request, httpx2.Timeout(FAREWELL_S))
        self._hang_up()
        # A socket that a thread still reads must not be closed: the next connection may get its number.
        for thread in self._threads:
            if thread.is_alive():
                thread.join(LONGEST_REQUEST_S)
        self._stream.close()
        self._http.close()

    def _listen(self) -> None:
        """A reader may keep back its answer until it has something to tell; so one that is slow is not waited for."""
        for thread in self._threads:
            thread.start()
        self._opened.wait(OPEN_TIMEOUT_S)
        if not self._inbox.received:  # what came before the end is read first
            self._inbox.raise_if_ended()

    def _pump(self) -> None:
        try:
            extensions = {**_extensions(self._address), "trace": self._note_socket}
            with self._stream.stream("GET", self._address.path, timeout=STREAMED, extensions=extensions) as response:
                self._check(f"GET {self._address.path}", response)
                self._opened.set()
                for piece in response.iter_raw():
                    if not self._inbox.put_in_time(piece):
                        return
            self._inbox.end(LinkLost(self._where, "the reader ended its stream"))
        except AgentError as error:
            self._inbox.end(error)
        except (
            httpx2.HTTPError,
            httpx2.StreamError,
            OSError,
            ValueError,
        ) as error:  # ValueError: of a socket that we have closed ourselves
            self._inbox.end(LinkLost(self._where, f"the stream broke ({_reason(error)})"))
        finally:
            self._opened.set()

    def _watch(self) -> None:
        before = -1
        while not self._closing.wait(LOOK_EVERY_S):
            if self._inbox.received == before:
                self._ask_alive()
            before = self._inbox.received

    def _ask_alive(self) -> None:
        try:
            answer = self._ask(get_status(), httpx2.Timeout(ALIVE_S), is_only_life=True)
        except AgentError as error:
            self._lose(error)
            return
        if self._visit.begin and is_idle(answer):
            self._lose(LinkLost(self._where, "the reader has stopped reading; somebody else has ended its inventory"))

    def _lose(self, reason: AgentError) -> None:
        self._inbox.end(reason)
        self._hang_up()

    def _ask(self, request: HttpRequest, timeout: httpx2.Timeout = ASKED, *, is_only_life: bool = False) -> bytes:
        """The body of its answer. Raises LinkLost or ReaderRefused; where only life is asked for, an error of its own proves that, too."""
        asked = f"{request.method} {request.path}"
        try:
            with self._http.stream(
                request.method, request.path, json=request.body, timeout=timeout, extensions=_extensions(self._address)
            ) as response:
                if not is_only_life or response.status_code in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
                    self._check(asked, response)
                return _body_of(response)
        except httpx2.TimeoutException as error:
            raise LinkLost(self._where, f"no answer to {asked}; {NO_READER}") from error
        except (httpx2.HTTPError, RuntimeError) as error:  # RuntimeError: httpx2's word for a client that was closed meanwhile
            raise LinkLost(self._where, self._why_no_connection(error)) from error

    def _check(self, asked: str, response: httpx2.Response) -> None:
        code = response.status_code
        if response.is_success or (code == httpx2.codes.CONFLICT and asked == STOP):  # where nothing ran
            return
        if code == httpx2.codes.UNAUTHORIZED:
            raise ReaderRefused(asked, f"{code}, {self._why_not_let_in()}")
        if code == httpx2.codes.FORBIDDEN:
            words = f"{code} {_in_words(_body_of(response))}".strip()
            raise ReaderRefused(asked, f"{words}; switch its interface from LLRP to IoT on its page, or let the account do that")
        if response.is_redirect:
            raise ReaderRefused(asked, f"it points to {response.headers.get('location', '')[:SHOWN]!r}; write that address as url")
        if code == httpx2.codes.NOT_FOUND:
            remedy = "switch its interface from LLRP to IoT on its page, bring its firmware up to date, or correct the address"
            raise ReaderRefused(asked, f"404, no such path there; {remedy}")
        if code == httpx2.codes.CONFLICT or response.is_server_error:
            raise LinkLost(self._where, f"{asked}: it answers {code}; it is busy or starting")
        raise ReaderRefused(asked, f"{code} {_in_words(_body_of(response))}".strip())

    def _why_not_let_in(self) -> str:
        if self._address.account is None:
            return "it wants an account; write ?account=root&password_file=/path/to/file after the address"
        return f"the account {self._address.account.name!r} or its password is wrong; correct them, or set them on the reader's page"

    def _why_no_connection(self, error: Exception) -> str:
        cause = _os_error_of(error)
        if isinstance(cause, ssl.SSLError) and self._address.tls:
            if speaks_no_tls(cause):
                return f"what answers there speaks no TLS; write http://{self._address.place} if the reader is set so"
            return why_no_handshake(cause, self._address.tls)
        return f"no connection ({_reason(error)}); {NO_READER}"

    def _note_socket(self, event: str, info: dict[str, Any]) -> None:
        """httpx2 tells each step of the stream's own connection: the socket, and the one that TLS makes of it."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._socket = info["return_value"].get_extra_info("socket")
            if self._closing.is_set():
                self._hang_up()

    def _hang_up(self) -> None:
        """A thread that waits for the stream is not woken by less."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _client(address: HttpAddress) -> httpx2.Client:
    """One that looks neither at proxies nor at .netrc: a reader is next door, and its password is for it alone."""
    # Compressed lines would come in blocks, late.
    headers = {"Accept-Encoding": "identity", "User-Agent": "ebike-agent"}
    if address.account:
        headers["Authorization"] = basic_authorization(address.account.name, password_of(address.account, address.base_url))
    verify = context_for(address.tls, "https") if address.tls else True
    transport = httpx2.HTTPTransport(verify=verify, trust_env=False, socket_options=SOCKET_OPTIONS)
    return httpx2.Client(base_url=address.base_url, headers=headers, trust_env=False, transport=transport)


def _extensions(address: HttpAddress) -> dict[str, str]:
    """Which name the certificate is to bear, where that is not the host that is dialled."""
    return {"sni_hostname": address.tls.name} if address.tls and address.tls.name else {}


def _os_error_of(error: BaseException | None) -> OSError | None:
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error


def _reason(error: Exception) -> str:
    cause = _os_error_of(error)
    return (cause.strerror if cause else None) or str(error) or type(error).__name__


def _body_of(response: httpx2.Response) -> bytes:
    """As much of it as any answer of a reader is long."""
    body = bytearray()
    for piece in response.iter_raw():
        body += piece
        if len(body) > MAX_BODY:
            break
    return bytes(body)


def _in_words(body: bytes) -> str:
    return ascii(" ".join(body.decode("utf-8", errors="replace").split())[:SHOWN])[1:-1]
