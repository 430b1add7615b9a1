"""The unit of work keeps its word on both engines."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry_server.audit.models import AuditEntry
from registry_server.audit.service import Act, record
from registry_server.authorities.models import Authority
from registry_server.db import Database, OnlyLooking
from registry_server.errors import SetupError

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def authority(slug: str) -> Authority:
    return Authority(
        slug=slug, name_bn="শহর", name_en="City", plate_prefix_bn="শ", plate_prefix_en="C", law="city_corporation_2009", afi=None
    )


@pytest.fixture
def two_cities(database: Database) -> tuple[int, int]:
    with database.write() as session:
        cities = authority("one"), authority("two")
        session.add_all(cities)
        session.flush()
        for city in cities:
            record(session, Act(city.id, "someone", AT), "licence:view", city.slug)
    return cities[0].id, cities[1].id


def test_a_session_of_one_authority_sees_only_its_rows(database: Database, two_cities: tuple[int, int]) -> None:
    for authority_id in two_cities * 2:
        with database.read(authority_id) as session:
            assert {entry.authority_id for entry in session.scalars(select(AuditEntry))} == {authority_id}


def test_a_session_of_one_authority_cannot_write_rows_of_another(database: Database, two_cities: tuple[int, int]) -> None:
    mine, other = two_cities
    with pytest.raises(SetupError), database.write(mine) as session:
        record(session, Act(other, "someone", AT), "licence:view", "x")


def test_an_exception_leaves_nothing_behind(database: Database, two_cities: tuple[int, int]) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as session:  # noqa: PT012 — the block is what is tested
        record(session, Act(two_cities[0], "someone", AT), "licence:suspend", "x")
        session.flush()
        raise ZeroDivisionError
    with database.read() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["licence:view"] * 2


CHANGES: dict[str, Callable[[Session, int], object]] = {
    "add": lambda session, city: record(session, Act(city, "someone", AT), "licence:suspend", "x"),
    "update": lambda session, _: session.execute(update(AuditEntry).values(by="nobody")),
    "lock": lambda session, _: session.scalars(select(AuditEntry).with_for_update()).all(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_page_that_only_looks_changes_and_locks_nothing(database: Database, two_cities: tuple[int, int], change: str) -> None:
    with pytest.raises(OnlyLooking), database.read(two_cities[0]) as session:  # noqa: PT012 — the block is what is tested
        CHANGES[change](session, two_cities[0])
        session.flush()
    with database.read() as session:
        assert session.scalars(select(AuditEntry.by)).all() == ["someone"] * 2


def test_all_queries_of_a_look_see_one_state(database: Database, two_cities: tuple[int, int]) -> None:
    counted = select(func.count()).select_from(AuditEntry)
    with database.read() as session:
        before = session.scalar(counted)
        with database.write() as other:
            record(other, Act(two_cities[0], "someone", AT), "licence:suspend", "x")
        assert session.scalar(counted) == before


def test_an_instant_comes_back_in_utc(database: Database, two_cities: tuple[int, int]) -> None:
    with database.read(two_cities[0]) as session:
        assert session.scalars(select(AuditEntry.at)).all() == [AT]


def test_an_error_of_the_database_does_not_say_what_was_to_be_written(database: Database, two_cities: tuple[int, int]) -> None:
    with pytest.raises(IntegrityError) as refused, database.write() as session:  # noqa: PT012 — the block is what is tested
        for slug in ("three", "three"):
            session.add(Authority(slug=slug, name_bn="গোপন", name_en="secret", plate_prefix_bn="", plate_prefix_en="", law="", afi=None))
            session.flush()
    assert "secret" not in str(refused.value)
