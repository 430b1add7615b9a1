"""A Chafon reader of one of three generations: polled inventories before one antenna each; or pushing what it sees, with heart-beats."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from firmware_protocols.chafon.frames import HEARTBEAT, MAX_DATA, PUBLIC_ADDRESS, build_frame
from firmware_protocols.chafon.tables import Code, Model, Opcode
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import HostCommand
from firmware_protocols.simulators.chafon_requests import ACT_SIZE, ScanRequest, do_act, parse_act, parse_bare_scan, parse_scan
from firmware_protocols.simulators.chafon_settings import Settings, SettingsDesk
from firmware_protocols.simulators.reader import Emission, ReaderOptions
from firmware_protocols.simulators.simulated_tag import TagRefused, WrongPassword
from firmware_protocols.simulators.tag_field import Answer, TagField
from firmware_protocols.tid import find_tid_facts

RSSI_OFFSET_DB = 140  # the makers document no scale: any will do that rises with the strength
WITH_STATISTICS, WITH_FAST_ID, WITH_PHASE = 0x80, 0x20, 0x10
HAS_TID, HAS_PHASE, TID_SIZE = 0x80, 0x40, 12
PHASE = bytes.fromhex("00200024")
IMPINJ = 0x001
SCAN_UNIT_S, HEARTBEAT_UNIT_S = 0.1, 30
ROUNDING_S = 1e-6
DEFAULT_READER_ADDRESS = 0x00
SCANS = frozenset({Opcode.INVENTORY, Opcode.INVENTORY_ONE})


@dataclass(slots=True)
class Scan:
    """A running inventory before one antenna (from 0)."""

    opcode: Opcode
    request: ScanRequest
    antenna: int
    starts_s: float
    ends_s: float
    reads: int = 0


class ChafonDialect:
    """What the reader says. Source: V2.20 §8; UHFReader18 V2.0 §8. While an inventory runs it hears nothing but 93."""

    def __init__(self, tags: TagField, options: ReaderOptions) -> None:
        self._tags, self._options = tags, options
        self._model = _model(options)
        address = DEFAULT_READER_ADDRESS if options.address is None else options.address
        self._settings = Settings(address, int(options.pushes))
        self._desk = SettingsDesk(self._settings, self._model, options)
        self._scan: Scan | None = None
        self._is_fast = False
        self._next_antenna = self._packets = self._pushed = 0
        self._last_push_s: float | None = None

    @property
    def is_reading(self) -> bool:
        return self._scan is not None or self._is_pushing

    @property
    def _is_pushing(self) -> bool:
        return self._is_fast or self._settings.mode != 0

    def answer(self, command: HostCommand, now_s: float) -> Iterable[Emission]:
        if command.address not in (self._settings.address, PUBLIC_ADDRESS):
            return []
        if self._scan is not None:
            return self._break_off(self._scan, command.opcode)
        return self._obey(command.opcode, command.data, now_s)

    def _obey(self, opcode: int, asked: bytes, now_s: float) -> Iterable[Emission]:
        if opcode in SCANS:
            return self._start(Opcode(opcode), asked, now_s)
        if self._model is Model.EX10 and opcode in (Opcode.START_FAST_INVENTORY, Opcode.STOP_FAST_INVENTORY):
            self._is_fast = opcode == Opcode.START_FAST_INVENTORY
            self._last_push_s = now_s
            return [self._say(opcode, Code.OK)]
        if opcode in ACT_SIZE:
            return [self._act(Opcode(opcode), asked, now_s)]
        address = self._settings.address  # a new one holds from the next command on
        said = self._desk.answer(opcode, asked)
        if said is Code.BAD_COMMAND:
            return [self._say(Opcode.ERROR, said)]
        return [self._say(opcode, said, address=address) if isinstance(said, Code) else self._say(opcode, Code.OK, said)]

    def refuse(self, command: HostCommand) -> Iterable[Emission]:
        return [self._say(command.opcode, Code.FAILED)]

    def run_round(self, now_s: float) -> Iterator[Emission]:
        if self._scan is not None:
            yield from self._run_scan(self._scan, now_s)
        elif self._is_pushing:
            yield from self._push(now_s)

    def _start(self, opcode: Opcode, asked: bytes, now_s: float) -> list[Emission]:
        request = parse_bare_scan(asked) if self._model is Model.UHFREADER18 else parse_scan(asked)
        first = next((bit for bit in range(8) if self._settings.antenna_mask >> bit & 1), 0)
        antenna = first if request is None or request.antenna is None else request.antenna
        if request is None or antenna not in range(self._options.antenna_ports):
            return [self._say(opcode, Code.BAD_PARAMETER)]
        if antenna + 1 in self._options.missing_antennas:
            return [self._say(opcode, Code.ANTENNA_MISSING, bytes((self._antenna_byte(antenna), 0)))]
        units = self._settings.scan_time if request.scan_time is None else request.scan_time
        lasts_s = 0.0 if self._model is Model.UHFREADER18 else units * SCAN_UNIT_S
        self._scan = Scan(opcode, request, antenna, now_s, now_s + lasts_s)
        return []

    def _run_scan(self, scan: Scan, now_s: float) -> Iterator[Emission]:
        heard = [answer for answer in self._tags.run_round(now_s, scan.antenna + 1) if scan.request.is_meant(answer.tag)]
        if heard and scan.opcode is Opcode.INVENTORY_ONE:
            self._scan, answer = None, heard[0]
            yield Emission(self._frame(scan.opcode, Code.ENDED, self._head(scan, 1) + self._record(answer, scan)), answer.presence)
            return
        scan.reads += len(heard)
        for answer in heard:
            yield Emission(self._frame(scan.opcode, Code.MORE_FRAMES, self._head(scan, 1) + self._record(answer, scan)), answer.presence)
        if scan.ends_s - now_s < self._options.round_period_s + ROUNDING_S:
            self._scan = None
            yield from self._end(scan)

    def _end(self, scan: Scan) -> Iterator[Emission]:
        yield self._say(scan.opcode, Code.ENDED, self._head(scan, 0)) if scan.reads else self._say(scan.opcode, Code.NO_TAG)
        if scan.request.flags & WITH_STATISTICS:
            rate = round(scan.reads / max(scan.ends_s - scan.starts_s, self._options.round_period_s))
            counts = rate.to_bytes(2) + scan.reads.to_bytes(4)
            yield self._say(scan.opcode, Code.STATISTICS, bytes((self._antenna_byte(scan.antenna),)) + counts)

    def _break_off(self, scan: Scan, opcode: int) -> Iterator[Emission]:
        if opcode == Opcode.STOP_INVENTORY and self._model is not Model.UHFREADER18:
            self._scan = None
            yield from self._end(scan)
            yield self._say(opcode, Code.OK)

    def _push(self, now_s: float) -> Iterator[Emission]:
        """Real-time mode and the inventory of EX10: one antenna a round, of those that are chosen."""
        if self._last_push_s is None:
            self._last_push_s = now_s
        antennas = [bit for bit in range(self._options.antenna_ports) if self._settings.antenna_mask >> bit & 1] or [0]
        antenna = antennas[self._next_antenna % len(antennas)]
        self._next_antenna += 1
        heard = [] if antenna + 1 in self._options.missing_antennas else self._tags.run_round(now_s, antenna + 1)
        for answer in heard:
            self._last_push_s = now_s
            self._pushed += 1
            yield Emission(self._frame(Opcode.PUSH, Code.OK, self._pushed_tag(answer, antenna)), answer.presence)
        period_s = self._settings.heartbeat_units * HEARTBEAT_UNIT_S
        if period_s and now_s - self._last_push_s >= period_s:
            self._last_push_s = now_s
            yield self._heartbeat()

    def _pushed_tag(self, answer: Answer, antenna: int) -> bytes:
        if self._model is Model.UHFREADER18:
            return answer.tag.epc
        return bytes((self._antenna_byte(antenna), len(answer.tag.epc))) + answer.tag.epc + bytes((_rssi_byte(answer),))

    def _heartbeat(self) -> Emission:
        if self._model is Model.UHFREADER18:
            return Emission(HEARTBEAT)
        self._packets += 1
        states = bytes(port + 1 in self._options.missing_antennas for port in range(self._options.antenna_ports))
        return self._say(Opcode.PUSH, Code.HEARTBEAT, self._packets.to_bytes(4) + states + self._pushed.to_bytes(4))

    def _head(self, scan: Scan, count: int) -> bytes:
        return bytes((count,)) if self._model is Model.UHFREADER18 else bytes((self._antenna_byte(scan.antenna), count))

    def _record(self, answer: Answer, scan: Scan) -> bytes:
        """Length, EPC or the words of the TID that were asked for; of the later models then RSSI, and what the flags ask for."""
        tag, request = answer.tag, scan.request
        said, kind = tag.epc, 0
        if request.tid_words is not None:
            start, count = request.tid_words
            said = tag.tid[start * 2 : (start + count) * 2]
        elif request.flags & WITH_FAST_ID and _has_fast_id(tag.tid):
            said, kind = said + tag.tid[:TID_SIZE], HAS_TID
        if self._model is Model.UHFREADER18:
            return bytes((len(said),)) + said
        extras = PHASE + (865_700).to_bytes(3) if request.flags & WITH_PHASE else b""
        kind |= HAS_PHASE if extras else 0
        return bytes((kind | len(said),)) + said + bytes((_rssi_byte(answer),)) + extras

    def _antenna_byte(self, antenna: int) -> int:
        return antenna if self._options.antenna_ports > 8 else 1 << antenna

    def _act(self, opcode: Opcode, asked: bytes, now_s: float) -> Emission:
        act = parse_act(opcode, asked)
        if act is None:
            return self._say(opcode, Code.BAD_PARAMETER)
        antennas = (bit + 1 for bit in range(self._options.antenna_ports) if self._settings.antenna_mask >> bit & 1)
        found = next((answer for antenna in antennas if (answer := self._tags.pick(now_s, antenna, act.is_meant))), None)
        if found is None:
            return self._say(opcode, Code.NO_TAG)
        try:
            return self._say(opcode, Code.OK, do_act(act, found.tag))
        except WrongPassword:
            return self._say(opcode, Code.KILL_FAILED if opcode is Opcode.KILL_TAG else Code.WRONG_PASSWORD)
        except TagRefused as refusal:
            is_unkillable = opcode is Opcode.KILL_TAG and not found.tag.kill_password
            return self._say(opcode, Code.NO_KILL_PASSWORD) if is_unkillable else self._say(opcode, Code.TAG_ERROR, bytes((refusal.code,)))

    def _say(self, opcode: int, status: Code, data: bytes = b"", *, address: int | None = None) -> Emission:
        return Emission(self._frame(opcode, status, data, address=address))

    def _frame(self, opcode: int, status: Code, data: bytes, *, address: int | None = None) -> bytes:
        return build_frame(self._settings.address if address is None else address, opcode, bytes((status,)) + data[:MAX_DATA])


def _model(options: ReaderOptions) -> Model:
    """Raises BadArgument for a model that is not simulated."""
    if options.model not in {None, *Model}:
        raise BadArgument("chafon", "model", "288 (86, MU8xx, MU9xx too), uhfreader18 (RU5102 too) or ex10", str(options.model))
    return Model(options.model or Model.R288)


def _rssi_byte(answer: Answer) -> int:
    return max(0, min(round(answer.rssi_dbm) + RSSI_OFFSET_DB, 0xFF))


def _has_fast_id(tid: bytes) -> bool:
    """Impinj's own addition to the air protocol."""
    facts = find_tid_facts(tid)
    return facts is not None and facts.designer == IMPINJ and len(tid) >= TID_SIZE
