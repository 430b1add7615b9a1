"""What an R700 tells, field by field."""

import json

import pytest

from firmware_protocols.codec import Direction
from firmware_protocols.commands import GetInfo, StartInventory
from firmware_protocols.errors import Unsupported
from firmware_protocols.events import Event, FrameError, Notice, Rssi, RssiUnit, TagSeen
from firmware_protocols.impinj_json.codec import FACTS, ImpinjJsonCodec
from tests.firmware_protocols.reading import read

EPC = bytes.fromhex("e28011700000020f1a2b3c4d")


def told(event: object, *, direction: Direction = Direction.FROM_READER) -> list[Event]:
    return read(ImpinjJsonCodec(direction=direction), [json.dumps(event).encode("ascii") + b"\r\n"], has_gap=False)


def tag_told(**fields: object) -> TagSeen:
    (seen,) = told({"eventType": "tagInventory", "tagInventoryEvent": {"epcHex": EPC.hex()} | fields})
    assert isinstance(seen, TagSeen)
    return seen


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b" \xef\xbb\xbf ", b"\xef\xbb\xbf\r"])
@pytest.mark.parametrize("has_end", [True, False], ids=["a line", "a message without its end"])
def test_a_byte_order_mark_means_nothing(mark: bytes, has_end: bool) -> None:
    message = mark + b'{"tagInventoryEvent": {"epcHex": "E2801170"}}' + b"\n" * has_end
    (seen,) = read(ImpinjJsonCodec(), [message])
    assert isinstance(seen, TagSeen)


@pytest.mark.parametrize(
    ("cdbm", "dbm", "raw"),
    [
        pytest.param(-7300, -73.0, b"-7300", id="whole"),
        pytest.param(-5234, -52.34, b"-5234", id="hundredths"),
        pytest.param(0, 0.0, b"0", id="zero"),
        pytest.param(-5234.5, -52.345, b"-5234.5", id="a fraction"),
    ],
)
def test_rssi_comes_in_hundredths_of_a_dbm_and_is_kept_as_it_stood(cdbm: float, dbm: float, raw: bytes) -> None:
    assert tag_told(peakRssiCdbm=cdbm).rssi == Rssi(dbm, RssiUnit.DBM, raw)


@pytest.mark.parametrize(
    ("fields", "epc"),
    [
        pytest.param({"epc": "-__-ABEiM0RVZqq7"}, "fbfffe00112233445566aabb", id="base64url"),
        pytest.param({"epc": "+//+ABEiM0RVZqq7"}, "fbfffe00112233445566aabb", id="the alphabet that emulators use"),
        pytest.param({"epc": "4oARcA=="}, "e2801170", id="padded"),
        pytest.param({"epc": "4oARcA"}, "e2801170", id="not padded"),
        pytest.param({"epc": "AAAA", "epcHex": "E2801170"}, "e2801170", id="hex goes before base64"),
        pytest.param({"epcHex": None, "epc": "4oARcA"}, "e2801170", id="null is as good as missing"),
        pytest.param({"epcHex": ""}, "", id="a tag with an empty EPC"),
    ],
)
def test_the_epc_comes_in_hex_or_base64(fields: dict[str, object], epc: str) -> None:
    (seen,) = told({"tagInventoryEvent": fields})
    assert isinstance(seen, TagSeen)
    assert seen.epc.hex() == epc


@pytest.mark.parametrize(
    ("time", "last_seen_us"),
    [
        pytest.param("1970-01-01T00:00:01.5Z", 1_500_000, id="Z"),
        pytest.param("1970-01-01T00:00:01.123456789Z", 1_123_456, id="nanoseconds"),
        pytest.param("1970-01-01T06:00:01+06:00", 1_000_000, id="Dhaka"),
        pytest.param("1970-01-01T06:00:01+0600", 1_000_000, id="without a colon"),
        pytest.param("1970-01-01T00:00:01", 1_000_000, id="no zone is UTC"),
        pytest.param("yesterday", None, id="no time: the sighting stays"),
        pytest.param(True, None, id="no time either"),
    ],
)
def test_times_of_the_readers_clock(time: object, last_seen_us: int | None) -> None:
    assert tag_told(lastSeenTime=time).last_seen_us == last_seen_us


def test_the_time_of_the_event_stands_in_for_that_of_the_tag() -> None:
    (seen,) = told({"timestamp": "1970-01-01T00:00:01Z", "tagInventoryEvent": {"epcHex": "E280"}})
    assert isinstance(seen, TagSeen)
    assert seen.last_seen_us == 1_000_000


def test_pc_and_tid_in_base64() -> None:
    seen = tag_told(pc="MAA=", tid="4oARcAIAEjRWeKvN")
    assert (seen.pc, seen.tid) == (0x3000, bytes.fromhex("e2801170020012345678abcd"))
    assert tag_told(tidHex="").tid is None
    assert tag_told(pc="AAAA").pc is None


@pytest.mark.parametrize(
    ("fields", "expected", "found"),
    [
        pytest.param({"antennaPort": 0}, "antennaPort: a whole number from 1 to 255", "0", id="ports count from 1"),
        pytest.param({"antennaPort": "1"}, "antennaPort: a whole number from 1 to 255", '"1"', id="a number as text"),
        pytest.param({"antennaPort": 1.5}, "antennaPort: a whole number from 1 to 255", "1.5", id="half a port"),
        pytest.param({"antennaPort": True}, "antennaPort: a whole number from 1 to 255", "true", id="true is no number"),
        pytest.param({"peakRssiCdbm": [1]}, "peakRssiCdbm: a number from -20000 to 20000", "an array", id="an array"),
        pytest.param({"epcHex": "E2 80"}, "epcHex: pairs of hex digits", '"E2 80"', id="spaces"),
        pytest.param({"epcHex": 1}, "epcHex: text", "1", id="an EPC as number"),
        pytest.param({"epcHex": None, "epc": "4oAR!"}, "epc: base64url", '"4oAR!"', id="no base64"),
        pytest.param({"epcHex": "E28011"}, "an EPC of at most 31 whole words", "3 bytes", id="half a word"),
        pytest.param({"epcHex": "00" * 64}, "an EPC of at most 31 whole words", "64 bytes", id="longer than any tag"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, object], expected: str, found: str) -> None:
    (error,) = told({"tagInventoryEvent": {"epcHex": EPC.hex()} | fields})
    assert isinstance(error, FrameError)
    assert (error.expected, error.found) == (expected, found)


def test_one_wrong_event_of_an_array_costs_itself_alone() -> None:
    good = {"tagInventoryEvent": {"epcHex": EPC.hex()}}
    assert [type(event) for event in told([good, {}, 7, good])] == [TagSeen, FrameError, FrameError, TagSeen]


def test_an_event_of_another_type_is_kept_whole() -> None:
    event = {"timestamp": "1970-01-01T00:00:01Z", "eventType": "readerOverheated", "x": [1, 2]}
    (notice,) = told(event)
    assert isinstance(notice, Notice)
    assert (notice.name, json.loads(notice.data), notice.reader_time_us) == ("reader_overheated", event, 1_000_000)


def test_answers_to_accesses_follow_their_tag() -> None:
    event = {"tagInventoryEvent": {"epcHex": "E280", "tagAccessResponses": [{"x": 1}]}}
    seen, notice = told(event)
    assert isinstance(seen, TagSeen)
    assert isinstance(notice, Notice)
    assert (notice.name, json.loads(notice.data)) == ("tag_access_responses", event)


def test_a_command_is_refused_with_the_way_to_give_it() -> None:
    with pytest.raises(Unsupported, match=r"impinj-json readers cannot take StartInventory here: .* HTTP requests"):
        ImpinjJsonCodec().encode(StartInventory())
    with pytest.raises(Unsupported, match="GetInfo"):
        ImpinjJsonCodec().encode(GetInfo())


def test_a_host_says_nothing_on_this_line() -> None:
    (error,) = told({"tagInventoryEvent": {"epcHex": "E280"}}, direction=Direction.TO_READER)
    assert isinstance(error, FrameError)
    assert "HTTP" in error.expected


def test_the_facts() -> None:
    assert ImpinjJsonCodec().facts == FACTS
    assert FACTS.has_rssi_dbm
    assert FACTS.reads_tid_in_inventory
