"""What becomes in the street of the bikes that a visitor registers."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry_server.db import Database
from registry_server.demo.seeding import Seeding
from registry_server.demo.stage import Stage
from registry_server.demo.tally import Tally
from registry_server.demo.traffic import DrivePast, Traffic
from registry_server.demo.visitor import DRIVES_EVERY_S, MOST_BIKES, Visitor
from registry_server.secrets_box import load_or_create
from tests.registry_server.ingest.checkpoints import City, add_licence

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


class Street(Stage):
    """Notes who passes; plays no reader."""

    drives: list[DrivePast]

    def drive(self, drive: DrivePast) -> None:
        self.drives.append(drive)


@pytest.fixture
def street(tmp_path: Path) -> Street:
    made = Street(tmp_path, lambda _reader, _event: None, log_to=None)
    made.drives = []
    return made


def register(database: Database, serials: range) -> None:
    with database.write() as session:
        for serial in serials:
            add_licence(session, serial)


def test_a_list_that_is_imported_does_not_flood_the_street(sqlite_database: Database, street: Street, tmp_path: Path) -> None:
    City(sqlite_database).build()
    rng = random.Random(1)
    seeding = Seeding(load_or_create(tmp_path), tmp_path, NOW, rng)
    visitor = Visitor(sqlite_database, seeding, street, Traffic((), rng), Tally())
    register(sqlite_database, range(1_001, 1_001 + 2 * MOST_BIKES))
    visitor.look(0.0)
    register(sqlite_database, range(2_001, 2_002))
    visitor.look(DRIVES_EVERY_S)
    visitor.look(2 * DRIVES_EVERY_S)
    last_round = {drive.bike.name for drive in street.drives[-MOST_BIKES:]}
    assert len(street.drives) == 2 * MOST_BIKES - 1
    assert len(last_round) == MOST_BIKES
    assert "KCC-2001" in last_round, "who registers one more sees it drive"
