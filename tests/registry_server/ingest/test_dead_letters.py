"""What could not be taken: kept with the reason within limits, counted for ever, and shown to an engineer."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from registry_server.command_line import explained, installation
from registry_server.db import Database
from registry_server.ingest import commands, dead_letters
from registry_server.ingest.dead_letters import Forgotten
from registry_server.ingest.envelope import Delivery, Unreadable
from registry_server.ingest.forgetting import DeadLetterLimits, forget_dead_letters

NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)  # the 23rd in Dhaka
TOPIC = "ebike/v1/kcc/pti-more/pti-more-1/sightings"
Letter = tuple[bytes, datetime]


def keep(database: Database, *letters: Letter) -> None:
    with database.write() as session:
        for payload, at in letters:
            dead_letters.keep(session, Unreadable(Delivery(TOPIC, payload), "no signature that holds"), at)


def kept(database: Database) -> list[int]:
    with database.read() as session:
        return [letter.bytes for letter in dead_letters.newest(session, 100)]


def counted(database: Database) -> list[Forgotten]:
    with database.read() as session:
        return dead_letters.forgotten(session)


def letters(*sizes: int) -> list[Letter]:
    """The later the longer the list."""
    return [(b"x" * size, NOON + timedelta(minutes=index)) for index, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        pytest.param(DeadLetterLimits(), [4, 3, 2, 1], id="within them all"),
        pytest.param(DeadLetterLimits(kept=timedelta(minutes=8)), [4, 3], id="too old"),
        pytest.param(DeadLetterLimits(letters=3), [4, 3, 2], id="too many"),
        pytest.param(DeadLetterLimits(total_bytes=7), [4, 3], id="too large in all, the last one fits exactly"),
        pytest.param(DeadLetterLimits(total_bytes=6), [4], id="too large in all"),
    ],
)
def test_the_oldest_beyond_a_limit_are_forgotten_and_counted(database: Database, limits: DeadLetterLimits, left: list[int]) -> None:
    keep(database, *letters(1, 2, 3, 4))
    with database.write() as session:
        assert forget_dead_letters(session, NOON + timedelta(minutes=10), limits) == 4 - len(left)
    with database.write() as session:
        assert forget_dead_letters(session, NOON + timedelta(minutes=10), limits) == 0
    assert kept(database) == left
    assert sum(day.letters for day in counted(database)) == 4 - len(left)


def test_the_counts_are_of_the_day_in_dhaka_on_which_each_came_last_and_add_up(database: Database) -> None:
    keep(database, (b"one", NOON), (b"one", NOON), (b"two", NOON), (b"three", NOON), (b"three", EVENING))
    with database.write() as session:
        forget_dead_letters(session, EVENING, DeadLetterLimits(letters=0))
    keep(database, (b"one", NOON))
    with database.write() as session:
        forget_dead_letters(session, EVENING, DeadLetterLimits(letters=0))
    assert counted(database) == [Forgotten(date(2026, 11, 23), 1, 2), Forgotten(date(2026, 11, 22), 3, 4)]


def test_what_comes_again_and_again_is_not_old(database: Database) -> None:
    keep(database, (b"again", NOON), (b"once!!", NOON + timedelta(days=1)), (b"again", NOON + timedelta(days=40)))
    with database.write() as session:
        forget_dead_letters(session, NOON + timedelta(days=41))
    assert kept(database) == [len(b"again")]


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], Result]:
    app = typer.Typer()
    app.command("dead-letters")(explained(commands.dead_letters))
    return lambda line: CliRunner().invoke(app, [*line.split(), "--data-dir", str(tmp_path)])


@pytest.fixture
def three(tmp_path: Path) -> None:
    """Two that are kept, and one that was forgotten."""
    with installation(tmp_path) as here:
        keep(here.database, (b"\x00\xff", NOON), (b"\x1b[2Jhello", NOON + timedelta(hours=1)), (b"old", NOON - timedelta(days=1)))
        with here.database.write() as session:
            forget_dead_letters(session, NOON, DeadLetterLimits(letters=2))


@pytest.mark.usefixtures("three")
def test_an_engineer_sees_the_newest_first_and_what_was_forgotten(run: Callable[[str], Result]) -> None:
    shown = run("").stdout
    assert shown.index("2026-11-22 13:00:00") < shown.index("2026-11-22 12:00:00")
    assert "no signature that holds" in shown
    assert TOPIC in shown
    assert "2 of 2 dead letters" in shown
    assert "2026-11-21: 1 forgotten, which had come 1 times" in shown


@pytest.mark.usefixtures("three")
def test_a_program_reads_them_as_json(run: Callable[[str], Result]) -> None:
    facts = json.loads(run("--json --most 1").stdout)
    assert facts["kept"] == 2
    assert facts["forgotten"] == [{"last_on": "2026-11-21", "letters": 1, "messages": 1}]
    (letter,) = facts["letters"]
    assert letter == {
        "id": 2,
        "at": "2026-11-22T07:00:00+00:00",
        "last_at": "2026-11-22T07:00:00+00:00",
        "times": 1,
        "bytes": 9,
        "topic": TOPIC,
        "reason": "no signature that holds",
    }


@pytest.mark.usefixtures("three")
def test_the_bytes_of_one_are_written_as_they_came(run: Callable[[str], Result]) -> None:
    assert run("--payload 1").stdout_bytes == b"\x00\xff"
    refused = run("--payload 77")
    assert refused.exit_code == 1
    assert "no dead letter is called 77" in refused.stderr.replace("'", "")


def test_where_there_are_none_that_is_said(run: Callable[[str], Result]) -> None:
    assert run("").stdout == "0 of 0 dead letters\n"
