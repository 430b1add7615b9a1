"""`ebike-server user …` and the set-up commands, as an engineer types them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from sqlalchemy import select
from typer.testing import CliRunner, Result

from registry_server.audit.models import AuditEntry
from registry_server.authorities import commands as authority_commands
from registry_server.db import Database
from registry_server.people import commands
from registry_server.people.passwords import matches
from registry_server.people.queries import get_officer

KEY = "ab" * 32
Run = Callable[..., Result]
AUTHORITY = "authority add kcc --name-bn খুলনা --name-en Khulna --plate-prefix-bn খ --plate-prefix-en KCC"
CHECKPOINT = "checkpoint add pti-more --authority kcc --name-bn পিটিআই --name-en PTI --latitude 22.8 --longitude 89.5"
USER = "user add Nasrin.Akter --role licence_officer --authority kcc --full-name নাসরিন"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    app = typer.Typer()
    for name, part in (
        ("user", commands.app),
        ("authority", authority_commands.authority_app),
        ("checkpoint", authority_commands.checkpoint_app),
        ("agent", authority_commands.agent_app),
    ):
        app.add_typer(part, name=name)

    def typed(line: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, [*line.split(), "--data-dir", str(tmp_path)], input=stdin)

    return typed


@pytest.fixture
def installed(tmp_path: Path, run: Run) -> Database:
    for line in (AUTHORITY, CHECKPOINT):
        assert run(line).exit_code == 0
    return Database(f"sqlite:///{tmp_path / 'registry.sqlite'}")


def test_an_added_officer_signs_in_once_with_what_was_printed(run: Run, installed: Database) -> None:
    answer = json.loads(run(f"{USER} --json").stdout)
    with installed.read() as session:
        officer = get_officer(session, "nasrin.akter")
        assert matches(answer["one_time_password"], officer.password_hash)
        assert officer.must_change_password
        assert not officer.is_disabled


def test_a_given_password_is_not_printed_again(run: Run, installed: Database) -> None:
    answer = run(f"{USER} --password-stdin", stdin="five boats on the Rupsha\n")
    assert "Rupsha" not in answer.output
    with installed.read() as session:
        assert matches("five boats on the Rupsha", get_officer(session, "nasrin.akter").password_hash)


def test_everything_typed_is_in_the_log_without_a_password(run: Run, installed: Database) -> None:
    for line in (USER, "user password nasrin.akter", "user disable nasrin.akter", "user enable nasrin.akter"):
        assert run(line).exit_code == 0
    assert run(f"agent add box1 --authority kcc --checkpoint pti-more --public-key {KEY}").exit_code == 0
    assert run("agent revoke box1 --authority kcc").exit_code == 0
    with installed.read() as session:
        entries = list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
        assert [entry.action for entry in entries] == [
            "authority:add",
            "checkpoint:add",
            "officer:add",
            "officer:password:reset",
            "officer:disable",
            "officer:enable",
            "agent:add",
            "agent:revoke",
        ]
        assert all(entry.by.startswith("cli:") for entry in entries)
        assert not any("password" in str(entry.facts) for entry in entries)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(USER.replace("kcc", "nowhere"), "nowhere", id="unknown authority"),
        pytest.param(USER.replace("Nasrin.Akter", "নাসরিন"), "নাসরিন", id="a name that cannot be typed at sign-in"),
        pytest.param("user disable ghost", "ghost", id="unknown officer"),
        pytest.param(AUTHORITY, "kcc", id="authority exists"),
        pytest.param(f"{AUTHORITY} --number 1".replace("add kcc", "add bcc"), "bcc", id="number is taken"),
        pytest.param(f"{AUTHORITY} --law martial".replace("add kcc", "add bcc"), "martial", id="unknown law"),
        pytest.param(AUTHORITY.replace("add kcc", "add K.C.C"), "K.C.C", id="a name that does not fit a topic"),
        pytest.param(CHECKPOINT, "pti-more", id="checkpoint exists"),
        pytest.param(CHECKPOINT.replace("22.8", "89.5").replace("pti-more", "two"), "89.5", id="latitude and longitude exchanged"),
        pytest.param("agent add b --authority kcc --checkpoint pti-more --public-key abcd", "abcd", id="key too short"),
        pytest.param(f"agent add b --authority kcc --checkpoint nowhere --public-key {KEY}", "nowhere", id="unknown checkpoint"),
        pytest.param("agent revoke ghost --authority kcc", "ghost", id="unknown agent"),
        pytest.param("user disable [/x]", "[/x]", id="brackets are no markup"),
        pytest.param("user disable :bike:\x1b[2J", r":bike:\x1b[2j", id="nothing that is typed steers the terminal"),
        pytest.param("user disable ghost --database-url nonsense", "postgresql://", id="a database URL that is none"),
    ],
)
@pytest.mark.usefixtures("installed")
def test_a_mistake_is_one_clear_line_and_changes_nothing(line: str, said: str, run: Run, installed: Database) -> None:
    before = _entries(installed)
    answer = run(line)
    assert answer.exit_code == 1
    assert said in answer.output
    assert "Traceback" not in answer.output
    assert _entries(installed) == before


@pytest.mark.usefixtures("installed")
def test_a_sign_in_name_is_taken_whoever_has_it(run: Run) -> None:
    assert run(USER).exit_code == 0
    assert run(AUTHORITY.replace("kcc", "bcc")).exit_code == 0
    answer = run(USER.replace("kcc", "bcc"))
    assert (answer.exit_code, "nasrin.akter" in answer.output) == (1, True)


def test_a_setting_that_cannot_be_read_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EBIKE_WEB_PORT", "eighty")
    answer = run("user disable ghost")
    assert (answer.exit_code, "EBIKE_WEB_PORT" in answer.output) == (1, True)


def _entries(database: Database) -> int:
    with database.read() as session:
        return len(session.scalars(select(AuditEntry.id)).all())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param('--plate-prefix-en K"', "Latin prefix", id="would break a header"),
        pytest.param("--plate-prefix-en kcc", "Latin prefix", id="small letters"),
        pytest.param("--plate-prefix-en K2", "Latin prefix", id="digits, which belong to the number"),
        pytest.param("--plate-prefix-bn KCC", "Bangla prefix", id="Latin where Bangla belongs"),
        pytest.param("--wards 0", "1 to 200 wards", id="no ward"),
    ],
)
def test_what_cannot_stand_on_a_plate_or_in_a_form_is_refused_at_the_beginning(options: str, told: str, run: Run) -> None:
    answer = run(f"{AUTHORITY} {options}")
    assert answer.exit_code == 1
    assert told in " ".join(answer.stderr.split())
