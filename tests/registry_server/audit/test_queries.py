"""Pages of the log join without gap or double, on both engines."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from registry_server.audit.models import AuditEntry
from registry_server.audit.queries import AuditFilter, find_entries
from registry_server.audit.service import Act, record
from registry_server.authorities.service import NewAuthority, add_authority
from registry_server.db import Database

AT = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)  # midnight in Dhaka: 22 November begins


@pytest.fixture
def city(database: Database) -> int:
    with database.write() as session:
        new = NewAuthority("kcc", "খুলনা", "Khulna", "খুলনা", "KCC", "city_corporation_2009")
        city = add_authority(session, new, Act(0, "cli:test", AT - timedelta(days=30))).id
        for number in range(25):
            record(session, Act(city, "rahim", AT + timedelta(minutes=number - 5)), "licence:view", f"bike_{number}")
    return city


def test_pages_join_while_the_log_grows(database: Database, city: int) -> None:
    seen: list[int] = []
    before: int | None = None
    while True:
        with database.write(city) as session:
            page = find_entries(session, AuditFilter(before=before), rows=7)
            seen += [entry.id for entry in page.entries]
            record(session, Act(city, "karim", AT), "licence:view", "meanwhile")
        if page.next_before is None:
            break
        before = page.next_before
    with database.read(city) as session:
        all_old = list(session.scalars(select(AuditEntry.id).where(AuditEntry.subject != "meanwhile").order_by(AuditEntry.id.desc())))
    assert seen == all_old


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        pytest.param(AuditFilter(on=date(2026, 11, 22)), 20, id="from midnight in Dhaka"),
        pytest.param(AuditFilter(on=date(2026, 11, 21)), 5, id="before it"),
        pytest.param(AuditFilter(subject="bike_1"), 1, id="the record, not what begins like it"),
        pytest.param(AuditFilter(actions=("licence:",)), 25, id="all that was done with licences"),
        pytest.param(AuditFilter(actions=("licence_",)), 0, id="no wildcard"),
        pytest.param(AuditFilter(by="rahim", subject="kcc"), 0, id="both must hold"),
    ],
)
def test_a_filter_finds(wanted: AuditFilter, count: int, database: Database, city: int) -> None:
    with database.read(city) as session:
        assert len(find_entries(session, wanted).entries) == count
