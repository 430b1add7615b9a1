import pytest

from registry_server.audit.service import Act
from registry_server.db import Database
from registry_server.issuance import desks
from registry_server.issuance.models import Desk
from registry_server.licences.models import Licence
from tests.registry_server.licences.office import open_office, register


@pytest.fixture
def act(database: Database) -> Act:
    return open_office(database)


@pytest.fixture
def licence(database: Database, act: Act) -> Licence:
    return register(database, act)


@pytest.fixture
def desk(database: Database, act: Act) -> Desk:
    with database.write(act.authority_id) as session:
        return desks.add_desk(session, "desk-1", "token-1", act=act)
