"""A short run of what `make fuzz` does at length, and proof that it would find something."""

from random import Random
from typing import Any

import pytest

from firmware_protocols.catalogue import ALL_FAMILIES, codec_for
from firmware_protocols.codec import Codec, Direction
from firmware_protocols.events import NEED_DATA, Event, NeedData, RoundEnded
from fuzz.mutations import MUTATIONS, SEALS, mutated
from fuzz.run import Counts, Target, attack, survives
from fuzz.vectors import find_good_frame, load_frames

FRAMES = 20_000
REPORT = bytes.fromhex("bb02220011c9340030751feb705c5904e3d50d703a76ef7e")


@pytest.mark.parametrize("family", ALL_FAMILIES)
def test_no_harmed_frame_makes_a_codec_raise_stall_grow_or_stay_deaf(family: str) -> None:
    counts = attack(family, FRAMES, seed=2026)
    assert counts.findings == []
    assert counts.frames == FRAMES
    assert counts.recoveries > FRAMES // 40
    assert counts.errors


class Raises:
    """A codec with a fault of one kind."""

    def __init__(self) -> None:
        self.inner = codec_for("m100")
        self.facts = self.inner.facts

    def receive_data(self, data: bytes) -> None:
        if b"\xff\x4a" in data:
            raise IndexError("out of range")

    def next_event(self) -> Event | NeedData:
        return NEED_DATA

    def receive_gap(self) -> None: ...

    def encode(self, command: Any) -> tuple[bytes, ...]:
        return self.inner.encode(command)


class NeverEnds(Raises):
    def receive_data(self, data: bytes) -> None: ...

    def next_event(self) -> Event | NeedData:
        return RoundEnded()


class StaysDeaf(Raises):
    def receive_data(self, data: bytes) -> None: ...


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        pytest.param(Raises(), "IndexError: out of range", id="an exception"),
        pytest.param(NeverEnds(), "Stalled", id="events without an end"),
        pytest.param(StaysDeaf(), "Lost", id="a good frame that is not read"),
    ],
)
def test_a_fault_is_found_with_the_bytes_that_show_it(codec: Codec, found: str) -> None:
    good = find_good_frame("m100", Direction.FROM_READER, [REPORT])
    counts = Counts("m100")
    batch = [REPORT, b"\xff\x4a", REPORT]
    assert not survives(Target("m100", Direction.FROM_READER, codec, [REPORT], good), batch, Random(1), counts, seed=1)
    (finding,) = counts.findings
    assert finding.what.startswith(found)
    assert b"\xff\x4a" in finding.data


def test_the_same_seed_does_the_same_harm() -> None:
    frames = load_frames("m100", Direction.FROM_READER)
    first, second = ([mutated("m100", frames, Random(5)) for _ in range(50)] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("family", SEALS)
def test_a_seal_leaves_a_good_frame_as_it_is(family: str) -> None:
    good = find_good_frame(family, Direction.FROM_READER, load_frames(family, Direction.FROM_READER))
    assert good is not None
    assert SEALS[family](good[0]) == good[0]


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutation_takes_a_frame_of_any_length(mutation: Any) -> None:
    for size in range(1, 60):
        assert isinstance(mutation(REPORT[:1] * size, Random(size)), bytes)
