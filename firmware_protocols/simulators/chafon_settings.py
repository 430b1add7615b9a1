"""What a Chafon reader remembers, and the commands that ask for it or change it."""

from collections.abc import Callable, Container
from dataclasses import dataclass

from firmware_protocols.chafon.encoding import MOST_MASKED_PORTS, region_bytes
from firmware_protocols.chafon.tables import BAND, Code, Model, Opcode
from firmware_protocols.simulators.reader import ReaderOptions

FIRMWARE = bytes((2, 20))
TYPE_CODE = {Model.UHFREADER18: 0x09, Model.R288: 0x0C, Model.EX10: 0x0C}
PROTOCOL_6C = 0x02
SERIAL_NUMBER = bytes.fromhex("20260001")
TEMPERATURE = bytes((1, 38))  # a byte of 1 is plus
MAX_POWER_DBM = 30
BAUD_CODES = frozenset({0, 1, 2, 5, 6})
MODES = range(3)  # 0 answers only; 1 pushes always; 2 while triggered, as which the simulator always counts
WORK_MODES = range(4)  # of UHFReader18: 2 and 3 are triggers, which the simulator always counts as pulled
# Bands that no command of ours asks for (V1.14 §8.4.2): of one's own, Ukraine, Peru, EU 3, Taiwan, US 3.
OTHER_BANDS = {0x0: 63, 0x6: 7, 0x7: 12, 0x9: 4, 0xA: 12, 0xC: 53}
QUESTION = 0xFF
CHANGES = 0x80  # of a byte that asks, or else sets its other seven bits
FOR_NOW = 0x80  # of a byte that sets: not kept over power-off
MOST_PORTS_WITH_FLAG = 4  # the bit mask of 8 ports has no bit left to say "for now"
SELECT_SIZE = 8

Answer = bytes | Code


@dataclass(slots=True)
class Settings:
    """`mode` is 0 for a reader that only answers; any other pushes."""

    address: int
    mode: int
    region: bytes = region_bytes(next(iter(BAND)))
    power_dbm: int = 30
    port_powers: bytes = b""
    """One for each port, where such were set."""
    write_power: int = 0
    write_retries: int = 3
    scan_time: int = 20
    antenna_mask: int = 0x01
    beeper: int = 1
    checks_antennas: int = 1
    outputs: int = 0b11
    heartbeat_units: int = 1
    wiegand: bytes = bytes.fromhex("001e0a0f")
    work_mode: bytes = bytes.fromhex("000201000101")
    eas_accuracy: int = 8
    syris_offset: int = 0
    trigger_time: int = 0


class SettingsDesk:
    """Answers everything that is not the radio's business. Sources: V2.20 §8.4; UHFReader18 V2.0 §8.4."""

    def __init__(self, settings: Settings, model: Model, options: ReaderOptions) -> None:
        self._settings, self._model, self._options = settings, model, options
        self._answers: dict[int, Callable[[bytes], Answer]] = {
            Opcode.GET_INFO: lambda _: self._info(),
            Opcode.SET_REGION: self._set_region,
            Opcode.SET_ADDRESS: lambda asked: self._store("address", asked, range(0xFF)),
            Opcode.SET_SCAN_TIME: lambda asked: self._store("scan_time", asked, range(3, 0x100)),
            Opcode.SET_BAUD: lambda asked: Code.OK if len(asked) == 1 and asked[0] in BAUD_CODES else Code.BAD_PARAMETER,
            Opcode.SET_POWER: self._set_power,
            Opcode.SET_SIGNAL: _taken(3),
        }
        self._answers |= self._early_answers() if model is Model.UHFREADER18 else self._later_answers()

    def answer(self, opcode: int, asked: bytes) -> Answer:
        """What stands behind status OK, or another status; BAD_COMMAND for an opcode that the model does not have."""
        known = self._answers.get(opcode)
        return known(asked) if known else Code.BAD_COMMAND

    def _early_answers(self) -> dict[int, Callable[[bytes], Answer]]:
        """What UHFReader18 alone has."""
        return {
            Opcode.SET_WIEGAND: self._set_wiegand,
            Opcode.SET_WORK_MODE: self._set_work_mode,
            Opcode.GET_WORK_MODE: lambda _: self._work_mode(),
            Opcode.SET_EAS_ACCURACY: lambda asked: self._store("eas_accuracy", asked, range(9)),
            Opcode.SET_SYRIS_OFFSET: lambda asked: self._store("syris_offset", asked, range(101)),
            Opcode.TRIGGER_TIME: self._trigger_time,
        }

    def _later_answers(self) -> dict[int, Callable[[bytes], Answer]]:
        """What UHFReader18 does not have."""
        return {
            Opcode.SET_ANTENNAS: self._set_antennas,
            Opcode.SET_BEEPER: lambda asked: self._store("beeper", asked, range(2)),
            Opcode.SET_OUTPUTS: lambda asked: self._store("outputs", asked, range(16)),
            Opcode.GET_PINS: lambda _: bytes((self._settings.outputs << 4,)),
            Opcode.GET_SERIAL_NUMBER: lambda _: SERIAL_NUMBER,
            Opcode.SET_ANTENNA_CHECK: lambda asked: self._store("checks_antennas", asked, range(2)),
            Opcode.SET_REAL_TIME_PARAMETERS: _taken(5),
            Opcode.SET_REAL_TIME_MODE: lambda asked: self._store("mode", asked, MODES),
            Opcode.HEARTBEAT_TIME: lambda asked: self._ask_or_store("heartbeat_units", asked, range(CHANGES)),
            Opcode.SET_WRITE_POWER: lambda asked: self._store("write_power", asked, {0, *range(CHANGES, CHANGES + MAX_POWER_DBM + 1)}),
            Opcode.GET_WRITE_POWER: lambda _: bytes((self._settings.write_power,)),
            Opcode.WRITE_RETRIES: lambda asked: self._ask_or_store("write_retries", asked, range(8)),
            Opcode.ANTENNA_POWERS: lambda _: self._settings.port_powers or bytes((self._settings.power_dbm,)) * self._options.antenna_ports,
            Opcode.SELECT_TAGS: lambda asked: Code.OK if len(asked) >= SELECT_SIZE else Code.BAD_PARAMETER,
            Opcode.GET_TEMPERATURE: lambda _: TEMPERATURE,
            Opcode.STOP_INVENTORY: lambda _: Code.OK,
        }

    def _info(self) -> bytes:
        settings = self._settings
        head = FIRMWARE + bytes((TYPE_CODE[self._model], PROTOCOL_6C)) + settings.region + bytes((settings.power_dbm, settings.scan_time))
        if self._model is Model.UHFREADER18:
            return head
        upper, lower = settings.antenna_mask.to_bytes(2)
        return head + bytes((lower, settings.beeper, upper, settings.checks_antennas))

    def _set_region(self, asked: bytes) -> Code:
        """Highest and lowest channel, with the band in the two top bits of each."""
        channels = OTHER_BANDS | {band.code: band.channels for band in BAND.values()}
        count = channels.get(asked[0] >> 4 & 0b1100 | asked[1] >> 6, 0) if len(asked) == 2 else 0
        if not count or not asked[1] & 0x3F <= asked[0] & 0x3F < count:
            return Code.BAD_PARAMETER
        self._settings.region = asked
        return Code.OK

    def _set_power(self, asked: bytes) -> Code:
        """One for all ports, or one for each; bit 7 of it says that it is for now."""
        if len(asked) not in (1, self._options.antenna_ports) or any(power & ~FOR_NOW > MAX_POWER_DBM for power in asked):
            return Code.BAD_PARAMETER
        powers = bytes(power & ~FOR_NOW for power in asked)
        self._settings.power_dbm, self._settings.port_powers = powers[0], powers if len(powers) > 1 else b""
        return Code.OK

    def _set_antennas(self, asked: bytes) -> Code:
        """A bit mask; of 4 ports and fewer with the bit for now. More than 4 also take that bit in a byte of its own and a mask of two."""
        ports = self._options.antenna_ports
        mask = int.from_bytes(asked[-2:]) & (~FOR_NOW if ports <= MOST_PORTS_WITH_FLAG else 0xFFFF)
        is_whole = (len(asked) == 1 and ports <= MOST_MASKED_PORTS) or (len(asked) == 3 and ports > MOST_PORTS_WITH_FLAG)
        if not is_whole or not 0 < mask < 1 << ports:
            return Code.BAD_PARAMETER
        self._settings.antenna_mask = mask
        return Code.OK

    def _ask_or_store(self, name: str, asked: bytes, allowed: Container[int]) -> Answer:
        """Bit 7 sets the other seven; the answer is what holds."""
        if len(asked) != 1 or (asked[0] & CHANGES and asked[0] & ~CHANGES not in allowed):
            return Code.BAD_PARAMETER
        if asked[0] & CHANGES:
            setattr(self._settings, name, asked[0] & ~CHANGES)
        return bytes((getattr(self._settings, name),))

    def _set_wiegand(self, asked: bytes) -> Code:
        if len(asked) != len(self._settings.wiegand) or not (asked[2] and asked[3]):
            return Code.BAD_PARAMETER
        self._settings.wiegand = asked
        return Code.OK

    def _set_work_mode(self, asked: bytes) -> Code:
        """Mode, what it puts out, memory, first word, count of words, how long a tag is not told again."""
        if len(asked) != len(self._settings.work_mode) or asked[0] not in WORK_MODES or not 1 <= asked[4] <= 32:
            return Code.BAD_PARAMETER
        self._settings.work_mode, self._settings.mode = asked, asked[0]
        return Code.OK

    def _work_mode(self) -> bytes:
        settings = self._settings
        return settings.wiegand + settings.work_mode + bytes((settings.eas_accuracy, settings.syris_offset))

    def _trigger_time(self, asked: bytes) -> Answer:
        """FF asks; the answer is what holds."""
        if len(asked) != 1:
            return Code.BAD_PARAMETER
        if asked[0] != QUESTION:
            self._settings.trigger_time = asked[0]
        return bytes((self._settings.trigger_time,))

    def _store(self, name: str, asked: bytes, allowed: Container[int]) -> Code:
        if len(asked) != 1 or asked[0] not in allowed:
            return Code.BAD_PARAMETER
        setattr(self._settings, name, asked[0])
        return Code.OK


def _taken(size: int) -> Callable[[bytes], Code]:
    """What is answered and then changes nothing here."""
    return lambda asked: Code.OK if len(asked) == size else Code.BAD_PARAMETER
