"""A line without head bytes: the next good frame is read as soon as the format allows.

What holds for every family is in test_hostile_bytes.py.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from firmware_protocols.chafon.codec import ChafonCodec
from firmware_protocols.chafon.frames import HEARTBEAT, build_frame
from firmware_protocols.codec import Direction
from firmware_protocols.commands import GetInfo
from firmware_protocols.events import FrameError, RoundEnded, TagSeen
from tests.firmware_protocols.reading import cut, drain, errors_of, read, without_errors

EPC = bytes.fromhex("3039606303c74380001a0559")
REPORT = build_frame(0, 0x01, bytes.fromhex("030101") + b"\x0c" + EPC + b"\x40")
PUSH = build_frame(0, 0xEE, bytes.fromhex("0001") + b"\x0c" + EPC + b"\x40")
END = build_frame(0, 0x01, b"\xfb")
LONGEST_FRAME = 256
MOST_HELD = LONGEST_FRAME + LONGEST_FRAME


@given(noise=st.binary(max_size=300), frame=st.sampled_from([REPORT, PUSH, END]))
def test_after_noise_and_a_silence_the_next_frame_is_read_at_once(noise: bytes, frame: bytes) -> None:
    codec = ChafonCodec()
    read(codec, [noise])
    (event,) = read(codec, cut(frame, 1), has_gap=False)
    assert isinstance(event, TagSeen | RoundEnded)


@given(noise=st.binary(min_size=1, max_size=80))
def test_without_a_silence_a_frame_is_found_after_the_length_of_the_longest(noise: bytes) -> None:
    """A byte of noise may announce up to 255 more; what follows is believed only when they are there and do not fit."""
    count = LONGEST_FRAME // len(REPORT) + 2
    seen = without_errors(read(ChafonCodec(), cut(noise + REPORT * (2 * count), 1), has_gap=False))
    assert sum(isinstance(event, TagSeen) for event in seen) >= 2 * count - 1 - len(noise) // len(REPORT)


@given(place=st.integers(0, len(REPORT) - 1), flip=st.integers(1, 255))
def test_a_harmed_frame_costs_no_other(place: int, flip: int) -> None:
    harmed = bytearray(REPORT)
    harmed[place] ^= flip
    events = read(ChafonCodec(), [REPORT * 3 + bytes(harmed) + REPORT * 3])
    assert sum(isinstance(event, TagSeen) for event in events) >= 6
    assert errors_of(events)


class TwoEnds(RuleBasedStateMachine):
    """A host and a reader's ears on one noisy line: what is said after a silence is always heard."""

    frames = Bundle("frames")

    def __init__(self) -> None:
        super().__init__()
        self.host: Any = ChafonCodec()
        self.reader: Any = ChafonCodec(direction=Direction.TO_READER)

    @rule(noise=st.binary(max_size=50))
    def hear_noise(self, noise: bytes) -> None:
        for codec in (self.host, self.reader):
            codec.receive_data(noise)
            drain(codec)

    @rule()
    def fall_silent_and_ask(self) -> None:
        self.reader.receive_gap()
        drain(self.reader)
        (frame,) = self.host.encode(GetInfo())
        self.reader.receive_data(frame)
        (event,) = drain(self.reader)
        assert not isinstance(event, FrameError)

    @rule(target=frames, frame=st.sampled_from([REPORT, PUSH, END, HEARTBEAT]))
    def make(self, frame: bytes) -> bytes:
        return frame

    @rule(frame=consumes(frames))
    def fall_silent_and_answer(self, frame: bytes) -> None:
        self.host.receive_gap()
        drain(self.host)
        self.host.receive_data(frame)
        assert without_errors(drain(self.host))

    @invariant()
    def hold_little(self) -> None:
        assert self.host.held_bytes <= MOST_HELD
        assert self.reader.held_bytes <= MOST_HELD


TestTwoEnds = TwoEnds.TestCase
