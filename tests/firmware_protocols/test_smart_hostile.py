"""Whatever comes: no exception, no unbounded memory, no stall, the same events however it was cut. And how fast."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmware_protocols.as_json import event_to_json
from firmware_protocols.catalogue import LISTENED_FAMILIES, codec_for
from firmware_protocols.codec import Direction
from firmware_protocols.events import Event, FrameError, FrameFault, Notice, TagSeen
from firmware_protocols.impinj_json.codec import ImpinjJsonCodec
from firmware_protocols.json_lines import MAX_LINE
from firmware_protocols.zebra_json.codec import ZebraJsonCodec
from tests.firmware_protocols.reading import VECTORS, cut, drain, errors_of, read, without_errors


def first_report(family: str) -> bytes:
    return bytes.fromhex(json.loads((VECTORS / f"{family}.json").read_text(encoding="utf-8"))[0]["hex"])


REPORT = {family: first_report(family) for family in LISTENED_FAMILIES}
JSON_FAMILIES = {"impinj-json": ImpinjJsonCodec, "zebra-json": ZebraJsonCodec}
LONGEST_HELD = {"impinj-json": MAX_LINE, "zebra-json": MAX_LINE, "keyboard": 256}
NAMES = [
    *("timestamp", "eventType", "tagInventoryEvent", "epc", "epcHex", "tidHex", "antennaPort", "peakRssiCdbm", "frequency", "phaseAngle"),
    *("lastSeenTime", "pc", "tagAccessResponses", "inventoryStatusEvent", "inventoryStatus", "type", "data", "idHex", "EPC", "TID", "PC"),
    *("peakRssi", "antenna", "channel", "phase", "tagData", "barcodeData", "eventName", "seenCount"),
]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(["E280", "tagInventory", "SIMPLE", "-1"])
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=4)), inner, max_size=6)
    ),
    max_leaves=25,
)


def hostile(family: str) -> st.SearchStrategy[bytes]:
    report = REPORT[family]
    known = [report, report[:-1], report[:-2], report[:40], report[20:], b"\r\n", b"{", b"[", b'"', b"}\n", b"\r", b"\xff\n"]
    return st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(known)), max_size=12).map(b"".join)


lines = st.sampled_from(sorted(REPORT)).flatmap(lambda family: st.tuples(st.just(family), hostile(family)))


@pytest.mark.parametrize("direction", Direction)
@given(line=lines, size=st.integers(1, 50))
def test_no_exception_and_nothing_held_beyond_a_line(direction: Direction, line: tuple[str, bytes], size: int) -> None:
    family, data = line
    codec: Any = codec_for(family, direction=direction)
    for piece in cut(data, size):
        codec.receive_data(piece)
        drain(codec)
        assert codec.held_bytes <= LONGEST_HELD[family]
    codec.receive_gap()
    drain(codec)
    assert codec.held_bytes == 0


@given(line=lines, size=st.integers(1, 50))
def test_the_events_do_not_depend_on_how_the_line_cut_the_bytes(line: tuple[str, bytes], size: int) -> None:
    family, data = line
    assert read(codec_for(family), cut(data, size)) == read(codec_for(family), [data])


@given(line=lines)
def test_after_noise_and_a_silence_the_next_report_is_read(line: tuple[str, bytes]) -> None:
    family, data = line
    codec = codec_for(family)
    read(codec, [data])
    (seen,) = read(codec, [REPORT[family]], has_gap=False)
    assert isinstance(seen, TagSeen)


@pytest.mark.parametrize("family", JSON_FAMILIES)
@given(value=values)
@example(value={"tagInventoryEvent": {"epcHex": "E280", "peakRssiCdbm": 10**400}})
@example(value={"tagInventoryEvent": {"epcHex": "E280", "lastSeenTime": "0001-01-01T00:00:00+23:59"}})
@example(value={"data": {"idHex": "E280", "phase": 1e308}, "timestamp": 1e308})
@example(value={"eventType": "\ud800", "tagInventoryEvent": "\udcff"})
def test_any_json_is_an_event_an_error_or_nothing_and_can_be_printed(family: str, value: object) -> None:
    events = read(codec_for(family), [json.dumps(value).encode("ascii") + b"\n"], has_gap=False)
    for event in events:
        assert isinstance(event, TagSeen | Notice | FrameError)
        json.dumps(event_to_json(event), ensure_ascii=False).encode("utf-8")
    assert events or value in ([], {}) or (isinstance(value, dict) and "data" in value)


def typed(event: Event) -> bytes:
    """The characters that an event stands for."""
    if isinstance(event, TagSeen):
        return event.epc.hex().encode("ascii")
    assert isinstance(event, FrameError)
    return event.discarded


@given(data=st.binary(max_size=300))
def test_all_that_was_typed_is_read_or_reported(data: bytes) -> None:
    kept = b"".join(map(typed, read(codec_for("keyboard"), [data])))
    blank = b" \t\r\n\x0b\x0c"
    assert kept.translate(None, blank).lower() == data.translate(None, blank).lower()


@pytest.mark.parametrize("family", JSON_FAMILIES)
@pytest.mark.parametrize("size", [4096, 100_000, 10**6], ids="{} bytes a time".format)
def test_a_line_over_the_bound_is_one_error_and_is_skipped(family: str, size: int) -> None:
    line = b'{"a":"' + b"x" * (3 * MAX_LINE) + b'"}\n' + REPORT[family]
    error, seen = read(codec_for(family), cut(line, size), has_gap=False)
    assert isinstance(error, FrameError)
    assert (error.reason, error.discarded) == (FrameFault.LENGTH, line[:MAX_LINE])
    assert isinstance(seen, TagSeen)


@pytest.mark.parametrize("family", JSON_FAMILIES)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(b"[" * 200_000, "nested too deep", id="arrays in arrays"),
        pytest.param(b'{"a":' * 50_000, "nested too deep", id="objects in objects"),
        pytest.param(b'{"a":' + b"9" * 200_000 + b"}", "a number out of bounds", id="a number of 200,000 digits"),
        pytest.param(b'{"a":NaN}', "a number out of bounds", id="no number"),
    ],
)
def test_what_would_break_a_parser_is_one_error(family: str, text: bytes, found: str) -> None:
    (error,) = read(codec_for(family), [text + b"\n"], has_gap=False)
    assert isinstance(error, FrameError)
    assert (error.found, error.discarded) == (f"broken JSON ({found})", text)


@pytest.mark.parametrize("family", JSON_FAMILIES)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"{}" * 130_000, id="objects"),
        pytest.param(b"{} " * 80_000, id="and spaces"),
        pytest.param(b"{[" * 130_000, id="heads"),
    ],
)
def test_no_line_makes_work_beyond_its_length(family: str, text: bytes) -> None:
    started_s = time.perf_counter()
    assert errors_of(read(codec_for(family), [text + b"\n"], has_gap=False))
    assert time.perf_counter() - started_s < 20  # 130,000 errors take a second; work that grows with the square, minutes


@pytest.mark.parametrize("family", JSON_FAMILIES)
def test_a_message_whose_line_does_not_end_is_read_at_the_silence(family: str) -> None:
    codec = codec_for(family)
    assert without_errors(read(codec, [REPORT[family].strip()])) == read(codec_for(family), [REPORT[family]])
    (error,) = read(codec, [REPORT[family][:50]])
    assert isinstance(error, FrameError)
    assert (error.reason, error.found) == (FrameFault.LENGTH, "50 bytes, then silence")


def rate(run: Callable[[], int]) -> float:
    """Events a second, the best of three."""
    best = 0.0
    for _ in range(3):
        started_s = time.perf_counter()
        best = max(best, run() / (time.perf_counter() - started_s))
    return best


@pytest.mark.parametrize(
    ("family", "line_rate"),
    [
        pytest.param("impinj-json", 1_100, id="an R700 reads some 1,100 tags a second"),
        pytest.param("zebra-json", 1_300, id="an FX9600 some 1,300"),
        pytest.param("keyboard", 40, id="a keyboard types some 1,000 keys"),
    ],
)
def test_decoding_is_ten_times_faster_than_the_reader_even_on_a_busy_machine(family: str, line_rate: int) -> None:
    stream = REPORT[family] * 3000

    def decode() -> int:
        codec, count = codec_for(family), 0
        for piece in cut(stream, 4096):
            codec.receive_data(piece)
            count += sum(isinstance(event, TagSeen) for event in drain(codec))
        assert count == 3000
        return count

    assert rate(decode) > 10 * line_rate
