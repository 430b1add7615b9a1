"""What `ebike-reader decode` prints for each kind of event."""

import json

import pytest

from firmware_protocols.as_json import JsonObject, event_to_json
from firmware_protocols.events import (
    Event,
    FrameError,
    FrameFault,
    HostCommand,
    Notice,
    Reply,
    RoundEnded,
    Rssi,
    RssiUnit,
    Status,
    TagSeen,
)

EPC = "30751feb705c5904e3d50d70"
SEEN = TagSeen(bytes.fromhex(EPC), 0x3000, None, Rssi(-55.0, RssiUnit.DBM, b"\xc9"))
SEEN_JSON: JsonObject = {
    "epc": EPC,
    "pc": "3000",
    "tid": None,
    "rssi": {"value": -55, "unit": "dBm", "raw": "c9"},
    "antenna": None,
    "frequency_khz": None,
}
NO_MORE: JsonObject = {"pc": None, "tid": None, "rssi": None, "antenna": None, "frequency_khz": None}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(SEEN, {"event": "tag_seen", **SEEN_JSON}, id="a tag"),
        pytest.param(
            TagSeen(b"\x01\x02", None, b"\xe2\x80", Rssi(-54.5, RssiUnit.RAW, b"\x12\x34"), 2, 865_500, 90),
            {
                "event": "tag_seen",
                "epc": "0102",
                "pc": None,
                "tid": "e280",
                "rssi": {"value": -54.5, "unit": "raw", "raw": "1234"},
                "antenna": 2,
                "frequency_khz": 865_500,
                "phase": 90,
            },
            id="a tag of which all is known",
        ),
        pytest.param(
            Reply("write_bank", Status.LOCKED, 0xB4, b"\x01", TagSeen(b"\x01\x02"), "memory locked"),
            {
                "event": "reply",
                "command": "write_bank",
                "status": "locked",
                "code": 0xB4,
                "data": "01",
                "tag": {"epc": "0102", **NO_MORE},
                "detail": "memory locked",
            },
            id="a reply",
        ),
        pytest.param(RoundEnded(3, 1, None), {"event": "round_ended", "reads": 3, "antenna": 1, "duration_ms": None}, id="end of a round"),
        pytest.param(
            Notice("antenna_missing", Status.ANTENNA_MISSING, 0x22, b"\x01", "port 2"),
            {"event": "notice", "name": "antenna_missing", "status": "antenna_missing", "code": 34, "data": "01", "detail": "port 2"},
            id="a notice",
        ),
        pytest.param(
            HostCommand("inventory_once", 0x22),
            {"event": "host_command", "command": "inventory_once", "opcode": "22", "data": ""},
            id="a command",
        ),
        pytest.param(
            HostCommand("get_info", 0x72, b"", 1),
            {"event": "host_command", "command": "get_info", "opcode": "72", "data": "", "address": "01"},
            id="a command with an address",
        ),
        pytest.param(
            FrameError(FrameFault.CHECKSUM, "92", "22", b"\xbb\x7e"),
            {"event": "frame_error", "reason": "checksum", "expected": "92", "found": "22", "discarded": "bb7e"},
            id="a broken frame",
        ),
    ],
)
def test_an_event_as_json(event: Event, expected: JsonObject) -> None:
    assert event_to_json(event) == expected
    assert json.loads(json.dumps(event_to_json(event))) == expected


def test_whole_numbers_stay_whole() -> None:
    assert '"value": -55,' in json.dumps(event_to_json(SEEN))
