"""Every published shape of the readers that only tell: whole, byte by byte, and inside noise; the wrong ones say what was expected."""

import json
from typing import Any

import pytest

from firmware_protocols.catalogue import codec_for
from firmware_protocols.events import Event, FrameError, Notice, TagSeen
from firmware_protocols.json_lines import KEEPALIVE, line_of
from tests.firmware_protocols.reading import VECTORS, cut, errors_of, read, without_errors

COUNTS = {"impinj-json": 15, "zebra-json": 11, "keyboard": 7}
ROWS: list[dict[str, Any]] = [row for name in COUNTS for row in json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))]


def params(rows: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(row, id=f"{row['family']}: {row['name']}") for row in rows]


LINES = params([row for row in ROWS if not row.get("message")])
MESSAGES = params([row for row in ROWS if row.get("message")])
GOOD_LINES = params([row for row in ROWS if not row.get("message") and "error" not in row["meaning"]])
BAD = params([row for row in ROWS if "error" in row["meaning"]])
NOISES = [b"\x00", b"\xff\x13\x37", b"12 ", b"{", b"[[", b'{"a', b"}]", b"\xe0\xa7\xa8", bytes(300)]


def bytes_of(row: dict[str, Any]) -> bytes:
    return bytes.fromhex(row["hex"])


def events_of(row: dict[str, Any]) -> list[Event]:
    """Of a line, or of a whole message of MQTT or a webhook, as its door passes it on."""
    return read(codec_for(row["family"]), [line_of(bytes_of(row)) if row.get("message") else bytes_of(row)])


def facts_of(tag: TagSeen) -> dict[str, object]:
    """What a vector says of a tag, as far as the reader said it."""
    said = {
        "epc": tag.epc.hex(),
        "tid": tag.tid.hex() if tag.tid else None,
        "rssi_dbm": tag.rssi.value if tag.rssi else None,
        "rssi_raw": tag.rssi.raw.decode("ascii") if tag.rssi else None,
        "antenna": tag.antenna,
        "frequency_khz": tag.frequency_khz,
        "phase": tag.phase,
        "reads": tag.reads,
        "last_seen_us": tag.last_seen_us,
    }
    return {name: value for name, value in said.items() if value is not None}


def test_all_shapes_are_there_and_say_where_they_come_from() -> None:
    assert {name: sum(row["family"] == name for row in ROWS) for name in COUNTS} == COUNTS
    for row in ROWS:
        assert bytes_of(row).decode("latin-1") == row["text"]
        assert row["source"]
        assert row["note"]
        assert row["verified"] is False  # none was seen on hardware


@pytest.mark.parametrize("row", params(ROWS))
def test_a_shape_means_what_is_written_beside_it(row: dict[str, Any]) -> None:
    meaning = row["meaning"]
    events = events_of(row)
    assert [facts_of(event) for event in events if isinstance(event, TagSeen)] == meaning.get("tags", [])
    assert [event.name for event in events if isinstance(event, Notice)] == meaning.get("notices", [])
    assert bool(errors_of(events)) == ("error" in meaning)


@pytest.mark.parametrize("row", BAD)
def test_a_wrong_shape_is_one_error_that_says_what_was_expected_and_found(row: dict[str, Any]) -> None:
    (error,) = events_of(row)
    assert isinstance(error, FrameError)
    assert (error.reason, error.expected) == (row["meaning"]["error"], row["meaning"]["expected"])
    assert error.found == row["meaning"].get("found", error.found)
    assert error.discarded in bytes_of(row)


@pytest.mark.parametrize("row", LINES)
@pytest.mark.parametrize("size", [1, 2, 3, 7], ids="{} bytes a time".format)
def test_however_the_line_cuts_it(row: dict[str, Any], size: int) -> None:
    assert read(codec_for(row["family"]), cut(bytes_of(row), size)) == events_of(row)


@pytest.mark.parametrize("row", GOOD_LINES)
@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: f"noise {noise.hex()[:10]}")
def test_inside_noise(row: dict[str, Any], noise: bytes) -> None:
    """Noise of a line of its own for typed text, which has nothing to be told apart by; of any place for JSON."""
    noise = noise + b"\n" if row["family"] == "keyboard" or not bytes_of(row).strip() else noise
    line = noise + bytes_of(row) + noise + bytes_of(row) + noise
    for pieces in ([line], cut(line, 1)):
        events = read(codec_for(row["family"]), pieces)
        assert without_errors(events) == events_of(row) * 2
        assert errors_of(events)


@pytest.mark.parametrize("row", BAD)
def test_after_a_wrong_shape_the_next_event_is_read(row: dict[str, Any]) -> None:
    good = next(each for each in ROWS if each["family"] == row["family"] and "tags" in each["meaning"])
    events = read(codec_for(row["family"]), cut(bytes_of(row) + bytes_of(good), 1), has_gap=False)
    assert isinstance(events[0], FrameError)
    assert events[1:] == events_of(good)


@pytest.mark.parametrize("row", MESSAGES)
def test_a_message_over_several_lines_is_made_one_line(row: dict[str, Any]) -> None:
    spread = json.dumps(json.loads(bytes_of(row)), indent=2).replace("\n", "\r\n").encode("ascii")
    assert read(codec_for(row["family"]), [line_of(spread)], has_gap=False) == events_of(row)


@pytest.mark.parametrize("body", [b"", b"\r\n", b"  "], ids=["empty", "a line end", "blanks"])
def test_an_empty_message_is_a_sign_of_life(body: bytes) -> None:
    assert read(codec_for("impinj-json"), [line_of(body)], has_gap=False) == [KEEPALIVE]
