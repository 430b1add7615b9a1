"""Where frames begin and end on a bad line. R2000 frames: the shortest that show it."""

from firmware_protocols.codec import Direction
from firmware_protocols.events import NEED_DATA, FrameError, FrameFault, NeedData
from firmware_protocols.frame_buffer import NOISE_LIMIT, Fault, FrameBuffer
from firmware_protocols.r2000.frames import R2000Shape, build_frame
from firmware_protocols.thingmagic.frames import ThingMagicShape

FRAME = build_frame(1, 0x72, b"\x08\x02")
OTHER = build_frame(1, 0x7B)
BROKEN = FRAME[:-1] + bytes((FRAME[-1] ^ 1,))


def frames_of(*pieces: bytes, has_gap: bool = False) -> list[bytes | FrameError | NeedData]:
    buffer = FrameBuffer(R2000Shape())
    for piece in pieces:
        buffer.receive_data(piece)
    if has_gap:
        buffer.receive_gap()
    found: list[bytes | FrameError | NeedData] = []
    while (frame := buffer.next_frame()) is not NEED_DATA:
        found.append(frame)
    return found


def noise(found: str, discarded: bytes) -> FrameError:
    return FrameError(FrameFault.NOISE, "a0", found, discarded)


def test_nothing_comes_of_nothing() -> None:
    assert frames_of(b"") == []


def test_two_frames_in_one_piece_and_one_in_two() -> None:
    assert frames_of(FRAME + OTHER[:2], OTHER[2:]) == [FRAME, OTHER]


def test_noise_is_held_until_a_frame_follows() -> None:
    assert frames_of(b"\x01\x02") == []
    assert frames_of(b"\x01\x02", b"\x03" + FRAME) == [noise("01", b"\x01\x02\x03"), FRAME]


def test_noise_is_reported_when_the_line_falls_silent() -> None:
    assert frames_of(b"\x01\x02", has_gap=True) == [noise("01", b"\x01\x02")]


def test_endless_noise_is_reported_in_bounded_pieces() -> None:
    errors = frames_of(bytes(NOISE_LIMIT * 2 + 5))
    assert errors == [noise("00", bytes(NOISE_LIMIT))] * 2


def test_a_row_of_false_heads_is_put_into_words_once_for_each_error() -> None:
    """A dead line of the FF that is ThingMagic's head: words for each byte of it cost more than all else."""
    worded: list[Fault] = []

    class Wording(ThingMagicShape):
        def header_fault(self, buffer: bytearray) -> Fault:
            worded.append(super().header_fault(buffer))
            return worded[-1]

    buffer = FrameBuffer(Wording(Direction.FROM_READER))
    buffer.receive_data(b"\xff" * NOISE_LIMIT * 4)
    errors = [found for found in iter(buffer.next_frame, NEED_DATA) if isinstance(found, FrameError)]
    assert len(errors) == 3
    assert len(worded) <= len(errors) + 1


def test_a_broken_frame_is_one_error() -> None:
    (error,) = frames_of(BROKEN)
    assert error == FrameError(FrameFault.CHECKSUM, f"{FRAME[-1]:02x}", f"{BROKEN[-1]:02x}", BROKEN)


def test_noise_before_a_broken_frame_is_an_error_of_its_own() -> None:
    first, second = frames_of(b"\x05" + BROKEN)
    assert first == noise("05", b"\x05")
    assert isinstance(second, FrameError)
    assert second.discarded == BROKEN


def test_a_frame_cut_short_by_the_next_costs_only_itself() -> None:
    error, frame = frames_of(FRAME[:5] + OTHER)
    assert error == FrameError(FrameFault.LENGTH, "7 bytes", "5 bytes, then another frame", FRAME[:5])
    assert frame == OTHER


def test_a_false_head_does_not_swallow_the_frame_behind_it() -> None:
    false_head = b"\xa0\x0b"  # claims 13 bytes; two frames stand behind it
    error, *frames = frames_of(false_head + FRAME + FRAME)
    assert isinstance(error, FrameError)
    assert error.discarded == false_head
    assert frames == [FRAME, FRAME]


def test_a_false_head_waits_for_what_it_claims() -> None:
    assert frames_of(b"\xa0\xff" + FRAME) == []


def test_a_silence_frees_what_stands_behind_a_false_head() -> None:
    error, frame = frames_of(b"\xa0\xff" + FRAME, has_gap=True)
    assert isinstance(error, FrameError)
    assert error == FrameError(FrameFault.LENGTH, "257 bytes", "2 bytes, then another frame", b"\xa0\xff")
    assert frame == FRAME


def test_half_a_frame_and_a_silence() -> None:
    assert frames_of(FRAME[:4], has_gap=True) == [FrameError(FrameFault.LENGTH, "7 bytes", "4 bytes, then silence", FRAME[:4])]


def test_what_comes_after_a_silence_does_not_complete_what_came_before() -> None:
    buffer = FrameBuffer(R2000Shape())
    buffer.receive_data(FRAME[:4])
    buffer.receive_gap()
    buffer.receive_data(FRAME)
    error = buffer.next_frame()
    assert isinstance(error, FrameError)
    assert error.discarded == FRAME[:4]
    assert buffer.next_frame() == FRAME


def test_a_silence_between_whole_frames_changes_nothing() -> None:
    buffer = FrameBuffer(R2000Shape())
    buffer.receive_data(FRAME)
    buffer.receive_gap()
    assert buffer.next_frame() == FRAME
    buffer.receive_gap()
    assert buffer.next_frame() is NEED_DATA
    buffer.receive_data(OTHER[:3])
    assert buffer.next_frame() is NEED_DATA
    buffer.receive_data(OTHER[3:])
    assert buffer.next_frame() == OTHER


def test_a_length_that_no_frame_has_costs_one_byte() -> None:
    error, frame = frames_of(b"\xa0\x02" + FRAME)
    assert error == FrameError(FrameFault.LENGTH, "a length of at least 3", "2", b"\xa0\x02")
    assert frame == FRAME
