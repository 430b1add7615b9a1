"""What a simulated LLRP reader says: ROSpecs and AccessSpecs, reports, keep-alives (§10 to §13)."""

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from firmware_protocols.events import HostCommand
from firmware_protocols.llrp.decoding import ENABLE_EXTENSIONS
from firmware_protocols.llrp.frames import Malformed, build_message, parameters_of, tlv
from firmware_protocols.llrp.tables import (
    ANSWER_OF,
    FIXED_SIZE,
    IMPINJ,
    EventType,
    ImpinjMessage,
    MessageType,
    StatusCode,
    Tlv,
    Version,
)
from firmware_protocols.simulators.llrp_reports import NOTHING_DONE, Done, Report, Reports, Seen
from firmware_protocols.simulators.llrp_settings import LlrpOptions, Settings, capabilities, change, configuration
from firmware_protocols.simulators.llrp_specs import AccessSpec, ReportSpec, RoSpec, Specs, operate, read_access_spec, read_rospec
from firmware_protocols.simulators.reader import Emission, ReaderOptions
from firmware_protocols.simulators.tag_field import Answer, Presence, TagField

CONNECTED, OTHER_CLIENT_CONNECTED, ANOTHER_ATTEMPTED = 0, 2, 4
MISSED_KEEPALIVES = 3  # unanswered: the reader hangs up
STARTED, ENDED = 0, 1
MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class TagReports(Emission):
    """A message that reports several tags: whose stays."""

    presences: tuple[Presence, ...] = ()


@dataclass(slots=True)
class Waiting:
    """What the reader will send, and when."""

    due_s: float
    emission: Emission


class LlrpDialect:
    """What the reader says. Source: LLRP 1.0.1 §10 to §13, and §15 for tags."""

    def __init__(self, tags: TagField, options: ReaderOptions, manner: LlrpOptions, rng: Random) -> None:
        self._tags, self._options, self._manner, self._rng = tags, options, manner, rng
        self._settings = Settings()
        self._specs = Specs()
        self._version = Version.V1_0_1
        self._waiting: list[Waiting] = []
        self._reports = Reports(omits_unchanged=manner.omits_unchanged)
        self._last_message_id = self._unanswered = 0
        self._next_keepalive_s: float | None = None
        self._has_greeted = True
        self.is_closed = False
        self._answers: dict[int, Callable[[HostCommand, float], bytes | StatusCode]] = {
            MessageType.GET_READER_CAPABILITIES: self._get_capabilities,
            MessageType.GET_READER_CONFIG: self._get_config,
            MessageType.SET_READER_CONFIG: self._set_config,
            MessageType.ADD_ROSPEC: self._add_rospec,
            MessageType.GET_ROSPECS: lambda _, __: b"".join(spec.with_state() for spec in self._specs.rospecs.values()),
            MessageType.ADD_ACCESSSPEC: self._add_access_spec,
            MessageType.DELETE_ACCESSSPEC: self._change_access_specs,
            MessageType.ENABLE_ACCESSSPEC: self._change_access_specs,
            MessageType.DISABLE_ACCESSSPEC: self._change_access_specs,
            MessageType.GET_ACCESSSPECS: lambda _, __: b"".join(spec.encoded for spec in self._specs.access_specs.values()),
            MessageType.SET_PROTOCOL_VERSION: self._set_version,
            MessageType.CLOSE_CONNECTION: self._close,
        }

    @property
    def is_reading(self) -> bool:
        """Is there anything that goes on by itself?"""
        return bool(self._waiting) or not self._has_greeted or self._settings.keepalive_ms > 0 or self._specs.active is not None

    def connect(self) -> None:
        """A host is there: it is greeted, and nothing is left of what the last one was told. Specs and settings stay."""
        self._has_greeted, self.is_closed = False, False
        self._waiting.clear()
        self._reports.forget()
        self._version, self._unanswered, self._next_keepalive_s = Version.V1_0_1, 0, None

    def answer(self, command: HostCommand, now_s: float) -> Iterable[Emission]:
        if command.opcode == MessageType.KEEPALIVE_ACK:
            self._unanswered = 0
            return []
        greeting, emissions = self._greet(now_s), list(self._say(command, now_s))
        if not self._manner.answer_delay_s:
            return greeting + emissions
        self._waiting += [Waiting(now_s + self._manner.answer_delay_s, emission) for emission in emissions]
        return greeting

    def refuse(self, command: HostCommand) -> Iterable[Emission]:
        if command.opcode in ANSWER_OF:
            yield self._status_answer(command, StatusCode.DEVICE_ERROR)

    def run_round(self, now_s: float) -> Iterator[Emission]:
        yield from self._greet(now_s)
        while self._waiting and self._waiting[0].due_s <= now_s:
            yield self._waiting.pop(0).emission
        yield from self._keep_alive(now_s)
        spec = self._specs.active
        if spec is not None:
            yield from self._read_tags(spec, now_s)
            if spec.ends_s is not None and now_s >= spec.ends_s:
                yield from self._end(spec, now_s)

    def _greet(self, now_s: float) -> list[Emission]:
        """Before all else, once."""
        if self._has_greeted:
            return []
        self._has_greeted = True
        return [self.connection_event(CONNECTED, now_s)]

    def connection_event(self, status: int, now_s: float) -> Emission:
        return self._notify(tlv(Tlv.CONNECTION_ATTEMPT_EVENT, status.to_bytes(2)), now_s)

    def waiting_reads(self) -> int:
        """How often tags were read that are not reported yet."""
        return self._reports.reads

    def tell_of_another(self, now_s: float) -> None:
        self._waiting.append(Waiting(now_s, self.connection_event(ANOTHER_ATTEMPTED, now_s)))

    def change_input(self, port: int, now_s: float, *, is_high: bool) -> None:
        """Somebody presses a button or breaks a beam."""
        self._settings.inputs[port] = is_high
        if EventType.GPI in self._settings.events:
            event = self._notify(tlv(Tlv.GPI_EVENT, struct.pack(">HB", port, 0x80 * is_high)), now_s)
            self._waiting.append(Waiting(now_s, event))

    def _say(self, command: HostCommand, now_s: float) -> Iterator[Emission]:
        """What a message brings forth: its answer, and before it what it stops or after it what it starts."""
        kind = command.opcode
        if command.command == MALFORMED:
            yield self._status_answer(command, StatusCode.PARAMETER_ERROR)
        elif kind == MessageType.GET_REPORT:
            yield from self._send_reports(self._specs.active, has_to_be_sent=True)
        elif kind == MessageType.CUSTOM_MESSAGE:
            yield self._custom(command)
        elif kind in _ROSPEC_CHANGES:
            yield from self._change_rospecs(command, now_s)
        elif kind == MessageType.GET_SUPPORTED_VERSION:
            status = tlv(Tlv.LLRP_STATUS, bytes(4))
            yield self._message(ANSWER_OF[kind], command.message_id, bytes((self._version, Version.V1_1)) + status)
        elif kind in self._answers:
            yield self._try_answer(command, now_s)
        elif kind != MessageType.ENABLE_EVENTS_AND_REPORTS:
            yield self._status_answer(command, StatusCode.UNSUPPORTED_MESSAGE)

    def _try_answer(self, command: HostCommand, now_s: float) -> Emission:
        try:
            said = self._answers[command.opcode](command, now_s)
        except Malformed as error:
            return self._status_answer(command, StatusCode.PARAMETER_ERROR, str(error))
        if isinstance(said, StatusCode):
            return self._status_answer(command, said)
        return self._message(ANSWER_OF[command.opcode], command.message_id, tlv(Tlv.LLRP_STATUS, bytes(4)) + said)

    def _status_answer(self, command: HostCommand, status: StatusCode, text: str = "") -> Emission:
        """In the message's own answer; in an ERROR_MESSAGE where it has none."""
        said = text.encode()
        body = tlv(Tlv.LLRP_STATUS, struct.pack(">HH", status, len(said)), said)
        return self._message(ANSWER_OF.get(command.opcode, MessageType.ERROR_MESSAGE), command.message_id, body)

    def _message(self, kind: MessageType, message_id: int | None, body: bytes, presences: tuple[Presence, ...] = ()) -> Emission:
        """Without an id: a message of the reader's own, by its own count."""
        if message_id is None:
            self._last_message_id += 1
            message_id = self._last_message_id
        return TagReports(build_message(self._version, kind, message_id, body), presences=presences)

    def _notify(self, event: bytes, now_s: float) -> Emission:
        stamp = tlv(Tlv.UPTIME if self._manner.has_no_clock else Tlv.UTC_TIMESTAMP, self._clock_us(now_s).to_bytes(8))
        return self._message(MessageType.READER_EVENT_NOTIFICATION, None, tlv(Tlv.READER_EVENT_NOTIFICATION_DATA, stamp, event))

    def _clock_us(self, now_s: float) -> int:
        ran_us = round(now_s * (1e6 + self._manner.clock_drift_ppm))
        return ran_us if self._manner.has_no_clock else self._manner.clock_at_zero_us + ran_us

    def _keep_alive(self, now_s: float) -> Iterator[Emission]:
        period_s = self._settings.keepalive_ms / 1000
        if not period_s:
            self._next_keepalive_s = None
            return
        if self._next_keepalive_s is None:
            self._next_keepalive_s = now_s + period_s
        if now_s < self._next_keepalive_s:
            return
        self._next_keepalive_s += period_s
        if self._unanswered >= MISSED_KEEPALIVES:
            self.is_closed = True
        elif self._rng.random() >= self._manner.missed_keepalives:
            self._unanswered += 1
            yield self._message(MessageType.KEEPALIVE, None, b"")

    def _get_capabilities(self, command: HostCommand, _: float) -> bytes | StatusCode:
        requested = command.data[0]
        said = capabilities(requested, self._options.antenna_ports, is_impinj=self._manner.is_impinj)
        return said or StatusCode.FIELD_ERROR

    def _get_config(self, command: HostCommand, _: float) -> bytes | StatusCode:
        antenna, requested = struct.unpack_from(">HB", command.data)
        ports = range(1, self._options.antenna_ports + 1)
        wanted = {port: port not in self._options.missing_antennas for port in ports if antenna in (0, port)}
        return configuration(requested, self._settings, wanted) if wanted else StatusCode.FIELD_ERROR

    def _set_config(self, command: HostCommand, _: float) -> bytes | StatusCode:
        data = command.data
        if data[0] & 0x80:
            self._settings = Settings(outputs=self._settings.outputs, inputs=self._settings.inputs)
            self._specs.rospecs.clear()
            self._specs.access_specs.clear()
        for parameter in parameters_of(data, FIXED_SIZE[MessageType.SET_READER_CONFIG], len(data)):
            if parameter.type == Tlv.KEEPALIVE_SPEC:
                self._next_keepalive_s = None
            if not change(self._settings, data, parameter, self._options.antenna_ports):
                return StatusCode.FIELD_ERROR
        return b""

    def _set_version(self, command: HostCommand, _: float) -> bytes | StatusCode:
        if command.data[0] not in tuple(Version):
            return StatusCode.UNSUPPORTED_VERSION
        self._version = Version(command.data[0])
        return b""

    def _close(self, _: HostCommand, __: float) -> bytes:
        self.is_closed = True
        return b""

    def _custom(self, command: HostCommand) -> Emission:
        if command.command != ENABLE_EXTENSIONS or not self._manner.is_impinj:
            return self._status_answer(command, StatusCode.UNSUPPORTED_MESSAGE)
        self._settings.has_impinj_extensions = True
        body = struct.pack(">IB", IMPINJ, ImpinjMessage.ENABLE_EXTENSIONS_RESPONSE) + tlv(Tlv.LLRP_STATUS, bytes(4))
        return self._message(MessageType.CUSTOM_MESSAGE, command.message_id, body)

    def _add_rospec(self, command: HostCommand, _: float) -> bytes | StatusCode:
        data = command.data
        for parameter in parameters_of(data, 0, len(data)):
            if parameter.type == Tlv.ROSPEC:
                spec = read_rospec(data, parameter)
                ports = range(self._options.antenna_ports + 1)
                if spec.rospec_id in self._specs.rospecs or spec.rospec_id == 0 or not set(spec.antennas) <= set(ports):
                    return StatusCode.FIELD_ERROR
                self._specs.rospecs[spec.rospec_id] = spec
                return b""
        return StatusCode.MISSING_PARAMETER

    def _change_rospecs(self, command: HostCommand, now_s: float) -> Iterator[Emission]:
        """Delete, start, stop, enable, disable; 0 means all. What was read is reported before the answer to what stops it."""
        kind, wanted = MessageType(command.opcode), int.from_bytes(command.data)
        rospecs = self._specs.rospecs
        if wanted not in rospecs and wanted != 0:
            yield self._status_answer(command, StatusCode.FIELD_ERROR)
            return
        meant = list(rospecs.values()) if wanted == 0 else [rospecs[wanted]]
        if kind in (MessageType.DELETE_ROSPEC, MessageType.DISABLE_ROSPEC, MessageType.STOP_ROSPEC):
            for spec in meant:
                yield from self._end(spec, now_s)
                spec.is_enabled = spec.is_enabled and kind == MessageType.STOP_ROSPEC
                if kind == MessageType.DELETE_ROSPEC:
                    del rospecs[spec.rospec_id]
            yield self._status_answer(command, StatusCode.SUCCESS)
            return
        if kind == MessageType.START_ROSPEC and not all(spec.is_enabled for spec in meant):
            yield self._status_answer(command, StatusCode.FIELD_ERROR)
            return
        yield self._status_answer(command, StatusCode.SUCCESS)
        for spec in meant:
            spec.is_enabled = True
            if kind == MessageType.START_ROSPEC or spec.starts_at_once:
                yield from self._start(spec, now_s)

    def _start(self, spec: RoSpec, now_s: float) -> Iterator[Emission]:
        if self._specs.active is not None:
            return
        spec.is_active = True
        spec.ends_s = None if spec.lasts_ms is None else now_s + spec.lasts_ms / 1000
        self._reports.drop()
        yield from self._rospec_event(spec, STARTED, now_s)
        if EventType.ANTENNA in self._settings.events:
            for port in sorted(self._options.missing_antennas):
                yield self._notify(tlv(Tlv.ANTENNA_EVENT, struct.pack(">BH", 0, port)), now_s)

    def _end(self, spec: RoSpec, now_s: float) -> Iterator[Emission]:
        if spec.is_active:
            spec.is_active = False
            if (spec.reports or ReportSpec()).trigger:
                yield from self._send_reports(spec)
            yield from self._rospec_event(spec, ENDED, now_s)

    def _rospec_event(self, spec: RoSpec, event: int, now_s: float) -> Iterator[Emission]:
        if EventType.ROSPEC in self._settings.events:
            yield self._notify(tlv(Tlv.ROSPEC_EVENT, struct.pack(">BII", event, spec.rospec_id, 0)), now_s)

    def _add_access_spec(self, command: HostCommand, _: float) -> bytes | StatusCode:
        data = command.data
        for parameter in parameters_of(data, 0, len(data)):
            if parameter.type == Tlv.ACCESS_SPEC:
                spec = read_access_spec(data, parameter)
                if spec.access_spec_id in self._specs.access_specs or spec.access_spec_id == 0:
                    return StatusCode.FIELD_ERROR
                self._specs.access_specs[spec.access_spec_id] = spec
                return b""
        return StatusCode.MISSING_PARAMETER

    def _change_access_specs(self, command: HostCommand, _: float) -> bytes | StatusCode:
        wanted, specs = int.from_bytes(command.data), self._specs.access_specs
        if wanted not in specs and wanted != 0:
            return StatusCode.FIELD_ERROR
        for access_spec_id in list(specs) if wanted == 0 else [wanted]:
            if command.opcode == MessageType.DELETE_ACCESSSPEC:
                del specs[access_spec_id]
            else:
                specs[access_spec_id].is_enabled = command.opcode == MessageType.ENABLE_ACCESSSPEC
        return b""

    def _read_tags(self, spec: RoSpec, now_s: float) -> Iterator[Emission]:
        """One round before each antenna. What is done to a tag is reported at once, the rest as the ROSpec's ReportSpec says."""
        antennas = range(1, self._options.antenna_ports + 1) if spec.antennas == (0,) else spec.antennas
        heard = 0
        has_results = False
        for antenna in antennas:
            for answer in [] if antenna in self._options.missing_antennas else self._tags.run_round(now_s, antenna):
                report = self._note(answer, spec, now_s)
                has_results = has_results or bool(report.done.results)
                heard += 1
        wanted = spec.reports or ReportSpec()
        if has_results or (wanted.trigger and 0 < wanted.tags <= len(self._reports)):
            yield from self._send_reports(spec)
        elif not heard and self._manner.reports_empty_rounds:
            yield from self._send_reports(spec, has_to_be_sent=True)

    def _note(self, answer: Answer, spec: RoSpec, now_s: float) -> Report:
        """Do what an AccessSpec wants with the tag, and keep what there is to say of it."""
        tag, antenna = answer.tag, answer.presence.antenna
        seen = Seen(tag.epc, tag.pc, tag.crc, antenna, answer.rssi_dbm)
        access = next((each for each in self._specs.access_specs.values() if each.means(tag, antenna, spec.rospec_id)), None)
        done = NOTHING_DONE
        if access:
            done = Done(access.access_spec_id, b"".join(operate(tag, access.operations)))
            self._count_down(access)
        report = Report(seen, answer, spec.rospec_id, done, self._clock_us(now_s), self._rng.randrange(4096))
        self._reports.add(report)
        return report

    def _count_down(self, access: AccessSpec) -> None:
        """An AccessSpec that has been done as often as it should is deleted."""
        if access.times_left is not None:
            access.times_left -= 1
            if access.times_left == 0:
                del self._specs.access_specs[access.access_spec_id]

    def _send_reports(self, spec: RoSpec | None, *, has_to_be_sent: bool = False) -> Iterator[Emission]:
        """In messages of a size that every host takes. None, if there is nothing to say and nobody asked."""
        wanted = (spec.reports if spec else None) or ReportSpec()
        if not self._settings.has_impinj_extensions:
            wanted = replace(wanted, impinj=frozenset())
        batches = list(self._reports.take(wanted)) or ([((), b"")] if has_to_be_sent else [])
        for presences, body in batches:
            yield self._message(MessageType.RO_ACCESS_REPORT, None, body, presences)


_ROSPEC_CHANGES = frozenset(
    {
        MessageType.DELETE_ROSPEC,
        MessageType.START_ROSPEC,
        MessageType.STOP_ROSPEC,
        MessageType.ENABLE_ROSPEC,
        MessageType.DISABLE_ROSPEC,
    }
)
