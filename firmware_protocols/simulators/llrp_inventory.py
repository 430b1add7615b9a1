"""The life of ROSpecs in a simulated LLRP reader: what starts and stops them, the rounds they run, what they report (§11, §12, §13)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from firmware_protocols.events import HostCommand
from firmware_protocols.llrp.frames import parameters_of, tlv
from firmware_protocols.llrp.tables import EventType, MessageType, StatusCode, Tlv
from firmware_protocols.simulators.llrp_reports import NOTHING_DONE, Done, Origin, Report, Reports, Seen
from firmware_protocols.simulators.llrp_rospecs import EVERY_ANTENNA, AiSpec, Gpi, ReportSpec, RoSpec, admits, read_rospec
from firmware_protocols.simulators.llrp_settings import LlrpOptions, Settings
from firmware_protocols.simulators.llrp_speaker import Speaker
from firmware_protocols.simulators.llrp_specs import AccessSpec, Specs, operate
from firmware_protocols.simulators.reader import Emission, ReaderOptions
from firmware_protocols.simulators.tag_field import Answer, TagField

STARTED, ENDED, PREEMPTED = 0, 1, 2
END_OF_AISPEC = 0
ALL = 0
STOPS = frozenset({MessageType.DELETE_ROSPEC, MessageType.DISABLE_ROSPEC, MessageType.STOP_ROSPEC})
TAKES_ONE = frozenset({MessageType.START_ROSPEC, MessageType.STOP_ROSPEC})


@dataclass(slots=True)
class Stretch:
    """The AISpec that is worked on."""

    index: int
    ends_s: float | None
    seen: set[bytes] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Reader:
    """What an inventory works with."""

    tags: TagField
    options: ReaderOptions
    manner: LlrpOptions
    rng: Random
    settings: Settings
    speaker: Speaker


class Inventory:
    """All ROSpecs of one reader. One runs at a time; a smaller number of priority goes before."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._speaker, self._settings = reader, reader.speaker, reader.settings
        self.specs = Specs()
        self._reports = Reports(omits_unchanged=reader.manner.omits_unchanged)
        self._stretch = Stretch(0, None)
        self._reported_s = self._started_s = 0.0

    @property
    def is_waiting_or_running(self) -> bool:
        return any(spec.is_active or spec.next_start_s is not None for spec in self.specs.rospecs.values())

    def forget_said(self) -> None:
        """A new connection: nothing has been said on it."""
        self._reports.forget()

    def clear(self) -> None:
        self.specs.rospecs.clear()
        self.specs.access_specs.clear()

    def waiting_reads(self) -> int:
        """How often tags were read that are not reported yet."""
        return self._reports.reads

    def add(self, data: bytes) -> bytes | StatusCode:
        """Raises Malformed."""
        for parameter in parameters_of(data, 0, len(data)):
            if parameter.type == Tlv.ROSPEC:
                spec = read_rospec(data, parameter)
                ports = range(self._reader.options.antenna_ports + 1)
                if spec.rospec_id in self.specs.rospecs or spec.rospec_id == ALL or not spec.antennas <= set(ports):
                    return StatusCode.FIELD_ERROR
                self.specs.rospecs[spec.rospec_id] = spec
                return b""
        return StatusCode.MISSING_PARAMETER

    def change(self, command: HostCommand, now_s: float) -> Iterator[Emission]:
        """Delete, start, stop, enable, disable. What was read is reported before the answer to what stops it."""
        kind, wanted = MessageType(command.opcode), int.from_bytes(command.data)
        meant = self._meant(kind, wanted)
        if meant is None:
            yield self._speaker.status_answer(command, StatusCode.FIELD_ERROR)
            return
        if kind in STOPS:
            yield from self._stop(kind, meant, now_s)
        yield self._speaker.status_answer(command, StatusCode.SUCCESS)
        if kind == MessageType.ENABLE_ROSPEC:
            for spec in meant:
                yield from self._enable(spec, now_s)
        elif kind == MessageType.START_ROSPEC:
            yield from self._start(meant[0], now_s)

    def input_changed(self, port: int, now_s: float, *, is_high: bool) -> Iterator[Emission]:
        """What waited for this level starts or stops."""
        level = Gpi(port, is_high)
        for spec in list(self.specs.rospecs.values()):
            if spec.is_active and spec.boundary.stops_by == level:
                yield from self._end(spec, now_s)
            elif spec.is_enabled and spec.boundary.starts_by == level:
                yield from self._start(spec, now_s)

    def run(self, now_s: float) -> Iterator[Emission]:
        """One inventory round, and what the clock starts and ends."""
        for spec in list(self.specs.rospecs.values()):
            if spec.next_start_s is not None and spec.next_start_s <= now_s:
                period_s = spec.boundary.period_ms / 1000
                spec.next_start_s = spec.next_start_s + period_s if period_s else None
                yield from self._start(spec, now_s)
        active = self.specs.active
        if active is not None:
            yield from self._read_tags(active, now_s)
            yield from self._mind_ends(active, now_s)
            limit_s = self._reader.manner.stops_after_s
            if limit_s is not None and now_s - self._started_s >= limit_s:
                yield from self._end(active, now_s)

    def report(self) -> Iterator[Emission]:
        """A host has asked for whatever there is."""
        yield from self._send_reports(self.specs.active, has_to_be_sent=True)

    def _meant(self, kind: MessageType, wanted: int) -> list[RoSpec] | None:
        """None for what cannot be done: 0 means all to the messages that may mean all, and a disabled ROSpec does not start."""
        rospecs = self.specs.rospecs
        if wanted == ALL:
            return None if kind in TAKES_ONE else list(rospecs.values())
        spec = rospecs.get(wanted)
        return None if spec is None or (kind == MessageType.START_ROSPEC and not spec.is_enabled) else [spec]

    def _stop(self, kind: MessageType, meant: list[RoSpec], now_s: float) -> Iterator[Emission]:
        for spec in meant:
            yield from self._end(spec, now_s)
            if kind != MessageType.STOP_ROSPEC:
                spec.is_enabled, spec.next_start_s = False, None
            if kind == MessageType.DELETE_ROSPEC:
                del self.specs.rospecs[spec.rospec_id]

    def _enable(self, spec: RoSpec, now_s: float) -> Iterator[Emission]:
        spec.is_enabled = True
        if spec.boundary.starts_at_once:
            yield from self._start(spec, now_s)
        elif spec.boundary.offset_ms is not None:
            spec.next_start_s = now_s + spec.boundary.offset_ms / 1000

    def _start(self, spec: RoSpec, now_s: float) -> Iterator[Emission]:
        active = self.specs.active
        if active is not None:
            if active is spec or active.priority <= spec.priority:
                return
            yield from self._end(active, now_s, by=spec)
        spec.is_active, self._started_s = True, now_s
        spec.ends_s = None if spec.boundary.lasts_ms is None else now_s + spec.boundary.lasts_ms / 1000
        self._reports.drop()
        self._begin(0, spec.aispecs[0], now_s)
        yield from self._rospec_event(spec, STARTED, now_s)
        if EventType.ANTENNA in self._settings.events:
            for port in sorted(self._reader.options.missing_antennas):
                yield self._speaker.notify(tlv(Tlv.ANTENNA_EVENT, struct.pack(">BH", 0, port)), now_s)

    def _begin(self, index: int, aispec: AiSpec, now_s: float) -> None:
        self._stretch = Stretch(index, None if aispec.lasts_ms is None else now_s + aispec.lasts_ms / 1000)
        self._reported_s = now_s

    def _end(self, spec: RoSpec, now_s: float, by: RoSpec | None = None) -> Iterator[Emission]:
        """`by`: the ROSpec that goes before."""
        if spec.is_active:
            spec.is_active = False
            if self._wanted(spec).trigger:
                yield from self._send_reports(spec)
            yield from self._rospec_event(spec, PREEMPTED if by else ENDED, now_s, by.rospec_id if by else 0)

    def _mind_ends(self, spec: RoSpec, now_s: float) -> Iterator[Emission]:
        """Of the AISpec, then of the ROSpec: after its last AISpec, or when its own time is over."""
        stretch, aispec = self._stretch, spec.aispecs[self._stretch.index]
        is_over = stretch.ends_s is not None and now_s >= stretch.ends_s
        if is_over or 0 < aispec.tags <= len(stretch.seen):
            if self._wanted(spec).is_sent_after_each_aispec:
                yield from self._send_reports(spec)
            if EventType.AISPEC in self._settings.events:
                event = struct.pack(">BIH", END_OF_AISPEC, spec.rospec_id, stretch.index + 1)
                yield self._speaker.notify(tlv(Tlv.AISPEC_EVENT, event), now_s)
            if stretch.index + 1 == len(spec.aispecs):
                yield from self._end(spec, now_s)
                if spec.boundary.starts_at_once:  # its trigger still stands: hosts (sllurp, CrossMgr) read for hours by such a ROSpec
                    yield from self._start(spec, now_s)
                return
            self._begin(stretch.index + 1, spec.aispecs[stretch.index + 1], now_s)
        if spec.ends_s is not None and now_s >= spec.ends_s:
            yield from self._end(spec, now_s)

    def _rospec_event(self, spec: RoSpec, event: int, now_s: float, preempting: int = 0) -> Iterator[Emission]:
        if EventType.ROSPEC in self._settings.events:
            yield self._speaker.notify(tlv(Tlv.ROSPEC_EVENT, struct.pack(">BII", event, spec.rospec_id, preempting)), now_s)

    def _read_tags(self, spec: RoSpec, now_s: float) -> Iterator[Emission]:
        """One round before each antenna. What is done to a tag is reported at once, the rest as the ReportSpec says."""
        options, aispec = self._reader.options, spec.aispecs[self._stretch.index]
        antennas = range(1, options.antenna_ports + 1) if EVERY_ANTENNA in aispec.antennas else aispec.antennas
        heard, has_results = 0, False
        for antenna in antennas:
            for answer in [] if antenna in options.missing_antennas else self._reader.tags.run_round(now_s, antenna):
                if admits(aispec.filters_of(antenna), answer.tag):
                    self._stretch.seen.add(answer.tag.epc)
                    report = self._note(answer, spec, now_s)
                    has_results = has_results or bool(report.done.results)
                    heard += 1
        if has_results or self._wanted(spec).is_due(len(self._reports), now_s - self._reported_s):
            self._reported_s = now_s
            yield from self._send_reports(spec)
        elif not heard and self._reader.manner.reports_empty_rounds:
            yield from self._send_reports(spec, has_to_be_sent=True)

    def _note(self, answer: Answer, spec: RoSpec, now_s: float) -> Report:
        """Do what an AccessSpec wants with the tag, and keep what there is to say of it."""
        tag, antenna = answer.tag, answer.presence.antenna
        seen = Seen(tag.epc, tag.pc, tag.crc, antenna, answer.rssi_dbm)
        access = next((each for each in self.specs.access_specs.values() if each.means(tag, antenna, spec.rospec_id)), None)
        done = NOTHING_DONE
        if access:
            done = Done(access.access_spec_id, b"".join(operate(tag, access.operations, self._speaker.version)))
            self._count_down(access)
        index = self._stretch.index
        origin = Origin(spec.rospec_id, index + 1, spec.aispecs[index].inventory_spec_id)
        report = Report(seen, answer, origin, done, self._speaker.clock_us(now_s), self._reader.rng.randrange(4096))
        self._reports.add(report)
        return report

    def _count_down(self, access: AccessSpec) -> None:
        """An AccessSpec that has been done as often as it should is deleted."""
        if access.times_left is not None:
            access.times_left -= 1
            if access.times_left == 0:
                del self.specs.access_specs[access.access_spec_id]

    def _wanted(self, spec: RoSpec | None) -> ReportSpec:
        return (spec.reports if spec else None) or self._settings.reports

    def _send_reports(self, spec: RoSpec | None, *, has_to_be_sent: bool = False) -> Iterator[Emission]:
        """In messages of a size that every host takes. None, if there is nothing to say and nobody asked."""
        wanted = self._wanted(spec)
        if not self._settings.has_impinj_extensions:
            wanted = replace(wanted, impinj=frozenset())
        batches = list(self._reports.take(wanted)) or ([((), b"")] if has_to_be_sent else [])
        for presences, body in batches:
            yield self._speaker.message(MessageType.RO_ACCESS_REPORT, None, body, presences)
