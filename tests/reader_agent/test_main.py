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


def test_what_is_missing_on_this_computer_is_a_hint_and_what_is_wrong_a_fault(right: Path, tmp_path: Path) -> None:
    """No key yet: `check` comes before `key` in every guide. A key that others may read: the agent would not start."""
    before = json.loads(ebike_agent("check", "--json", right).stdout)
    ebike_agent("key", right)
    (tmp_path / "agent.key").chmod(0o640)
    after = ebike_agent("check", right)
    assert (before["ok"], ["there is no key yet" in note for note in before["notes"]]) == (True, [True, False])
    assert after.returncode == 1
    assert "mode 0640; if nobody else can have read it, type: chmod 600" in after.stderr


def test_a_password_that_everybody_can_read_is_a_hint(right: Path) -> None:
    right.chmod(0o644)
    assert f"type: chmod o= {right}" in ebike_agent("check", right).stdout
    right.chmod(0o640)
    assert "chmod" not in ebike_agent("check", right).stdout


@pytest.mark.parametrize(("in_the_way", "returncode"), [("data", 1), ("nothing", 0)])
def test_a_file_in_the_place_of_the_data_folder_is_a_fault(right: Path, tmp_path: Path, in_the_way: str, returncode: int) -> None:
    (tmp_path / in_the_way).touch()
    done = ebike_agent("check", right)
    assert done.returncode == returncode
    assert (f"data_dir = {tmp_path}/data: {tmp_path}/data is no folder; correct data_dir" in done.stderr) == (returncode == 1)


def test_two_names_of_one_port_are_a_fault(right: Path, tmp_path: Path) -> None:
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyUSB0")
    second = right.read_text()[right.read_text().index("[[readers]]") :].replace("gate-1", "gate-2")
    text = right.read_text() + second.replace("tcp://127.0.0.1:4001", f"serial://{tmp_path}/by-id")
    right.write_text(text.replace("tcp://127.0.0.1:4001", f"serial://{tmp_path}/ttyUSB0"))
    done = ebike_agent("check", right)
    assert done.returncode == 1
    assert f"readers gate-1 and gate-2 both lead to {tmp_path}/ttyUSB0" in done.stderr


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_certificate_that_is_not_there_stops_at_once(right: Path, tmp_path: Path, command: str) -> None:
    ebike_agent("key", right)
    right.write_text(
        right.read_text().replace("mqtt://", "mqtts://").replace("lanes.in", f'broker.ca_file = "{tmp_path}/ca.pem"\nlanes.in')
    )
    done = ebike_agent(command, right)
    assert done.returncode == 1
    assert f"broker.ca_file = {tmp_path}/ca.pem: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


FALLS = """
import sys
from pathlib import Path
from threading import Timer, current_thread, main_thread
from reader_agent.agent import Agent
from reader_agent.clock import SystemClock
from reader_agent.config import read_config
from reader_agent.key_file import load_or_make_key

class BreaksAtTheEnd(SystemClock):
    is_broken = False
    def now(self):
        if self.is_broken and current_thread() is main_thread():
            raise RuntimeError("the clock has gone")
        return super().now()

config, clock = read_config(Path(sys.argv[1])), BreaksAtTheEnd()
agent = Agent(config, load_or_make_key(config.key_file)[0], clock)

def end():
    clock.is_broken = True
    agent.ask_to_stop()

Timer(1.5, end).start()
agent.run()
"""


def test_an_agent_that_falls_while_it_ends_is_gone_and_can_be_started_again(right: Path) -> None:
    """A thread that outlived it would keep the process, and nobody would start it again."""
    done = subprocess.run([sys.executable, "-c", FALLS, str(right)], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "the clock has gone" in done.stderr
