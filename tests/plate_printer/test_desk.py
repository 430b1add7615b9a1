"""The desk at work: a real HTTP registry, a simulated reader on its own bytes, and everything that can go wrong between them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from firmware_protocols.gen2 import LockField
from firmware_protocols.simulators import LineFaults, SimulatedTag
from plate_printer.commands import app
from plate_printer.desk import Clock, Desk, Surroundings
from plate_printer.desk_http import RegistryClient
from plate_printer.desk_journal import Journal
from plate_printer.desk_link import ReaderAddress
from plate_printer.desk_reader import DeskReader, ReaderSetup
from plate_printer.desk_screen import Say
from plate_printer.errors import ReaderLost, ServerRefused
from plate_printer.tag_writer import Prompt
from schemas.orders import EncodingJob
from schemas.tid import Tid
from tests.plate_printer.bench_field import JOB, OTHER_BIKES, OURS, PASSWORD, TID_A, TID_B, blank
from tests.plate_printer.desk_world import TOKEN, WITHIN_S, ReaderOnTcp, Registry, serving
from tests.plate_printer.test_tag_writer import DONE, finished, locked_for

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
SECOND_JOB = msgspec.structs.replace(JOB, job=8, epc=type(OURS)(OURS[:-1] + b"\x02"))


class Heard:
    """What the officer was told, in order; and a place to do something the moment it is said."""

    def __init__(self) -> None:
        self.said: list[tuple[Say | Prompt, dict[str, str]]] = []
        self.on: dict[Say | Prompt, Callable[[], None]] = {}

    def show(self, what: Say | Prompt, **facts: str) -> None:
        if not self.said or self.said[-1] != (what, facts):
            self.said.append((what, facts))
            self.on.pop(what, lambda: None)()

    @property
    def order(self) -> list[Say | Prompt]:
        return [what for what, _ in self.said]

    def facts_of(self, what: Say | Prompt) -> dict[str, str]:
        return next(facts for said, facts in self.said if said is what)


class World:
    """One desk between its registry and its reader."""

    def __init__(self, folder: Path, stack: ExitStack, reader: ReaderOnTcp) -> None:
        self.registry, self.heard, self.reader = Registry(), Heard(), reader
        self.url = stack.enter_context(serving(self.registry))
        self.journal_path = folder / "journal"
        self._stack = stack

    def run_once(self, token: str = TOKEN) -> bool:
        with RegistryClient(self.url, token) as client, Journal(self.journal_path) as journal:
            clock = Clock(lambda: NOW, time.monotonic, lambda seconds: time.sleep(min(seconds, 0.02)))
            setup = ReaderSetup(ReaderAddress.parse(self.reader.url), self.reader.family, power_dbm=20)
            desk = Desk(Surroundings(client, lambda: DeskReader.open(setup, time.monotonic), journal, self.heard, clock))
            try:
                return desk.run(once=True)
            finally:
                desk.close()


@contextmanager
def a_world(folder: Path, **reader: object) -> Iterator[World]:
    with ExitStack() as stack:
        on_tcp = stack.enter_context(ReaderOnTcp(**reader))  # type: ignore[arg-type]  # passed through from a table
        yield World(folder, stack, on_tcp)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as world:
        yield world


def the_tag(world: World, tag: SimulatedTag | None = None) -> SimulatedTag:
    tag = tag or blank()
    world.reader.put(tag)
    return tag


def test_a_job_becomes_a_locked_tag_and_a_report(world: World) -> None:
    world.registry.jobs = [JOB]
    tag = the_tag(world)
    assert world.run_once()
    [report] = world.registry.encoded
    assert (report.job, report.epc, report.tid, report.locked, report.encoded_at) == (JOB.job, OURS, Tid(TID_A), True, NOW)
    assert finished(tag) == DONE
    assert [what for what in world.heard.order if what in (Say.JOB, Prompt.WRITING, Say.ENCODED, Say.REPORTED)] == [
        Say.JOB,
        Prompt.WRITING,
        Say.ENCODED,
        Say.REPORTED,
    ]


@pytest.mark.parametrize("family", ["r200", "r2000", "thingmagic", "llrp", "chafon"])
def test_other_families_write_as_well(tmp_path: Path, family: str) -> None:
    with a_world(tmp_path, family=family) as world:
        world.registry.jobs = [JOB]
        tag = the_tag(world)
        assert world.run_once(), world.heard.said
        assert finished(tag) == DONE


def test_a_job_that_the_office_takes_back_is_dropped_before_anything_is_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plate_printer.desk.ALIVE_S", 0.0)
    world.registry.jobs = [JOB]
    world.heard.on[Prompt.PUT_TAG] = lambda: world.registry.set(jobs=[])

    def order_another() -> None:
        world.registry.set(jobs=[SECOND_JOB])
        world.reader.put(blank(TID_B))

    world.heard.on[Say.JOB_GONE] = order_another
    assert world.run_once()
    assert [(report.job, report.tid) for report in world.registry.encoded] == [(SECOND_JOB.job, Tid(TID_B))]


def test_a_reader_on_a_serial_port_is_read_and_left_quiet(world: World) -> None:
    tag = the_tag(world)
    with world.reader.open_pty() as url:
        setup = ReaderSetup(ReaderAddress.parse(url), "m100")
        reader = DeskReader.open(setup, time.monotonic)
        assert {seen.epc for seen in reader.look()} == {tag.epc}
        reader.close()
        DeskReader.open(setup, time.monotonic).close()


def test_a_serial_port_that_is_not_there_is_a_lost_reader() -> None:
    with pytest.raises(ReaderLost, match=r"ttyNONE: no such port; is the reader plugged in\?"):
        DeskReader.open(ReaderSetup(ReaderAddress.parse("serial:///dev/ttyNONE"), "m100"), time.monotonic)


def test_an_address_where_nothing_listens_is_a_lost_reader_in_words() -> None:
    with pytest.raises(ReaderLost, match=r"tcp://127.0.0.1:1: nothing listens there; is the reader on"):
        DeskReader.open(ReaderSetup(ReaderAddress.parse("tcp://127.0.0.1:1"), "m100"), time.monotonic)


def test_a_port_where_nothing_answers_is_said_to_be_lost_until_the_right_reader_is_there(world: World) -> None:
    """Here a reader of another family: its host hears no answer that it knows."""
    wrong = ReaderSetup(ReaderAddress.parse(world.reader.url), "r2000")
    with pytest.raises(ReaderLost, match="does not answer"):
        DeskReader.open(wrong, time.monotonic)


def test_a_reader_that_was_given_another_address_is_found_at_it() -> None:
    with ReaderOnTcp("r2000", address=0x07) as moved:
        setup = ReaderSetup(ReaderAddress.parse(moved.url), "r2000", number=0x07)
        reader = DeskReader.open(setup, time.monotonic)
        assert reader.look() == ()
        reader.close()
        with pytest.raises(ReaderLost, match="does not answer"):
            DeskReader.open(replace(setup, number=0x08), time.monotonic)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(
            ["--family", "thingmagic", "--option", "model=m9"],
            '--option model=m9: write one of "m5e", "m6e", "micro", "nano", "m7e"',
            id="no such model",
        ),
        pytest.param(["--family", "thingmagic", "--option", "modell=m5e"], "--option modell=m5e: no option of thingmagic", id="misspelt"),
        pytest.param(["--family", "thingmagic", "--option", "m5e"], "--option m5e: write KEY=VALUE", id="without a key"),
        pytest.param(
            ["--family", "m100", "--reader-address", "7"],
            "--reader-address 7: m100 readers take none: the frames carry no address; leave it out",
            id="no addresses",
        ),
        pytest.param(
            ["--family", "r2000", "--reader-address", "256"], "--reader-address 256: write a number from 0 to 255", id="no address"
        ),
        pytest.param(["--region", "bengal"], "--region bengal: write one of china_900, china_800, us, eu, korea, india", id="no region"),
    ],
)
def test_what_the_family_cannot_be_told_is_refused_with_its_remedy(arguments: list[str], sentence: str) -> None:
    base = ["desk", "--server", "https://registry.example.org", "--token-file", "/nowhere", "--reader", "tcp://127.0.0.1:1"]
    result = CliRunner().invoke(app, [*base, *arguments], env={"COLUMNS": "300"})
    assert result.exit_code
    assert sentence in result.stderr


def test_nothing_that_is_said_or_kept_holds_the_password(world: World, tmp_path: Path) -> None:
    world.registry.jobs = [JOB]
    world.registry.refuse_encoded = "chip of another"
    the_tag(world)
    world.run_once()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    told = str(world.heard.said) + str(world.registry.alive)
    for secret in (f"{PASSWORD:08x}", str(PASSWORD)):
        assert secret not in told.lower()
        assert secret.encode() not in kept.lower()


def test_two_tags_are_not_written_until_one_is_taken_away(world: World) -> None:
    world.registry.jobs = [JOB]
    wrong, right = blank(TID_B, OTHER_BIKES), blank()
    world.reader.put(wrong, right)
    world.heard.on[Prompt.TAKE_OTHERS_AWAY] = lambda: world.reader.take(wrong)
    assert world.run_once()
    assert (finished(right), wrong.epc) == (DONE, OTHER_BIKES)


def test_a_tag_of_another_bike_is_refused_and_a_blank_one_taken(world: World) -> None:
    world.registry.jobs = [JOB]
    other, fresh = locked_for(OTHER_BIKES, 0x1234), blank(TID_B)
    world.reader.put(other)

    def exchange() -> None:
        world.reader.take(other)
        world.reader.put(fresh)

    world.heard.on[Prompt.TAG_IS_TAKEN] = exchange
    assert world.run_once()
    assert (finished(fresh), other.epc) == (DONE, OTHER_BIKES)
    assert world.registry.encoded[0].tid == TID_B


def test_a_chip_that_does_not_take_the_lock_is_reported_as_failed(world: World) -> None:
    world.registry.jobs = [JOB]

    class Stubborn(SimulatedTag):
        def lock(self, *_: object, **__: object) -> None: ...

    the_tag(world, Stubborn(epc=bytes(12), tid=TID_A))
    assert not world.run_once()
    [report] = world.registry.failed
    assert (report.job, report.step, report.tid) == (JOB.job, "verify_lock", Tid(TID_A))
    assert world.heard.facts_of(Say.FAILED)["step"] == "verify_lock"


def test_the_registrys_refusal_is_shown_to_the_officer_and_kept(world: World) -> None:
    world.registry.jobs = [JOB]
    world.registry.refuse_encoded = "this chip is bound to licence KCC-P 000099"
    the_tag(world)
    assert not world.run_once()
    assert "KCC-P 000099" in world.heard.facts_of(Say.REFUSED)["reason"]
    with Journal(world.journal_path) as journal:
        assert len(journal) == 0
        assert b"KCC-P 000099" in journal.refused_path.read_bytes()


def test_a_result_is_kept_while_the_network_is_away_and_sent_first_when_it_is_back(world: World) -> None:
    world.registry.jobs, world.registry.loses_reports = [JOB], True
    the_tag(world)
    world.heard.on[Say.SERVER_AWAY] = lambda: world.registry.set(loses_reports=False)
    assert world.run_once()
    assert [report.job for report in world.registry.encoded] == [JOB.job]
    assert world.registry.reports_tried == 2
    assert world.heard.facts_of(Say.SERVER_AWAY)["waiting"] == "1"


def test_a_registry_that_is_away_at_the_start_is_waited_for(world: World) -> None:
    world.registry.jobs, world.registry.is_away = [JOB], True
    the_tag(world)
    world.heard.on[Say.SERVER_AWAY] = lambda: world.registry.set(is_away=False)
    assert world.run_once()


def test_a_reader_that_is_pulled_out_and_put_back_goes_on_with_the_same_job(world: World) -> None:
    world.registry.jobs = [JOB]
    tag = the_tag(world)
    world.heard.on[Prompt.WRITING] = world.reader.unplug
    assert world.run_once()
    assert Say.READER_LOST in world.heard.order
    assert (finished(tag), len(world.registry.encoded)) == (DONE, 1)
    assert "reader_lost" in {said["state"] for said in world.registry.alive}


def test_the_office_sees_what_the_desk_does(world: World) -> None:
    world.registry.jobs = [JOB]
    the_tag(world)
    world.run_once()
    assert world.registry.alive[0]["state"] == "waiting"
    assert JOB.number.en in world.registry.alive[-1]["detail"]


def test_a_wrong_token_ends_the_desk_and_loses_nothing(world: World) -> None:
    with pytest.raises(ServerRefused) as refusal:
        world.run_once(token="wrong")
    assert refusal.value.status == 401


def test_a_bad_line_costs_time_and_not_tags(tmp_path: Path) -> None:
    with a_world(tmp_path, faults=LineFaults(noise=0.2, wrong_checksum=0.05, split=0.3)) as world:
        world.registry.jobs = [JOB]
        tag = the_tag(world)
        world.run_once()
        assert world.registry.encoded or world.registry.failed
        assert bool(world.registry.encoded) == (finished(tag) == DONE)


# The program itself, as the officer starts it.


def command(world: World, *more: str) -> list[str]:
    token = world.journal_path.parent / "token"
    token.write_text(TOKEN + "\n")
    base = [sys.executable, "-m", "plate_printer", "desk", "--server", world.url, "--token-file", str(token)]
    return [*base, "--reader", world.reader.url, "--family", "m100", "--journal", str(world.journal_path), "--json", *more]


@contextmanager
def program(world: World, *more: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command(world, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def jobs(world: World, *waiting: EncodingJob) -> None:
    world.registry.set(jobs=list(waiting))


def test_killed_between_writing_and_reporting_it_reports_once_and_writes_no_second_tag(world: World) -> None:
    jobs(world, JOB)
    world.registry.loses_reports = True
    tag = the_tag(world)
    with program(world):
        world.registry.wait_until(lambda registry: registry.reports_tried > 0)
    world.reader.take(tag)
    second = the_tag(world, blank(TID_B))
    world.registry.set(loses_reports=False)
    asked = world.registry.asked
    with program(world):
        world.registry.wait_until(lambda registry: bool(registry.encoded) and registry.asked > asked)
    assert [(report.job, report.tid) for report in world.registry.encoded] == [(JOB.job, Tid(TID_A))]
    assert (finished(tag), second.epc) == (DONE, blank().epc)


@pytest.mark.parametrize("moment", [0.05, 0.2], ids="{} s into writing".format)
def test_killed_while_writing_it_finishes_the_same_tag_after_the_restart(world: World, moment: float) -> None:
    jobs(world, JOB)
    tag = the_tag(world)
    with program(world) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if Prompt.WRITING.value in line:
                break
        threading.Event().wait(moment)
    with program(world, "--once") as process:
        assert process.wait(WITHIN_S) == 0
    assert [report.tid for report in world.registry.encoded] == [Tid(TID_A)]
    assert finished(tag) == DONE


def test_job_after_job(world: World) -> None:
    jobs(world, JOB, SECOND_JOB)
    first, second = the_tag(world), blank(TID_B)
    with program(world) as process:
        world.registry.wait_until(lambda registry: len(registry.encoded) == 1)
        assert process.stdout is not None
        for line in process.stdout:
            if Prompt.TAG_IS_TAKEN.value in line:
                break
        world.reader.take(first)
        world.reader.put(second)
        world.registry.wait_until(lambda registry: len(registry.encoded) == 2)
    assert {(report.job, report.tid) for report in world.registry.encoded} == {(7, Tid(TID_A)), (8, Tid(TID_B))}
    assert second.lock_of(LockField.EPC_BANK) == first.lock_of(LockField.EPC_BANK) != 0


def test_control_c_ends_it_cleanly(world: World) -> None:
    with program(world) as process:
        world.registry.wait_until(lambda registry: registry.asked > 0)
        os.kill(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 130
    assert '"stopped"' in output
    assert "Traceback" not in errors


def said_wrong(world: World, *changes: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*command(world)[3:], *changes])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(("--reader", "usb0"), "serial:///dev", id="reader without a scheme"),
        pytest.param(("--reader", "tcp://[::1"), "expected serial:///dev", id="reader with half an address"),
        pytest.param(("--server", "https://[::1"), "expected https://host", id="server with half an address"),
        pytest.param(("--server", "https://host:port"), "expected https://host", id="server with a port that is no number"),
        pytest.param(("--family", "m1000"), "no reader family 'm1000'; known are", id="unknown family"),
        pytest.param(("--server", "http://192.0.2.1"), "use https://", id="password over plain HTTP"),
        pytest.param(("--token-file", "/nowhere/token"), "/nowhere/token: No such file", id="no token file"),
        pytest.param(("--token-file", "/dev/null"), "expected one token", id="empty token file"),
    ],
)
def test_what_was_typed_wrong_is_said_in_one_line(world: World, changes: tuple[str, str], sentence: str) -> None:
    status, errors = said_wrong(world, *changes)
    assert status == 1
    assert sentence in errors


def test_a_token_that_the_registry_does_not_know_is_said_with_the_remedy(world: World, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("wrong")
    status, errors = said_wrong(world, "--token-file", str(other))
    assert status == 1
    assert "ebike-server desk add" in errors


def test_two_desks_do_not_share_a_journal(world: World) -> None:
    with Journal(world.journal_path):
        status, errors = said_wrong(world)
    assert status == 1
    assert "another desk on this machine" in errors
