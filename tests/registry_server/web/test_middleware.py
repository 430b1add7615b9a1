"""What holds for every request, whatever the route."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse
from starlette.types import Message

from registry_server.app import create_app
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.secrets_box import SecretsBox
from registry_server.web.middleware import MAX_BODY_BYTES, host_name
from tests.registry_server.conftest import HOST, Browser, SetClock


@pytest.fixture
def swallowing(app: FastAPI) -> FastAPI:
    @app.post("/swallow")
    async def swallow(request: Request) -> int:
        return len(await request.body())

    return app


@pytest.mark.parametrize(
    ("size", "status"), [pytest.param(MAX_BODY_BYTES, 200, id="just allowed"), pytest.param(MAX_BODY_BYTES + 1, 413, id="one byte more")]
)
def test_a_body_is_bounded_by_its_declared_length(size: int, status: int, swallowing: FastAPI, anybody: Browser) -> None:
    assert anybody.client.post("/swallow", content=b"x" * size).status_code == status


def test_a_body_without_a_length_is_cut_while_it_streams(swallowing: FastAPI, anybody: Browser) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 10 * MAX_BODY_BYTES:
            sent += 65536
            yield b"x" * 65536

    answer = anybody.client.post("/swallow", content=endless())
    assert answer.status_code == 413
    assert "ফাইলটি খুব বড়" in answer.text


@pytest.mark.parametrize("length", [b"-1", b"many", b"\xb2", b"9" * 5000], ids=["negative", "a word", "no digit", "endless"])
def test_a_senseless_length_does_no_harm(length: bytes, swallowing: FastAPI, anybody: Browser) -> None:
    answer = anybody.client.post("/swallow", content=b"x", headers=[(b"content-length", length)])
    assert answer.status_code in {200, 400}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("localhost", 200, id="this machine"),
        pytest.param("LOCALHOST:8000", 200, id="with a port, in capitals"),
        pytest.param("bikes.khulna.example", 200, id="the public name"),
        pytest.param("192.0.2.7:8000", 200, id="an address in the office"),
        pytest.param("[2001:db8::7]:8000", 200, id="IPv6"),
        pytest.param("evil.example", 421, id="a stranger's name"),
        pytest.param("localhost.evil.example", 421, id="a name that begins like ours"),
        pytest.param("", 421, id="none"),
    ],
)
def test_only_known_names_are_served(
    host: str, status: int, settings: Settings, seeded: Database, clock: SetClock, secrets: SecretsBox
) -> None:
    from starlette.testclient import TestClient  # noqa: PLC0415 — one app of its own

    app = create_app(settings.model_copy(update={"public_host": "bikes.khulna.example"}), seeded, clock, secrets)
    with TestClient(app, base_url=HOST) as client:
        assert client.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("host", "name"), [("a.b:80", "a.b"), ("A.B", "a.b"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("::1", "::1"), ("", "")]
)
def test_the_name_of_a_host(host: str, name: str) -> None:
    assert host_name(host) == name


def test_over_https_the_cookie_is_bound_to_the_host_and_browsers_stay_with_https(
    settings: Settings, seeded: Database, clock: SetClock, secrets: SecretsBox
) -> None:
    from starlette.testclient import TestClient  # noqa: PLC0415 — one app of its own

    app = create_app(settings.model_copy(update={"cookie_secure": True}), seeded, clock, secrets)
    with TestClient(app, base_url="https://localhost", follow_redirects=False) as client:
        browser = Browser(client, "kcc.magistrate", {"Origin": "https://localhost"})
        answer = browser.sign_in()
        assert answer.headers["set-cookie"].startswith("__Host-ebike=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "Path=/;" in answer.headers["set-cookie"]
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        assert browser.get("/").status_code == 200


def test_pages_are_compressed(anybody: Browser) -> None:
    assert anybody.get("/sign-in", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"


def test_a_live_stream_is_neither_compressed_nor_held_back(app: FastAPI) -> None:
    """The first event is out before the second is made."""
    heard: list[bytes] = []

    async def events() -> AsyncIterator[bytes]:
        yield b"data: one\n\n"
        assert heard == [b"data: one\n\n"]
        yield b"data: two\n\n"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(events(), media_type="text/event-stream")

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert b"content-encoding" not in dict(message["headers"])
        elif message.get("body"):
            heard.append(message["body"])

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"host", b"localhost"), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": "GET", "path": "/stream", "raw_path": b"/stream", "query_string": b"", "headers": headers}
    whole = {**scope, "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "scheme": "http", "root_path": ""}
    asyncio.run(app({**whole, "server": ("localhost", 80), "client": ("127.0.0.1", 1), "state": {}}, receive, send))
    assert heard == [b"data: one\n\n", b"data: two\n\n"]


def test_a_compressed_page_is_whole(anybody: Browser) -> None:
    with anybody.client.stream("GET", "/sign-in", headers={"Accept-Encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())).decode().rstrip().endswith("</html>")
