"""How fast the LLRP codec turns tag reports into events, beside two walks of the same bytes and beside `pyllrp`.

A bare walk goes from parameter to parameter with `struct`, as every reader of LLRP must that does not know the shape of a report
beforehand, and keeps the numbers as they are. The trusting walk is what no decoder can be: it knows the shape, checks nothing, inherits
nothing, and makes one tuple of each report.
"""

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from firmware_protocols.events import NEED_DATA, TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import build_message
from firmware_protocols.llrp.tables import TV_SIZE, MessageType, Version

SIZES = (1, 10, 50)
REPORTS = 50_000
PYLLRP_REPORTS = 500  # it takes some hundred microseconds for each
CHUNK = 65_536
TAG_REPORT = struct.Struct(">4xx12sxHxBxHxQxHxH")
EPC_96, ANTENNA, RSSI, CHANNEL, FIRST_SEEN, COUNT, PC = 0x8D, 0x81, 0x86, 0x87, 0x82, 0x88, 0x8C
TV = {1: struct.Struct(">B"), 2: struct.Struct(">H"), 4: struct.Struct(">I"), 8: struct.Struct(">Q"), 12: struct.Struct(">12s")}
TV_STRUCT = {0x80 | kind: TV[size] for kind, size in TV_SIZE.items()}


@dataclass(frozen=True, slots=True)
class LlrpRate:
    """Reports a second, by how many stand in a message."""

    reports_per_message: int
    codec: float
    bare_walk: float
    trusting_walk: float
    pyllrp: float | None
    """None where it is not installed."""


def measure(reports: int = REPORTS) -> list[LlrpRate]:
    return [_measure(size, reports) for size in SIZES]


def _measure(size: int, reports: int) -> LlrpRate:
    stream = b"".join(_message(number, size) for number in range(reports // size))
    short = b"".join(_message(number, size) for number in range(max(PYLLRP_REPORTS // size, 1)))
    return LlrpRate(
        reports_per_message=size,
        codec=_rate(lambda: _decode(stream), reports),
        bare_walk=_rate(lambda: _walk(stream), reports),
        trusting_walk=_rate(lambda: _trust(stream), reports),
        pyllrp=_rate(lambda: _pyllrp(short), max(PYLLRP_REPORTS // size, 1) * size) if find_spec("pyllrp") else None,
    )


def _message(number: int, size: int) -> bytes:
    """All that an inventory of ours asks for: EPC, antenna, RSSI, channel, first seen, count, PC."""
    reports = b"".join(_report(number * size + index) for index in range(size))
    return build_message(Version.V1_0_1, MessageType.RO_ACCESS_REPORT, number, reports)


def _report(number: int) -> bytes:
    head = struct.pack(
        ">HHB12sBHBb", 240, TAG_REPORT.size, EPC_96, b"\xeb\x00" + number.to_bytes(10), ANTENNA, number % 4 + 1, RSSI, -number % 50 - 80
    )
    tail = struct.pack(">BHBQBHBH", CHANNEL, number % 50 + 1, FIRST_SEEN, 1_385_585_041_558_537 + number, COUNT, 1, PC, 0x3000)
    return head + tail


def _rate(run: Callable[[], int], reports: int) -> float:
    """The best of five: the machine's other work only ever slows it."""
    best = 0.0
    for _ in range(5):
        began_s = time.perf_counter()
        count = run()
        best = max(best, count / (time.perf_counter() - began_s))
        assert count == reports, f"{count} of {reports} reports were read"
    return best


def _decode(stream: bytes) -> int:
    codec = LlrpCodec()
    count = 0
    for start in range(0, len(stream), CHUNK):
        codec.receive_data(stream[start : start + CHUNK])
        while (event := codec.next_event()) is not NEED_DATA:
            count += event.__class__ is TagSeen
    return count


def _walk(stream: bytes) -> int:
    count = at = 0
    header = struct.Struct(">HII").unpack_from
    parameter = struct.Struct(">HH").unpack_from
    while at < len(stream):
        _, size, _ = header(stream, at)
        at, end = at + 10, at + size
        while at < end:
            _, size = parameter(stream, at)
            at, stop = at + 4, at + size
            report = {}
            while at < stop:
                kind = stream[at]
                field = TV_STRUCT[kind]
                report[kind] = field.unpack_from(stream, at + 1)[0]
                at += 1 + field.size
            count += 1
    return count


def _trust(stream: bytes) -> int:
    count = at = 0
    header = struct.Struct(">HII").unpack_from
    while at < len(stream):
        _, size, _ = header(stream, at)
        for start in range(at + 10, at + size, TAG_REPORT.size):
            TAG_REPORT.unpack_from(stream, start)
            count += 1
        at += size
    return count


def _pyllrp(stream: bytes) -> int:
    import bitstring  # noqa: PLC0415 — a peer for tests and figures, not a dependency
    from pyllrp import pyllrp  # noqa: PLC0415 — same

    count = at = 0
    while at < len(stream):
        size = int.from_bytes(stream[at + 2 : at + 6])
        message = pyllrp.UnpackMessage(bitstring.ConstBitStream(bytes=stream[at : at + size]))
        count += len(message.getTagData())
        at += size
    return count


if __name__ == "__main__":
    for rate in measure():
        print(rate)
