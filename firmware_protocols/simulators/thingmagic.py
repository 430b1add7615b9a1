"""A ThingMagic module: it streams tags with their TID, searches into a buffer, and starts in its bootloader if it is told to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from firmware_protocols.events import HostCommand
from firmware_protocols.gen2 import Gen2Error
from firmware_protocols.simulators.reader import Emission, ReaderOptions
from firmware_protocols.simulators.simulated_tag import TagRefused, WrongPassword
from firmware_protocols.simulators.tag_field import Answer, TagField
from firmware_protocols.simulators.thingmagic_acts import parse_act, read_if_it_can, read_words
from firmware_protocols.simulators.thingmagic_requests import (
    Fields,
    Refused,
    SearchRequest,
    Selection,
    parse_read,
    parse_search,
    parse_stream,
)
from firmware_protocols.simulators.thingmagic_settings import TEMPERATURE_C, ModuleSettings
from firmware_protocols.thingmagic.frames import build_reply
from firmware_protocols.thingmagic.tables import GEN2, Code, Key, Metadata, Opcode, Option, Search, StreamControl, StreamKind

IN_BOOTLOADER, IN_FIRMWARE = b"\x11", b"\x12"
BOOTLOADER_KNOWS = frozenset({Opcode.GET_INFO, Opcode.GET_PROGRAM, Opcode.SET_BAUD, Opcode.BOOT_FIRMWARE, Opcode.BOOT_BOOTLOADER})
WHAT_A_GONE_HOST_ASKED = bytes.fromhex("10001b03e801ff")
GEN2_REFUSALS = frozenset({Gen2Error.MEMORY_OVERRUN, Gen2Error.MEMORY_LOCKED, Gen2Error.LOW_POWER, Gen2Error.NON_SPECIFIC})
BUFFER_ROOM = 240  # bytes of tags in one answer
REWIND = 0x01
STREAMLESS = "m5e"
UNCALIBRATED_ZERO_DBM = 120
TEMPERATURE_STATISTICS = bytes.fromhex("8200 8200 01")  # which follow; key, length


@dataclass(frozen=True, slots=True)
class Heard:
    """What one report of a tag says."""

    answer: Answer
    timestamp_ms: int
    embedded: bytes = b""
    reads: int = 1


@dataclass(slots=True)
class Stream:
    """A running inventory."""

    request: SearchRequest
    started_s: float
    cycle_started_s: float
    reads: int = 0
    next_port: int = 0
    troubles: dict[Code, None] = field(default_factory=dict)


class ThingMagicDialect:
    """What the module says. Source: MercuryAPI, serial_reader_l3.c and serial_reader.c, read from the host's side."""

    def __init__(self, tags: TagField, options: ReaderOptions) -> None:
        self._tags, self._options = tags, options
        self._module = ModuleSettings(options)
        self._is_in_bootloader = options.starts_in_bootloader
        self._stream = Stream(parse_search(WHAT_A_GONE_HOST_ASKED), 0.0, 0.0) if options.is_left_reading else None
        self._buffer: dict[bytes, Heard] = {}
        self._buffer_read = 0

    @property
    def is_reading(self) -> bool:
        return self._stream is not None

    def answer(self, command: HostCommand, now_s: float) -> Iterable[Emission]:
        try:
            return self._obey(command.opcode, command.data, now_s)
        except Refused as refusal:
            return [_say(command.opcode, b"", refusal.code)]
        except WrongPassword:
            return [_say(command.opcode, b"", Code.WRONG_KILL_PASSWORD if command.opcode == Opcode.KILL_TAG else Code.GENERAL_TAG_ERROR)]
        except TagRefused as refusal:
            return [_say(command.opcode, b"", Code.GEN2_ERROR | (refusal.code if refusal.code in GEN2_REFUSALS else 0))]

    def refuse(self, command: HostCommand) -> Iterable[Emission]:
        return [_say(command.opcode, b"", Code.SYSTEM_ERROR)]

    def run_round(self, now_s: float) -> Iterator[Emission]:
        stream = self._stream
        if stream is None:
            return
        limit_s = self._options.overheats_after_s
        if limit_s is not None and now_s - stream.started_s >= limit_s:
            stream.troubles[Code.TEMPERATURE] = None
        else:
            yield from self._hear(stream, now_s)
        if now_s - stream.cycle_started_s >= stream.request.timeout_s:
            yield from self._end_cycle(stream, now_s)

    def _obey(self, opcode: int, data: bytes, now_s: float) -> Iterable[Emission]:
        if self._is_in_bootloader and opcode not in BOOTLOADER_KNOWS:
            raise Refused(Code.INVALID_OPCODE)
        if opcode == Opcode.MULTI_PROTOCOL:
            return self._control(Fields(data), now_s)
        if opcode == Opcode.READ_SINGLE:
            return [self._read_single(Fields(data), data, now_s)]
        return [_say(opcode, self._tell(opcode, data, now_s))]

    def _tell(self, opcode: int, data: bytes, now_s: float) -> bytes:
        match opcode:
            case Opcode.GET_PROGRAM | Opcode.BOOT_FIRMWARE | Opcode.BOOT_BOOTLOADER:
                return self._boot(Opcode(opcode))
            case Opcode.READ_MULTIPLE:
                return self._search(parse_search(data), now_s)
            case Opcode.GET_TAG_BUFFER:
                return self._show_buffer(Fields(data), data)
            case Opcode.CLEAR_TAG_BUFFER:
                return self._clear_buffer()
            case Opcode.READ_BANK | Opcode.WRITE_BANK | Opcode.WRITE_EPC | Opcode.LOCK_TAG | Opcode.KILL_TAG:
                return self._act(Opcode(opcode), data, now_s)
            case _:
                return self._set_or_tell(opcode, Fields(data))

    def _set_or_tell(self, opcode: int, fields: Fields) -> bytes:
        known = self._module.answers.get(opcode)
        if known is None:
            raise Refused(Code.INVALID_OPCODE if opcode not in set(Opcode) else Code.UNSUPPORTED_FEATURE)
        return known(fields)

    def _boot(self, opcode: Opcode) -> bytes:
        if opcode is Opcode.GET_PROGRAM:
            return IN_BOOTLOADER if self._is_in_bootloader else IN_FIRMWARE
        if opcode is Opcode.BOOT_BOOTLOADER:
            self._is_in_bootloader, self._stream = True, None
            return b""
        if not self._is_in_bootloader:
            raise Refused(Code.INVALID_OPCODE)
        self._is_in_bootloader = False
        return self._module.info()

    def _control(self, fields: Fields, now_s: float) -> list[Emission]:
        """Start or stop the stream. What a search has still to say comes before the answer to the stop."""
        fields.take(2)
        control = fields.number()
        if self._module.model == STREAMLESS:
            raise Refused(Code.UNSUPPORTED_FEATURE)
        if control == StreamControl.COMMAND:
            size, opcode = fields.number(), fields.number()
            return [self._say_enclosed(opcode, fields.take(size), now_s)]
        if control == StreamControl.START:
            self._stream = Stream(parse_stream(fields), now_s, now_s)
            return [_say(Opcode.MULTI_PROTOCOL, bytes((control, Opcode.READ_MULTIPLE, 0, 0)))]
        if control != StreamControl.STOP:
            raise Refused(Code.UNSUPPORTED_FEATURE)
        late = list(self._hear(self._stream, now_s)) if self._stream else []
        self._stream = None
        return [*late, _say(Opcode.MULTI_PROTOCOL, bytes((control,)))]

    def _say_enclosed(self, opcode: int, data: bytes, now_s: float) -> Emission:
        """The answer as it would be alone, without head and CRC (TMR_SR_sendTimeout)."""
        try:
            told, code = self._tell(opcode, data, now_s), int(Code.OK)
        except Refused as refusal:
            told, code = b"", refusal.code
        return _say(Opcode.MULTI_PROTOCOL, bytes((StreamControl.COMMAND, len(told), opcode)) + code.to_bytes(2) + told)

    def _hear(self, stream: Stream, now_s: float) -> Iterator[Emission]:
        """One round before the next antenna of the list."""
        ports = self._module.values.search_ports
        port = ports[stream.next_port % len(ports)]
        stream.next_port += 1
        trouble = self._trouble_at(port)
        if trouble is not None:
            stream.troubles[trouble] = None
            return
        timestamp_ms = max(round((now_s - stream.cycle_started_s) * 1000), 0)
        for heard in self._round(stream.request, port, now_s, timestamp_ms):
            stream.reads += 1
            report = stream.request.echo + bytes((StreamKind.TAG,)) + self._record(heard, stream.request.metadata)
            yield _say(Opcode.READ_MULTIPLE, report, heard=heard)

    def _trouble_at(self, port: int) -> Code | None:
        if not self._module.is_connected(port):
            return Code.ANTENNA_MISSING
        return Code.RETURN_LOSS if port in self._options.mismatched_antennas else None

    def _end_cycle(self, stream: Stream, now_s: float) -> Iterator[Emission]:
        """What troubled the search; else, if it heard nothing, that it heard nothing. Then the statistics, if they were asked for."""
        codes: Iterable[Code] = stream.troubles or ((Code.NO_TAGS,) if stream.reads == 0 else ())
        for code in codes:
            yield _say(Opcode.READ_MULTIPLE, b"", code)
        if stream.request.flags & Search.STATISTICS:
            told = TEMPERATURE_STATISTICS + bytes((TEMPERATURE_C,))
            yield _say(Opcode.READ_MULTIPLE, stream.request.status_echo + bytes((StreamKind.STATUS,)) + told)
        stream.cycle_started_s, stream.reads, stream.troubles = now_s, 0, {}

    def _round(self, request: SearchRequest, port: int, now_s: float, timestamp_ms: int = 0) -> list[Heard]:
        answers = [answer for answer in self._tags.run_round(now_s, port) if request.selection.is_meant(answer.tag)]
        return [Heard(answer, timestamp_ms, read_if_it_can(request.embedded, answer.tag)) for answer in answers]

    def _record(self, heard: Heard, metadata: int) -> bytes:
        """Metadata, then length in bits, PC, EPC and CRC."""
        tag = heard.answer.tag
        said = tag.pc.to_bytes(2) + tag.epc + tag.crc.to_bytes(2)
        return self._metadata(heard, metadata) + (len(said) * 8).to_bytes(2) + said

    def _metadata(self, heard: Heard, metadata: int) -> bytes:
        port = heard.answer.presence.antenna & 0xF
        values = {
            Metadata.READ_COUNT: bytes((min(heard.reads, 0xFF),)),
            Metadata.RSSI: self._rssi(heard.answer.rssi_dbm),
            Metadata.ANTENNA: bytes((port << 4 | port,)),
            Metadata.FREQUENCY: self._module.channels_khz()[0].to_bytes(3),
            Metadata.TIMESTAMP: heard.timestamp_ms.to_bytes(4),
            Metadata.PHASE: bytes(2),
            Metadata.PROTOCOL: bytes((GEN2,)),
            Metadata.DATA: (len(heard.embedded) * 8).to_bytes(2) + heard.embedded,
            Metadata.GPIO: bytes((0x0F,)),
            Metadata.GEN2_Q: b"\x02",
            Metadata.GEN2_LINK_FREQUENCY: b"\x00",
            Metadata.GEN2_TARGET: b"\x00",
            Metadata.BRAND: bytes(2),
        }
        return b"".join(value for flag, value in values.items() if metadata & flag)

    def _rssi(self, rssi_dbm: float) -> bytes:
        """An M5e has units of its own until it is told to report dBm."""
        is_in_dbm = self._module.model != STREAMLESS or self._module.values.options[Key.RSSI_IN_DBM] != b"\0"
        return round(rssi_dbm if is_in_dbm else rssi_dbm + UNCALIBRATED_ZERO_DBM).to_bytes(1, signed=True)

    def _search(self, request: SearchRequest, now_s: float) -> bytes:
        """A search into the buffer, of one round at each antenna. Answered by how many tags it found."""
        ports = self._module.values.search_ports if request.flags & Search.ANTENNA_LIST else (self._module.values.port,)
        troubles = [trouble for port in ports if (trouble := self._trouble_at(port)) is not None]
        if len(troubles) == len(ports):
            raise Refused(troubles[0])
        found = [heard for port in ports if self._trouble_at(port) is None for heard in self._round(request, port, now_s)]
        if not found:
            raise Refused(Code.NO_TAGS)
        for heard in found:
            before = self._buffer.get(heard.answer.tag.epc)
            self._buffer[heard.answer.tag.epc] = replace(heard, reads=before.reads + 1 if before else 1)
        count = len({heard.answer.tag.epc for heard in found})
        size = 4 if request.flags & Search.LARGE_POPULATION else 1
        echo = request.option.prefix + bytes((request.option.bits,)) + request.flags.to_bytes(2)
        return echo + count.to_bytes(size) + (_embedded_results(found) if request.embedded else b"")

    def _show_buffer(self, fields: Fields, data: bytes) -> bytes:
        """Without data: where reading and writing stand. Else metadata flags and option: as many tags as one answer takes."""
        if not data:
            return self._buffer_read.to_bytes(2) + len(self._buffer).to_bytes(2)
        metadata, option = fields.number(2), fields.number()
        if option & REWIND:
            self._buffer_read = 0
        if self._buffer_read >= len(self._buffer):
            raise Refused(Code.NOT_ENOUGH_TAGS)
        records: list[bytes] = []
        for heard in list(self._buffer.values())[self._buffer_read :]:
            record = self._record(heard, metadata)
            if sum(map(len, records)) + len(record) > BUFFER_ROOM:
                break
            records.append(record)
        self._buffer_read += len(records)
        return data[:3] + bytes((len(records),)) + b"".join(records)

    def _clear_buffer(self) -> bytes:
        self._buffer.clear()
        self._buffer_read = 0
        return b""

    def _read_single(self, fields: Fields, data: bytes, now_s: float) -> Emission:
        """The first tag heard: option byte and metadata if they were asked for, then EPC and CRC (MercuryAPI, cmdReadTagSingle)."""
        fields.take(2)
        has_option = len(data) > 2
        option = fields.number() if has_option else 0
        metadata = fields.number(2) if option & Option.METADATA else 0
        meant = self._tags.pick(now_s, self._module.values.port, lambda _: True)
        if meant is None:
            raise Refused(Code.NO_TAGS)
        heard = Heard(meant, 0)
        flags = metadata.to_bytes(2) if option & Option.METADATA else b""
        told = bytes((option,) * has_option) + flags + self._metadata(heard, metadata)
        return _say(Opcode.READ_SINGLE, told + meant.tag.epc + meant.tag.crc.to_bytes(2), heard=heard)

    def _act(self, opcode: Opcode, data: bytes, now_s: float) -> bytes:
        port = self._module.values.port
        trouble = self._trouble_at(port)
        if trouble is not None:
            raise Refused(trouble)
        if opcode is Opcode.READ_BANK:
            read = parse_read(data)
            found = self._find(read.selection, now_s)
            return read.before_data + self._metadata(Heard(found, 0), read.metadata) + read_words(read, found.tag)
        act = parse_act(opcode, data)
        act.do(self._find(act.selection, now_s).tag)
        return b""

    def _find(self, selection: Selection, now_s: float) -> Answer:
        found = self._tags.pick(now_s, self._module.values.port, selection.is_meant)
        if found is None:
            raise Refused(Code.NO_TAGS)
        return found


def _embedded_results(found: list[Heard]) -> bytes:
    """How many commands (one), its opcode, how often it succeeded and how often it failed."""
    done = sum(bool(heard.embedded) for heard in found)
    return bytes((1, Opcode.READ_BANK)) + done.to_bytes(2) + (len(found) - done).to_bytes(2)


def _say(opcode: int, data: bytes, code: int = Code.OK, *, heard: Heard | None = None) -> Emission:
    return Emission(build_reply(opcode, code, data), heard.answer.presence if heard else None)
