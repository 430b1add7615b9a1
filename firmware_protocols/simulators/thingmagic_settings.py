"""What a ThingMagic module remembers and answers about itself: region, power, antennas, options, outputs."""

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_protocols.commands import Region
from firmware_protocols.simulators.reader import ReaderOptions
from firmware_protocols.simulators.thingmagic_requests import Fields, Refused
from firmware_protocols.thingmagic.tables import ANTENNA_LIST, DETECT_ANTENNAS, GEN2, REGION_NAME, Code, Key, Opcode

MIN_CENTI_DBM = 0
MAX_CENTI_DBM = {"m5e": 3000, "m6e": 3150, "micro": 3000, "nano": 2700, "m7e": 3150}
"""By model, as their data sheets say."""
TEMPERATURE_C = 30
OUTPUTS = range(1, 5)
BAUDS = {9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600}
DATE_AND_VERSION = bytes.fromhex("20220804") + bytes.fromhex("01210119")
BOOTLOADER = bytes.fromhex("14120800")
HARDWARE = {
    "m5e": bytes.fromhex("00000001"),
    "m6e": bytes.fromhex("18000001"),
    "micro": bytes.fromhex("20000001"),
    "nano": bytes.fromhex("30000002"),
    "m7e": bytes.fromhex("38000001"),
}
PORT_POWERS, PORT_POWERS_AND_SETTLING = 0x03, 0x04
POWERS_SIZE = {PORT_POWERS: 4, PORT_POWERS_AND_SETTLING: 6}
PORT_TIMES, PORT_TIME_SIZE = 0x07, 3
DIRECTION_SIZE = 4
HOP_TIME, HOP_RASTER, LOWEST_FREQUENCY = 0x01, 0x02, 0x03
HOP_TIME_MS, HOP_RASTER_KHZ = 375, 50
KEY_VALUE = 0x01
DEFAULT_CHANNEL_KHZ = 866_300
CHANNELS_KHZ: dict[str, tuple[int, ...]] = {
    Region.US: tuple(902_750 + 500 * n for n in range(50)),
    Region.INDIA: (865_700, 866_300, 866_900),
    Region.CHINA_900: tuple(920_625 + 250 * n for n in range(16)),
    Region.EU: (865_700, 866_300, 866_900, 867_500),
    Region.KOREA: (917_300, 917_900, 918_500, 919_100, 919_700, 920_300),
}
REGION_VALUE_SIZE = 2
OPTION_DEFAULTS = dict.fromkeys(range(0x20), b"\x00") | {
    Key.READ_FILTER: b"\x01",
    Key.READ_FILTER_TIMEOUT: bytes(4),
    Key.PRODUCT_GROUP: bytes(2),
    Key.PRODUCT_ID: bytes(2),
}
PROTOCOL_DEFAULTS = {0x00: b"\x00", 0x01: b"\x01\x00", 0x02: b"\x02", 0x10: b"\x00", 0x11: b"\x00", 0x12: b"\x00", 0x14: b"\x00"}


@dataclass(slots=True)
class Settings:
    region: int = 0x08
    protocol: int = GEN2
    power: dict[int, int] = field(default_factory=lambda: {Opcode.SET_POWER: 2700, Opcode.SET_WRITE_POWER: 2700})
    port: int = 1
    search_ports: tuple[int, ...] = (1,)
    modes: dict[int, int] = field(default_factory=lambda: {Opcode.SET_POWER_MODE: 0, Opcode.SET_USER_MODE: 0})
    options: dict[int, bytes] = field(default_factory=lambda: dict(OPTION_DEFAULTS))
    protocol_options: dict[int, bytes] = field(default_factory=lambda: dict(PROTOCOL_DEFAULTS))
    port_power: dict[int, bytes] = field(default_factory=dict)
    """By port: power to read, power to write and settling time, where they have been set apart."""
    outputs: dict[int, int] = field(default_factory=lambda: dict.fromkeys(OUTPUTS, 0))
    inputs: frozenset[int] = frozenset()
    """Pins that have been made inputs; they keep the level that was set."""


class ModuleSettings:
    """Answers every command that touches no tag. Raises Refused."""

    def __init__(self, options: ReaderOptions) -> None:
        self.values = Settings()
        self._options = options
        self.model = options.model or ("nano" if options.antenna_ports == 1 else "m6e")
        if self.model not in HARDWARE:
            raise ValueError(f"model {self.model!r}: ThingMagic modules that can be played are {', '.join(HARDWARE)}")
        values = self.values
        self.answers: dict[int, Callable[[Fields], bytes]] = {
            Opcode.GET_INFO: lambda _: self.info(),
            Opcode.SET_BAUD: _set_baud,
            Opcode.GET_REGION: self._region,
            Opcode.SET_REGION: self._set_region,
            Opcode.GET_REGIONS: lambda _: bytes(sorted(set(REGION_NAME) - {0})),
            Opcode.GET_PROTOCOL: lambda _: values.protocol.to_bytes(2),
            Opcode.SET_PROTOCOL: self._set_protocol,
            Opcode.GET_PROTOCOLS: lambda _: GEN2.to_bytes(2),
            Opcode.GET_POWER: lambda fields: self._power(Opcode.SET_POWER, fields),
            Opcode.GET_WRITE_POWER: lambda fields: self._power(Opcode.SET_WRITE_POWER, fields),
            Opcode.SET_POWER: lambda fields: self._set_power(Opcode.SET_POWER, fields),
            Opcode.SET_WRITE_POWER: lambda fields: self._set_power(Opcode.SET_WRITE_POWER, fields),
            Opcode.GET_ANTENNAS: self._antennas,
            Opcode.SET_ANTENNAS: self._set_antennas,
            Opcode.GET_POWER_MODE: lambda _: bytes((values.modes[Opcode.SET_POWER_MODE],)),
            Opcode.SET_POWER_MODE: lambda fields: self._set_mode(Opcode.SET_POWER_MODE, fields),
            Opcode.GET_USER_MODE: lambda _: bytes((values.modes[Opcode.SET_USER_MODE],)),
            Opcode.SET_USER_MODE: lambda fields: self._set_mode(Opcode.SET_USER_MODE, fields),
            Opcode.GET_OPTION: lambda fields: _get(values.options, KEY_VALUE, Code.INVALID_PARAMETER, fields),
            Opcode.SET_OPTION: lambda fields: _set(values.options, KEY_VALUE, Code.INVALID_PARAMETER, fields),
            Opcode.GET_PROTOCOL_OPTION: lambda fields: _get(values.protocol_options, GEN2, Code.INVALID_PROTOCOL, fields),
            Opcode.SET_PROTOCOL_OPTION: lambda fields: _set(values.protocol_options, GEN2, Code.INVALID_PROTOCOL, fields),
            Opcode.GET_STATISTICS: lambda fields: fields.rest(),
            Opcode.GET_TEMPERATURE: lambda _: bytes((TEMPERATURE_C,)),
            Opcode.GET_HOP_TABLE: self._hops,
            Opcode.GET_INPUTS: self._inputs,
            Opcode.SET_OUTPUT: self._set_output,
        }

    def info(self) -> bytes:
        """Bootloader, hardware, date and version of the firmware, then the protocols as a bit mask."""
        return BOOTLOADER + HARDWARE[self.model] + DATE_AND_VERSION + (1 << GEN2 - 1).to_bytes(4)

    def channels_khz(self) -> tuple[int, ...]:
        return CHANNELS_KHZ.get(REGION_NAME[self.values.region], (DEFAULT_CHANNEL_KHZ,))

    def is_connected(self, port: int) -> bool:
        return port not in self._options.missing_antennas

    def _ports(self) -> range:
        return range(1, self._options.antenna_ports + 1)

    def _region(self, fields: Fields) -> bytes:
        """With option 01 and a key: option, region, key, and a setting of the region (listen before talk, dwell time), each of them 0."""
        asked = fields.rest()
        region = bytes((self.values.region,))
        return asked[:1] + region + asked[1:] + bytes(REGION_VALUE_SIZE) if asked else region

    def _set_region(self, fields: Fields) -> bytes:
        region = fields.number()
        if region not in REGION_NAME or region == 0:
            raise Refused(Code.INVALID_REGION)
        self.values.region = region
        return b""

    def _set_protocol(self, fields: Fields) -> bytes:
        if fields.number(2) != GEN2:
            raise Refused(Code.INVALID_PROTOCOL)
        return b""

    def _power(self, which: Opcode, fields: Fields) -> bytes:
        """Option 00: the power. Option 01: the power, the greatest and the least."""
        option = fields.take(1)
        limits = MAX_CENTI_DBM[self.model].to_bytes(2) + MIN_CENTI_DBM.to_bytes(2) if option == b"\x01" else b""
        return option + self.values.power[which].to_bytes(2) + limits

    def _set_power(self, which: Opcode, fields: Fields) -> bytes:
        power = int.from_bytes(fields.take(2), signed=True)
        if not MIN_CENTI_DBM <= power <= MAX_CENTI_DBM[self.model]:
            raise Refused(Code.POWER_TOO_HIGH if power > 0 else Code.POWER_TOO_LOW)
        self.values.power[which] = power
        return b""

    def _antennas(self, fields: Fields) -> bytes:
        """Option 00: the port in use. 01: that, and what is connected. 02: the ports of a search. 03, 04: their powers. 05: as 01, by
        port.
        """
        option = fields.number()
        if option == 0:
            return bytes((self.values.port,) * 2)
        if option == 1:
            return bytes((self.values.port,) * 2) + bytes(self.is_connected(port) for port in self._ports())
        if option in (PORT_POWERS, PORT_POWERS_AND_SETTLING):
            size = POWERS_SIZE[option]
            return bytes((option,)) + b"".join(bytes((port,)) + self._port_power(port)[:size] for port in self._ports())
        if option == ANTENNA_LIST:
            return bytes((option,)) + b"".join(bytes((port, port)) for port in self.values.search_ports)
        if option == DETECT_ANTENNAS:
            return bytes((option,)) + b"".join(bytes((port, self.is_connected(port))) for port in self._ports())
        raise Refused(Code.INVALID_PARAMETER)

    def _set_antennas(self, fields: Fields) -> bytes:
        """Two bytes: the port in use, to send and to hear. 02 and pairs: the ports of a search. 03, 04: powers of each port. 07: how long
        it searches with each.
        """
        data = fields.rest()
        if len(data) > 2 and data[0] == PORT_TIMES:
            return self._set_port_times(data[1:])
        if len(data) > 2 and data[0] in POWERS_SIZE:
            return self._set_port_powers(data[1:], POWERS_SIZE[data[0]])
        is_list = len(data) % 2 == 1 and data[0] == ANTENNA_LIST
        pairs = data[1:] if is_list else data
        if not pairs or len(pairs) % 2 or (not is_list and len(pairs) != 2):
            raise Refused(Code.WRONG_DATA_COUNT)
        if not set(pairs) <= set(self._ports()):
            raise Refused(Code.INVALID_ANTENNAS)
        self.values.port = pairs[0]
        self.values.search_ports = tuple(pairs[::2])
        return b""

    def _port_power(self, port: int) -> bytes:
        both = (self.values.power[which].to_bytes(2) for which in (Opcode.SET_POWER, Opcode.SET_WRITE_POWER))
        return self.values.port_power.get(port) or b"".join(both) + bytes(2)

    def _set_port_powers(self, data: bytes, size: int) -> bytes:
        entries = [data[at : at + 1 + size] for at in range(0, len(data), 1 + size)]
        if any(len(entry) != 1 + size for entry in entries):
            raise Refused(Code.WRONG_DATA_COUNT)
        if any(entry[0] not in self._ports() for entry in entries):
            raise Refused(Code.INVALID_ANTENNAS)
        if any(int.from_bytes(entry[at : at + 2], signed=True) > MAX_CENTI_DBM[self.model] for entry in entries for at in (1, 3)):
            raise Refused(Code.POWER_TOO_HIGH)
        self.values.port_power |= {entry[0]: entry[1:].ljust(POWERS_SIZE[PORT_POWERS_AND_SETTLING], b"\0") for entry in entries}
        return b""

    def _set_port_times(self, data: bytes) -> bytes:
        """Port and milliseconds; port 0: a rest. Taken note of is which ports, in which order."""
        ports = tuple(port for port in data[::PORT_TIME_SIZE] if port)
        if len(data) % PORT_TIME_SIZE or not ports:
            raise Refused(Code.WRONG_DATA_COUNT)
        if not set(ports) <= set(self._ports()):
            raise Refused(Code.INVALID_ANTENNAS)
        self.values.search_ports = ports
        return b""

    def _hops(self, fields: Fields) -> bytes:
        """Without data the channels; option 01: how long it stays on each, 02: their raster, 03: the lowest frequency."""
        option = fields.rest()
        if not option:
            return b"".join(channel.to_bytes(4) for channel in self.channels_khz())
        told = {HOP_TIME: HOP_TIME_MS, HOP_RASTER: HOP_RASTER_KHZ, LOWEST_FREQUENCY: min(self.channels_khz())}
        if option[0] not in told:
            raise Refused(Code.INVALID_PARAMETER)
        return option[:1] + told[option[0]].to_bytes(4)

    def _set_mode(self, which: Opcode, fields: Fields) -> bytes:
        self.values.modes[which] = fields.number()
        return b""

    def _inputs(self, _: Fields) -> bytes:
        """Of each pin: its number, 1 for an output, its level."""
        values = self.values
        pins = (bytes((pin, pin not in values.inputs, level)) for pin, level in values.outputs.items())
        return bytes((KEY_VALUE,)) + b"".join(pins)

    def _set_output(self, fields: Fields) -> bytes:
        """Pin and level. A pin alone asks whether it is an output; 01, pin, 1 for an output and its level make it one or not."""
        data = fields.rest()
        if len(data) == DIRECTION_SIZE:
            return self._set_direction(*data[1:])
        pin = data[0] if data else 0
        if pin not in self.values.outputs:
            raise Refused(Code.INVALID_PARAMETER)
        if len(data) == 1:
            return bytes((pin, pin not in self.values.inputs))
        self.values.outputs[pin] = data[1]
        return b""

    def _set_direction(self, pin: int, is_output: int, level: int) -> bytes:
        if pin not in self.values.outputs:
            raise Refused(Code.INVALID_PARAMETER)
        self.values.inputs = self.values.inputs - {pin} if is_output else self.values.inputs | {pin}
        self.values.outputs[pin] = level
        return b""


def _set_baud(fields: Fields) -> bytes:
    """Taken note of, no more: a pseudo-terminal has no speed."""
    if fields.number(4) not in BAUDS:
        raise Refused(Code.INVALID_BAUD)
    return b""


def _get(values: dict[int, bytes], group: int, refusal: Code, fields: Fields) -> bytes:
    """What GET_OPTION and GET_PROTOCOL_OPTION answer: group, key, value."""
    asked, key = fields.number(), fields.number()
    if asked != group or key not in values:
        raise Refused(refusal)
    return bytes((asked, key)) + values[key]


def _set(values: dict[int, bytes], group: int, refusal: Code, fields: Fields) -> bytes:
    asked, key = fields.number(), fields.number()
    if asked != group or key not in values:
        raise Refused(refusal)
    value = fields.rest()
    if group == KEY_VALUE and key == Key.SEND_CRC and value == b"\0":
        raise Refused(Code.UNSUPPORTED_FEATURE)  # on USB hosts ask for frames without CRC, and go on with it where they are refused
    values[key] = value
    return b""
