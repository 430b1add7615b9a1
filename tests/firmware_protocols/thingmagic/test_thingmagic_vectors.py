"""Every published Mercury frame: whole, byte by byte, and inside noise; the wrong ones are named for what is wrong with them."""

import json
from typing import Any

import pytest

from firmware_protocols.checksums import crc16_gen2
from firmware_protocols.codec import Direction
from firmware_protocols.events import Event, FrameFault, HostCommand, Notice, Reply, RoundEnded, TagSeen
from firmware_protocols.thingmagic.codec import ThingMagicCodec
from firmware_protocols.thingmagic.frames import build_command, build_reply
from tests.firmware_protocols.reading import VECTORS as VECTOR_FILES
from tests.firmware_protocols.reading import cut, errors_of, read, without_errors

VECTORS: list[dict[str, Any]] = json.loads((VECTOR_FILES / "thingmagic.json").read_text(encoding="utf-8"))
GOOD = [pytest.param(row, id=f"{row['direction']} {row['name']} {row['hex'][:16]}") for row in VECTORS if row["verified"]]
BAD = [pytest.param(row, id=row["name"]) for row in VECTORS if not row["verified"]]
NOISES = [b"\x00", b"\xff", b"\xff\xff\xff", b"\xff\x13\x37", b"\xff\x00\x03", b"\xbb\x7e\xa0", bytes(300), b"\xff" * 40]


def codec_of(row: dict[str, Any]) -> ThingMagicCodec:
    return ThingMagicCodec(direction=Direction(row["direction"].replace("_", "-")))


def events_of(row: dict[str, Any]) -> list[Event]:
    return read(codec_of(row), [bytes.fromhex(row["hex"])])


def test_all_frames_are_there() -> None:
    assert (len(GOOD), len(BAD)) == (99, 3)


@pytest.mark.parametrize("row", GOOD)
def test_a_good_frame_is_one_event_with_a_name(row: dict[str, Any]) -> None:
    (event,) = events_of(row)
    assert isinstance(event, TagSeen | RoundEnded | Reply | Notice | HostCommand)
    if isinstance(event, Reply | HostCommand):
        assert not event.command.startswith("0x")


@pytest.mark.parametrize("row", GOOD)
@pytest.mark.parametrize("size", [1, 2, 3, 7], ids="{} bytes a time".format)
def test_however_the_line_cuts_it(row: dict[str, Any], size: int) -> None:
    assert read(codec_of(row), cut(bytes.fromhex(row["hex"]), size)) == events_of(row)


@pytest.mark.parametrize("row", GOOD)
@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: f"noise {noise.hex()[:10]}")
def test_inside_noise(row: dict[str, Any], noise: bytes) -> None:
    frame = bytes.fromhex(row["hex"])
    line = noise + frame + noise + frame + noise
    assert without_errors(read(codec_of(row), [line])) == events_of(row) * 2
    assert without_errors(read(codec_of(row), cut(line, 1))) == events_of(row) * 2


@pytest.mark.parametrize("row", GOOD)
def test_it_is_built_from_its_parts_again(row: dict[str, Any]) -> None:
    frame = bytes.fromhex(row["hex"])
    if row["direction"] == "to_reader":
        assert build_command(frame[2], frame[3:-2]) == frame
    else:
        assert build_reply(frame[2], int.from_bytes(frame[3:5]), frame[5:-2]) == frame


@pytest.mark.parametrize("row", BAD)
def test_a_wrong_checksum_is_named_with_both_values(row: dict[str, Any]) -> None:
    (error,) = errors_of(events_of(row))
    assert (error.reason, error.expected, error.found) == (FrameFault.CHECKSUM, row["meaning"]["true_checksum"], row["hex"][-4:])
    assert error.discarded.hex() == row["hex"]


@pytest.mark.parametrize("row", BAD)
def test_after_a_wrong_checksum_the_next_frame_is_read(row: dict[str, Any]) -> None:
    version = bytes.fromhex("ff00031d0c")
    events = read(codec_of(row), cut(bytes.fromhex(row["hex"]) + version, 1), has_gap=False)
    assert without_errors(events) == [HostCommand("get_info", 0x03)]


def test_the_published_tag_report_says_what_its_source_says() -> None:
    (row,) = [row for row in VECTORS if "rssi_dbm" in row["meaning"]]
    (seen,) = events_of(row)
    assert isinstance(seen, TagSeen)
    meaning = row["meaning"]
    assert seen.rssi is not None
    assert (seen.epc.hex(), f"{seen.pc:04x}", seen.rssi.value) == (meaning["epc"], meaning["pc"], meaning["rssi_dbm"])
    assert (seen.antenna, seen.frequency_khz, seen.phase, seen.reads, seen.tid) == (1, meaning["freq_khz"], 0, 1, None)
    assert f"{crc16_gen2(bytes.fromhex('3000') + seen.epc):04x}" == meaning["epc_crc"]


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        pytest.param("version", "M5e Compact, firmware 01.07.02.09 of 2014-10-07", id="version of an M5e"),
        pytest.param("get read tx power", "23 dBm (10 to 23)", id="power and limits of an M5e"),
        pytest.param("get read power and limits", "27 dBm (0 to 27)", id="power and limits of a Nano"),
        pytest.param("get read power", "12 dBm", id="power alone"),
        pytest.param("current program", "application", id="program"),
        pytest.param("get region", "us", id="region"),
        pytest.param("get temperature", "30 °C", id="temperature"),
        pytest.param("detect antennas", "port 1 not connected", id="antennas"),
        pytest.param("get tag protocol", "no protocol set", id="protocol"),
    ],
)
def test_a_captured_answer_in_words(name: str, detail: str) -> None:
    reply = next(events_of(row)[0] for row in VECTORS if row["name"] == name and row["direction"] == "from_reader")
    assert isinstance(reply, Reply)
    assert reply.detail == detail


def test_a_captured_session_of_a_stream() -> None:
    """Start, a temperature, nothing found: as one line, as it was captured."""
    line = "ff042f0000012200006dc3" + "ff0b2200008800011b0282008200011c1d49" + "ff0022040084e0"
    events = read(ThingMagicCodec(), [bytes.fromhex(line)])
    assert [type(event).__name__ for event in events] == ["Reply", "Notice", "RoundEnded"]
    assert events[1] == Notice("temperature", data=b"\x1c", detail="28 °C")
    assert events[2] == RoundEnded(reads=0)
