"""The reader's tool and smart readers: who is found behind a door, and which doors can be played."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reader_agent.reader_tool.commands import app
from tests.reader_agent.fakes import Broker, free_port
from tests.reader_agent.simulator import SimulatorProcess

Play = Callable[[Broker, Path], tuple[list[str], str]]
"""How the simulator is to play, and where the tool is to look."""


def over_https(_broker: Broker, folder: Path) -> tuple[list[str], str]:
    return ["impinj-json", "--http", "127.0.0.1:0", "--cert", str(folder / "r700.pem")], ""


def over_mqtt(broker: Broker, _folder: Path) -> tuple[list[str], str]:
    return ["zebra-json", "--mqtt", f"{broker.url}/fx1"], f"{broker.url}/#"


def by_webhook(_broker: Broker, _folder: Path) -> tuple[list[str], str]:
    port = free_port()
    return ["impinj-json", "--post", f"http://127.0.0.1:{port}/gate"], f"webhook://127.0.0.1:{port}/gate"


@pytest.mark.parametrize(
    ("play", "family", "model"),
    [
        pytest.param(over_https, "impinj-json", "R700 37000000000", id="https"),
        pytest.param(over_mqtt, "zebra-json", "it reports tags unasked", id="mqtt"),
        pytest.param(by_webhook, "impinj-json", "it reports tags unasked", id="webhook"),
    ],
)
def test_probe_names_what_is_behind_a_door(broker: Broker, tmp_path: Path, play: Play, family: str, model: str) -> None:
    broker.start()
    options, url = play(broker, tmp_path)
    simulator = SimulatorProcess(*options)
    simulator.enter()
    done = CliRunner().invoke(app, ["probe", url or simulator.place, "--json"])
    assert simulator.stop() == 0
    assert done.exit_code == 0
    assert json.loads(done.stdout)["found"] == {"family": family, "baud": None, "model": model}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("https://127.0.0.1:1", "no connection (Connection refused); is the reader on", id="nobody there"),
        pytest.param("https://root:impinj@127.0.0.1:1", "a URL is shown in logs and holds no password", id="a password in the URL"),
        pytest.param("webhook://192.0.2.1:8081/x", "write an address of this computer", id="an address of another computer"),
    ],
)
def test_probe_says_what_is_wrong(url: str, says: str) -> None:
    done = CliRunner().invoke(app, ["probe", url])
    assert done.exit_code != 0
    assert says in done.stderr.replace("\n", " ")
    assert "impinj@" not in done.stderr.replace(url, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["zebra-json", "--http", "127.0.0.1:0"], "--http: only impinj-json readers have such a server", id="no such server"),
        pytest.param(["r2000", "--mqtt", "mqtt://broker/t"], "only impinj-json and zebra-json readers send messages", id="a board"),
        pytest.param(["impinj-json", "--http", "h:1", "--mqtt", "mqtt://b/t"], "write one of --http, --mqtt and --post", id="two doors"),
        pytest.param(["impinj-json", "--http", "8080"], "write HOST:PORT", id="no host"),
        pytest.param(["impinj-json", "--http", "192.0.2.1:0"], "choose another port", id="no such address"),
        pytest.param(["impinj-json", "--mqtt", "mqtt://broker"], "the reader's topic is missing", id="no topic"),
        pytest.param(["impinj-json", "--mqtt", "mqtt://broker/+"], "with one topic", id="a filter"),
        pytest.param(["impinj-json", "--post", "ftp://h/x"], "write http://HOST:PORT/PATH", id="no http"),
        pytest.param(["impinj-json", "--http", "127.0.0.1:0", "--account", "root"], "both --account and --password-file", id="no password"),
    ],
)
def test_a_door_that_cannot_be_played_is_refused_with_what_to_write(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(app, ["simulate", *arguments])
    assert done.exit_code == 2
    assert says in done.stderr.replace("\n", " ")


def ask(place: str, *head: str, body: bytes = b"") -> tuple[int, bytes, bytes]:
    """Status, head and body of the answer to a request as it is written."""
    host, port = place.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall("\r\n".join([*head, "Connection: close", "", ""]).encode() + body)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    told, _, rest = answer.partition(b"\r\n\r\n")
    return int(told.split()[1]), told, rest


START = "POST /api/v1/profiles/inventory/start HTTP/1.1"
PROFILE = b'{"antennaConfigs":[{"antennaPort":1,"transmitPowerCdbm":3000}]}'


def test_the_played_server_takes_requests_as_other_hosts_write_them() -> None:
    reader = SimulatorProcess("impinj-json", "--http", "127.0.0.1:0")
    chunks = b"%x;of=two\r\n%s\r\n%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (20, PROFILE[:20], len(PROFILE) - 20, PROFILE[20:])
    status, head, _ = ask(reader.place, START, "Transfer-Encoding: chunked", body=chunks)
    assert status == 204
    assert b"Content-Length" not in head
    for request, refused in (("PATCH /api/v1/status", 405), ("HEAD /api/v1/status", 405), ("DELETE /api/v1/status", 405), ("GET /x", 404)):
        status, head, body = ask(reader.place, f"{request} HTTP/1.1")
        assert (status, b"application/json" in head) == (refused, True)
        assert body == b"" if request.startswith("HEAD") else json.loads(body)["message"]
    for length in ("Content-Length: much", "Transfer-Encoding: chunked"):
        status, _, body = ask(reader.place, START, length, body=b"zz\r\n")
        assert (status, json.loads(body)) == (400, {"message": "the body is not as long as it says"})
    assert reader.stop() == 0
