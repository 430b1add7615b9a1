"""Whatever a line brings: no exception, no unbounded memory, no stall, and the same events however it was cut."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocols.catalogue import FAMILIES, codec_for
from firmware_protocols.cf.frames import build_frame as build_cf
from firmware_protocols.chafon.codec import ChafonCodec
from firmware_protocols.chafon.frames import build_frame as build_chafon
from firmware_protocols.chafon.tables import Model
from firmware_protocols.checksums import crc16_mercury
from firmware_protocols.codec import Direction
from firmware_protocols.events import Event, FrameError, TagSeen
from firmware_protocols.m100.frames import DELIMITERS, FrameType
from firmware_protocols.m100.frames import build_frame as build_m100
from firmware_protocols.r2000.codec import R2000Codec
from firmware_protocols.r2000.frames import build_frame as build_r2000
from tests.firmware_protocols.reading import cut, drain, errors_of, read, without_errors

REPORT = {
    "m100": bytes.fromhex("bb02220011c43000e200001d7315016521408fc6b83ec27e"),
    "r200": bytes.fromhex("aa02220011c9340030751feb705c5904e3d50d703a76efdd"),
    "r2000": bytes.fromhex("a0130189043000e200301666130121155074ef45bf"),
    "thingmagic": bytes.fromhex("ff2822000010001b01ff0101c4110e16400000012700000500000f00803000000000000000000000001545e94a561d"),
    "chafon": bytes.fromhex("1500010301010c3039606303c74380001a055940f93e"),
    "cf": bytes.fromhex("cf0000011200fec001000ce2801160600002094c4c8b1a1a5b"),
}
LONGEST_HELD = {
    "m100": 7 + 576 + 256,
    "r200": 7 + 576 + 256,
    "r2000": 257 + 256,
    "thingmagic": 256 + 256,
    "chafon": 256 + 256,
    "cf": 262 + 256,
}
MAKE: dict[str, Callable[..., Any]] = {
    **{family: partial(codec_for, family) for family in REPORT},
    "r2000 8 ports": partial(R2000Codec, antenna_ports=8),
    "chafon 16 ports": partial(ChafonCodec, antenna_ports=16),
    **{f"chafon {model}": partial(ChafonCodec, model=model) for model in Model},
}
"""Every family, and those that read otherwise by an option."""
HEADS = {"m100": "bb", "r200": "aa", "r2000": "a0", "thingmagic": "ff", "chafon": "15", "cf": "cf"}


def hostile(family: str) -> st.SearchStrategy[bytes]:
    """Noise, heads, and pieces of real frames."""
    report = REPORT[family]
    pieces = st.one_of(
        st.binary(max_size=40),
        st.sampled_from([bytes.fromhex(HEADS[family]), report, report[:-1], report[:9], report[3:], bytes.fromhex(HEADS[family]) * 5]),
    )
    return st.lists(pieces, max_size=12).map(b"".join)


lines = st.sampled_from(sorted(REPORT)).flatmap(lambda family: st.tuples(st.just(family), hostile(family)))


def bytes_of(event: Event, family: str) -> int:
    return len(event.discarded) if isinstance(event, FrameError) else len(REPORT[family])


@pytest.mark.parametrize("direction", Direction)
@given(line=lines, size=st.integers(1, 50), choice=st.randoms(use_true_random=False))
def test_no_exception_and_nothing_held_beyond_a_frame_and_some_noise(
    direction: Direction, line: tuple[str, bytes], size: int, choice: Random
) -> None:
    family, data = line
    codec = MAKE[choice.choice([name for name in MAKE if name.split()[0] == family])](direction=direction)
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


def build_thingmagic(opcode: int, data: bytes) -> bytes:
    """From the module: the data begin with the status."""
    body = bytes((len(data) - 2, opcode)) + data
    return b"\xff" + body + crc16_mercury(body).to_bytes(2)


def build_response_or_notice(family: str, opcode: int, data: bytes) -> bytes:
    return build_m100(DELIMITERS[family], FrameType(1 + opcode % 2), opcode, data)


BUILD: dict[str, Callable[[int, bytes], bytes]] = {
    **{family: partial(build_response_or_notice, family) for family in DELIMITERS},
    "r2000": lambda opcode, data: build_r2000(1, opcode, data[:252]),
    "thingmagic": lambda opcode, data: build_thingmagic(opcode, data[:250].ljust(2, b"\0")),
    "chafon": lambda opcode, data: build_chafon(0, opcode, data[:250] or b"\0"),
    "cf": lambda opcode, data: build_cf(0, opcode, data[:255] or b"\0"),
}


@pytest.mark.parametrize("name", MAKE)
@given(opcode=st.integers(0, 255), data=st.one_of(st.binary(max_size=20), st.binary(max_size=260)))
def test_any_whole_frame_is_one_event_at_least_and_never_an_exception(name: str, opcode: int, data: bytes) -> None:
    frame = BUILD[name.split(maxsplit=1)[0]](opcode, data)
    events = read(MAKE[name](), [frame], has_gap=False)
    assert events
    assert all(event.discarded == frame for event in errors_of(events))


@pytest.mark.parametrize("name", MAKE)
def test_every_opcode_with_every_short_payload(name: str) -> None:
    """Where a length is looked at too late, an index is beyond the frame."""
    codec = MAKE[name]()
    for opcode in range(256):
        for size in range(14):
            for filling in (0x00, 0x01, 0x10, 0xFF):
                frame = BUILD[name.split(maxsplit=1)[0]](opcode, bytes((filling,)) * size)
                assert read(codec, [frame], has_gap=False), frame.hex()


@given(line=lines)
def test_after_noise_and_a_silence_the_next_frame_is_read(line: tuple[str, bytes]) -> None:
    family, data = line
    codec = codec_for(family)
    read(codec, [data])
    (seen,) = read(codec, [REPORT[family]], has_gap=False)
    assert isinstance(seen, TagSeen)


@given(line=lines)
@settings(max_examples=50)
def test_after_noise_without_a_silence_a_stream_of_frames_is_found_again(line: tuple[str, bytes]) -> None:
    """A false head may claim one frame's length of the stream, not more."""
    family, data = line
    count = LONGEST_HELD[family] // len(REPORT[family]) + 3
    events = read(codec_for(family), [data + REPORT[family] * count], has_gap=False)
    assert isinstance(events[-1], TagSeen)
    assert not errors_of(events[-2:])


@given(
    family=st.sampled_from(sorted(REPORT)),
    before=st.integers(0, 20),
    after=st.integers(0, 20),
    place=st.integers(0, 19),
    flip=st.integers(1, 255),
)
def test_one_harmed_byte_costs_one_frame(family: str, before: int, after: int, place: int, flip: int) -> None:
    report = REPORT[family]
    harmed = bytearray(report)
    harmed[place] ^= flip
    line = report * before + bytes(harmed) + report * after
    seen = without_errors(read(codec_for(family), [line]))
    whole = without_errors(read(codec_for(family), [report]))
    assert len(seen) >= before + after
    assert seen[:before] == whole * before
    if after:
        assert seen[-after:] == whole * after


@given(line=lines)
def test_every_byte_is_accounted_for(line: tuple[str, bytes]) -> None:
    """What is no good frame stands in exactly one error."""
    family, data = line
    rest = data
    for event in read(codec_for(family), [data]):
        if isinstance(event, FrameError):
            assert rest.startswith(event.discarded)
            rest = rest[len(event.discarded) :]
        else:
            rest = rest[_good_frame_size(family, rest) :]
    assert rest == b""


def _good_frame_size(family: str, rest: bytes) -> int:
    overhead, at, size = {"r2000": (2, 1, 1), "thingmagic": (7, 1, 1), "chafon": (1, 0, 1), "cf": (7, 4, 1)}.get(family, (7, 3, 2))
    return overhead + int.from_bytes(rest[at : at + size])


def test_every_family_is_tried() -> None:
    assert set(REPORT) == set(FAMILIES) - {"llrp"}  # messages over TCP, without checksums: llrp/test_hostile_messages.py
