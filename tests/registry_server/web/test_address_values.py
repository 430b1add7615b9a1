"""What stands in an address is read in either script, and never ends a page."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.clock import instants_of
from registry_server.web.address_values import find_day, find_row_id


@pytest.mark.parametrize(
    ("typed", "row_id"),
    [
        pytest.param("1024", 1024, id="Latin digits"),
        pytest.param("১০২৪", 1024, id="Bangla digits"),
        pytest.param("9" * 18, 10**18 - 1, id="as large as any id"),
        pytest.param("9" * 19, None, id="larger than any id"),
        pytest.param("", None, id="nothing"),
        pytest.param("-5", None, id="a sign"),
        pytest.param("٣", None, id="digits of a third script"),
    ],
)
def test_the_id_of_a_row(typed: str, row_id: int | None) -> None:
    assert find_row_id(typed) == row_id


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        pytest.param("2026-11-22", date(2026, 11, 22), id="as a date field sends it"),
        pytest.param("২০২৬-১১-২২", date(2026, 11, 22), id="in Bangla digits"),
        pytest.param("2026-11-31", None, id="a day that is not in the calendar"),
        pytest.param("", None, id="nothing"),
        pytest.param("9999-12-31", None, id="the last day of all has no next one"),
        pytest.param("0001-01-01", None, id="the first of all begins before all time in Dhaka"),
    ],
)
def test_a_day(typed: str, day: date | None) -> None:
    assert find_day(typed) == day


@given(st.dates())
def test_every_day_that_is_taken_has_a_beginning_and_an_end(on: date) -> None:
    day = find_day(on.isoformat())
    if day is not None:
        begins_at, ends_at = instants_of(day)
        assert ends_at - begins_at == timedelta(days=1)
