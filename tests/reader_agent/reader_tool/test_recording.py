"""`ebike-reader record` and `replay`: what was said on a line can be kept, looked at, and said again."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from reader_agent.reader_tool.commands import app
from reader_agent.reader_tool.record import without_account
from reader_agent.reader_tool.recording import BadRecording, Entry, Header, Way, entry_line, header_line, read_recording
from tests.reader_agent.simulator import EPC, SimulatorProcess

HEADER = Header("m100", "serial:///dev/x", datetime(2026, 11, 22, 20, 30, tzinfo=UTC))
VECTOR = Path(__file__).parents[2] / "vectors" / "recordings" / "m100.jsonl"
TOOL = [sys.executable, "-m", "reader_agent.reader_tool"]

entries = st.lists(
    st.tuples(st.integers(0, 10**7), st.sampled_from(Way), st.binary(min_size=1, max_size=40)).map(
        lambda row: Entry(row[0] / 10_000, row[1], row[2])
    )
).map(lambda rows: sorted(rows, key=lambda entry: entry.t_s))


@given(rows=entries)
def test_what_is_written_is_read_again(rows: list[Entry]) -> None:
    text = header_line(HEADER) + "".join(map(entry_line, rows))
    assert read_recording(io.StringIO(text)) == (HEADER, rows)


def test_a_last_line_that_was_torn_off_is_passed_over() -> None:
    row = Entry(1.0, Way.FROM_READER, b"\xbb")
    assert read_recording(io.StringIO(header_line(HEADER) + entry_line(row) + '{"t": 2.0, "di'))[1] == [row]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "line 1: expected a header", id="empty"),
        pytest.param("bb02\n", "line 1: expected a header", id="no recording"),
        pytest.param(header_line(HEADER).replace('"version": 1', '"version": 9'), "line 1: expected version 1, found 9", id="newer"),
        pytest.param('{"format": "ebike-recording", "version": 1}\n', "expected family, url and started_at", id="half a header"),
        pytest.param(header_line(HEADER) + '{"t": 1, "dir": "up", "hex": "bb"}\n', 'line 2: expected {"t": seconds', id="no direction"),
        pytest.param(header_line(HEADER) + '{"t": 1, "dir": "rx", "hex": "b"}\n', "line 2", id="half a byte"),
        pytest.param(
            header_line(HEADER) + entry_line(Entry(2, Way.FROM_READER, b"a")) + entry_line(Entry(1, Way.FROM_READER, b"a")),
            "line 3: expected",
            id="time runs back",
        ),
    ],
)
def test_what_is_no_recording_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(BadRecording) as bad:
        read_recording(io.StringIO(text))
    assert says in str(bad.value)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("serial:///dev/serial/by-id/x?baud=9600", "serial:///dev/serial/by-id/x?baud=9600"),
        ("tcp://root:secret@10.0.0.1:80/a", "tcp://10.0.0.1:80/a"),
    ],
)
def test_an_account_in_the_address_is_not_recorded(url: str, kept: str) -> None:
    assert without_account(url) == kept


def tags_of(file: Path, family: str = "-") -> list[str]:
    done = CliRunner().invoke(app, ["replay", str(file), "--decode", family])
    assert done.exit_code == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert not [event for event in told if event["event"] == "frame_error"]
    return [event["epc"].upper() for event in told if event["event"] == "tag_seen"]


def test_a_recorded_simulator_is_a_vector() -> None:
    """Made by `ebike-reader record` from `ebike-reader simulate m100`."""
    header, rows = read_recording(VECTOR.read_text(encoding="utf-8").splitlines(keepends=True))
    assert header.family == "m100"
    assert {row.way for row in rows} == set(Way)
    assert set(tags_of(VECTOR)) == {"E28011700000020F1A2B3C4D"}


def record(url: str, file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*TOOL, "record", url, str(file), "--seconds", "1.5", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("family", ["m100", "llrp"])
def test_a_session_is_recorded_and_played_to_the_next(family: str, tmp_path: Path) -> None:
    simulator = SimulatorProcess.on_tcp(family, "--miss-rate", "0")
    simulator.enter()
    first = record(simulator.url, tmp_path / "first", "--family", family)
    assert simulator.stop() == 0
    assert first.returncode == 0, first.stderr
    heard = tags_of(tmp_path / "first")
    assert set(heard) == {EPC}
    with subprocess.Popen([*TOOL, "replay", str(tmp_path / "first"), "--tcp", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as player:
        assert player.stdout is not None
        again = record(f"tcp://{player.stdout.readline().strip()}", tmp_path / "again", "--family", family)
        player.terminate()
    assert "refuses" not in again.stderr
    assert set(tags_of(tmp_path / "again")) == {EPC}
    assert len(tags_of(tmp_path / "again")) > len(heard) // 2


def test_a_player_gives_a_listener_every_byte(tmp_path: Path) -> None:
    command = [*TOOL, "replay", str(VECTOR), "--tcp", "127.0.0.1:0", "--listener", "--speed", "max"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as player:
        assert player.stdout is not None
        place = player.stdout.readline().strip()
        done = record(f"tcp://{place}", tmp_path / "heard")
        assert player.wait() == 0
    assert "the reader closed the connection; what came before is in" in " ".join(done.stderr.split())
    sent = b"".join(row.data for row in rows_of(VECTOR) if row.way is Way.FROM_READER)
    assert b"".join(row.data for row in rows_of(tmp_path / "heard")) == sent


def rows_of(file: Path) -> list[Entry]:
    return read_recording(file.read_text(encoding="utf-8").splitlines(keepends=True))[1]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("mine")
    simulator = SimulatorProcess.on_tcp("m100")
    done = record(simulator.url, kept)
    assert simulator.stop() == 0
    assert (done.returncode, kept.read_text()) == (2, "mine")
    assert "is there already" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["/nowhere", "--pty"], "/nowhere: No such file", id="no file"),
        pytest.param([str(VECTOR)], "write either --pty or --tcp HOST:PORT", id="no place"),
        pytest.param([str(VECTOR), "--pty", "--decode", "m100"], "write one of --pty, --tcp and --decode", id="two places"),
        pytest.param([str(VECTOR), "--decode", "m300"], "no reader family 'm300'", id="unknown family"),
        pytest.param([str(VECTOR), "--decode", "-", "--speed", "0"], "write a number above 0, or max", id="no speed"),
    ],
)
def test_wrong_use_is_told_and_exits_2(arguments: list[str], says: str) -> None:
    done = run("replay", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", 'line 1: expected a header with "format": "ebike-recording", found nothing', id="empty"),
        pytest.param(b"\xff\xfe\x00", "expected text in UTF-8, found other bytes", id="other bytes"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    done = subprocess.run(
        [*TOOL, "replay", str(tmp_path / "file"), "--decode", "-"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert says in " ".join(done.stderr.split())
