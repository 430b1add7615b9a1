"""The schema comes whole or not at all, whoever starts first."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
from alembic import op
from sqlalchemy import create_engine, inspect, text

from registry_server.audit.service import Act, record
from registry_server.authorities.service import NewAuthority, add_authority
from registry_server.db import Database
from registry_server.errors import SetupError
from registry_server.schema import LOOKED_AT, is_current, migrate

STARTERS = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.sqlite'}"
    url: str = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"empty_{uuid.uuid4().hex[:12]}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return engine.url.set(database=name).render_as_string(hide_password=False)


def test_programs_that_start_at_once_on_an_empty_database_all_start(empty_url: str) -> None:
    start = Barrier(STARTERS)

    def begin() -> bool:
        database = Database(empty_url)
        start.wait(timeout=30)
        try:
            migrate(database)
            return is_current(database)
        finally:
            database.close()

    with ThreadPoolExecutor(STARTERS) as pool:
        begun = [pool.submit(begin) for _ in range(STARTERS)]
    assert [one.result() for one in begun] == [True] * STARTERS


def test_a_start_that_was_broken_off_leaves_nothing_and_the_next_one_succeeds(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def break_off(*columns: object, **options: object) -> None:
        made.append(columns[0])
        if len(made) == 5:
            raise KeyboardInterrupt
        create_table(*columns, **options)  # type: ignore[arg-type]  # handed on as they came

    create_table = op.create_table
    database = Database(empty_url)
    monkeypatch.setattr(op, "create_table", break_off)
    with pytest.raises(KeyboardInterrupt):
        migrate(database)
    monkeypatch.undo()
    assert inspect(database.engine).get_table_names() == []
    migrate(database)
    assert is_current(database)
    database.close()


def test_a_newer_schema_is_refused_with_what_to_do(empty_url: str) -> None:
    database = Database(empty_url)
    migrate(database)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SetupError, match=r"schema 9999.*newer version"):
        migrate(database)
    database.close()


@pytest.mark.parametrize(
    ("entries", "is_known"),
    [
        pytest.param(LOOKED_AT - 10, False, id="a small log needs no statistics"),
        pytest.param(LOOKED_AT + 10, True, id="a log that has grown"),
    ],
)
def test_sqlite_is_told_how_its_tables_have_grown(entries: int, is_known: bool, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    migrate(database)
    act = Act(0, "cli:test", datetime(2026, 11, 22, tzinfo=UTC))
    with database.write() as session:
        city = add_authority(session, NewAuthority("kcc", "খুলনা", "Khulna", "খুলনা", "KCC", "city_corporation_2009"), act).id
        for number in range(entries):
            record(session, replace(act, authority_id=city), "licence:view", f"bike_{number}")
    migrate(database)
    with database.read() as session:
        assert bool(session.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'"))) == is_known
    database.close()
