"""Every published LLRP message, whole and in pieces, and what its source says of it."""

import json
from typing import Any

import pytest

from firmware_protocols.codec import Direction
from firmware_protocols.events import Event, HostCommand, Notice, Reply, RoundEnded, TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import id_of, type_of
from firmware_protocols.llrp.tables import MESSAGE_NAME
from tests.firmware_protocols.llrp.building import message
from tests.firmware_protocols.reading import VECTORS, cut, errors_of, read

ROWS: list[dict[str, Any]] = json.loads((VECTORS / "llrp.json").read_text(encoding="utf-8"))
BODIES: list[dict[str, Any]] = json.loads((VECTORS / "llrp-body.json").read_text(encoding="utf-8"))
EVERY = [pytest.param(row, id=row["name"]) for row in ROWS + BODIES]
TAGS = [pytest.param(row, id=row["name"]) for row in ROWS if {"epc", "epc96"} & set(row["meaning"])]


def message_of(row: dict[str, Any]) -> bytes:
    """Of the bodies the header is ours."""
    data = bytes.fromhex(row["hex"])
    return message(row["meaning"]["type"], data) if row["family"] == "llrp-body" else data


def events_of(row: dict[str, Any], size: int = 1 << 20) -> list[Event]:
    codec = LlrpCodec(direction=Direction(row["direction"].replace("_", "-")))
    return read(codec, cut(message_of(row), size))


def test_all_messages_were_taken_over() -> None:
    assert (len(ROWS), len(BODIES)) == (22, 11)
    assert all(row["verified"] for row in ROWS + BODIES)


@pytest.mark.parametrize("row", EVERY)
def test_it_is_read_and_nothing_in_it_is_unknown(row: dict[str, Any]) -> None:
    events = events_of(row)
    assert events
    assert not errors_of(events)
    assert not [event for event in events if isinstance(event, Notice) and event.name == "parameter"]
    assert all(isinstance(event, HostCommand) for event in events) == (row["direction"] == "to_reader")


@pytest.mark.parametrize("row", EVERY)
@pytest.mark.parametrize("size", [1, 3, 9, 10, 11, 64], ids="{} bytes a time".format)
def test_however_the_line_cuts_it(row: dict[str, Any], size: int) -> None:
    assert events_of(row, size) == events_of(row)


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in ROWS])
def test_its_header_is_what_the_source_says(row: dict[str, Any]) -> None:
    data = message_of(row)
    assert type_of(data) == row["meaning"]["type"]
    assert id_of(data) == row["meaning"].get("id", id_of(data))
    if row["direction"] == "to_reader":
        (command,) = events_of(row)
        assert isinstance(command, HostCommand)
        assert command.message_id == id_of(data)
        assert command.command in (MESSAGE_NAME[type_of(data)], "impinj_enable_extensions")


@pytest.mark.parametrize("row", TAGS)
def test_a_tag_report_says_what_the_source_says(row: dict[str, Any]) -> None:
    meaning = row["meaning"]
    (seen,) = events_of(row)
    assert isinstance(seen, TagSeen)
    assert seen.rssi is not None
    assert seen.epc.hex() == meaning.get("epc", meaning.get("epc96"))
    assert seen.antenna == meaning.get("antenna", 1)
    assert seen.rssi.value == meaning.get("peak_rssi", seen.rssi.value)
    assert seen.first_seen_us == meaning.get("first_seen_utc_us", seen.first_seen_us)
    assert seen.reads == meaning.get("tag_seen_count", 1)


def event_named(name: str) -> Event:
    (row,) = [row for row in ROWS + BODIES if row["name"] == name]
    return events_of(row)[-1]


def test_a_connection_that_succeeded_with_the_readers_clock() -> None:
    notice = event_named("READER_EVENT_NOTIFICATION connection success")
    assert notice == Notice("connection_attempt", code=0, data=b"\0\0", detail="connected", reader_time_us=1398936810740479)


def test_a_reader_that_closes() -> None:
    notice = event_named("ReaderEventNotification-000.bytes")
    assert isinstance(notice, Notice)
    assert (notice.name, notice.detail) == ("connection_close", "the reader closes the connection")


def test_an_error_with_its_field() -> None:
    reply = event_named("delete_access_spec_result_error")
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status, reply.code) == ("delete_accessspec", "bad_parameter", 101)
    assert reply.detail == "field error in the message; LLRP [409] : //AccessSpecID : invalid; field 1: invalid value"


def test_an_empty_report_proves_that_the_reader_lives() -> None:
    assert event_named("ro_access_report_simple") == RoundEnded(reads=0)


def test_the_result_of_a_block_write() -> None:
    reply = event_named("ro_access_report_blockwrite")
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status, reply.data.hex()) == ("block_write", "ok", "0001")
    assert reply.tag is not None
    assert reply.tag.epc.hex() == "0b0300000000000000510238"


def test_what_an_impinj_reader_says_that_it_can() -> None:
    (row,) = [row for row in BODIES if row["meaning"]["type"] == 11]
    codec = LlrpCodec()
    (reply,) = read(codec, [message_of(row)])
    assert isinstance(reply, Reply)
    assert reply.detail == "Impinj model 2001002 firmware 5.14.0.240, 4 antennas, us, 10 to 30 dBm"
    said = codec.capabilities
    assert (said.inputs, said.outputs, said.country, said.has_utc_clock) == (4, 4, 840, True)
    assert len(said.powers_cdbm) == 81
    assert (said.powers_cdbm[1], said.powers_cdbm[81]) == (1000, 3000)
    assert len(said.channels_khz) == 50
    assert said.channels_khz[0] == 909_250


def test_how_an_impinj_reader_is_set() -> None:
    codec = LlrpCodec()
    rows = {row["meaning"]["type"]: row for row in BODIES}
    read(codec, [message_of(rows[11])])
    (reply,) = read(codec, [message_of(rows[12])])
    assert isinstance(reply, Reply)
    assert reply.detail.startswith(
        "30 dBm, port 1 connected, port 2 not connected, port 3 not connected, port 4 not connected, input 1 low"
    )
