"""Many reads of one tag in one lane are one sighting."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader_agent.clock import Moment
from reader_agent.gate.lanes import LaneRead
from reader_agent.gate.window import Window, WindowLimits
from schemas.epc import Epc
from schemas.identifiers import LaneId, ReaderId
from schemas.messages import SightingClosed, SightingEvent, SightingOpened
from schemas.tid import Tid

START = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
IN, OUT = LaneId("in"), LaneId("out")
EPC, OTHER = Epc(bytes.fromhex("EB0001000000010100000001")), Epc(bytes.fromhex("EB0001000000020100000002"))
TID, CLONE_TID = Tid(bytes.fromhex("E2801160200011112222")), Tid(bytes.fromhex("E2801160200033334444"))
READER = ReaderId("gate-1")


def read(at_s: float, *, lane: LaneId = IN, epc: Epc = EPC, tid: Tid | None = None, rssi_dbm: float | None = None) -> LaneRead:
    return LaneRead(lane, READER, 1, epc, Moment(START + timedelta(seconds=at_s), at_s), tid=tid, rssi_dbm=rssi_dbm)


def numbers() -> Callable[[], int]:
    return count(1).__next__


def window(**limits: float) -> Window:
    return Window(WindowLimits(**limits), numbers())  # type: ignore[arg-type] # max_open is given as a whole number


def run(reads: list[LaneRead], **limits: float) -> list[SightingEvent]:
    gate = window(**limits)
    events = [event for one in reads for event in gate.add(one)]
    return events + gate.close_all()


def test_500_reads_a_second_for_a_second_are_one_sighting_that_opens_with_the_first() -> None:
    events = run([read(n / 500, rssi_dbm=-70 + n % 20) for n in range(500)])
    assert events == [
        SightingOpened(sighting=1, lane=IN, reader=READER, antenna=1, epc=EPC, first_seen_at=START, rssi_dbm=-70),
        SightingClosed(sighting=1, last_seen_at=START + timedelta(seconds=499 / 500), reads=500, best_rssi_dbm=-51),
    ]


@pytest.mark.parametrize(
    ("reads", "sightings"),
    [
        pytest.param([read(0), read(1.9)], 1, id="a pause shorter than the silence"),
        pytest.param([read(0), read(2.0)], 2, id="a pause as long as the silence"),
        pytest.param([read(0), read(0, lane=OUT)], 2, id="the same tag in two lanes"),
        pytest.param([read(0), read(0, epc=OTHER)], 2, id="two tags in one lane"),
        pytest.param([read(n) for n in range(61)], 2, id="a tag that stays longer than the maximum is reported again"),
        pytest.param(
            [read(0, tid=TID), read(0.1, tid=CLONE_TID), read(0.2, tid=TID), read(0.3, tid=CLONE_TID)], 2, id="two chips, one EPC"
        ),
        pytest.param([read(0, tid=TID), read(0.1), read(0.2, tid=TID)], 1, id="a read without its TID belongs to the open sighting"),
        pytest.param([read(0), read(-0.5), read(1.4)], 1, id="a read that comes out of order"),
    ],
)
def test_what_makes_a_sighting(reads: list[LaneRead], sightings: int) -> None:
    events = run(reads)
    assert sum(isinstance(event, SightingOpened) for event in events) == sightings
    assert sum(event.reads for event in events if isinstance(event, SightingClosed)) == len(reads)


def test_it_closes_after_silence_and_not_before() -> None:
    gate = window()
    gate.add(read(0))
    gate.add(read(1))
    assert gate.close_due(2.99) == []
    assert gate.close_due(3.0) == [SightingClosed(sighting=1, last_seen_at=START + timedelta(seconds=1), reads=2)]
    assert len(gate) == 0


@pytest.mark.parametrize(
    ("in_read", "noted", "opened", "identified", "closed"),
    [
        pytest.param(TID, None, TID, [], None, id="known at the first read: in the opening only"),
        pytest.param(None, TID, None, [TID], TID, id="read afterwards: said at once, and in the closing"),
        pytest.param(TID, CLONE_TID, TID, [], None, id="a second answer changes nothing"),
        pytest.param(None, None, None, [], None, id="never read"),
    ],
)
def test_where_the_tid_travels(
    in_read: Tid | None, noted: Tid | None, opened: Tid | None, identified: list[Tid], closed: Tid | None
) -> None:
    gate = window()
    (opening,) = gate.add(read(0, tid=in_read))
    if noted:
        assert [event.tid for event in gate.note_tid(READER, EPC, noted, Moment(START, 0.2))] == identified
    (closing,) = gate.close_all()
    assert (opening.tid, closing.tid) == (opened, closed)


def test_a_tid_from_another_reader_is_not_taken_for_this_sighting() -> None:
    gate = window()
    gate.add(read(0))
    gate.note_tid(ReaderId("gate-2"), EPC, TID, Moment(START, 0.2))
    assert gate.close_all()[0].tid is None


def test_a_jump_of_the_wall_clock_cannot_end_a_sighting_before_it_began() -> None:
    gate = window()
    gate.add(read(0))
    gate.add(LaneRead(IN, READER, 1, EPC, Moment(START - timedelta(days=1), 0.5)))
    (closing,) = gate.close_all()
    assert isinstance(closing, SightingClosed)
    assert closing.last_seen_at == START + timedelta(seconds=0.5)


def test_memory_is_bounded_by_closing_the_longest_silent_early() -> None:
    gate = Window(WindowLimits(max_open=3), numbers())
    tags = [Epc(bytes.fromhex(f"{n:024X}")) for n in range(5)]
    events = [event for n, tag in enumerate(tags) for event in gate.add(read(n / 100, epc=tag))]
    assert len(gate) == 3
    assert [event.sighting for event in events if isinstance(event, SightingClosed)] == [1, 2]


TAGS = st.sampled_from([EPC, OTHER])
LANES = st.sampled_from([IN, OUT])
STEPS = st.lists(st.tuples(st.floats(0, 3), LANES, TAGS), max_size=40)


@given(steps=STEPS, sweeps=st.booleans())
def test_no_read_is_lost_or_counted_twice_however_often_silence_is_looked_for(
    steps: list[tuple[float, LaneId, Epc]], *, sweeps: bool
) -> None:
    gate, quiet, at_s = window(), window(), 0.0
    events: list[SightingEvent] = []
    expected: list[SightingEvent] = []
    for pause_s, lane, epc in steps:
        at_s += pause_s
        events += gate.close_due(at_s) if sweeps else []
        events += gate.add(read(at_s, lane=lane, epc=epc))
        expected += quiet.add(read(at_s, lane=lane, epc=epc))
    events += gate.close_all()
    expected += quiet.close_all()
    closed = [event for event in events if isinstance(event, SightingClosed)]
    opened = [event.sighting for event in events if isinstance(event, SightingOpened)]
    assert sum(event.reads for event in closed) == len(steps)
    assert sorted(event.sighting for event in closed) == opened == list(range(1, len(opened) + 1))
    assert sorted(closed, key=lambda event: event.sighting) == sorted(
        (event for event in expected if isinstance(event, SightingClosed)), key=lambda event: event.sighting
    )
