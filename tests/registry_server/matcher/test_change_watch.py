"""No change is missed, in whatever order the ids become visible."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from registry_server.db import Database
from registry_server.licences.models import RegistryChange
from registry_server.matcher.change_watch import MOST_HOLES, UNFILLED_FOR, ChangeWatch

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def commit(database: Database, ids: Iterable[int]) -> None:
    with database.write() as session:
        session.add_all(RegistryChange(id=number, licence_id=1000 + number, at=NOW) for number in ids)


def begin(database: Database) -> ChangeWatch:
    with database.read() as session:
        return ChangeWatch.begin(session, NOW)


def poll(database: Database, watch: ChangeWatch, at: datetime = NOW) -> list[int]:
    with database.read() as session:
        return sorted(licence_id - 1000 for licence_id in watch.poll(session, at))


def test_a_change_committed_after_a_later_one_is_not_missed(database: Database) -> None:
    watch = begin(database)
    commit(database, [102])
    assert poll(database, watch) == [102]
    commit(database, [101])
    assert poll(database, watch) == [101]
    assert poll(database, watch) == []


def test_a_long_list_that_is_committed_after_what_officers_did_meanwhile_is_seen_whole(database: Database) -> None:
    watch = begin(database)
    commit(database, range(5_001, 5_004))
    assert poll(database, watch) == [5_001, 5_002, 5_003]
    commit(database, range(1, 5_001))
    assert poll(database, watch) == list(range(1, 5_001))
    assert watch.holes == []


def test_what_was_under_way_when_the_watch_began_is_seen(database: Database) -> None:
    commit(database, [1, 2, 5])
    watch = begin(database)
    commit(database, [3, 4])
    assert poll(database, watch) == [3, 4]


@pytest.mark.parametrize(
    ("after", "seen"),
    [pytest.param(UNFILLED_FOR - timedelta(seconds=1), [1], id="in time"), pytest.param(UNFILLED_FOR, [], id="long given up")],
)
def test_a_hole_that_a_rollback_left_is_given_up(database: Database, after: timedelta, seen: list[int]) -> None:
    watch = begin(database)
    commit(database, [2])
    assert poll(database, watch) == [2]
    commit(database, [1])
    assert poll(database, watch, NOW + after) == seen


def test_holes_are_bounded(database: Database) -> None:
    watch = begin(database)
    commit(database, range(2, 2 * MOST_HOLES + 100, 2))
    poll(database, watch)
    assert len(watch.holes) == MOST_HOLES


@given(
    batches=st.permutations(range(1, 25)).flatmap(lambda ids: st.lists(st.integers(1, 6), min_size=24).map(lambda sizes: _cut(ids, sizes)))
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_change_comes_once_whatever_the_order(database: Database, batches: list[list[int]]) -> None:
    with database.write() as session:
        session.execute(delete(RegistryChange))
    watch, seen = begin(database), list[int]()
    for batch in batches:
        commit(database, batch)
        seen += poll(database, watch)
    assert sorted(seen) == list(range(1, 25))


def _cut(ids: list[int], sizes: list[int]) -> list[list[int]]:
    """The ids in commits of these sizes."""
    batches, rest = [], list(ids)
    for size in sizes:
        batches.append(rest[:size])
        rest = rest[size:]
    return [batch for batch in batches if batch]
