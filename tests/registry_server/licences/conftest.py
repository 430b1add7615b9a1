import pytest

from registry_server.audit.service import Act
from registry_server.db import Database
from tests.registry_server.licences.office import open_office


@pytest.fixture
def act(database: Database) -> Act:
    return open_office(database)
