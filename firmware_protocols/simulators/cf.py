"""A CF gate or UHF Prime reader: one inventory without end over the chosen antennas, tags named by a mask, two relays."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from firmware_protocols.cf.encoding import MAX_POWER_DBM, RELAYS, region_bytes
from firmware_protocols.cf.frames import PUBLIC_ADDRESS, build_frame
from firmware_protocols.cf.tables import BAND, Code, Opcode
from firmware_protocols.command_checks import EpcMask
from firmware_protocols.commands import Bank
from firmware_protocols.events import HostCommand
from firmware_protocols.simulators.reader import Emission, ReaderOptions
from firmware_protocols.simulators.simulated_tag import SimulatedTag, TagRefused, WrongPassword
from firmware_protocols.simulators.tag_field import Answer, TagField

HARDWARE, FIRMWARE = b"CF-M200 V1.2", b"V2.0.11"
SERIAL_NUMBER = bytes.fromhex("202600000001000000000000")
INTERFACE_NETWORK, BAUD_115200 = 0x20, 0x04
EPC_AREA, Q, SESSION_0 = 0x01, 4, 0
BY_TIME, BY_ROUNDS = 0, 1
PARAMETERS_SIZE = 25
DEFAULT_READER_ADDRESS = 0x00
EPC_START_BIT = 0x20  # after CRC and PC
NO_MASK = EpcMask(0, 0, b"")
SET, ASK = 0x01, 0x02
GEN2_PROTOCOL = 0x00
TEMPERATURE_C, TEMPERATURE_LIMIT_C = 38, 75
LEAST_ACT_SIZE = {Opcode.READ_BANK: 9, Opcode.WRITE_BANK: 11}


@dataclass(slots=True)
class Settings:
    """What a reader remembers."""

    address: int
    region: bytes = region_bytes(next(iter(BAND)))
    power_dbm: int = 30
    antenna_mask: int = 0x01
    beeper: int = 1
    protocol: int = GEN2_PROTOCOL
    baud: int = BAUD_115200
    mask: EpcMask = NO_MASK
    relays: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Inventory:
    """A running inventory: until when, or for how many rounds; None: no end."""

    ends_s: float | None = None
    rounds_left: int | None = None


class CfDialect:
    """What the reader says. Sources: as of the codec."""

    def __init__(self, tags: TagField, options: ReaderOptions) -> None:
        self._tags, self._options = tags, options
        self._settings = Settings(DEFAULT_READER_ADDRESS if options.address is None else options.address)
        self._inventory: Inventory | None = None
        self._next_antenna = 0
        self._answers: dict[int, Callable[[bytes], bytes | Code]] = {
            **dict.fromkeys((Opcode.INITIALIZE, Opcode.REBOOT, Opcode.SAVE_SETTINGS, Opcode.RESTORE_SETTINGS), lambda _: Code.OK),
            Opcode.GET_INFO: lambda _: _device_info() * 2,
            Opcode.GET_MODULE_INFO: lambda _: _device_info(),
            Opcode.GET_TEMPERATURE: lambda _: bytes((TEMPERATURE_C, TEMPERATURE_LIMIT_C)),
            Opcode.AIR_PROTOCOL: lambda asked: self._choose("protocol", asked),
            Opcode.BAUD: lambda asked: self._choose("baud", asked),
            Opcode.ADDRESS: lambda asked: self._choose("address", asked),
            Opcode.GET_PARAMETERS: lambda _: self._parameters(),
            Opcode.SET_PARAMETERS: self._set_parameters,
            Opcode.SET_POWER: self._set_power,
            Opcode.GET_POWER: lambda _: bytes((self._settings.power_dbm, 0)),
            Opcode.SET_REGION: self._set_region,
            Opcode.GET_REGION: lambda _: self._settings.region,
            Opcode.SET_ANTENNAS: self._set_antennas,
            Opcode.GET_ANTENNAS: lambda _: bytes((self._settings.antenna_mask,)),
            Opcode.SET_SELECT_MASK: self._set_mask,
            Opcode.BEEPER: lambda asked: self._choose("beeper", asked),
            **{relay: self._relay_setter(relay) for relay in RELAYS},
        }

    @property
    def is_reading(self) -> bool:
        return self._inventory is not None

    def answer(self, command: HostCommand, now_s: float) -> Iterable[Emission]:
        opcode, asked = command.opcode, command.data
        if command.address not in (self._settings.address, PUBLIC_ADDRESS):
            return []
        if opcode == Opcode.INVENTORY:
            return self._start(asked, now_s)
        if opcode == Opcode.STOP_INVENTORY:
            self._inventory = None
            return [self._say(opcode, Code.OK)]
        if opcode in LEAST_ACT_SIZE:
            return list(self._act(Opcode(opcode), asked, now_s))
        known = self._answers.get(opcode)
        said = known(asked) if known else Code.FAILED
        return [self._say(opcode, said) if isinstance(said, Code) else self._say(opcode, Code.OK, said)]

    def refuse(self, command: HostCommand) -> Iterable[Emission]:
        return [self._say(command.opcode, Code.FAILED)]

    def run_round(self, now_s: float) -> Iterator[Emission]:
        """A report for each tag heard; if there is none, status 12."""
        inventory = self._inventory
        if inventory is None:
            return
        antennas = self._antennas()
        antenna = antennas[self._next_antenna % len(antennas)]
        self._next_antenna += 1
        heard = [] if antenna in self._options.missing_antennas else self._tags.run_round(now_s, antenna)
        for answer in heard:
            yield Emission(self._frame(Opcode.INVENTORY, Code.OK, _tag_report(answer)), answer.presence)
        if inventory.rounds_left is not None:
            inventory.rounds_left -= 1
        is_over = inventory.rounds_left == 0 or (inventory.ends_s is not None and now_s >= inventory.ends_s)
        if is_over:
            self._inventory = None
        if is_over or not heard:
            yield self._say(Opcode.INVENTORY, Code.ENDED)

    def _start(self, asked: bytes, now_s: float) -> list[Emission]:
        """By time (seconds) or by rounds, u32; 0 seconds are without end."""
        count = int.from_bytes(asked[1:])
        if len(asked) != 5 or asked[0] not in (BY_TIME, BY_ROUNDS) or (asked[0] == BY_ROUNDS and not count):
            return [self._say(Opcode.INVENTORY, Code.BAD_PARAMETER)]
        if asked[0] == BY_ROUNDS:
            self._inventory = Inventory(rounds_left=count)
        else:
            self._inventory = Inventory(ends_s=now_s + count if count else None)
        return []

    def _antennas(self) -> list[int]:
        return [bit + 1 for bit in range(self._options.antenna_ports) if self._settings.antenna_mask >> bit & 1] or [1]

    def _act(self, opcode: Opcode, asked: bytes, now_s: float) -> Iterator[Emission]:
        if len(asked) < LEAST_ACT_SIZE[opcode]:
            yield self._say(opcode, Code.BAD_PARAMETER)
            return
        found = [answer for antenna in self._antennas() if (answer := self._tags.pick(now_s, antenna, self._is_selected))]
        for answer in found[:1]:
            yield self._act_on(opcode, answer, asked)
        yield self._say(opcode, Code.ENDED)

    def _act_on(self, opcode: Opcode, answer: Answer, asked: bytes) -> Emission:
        tag = answer.tag
        named = bytes((answer.presence.antenna,)) + tag.crc.to_bytes(2) + tag.pc.to_bytes(2) + bytes((len(tag.epc),)) + tag.epc
        try:
            return self._say(opcode, Code.OK, b"\0" + named + do_access(opcode, tag, asked))
        except WrongPassword:
            return self._say(opcode, Code.WRONG_PASSWORD, b"\0" + named)
        except TagRefused as refusal:
            return self._say(opcode, Code.FAILED, bytes((refusal.code,)) + named)

    def _is_selected(self, tag: SimulatedTag) -> bool:
        start, bits, mask = self._settings.mask
        return not bits or tag.has_bits(Bank.EPC, EPC_START_BIT + start, bits, mask)

    def _set_mask(self, asked: bytes) -> Code:
        """Pointer u16 and length in bits into the EPC, mask."""
        if len(asked) < 3 or len(asked) - 3 != (asked[2] + 7) // 8:
            return Code.BAD_PARAMETER
        self._settings.mask = EpcMask(int.from_bytes(asked[:2]), asked[2], asked[3:])
        return Code.OK

    def _parameters(self) -> bytes:
        """V1.2: address, protocol, mode, interface, speed, Wiegand, antennas, frequencies, power, area, Q, session and six times."""
        settings = self._settings
        head = bytes((settings.address, settings.protocol, 0, INTERFACE_NETWORK, settings.baud, 0, settings.antenna_mask))
        tail = bytes((settings.power_dbm, EPC_AREA, Q, SESSION_0, 0, 0, 0, 0, settings.beeper, 0))
        return head + settings.region + tail

    def _set_parameters(self, asked: bytes) -> Code:
        if len(asked) != PARAMETERS_SIZE:
            return Code.BAD_PARAMETER
        codes = self._set_region(asked[7:15]), self._set_power(asked[15:16] + b"\0"), self._set_antennas(asked[6:7])
        return next((code for code in codes if code is not Code.OK), Code.OK)

    def _set_power(self, asked: bytes) -> Code:
        """dBm, then a byte in reserve, which some hosts leave out."""
        if len(asked) not in (1, 2) or asked[0] > MAX_POWER_DBM:
            return Code.BAD_PARAMETER
        self._settings.power_dbm = asked[0]
        return Code.OK

    def _set_region(self, asked: bytes) -> Code:
        if asked not in {region_bytes(region) for region in BAND}:
            return Code.BAD_PARAMETER
        self._settings.region = asked
        return Code.OK

    def _set_antennas(self, asked: bytes) -> Code:
        if len(asked) != 1 or not 0 < asked[0] < 1 << self._options.antenna_ports:
            return Code.BAD_PARAMETER
        self._settings.antenna_mask = asked[0]
        return Code.OK

    def _choose(self, name: str, asked: bytes) -> bytes | Code:
        """01 and a value sets it, 02 asks for it."""
        if asked[:1] == bytes((ASK,)):
            return bytes((getattr(self._settings, name),))
        if len(asked) != 2 or asked[0] != SET:
            return Code.BAD_PARAMETER
        setattr(self._settings, name, asked[1])
        return Code.OK

    def _relay_setter(self, relay: int) -> Callable[[bytes], Code]:
        def set_relay(asked: bytes) -> Code:
            if len(asked) != 2 or asked[0] not in (1, 2):
                return Code.BAD_PARAMETER
            self._settings.relays[relay] = asked[0]
            return Code.OK

        return set_relay

    def _say(self, opcode: int, status: Code, data: bytes = b"") -> Emission:
        return Emission(self._frame(opcode, status, data))

    def _frame(self, opcode: int, status: Code, data: bytes) -> bytes:
        return build_frame(self._settings.address, opcode, bytes((status,)) + data)


def _device_info() -> bytes:
    return HARDWARE.ljust(32, b"\0") + FIRMWARE.ljust(32, b"\0") + SERIAL_NUMBER


def _tag_report(answer: Answer) -> bytes:
    rssi = round(answer.rssi_dbm * 10).to_bytes(2, signed=True)
    return rssi + bytes((answer.presence.antenna, 0, len(answer.tag.epc))) + answer.tag.epc


def do_access(opcode: Opcode, tag: SimulatedTag, asked: bytes) -> bytes:
    """Option, password, bank, address u16, word count [, words]; what was read. Raises TagRefused or WrongPassword."""
    password, bank, address, count = int.from_bytes(asked[1:5]), Bank(asked[5] & 0b11), int.from_bytes(asked[6:8]), asked[8]
    if opcode is Opcode.READ_BANK:
        words = tag.read(bank, address, count, password=password)
        return bytes((len(words) // 2,)) + words
    tag.write(bank, address, asked[9 : 9 + count * 2], password=password)
    return b""
