import pytest

from registry_server.audit.service import Act
from registry_server.authorities.models import Authority
from registry_server.db import Database
from tests.registry_server.wall.street import NOON, Street, open_street


@pytest.fixture
def street(database: Database) -> Street:
    """A city's street on both engines."""
    return open_street(database, add_authority(database, "kcc"))


@pytest.fixture
def act(street: Street) -> Act:
    return Act(street.authority_id, "kcc.magistrate", NOON)


def add_authority(database: Database, slug: str) -> int:
    with database.write() as session:
        authority = Authority(
            slug=slug,
            name_bn="শহর",
            name_en="City",
            plate_prefix_bn="খুলনা",
            plate_prefix_en=slug.upper(),
            law="city_corporation_2009",
            afi=None,
        )
        session.add(authority)
        session.flush()
        return authority.id
