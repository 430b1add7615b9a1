"""How fast a codec turns bytes into events, beside a bare walk of the same bytes and beside what the line can carry."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware_protocols.catalogue import codec_for
from firmware_protocols.events import NEED_DATA, TagSeen

CHUNK = 4096
BITS_A_BYTE = 10  # 8N1: a start and a stop bit
FRAMES = 50_000


@dataclass(frozen=True, slots=True)
class Family:
    """A tag report of the family, the line's fastest rate, and where the bare walk finds the EPC."""

    name: str
    report: bytes
    baud: int
    epc: slice


FAMILIES = (
    Family("m100", bytes.fromhex("bb02220011c9340030751feb705c5904e3d50d703a76ef7e"), 115_200, slice(8, 20)),
    Family("r200", bytes.fromhex("aa02220011c9340030751feb705c5904e3d50d703a76efdd"), 115_200, slice(8, 20)),
    Family("r2000", bytes.fromhex("a0130189043000e200301666130121155074ef45bf"), 115_200, slice(7, 19)),
)


@dataclass(frozen=True, slots=True)
class DecodeRate:
    """Reports a second."""

    family: str
    codec: float
    bare_walk: float
    line: float

    @property
    def times_the_line(self) -> float:
        return self.codec / self.line


def measure() -> list[DecodeRate]:
    return [_measure(family) for family in FAMILIES]


def _measure(family: Family) -> DecodeRate:
    stream = family.report * FRAMES
    return DecodeRate(
        family=family.name,
        codec=_rate(lambda: _decode(family.name, stream)),
        bare_walk=_rate(lambda: _walk(family, stream)),
        line=family.baud / BITS_A_BYTE / len(family.report),
    )


def _rate(run: Callable[[], int]) -> float:
    """The best of three: the machine's other work only ever slows it."""
    best = 0.0
    for _ in range(3):
        began_s = time.perf_counter()
        count = run()
        best = max(best, count / (time.perf_counter() - began_s))
        assert count == FRAMES, f"{count} of {FRAMES} reports were read"
    return best


def _decode(family: str, stream: bytes) -> int:
    codec = codec_for(family)
    count = 0
    for start in range(0, len(stream), CHUNK):
        codec.receive_data(stream[start : start + CHUNK])
        while (event := codec.next_event()) is not NEED_DATA:
            count += isinstance(event, TagSeen)
    return count


def _walk(family: Family, stream: bytes) -> int:
    """What no decoder can beat in Python: cut at the known length, trust everything, keep the EPC."""
    size = len(family.report)
    return len([stream[start : start + size][family.epc] for start in range(0, len(stream), size)])
