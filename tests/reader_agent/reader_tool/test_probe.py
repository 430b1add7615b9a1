"""`ebike-reader probe`: which reader is it, at which speed?"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
from typer.testing import CliRunner

from firmware_protocols.catalogue import FAMILIES, LISTENED_FAMILIES
from reader_agent.clock import SystemClock
from reader_agent.link_address import parse_address
from reader_agent.links.open_link import open_link
from reader_agent.reader_tool.commands import app
from reader_agent.reader_tool.probe import LISTENING, ORDER, Attempt, Found, probe
from tests.reader_agent.simulator import SimulatorProcess


def probe_simulated(family: str, folder: Path, *options: str) -> tuple[Found | None, list[Attempt]]:
    if family == "llrp":
        simulator = SimulatorProcess.on_tcp(family, *options)
    else:
        simulator = SimulatorProcess.on_pty(family, folder / family, *options)
    try:
        return probe(parse_address(simulator.url), open_link, SystemClock())
    finally:
        assert simulator.stop() == 0


def test_every_family_is_found_and_named_with_its_model(tmp_path: Path) -> None:
    with ThreadPoolExecutor(len(FAMILIES)) as pool:
        results = dict(zip(FAMILIES, pool.map(lambda family: probe_simulated(family, tmp_path), FAMILIES), strict=True))
    assert {family: found.family for family, (found, _) in results.items() if found} == {family: family for family in FAMILIES}
    assert all(found.model for found, _ in results.values() if found)
    assert {found.baud for found, _ in results.values() if found} == {115200, None}


def test_one_that_streams_is_asked_first_in_its_own_language(tmp_path: Path) -> None:
    found, attempts = probe_simulated("thingmagic", tmp_path, "--set", "is-left-reading=true")
    assert found is not None
    assert found.family == "thingmagic"
    assert [attempt.family for attempt in attempts] == [LISTENING, "thingmagic"]
    assert "good frame" in attempts[0].result


class BoardAtZero:
    """A line to an R2000 board that answers its own address, 00, and does not hear the public one."""

    gap_s = 0.1

    def __init__(self) -> None:
        self._said = b""

    def read(self, timeout_s: float) -> bytes:
        said, self._said = self._said, b""
        if not said:
            sleep(timeout_s)
        return said

    def write(self, data: bytes) -> None:
        if data == bytes.fromhex("a0030072eb"):
            self._said = bytes.fromhex("a00500720802df")

    def close(self) -> None:
        """Nothing is open."""


def test_a_board_that_hears_only_its_own_address_is_found_by_each_usual_one() -> None:
    found, _ = probe(parse_address("tcp://127.0.0.1:4001"), lambda _address, _baud: BoardAtZero(), SystemClock())
    assert found == Found("r2000", None, "firmware 8.2")


def test_a_reader_that_another_client_has_is_found_and_says_so() -> None:
    simulator = SimulatorProcess.on_tcp("llrp")
    first = open_link(parse_address(simulator.url), 115200)
    first.read(5)  # its greeting: it is in
    found, attempts = probe(parse_address(simulator.url), open_link, SystemClock())
    first.close()
    assert simulator.stop() == 0
    assert found == Found("llrp", None, "refused: another client is connected")
    assert [attempt.family for attempt in attempts] == [LISTENING, "llrp"]


def test_every_family_that_can_be_asked_has_its_place() -> None:
    assert set(ORDER) == set(FAMILIES)
    assert not set(ORDER) & set(LISTENED_FAMILIES)


def test_the_command_says_what_it_tried_and_what_it_found(tmp_path: Path) -> None:
    simulator = SimulatorProcess.on_pty("thingmagic", tmp_path / "by-id")
    done = CliRunner().invoke(app, ["probe", f"{simulator.url}?baud=115200"])
    assert simulator.stop() == 0
    assert done.exit_code == 0
    assert done.stdout.startswith("thingmagic at 115200 baud: ")
    assert LISTENING in done.stderr


def test_the_other_end_of_a_silent_line_is_not_found(tmp_path: Path) -> None:
    simulator = SimulatorProcess.on_pty("m100", tmp_path / "by-id", "--unanswered", "1")
    done = CliRunner().invoke(app, ["probe", f"{simulator.url}?baud=57600", "--json"])
    assert simulator.stop() == 0
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["found"] is None
    assert {attempt["family"] for attempt in told["attempts"]} == {LISTENING, *FAMILIES} - {"llrp"}


@pytest.mark.parametrize("url", ["serial:///nowhere", "tcp://127.0.0.1:1"])
def test_a_line_that_is_not_there_says_so(url: str) -> None:
    done = CliRunner().invoke(app, ["probe", url])
    assert done.exit_code == 1
    assert "?" in done.stderr
    told = json.loads(CliRunner().invoke(app, ["probe", url, "--json"]).stdout)
    assert (told["found"], told["attempts"]) == (None, [])
    assert told["reason"].endswith("?")
