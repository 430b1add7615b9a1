"""Which clocks are believed."""

from datetime import UTC, datetime, timedelta

import pytest

from registry_server.sightings.clocks import read_clock

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sealed_s", "offset_ms", "is_sure"),
    [
        pytest.param(-1, 0.0, True, id="right, and says so"),
        pytest.param(-7200, 0.0, True, id="spooled for two hours with a clock that is known"),
        pytest.param(3600, 3_600_000.0, True, id="an hour ahead and says so"),
        pytest.param(3600, 0.0, False, id="an hour ahead of us and says it is right"),
        pytest.param(-1, None, True, id="says nothing, but fits ours"),
        pytest.param(-600, None, False, id="says nothing and is late: spooled or slow, nobody knows"),
        pytest.param(90_000, None, False, id="a day in the future"),
        pytest.param(0, 1e300, False, id="an offset beyond all calendars"),
    ],
)
def test_a_clock_is_believed_only_for_a_reason(sealed_s: float, offset_ms: float | None, is_sure: bool) -> None:
    assert read_clock(NOW + timedelta(seconds=sealed_s), offset_ms, NOW).is_sure is is_sure


def test_the_offset_is_taken_off() -> None:
    clock = read_clock(NOW + timedelta(minutes=5), 300_000.0, NOW)
    assert clock.true_time(NOW + timedelta(minutes=5)) == NOW


def test_an_event_of_the_future_is_unsure_even_in_a_sure_batch() -> None:
    clock = read_clock(NOW, 0.0, NOW)
    assert clock.is_sure_of(NOW)
    assert not clock.is_sure_of(NOW + timedelta(hours=25))
