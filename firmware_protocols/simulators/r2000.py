"""An R2000 board: four or eight antennas, EPC match, rounds that end with a count."""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field

from firmware_protocols.events import HostCommand
from firmware_protocols.gen2 import Gen2Error
from firmware_protocols.r2000.decoding import find_user_plan
from firmware_protocols.r2000.frames import PUBLIC_ADDRESS, build_frame
from firmware_protocols.r2000.tables import BAND, TAG_WRITES, Code, Opcode
from firmware_protocols.simulators.r2000_requests import do_access, has_its_data, parse_switch
from firmware_protocols.simulators.reader import Emission, ReaderOptions
from firmware_protocols.simulators.simulated_tag import TagRefused, WrongPassword
from firmware_protocols.simulators.tag_field import Answer, TagField

FIRMWARE = bytes((8, 2))
TEMPERATURE = bytes((1, 38))  # a byte of 1 is plus
RSSI_OFFSET_DB = 129
DEFAULT_READER_ADDRESS = 0x01
RETURN_LOSS_DB = bytes((18,))
FAST_TID_ON, FAST_TID_OFF = 0x8D, 0x00
BAUD_CODES = range(3, 5)
IDENTIFIER_SIZE = 12
PHASE = bytes.fromhex("0120")
MAX_POWER_DBM = 33
FOR_EVER = 0xFF
FAILED = {
    Opcode.READ_BANK: Code.READ_FAILED,
    Opcode.WRITE_BANK: Code.WRITE_FAILED,
    Opcode.BLOCK_WRITE: Code.WRITE_FAILED,
    Opcode.LOCK_TAG: Code.LOCK_FAILED,
    Opcode.KILL_TAG: Code.KILL_FAILED,
}
HIGH_ANTENNAS = 0x80  # ports 5 to 8
SESSION_WITH_PHASE_SIZE = 5


@dataclass(slots=True)
class Settings:
    """What a board remembers."""

    address: int
    antenna: int = 0
    power_dbm: bytes = bytes((30,))
    region: bytes = bytes(next(iter(BAND.values())))
    beeper: int = 0
    detector_db: int = 0
    link_profile: int = 0xD1
    identifier: bytes = b"ebike-reader"
    fast_tid: int = FAST_TID_OFF
    dense_mode: int = 0
    outputs: dict[int, int] = field(default_factory=dict)
    epc_match: bytes | None = None


@dataclass(slots=True)
class Inventory:
    """A running inventory: what asked for it, before which antennas (from 0) its rounds go, how many are left (None: no end)."""

    opcode: Opcode
    antennas: tuple[int, ...]
    rounds_left: int | None
    with_phase: bool = False
    next_antenna: int = 0
    reads: int = 0
    rounds: int = 0


class R2000Dialect:
    """What the board says. Source: V3.7 §2."""

    def __init__(self, tags: TagField, options: ReaderOptions) -> None:
        self._tags, self._options = tags, options
        self._settings = Settings(DEFAULT_READER_ADDRESS if options.address is None else options.address)
        self._inventory: Inventory | None = None
        self._buffer: dict[bytes, tuple[Answer, int]] = {}
        self._answers: dict[int, Callable[[bytes], bytes | Code]] = {
            Opcode.GET_INFO: lambda _: FIRMWARE,
            Opcode.GET_TEMPERATURE: lambda _: TEMPERATURE,
            Opcode.GET_ANTENNA: lambda _: bytes((self._settings.antenna,)),
            Opcode.SET_ANTENNA: self._set_antenna,
            Opcode.GET_POWER: lambda _: self._settings.power_dbm,
            Opcode.SET_POWER: self._set_power,
            Opcode.SET_TEMPORARY_POWER: self._set_power,
            Opcode.GET_REGION: lambda _: self._settings.region,
            Opcode.SET_REGION: self._set_region,
            Opcode.SET_BEEPER: self._set_beeper,
            Opcode.GET_INPUTS: lambda _: bytes(2),
            Opcode.SET_OUTPUT: self._set_output,
            Opcode.GET_IDENTIFIER: lambda _: self._settings.identifier,
            Opcode.SET_IDENTIFIER: self._set_identifier,
            Opcode.GET_ANTENNA_DETECTOR: lambda _: bytes((self._settings.detector_db,)),
            Opcode.SET_ANTENNA_DETECTOR: lambda asked: self._store("detector_db", asked, range(0x100)),
            Opcode.GET_LINK_PROFILE: lambda _: bytes((self._settings.link_profile,)),
            Opcode.SET_LINK_PROFILE: lambda asked: self._store("link_profile", asked, range(0xD0, 0xD4)),
            Opcode.GET_RETURN_LOSS: lambda asked: RETURN_LOSS_DB if len(asked) == 1 else Code.BAD_PARAMETER,
            Opcode.GET_FAST_TID: lambda _: bytes((self._settings.fast_tid,)),
            Opcode.SET_FAST_TID: lambda asked: self._store("fast_tid", asked, (FAST_TID_OFF, FAST_TID_ON)),
            Opcode.SAVE_FAST_TID: lambda asked: self._store("fast_tid", asked, (FAST_TID_OFF, FAST_TID_ON)),
            Opcode.GET_DENSE_READER_MODE: lambda _: bytes((self._settings.dense_mode,)),
            Opcode.SET_DENSE_READER_MODE: lambda asked: self._store("dense_mode", asked, range(2)),
            Opcode.GET_POWERS: lambda _: self._settings.power_dbm.ljust(self._options.antenna_ports, self._settings.power_dbm[:1]),
            Opcode.SET_ADDRESS: lambda asked: self._store("address", asked, range(PUBLIC_ADDRESS), otherwise=Code.BAD_ADDRESS),
            Opcode.SET_BAUD: lambda asked: Code.SUCCESS if len(asked) == 1 and asked[0] in BAUD_CODES else Code.BAD_BAUD,
            Opcode.SET_EPC_MATCH: self._set_epc_match,
            Opcode.GET_EPC_MATCH: lambda _: self._epc_match(),
            Opcode.GET_BUFFER_COUNT: lambda _: len(self._buffer).to_bytes(2),
            Opcode.RESET_BUFFER: lambda _: self._reset_buffer(),
        }

    @property
    def is_reading(self) -> bool:
        return self._inventory is not None

    def answer(self, command: HostCommand, now_s: float) -> Iterable[Emission]:
        if command.address not in (self._settings.address, PUBLIC_ADDRESS):
            return []
        self._inventory = None  # whatever is asked, a running inventory ends
        return self._obey(command.opcode, command.data, now_s)

    def _obey(self, opcode: int, asked: bytes, now_s: float) -> Iterable[Emission]:
        if opcode == Opcode.RESET:
            self._settings = Settings(self._settings.address)
            return []  # only what goes wrong is answered (V3.7 §2.1.1)
        if opcode in (Opcode.INVENTORY, Opcode.INVENTORY_SESSION, Opcode.INVENTORY_ANTENNAS):
            return self._start(Opcode(opcode), asked)
        if opcode == Opcode.INVENTORY_TO_BUFFER:
            return [self._fill_buffer(now_s)]
        if opcode in (Opcode.GET_BUFFER, Opcode.GET_AND_RESET_BUFFER):
            return self._show_buffer(Opcode(opcode))
        if opcode in FAILED:
            return [self._act(Opcode(opcode), asked, now_s)]
        known = self._answers.get(opcode)
        return [self._say(opcode, known(asked) if known else Code.FAIL)]

    def refuse(self, command: HostCommand) -> Iterable[Emission]:
        return [self._say(command.opcode, Code.FAIL)]

    def run_round(self, now_s: float) -> Iterator[Emission]:
        inventory = self._inventory
        if inventory is None:
            return
        antenna = inventory.antennas[inventory.next_antenna]
        inventory.next_antenna = (inventory.next_antenna + 1) % len(inventory.antennas)
        inventory.rounds += 1
        if antenna + 1 in self._options.missing_antennas:
            yield from self._miss_antenna(inventory, antenna)
        else:
            for answer in self._tags.run_round(now_s, antenna + 1):
                inventory.reads += 1
                phase = PHASE if inventory.with_phase else b""
                yield Emission(self._frame(inventory.opcode, self._tag_report(answer) + phase), answer.presence)
        yield from self._count_down(inventory, antenna)

    def _start(self, opcode: Opcode, asked: bytes) -> list[Emission]:
        """89: repeat. 8B: session, target [, SL [, phase]], repeat. 8A: see `parse_switch`."""
        if not asked:
            return [self._say(opcode, Code.BAD_PARAMETER)]
        if opcode is Opcode.INVENTORY_ANTENNAS:
            return self._start_switching(asked)
        repeat = asked[-1]
        is_endless = repeat == FOR_EVER and self._options.loops_on_ff
        rounds = 1 if repeat == FOR_EVER else max(repeat, 1)
        with_phase = opcode is Opcode.INVENTORY_SESSION and len(asked) == SESSION_WITH_PHASE_SIZE and asked[3] == 1
        self._inventory = Inventory(opcode, (self._settings.antenna,), None if is_endless else rounds, with_phase)
        return []

    def _start_switching(self, asked: bytes) -> list[Emission]:
        switch = parse_switch(asked)
        if switch is None:
            return [self._say(Opcode.INVENTORY_ANTENNAS, Code.BAD_PARAMETER)]
        antennas = tuple(antenna for antenna in switch.antennas if antenna < self._options.antenna_ports)
        if not antennas:
            return [self._say(Opcode.INVENTORY_ANTENNAS, Code.BAD_ANTENNA)]
        self._inventory = Inventory(Opcode.INVENTORY_ANTENNAS, antennas, len(antennas) * max(switch.repeat, 1), switch.with_phase)
        return []

    def _miss_antenna(self, inventory: Inventory, antenna: int) -> Iterator[Emission]:
        """89 and 8B give up; 8A names the antenna and goes on with the next."""
        if inventory.opcode is Opcode.INVENTORY_ANTENNAS:
            yield self._say(inventory.opcode, bytes((antenna, Code.ANTENNA_MISSING)))
        else:
            self._inventory = None
            yield self._say(inventory.opcode, Code.ANTENNA_MISSING)

    def _count_down(self, inventory: Inventory, antenna: int) -> Iterator[Emission]:
        """An endless inventory counts each round, another its last."""
        if self._inventory is None:
            return
        if inventory.rounds_left is not None:
            inventory.rounds_left -= 1
            if inventory.rounds_left > 0:
                return
            self._inventory = None
        yield self._say(inventory.opcode, self._round_end(inventory, antenna))
        inventory.reads = inventory.rounds = 0

    def _round_end(self, inventory: Inventory, antenna: int) -> bytes:
        lasted_s = max(inventory.rounds * self._options.round_period_s, 0.001)
        if inventory.opcode is Opcode.INVENTORY_ANTENNAS:
            return inventory.reads.to_bytes(3) + round(lasted_s * 1000).to_bytes(4)
        rate = min(round(inventory.reads / lasted_s), 0xFFFF)
        return bytes((antenna,)) + rate.to_bytes(2) + inventory.reads.to_bytes(4)

    def _tag_report(self, answer: Answer) -> bytes:
        place, rssi = self._place_and_rssi(answer)
        return bytes((place,)) + answer.tag.pc.to_bytes(2) + answer.tag.epc + bytes((rssi,))

    def _place_and_rssi(self, answer: Answer) -> tuple[int, int]:
        """Frequency index and antenna; on 8-port boards the antenna's third bit stands in the RSSI byte."""
        antenna = answer.presence.antenna - 1
        rssi = min(max(round(answer.rssi_dbm) + RSSI_OFFSET_DB, 0), 0x7F)
        region = self._settings.region
        channel = 0 if find_user_plan(region) else region[1]
        return channel << 2 | antenna & 0b11, rssi | (HIGH_ANTENNAS if antenna > 3 else 0)

    def _act(self, opcode: Opcode, asked: bytes, now_s: float) -> Emission:
        if not has_its_data(opcode, asked):
            return self._say(opcode, Code.BAD_PARAMETER)
        match = self._settings.epc_match
        found = self._tags.pick(now_s, self._settings.antenna + 1, lambda tag: match is None or tag.epc == match)
        if found is None:
            return self._say(opcode, Code.NO_TAG)
        named = found.tag.pc.to_bytes(2) + found.tag.epc + found.tag.crc.to_bytes(2)
        try:
            read = do_access(opcode, found.tag, asked)
        except WrongPassword:
            return self._say(opcode, Code.WRONG_PASSWORD)
        except TagRefused as refusal:
            return self._say(opcode, Code.BAD_WORD_COUNT if refusal.code is Gen2Error.MEMORY_OVERRUN else FAILED[opcode])
        except KeyError:
            return self._say(opcode, Code.BAD_PARAMETER)
        third_last = Code.SUCCESS if opcode in TAG_WRITES else len(read)
        body = (1).to_bytes(2) + bytes((len(named) + len(read),)) + named + read
        place, rssi = self._place_and_rssi(found)
        return self._say(opcode, body + bytes((third_last, place, 1 | rssi & HIGH_ANTENNAS)))

    def _fill_buffer(self, now_s: float) -> Emission:
        """80: one round into the buffer; antenna, tags in the buffer u16, reads per second u16, reads u32."""
        heard = self._tags.run_round(now_s, self._settings.antenna + 1)
        for answer in heard:
            _, times = self._buffer.get(answer.tag.epc, (answer, 0))
            self._buffer[answer.tag.epc] = (answer, min(times + 1, 0xFF))
        rate = round(len(heard) / max(self._options.round_period_s, 0.001))
        counts = len(self._buffer).to_bytes(2) + min(rate, 0xFFFF).to_bytes(2) + len(heard).to_bytes(4)
        return self._say(Opcode.INVENTORY_TO_BUFFER, bytes((self._settings.antenna,)) + counts)

    def _show_buffer(self, opcode: Opcode) -> list[Emission]:
        if not self._buffer:
            return [self._say(opcode, Code.BUFFER_EMPTY)]
        shown = []
        for answer, times in self._buffer.values():
            named = answer.tag.pc.to_bytes(2) + answer.tag.epc + answer.tag.crc.to_bytes(2)
            place, rssi = self._place_and_rssi(answer)
            body = len(self._buffer).to_bytes(2) + bytes((len(named),)) + named + bytes((rssi, place, times))
            shown.append(Emission(self._frame(opcode, body), answer.presence))
        if opcode is Opcode.GET_AND_RESET_BUFFER:
            self._buffer.clear()
        return shown

    def _reset_buffer(self) -> Code:
        self._buffer.clear()
        return Code.SUCCESS

    def _set_antenna(self, asked: bytes) -> Code:
        if len(asked) != 1 or asked[0] >= self._options.antenna_ports:
            return Code.BAD_ANTENNA
        self._settings.antenna = asked[0]
        return Code.SUCCESS

    def _set_power(self, asked: bytes) -> Code:
        """One for all ports, or one for each; a longer list (hosts know boards of four) is cut."""
        if not asked or 1 < len(asked) < self._options.antenna_ports or max(asked) > MAX_POWER_DBM:
            return Code.BAD_POWER
        self._settings.power_dbm = asked[: self._options.antenna_ports]
        return Code.SUCCESS

    def _set_region(self, asked: bytes) -> Code:
        """Region, first and last index; or the owner's own plan: region 4, step, count, start u24."""
        plan = find_user_plan(asked)
        if plan is not None and plan.start_khz and asked[2]:
            self._settings.region = asked
            return Code.SUCCESS
        if len(asked) != 3 or not any(asked[0] == band.code and band.first <= asked[1] <= asked[2] <= band.last for band in BAND.values()):
            return Code.BAD_REGION
        self._settings.region = asked
        return Code.SUCCESS

    def _set_identifier(self, asked: bytes) -> Code:
        if len(asked) != IDENTIFIER_SIZE:
            return Code.BAD_PARAMETER
        self._settings.identifier = asked
        return Code.SUCCESS

    def _store(self, name: str, asked: bytes, allowed: Container[int], *, otherwise: Code = Code.BAD_PARAMETER) -> Code:
        if len(asked) != 1 or asked[0] not in allowed:
            return otherwise
        setattr(self._settings, name, asked[0])
        return Code.SUCCESS

    def _set_beeper(self, asked: bytes) -> Code:
        if len(asked) != 1 or asked[0] > 2:
            return Code.BAD_BEEPER
        self._settings.beeper = asked[0]
        return Code.SUCCESS

    def _set_output(self, asked: bytes) -> Code:
        if len(asked) != 2 or asked[0] not in (3, 4):
            return Code.BAD_PARAMETER
        self._settings.outputs[asked[0]] = asked[1]
        return Code.SUCCESS

    def _set_epc_match(self, asked: bytes) -> Code:
        """Mode 0: length and EPC. Mode 1: match nothing in particular."""
        if asked[:1] == b"\x01":
            self._settings.epc_match = None
            return Code.SUCCESS
        if len(asked) < 2 or asked[0] != 0 or len(asked) != 2 + asked[1]:
            return Code.BAD_MATCH_LENGTH
        self._settings.epc_match = asked[2:]
        return Code.SUCCESS

    def _epc_match(self) -> bytes:
        match = self._settings.epc_match
        return b"\x01" if match is None else bytes((0, len(match))) + match

    def _say(self, opcode: int, data: bytes | Code) -> Emission:
        return Emission(self._frame(opcode, data if isinstance(data, bytes) else bytes((data,))))

    def _frame(self, opcode: int, data: bytes) -> bytes:
        return build_frame(self._settings.address, opcode, data)
