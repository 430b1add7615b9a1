"""Every published frame: whole, byte by byte, and inside noise; the wrong ones are named for what is wrong with them."""

import pytest

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import Codec
from firmware_protocols.events import Event, FrameFault, HostCommand, Reply, RoundEnded, TagSeen
from tests.firmware_protocols.reading import Vector, cut, errors_of, load_vectors, read, without_errors

VECTORS = load_vectors()
GOOD = [pytest.param(vector, id=str(vector)) for vector in VECTORS if vector.is_verified]
TAG_REPORTS = [pytest.param(vector, id=str(vector)) for vector in VECTORS if vector.is_verified and "rssi_dbm" in vector.meaning]
BAD_SUM = [pytest.param(vector, id=str(vector)) for vector in VECTORS if "true_checksum" in vector.meaning and not vector.is_verified]
NOISES = [b"\x00", b"\xff\x13\x37", b"\xbb", b"\xaa\x02", b"\xa0\x00", b"\x7e\xdd\xbb\xbb\x7e", bytes(300)]


def codec_of(vector: Vector) -> Codec:
    return codec_for(vector.family, direction=vector.direction)


def events_of(vector: Vector) -> list[Event]:
    return read(codec_of(vector), [vector.frame])


def test_all_frames_were_taken_over() -> None:
    assert len(VECTORS) == 65 + 28 + 19
    assert sum(not vector.is_verified for vector in VECTORS) == len(BAD_SUM) + 2  # two are malformed in other ways


@pytest.mark.parametrize("vector", GOOD)
def test_a_good_frame_is_one_event_and_no_error(vector: Vector) -> None:
    (event,) = events_of(vector)
    assert not errors_of([event])


@pytest.mark.parametrize("vector", GOOD)
@pytest.mark.parametrize("size", [1, 2, 3, 7], ids="{} bytes a time".format)
def test_however_the_line_cuts_it(vector: Vector, size: int) -> None:
    assert read(codec_of(vector), cut(vector.frame, size)) == events_of(vector)


@pytest.mark.parametrize("vector", GOOD)
@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: f"noise {noise.hex()[:10]}")
def test_inside_noise(vector: Vector, noise: bytes) -> None:
    """Noise may look like the head of a longer frame: then the frame behind it is read when more bytes, or a silence, decide."""
    line = noise + vector.frame + noise + vector.frame + noise
    expected = events_of(vector) * 2
    assert without_errors(read(codec_of(vector), [line])) == expected
    assert without_errors(read(codec_of(vector), cut(line, 1))) == expected


@pytest.mark.parametrize("vector", GOOD)
def test_all_that_noise_was_is_reported(vector: Vector) -> None:
    line = b"\x01\x02\x03" + vector.frame + b"\x04"
    errors = errors_of(read(codec_of(vector), [line]))
    assert [(error.reason, error.discarded) for error in errors] == [(FrameFault.NOISE, b"\x01\x02\x03"), (FrameFault.NOISE, b"\x04")]


@pytest.mark.parametrize("vector", TAG_REPORTS)
def test_a_tag_report_says_what_the_source_says(vector: Vector) -> None:
    (seen,) = events_of(vector)
    assert isinstance(seen, TagSeen)
    assert seen.rssi is not None
    assert seen.epc.hex() == vector.meaning["epc"]
    assert seen.rssi.value == vector.meaning["rssi_dbm"]
    assert f"{seen.pc:04x}" == vector.meaning["pc"]
    if "antenna" in vector.meaning:
        assert seen.antenna == vector.meaning["antenna"] + 1


@pytest.mark.parametrize("vector", GOOD)
def test_no_opcode_of_a_published_frame_is_unknown(vector: Vector) -> None:
    (event,) = events_of(vector)
    assert isinstance(event, TagSeen | RoundEnded | Reply | HostCommand)
    if isinstance(event, Reply | HostCommand):
        assert not event.command.startswith("0x")


@pytest.mark.parametrize("vector", BAD_SUM)
def test_a_wrong_checksum_is_one_error_with_both_values_and_the_whole_frame(vector: Vector) -> None:
    (error,) = errors_of(events_of(vector))
    assert error.reason is FrameFault.CHECKSUM
    assert error.expected == vector.meaning["true_checksum"]
    assert error.discarded == vector.frame
    assert error.found == f"{vector.frame[-1 if vector.family == 'r2000' else -2]:02x}"


@pytest.mark.parametrize("vector", BAD_SUM)
def test_after_a_wrong_checksum_the_next_frame_is_read(vector: Vector) -> None:
    good = next(each for each in VECTORS if each.is_verified and (each.family, each.direction) == (vector.family, vector.direction))
    events = read(codec_of(vector), cut(vector.frame + good.frame, 1), has_gap=False)
    assert events[0].__class__.__name__ == "FrameError"
    assert without_errors(events) == events_of(good)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("cmd_get_query_parameters", FrameFault.LENGTH, id="length bytes lost in print: the frame never ends"),
        pytest.param("tag example (Dutch note)", FrameFault.TAIL, id="length 3, but 18 bytes"),
    ],
)
def test_the_two_malformed_frames(name: str, reason: FrameFault) -> None:
    (vector,) = [each for each in VECTORS if each.name == name and not each.is_verified]
    events = events_of(vector)
    assert not without_errors(events)
    assert errors_of(events)[0].reason is reason
    assert b"".join(error.discarded for error in errors_of(events)) == vector.frame
