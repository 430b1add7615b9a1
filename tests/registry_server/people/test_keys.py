"""Keys that are not those of the registry are refused before they write a row."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from registry_server.config import Settings
from registry_server.db import Database
from registry_server.errors import SetupError
from registry_server.licences import service
from registry_server.people.keys import keys_of
from registry_server.secrets_box import KEY_FILE, load_or_create
from tests.registry_server.licences.office import form, open_office, random_bits

AWAY = "postgresql+psycopg://nobody@127.0.0.1:1/none"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


def register_one(settings: Settings, database: Database) -> None:
    act = open_office(database)
    with database.write(act.authority_id) as session:
        service.register(session, form(), act=act, secrets=keys_of(settings, database), random_bits=random_bits)


def test_an_empty_registry_gets_keys_and_keeps_them(settings: Settings, database: Database) -> None:
    register_one(settings, database)
    assert keys_of(settings, database) == load_or_create(settings.data_dir)


def test_lost_keys_are_not_replaced_by_new_ones(settings: Settings, database: Database) -> None:
    register_one(settings, database)
    (settings.data_dir / KEY_FILE).unlink()
    with pytest.raises(SetupError, match=f"{KEY_FILE} is missing"):
        keys_of(settings, database)
    assert not (settings.data_dir / KEY_FILE).exists()


def test_the_keys_of_another_registry_are_refused(settings: Settings, database: Database) -> None:
    register_one(settings, database)
    (settings.data_dir / KEY_FILE).unlink()
    load_or_create(settings.data_dir)
    with pytest.raises(SetupError, match="does not open with the keys"):
        keys_of(settings, database)


def test_a_database_that_is_away_keeps_no_web_server_from_starting(settings: Settings) -> None:
    keys = load_or_create(settings.data_dir)
    assert keys_of(settings, Database(AWAY)) == keys


def test_no_keys_are_made_while_nobody_can_say_whether_there_should_be_any(settings: Settings) -> None:
    with pytest.raises(OperationalError):
        keys_of(settings, Database(AWAY))
