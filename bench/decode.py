"""How fast a codec turns bytes into events, beside a bare walk of the same bytes and beside what the line can carry."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware_protocols.catalogue import codec_for
from firmware_protocols.chafon.frames import build_frame as build_chafon
from firmware_protocols.events import NEED_DATA, TagSeen

CHUNK = 4096
BITS_A_BYTE = 10  # 8N1: a start and a stop bit
REPORTS = 50_000


EPC = bytes.fromhex("3039606303c74380001a0559")
MOST_TAGS = 17  # in one frame of Chafon's, with EPCs of 96 bits


@dataclass(frozen=True, slots=True)
class Family:
    """A tag report of the family, the fastest speed that its readers can be set to, and where the bare walk finds the EPC."""

    name: str
    report: bytes
    baud: int
    epc: slice
    tags: int = 1
    """In one report, each as many bytes behind the other as `tag_size`."""
    tag_size: int = 0


FAMILIES = (
    Family("m100", bytes.fromhex("bb02220011c9340030751feb705c5904e3d50d703a76ef7e"), 115_200, slice(8, 20)),
    Family("r200", bytes.fromhex("aa02220011c9340030751feb705c5904e3d50d703a76efdd"), 115_200, slice(8, 20)),
    Family("r2000", bytes.fromhex("a0130189043000e200301666130121155074ef45bf"), 115_200, slice(7, 19)),
    Family(
        "thingmagic",
        bytes.fromhex("ff2822000010001b01ff0101c4110e16400000012700000500000f00803000000000000000000000001545e94a561d"),
        921_600,
        slice(31, 43),
    ),
    Family("chafon", bytes.fromhex("1500010301010c3039606303c74380001a055940f93e"), 115_200, slice(7, 19)),
    Family(
        "chafon",
        build_chafon(0, 0x01, bytes((0x03, 0x01, MOST_TAGS)) + (b"\x0c" + EPC + b"\x40") * MOST_TAGS),
        115_200,
        slice(7, 19),
        MOST_TAGS,
        14,
    ),
    Family("cf", bytes.fromhex("cf0000011200fec001000ce2801160600002094c4c8b1a1a5b"), 115_200, slice(11, 23)),
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


def measure(reports: int = REPORTS) -> list[DecodeRate]:
    return [_measure(family, reports) for family in FAMILIES]


def _measure(family: Family, wanted: int) -> DecodeRate:
    frames = wanted // family.tags
    stream, reports = family.report * frames, frames * family.tags
    return DecodeRate(
        family=family.name if family.tags == 1 else f"{family.name}, {family.tags} tags a frame",
        codec=_rate(reports, lambda: _decode(family.name, stream)),
        bare_walk=_rate(reports, lambda: _walk(family, stream)),
        line=family.baud / BITS_A_BYTE / len(family.report) * family.tags,
    )


def _rate(reports: int, run: Callable[[], int]) -> float:
    """The best of three, in this process' own time: what else the machine does only ever slows it."""
    best = 0.0
    for _ in range(3):
        began_s = time.process_time()
        count = run()
        best = max(best, count / (time.process_time() - began_s))
        assert count == reports, f"{count} of {reports} reports were read"
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
    size, first = len(family.report), family.epc
    ends = [(first.start + family.tag_size * tag, first.stop + family.tag_size * tag) for tag in range(family.tags)]
    return len([stream[at + start : at + stop] for at in range(0, len(stream), size) for start, stop in ends])
