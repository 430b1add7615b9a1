"""`ebike-agent` at the command line."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CONFIG = """
authority = "kcc"
checkpoint = "pti-more"
agent = "pti-more-1"
key_file = "{folder}/agent.key"
data_dir = "{folder}/data"
broker.url = "mqtt://somebody:canary-password@127.0.0.1:1"
lanes.in = "towards the market"
[[readers]]
name = "gate-1"
family = "m100"
url = "{url}"
antennas.1 = "in"
"""


def ebike_agent(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reader_agent", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
def right(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(CONFIG.format(folder=tmp_path, url="tcp://127.0.0.1:4001"))
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(CONFIG.format(folder=tmp_path, url="serial:/dev/x"))
    return path


def test_a_right_configuration_is_called_right_and_shown(right: Path) -> None:
    done = ebike_agent("check", right)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is right" in done.stdout
    assert "127.0.0.1:4001" in done.stdout


def test_a_wrong_one_exits_1_with_key_value_and_remedy(wrong: Path) -> None:
    done = ebike_agent("check", wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert 'readers.gate-1.url = "serial:/dev/x": this is no address of a reader; write tcp://HOST:PORT' in done.stderr


def test_for_a_program_the_problems_are_json(wrong: Path) -> None:
    done = ebike_agent("check", "--json", wrong)
    assert done.returncode == 1
    assert [problem["key"] for problem in json.loads(done.stdout)["problems"]] == ["readers.gate-1.url"]


def test_the_public_key_is_printed_and_stays_the_same(right: Path) -> None:
    first, second = (json.loads(ebike_agent("key", "--json", right).stdout) for _ in range(2))
    assert (first["is_new"], second["is_new"]) == (True, False)
    assert first["public_key"] == second["public_key"]
    assert (len(first["public_key"]), len(first["fingerprint"])) == (64, 16)
    assert first["public_key"] in ebike_agent("key", right).stdout


def test_run_without_a_key_says_what_to_type(right: Path) -> None:
    done = ebike_agent("run", right)
    assert done.returncode == 1
    assert "make it with `ebike-agent key CONFIG`" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_can_be_begun_with() -> None:
    assert tomllib.loads(ebike_agent("example").stdout)["agent"] == "pti-more-1"


def test_a_second_agent_on_the_same_folder_is_refused(right: Path, tmp_path: Path) -> None:
    ebike_agent("key", right)
    command = [sys.executable, "-m", "reader_agent", "run", str(right)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        log = [first.stderr.readline()]
        second = ebike_agent("run", right)
        first.terminate()
        log += first.stderr.readlines()
        assert first.wait() == 0
    assert second.returncode == 1
    assert f"in use by process {first.pid}" in second.stderr
    assert "canary-password" not in "".join(log) + second.stderr
