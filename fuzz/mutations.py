"""Ways to harm a frame. All chance comes from the given generator: a seed plays the same harm again."""

from collections.abc import Callable, Sequence
from random import Random

from firmware_protocols.checksums import complement8, crc16_mcrf4xx, crc16_mercury, sum8

Mutation = Callable[[bytes, Random], bytes]
BOUNDARIES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF, 0xBB, 0xAA, 0xA0, 0xCF, 0x7E, 0xDD)
MOST_NOISE = 300


def flip_bit(frame: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(frame))
    return frame[:place] + bytes((frame[place] ^ 1 << rng.randrange(8),)) + frame[place + 1 :]


def set_byte(frame: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(frame))
    return frame[:place] + bytes((rng.choice(BOUNDARIES),)) + frame[place + 1 :]


def set_head_byte(frame: bytes, rng: Random) -> bytes:
    """Lengths, types and opcodes stand in the first bytes."""
    place = rng.randrange(min(12, len(frame)))
    return frame[:place] + rng.randbytes(1) + frame[place + 1 :]


def delete_bytes(frame: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(frame))
    return frame[:place] + frame[place + rng.randint(1, 4) :]


def insert_bytes(frame: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(frame) + 1)
    return frame[:place] + rng.randbytes(rng.randint(1, 4)) + frame[place:]


def truncate(frame: bytes, rng: Random) -> bytes:
    return frame[: rng.randrange(len(frame))]


def repeat_slice(frame: bytes, rng: Random) -> bytes:
    start = rng.randrange(len(frame))
    end = rng.randint(start, len(frame))
    return frame[:end] + frame[start:end] * rng.randint(1, 3) + frame[end:]


def noise(_frame: bytes, rng: Random) -> bytes:
    return rng.randbytes(rng.randint(1, MOST_NOISE))


def heads(frame: bytes, rng: Random) -> bytes:
    """The first byte again and again: false starts."""
    return frame[:1] * rng.randint(2, 40)


def unharmed(frame: bytes, _rng: Random) -> bytes:
    return frame


MUTATIONS: tuple[Mutation, ...] = (
    *(flip_bit, set_byte, set_head_byte, delete_bytes, insert_bytes, truncate, repeat_slice, noise, heads, unharmed),
)


def _seal_m100(frame: bytes) -> bytes:
    inner = frame[1:3] + (len(frame) - 7).to_bytes(2) + frame[5:-2]
    return frame[:1] + inner + bytes((sum8(inner),)) + frame[-1:]


def _seal_r2000(frame: bytes) -> bytes:
    inner = frame[:1] + bytes((len(frame) - 2 & 0xFF,)) + frame[2:-1]
    return inner + bytes((complement8(inner),))


def _seal_thingmagic(frame: bytes) -> bytes:
    return frame[:-2] + crc16_mercury(frame[1:-2]).to_bytes(2)


def _seal_chafon(frame: bytes) -> bytes:
    inner = bytes((len(frame) - 1 & 0xFF,)) + frame[1:-2]
    return inner + crc16_mcrf4xx(inner).to_bytes(2, "little")


def _seal_cf(frame: bytes) -> bytes:
    inner = frame[:4] + bytes((len(frame) - 7 & 0xFF,)) + frame[5:-2]
    return inner + crc16_mcrf4xx(inner).to_bytes(2)


def _seal_llrp(frame: bytes) -> bytes:
    return frame[:2] + len(frame).to_bytes(4) + frame[6:]


SEALS: dict[str, Callable[[bytes], bytes]] = {
    "m100": _seal_m100,
    "r200": _seal_m100,
    "r2000": _seal_r2000,
    "thingmagic": _seal_thingmagic,
    "chafon": _seal_chafon,
    "cf": _seal_cf,
    "llrp": _seal_llrp,
}
"""Length or checksum made right again: harm that gets past them reaches what reads the content. A family without has none to mend."""
SHORTEST_SEALED = 7  # the empty frame of most families: what comes before its end must not be looked for behind it


def mutated(family: str, frames: Sequence[bytes], rng: Random) -> bytes:
    """One frame, harmed once to three times, or joined from two; half of them sealed again."""
    frame = rng.choice(frames)
    if rng.random() < 0.1:
        other = rng.choice(frames)
        frame = frame[: rng.randint(1, len(frame))] + other[rng.randrange(len(other)) :]
    for _ in range(rng.randint(1, 3)):
        frame = rng.choice(MUTATIONS)(frame, rng) or frame
    seal = SEALS.get(family)
    return seal(frame) if seal and len(frame) >= SHORTEST_SEALED and rng.random() < 0.5 else frame
