"""What a simulated LLRP reader says of itself and of its settings, as parameters (§10, §13)."""

import struct
from dataclasses import dataclass, field, fields

from firmware_protocols.llrp.frames import Malformed, Parameter, parameters_of, tlv
from firmware_protocols.llrp.tables import IMPINJ, Tlv
from firmware_protocols.simulators.llrp_rospecs import ReportSpec, read_report_spec

FREQUENCIES_KHZ = (865_700, 866_300, 866_900, 867_500)
POWERS_CDBM = tuple(range(1000, 3025, 25))
STRONGEST = len(POWERS_CDBM)
ETSI_302_208, BANGLADESH = 2, 50
MODEL, FIRMWARE = 2_001_002, b"5.14.0.240"
OTHER_MAKER = 32_473  # the number that is kept free for examples (RFC 5612)
MAC = bytes.fromhex("001625ffff1125d6")
INPUTS = OUTPUTS = 4
CAN_SET, HAS_CLOCK = 0x8000, 0x4000
TAG_POPULATION, SESSION_0 = 32, 0
MODES = {0: (0, 640_000), 1: (2, 256_000), 2: (2, 274_000), 3: (3, 170_600)}
"""How a tag may be told to answer, by ModeIdentifier: MValue (0 FM0, 1 to 3 Miller 2 to 8) and bits a second."""
IMPINJ_MODES = {1000: (2, 40_000), 1002: (2, 40_000)}
"""Those in which its readers choose for themselves; hosts of theirs (impinj-llrp) ask for them unseen."""
EVENT_TYPES = 9

# What GET_READER_CAPABILITIES and GET_READER_CONFIG may be asked for.
EVERYTHING = 0


@dataclass(frozen=True, slots=True)
class LlrpOptions:
    """How this reader differs from a plain one, and how it misbehaves as some do."""

    is_impinj: bool = False
    """Made by Impinj: knows its extensions. Others answer them with ERROR_MESSAGE."""
    reports_empty_rounds: bool = False
    """An empty RO_ACCESS_REPORT for each round without a tag (Zebra)."""
    omits_unchanged: bool = False
    """Leaves out of a report what is as it was in the last (§13.2.3)."""
    missed_keepalives: float = 0.0
    """Share of keep-alives that are not sent."""
    answer_delay_s: float = 0.0
    """How slow it is with its answers."""
    stops_after_s: float | None = None
    """After so long it ends what it is told to read, as one that grew hot or was stopped on its own page."""
    clock_at_zero_us: int = 1_767_225_600_000_000
    """What its UTC clock says when the simulation's is 0."""
    clock_drift_ppm: float = 0.0
    has_no_clock: bool = False
    """Tells the time since its start instead of UTC."""


PLAIN = LlrpOptions()


@dataclass(slots=True)
class Settings:
    """What SET_READER_CONFIG changes and ResetToFactoryDefault brings back."""

    power_index: dict[int, int] = field(default_factory=dict)
    """By antenna."""
    keepalive_ms: int = 0
    """0: none."""
    events: set[int] = field(default_factory=set)
    outputs: dict[int, bool] = field(default_factory=dict)
    inputs: dict[int, bool] = field(default_factory=dict)
    has_impinj_extensions: bool = False
    reports: ReportSpec = field(default_factory=ReportSpec)
    """For ROSpecs that do not say it themselves."""
    holds_back: bool = False
    """After a new connection nothing is told until ENABLE_EVENTS_AND_REPORTS."""

    def reset(self) -> None:
        """What the host was shown at the pins stays."""
        fresh = Settings(outputs=self.outputs, inputs=self.inputs)
        for each in fields(Settings):
            setattr(self, each.name, getattr(fresh, each.name))


def change(settings: Settings, data: bytes, parameter: Parameter, antenna_ports: int) -> bool:
    """Take over one parameter of SET_READER_CONFIG. False: it holds what the reader does not have. Raises Malformed."""
    kind, start, end = parameter
    if kind == Tlv.KEEPALIVE_SPEC:
        is_periodic, period_ms = _fields(">BI", data, parameter)
        settings.keepalive_ms = period_ms if is_periodic else 0
    elif kind == Tlv.GPO_WRITE_DATA:
        port, level = _fields(">HB", data, parameter)
        if not 1 <= port <= OUTPUTS:
            return False
        settings.outputs[port] = bool(level & 0x80)
    elif kind == Tlv.READER_EVENT_NOTIFICATION_SPEC:
        for state in parameters_of(data, start, end):
            event, is_on = _fields(">HB", data, state)
            (settings.events.add if is_on & 0x80 else settings.events.discard)(event)
    elif kind == Tlv.RO_REPORT_SPEC:
        settings.reports = read_report_spec(data, parameter)
    elif kind == Tlv.EVENTS_AND_REPORTS:
        settings.holds_back = bool(_fields(">B", data, parameter)[0] & 0x80)
    elif kind == Tlv.ANTENNA_CONFIGURATION:
        return _change_antenna(settings, data, parameter, antenna_ports)
    return True


def _change_antenna(settings: Settings, data: bytes, parameter: Parameter, antenna_ports: int) -> bool:
    (antenna,) = _fields(">H", data, parameter)
    for inner in parameters_of(data, parameter.start + 2, parameter.end):
        if inner.type == Tlv.RF_TRANSMITTER:
            _, _, index = _fields(">HHH", data, inner)
            if not 1 <= index <= STRONGEST:
                return False
            settings.power_index |= dict.fromkeys(range(1, antenna_ports + 1) if antenna == 0 else (antenna,), index)
    return True


def _fields(layout: str, data: bytes, parameter: Parameter) -> tuple[int, ...]:
    """Raises Malformed."""
    if parameter.end - parameter.start < struct.calcsize(layout):
        raise Malformed(f"{struct.calcsize(layout)} bytes of parameter {parameter.type}", str(parameter.end - parameter.start))
    return struct.unpack_from(layout, data, parameter.start)


def capabilities(requested: int, antenna_ports: int, *, is_impinj: bool) -> bytes:
    """0 all, 1 device, 2 LLRP, 3 regulatory, 4 air protocol. b"" for what is not to be had."""
    modes = MODES | (IMPINJ_MODES if is_impinj else {})
    parts = {1: _device(antenna_ports, is_impinj=is_impinj), 2: _llrp(), 3: _regulations(modes), 4: _air_protocol()}
    return b"".join(parts.values()) if requested == EVERYTHING else parts.get(requested, b"")


def _device(antenna_ports: int, *, is_impinj: bool) -> bytes:
    head = struct.pack(">HHIIH", antenna_ports, HAS_CLOCK, IMPINJ if is_impinj else OTHER_MAKER, MODEL, len(FIRMWARE))
    air = [tlv(Tlv.PER_ANTENNA_AIR_PROTOCOL, struct.pack(">HHB", port + 1, 1, 1)) for port in range(antenna_ports)]
    sensitivity = tlv(Tlv.RECEIVE_SENSITIVITY_ENTRY, struct.pack(">Hh", 1, 0))
    pins = tlv(Tlv.GPIO_CAPABILITIES, struct.pack(">HH", INPUTS, OUTPUTS))
    return tlv(Tlv.GENERAL_DEVICE_CAPABILITIES, head + FIRMWARE, sensitivity, pins, *air)


def _llrp() -> bytes:
    return tlv(Tlv.LLRP_CAPABILITIES, struct.pack(">BBHIIIII", 0x48, 1, 0, 16, 32, 1, 16, 8))


def _regulations(modes: dict[int, tuple[int, int]]) -> bytes:
    powers = [tlv(Tlv.TRANSMIT_POWER_ENTRY, struct.pack(">Hh", index, power)) for index, power in enumerate(POWERS_CDBM, 1)]
    count = len(FREQUENCIES_KHZ)
    fixed = tlv(Tlv.FIXED_FREQUENCY_TABLE, struct.pack(f">H{count}I", count, *FREQUENCIES_KHZ))
    band = tlv(
        Tlv.UHF_BAND_CAPABILITIES,
        *powers,
        tlv(Tlv.FREQUENCY_INFORMATION, bytes(1), fixed),
        tlv(Tlv.C1G2_RF_MODE_TABLE, *(_mode(number, *mode) for number, mode in modes.items())),
    )
    return tlv(Tlv.REGULATORY_CAPABILITIES, struct.pack(">HH", BANGLADESH, ETSI_302_208), band)


def _mode(number: int, m_value: int, bits_per_s: int) -> bytes:
    """DSB-ASK, for a dense crowd of readers, Tari of 12.5 µs."""
    return tlv(Tlv.C1G2_RF_MODE_ENTRY, struct.pack(">IBBBBIIIII", number, 0x80, m_value, 2, 3, bits_per_s, 1500, 12_500, 12_500, 0))


def _air_protocol() -> bytes:
    return tlv(Tlv.C1G2_LLRP_CAPABILITIES, struct.pack(">BH", 0xC0, 2))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose state GET_READER_CONFIG asks for."""

    antennas: dict[int, bool]
    """Which ports have one connected."""
    inputs: list[int]
    outputs: list[int]


def configuration(requested: int, settings: Settings, wanted: Wanted) -> bytes:
    """0 all, 1 to 11 as §13.1.1 numbers them. b"" for what is not to be had."""
    antennas, inputs, outputs = wanted.antennas, wanted.inputs, wanted.outputs
    parts = {
        1: tlv(Tlv.IDENTIFICATION, struct.pack(">BH", 0, len(MAC)), MAC),
        2: b"".join(tlv(Tlv.ANTENNA_PROPERTIES, struct.pack(">BHh", 0x80 * there, port, 0)) for port, there in antennas.items()),
        3: b"".join(_antenna(port, settings) for port in antennas),
        4: _report_spec(settings.reports),
        5: tlv(Tlv.READER_EVENT_NOTIFICATION_SPEC, *(_event_state(event, settings) for event in range(EVENT_TYPES))),
        6: tlv(Tlv.ACCESS_REPORT_SPEC, bytes(1)),
        7: tlv(Tlv.CONFIGURATION_STATE, bytes(4)),
        8: tlv(Tlv.KEEPALIVE_SPEC, struct.pack(">BI", settings.keepalive_ms > 0, settings.keepalive_ms)),
        9: b"".join(tlv(Tlv.GPI_PORT_CURRENT_STATE, struct.pack(">HBB", pin, 0x80, settings.inputs.get(pin, False))) for pin in inputs),
        10: b"".join(tlv(Tlv.GPO_WRITE_DATA, struct.pack(">HB", pin, 0x80 * settings.outputs.get(pin, False))) for pin in outputs),
        11: tlv(Tlv.EVENTS_AND_REPORTS, bytes((0x80 * settings.holds_back,))),
    }
    in_order = (1, 2, 3, 5, 4, 6, 7, 8, 9, 10, 11)  # as the response has them
    if requested == EVERYTHING and antennas and inputs and outputs:
        return b"".join(parts[each] for each in in_order)
    return parts.get(requested, b"")


def _event_state(event: int, settings: Settings) -> bytes:
    return tlv(Tlv.EVENT_NOTIFICATION_STATE, struct.pack(">HB", event, 0x80 * (event in settings.events)))


def _antenna(port: int, settings: Settings) -> bytes:
    control = tlv(Tlv.C1G2_SINGULATION_CONTROL, struct.pack(">BHI", SESSION_0, TAG_POPULATION, 0))
    return tlv(
        Tlv.ANTENNA_CONFIGURATION,
        port.to_bytes(2),
        tlv(Tlv.RF_RECEIVER, b"\0\1"),
        tlv(Tlv.RF_TRANSMITTER, struct.pack(">HHH", 0, 1, settings.power_index.get(port, STRONGEST))),
        tlv(Tlv.C1G2_INVENTORY_COMMAND, bytes(1), tlv(Tlv.C1G2_RF_CONTROL, struct.pack(">HH", 1, 0)), control),
    )


def _report_spec(reports: ReportSpec) -> bytes:
    memory = tlv(Tlv.C1G2_EPC_MEMORY_SELECTOR, bytes((reports.epc_memory,)))
    selector = tlv(Tlv.TAG_REPORT_CONTENT_SELECTOR, reports.selected.to_bytes(2), memory)
    return tlv(Tlv.RO_REPORT_SPEC, struct.pack(">BH", reports.trigger, reports.count), selector)
