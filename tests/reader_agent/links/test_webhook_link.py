"""A listener that a reader posts to: what is taken, and what the others are told."""

import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from time import monotonic

import pytest

from reader_agent.clock import SystemClock
from reader_agent.door_address import Account, WebhookAddress
from reader_agent.errors import LinkLost, PortHeld
from reader_agent.links.inbox import Inbox
from reader_agent.links.open_link import open_link
from reader_agent.links.webhook_link import MAX_BODY, MAX_CONNECTIONS, WebhookLink
from reader_agent.reader_tool.tls_line import make_certificate

ANYWHERE = WebhookAddress("127.0.0.1", 0, "/gate-3")


@pytest.fixture
def link() -> Iterator[WebhookLink]:
    link = WebhookLink(ANYWHERE)
    yield link
    link.close()


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookLink]:
    monkeypatch.setenv("GATE_3", "pässword")
    link = WebhookLink(replace(ANYWHERE, account=Account("gate-3", password_env="GATE_3")))
    yield link
    link.close()


def post(link: WebhookLink, body: bytes = b"{}", path: str = "/gate-3", method: str = "POST", **headers: str) -> tuple[int, str, str]:
    """Status, text, and the header that says what would be right."""
    with closing(HTTPConnection("127.0.0.1", link.port, timeout=10)) as connection:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        told = answer.headers.get("Allow") or answer.headers.get("WWW-Authenticate") or answer.headers.get("Retry-After") or ""
        return answer.status, answer.read().decode(), told


def raw(link: WebhookLink, data: bytes) -> bytes:
    """What the listener answers to bytes, up to its hanging up."""
    with socket.create_connection(("127.0.0.1", link.port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        heard = b""
        while piece := connection.recv(4096):
            heard += piece
        return heard


def test_each_body_is_one_line(link: WebhookLink) -> None:
    assert post(link, b'[\r\n{"a": 1},\n{"b": 2}]')[0] == 204
    assert post(link, b"")[0] == 204
    assert link.read(5.0) == b'[  {"a": 1}, {"b": 2}]\n\n'


def test_a_connection_is_kept_for_the_next_post(link: WebhookLink) -> None:
    with closing(HTTPConnection("127.0.0.1", link.port, timeout=10)) as connection:
        for number in range(3):
            connection.request("POST", "/gate-3?reader=7", b"%d" % number)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 204
    assert link.read(5.0) == b"0\n1\n2\n"


def test_a_body_in_chunks_is_taken_whole(link: WebhookLink) -> None:
    head = b"POST /gate-3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = raw(link, head + b'5;x=y\r\n{"a":\r\n2\r\n1}\r\n0\r\nTrailer: 1\r\n\r\n')
    assert b" 204 " in answer
    assert link.read(5.0) == b'{"a":1}\n'


@pytest.mark.parametrize(
    ("changes", "status", "says", "told"),
    [
        pytest.param({"path": "/gate-4"}, 404, "nothing is taken at '/gate-4'", "", id="another path"),
        pytest.param({"path": "/gate-3/"}, 404, "correct the path that is set on the reader", "", id="nearly the path"),
        pytest.param({"method": "GET"}, 405, "'GET': events are sent by POST", "POST", id="get"),
        pytest.param({"method": "PUT"}, 405, "'PUT': events are sent by POST", "POST", id="put"),
        pytest.param({"method": "BREW"}, 405, "events are sent by POST", "POST", id="no method of HTTP"),
        pytest.param({"Content_Length": str(MAX_BODY + 1)}, 413, f"at most {MAX_BODY} bytes", "", id="too long"),
        pytest.param({"Content_Length": "9" * 5000}, 413, f"at most {MAX_BODY} bytes", "", id="longer than any number"),
        pytest.param({"Content_Length": "-1"}, 400, "Content-Length is no number", "", id="a negative length"),
        pytest.param({"Content_Length": "١"}, 400, "Content-Length is no number", "", id="digits of another script"),
    ],
)
def test_what_is_not_taken_is_told_why(link: WebhookLink, changes: dict[str, str], status: int, says: str, told: str) -> None:
    if not all(value.isascii() for value in changes.values()):
        answer = raw(link, b"POST /gate-3 HTTP/1.1\r\nContent-Length: \xd9\xa1\r\n\r\n")
        assert f" {status} ".encode() in answer
        assert says.encode() in answer
        return
    assert (found := post(link, **changes))[0] == status  # type: ignore[arg-type]  # rows of a table
    assert says in found[1]
    assert found[2] == told
    assert link.read(0.05) == b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"POST /gate-3 HTTP/1.1\r\n\r\n", b" 411 ", id="no length"),
        pytest.param(b"\xbb\x00\x7e\r\n\r\n", b"Bad request", id="no HTTP"),
        pytest.param(b"POST /gate-3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", b" 400 ", id="no chunk"),
        pytest.param(b"POST /gate-3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", b" 400 ", id="a negative chunk"),
        pytest.param(b"POST /gate-3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", b" 413 ", id="a chunk without end"),
        pytest.param(b"POST /gate-3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n", b" 400 ", id="a longer chunk"),
        pytest.param(b"POST /gate-3 HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf", b"", id="half a body"),
        pytest.param(b"POST /gate-3 HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b" 431 ", id="too many headers"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_whatever_comes_the_listener_stands(link: WebhookLink, sent: bytes, status: bytes) -> None:
    assert status in raw(link, sent)
    assert post(link, b"next")[0] == 204
    assert link.read(5.0) == b"next\n"


@pytest.mark.parametrize(
    ("secret", "status"),
    [
        pytest.param("Basic " + b64encode("gate-3:pässword".encode()).decode(), 204, id="right"),
        pytest.param("Basic " + b64encode(b"gate-3:wrong").decode(), 401, id="a wrong password"),
        pytest.param("Bearer pässword".encode().decode("latin-1"), 401, id="another way"),
        pytest.param("", 401, id="none"),
    ],
)
def test_with_an_account_only_who_signs_in_is_heard(guarded: WebhookLink, secret: str, status: int) -> None:
    found = post(guarded, b"here", Authorization=secret)
    assert found[0] == status
    assert found[2].startswith("Basic realm") is (status == 401)
    assert guarded.read(0.5 if status == 401 else 5.0) == (b"" if status == 401 else b"here\n")


def test_with_a_certificate_it_is_https(tmp_path: Path) -> None:
    file = tmp_path / "agent.pem"
    file.write_bytes(make_certificate("127.0.0.1", SystemClock().now().utc))
    link = WebhookLink(replace(ANYWHERE, cert=file))
    with socket.create_connection(("127.0.0.1", link.port)):  # one that says nothing keeps nobody waiting
        context = ssl.create_default_context(cafile=file)
        with closing(HTTPSConnection("127.0.0.1", link.port, timeout=10, context=context)) as connection:
            connection.request("POST", "/gate-3", b"here")
            assert connection.getresponse().status == 204
    assert link.read(5.0) == b"here\n"
    link.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"no certificate", "agent.pem: holds something else; give the path of a PEM file", id="no certificate"),
        pytest.param(None, "agent.pem: No such file or directory; give the path", id="no file"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    file = tmp_path / "agent.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LinkLost, match=says):
        WebhookLink(replace(ANYWHERE, cert=file))


def test_when_there_is_no_room_the_reader_is_told_to_come_again(link: WebhookLink) -> None:
    link._inbox._capacity = 10
    assert post(link, b"12345678")[0] == 204
    assert post(link, b"12345678")[::2] == (503, "1")
    assert link.read(1.0) == b"12345678\n"
    assert post(link, b"12345678")[0] == 204


def test_after_the_end_nothing_is_taken_that_nobody_will_read(link: WebhookLink) -> None:
    with closing(HTTPConnection("127.0.0.1", link.port, timeout=10)) as connection:
        connection.request("POST", "/gate-3", b"1")
        connection.getresponse().read()
        link.close()
        connection.request("POST", "/gate-3", b"2")
        assert connection.getresponse().status == 503
    again = WebhookLink(replace(ANYWHERE, port=link.port))
    assert post(again, b"3")[0] == 204
    again.close()


def test_idle_connections_do_not_keep_a_reader_out_for_long(link: WebhookLink) -> None:
    with ExitStack() as idle:
        for _ in range(MAX_CONNECTIONS):
            idle.enter_context(socket.create_connection(("127.0.0.1", link.port)))
        assert raw_or_reset(link) == b""
    until_s = monotonic() + 10
    while raw_or_reset(link) == b"":
        assert monotonic() < until_s


def raw_or_reset(link: WebhookLink) -> bytes:
    try:
        return raw(link, b"POST /gate-3 HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
    except ConnectionError:
        return b""


def test_a_port_that_is_taken_is_named(link: WebhookLink) -> None:
    with pytest.raises(PortHeld, match=f"port 127.0.0.1:{link.port} is held by another process"):
        open_link(replace(ANYWHERE, port=link.port), 1)


def test_an_address_that_is_not_ours_is_refused_with_what_to_write() -> None:
    with pytest.raises(LinkLost, match=r"write an address of this computer, or 0\.0\.0\.0"):
        open_link(WebhookAddress("192.0.2.1", 8081, "/x"), 1)


def test_only_the_named_address_is_bound(link: WebhookLink) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", link.port), timeout=5)


def test_an_inbox_gives_what_came_before_the_end_and_then_the_reason() -> None:
    inbox = Inbox(capacity=4)
    assert inbox.put(b"abc")
    assert not inbox.put(b"de")
    inbox.end(LinkLost("here", "first"))
    inbox.end(LinkLost("here", "second"))
    assert not inbox.put(b"d")
    assert inbox.read(0.0) == b"abc"
    for _ in range(2):
        with pytest.raises(LinkLost, match="first"):
            inbox.read(0.0)
