"""What a simulated LLRP reader says to each message of its host (§10 to §13). Its inventories are `llrp_inventory.py`'s."""

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from firmware_protocols.events import HostCommand
from firmware_protocols.llrp.decoding import ENABLE_EXTENSIONS
from firmware_protocols.llrp.frames import Malformed, parameters_of, tlv
from firmware_protocols.llrp.tables import ANSWER_OF, FIXED_SIZE, IMPINJ, EventType, ImpinjMessage, MessageType, StatusCode, Tlv, Version
from firmware_protocols.simulators.llrp_inventory import Inventory, Reader
from firmware_protocols.simulators.llrp_settings import INPUTS, OUTPUTS, LlrpOptions, Settings, Wanted, capabilities, change, configuration
from firmware_protocols.simulators.llrp_speaker import Speaker
from firmware_protocols.simulators.llrp_specs import read_access_spec
from firmware_protocols.simulators.reader import Emission, ReaderOptions
from firmware_protocols.simulators.tag_field import TagField

CONNECTED, OTHER_CLIENT_CONNECTED, ANOTHER_ATTEMPTED = 0, 2, 4
MISSED_KEEPALIVES = 3  # unanswered: the reader hangs up
MALFORMED = "malformed"
ROSPEC_CHANGES = frozenset(
    {
        MessageType.DELETE_ROSPEC,
        MessageType.START_ROSPEC,
        MessageType.STOP_ROSPEC,
        MessageType.ENABLE_ROSPEC,
        MessageType.DISABLE_ROSPEC,
    }
)


@dataclass(slots=True)
class Waiting:
    """What the reader will send, and when."""

    due_s: float
    emission: Emission


class LlrpDialect:
    """What the reader says. Source: LLRP 1.0.1 §10 to §13, and §15 for tags."""

    def __init__(self, tags: TagField, options: ReaderOptions, manner: LlrpOptions, rng: Random) -> None:
        self._options, self._manner, self._rng = options, manner, rng
        self._settings, self._speaker = Settings(), Speaker(manner)
        self._inventory = Inventory(Reader(tags, options, manner, rng, self._settings, self._speaker))
        self._specs = self._inventory.specs
        self._waiting: list[Waiting] = []
        self._unanswered = 0
        self._next_keepalive_s: float | None = None
        self._has_greeted, self._holds_back = True, False
        self.is_closed = False
        self._answers: dict[int, Callable[[HostCommand, float], bytes | StatusCode]] = {
            MessageType.GET_READER_CAPABILITIES: self._get_capabilities,
            MessageType.GET_READER_CONFIG: self._get_config,
            MessageType.SET_READER_CONFIG: self._set_config,
            MessageType.ADD_ROSPEC: lambda command, _: self._inventory.add(command.data),
            MessageType.GET_ROSPECS: lambda _, __: b"".join(spec.with_state() for spec in self._specs.rospecs.values()),
            MessageType.ADD_ACCESSSPEC: self._add_access_spec,
            MessageType.DELETE_ACCESSSPEC: self._change_access_specs,
            MessageType.ENABLE_ACCESSSPEC: self._change_access_specs,
            MessageType.DISABLE_ACCESSSPEC: self._change_access_specs,
            MessageType.GET_ACCESSSPECS: lambda _, __: b"".join(spec.with_state() for spec in self._specs.access_specs.values()),
            MessageType.SET_PROTOCOL_VERSION: self._set_version,
            MessageType.CLOSE_CONNECTION: self._close,
        }

    @property
    def is_reading(self) -> bool:
        """Is there anything that goes on by itself?"""
        has_to_speak = bool(self._waiting) or not self._has_greeted or self._settings.keepalive_ms > 0
        return has_to_speak or self._inventory.is_waiting_or_running

    def connect(self) -> None:
        """A host is there: it is greeted, and nothing is left of what the last one was told. Specs and settings stay."""
        self._has_greeted, self.is_closed = False, False
        self._holds_back = self._settings.holds_back
        self._waiting.clear()
        self._inventory.forget_said()
        self._speaker.version, self._unanswered, self._next_keepalive_s = Version.V1_0_1, 0, None

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
            yield self._speaker.status_answer(command, StatusCode.DEVICE_ERROR)

    def run_round(self, now_s: float) -> Iterator[Emission]:
        yield from self._greet(now_s)
        while not self._holds_back and self._waiting and self._waiting[0].due_s <= now_s:
            yield self._waiting.pop(0).emission
        yield from self._keep_alive(now_s)
        told = self._inventory.run(now_s)
        if self._holds_back:
            self._waiting += [Waiting(now_s, emission) for emission in told]
        else:
            yield from told

    def _greet(self, now_s: float) -> list[Emission]:
        """Before all else, once."""
        if self._has_greeted:
            return []
        self._has_greeted = True
        return [self.connection_event(CONNECTED, now_s)]

    def connection_event(self, status: int, now_s: float) -> Emission:
        return self._speaker.notify(tlv(Tlv.CONNECTION_ATTEMPT_EVENT, status.to_bytes(2)), now_s)

    def waiting_reads(self) -> int:
        """How often tags were read that are not reported yet."""
        return self._inventory.waiting_reads()

    def tell_of_another(self, now_s: float) -> None:
        self._waiting.append(Waiting(now_s, self.connection_event(ANOTHER_ATTEMPTED, now_s)))

    def change_input(self, port: int, now_s: float, *, is_high: bool) -> None:
        """Somebody presses a button or breaks a beam."""
        self._settings.inputs[port] = is_high
        if EventType.GPI in self._settings.events:
            event = self._speaker.notify(tlv(Tlv.GPI_EVENT, struct.pack(">HB", port, 0x80 * is_high)), now_s)
            self._waiting.append(Waiting(now_s, event))
        self._waiting += [Waiting(now_s, emission) for emission in self._inventory.input_changed(port, now_s, is_high=is_high)]

    def _say(self, command: HostCommand, now_s: float) -> Iterator[Emission]:
        """What a message brings forth: its answer, and before it what it stops or after it what it starts."""
        kind = command.opcode
        if command.command == MALFORMED:
            yield self._speaker.status_answer(command, StatusCode.PARAMETER_ERROR)
        elif kind == MessageType.GET_REPORT:
            yield from self._inventory.report()
        elif kind == MessageType.CUSTOM_MESSAGE:
            yield self._custom(command)
        elif kind in ROSPEC_CHANGES:
            yield from self._inventory.change(command, now_s)
        elif kind == MessageType.GET_SUPPORTED_VERSION:
            status = tlv(Tlv.LLRP_STATUS, bytes(4))
            yield self._speaker.message(ANSWER_OF[kind], command.message_id, bytes((self._speaker.version, Version.V1_1)) + status)
        elif kind in self._answers:
            yield self._try_answer(command, now_s)
        elif kind == MessageType.ENABLE_EVENTS_AND_REPORTS:
            self._holds_back = False
        else:
            yield self._speaker.status_answer(command, StatusCode.UNSUPPORTED_MESSAGE)

    def _try_answer(self, command: HostCommand, now_s: float) -> Emission:
        try:
            said = self._answers[command.opcode](command, now_s)
        except Malformed as error:
            return self._speaker.status_answer(command, StatusCode.PARAMETER_ERROR, str(error))
        if isinstance(said, StatusCode):
            return self._speaker.status_answer(command, said)
        return self._speaker.message(ANSWER_OF[command.opcode], command.message_id, tlv(Tlv.LLRP_STATUS, bytes(4)) + said)

    def _keep_alive(self, now_s: float) -> Iterator[Emission]:
        period_s = self._settings.keepalive_ms / 1000
        if not period_s:
            self._next_keepalive_s = None
            return
        if self._next_keepalive_s is None:
            self._next_keepalive_s, self._unanswered = now_s + period_s, 0
        if now_s < self._next_keepalive_s:
            return
        self._next_keepalive_s += period_s
        if self._unanswered >= MISSED_KEEPALIVES:
            self.is_closed = True
        elif self._rng.random() >= self._manner.missed_keepalives:
            self._unanswered += 1
            yield self._speaker.message(MessageType.KEEPALIVE, None, b"")

    def _get_capabilities(self, command: HostCommand, _: float) -> bytes | StatusCode:
        requested = command.data[0]
        said = capabilities(requested, self._options.antenna_ports, is_impinj=self._manner.is_impinj)
        return said or StatusCode.FIELD_ERROR

    def _get_config(self, command: HostCommand, _: float) -> bytes | StatusCode:
        antenna, requested, gpi, gpo = struct.unpack_from(">HBHH", command.data)
        options = self._options
        wanted = Wanted(
            {port: port not in options.missing_antennas for port in range(1, options.antenna_ports + 1) if antenna in (0, port)},
            [pin for pin in range(1, INPUTS + 1) if gpi in (0, pin)],
            [pin for pin in range(1, OUTPUTS + 1) if gpo in (0, pin)],
        )
        return configuration(requested, self._settings, wanted) or StatusCode.FIELD_ERROR

    def _set_config(self, command: HostCommand, _: float) -> bytes | StatusCode:
        data = command.data
        if data[0] & 0x80:
            self._next_keepalive_s = None
            self._settings.reset()
            self._inventory.clear()
        for parameter in parameters_of(data, FIXED_SIZE[MessageType.SET_READER_CONFIG], len(data)):
            if parameter.type == Tlv.KEEPALIVE_SPEC:
                self._next_keepalive_s = None
            if not change(self._settings, data, parameter, self._options.antenna_ports):
                return StatusCode.FIELD_ERROR
        return b""

    def _set_version(self, command: HostCommand, _: float) -> bytes | StatusCode:
        if command.data[0] not in tuple(Version):
            return StatusCode.UNSUPPORTED_VERSION
        self._speaker.version = Version(command.data[0])
        return b""

    def _close(self, _: HostCommand, __: float) -> bytes:
        self.is_closed = True
        return b""

    def _custom(self, command: HostCommand) -> Emission:
        if command.command != ENABLE_EXTENSIONS or not self._manner.is_impinj:
            return self._speaker.status_answer(command, StatusCode.UNSUPPORTED_MESSAGE)
        self._settings.has_impinj_extensions = True
        body = struct.pack(">IB", IMPINJ, ImpinjMessage.ENABLE_EXTENSIONS_RESPONSE) + tlv(Tlv.LLRP_STATUS, bytes(4))
        return self._speaker.message(MessageType.CUSTOM_MESSAGE, command.message_id, body)

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
