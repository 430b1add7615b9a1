"""What a bad line does, and that it does it as often as it was told."""

from itertools import pairwise
from random import Random

import pytest

from firmware_protocols.simulators.faults import NO_FAULTS, FaultyLine, LineFaults

FRAME = bytes(range(20))


def writes_of(faults: LineFaults, count: int = 200) -> list[bytes]:
    line = FaultyLine(faults, Random(3))
    for _ in range(count):
        line.put(FRAME)
    return line.take_writes()


def test_a_good_line_writes_frame_by_frame() -> None:
    assert writes_of(NO_FAULTS) == [FRAME] * 200


def test_a_split_frame_comes_in_two_writes() -> None:
    writes = writes_of(LineFaults(split=1.0))
    assert len(writes) == 400
    assert b"".join(writes) == FRAME * 200


def test_merged_frames_come_in_one_write() -> None:
    assert writes_of(LineFaults(merged=1.0)) == [FRAME * 200]


def test_noise_stands_before_frames() -> None:
    writes = writes_of(LineFaults(noise=1.0))
    assert all(write.endswith(FRAME) and len(write) > len(FRAME) for write in writes)


@pytest.mark.parametrize(
    "faults",
    [pytest.param(LineFaults(wrong_checksum=1.0), id="wrong checksum"), pytest.param(LineFaults(truncated=1.0), id="truncated")],
)
def test_a_harmed_frame_is_known_to_be_harmed(faults: LineFaults) -> None:
    line = FaultyLine(faults, Random(3))
    assert not line.put(FRAME)
    assert line.take_writes() != [FRAME]


def test_a_share_is_a_share() -> None:
    harmed = sum(write != FRAME for write in writes_of(LineFaults(wrong_checksum=0.25), 1000))
    assert 200 <= harmed <= 300


def test_silences_begin_and_end() -> None:
    line = FaultyLine(LineFaults(silences_per_minute=6, silence_s=2.0), Random(3))
    is_silent = [line.is_silent(tick / 10) for tick in range(6000)]
    starts = sum(now and not before for before, now in pairwise(is_silent))
    assert 25 <= starts <= 75
    assert 0.08 <= sum(is_silent) / len(is_silent) <= 0.25


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("noise", 1.5, id="more than all"),
        pytest.param("split", -0.1, id="less than none"),
        pytest.param("silence_s", -1, id="negative time"),
    ],
)
def test_a_share_that_is_none(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        LineFaults(**{name: value})
