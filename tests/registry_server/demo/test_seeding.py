"""The demo fills an empty registry, and no other: its passwords are no secret."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry_server.db import Database
from registry_server.demo.seeding import Seeding
from registry_server.errors import SetupError
from registry_server.secrets_box import load_or_create
from tests.registry_server.ingest.checkpoints import City

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def test_a_registry_that_holds_data_is_left_alone(sqlite_database: Database, tmp_path: Path) -> None:
    City(sqlite_database).build()
    seeding = Seeding(load_or_create(tmp_path), tmp_path, NOW, random.Random(1))
    with pytest.raises(SetupError, match=r"holds data already.*--data-dir a new folder"):
        seeding.fill(sqlite_database, "mqtt://127.0.0.1:1")
    assert not list(tmp_path.glob("*.toml"))
