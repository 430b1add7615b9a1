"""A port at the wrong speed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.simulators.uart import as_heard

BAUDS = (9600, 19200, 38400, 57600, 115200, 230400)


@given(st.binary(max_size=40), st.sampled_from(BAUDS))
def test_at_the_same_speed_nothing_changes(data: bytes, baud: int) -> None:
    assert as_heard(data, sent_baud=baud, heard_baud=baud) == data


@given(st.binary(max_size=40), st.sampled_from(BAUDS))
def test_a_speed_two_percent_off_is_still_the_same(data: bytes, baud: int) -> None:
    assert as_heard(data, sent_baud=baud, heard_baud=round(baud * 1.02)) == data


@given(st.binary(min_size=1, max_size=40), st.sampled_from(BAUDS), st.sampled_from(BAUDS))
def test_a_port_hears_no_more_than_its_speed_allows(data: bytes, sent: int, heard: int) -> None:
    assert len(as_heard(data, sent_baud=sent, heard_baud=heard)) <= len(data) * heard / sent + 1


@pytest.mark.parametrize(
    ("sent", "heard", "bytes_heard"),
    [
        # 55 is 0 10101010 1 on the line. At twice the speed: 0 01100110 and no stop bit; then 0 01100111 1, the end of it a quiet line.
        pytest.param(57600, 115200, "00e6", id="a port that is twice as fast"),
        pytest.param(0, 115200, "", id="a host that has hung up is not heard"),
        pytest.param(115200, 0, "", id="and hears nothing"),
        pytest.param(115200, 57600, "", id="a port that is half as fast sees no bit long enough to begin with"),
    ],
)
def test_what_is_heard_can_be_worked_out_by_hand(sent: int, heard: int, bytes_heard: str) -> None:
    assert as_heard(b"\x55", sent_baud=sent, heard_baud=heard).hex() == bytes_heard
