"""From what a reader says to events that are due to be sealed."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from firmware_protocols.events import Rssi, RssiUnit, TagSeen
from reader_agent.clock import Moment
from reader_agent.gate.gate import Gate
from reader_agent.gate.lanes import LaneMap, LaneRead, Unplaced
from reader_agent.gate.sealing import BATCH_EVENTS, LINGER_S
from reader_agent.gate.window import WindowLimits
from schemas.identifiers import LaneId, ReaderId
from schemas.messages import SightingClosed, SightingOpened
from schemas.tid import Tid

START = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
ONE, FOUR = ReaderId("one-port"), ReaderId("four-ports")
LANES = LaneMap({ONE: {1: LaneId("in")}, FOUR: {1: LaneId("in"), 3: LaneId("out")}})
EPC = bytes.fromhex("EB0001000000010100000001")
TID = bytes.fromhex("E2801160200011112222")
DBM, RAW = Rssi(-55, RssiUnit.DBM, b"\xc9"), Rssi(77, RssiUnit.RAW, b"M")


def at(seconds: float) -> Moment:
    return Moment(START + timedelta(seconds=seconds), seconds)


@pytest.mark.parametrize(
    ("reader", "antenna", "lane"),
    [
        pytest.param(ONE, None, "in", id="a family that names no antenna has one"),
        pytest.param(FOUR, 1, "in", id="first port"),
        pytest.param(FOUR, 3, "out", id="third port"),
    ],
)
def test_an_antenna_watches_its_lane(reader: ReaderId, antenna: int | None, lane: str) -> None:
    placed = LANES.place(reader, TagSeen(EPC, antenna=antenna), at(0))
    assert isinstance(placed, LaneRead)
    assert (placed.lane, placed.antenna) == (lane, antenna or 1)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        pytest.param(TagSeen(EPC, antenna=2), "antenna 2 is in no lane; configured: 1, 3", id="a port without a lane"),
        pytest.param(TagSeen(b"", antenna=1), "EPC: expected 1 to 31 words of 4 hex digits, found 0 hex digits", id="an empty EPC"),
    ],
)
def test_a_read_without_a_place_is_told_not_dropped_in_silence(seen: TagSeen, reason: str) -> None:
    assert LANES.place(FOUR, seen, at(0)) == Unplaced(FOUR, reason)


@pytest.mark.parametrize(
    ("rssi", "rssi_dbm"),
    [
        pytest.param(DBM, -55.0, id="in dBm"),
        pytest.param(RAW, None, id="on a scale of the maker's own"),
        pytest.param(None, None, id="not said"),
    ],
)
def test_only_dbm_is_sent_as_dbm(rssi: Rssi | None, rssi_dbm: float | None) -> None:
    placed = LANES.place(ONE, TagSeen(EPC, rssi=rssi), at(0))
    assert isinstance(placed, LaneRead)
    assert placed.rssi_dbm == rssi_dbm


def new_gate() -> Gate:
    return Gate(LANES, WindowLimits(), count(1).__next__)


def test_an_opening_is_due_after_the_linger_and_not_before() -> None:
    gate = new_gate()
    gate.hear(ONE, TagSeen(EPC), at(10))
    assert gate.take_due(10 + LINGER_S / 2) == []
    assert [type(event) for event in gate.take_due(10 + LINGER_S)] == [SightingOpened]
    assert gate.take_due(10 + 2 * LINGER_S) == []


def test_a_full_batch_is_due_at_once_and_the_rest_follows() -> None:
    gate = new_gate()
    for number in range(BATCH_EVENTS + 5):
        gate.hear(ONE, TagSeen(number.to_bytes(12)), at(0))
    assert len(gate.take_due(0)) == BATCH_EVENTS
    assert len(gate.take_due(LINGER_S)) == 5


def test_a_closing_carries_the_tid_that_was_read_after_the_opening() -> None:
    gate = new_gate()
    gate.hear(ONE, TagSeen(EPC), at(0))
    gate.note_tid(ONE, EPC, TID, at(0.1))
    gate.take_due(LINGER_S)
    gate.take_due(2.5)
    (closing,) = gate.take_due(2.5 + LINGER_S)
    assert isinstance(closing, SightingClosed)
    assert closing.tid == Tid(TID)


@pytest.mark.parametrize("words", [b"", b"\xe2", bytes(66)], ids=["nothing", "half a word", "longer than any chip's"])
def test_what_cannot_be_a_tid_is_not_passed_on_as_one(words: bytes) -> None:
    gate = new_gate()
    gate.hear(ONE, TagSeen(EPC), at(0))
    gate.note_tid(ONE, EPC, words, at(0.1))
    closing = gate.take_last()[-1]
    assert closing.tid is None


def test_at_the_end_every_sighting_is_closed() -> None:
    gate = new_gate()
    for number in range(300):
        gate.hear(ONE, TagSeen(number.to_bytes(12)), at(0))
    events = []
    while batch := gate.take_last():
        events += batch
    assert sum(isinstance(event, SightingClosed) for event in events) == 300


def test_reads_without_a_place_are_counted_by_reader() -> None:
    gate = Gate(LANES, WindowLimits(), iter(count(1)).__next__)
    for seen in (TagSeen(EPC, antenna=2), TagSeen(b"", antenna=1), TagSeen(EPC, antenna=1)):
        gate.hear(FOUR, seen, at(0))
    assert (gate.unplaced_reads[FOUR], gate.unplaced_reads[ONE]) == (2, 0)
