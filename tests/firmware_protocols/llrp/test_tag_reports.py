"""Tag reports: what they say, what they inherit, and that the quick way of reading them is the slow way."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.events import Event, FrameError, FrameFault, Notice, Reply, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.connection import Connection
from firmware_protocols.llrp.frames import HEADER_SIZE, parameters_of, tlv, tv
from firmware_protocols.llrp.tables import IMPINJ, TV_SIZE, ImpinjParameter, MessageType, Tlv, Tv
from firmware_protocols.llrp.tag_reports import MOST_IN_RUN, MOST_LAYOUTS, TagReports, read_report
from tests.firmware_protocols.llrp.building import EPC, OK, TID, antenna, custom, message, report, rssi, tag
from tests.firmware_protocols.reading import read

ZEBRA = 161


def dbm(value: int) -> Rssi:
    return Rssi(float(value), RssiUnit.DBM, struct.pack(">b", value))


def events_of(*messages: bytes) -> list[Event]:
    return read(LlrpCodec(), messages)


def test_all_that_a_report_can_say() -> None:
    fields = (
        tv(Tv.ROSPEC_ID, struct.pack(">I", 1)),
        tv(Tv.SPEC_INDEX, struct.pack(">H", 1)),
        tv(Tv.INVENTORY_PARAMETER_SPEC_ID, struct.pack(">H", 1)),
        antenna(3),
        rssi(-61),
        tv(Tv.CHANNEL_INDEX, struct.pack(">H", 2)),
        tv(Tv.FIRST_SEEN_UTC, struct.pack(">Q", 1_700_000_000_000_000)),
        tv(Tv.LAST_SEEN_UTC, struct.pack(">Q", 1_700_000_000_500_000)),
        tv(Tv.TAG_SEEN_COUNT, struct.pack(">H", 9)),
        tv(Tv.PC, b"\x30\x00"),
        tv(Tv.CRC, b"\x12\x34"),
        tv(Tv.ACCESS_SPEC_ID, bytes(4)),
    )
    assert events_of(report(tag(*fields))) == [
        TagSeen(EPC, 0x3000, None, dbm(-61), 3, None, None, 9, 1_700_000_000_000_000, 1_700_000_000_500_000)
    ]


@pytest.mark.parametrize("size", [2, 8, 12, 16, 25, 62])
def test_an_epc_of_any_length(size: int) -> None:
    epc = bytes(range(size))
    assert events_of(report(tag(epc=epc))) == [TagSeen(epc)]


def test_an_epc_whose_bits_fill_no_byte() -> None:
    data = tlv(Tlv.TAG_REPORT_DATA, tlv(Tlv.EPC_DATA, struct.pack(">H", 9), b"\xab\x80"))
    assert events_of(report(data)) == [TagSeen(b"\xab\x80")]


def test_what_a_report_leaves_out_is_as_it_was_in_the_last() -> None:
    other = bytes(12)
    events = events_of(report(tag(antenna(2), rssi(-50)), tag(epc=other)), report(tag(rssi(-40))), report(tag(antenna(4))))
    assert events == [
        TagSeen(EPC, rssi=dbm(-50), antenna=2),
        TagSeen(other, rssi=dbm(-50), antenna=2),
        TagSeen(EPC, rssi=dbm(-40), antenna=2),
        TagSeen(EPC, rssi=dbm(-40), antenna=4),
    ]


def test_nothing_is_inherited_from_another_connection() -> None:
    events_of(report(tag(antenna(2))))
    assert events_of(report(tag())) == [TagSeen(EPC)]


def test_a_pc_word_is_inherited_by_epcs_of_its_length_alone() -> None:
    short = bytes(8)
    events = events_of(report(tag(tv(Tv.PC, b"\x34\x00")), tag(epc=short), tag()))
    assert [event.pc for event in events if isinstance(event, TagSeen)] == [0x3400, None, 0x3400]


def test_impinjs_finer_rssi_its_tid_and_phase() -> None:
    impinj = (
        custom(IMPINJ, ImpinjParameter.SERIALIZED_TID, struct.pack(">H", 6) + TID),
        custom(IMPINJ, ImpinjParameter.RF_PHASE_ANGLE, struct.pack(">H", 1234)),
        custom(IMPINJ, ImpinjParameter.PEAK_RSSI, struct.pack(">h", -5875)),
    )
    fine = Rssi(-58.75, RssiUnit.DBM, b"\xe9\x0d")
    assert events_of(report(tag(rssi(-59), *impinj), tag())) == [TagSeen(EPC, tid=TID, rssi=fine, phase=1234), TagSeen(EPC, rssi=fine)]


def test_a_channel_is_a_frequency_once_the_reader_has_told_its_table() -> None:
    channel = tv(Tv.CHANNEL_INDEX, struct.pack(">H", 2))
    table = tlv(Tlv.FIXED_FREQUENCY_TABLE, struct.pack(">HII", 2, 865_700, 866_300))
    band = tlv(Tlv.UHF_BAND_CAPABILITIES, tlv(Tlv.FREQUENCY_INFORMATION, b"\0", table))
    capabilities = message(
        MessageType.GET_READER_CAPABILITIES_RESPONSE, OK, tlv(Tlv.REGULATORY_CAPABILITIES, struct.pack(">HH", 50, 2), band)
    )
    events = events_of(report(tag(channel)), capabilities, report(tag(channel), tag(tv(Tv.CHANNEL_INDEX, b"\0\x09"))))
    assert [event.frequency_khz for event in events if isinstance(event, TagSeen)] == [None, 866_300, None]


def test_uptime_where_a_reader_has_no_clock_and_utc_where_it_says_both() -> None:
    uptime, utc = tv(Tv.FIRST_SEEN_UPTIME, struct.pack(">Q", 5)), tv(Tv.FIRST_SEEN_UTC, struct.pack(">Q", 7))
    events = events_of(report(tag(uptime), tag(utc, uptime), tag(uptime, utc)))
    assert [event.first_seen_us for event in events if isinstance(event, TagSeen)] == [5, 7, 7]


@pytest.mark.parametrize(
    ("kind", "body", "name", "status", "data"),
    [
        pytest.param(349, "00 0001 0002 abcd1234", "read_bank", Status.OK, "abcd1234", id="read"),
        pytest.param(349, "01 0001 0000", "read_bank", Status.TAG_ERROR, "", id="a tag's error"),
        pytest.param(349, "02 0001 0000", "read_bank", Status.NO_TAG, "", id="the tag did not answer"),
        pytest.param(349, "03 0001 0000", "read_bank", Status.READER_ERROR, "", id="the reader's error"),
        pytest.param(349, "04 0001 0000", "read_bank", Status.MEMORY_OVERRUN, "", id="1.1: no such words"),
        pytest.param(349, "05 0001 0000", "read_bank", Status.LOCKED, "", id="1.1: locked"),
        pytest.param(349, "06 0001 0000", "read_bank", Status.WRONG_PASSWORD, "", id="1.1: password"),
        pytest.param(350, "00 0001 0007", "write_bank", Status.OK, "0007", id="written"),
        pytest.param(350, "01 0001 0000", "write_bank", Status.MEMORY_OVERRUN, "0000", id="write overrun"),
        pytest.param(350, "02 0001 0000", "write_bank", Status.LOCKED, "0000", id="write locked"),
        pytest.param(350, "03 0001 0003", "write_bank", Status.LOW_POWER, "0003", id="write power"),
        pytest.param(350, "07 0001 0000", "write_bank", Status.WRONG_PASSWORD, "0000", id="write password"),
        pytest.param(351, "01 0001", "kill_tag", Status.KILL_FAILED, "", id="kill password is zero"),
        pytest.param(352, "00 0001", "lock_tag", Status.OK, "", id="locked"),
        pytest.param(352, "05 0001", "lock_tag", Status.WRONG_PASSWORD, "", id="lock password"),
        pytest.param(353, "00 0001", "block_erase", Status.OK, "", id="erased"),
        pytest.param(354, "00 0001 0001", "block_write", Status.OK, "0001", id="block written"),
        pytest.param(361, "00 0001", "block_permalock", Status.OK, "", id="permalocked"),
        pytest.param(352, "63 0001", "lock_tag", Status.TAG_ERROR, "", id="a result that no standard has"),
    ],
)
def test_what_was_done_to_a_tag(kind: int, body: str, name: str, status: Status, data: str) -> None:
    seen, reply = events_of(report(tag(tlv(kind, bytes.fromhex(body)))))
    assert seen == TagSeen(EPC)
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status, reply.data.hex(), reply.tag) == (name, status, data, seen)
    assert bool(reply.detail) == (status is not Status.OK)


def test_what_is_not_understood_is_kept_and_costs_nothing() -> None:
    unknown, zebra = tlv(777, b"\x01"), custom(ZEBRA, 5, b"\x02\x03")
    events = events_of(report(tag(antenna(1), unknown, zebra), tag()) + message(MessageType.KEEPALIVE))
    assert [event for event in events if isinstance(event, TagSeen)] == [TagSeen(EPC, antenna=1)] * 2
    notices = [(event.name, event.code, event.data[-2:]) for event in events if isinstance(event, Notice)]
    assert notices == [("parameter", 777, b"\x01"), ("parameter", 1023, b"\x02\x03"), ("keepalive", None, b"")]


def test_surveys_and_custom_parameters_beside_the_tags() -> None:
    events = events_of(report(tag(), tlv(Tlv.RF_SURVEY_REPORT_DATA, bytes(5)), custom(ZEBRA, 1, b"x")), report(custom(IMPINJ, 99, b"")))
    assert [type(event).__name__ for event in events] == ["TagSeen", "Notice", "Notice", "Notice"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(tlv(240, antenna(1)), "none", id="no EPC"),
        pytest.param(tlv(240, tlv(241, struct.pack(">H", 96), bytes(11))), "11 bytes", id="fewer bytes than bits"),
        pytest.param(tlv(240, tv(13, EPC), b"\xff\x01"), "type 127", id="a TV that no standard has"),
        pytest.param(tlv(240, tv(13, EPC), b"\x81\x01"), "3", id="half an antenna"),
        pytest.param(tlv(240, tv(13, EPC), tlv(1, bytes(9))), "type 1", id="a TV's type with a length"),
        pytest.param(tlv(240, tv(13, EPC), b"\x03\xff\x00"), "03ff00", id="half a header"),
        pytest.param(tlv(240, tv(13, EPC), b"\x03\xff\x00\x03"), "3", id="a length of less than its header"),
        pytest.param(tlv(240, tv(13, EPC), tlv(349, b"\0\0\1\0\5\0")), "1 bytes", id="fewer words than it says"),
        pytest.param(tlv(240, tv(13, EPC), tlv(350, b"\0")), "1 bytes", id="half a result"),
    ],
)
def test_a_report_with_nonsense_in_it_is_one_error_and_the_next_is_read(body: bytes, found: str) -> None:
    data = report(tag(antenna(1)), body)
    events = events_of(data, report(tag()))
    assert events[0] == FrameError(FrameFault.CONTENT, events[0].expected, found, data) if isinstance(events[0], FrameError) else False
    assert [event.epc for event in events[1:] if isinstance(event, TagSeen)] == [EPC]


fields = st.one_of(
    st.sampled_from(sorted(set(TV_SIZE) - {Tv.EPC_96, Tv.PC})).flatmap(
        lambda kind: st.binary(min_size=TV_SIZE[kind], max_size=TV_SIZE[kind]).map(lambda value: tv(kind, value))
    ),
    st.sampled_from([b"\x30\x00", b"\x34\x00", b"\x20\x00"]).map(lambda value: tv(Tv.PC, value)),
    st.integers(-32768, 32767).map(lambda value: custom(IMPINJ, ImpinjParameter.PEAK_RSSI, struct.pack(">h", value))),
    st.integers(0, 4095).map(lambda value: custom(IMPINJ, ImpinjParameter.RF_PHASE_ANGLE, struct.pack(">H", value))),
    st.integers(0, 6)
    .flatmap(lambda words: st.binary(min_size=2 * words, max_size=2 * words))
    .map(lambda tid: custom(IMPINJ, ImpinjParameter.SERIALIZED_TID, struct.pack(">H", len(tid) // 2) + tid)),
    st.just(custom(ZEBRA, 1, b"zebra")),
    st.just(tlv(350, b"\0\0\1\0\1")),
)
epcs = st.sampled_from([8, 12, 12, 12, 18]).flatmap(lambda size: st.binary(min_size=size, max_size=size))


@st.composite
def runs(draw: Any) -> list[bytes]:
    """Reports of a few shapes, each as often as it comes: the values differ, or the shape does."""
    shapes: list[list[bytes]] = draw(st.lists(st.lists(fields, max_size=6), min_size=1, max_size=3))
    order = draw(st.lists(st.integers(0, len(shapes) - 1), max_size=30))
    return [tag(*shapes[number], epc=draw(epcs)) for number in order]


def slowly(tags: list[bytes]) -> list[Event]:
    known = Connection()
    known.channels_khz = {1: 865_700}
    events: list[Event] = []
    for each in tags:
        events += read_report(each, parameters_of(each, 4, len(each)), known)
    return events


@given(tags=runs(), split=st.integers(0, 30))
def test_runs_of_one_shape_are_read_as_each_report_alone_is(tags: list[bytes], split: int) -> None:
    known = Connection()
    known.channels_khz = {1: 865_700}
    reports = TagReports(known)
    events: list[Event] = []
    for part in (tags[:split], tags[split:]):
        data = bytes(HEADER_SIZE) + b"".join(part)
        events += reports.read(data, HEADER_SIZE, len(data))
    assert events == slowly(tags)


def test_a_run_longer_than_is_cut_at_once() -> None:
    tags = [tag(antenna(number % 4 + 1), epc=number.to_bytes(12)) for number in range(2 * MOST_IN_RUN + 3)]
    assert events_of(report(*tags)) == slowly(tags)


def test_more_shapes_than_are_remembered() -> None:
    tags = [tag(epc=bytes(2 * size)) for size in range(1, MOST_LAYOUTS * 2)]
    assert events_of(report(*tags, *tags)) == slowly(tags + tags)
