"""`ebike-reader read`, `write-epc`, `lock` and `set-password`, against a simulated reader of every family on a real line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from firmware_protocols.catalogue import FAMILIES, codec_for
from firmware_protocols.commands import Bank, WriteBank
from reader_agent.reader_tool.commands import app
from tests.reader_agent.simulator import EPC, TID, SimulatorProcess

NEW_EPC = "EB0001000000020100000002"
OTHER_EPC, OTHER_TID = "EB0001000000030100000003", "E28011602000111122224444"
PASSWORD = "11223344"
CANNOT_LOCK = {"cf"}
Run = Callable[..., Any]


def simulator_on_line(family: str, folder: Path) -> SimulatorProcess:
    if family == "llrp":
        return SimulatorProcess.on_tcp(family, "--miss-rate", "0")
    return SimulatorProcess.on_pty(family, folder / "by-id", "--miss-rate", "0")


@pytest.fixture
def simulator(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SimulatorProcess]:
    simulator = simulator_on_line(getattr(request, "param", "m100"), tmp_path)
    simulator.enter()
    yield simulator
    assert simulator.stop() == 0


def run(url: str, family: str, command: str, *options: str, stdin: str = "", **env: str) -> Any:
    arguments = [command, url, *(option for option in options if not option.startswith("-"))][:3]
    rest = [option for option in options if option not in arguments[2:]]
    return CliRunner(env=env).invoke(app, [*arguments, "-f", family, *rest], input=stdin)


def told(done: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize(("simulator", "family"), [(family, family) for family in FAMILIES], indirect=["simulator"])
def test_a_tag_is_read_protected_written_and_locked(simulator: SimulatorProcess, family: str, tmp_path: Path) -> None:
    key = tmp_path / "password"
    key.write_text(PASSWORD + "\n")
    held = f"--password-file={key}"

    read = run(simulator.url, family, "read", "--json")
    answer = told(read)
    assert answer.pop("numbering")["scheme"] == "ebike"
    assert answer.pop("chip")["serial"] == TID.lower()[12:]
    assert answer == {"command": "read", "done": True, "epc": EPC.lower(), "bank": "tid", "data": TID.lower()}

    done = run(simulator.url, family, "set-password", f"--epc={EPC}", EBIKE_NEW_ACCESS_PASSWORD=PASSWORD)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "set and read back" in done.stdout

    done = run(simulator.url, family, "write-epc", NEW_EPC, f"--epc={EPC}", held)
    assert done.exit_code == 0, done.stderr
    assert f"written and read back: {EPC.lower()} is now {NEW_EPC.lower()}" in done.stdout
    assert simulator.await_event("tag_written")["epc"] == NEW_EPC

    done = run(simulator.url, family, "lock", f"--epc={NEW_EPC}", "--epc-bank=needs-password", held)
    if family in CANNOT_LOCK:
        assert done.exit_code == 1
        assert "cannot lock tags" in done.stderr
        return
    assert done.exit_code == 0, done.stderr
    assert "has confirmed: epc bank closed without the access password" in done.stdout

    refused = run(simulator.url, family, "write-epc", EPC, f"--epc={NEW_EPC}", "--json")
    assert refused.exit_code == 1
    assert told(refused)["done"] is False
    assert PASSWORD not in done.stdout + done.stderr + refused.stdout + refused.stderr


def test_of_several_tags_one_has_to_be_named(simulator: SimulatorProcess) -> None:
    simulator.enter(OTHER_EPC, OTHER_TID)
    done = run(simulator.url, "m100", "write-epc", NEW_EPC)
    assert done.exit_code == 1
    assert "2 tags answer" in done.stderr
    assert EPC.lower() in done.stderr
    assert OTHER_EPC.lower() in done.stderr


def test_a_port_beyond_the_usual_four_is_reached(tmp_path: Path) -> None:
    simulator = SimulatorProcess.on_pty("r2000", tmp_path / "by-id", "--miss-rate", "0", "--antenna-ports", "8")
    simulator.enter(antenna=6)
    try:
        answer = told(run(simulator.url, "r2000", "read", "--antenna=6", "--json"))
        assert answer["data"] == TID.lower()
    finally:
        assert simulator.stop() == 0


@pytest.mark.parametrize(("simulator", "family"), [(family, family) for family in ("m100", "r2000")], indirect=["simulator"])
def test_a_chip_without_an_epc_gets_one(simulator: SimulatorProcess, family: str, tmp_path: Path) -> None:
    for frame in codec_for(family).encode(WriteBank(Bank.EPC, 1, bytes(2))):  # PC 0000: no words of EPC
        (tmp_path / "by-id").write_bytes(frame)
    assert told(run(simulator.url, family, "read", "--json"))["data"] == TID.lower()
    done = run(simulator.url, family, "write-epc", NEW_EPC)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"(without an EPC) is now {NEW_EPC.lower()}" in " ".join(done.stdout.split())


def test_no_tag_is_told_in_plain_words(tmp_path: Path) -> None:
    simulator = SimulatorProcess.on_pty("m100", tmp_path / "by-id")
    done = run(simulator.url, "m100", "read", "--json")
    assert simulator.stop() == 0
    assert done.exit_code == 1
    assert told(done)["status"] == "no_tag"
    assert "hold it still and nearer to the antenna" in told(done)["reason"]


@pytest.mark.parametrize(("family", "detail"), [("chafon", "port 1: antenna not connected"), ("r2000", "antenna not connected")])
def test_that_the_antenna_is_off_is_told_in_place_of_no_tag(family: str, detail: str, tmp_path: Path) -> None:
    simulator = SimulatorProcess.on_pty(family, tmp_path / "by-id", "--missing-antennas", "1")
    done = run(simulator.url, family, "read", "--json")
    assert (done.exit_code, told(done)["status"]) == (1, "antenna_missing")
    assert f"no antenna is connected to that port ({detail})" in done.stderr
    assert simulator.stop() == 0


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        pytest.param("missing-antennas=1", "antenna_missing", "no antenna is connected to that port", id="no antenna"),
        pytest.param("mismatched-antennas=1", "reader_error", "high return loss", id="return loss"),
        pytest.param("overheats-after-s=0", "temperature", "the reader is too hot", id="too hot"),
    ],
)
def test_what_the_reader_says_is_told_rather_than_that_no_tag_answers(tmp_path: Path, fault: str, status: str, says: str) -> None:
    simulator = SimulatorProcess.on_pty("thingmagic", tmp_path / "by-id", "--set", fault)
    simulator.enter()
    done = run(simulator.url, "thingmagic", "read", "--json")
    assert simulator.stop() == 0
    assert (done.exit_code, told(done)["status"]) == (1, status)
    assert says in told(done)["reason"]


@pytest.mark.parametrize("simulator", ["thingmagic"], indirect=True)
def test_the_region_is_set_before_a_tag_is_looked_for(simulator: SimulatorProcess) -> None:
    assert run(simulator.url, "thingmagic", "read", "--region=india").stdout.strip() == TID.lower()
    refused = run(simulator.url, "thingmagic", "read", "--region=china-700")
    assert (refused.exit_code, "region: expected china-900|china-800|us|eu" in " ".join(refused.stderr.split())) == (2, True)


@pytest.mark.parametrize(("simulator", "family"), [("m100", "m100"), ("llrp", "llrp")], indirect=["simulator"])
def test_a_tag_that_has_the_new_number_already_is_told_of(simulator: SimulatorProcess, family: str) -> None:
    """As after a write whose answer was lost."""
    done = run(simulator.url, family, "write-epc", EPC, f"--epc={OTHER_EPC}")
    assert done.exit_code == 1
    assert "no tag answers under the old number any more, but one does under the new" in done.stderr


def test_what_is_permanent_is_asked_about_first(simulator: SimulatorProcess, tmp_path: Path) -> None:
    key = tmp_path / "password"
    key.write_text(PASSWORD)
    assert run(simulator.url, "m100", "set-password", f"--new-password-file={key}").exit_code == 0
    options = (f"--epc={EPC}", "--epc-bank=needs-password", "--permanent", f"--password-file={key}")
    refused = run(simulator.url, "m100", "lock", *options, stdin="n\n")
    assert refused.exit_code == 1
    assert "This can never be taken back: epc bank closed for good" in refused.stderr
    written = run(simulator.url, "m100", "write-epc", NEW_EPC, f"--epc={EPC}")
    assert written.exit_code == 0, written.stderr
    sure = (f"--epc={NEW_EPC}", *options[1:], "--yes")
    assert run(simulator.url, "m100", "lock", *sure).exit_code == 0
    closed = run(simulator.url, "m100", "write-epc", EPC, f"--epc={NEW_EPC}", f"--password-file={key}")
    assert closed.exit_code == 1


def test_a_password_is_asked_for_without_showing_it(simulator: SimulatorProcess) -> None:
    done = run(simulator.url, "m100", "set-password", f"--epc={EPC}", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 0, done.stderr
    assert PASSWORD not in done.output


@pytest.mark.parametrize(
    ("command", "options", "env", "says"),
    [
        pytest.param("lock", ["--epc-bank=open"], {"EBIKE_ACCESS_PASSWORD": "00000000"}, "a lock means nothing while", id="zero password"),
        pytest.param("lock", [], {"EBIKE_ACCESS_PASSWORD": "11223344"}, "name what to lock", id="nothing to lock"),
        pytest.param("lock", ["--epc-bank=shut"], {}, "expected open|open-forever|needs-password|closed-forever", id="no such lock"),
        pytest.param("read", ["--bank=foo"], {}, "expected reserved|epc|tid|user, found 'foo'", id="no such bank"),
        pytest.param("read", ["--password-file=/nowhere"], {}, "/nowhere: No such file", id="no password file"),
        pytest.param(
            "read", [], {"EBIKE_ACCESS_PASSWORD": "1234"}, "EBIKE_ACCESS_PASSWORD: expected eight hex digits", id="short password"
        ),
        pytest.param("set-password", [], {"EBIKE_NEW_ACCESS_PASSWORD": "00000000"}, "must not be zero", id="new password zero"),
        pytest.param("read", ["--antenna=2"], {}, "m100: number of antenna ports: expected 1,", id="a second antenna of a module with one"),
        pytest.param("write-epc", ["112233"], {}, "words of four hex digits, found 3 bytes", id="no whole words"),
    ],
)
def test_wrong_use_is_told_before_the_line_is_opened(command: str, options: list[str], env: dict[str, str], says: str) -> None:
    done = run("serial:///nowhere", "m100", command, *options, **env)
    assert done.exit_code == 2
    assert says in " ".join(done.stderr.split())
    assert "1234" not in done.stderr


def test_a_line_that_is_not_there_is_told() -> None:
    done = run("serial:///nowhere", "m100", "read")
    assert done.exit_code == 1
    assert "is the reader plugged in?" in done.stderr
