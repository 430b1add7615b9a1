"""Whatever a connection brings: no exception, no stall, bounded memory; after noise the next message that is known is read.

There is no checksum and no gap between messages, so a message with other values in it is another message: that cannot be noticed.
"""

from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware_protocols.codec import Direction
from firmware_protocols.events import FrameError, FrameFault, HostCommand, Notice, TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import MAX_MESSAGE
from firmware_protocols.llrp.tables import MessageType, Version
from firmware_protocols.simulators import CLEAN_AIR, TagField
from firmware_protocols.simulators.llrp import LlrpReader
from tests.firmware_protocols.llrp.building import EPC, OK, antenna, message, report, tag
from tests.firmware_protocols.llrp.test_llrp_vectors import BODIES, ROWS, message_of
from tests.firmware_protocols.reading import cut, drain, errors_of, read, without_errors

REPORT = report(tag(antenna(1)))
KEEPALIVE = message(MessageType.KEEPALIVE)
PUBLISHED = [message_of(row) for row in ROWS + BODIES]
pieces = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([REPORT, REPORT[:-1], REPORT[:5], REPORT[3:], KEEPALIVE, b"\x04\x3d", b"\x04\x3d\x00\x0f\xff\xff", b"\x08" * 5]),
    st.sampled_from(PUBLISHED),
)
streams = st.lists(pieces, max_size=12).map(b"".join)


@st.composite
def mutated(draw: Any) -> bytes:
    data = bytearray(draw(st.sampled_from(PUBLISHED)))
    for _ in range(draw(st.integers(1, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))]) if draw(st.booleans()) else bytes(data)


@pytest.mark.parametrize("direction", Direction)
@given(stream=st.one_of(streams, st.lists(mutated(), max_size=5).map(b"".join)), size=st.integers(1, 200))
def test_no_exception_and_nothing_held_beyond_a_message_and_some_noise(direction: Direction, stream: bytes, size: int) -> None:
    codec = LlrpCodec(direction=direction)
    for piece in cut(stream, size):
        codec.receive_data(piece)
        drain(codec)
        codec.receive_gap()
        drain(codec)
        assert codec.held_bytes <= MAX_MESSAGE + 256


NOTIFICATION = message(MessageType.READER_EVENT_NOTIFICATION, bytes.fromhex("00f600160080000c00058880119f8ead010000060000"))
OTHER_VERSION, TOO_LONG = b"\0" + NOTIFICATION[1:], NOTIFICATION[:5] + b"\x4f" + NOTIFICATION[6:]
"""The second announces 79 bytes, of which it has 32."""


@given(stream=st.one_of(streams, st.lists(mutated(), max_size=5).map(b"".join)), size=st.integers(1, 50))
@example(stream=OTHER_VERSION + TOO_LONG + OTHER_VERSION + NOTIFICATION, size=1)  # after noise, a false length that another begins in
def test_the_events_do_not_depend_on_how_the_line_cut_the_bytes(stream: bytes, size: int) -> None:
    assert read(LlrpCodec(), cut(stream, size)) == read(LlrpCodec(), [stream])


@given(stream=st.lists(mutated(), max_size=5).map(b"".join))
@settings(max_examples=50)
def test_a_simulated_reader_lives_through_it(stream: bytes) -> None:
    reader = LlrpReader(TagField(Random(1), CLEAN_AIR), Random(1))
    reader.connect()
    for step, piece in enumerate(cut(stream, 30)):
        reader.receive_data(piece)
        reader.advance(step * 0.1)


NOISES = [b"\x00", b"\xff\x13\x37", b"\x7e\xdd\xbb\xbb\x7e", bytes(300), bytes(255) + b"\x0c", b"HTTP/1.1 400 Bad Request\r\n\r\n"]


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: noise.hex()[:12])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_after_noise_the_next_message_is_read(noise: bytes, size: int) -> None:
    events = read(LlrpCodec(), cut(KEEPALIVE + noise + REPORT + noise + KEEPALIVE + noise, size))
    assert without_errors(events) == [Notice("keepalive"), TagSeen(EPC, antenna=1), Notice("keepalive")]
    assert b"".join(error.discarded for error in errors_of(events)) == noise * 3


@pytest.mark.parametrize(
    ("head", "expected", "found"),
    [
        pytest.param("043d00100001", "a length from 10 to 1048576", "1048577", id="a byte over 1 MiB"),
        pytest.param("043dffffffff", "a length from 10 to 1048576", "4294967295", id="4 GiB"),
        pytest.param("043e00000009", "a length from 10 to 1048576", "9", id="less than a header"),
    ],
)
def test_a_length_that_no_message_has_is_refused(head: str, expected: str, found: str) -> None:
    data = bytes.fromhex(head) + bytes(4)
    error, seen = read(LlrpCodec(), [data + REPORT], has_gap=False)
    assert error == FrameError(FrameFault.LENGTH, expected, found, data)
    assert isinstance(seen, TagSeen)


def test_a_message_of_1_mib_is_read() -> None:
    tags = [tag(epc=number.to_bytes(12)) for number in range((MAX_MESSAGE - 10) // 17)]
    data = report(*tags)
    assert len(data) > MAX_MESSAGE - 17
    events = read(LlrpCodec(), cut(data, 65_536))
    assert len(events) == len(tags)


@pytest.mark.parametrize("first", ["00", "03", "0c", "24", "84"])
def test_neither_reserved_bits_nor_another_version_begin_a_message(first: str) -> None:
    data = bytes.fromhex(first) + KEEPALIVE[1:]
    (error,) = read(LlrpCodec(), [data])
    assert isinstance(error, FrameError)
    assert (error.reason, error.found) == (FrameFault.NOISE, first)


def test_a_silence_in_a_message_is_waited_out() -> None:
    codec = LlrpCodec()
    assert read(codec, [REPORT[:20]]) == []
    assert read(codec, [REPORT[20:]]) == [TagSeen(EPC, antenna=1)]


def test_a_silence_after_noise_ends_it() -> None:
    codec = LlrpCodec()
    (error,) = read(codec, [b"\x00" + REPORT[:20]])
    assert isinstance(error, FrameError)
    assert codec.held_bytes == 0
    assert read(codec, [REPORT]) == [TagSeen(EPC, antenna=1)]


@pytest.mark.parametrize("kept", range(1, len(REPORT)))
def test_a_message_that_lost_its_end_costs_itself_and_the_next(kept: int) -> None:
    events = read(LlrpCodec(), [REPORT[:kept] + REPORT * 5], has_gap=False)
    assert events[-3:] == [TagSeen(EPC, antenna=1)] * 3


@pytest.mark.parametrize("kind", [MessageType.RO_ACCESS_REPORT, MessageType.CUSTOM_MESSAGE, MessageType.ADD_ROSPEC_RESPONSE, 900])
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_length_that_is_too_long_costs_one_message(kind: int, size: int) -> None:
    body = REPORT[10:] if kind == MessageType.RO_ACCESS_REPORT else bytes.fromhex("0000651a16") + OK if kind == 1023 else OK
    harmed = bytearray(message(kind, body))
    harmed[4] = 0x70
    events = read(LlrpCodec(), cut(bytes(harmed) + REPORT * 3, size), has_gap=False)
    assert events[0] == FrameError(
        FrameFault.LENGTH, f"a message of {0x7000 + harmed[5]} bytes", f"{len(harmed)} bytes, then another message", bytes(harmed)
    )
    assert events[1:] == [TagSeen(EPC, antenna=1)] * 3


def test_a_parameter_longer_than_its_message_is_an_error_at_once() -> None:
    data = bytearray(REPORT)
    data[12] = 0xFF
    (error,) = read(LlrpCodec(), [bytes(data)], has_gap=False)
    assert isinstance(error, FrameError)
    assert error.reason is FrameFault.CONTENT


def test_a_message_of_a_later_standard_is_kept() -> None:
    assert read(LlrpCodec(), [message(900, b"later")]) == [Notice("message_900", data=b"later", detail="not understood")]
    (command,) = read(LlrpCodec(direction=Direction.TO_READER), [message(900, b"later")])
    assert command == HostCommand("message_900", 900, b"later", message_id=7)


@pytest.mark.parametrize("direction", Direction)
def test_the_other_halfs_messages_are_named(direction: Direction) -> None:
    other = message(MessageType.GET_ROSPECS) if direction is Direction.FROM_READER else message(MessageType.GET_ROSPECS_RESPONSE, OK)
    (error,) = read(LlrpCodec(direction=direction), [other])
    assert isinstance(error, FrameError)
    assert "read it with direction" in error.found


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(message(MessageType.ADD_ROSPEC_RESPONSE), id="an answer without a status"),
        pytest.param(message(MessageType.GET_SUPPORTED_VERSION_RESPONSE, b"\x01"), id="half its fields"),
        pytest.param(message(MessageType.CUSTOM_MESSAGE, b"\x00\x00"), id="a custom message of nobody"),
        pytest.param(message(MessageType.ERROR_MESSAGE, bytes.fromhex("011f000700000a")), id="half a status"),
        pytest.param(message(MessageType.ERROR_MESSAGE, bytes.fromhex("011f00080064ffff")), id="a text beyond the end"),
        pytest.param(message(MessageType.READER_EVENT_NOTIFICATION, bytes.fromhex("00f600080100000400")[:8]), id="an event cut short"),
        pytest.param(message(MessageType.GET_READER_CAPABILITIES_RESPONSE, OK, bytes.fromhex("0089000500")), id="capabilities cut short"),
    ],
)
def test_an_answer_with_nonsense_in_it_is_one_error_and_the_next_is_read(data: bytes) -> None:
    error, after = read(LlrpCodec(), [data, KEEPALIVE])
    assert isinstance(error, FrameError)
    assert (error.reason, error.discarded) == (FrameFault.CONTENT, data)
    assert after == Notice("keepalive")


def test_both_versions_are_read() -> None:
    assert read(LlrpCodec(), [message(MessageType.KEEPALIVE, version=version) for version in Version]) == [Notice("keepalive")] * 2
