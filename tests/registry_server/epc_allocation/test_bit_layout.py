"""EPCs from their parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.epc_allocation.bit_layout import LAST_ISSUE, closed_epc
from registry_server.errors import Conflict
from schemas.epc import ClosedEpc


@given(st.integers(1, 65_535), st.integers(1, 16_777_215), st.integers(1, LAST_ISSUE), st.integers(0, (1 << 32) - 1))
def test_the_parts_are_read_back(authority: int, serial: int, issue: int, random: int) -> None:
    assert ClosedEpc.find_in(closed_epc(authority, serial, issue, random)) == ClosedEpc(authority, serial, issue, random)


def test_a_serial_has_255_tags_and_no_more() -> None:
    with pytest.raises(Conflict, match="issues_used_up"):
        closed_epc(1, 1, LAST_ISSUE + 1, 0)
