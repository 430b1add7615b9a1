"""Chafon readers: what each frame means."""

import json

import pytest

from firmware_protocols.chafon.codec import ChafonCodec
from firmware_protocols.chafon.frames import HEARTBEAT, build_frame
from firmware_protocols.chafon.tables import INVENTORIES, STATUS, Code, Model, Opcode
from firmware_protocols.codec import Direction
from firmware_protocols.commands import (
    Command,
    GetAntennas,
    GetInfo,
    GetPower,
    GetRegion,
)
from firmware_protocols.events import Event, FrameError, FrameFault, HostCommand, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.gen2 import GEN2_ERROR_TEXT
from firmware_protocols.serial_codec import GEN2_STATUS
from tests.firmware_protocols.reading import VECTORS, cut, read, without_errors

EPC = bytes.fromhex("e200301666130121155074ef")
LONG_EPC = bytes(range(34))
TID = bytes.fromhex("e2801170200012345678abcd")
NAMED = "06" + EPC.hex()
RSSI_64 = Rssi(64.0, RssiUnit.RAW, b"\x40")
ROWS = json.loads((VECTORS / "chafon.json").read_text(encoding="utf-8"))
INFO_18 = "0109" + "09" + "02" + "4e00" + "1a" + "14"
INFO_288 = "0214" + "0c" + "02" + "4e00" + "1a" + "14" + "05" + "01" + "00" + "01"


def events_of(command: int, data: str, *, codec: ChafonCodec | None = None, address: int = 0) -> list[Event]:
    """`data` begins with the status."""
    return read(codec or ChafonCodec(), [build_frame(address, command, bytes.fromhex(data))])


def event_of(command: int, data: str, *, codec: ChafonCodec | None = None, address: int = 0) -> Event:
    (event,) = events_of(command, data, codec=codec, address=address)
    return event


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row['name']} {row['hex'][:16]}") for row in ROWS if row["verified"]])
@pytest.mark.parametrize("size", [1, 3, 500], ids="{} bytes a time".format)
def test_a_published_frame_says_what_its_source_says(row: dict[str, object], size: int) -> None:
    meaning = row["meaning"]
    assert isinstance(meaning, dict)
    codec = ChafonCodec(direction=Direction(str(row["direction"]).replace("_", "-")))
    events = read(codec, cut(bytes.fromhex(str(row["hex"])), size))
    if row["direction"] == "to_reader":
        (command,) = events
        assert isinstance(command, HostCommand)
        assert command.opcode == int(str(meaning["cmd"]), 16)
        assert not command.command.startswith("0x")
    elif "notice" in meaning:
        assert [event.name for event in events if isinstance(event, Notice)] == [meaning["notice"]]
    else:
        tags = [event for event in events if isinstance(event, TagSeen)]
        assert len(tags) == len(events)
        assert [tag.epc.hex() for tag in tags] == (meaning.get("epcs") or [meaning["epc"]])
        assert [tag.rssi and tag.rssi.value for tag in tags] == [meaning.get("rssi")] * len(tags)
        if "ant_mask" in meaning:
            assert tags[0].antenna == meaning.get("antenna", 1)


@pytest.mark.parametrize(
    ("name", "reason", "expected"),
    [
        pytest.param("get reader info with a wrong CRC", FrameFault.CHECKSUM, "d96a", id="wrong CRC in print"),
        pytest.param(
            "E310 reader info (log elides 2 bytes: header says 18, 16 shown)", FrameFault.LENGTH, "18 bytes", id="two bytes lost in a log"
        ),
    ],
)
def test_a_published_frame_that_is_wrong_is_named_for_it(name: str, reason: FrameFault, expected: str) -> None:
    (row,) = [row for row in ROWS if row["name"] == name]
    codec = ChafonCodec(direction=Direction(row["direction"].replace("_", "-")))
    (error,) = read(codec, [bytes.fromhex(row["hex"])])
    assert isinstance(error, FrameError)
    assert (error.reason, error.expected, error.discarded.hex()) == (reason, expected, row["hex"])


def test_every_published_frame_was_tried() -> None:
    assert len(ROWS) == 15
    assert sum(not row["verified"] for row in ROWS) == 2


TAG = "0c" + EPC.hex() + "40"


@pytest.mark.parametrize(
    ("data", "events"),
    [
        pytest.param("03" + "0101" + TAG, [TagSeen(EPC, rssi=RSSI_64, antenna=1)], id="more frames follow"),
        pytest.param("01" + "0201" + TAG, [TagSeen(EPC, rssi=RSSI_64, antenna=2), RoundEnded(1)], id="done"),
        pytest.param("02" + "0202" + TAG + TAG, [TagSeen(EPC, rssi=RSSI_64, antenna=2)] * 2 + [RoundEnded(2)], id="time is over"),
        pytest.param(
            "03" + "0501" + TAG, [TagSeen(EPC, rssi=RSSI_64, antenna=1), TagSeen(EPC, rssi=RSSI_64, antenna=3)], id="by two antennas"
        ),
        pytest.param("03" + "0001" + TAG, [TagSeen(EPC, rssi=RSSI_64)], id="by no antenna that it names"),
        pytest.param("01" + "0100", [RoundEnded(0)], id="done, no tag"),
        pytest.param("01", [RoundEnded(0)], id="done, without a word"),
        pytest.param("fb", [RoundEnded(0)], id="no tag"),
        pytest.param("26" + "01" + "0019" + "00000123", [RoundEnded(0x123, 1)], id="statistics"),
        pytest.param(
            "03" + "0101" + "98" + EPC.hex() + TID.hex() + "40", [TagSeen(EPC, tid=TID, rssi=RSSI_64, antenna=1)], id="FastID: EPC and TID"
        ),
        pytest.param(
            "03" + "0101" + "4c" + EPC.hex() + "40" + "01020304" + "0d3604",
            [TagSeen(EPC, rssi=RSSI_64, antenna=1, frequency_khz=865_796, phase=0x01020304)],
            id="phase and frequency",
        ),
        pytest.param(
            "f8" + "0400",
            [Notice("antenna_missing", Status.ANTENNA_MISSING, 0xF8, b"\x04", "port 3: antenna not connected"), RoundEnded(0)],
            id="antenna not connected",
        ),
        pytest.param(
            "f8",
            [Notice("antenna_missing", Status.ANTENNA_MISSING, 0xF8, b"", "antenna not connected"), RoundEnded(0)],
            id="some antenna off",
        ),
    ],
)
@pytest.mark.parametrize("opcode", sorted(INVENTORIES))
def test_what_an_inventory_says(opcode: int, data: str, events: list[Event]) -> None:
    assert events_of(opcode, data) == events


def test_tags_are_counted_over_the_frames_of_an_inventory() -> None:
    codec = ChafonCodec()
    for _ in range(3):
        assert isinstance(event_of(0x01, "03" + "0101" + TAG, codec=codec), TagSeen)
    assert events_of(0x01, "01" + "0101" + TAG, codec=codec)[-1] == RoundEnded(4)
    assert event_of(0x01, "fb", codec=codec) == RoundEnded(0)


def test_a_reader_whose_memory_is_full_says_so() -> None:
    tag, notice, end = events_of(0x01, "04" + "0101" + TAG)
    assert isinstance(tag, TagSeen)
    assert isinstance(notice, Notice)
    assert (notice.name, notice.status, end) == ("memory_full", Status.READER_ERROR, RoundEnded(1))


@pytest.mark.parametrize("model", [Model.UHFREADER18, Model.R288, None])
def test_either_layout_is_read_whatever_the_reader_was_taken_for(model: Model | None) -> None:
    codec = ChafonCodec(model=model)
    assert event_of(0x01, "03" + "01" + "0c" + EPC.hex(), codec=codec) == TagSeen(EPC)
    assert event_of(0x01, "03" + "0101" + TAG, codec=codec) == TagSeen(EPC, rssi=RSSI_64, antenna=1)


@pytest.mark.parametrize(
    ("model", "data", "tags"),
    [
        pytest.param(Model.UHFREADER18, "0100", [], id="antenna 1 and no tag, by a reader that was taken for one without RSSI"),
        pytest.param(Model.R288, "0101" + "00" + "40", [TagSeen(b"", rssi=RSSI_64, antenna=1)], id="a blank tag"),
        pytest.param(
            None,
            "02" + "0c" + "00" * 8 + "01aabb00" + "0c" + "00" * 12,
            [TagSeen(bytes(8) + b"\x01\xaa\xbb\x00"), TagSeen(bytes(12))],
            id="zeros, which might be lengths",
        ),
    ],
)
def test_of_two_layouts_that_fit_the_one_with_whole_numbers_is_read(model: Model | None, data: str, tags: list[TagSeen]) -> None:
    assert events_of(0x01, "01" + data, codec=ChafonCodec(model=model)) == [*tags, RoundEnded(len(tags))]


@pytest.mark.parametrize(
    ("model", "data", "tag"),
    [
        pytest.param(None, "3009" + EPC[2:].hex(), TagSeen(b"\x30\x09" + EPC[2:]), id="the second byte might be a length, of half a word"),
        pytest.param(Model.UHFREADER18, "04" + "0c" + EPC.hex() + "40", TagSeen(EPC, rssi=RSSI_64, antenna=3), id="after all with RSSI"),
        pytest.param(Model.UHFREADER18, "3042" + EPC[2:].hex(), TagSeen(b"\x30\x42" + EPC[2:]), id="might be a phase, where there is none"),
    ],
)
def test_what_is_pushed_is_told_apart_by_whole_words(model: Model | None, data: str, tag: TagSeen) -> None:
    assert event_of(0xEE, "00" + data, codec=ChafonCodec(model=model)) == tag


@pytest.mark.parametrize(
    ("data", "event"),
    [
        pytest.param("00" + "04" + TAG, TagSeen(EPC, rssi=RSSI_64, antenna=3), id="antenna, EPC, RSSI"),
        pytest.param("00" + EPC.hex(), TagSeen(EPC), id="UHFReader18: the EPC alone"),
        pytest.param(
            "28" + "00000011" + "00000100" + "00000159",
            Notice("heartbeat", Status.OK, 0x28, bytes.fromhex("000000110000010000000159"), "packet 17, 345 reads"),
            id="heart-beat of a reader with four antennas",
        ),
        pytest.param("f8", Notice("push", Status.ANTENNA_MISSING, 0xF8, b"", "antenna not connected"), id="antenna gone"),
    ],
)
def test_what_a_reader_pushes(data: str, event: Event) -> None:
    assert event_of(0xEE, data) == event


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([HEARTBEAT], id="alone"),
        pytest.param([HEARTBEAT[:1], HEARTBEAT[1:4], HEARTBEAT[4:]], id="in pieces"),
        pytest.param([bytes.fromhex("5600a1b2c3d4")], id="with other bytes, then silence"),
    ],
)
def test_the_heartbeat_without_a_crc(pieces: list[bytes]) -> None:
    assert read(ChafonCodec(), pieces) == [Notice("heartbeat")]


def test_heartbeats_between_frames_disturb_nothing() -> None:
    push = build_frame(0, 0xEE, b"\0" + EPC)
    line = (HEARTBEAT + push) * 3 + HEARTBEAT
    for size in (1, 5, len(line)):
        assert read(ChafonCodec(), cut(line, size), has_gap=False) == [Notice("heartbeat"), TagSeen(EPC)] * 3 + [Notice("heartbeat")]


def test_a_frame_of_87_bytes_that_begins_like_a_heartbeat_is_a_frame() -> None:
    words = bytes(HEARTBEAT[0] - 5)
    frame = build_frame(0, Opcode.READ_BANK, bytes((Code.OK,)) + words)
    assert frame[:2] == HEARTBEAT[:2]
    for size in (1, 7, 100):
        assert read(ChafonCodec(), cut(frame, size), has_gap=False) == [Reply("read_bank", Status.OK, 0, words)]


def test_a_host_sends_no_heartbeats() -> None:
    assert not without_errors(read(ChafonCodec(direction=Direction.TO_READER), [HEARTBEAT]))


@pytest.mark.parametrize("status", sorted(set(STATUS) - {Code.TAG_ERROR, Code.FAILED, Code.POOR_LINK}))
def test_every_status_of_an_answer_has_its_words(status: int) -> None:
    reply = event_of(0x2F, f"{status:02x}")
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status, reply.code, reply.detail) == ("set_power", *STATUS[status][:1], status, STATUS[status].text)
    assert bool(reply.detail) == (status != Code.OK)


def test_every_status_of_the_references_is_there() -> None:
    named = {*range(6), 0x09, *range(0x0A, 0x0F), *range(0x10, 0x15), 0x26, 0x28, *range(0xF8, 0x100)}
    assert set(STATUS) >= named


def test_a_status_that_no_manual_has_is_told_in_hex() -> None:
    reply = event_of(0x2F, "77")
    assert isinstance(reply, Reply)
    assert (reply.status, reply.detail) == (Status.READER_ERROR, "status 77, not in the manual")


@pytest.mark.parametrize("code", sorted(GEN2_ERROR_TEXT))
def test_the_tags_own_error_is_named(code: int) -> None:
    reply = event_of(0x03, f"fc{code:02x}")
    assert isinstance(reply, Reply)
    assert (reply.status, reply.code, reply.data) == (GEN2_STATUS.get(code, Status.TAG_ERROR), 0xFC, bytes((code,)))
    assert GEN2_ERROR_TEXT[code] in reply.detail


@pytest.mark.parametrize("data", ["fc", "fc77"])
def test_a_tag_error_without_or_with_a_strange_code(data: str) -> None:
    reply = event_of(0x02, data)
    assert isinstance(reply, Reply)
    assert reply.status is Status.TAG_ERROR
    assert reply.detail


@pytest.mark.parametrize("status", ["f9", "fa"])
@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (0x02, Status.READ_FAILED),
        (0x03, Status.WRITE_FAILED),
        (0x04, Status.WRITE_FAILED),
        (0x05, Status.KILL_FAILED),
        (0x06, Status.LOCK_FAILED),
    ],
)
def test_a_failure_is_that_of_its_command(command: int, status: str, meant: Status) -> None:
    reply = event_of(command, status)
    assert isinstance(reply, Reply)
    assert reply.status is meant


def test_what_was_read_of_a_tag() -> None:
    assert event_of(0x02, "00" + TID.hex()) == Reply("read_bank", Status.OK, 0, TID)


@pytest.mark.parametrize(
    ("question", "info", "detail"),
    [
        pytest.param(GetInfo(), INFO_288, "UHFReader288M, firmware 2.20, eu, 26 dBm", id="all of it"),
        pytest.param(GetInfo(), INFO_18, "UHFReader18, firmware 1.9, eu, 26 dBm", id="all of UHFReader18's"),
        pytest.param(GetInfo(), "0214" + "7e" + INFO_288[6:], "reader type 7e, firmware 2.20, eu, 26 dBm", id="unknown type"),
        pytest.param(
            GetInfo(), "0214" + "0c02" + "53c0" + "1a14", "UHFReader288M, firmware 2.20, peru, 26 dBm", id="a band without a command"
        ),
        pytest.param(GetInfo(), "0214" + "0c02" + "c0c0" + "1a14", "UHFReader288M, firmware 2.20, band f, 26 dBm", id="unknown band"),
        pytest.param(GetInfo(), "0214", "", id="less than the manual's"),
        pytest.param(GetRegion(), INFO_288, "eu", id="region"),
        pytest.param(GetPower(), INFO_288, "26 dBm", id="power"),
        pytest.param(GetAntennas(), INFO_288, "ports 1, 3", id="antennas"),
        pytest.param(GetAntennas(), INFO_18, "port 1", id="antennas of UHFReader18"),
    ],
)
def test_the_info_in_words(question: Command, info: str, detail: str) -> None:
    codec = ChafonCodec()
    codec.encode(question)
    reply = event_of(0x21, "00" + info, codec=codec)
    assert isinstance(reply, Reply)
    assert (reply.command, reply.data.hex(), reply.detail) == ("get_info", info, detail)


def test_the_upper_ports_of_sixteen_stand_apart_in_the_info() -> None:
    codec = ChafonCodec(antenna_ports=16)
    codec.encode(GetAntennas())
    reply = event_of(0x21, "00" + "0214" + "2702" + "4e00" + "1a14" + "05010901", codec=codec)
    assert isinstance(reply, Reply)
    assert reply.detail == "ports 1, 3, 9, 12"


def test_an_unknown_command_is_told_in_hex() -> None:
    assert event_of(0xD7, "0001") == Reply("0xd7", Status.OK, 0, b"\x01")


@pytest.mark.parametrize(
    ("command", "data"),
    [
        pytest.param(0x01, "03" + "0102" + TAG, id="fewer tags than it says"),
        pytest.param(0x01, "03" + "0101" + TAG + "00", id="more than the tags"),
        pytest.param(0x01, "03" + "0101" + "86" + EPC[:6].hex() + "40", id="FastID without room for a TID"),
        pytest.param(0x01, "26" + "0100", id="half of the statistics"),
        pytest.param(0xEE, "00" + "010203", id="a push of three bytes"),
        pytest.param(0xEE, "00", id="a push of nothing"),
    ],
)
def test_a_whole_frame_with_nonsense_in_it(command: int, data: str) -> None:
    error = event_of(command, data)
    assert isinstance(error, FrameError)
    assert error.reason is FrameFault.CONTENT
