"""What the processes say: one JSON object a line, and nothing of it personal."""

import json
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from registry_server.ports import free_port
from registry_server.processes import own_command
from registry_server.up import is_answering
from tests.journeys.test_up import running_up, wait_until

NID = "19901234567890123"


@contextmanager
def web(folder: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    subprocess.run(own_command("migrate", "--data-dir", str(folder)), check=True, capture_output=True, timeout=60)
    port = free_port()
    command = own_command("web", "--data-dir", str(folder), "--port", str(port))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert wait_until(lambda: is_answering(f"http://127.0.0.1:{port}/readyz"))
        yield port, process
    finally:
        process.kill()
        process.communicate()


def said_by(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    process.terminate()
    said, _ = process.communicate(timeout=30)
    return [json.loads(line) for line in said.splitlines()]


def test_what_fails_and_what_uvicorn_refuses_are_lines_for_a_program_without_what_was_asked_for(tmp_path: Path) -> None:
    with web(tmp_path) as (port, process):
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(b"no request at all\r\n\r\n")
            line.recv(4096)
        with sqlite3.connect(tmp_path / "registry.sqlite") as database:
            database.execute("ALTER TABLE officer_session RENAME TO gone")
        database.close()
        page = urllib.request.Request(f"http://127.0.0.1:{port}/licences?q={NID}", headers={"Cookie": f"__Host-ebike={NID}"})
        with pytest.raises(urllib.error.HTTPError, match="500") as refused:
            urllib.request.urlopen(page, timeout=10)
        refused.value.close()
        said = said_by(process)
    assert {"event": "Invalid HTTP request received.", "level": "warning", "logger": "uvicorn.error"} in [
        {key: one[key] for key in ("event", "level", "logger")} for one in said
    ]
    failed = next(one for one in said if one["event"] == "a page failed")
    assert (failed["method"], failed["path"], failed["level"]) == ("GET", "/licences", "error")
    assert "no such table: officer_session" in failed["exception"]
    assert NID not in json.dumps(said)


def test_up_says_where_all_is_as_a_line_for_a_program_where_nobody_watches(tmp_path: Path) -> None:
    with running_up(tmp_path) as (process, url):
        assert wait_until(lambda: is_answering(f"{url}/readyz"))
        assert process.stdout
        told: dict[str, dict[str, Any]] = {}
        while not told.keys() >= {"all is up", "connected to the broker", "worker ready"}:  # three processes, in any order
            line = json.loads(process.stdout.readline())
            told[line["event"]] = line
    assert told["all is up"]["pages"] == url
    assert told["all is up"]["data"] == str(tmp_path)
