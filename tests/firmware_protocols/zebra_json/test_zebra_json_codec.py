"""What Zebra readers tell, field by field."""

import json

import pytest

from firmware_protocols.commands import StartInventory
from firmware_protocols.errors import Unsupported
from firmware_protocols.events import Event, FrameError, Notice, Rssi, RssiUnit, TagSeen
from firmware_protocols.zebra_json.codec import FACTS, ZebraJsonCodec
from tests.firmware_protocols.reading import read


def told(event: object) -> list[Event]:
    return read(ZebraJsonCodec(), [json.dumps(event).encode("ascii") + b"\n"], has_gap=False)


def tag_told(timestamp: object = None, **fields: object) -> TagSeen:
    (seen,) = told({"type": "SIMPLE", "timestamp": timestamp, "data": {"idHex": "E2801170"} | fields})
    assert isinstance(seen, TagSeen)
    return seen


def test_rssi_is_in_dbm() -> None:
    assert tag_told(peakRssi=-56).rssi == Rssi(-56.0, RssiUnit.DBM, b"-56")


@pytest.mark.parametrize(
    ("channel", "frequency_khz"),
    [
        pytest.param(4, None, id="the number of a channel, of a plan that is not named"),
        pytest.param(911.75, 911_750, id="megahertz"),
        pytest.param(866, 866_000, id="whole megahertz"),
        pytest.param(None, None, id="not said"),
    ],
)
def test_a_channel_is_a_number_or_a_frequency(channel: float | None, frequency_khz: int | None) -> None:
    assert tag_told(channel=channel).frequency_khz == frequency_khz


@pytest.mark.parametrize(
    ("timestamp", "last_seen_us"),
    [
        pytest.param(1_767_225_601, 1_767_225_601_000_000, id="seconds"),
        pytest.param(1_767_225_601.5, 1_767_225_601_500_000, id="and a half"),
        pytest.param(1_767_225_601_500, 1_767_225_601_500_000, id="milliseconds"),
        pytest.param(1_767_225_601_500_001, 1_767_225_601_500_001, id="microseconds"),
        pytest.param("2026-01-01T00:00:01.500+0000", 1_767_225_601_500_000, id="text"),
        pytest.param(-5, None, id="before 1970 there were no readers"),
        pytest.param(10**30, None, id="nor will there be then"),
    ],
)
def test_times_as_text_and_as_numbers(timestamp: object, last_seen_us: int | None) -> None:
    assert tag_told(timestamp).last_seen_us == last_seen_us


def test_tid_and_pc_where_the_operating_mode_asks_for_them() -> None:
    seen = tag_told(TID="E2801170200012345678ABCD", PC="3000")
    assert (seen.tid, seen.pc) == (bytes.fromhex("e2801170200012345678abcd"), 0x3000)


@pytest.mark.parametrize("name", ["seenCount", "reads"])
def test_how_often_a_tag_was_read_has_two_names(name: str) -> None:
    """`reads`: fixed readers in their simple and inventory modes (barnowl-zebra)."""
    assert tag_told(**{name: 3}).reads == 3


def test_one_wrong_record_of_a_batch_costs_itself_alone() -> None:
    records = [{"idHex": "E280"}, {"eventNum": 2}, 7, {"EPC": "E281"}]
    events = told({"type": "ADVANCED", "data": {"tagData": records}})
    assert [type(event) for event in events] == [TagSeen, FrameError, FrameError, TagSeen]
    assert isinstance(events[1], FrameError)
    assert (events[1].expected, events[1].found) == (
        "idHex (enable the EPC in the reader's operating mode)",
        "a record with eventNum",
    )


@pytest.mark.parametrize("batch", [{}, 7, "x"], ids=["an object", "a number", "text"])
def test_a_batch_that_is_no_array(batch: object) -> None:
    (error,) = told({"data": {"tagData": batch}})
    assert isinstance(error, FrameError)
    assert error.expected == "data.tagData: an array"


def test_tags_may_stand_in_an_array_of_their_own() -> None:
    events = told({"type": "CUSTOM", "data": [{"idHex": "E280", "antenna": 2}, {"antenna": 1}, {"idHex": "E281"}]})
    assert [type(event) for event in events] == [TagSeen, FrameError, TagSeen]


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert tag_told(antenna=2.0).antenna == 2


@pytest.mark.parametrize("mode", ["SIMPLE", "INVENTORY", "PORTAL", "CONVEYOR", "DIRECTIONALITY", "CUSTOM"])
@pytest.mark.parametrize("data", [{"antenna": 1}, [], None], ids=["no EPC", "an array without a tag", "no data"])
def test_a_tag_event_without_an_epc_is_an_error(mode: str, data: object) -> None:
    (error,) = told({"type": mode, "data": data})
    assert isinstance(error, FrameError)
    assert error.expected == "data: an object with idHex"


def test_an_empty_batch_is_nothing() -> None:
    assert told({"type": "ADVANCED", "data": {"tagData": []}}) == []


@pytest.mark.parametrize(
    ("event", "name"),
    [
        pytest.param({"eventName": "heartbeat", "data": {"inventoryStatus": {}}}, "heartbeat", id="a handheld's heart-beat"),
        pytest.param({"type": "heartbeat", "data": {}}, "heartbeat", id="a fixed reader's"),
        pytest.param({"eventName": "mqttConnEVT"}, "mqtt_conn_evt", id="without data"),
        pytest.param({"connectionState": "CONNECTED"}, "connection_state", id="what is known by what it carries"),
        pytest.param({"command": "get_status", "response": "success", "payload": {}}, "get_status", id="an answer to a command"),
        pytest.param({"type": "\u2603"}, "unnamed", id="a name of nothing that a name is made of"),
    ],
)
def test_other_events_are_kept_whole(event: dict[str, object], name: str) -> None:
    (notice,) = told(event)
    assert isinstance(notice, Notice)
    assert (notice.name, json.loads(notice.data)) == (name, event)


def test_a_command_is_refused_with_the_way_to_give_it() -> None:
    with pytest.raises(Unsupported, match=r"zebra-json readers cannot take StartInventory here: .*web page"):
        ZebraJsonCodec().encode(StartInventory())
    assert ZebraJsonCodec().facts == FACTS
