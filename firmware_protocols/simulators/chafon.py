"""A Chafon reader of one of three generations: polled inventories before one antenna each; or pushing what it sees, with heart-beats."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from firmware_protocols.chafon.encoding import region_bytes
from firmware_protocols.chafon.frames import HEARTBEAT, MAX_DATA, PUBLIC_ADDRESS, build_frame
from firmware_protocols.chafon.tables import BAND, Code, Model, Opcode
from firmware_protocols.events import HostCommand
from firmware_protocols.simulators.chafon_requests import ACT_SIZE, ScanRequest, do_act, parse_act, parse_scan
from firmware_protocols.simulators.reader import Emission, ReaderOptions
from firmware_protocols.simulators.simulated_tag import TagRefused, WrongPassword
from firmware_protocols.simulators.tag_field import Answer, TagField
from firmware_protocols.tid import find_tid_facts

FIRMWARE = bytes((2, 20))
TYPE_CODE = {Model.UHFREADER18: 0x09, Model.R288: 0x0C, Model.EX10: 0x0C}
PROTOCOL_6C = 0x02
SERIAL_NUMBER = bytes.fromhex("20260001")
RSSI_OFFSET_DB = 140  # the makers document no scale: any will do that rises with the strength
MAX_POWER_DBM = 30
WITH_STATISTICS, WITH_FAST_ID, WITH_PHASE = 0x80, 0x20, 0x10
HAS_TID, HAS_PHASE, TID_SIZE = 0x80, 0x40, 12
PHASE = bytes.fromhex("00200024")
IMPINJ = 0x001
SCAN_UNIT_S, HEARTBEAT_UNIT_S = 0.1, 30
ROUNDING_S = 1e-6
MODES = range(3)  # 0 answers only; 1 pushes always; 2 while triggered, as which the simulator always counts
SCANS = frozenset({Opcode.INVENTORY, Opcode.INVENTORY_ONE})


@dataclass(slots=True)
class Settings:
    """What a reader remembers."""

    address: int
    mode: int
    region: bytes = region_bytes(next(iter(BAND)))
    power_dbm: int = 30
    scan_time: int = 20
    antenna_mask: int = 0x01
    beeper: int = 1
    checks_antennas: int = 1
    outputs: int = 0b11
    heartbeat_units: int = 1


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
        self._model = Model(options.model or Model.R288)
        self._settings = Settings(options.address, int(options.pushes))
        self._scan: Scan | None = None
        self._is_fast = False
        self._next_antenna = self._packets = self._pushed = 0
        self._last_push_s: float | None = None
        self._answers: dict[int, Callable[[bytes], bytes | Code]] = {
            Opcode.GET_INFO: lambda _: self._info(),
            Opcode.SET_REGION: self._set_region,
            Opcode.SET_ADDRESS: lambda asked: self._store("address", asked, range(0xFF)),
            Opcode.SET_SCAN_TIME: lambda asked: self._store("scan_time", asked, range(3, 0x100)),
            Opcode.SET_POWER: lambda asked: self._store("power_dbm", asked, range(MAX_POWER_DBM + 1)),
            Opcode.SET_SIGNAL: lambda asked: Code.OK if len(asked) == 3 else Code.BAD_PARAMETER,
        }
        if self._model is not Model.UHFREADER18:
            self._answers |= self._later_answers()

    def _later_answers(self) -> dict[int, Callable[[bytes], bytes | Code]]:
        """What UHFReader18 does not have."""
        return {
            Opcode.SET_ANTENNAS: self._set_antennas,
            Opcode.SET_BEEPER: lambda asked: self._store("beeper", asked, range(2)),
            Opcode.SET_OUTPUTS: lambda asked: self._store("outputs", asked, range(16)),
            Opcode.GET_PINS: lambda _: bytes((self._settings.outputs << 4,)),
            Opcode.GET_SERIAL_NUMBER: lambda _: SERIAL_NUMBER,
            Opcode.SET_ANTENNA_CHECK: lambda asked: self._store("checks_antennas", asked, range(2)),
            Opcode.SET_REAL_TIME_PARAMETERS: lambda asked: Code.OK if len(asked) == 5 else Code.BAD_PARAMETER,
            Opcode.SET_REAL_TIME_MODE: lambda asked: self._store("mode", asked, MODES),
            Opcode.HEARTBEAT_TIME: self._heartbeat_time,
            Opcode.STOP_INVENTORY: lambda _: Code.OK,
        }

    @property
    def is_reading(self) -> bool:
        return self._scan is not None or self._is_pushing

    @property
    def _is_pushing(self) -> bool:
        return self._is_fast or self._settings.mode != 0

    def answer(self, command: HostCommand, now_s: float) -> Iterable[Emission]:
        opcode, asked = command.opcode, command.data
        if command.address not in (self._settings.address, PUBLIC_ADDRESS):
            return []
        if self._scan is not None:
            return self._break_off(self._scan, opcode)
        if opcode in SCANS:
            return self._start(Opcode(opcode), asked, now_s)
        if self._model is Model.EX10 and opcode in (Opcode.START_FAST_INVENTORY, Opcode.STOP_FAST_INVENTORY):
            self._is_fast = opcode == Opcode.START_FAST_INVENTORY
            self._last_push_s = now_s
            return [self._say(opcode, Code.OK)]
        if opcode in ACT_SIZE:
            return [self._act(Opcode(opcode), asked, now_s)]
        address = self._settings.address  # a new one holds from the next command on
        known = self._answers.get(opcode)
        said = known(asked) if known else Code.BAD_COMMAND
        return [self._say(opcode, said, address=address) if isinstance(said, Code) else self._say(opcode, Code.OK, said)]

    def refuse(self, command: HostCommand) -> Iterable[Emission]:
        return [self._say(command.opcode, Code.FAILED)]

    def run_round(self, now_s: float) -> Iterator[Emission]:
        if self._scan is not None:
            yield from self._run_scan(self._scan, now_s)
        elif self._is_pushing:
            yield from self._push(now_s)

    def _start(self, opcode: Opcode, asked: bytes, now_s: float) -> list[Emission]:
        request = ScanRequest() if self._model is Model.UHFREADER18 else parse_scan(asked)
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
        """Length, EPC; of the later models then RSSI, and what the flags ask for."""
        tag, request = answer.tag, scan.request
        if self._model is Model.UHFREADER18:
            return bytes((len(tag.epc),)) + tag.epc
        said, kind = tag.epc, 0
        if request.tid_words is not None:
            start, count = request.tid_words
            said = tag.tid[start * 2 : (start + count) * 2]
        elif request.flags & WITH_FAST_ID and _has_fast_id(tag.tid):
            said, kind = said + tag.tid[:TID_SIZE], HAS_TID
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

    def _info(self) -> bytes:
        settings = self._settings
        head = FIRMWARE + bytes((TYPE_CODE[self._model], PROTOCOL_6C)) + settings.region + bytes((settings.power_dbm, settings.scan_time))
        if self._model is Model.UHFREADER18:
            return head
        return head + bytes((settings.antenna_mask & 0xFF, settings.beeper, 0, settings.checks_antennas))

    def _set_region(self, asked: bytes) -> Code:
        bands = {band.code: band for band in BAND.values()}
        band = bands.get(asked[0] >> 4 & 0b1100 | asked[1] >> 6) if len(asked) == 2 else None
        if band is None or not asked[1] & 0x3F <= asked[0] & 0x3F < band.channels:
            return Code.BAD_PARAMETER
        self._settings.region = asked
        return Code.OK

    def _set_antennas(self, asked: bytes) -> Code:
        size = 3 if self._options.antenna_ports > 8 else 1
        mask = int.from_bytes(asked[-2:])
        if len(asked) != size or not 0 < mask < 1 << self._options.antenna_ports:
            return Code.BAD_PARAMETER
        self._settings.antenna_mask = mask
        return Code.OK

    def _heartbeat_time(self, asked: bytes) -> bytes | Code:
        """Bit 7 sets the other seven; the answer is what holds."""
        if len(asked) != 1:
            return Code.BAD_PARAMETER
        if asked[0] & 0x80:
            self._settings.heartbeat_units = asked[0] & 0x7F
        return bytes((self._settings.heartbeat_units,))

    def _store(self, name: str, asked: bytes, allowed: range) -> Code:
        if len(asked) != 1 or asked[0] not in allowed:
            return Code.BAD_PARAMETER
        setattr(self._settings, name, asked[0])
        return Code.OK

    def _say(self, opcode: int, status: Code, data: bytes = b"", *, address: int | None = None) -> Emission:
        return Emission(self._frame(opcode, status, data, address=address))

    def _frame(self, opcode: int, status: Code, data: bytes, *, address: int | None = None) -> bytes:
        return build_frame(self._settings.address if address is None else address, opcode, bytes((status,)) + data[:MAX_DATA])


def _rssi_byte(answer: Answer) -> int:
    return max(0, min(round(answer.rssi_dbm) + RSSI_OFFSET_DB, 0xFF))


def _has_fast_id(tid: bytes) -> bool:
    """Impinj's own addition to the air protocol."""
    facts = find_tid_facts(tid)
    return facts is not None and facts.designer == IMPINJ and len(tid) >= TID_SIZE
