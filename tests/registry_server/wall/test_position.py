"""A position in the stream survives its way through the browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.wall.position import Position


@given(st.integers(0, 2**53), st.integers(0, 2**53))
def test_a_position_survives_its_text(passage: int, flag: int) -> None:
    assert Position.parse(str(Position(passage, flag))) == Position(passage, flag)


@pytest.mark.parametrize("text", ["", "7", "7.", ".7", "-1.2", "1.2.3", "১.২", "9" * 30 + ".1", "1e3.1"])
def test_a_foreign_event_id_begins_anew(text: str) -> None:
    assert Position.parse(text) is None
