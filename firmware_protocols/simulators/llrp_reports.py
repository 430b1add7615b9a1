"""The tag reports that a simulated LLRP reader puts together (§13.2.3)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from firmware_protocols.llrp.frames import tlv, tv
from firmware_protocols.llrp.tables import IMPINJ, ImpinjParameter, Tlv, Tv
from firmware_protocols.simulators.llrp_rospecs import ReportSpec
from firmware_protocols.simulators.llrp_settings import FREQUENCIES_KHZ
from firmware_protocols.simulators.tag_field import Answer, Presence

TAGS_PER_MESSAGE = 200
HAS_PC, HAS_CRC = 0x40, 0x80
EPC_96_SIZE = 12


class Seen(NamedTuple):
    """What the tag said of itself in the round, before anything was done to it."""

    epc: bytes
    pc: int
    crc: int
    antenna: int
    rssi_dbm: float


class Origin(NamedTuple):
    """Which specs it was read by."""

    rospec_id: int
    spec_index: int
    """Of the AISpec in its ROSpec, from 1."""
    inventory_spec_id: int


class Done(NamedTuple):
    """What an AccessSpec did to it: its number and the results' parameters."""

    access_spec_id: int
    results: bytes


NOTHING_DONE = Done(0, b"")


@dataclass(slots=True)
class Report:
    """A tag that waits to be reported."""

    seen: Seen
    answer: Answer
    origin: Origin
    done: Done
    first_us: int
    phase: int
    last_us: int = 0
    reads: int = 1


@dataclass(slots=True)
class Reports:
    """What was read and not reported yet. One tag before one antenna is one report, however often it is read."""

    omits_unchanged: bool = False
    _waiting: dict[tuple[bytes, int], Report] = field(default_factory=dict)
    _said: dict[int, bytes] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def reads(self) -> int:
        return sum(report.reads for report in self._waiting.values())

    def add(self, report: Report) -> None:
        key = (report.seen.epc, report.seen.antenna)
        before = self._waiting.get(key)
        report.last_us = report.first_us
        if before:
            report.first_us, report.reads = before.first_us, min(before.reads + 1, 0xFFFF)
            report.done = report.done if report.done.results else before.done
        self._waiting[key] = report

    def drop(self) -> None:
        self._waiting.clear()

    def forget(self) -> None:
        """A new connection: nothing has been said on it."""
        self._said.clear()

    def take(self, wanted: ReportSpec) -> Iterator[tuple[tuple[Presence, ...], bytes]]:
        """Bodies of messages, and whose stays each reports."""
        waiting = list(self._waiting.values())
        self._waiting.clear()
        for start in range(0, len(waiting), TAGS_PER_MESSAGE):
            batch = waiting[start : start + TAGS_PER_MESSAGE]
            yield tuple(report.answer.presence for report in batch), b"".join(self._encode(report, wanted) for report in batch)

    def _encode(self, report: Report, wanted: ReportSpec) -> bytes:
        epc = report.seen.epc
        named = tv(Tv.EPC_96, epc) if len(epc) == EPC_96_SIZE else tlv(Tlv.EPC_DATA, (len(epc) * 8).to_bytes(2), epc)
        fields = b"".join(tv(kind, value) for kind, value in _fields(report, wanted) if not self._is_omitted(kind, value))
        return tlv(Tlv.TAG_REPORT_DATA, named, fields, report.done.results, *_impinj_fields(report, wanted))

    def _is_omitted(self, kind: int, value: bytes) -> bool:
        is_same = self._said.get(kind) == value
        self._said[kind] = value
        return is_same and self.omits_unchanged


def _fields(report: Report, wanted: ReportSpec) -> Iterator[tuple[int, bytes]]:
    """In the order of §13.2.3.1, each by its bit of the TagReportContentSelector."""
    seen = report.seen
    channel = (seen.antenna - 1) % len(FREQUENCIES_KHZ) + 1
    rssi = min(max(round(seen.rssi_dbm), -128), 127)
    said = (
        (0x8000, Tv.ROSPEC_ID, report.origin.rospec_id.to_bytes(4)),
        (0x4000, Tv.SPEC_INDEX, report.origin.spec_index.to_bytes(2)),
        (0x2000, Tv.INVENTORY_PARAMETER_SPEC_ID, report.origin.inventory_spec_id.to_bytes(2)),
        (0x1000, Tv.ANTENNA_ID, seen.antenna.to_bytes(2)),
        (0x0400, Tv.PEAK_RSSI, rssi.to_bytes(1, signed=True)),
        (0x0800, Tv.CHANNEL_INDEX, channel.to_bytes(2)),
        (0x0200, Tv.FIRST_SEEN_UTC, report.first_us.to_bytes(8)),
        (0x0100, Tv.LAST_SEEN_UTC, report.last_us.to_bytes(8)),
        (0x0080, Tv.TAG_SEEN_COUNT, report.reads.to_bytes(2)),
    )
    yield from ((kind, value) for bit, kind, value in said if wanted.selected & bit)
    if wanted.epc_memory & HAS_PC:
        yield Tv.PC, seen.pc.to_bytes(2)
    if wanted.epc_memory & HAS_CRC:
        yield Tv.CRC, seen.crc.to_bytes(2)
    if wanted.selected & 0x0040:
        yield Tv.ACCESS_SPEC_ID, report.done.access_spec_id.to_bytes(4)


def _impinj_fields(report: Report, wanted: ReportSpec) -> Iterator[bytes]:
    tid = report.answer.tag.tid
    said = (
        (ImpinjParameter.ENABLE_SERIALIZED_TID, ImpinjParameter.SERIALIZED_TID, (len(tid) // 2).to_bytes(2) + tid),
        (ImpinjParameter.ENABLE_RF_PHASE_ANGLE, ImpinjParameter.RF_PHASE_ANGLE, report.phase.to_bytes(2)),
        (ImpinjParameter.ENABLE_PEAK_RSSI, ImpinjParameter.PEAK_RSSI, struct.pack(">h", round(report.seen.rssi_dbm * 100))),
    )
    yield from (tlv(Tlv.CUSTOM, struct.pack(">II", IMPINJ, kind), value) for enabler, kind, value in said if enabler in wanted.impinj)
