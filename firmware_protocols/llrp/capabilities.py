"""What a reader says that it can: above all which powers and frequencies its indices mean (§10.2)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from firmware_protocols.llrp.frames import Malformed, Parameter, parameters_of
from firmware_protocols.llrp.tables import STANDARD, STANDARD_REGION, VENDOR, Tlv

FIRMWARE_START = 14  # after antennas u16, flags u16, maker u32, model u32, length u16
HAS_UTC_CLOCK = 0x4000


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Of GET_READER_CAPABILITIES_RESPONSE, as far as it has come."""

    manufacturer: int | None = None
    """Private enterprise number."""
    model: int | None = None
    firmware: str = ""
    antenna_ports: int | None = None
    inputs: int = 0
    outputs: int = 0
    has_utc_clock: bool = False
    country: int | None = None
    """ISO 3166 number."""
    standard: int | None = None
    powers_cdbm: Mapping[int, int] = field(default_factory=dict)
    """Conducted power in 1/100 dBm by the index that stands in RFTransmitter."""
    hop_tables_khz: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    fixed_khz: tuple[int, ...] = ()

    @property
    def channels_khz(self) -> tuple[int, ...]:
        """The frequencies that a ChannelIndex counts, from 1."""
        return next(iter(self.hop_tables_khz.values()), self.fixed_khz)

    def power_index(self, power_dbm: float) -> int | None:
        """The strongest level that is not above the wanted power; None if all are."""
        fitting = [(value, index) for index, value in self.powers_cdbm.items() if value <= round(power_dbm * 100)]
        return max(fitting)[1] if fitting else None

    def in_words(self) -> str:
        said = []
        if self.manufacturer is not None:
            said.append(f"{VENDOR.get(self.manufacturer, f'maker {self.manufacturer}')} model {self.model} firmware {self.firmware}")
            said.append(f"{self.antenna_ports} antennas")
        said.append(self.region_in_words())
        if self.powers_cdbm:
            said.append(f"{min(self.powers_cdbm.values()) / 100:g} to {max(self.powers_cdbm.values()) / 100:g} dBm")
        return ", ".join(filter(None, said))

    def region_in_words(self) -> str:
        """Our name for it where we have one, else the standard's."""
        if self.standard is None:
            return ""
        region = STANDARD_REGION.get(self.standard)
        return str(region) if region else STANDARD.get(self.standard, f"standard {self.standard}")


UNKNOWN = Capabilities()


def read_capabilities(data: bytes, parameters: list[Parameter], known: Capabilities) -> Capabilities:
    """`known` with what these parameters say. Raises Malformed."""
    for parameter in parameters:
        if parameter.type == Tlv.GENERAL_DEVICE_CAPABILITIES:
            known = _with_device(data, parameter, known)
        elif parameter.type == Tlv.REGULATORY_CAPABILITIES:
            known = _with_regulations(data, parameter, known)
    return known


def _with_device(data: bytes, parameter: Parameter, known: Capabilities) -> Capabilities:
    start, end = parameter.start, parameter.end
    _check_size(parameter, FIRMWARE_START)
    antennas, flags, maker, model, length = struct.unpack_from(">HHIIH", data, start)
    nested = start + FIRMWARE_START + length
    if nested > end:
        raise Malformed("a firmware version inside its parameter", f"{length} bytes of it")
    inputs, outputs = known.inputs, known.outputs
    for inner in parameters_of(data, nested, end):
        if inner.type == Tlv.GPIO_CAPABILITIES:
            _check_size(inner, 4)
            inputs, outputs = struct.unpack_from(">HH", data, inner.start)
    return replace(
        known,
        manufacturer=maker,
        model=model,
        firmware=data[start + FIRMWARE_START : nested].decode(errors="replace").rstrip("\0"),
        antenna_ports=antennas,
        has_utc_clock=bool(flags & HAS_UTC_CLOCK),
        inputs=inputs,
        outputs=outputs,
    )


def _with_regulations(data: bytes, parameter: Parameter, known: Capabilities) -> Capabilities:
    _check_size(parameter, 4)
    country, standard = struct.unpack_from(">HH", data, parameter.start)
    known = replace(known, country=country, standard=standard)
    for band in parameters_of(data, parameter.start + 4, parameter.end):
        if band.type == Tlv.UHF_BAND_CAPABILITIES:
            known = _with_band(data, parameters_of(data, band.start, band.end), known)
    return known


def _with_band(data: bytes, parameters: list[Parameter], known: Capabilities) -> Capabilities:
    powers: dict[int, int] = {}
    hop_tables, fixed = dict(known.hop_tables_khz), known.fixed_khz
    for parameter in parameters:
        if parameter.type == Tlv.TRANSMIT_POWER_ENTRY:
            _check_size(parameter, 4)
            index, value = struct.unpack_from(">Hh", data, parameter.start)
            powers[index] = value
        elif parameter.type == Tlv.FREQUENCY_INFORMATION:
            _check_size(parameter, 1)
            for table in parameters_of(data, parameter.start + 1, parameter.end):
                if table.type == Tlv.FREQUENCY_HOP_TABLE:
                    _check_size(table, 4)
                    hop_tables[data[table.start]] = _frequencies(data, table, 2)
                elif table.type == Tlv.FIXED_FREQUENCY_TABLE:
                    fixed = _frequencies(data, table, 0)
    return replace(known, powers_cdbm=powers or known.powers_cdbm, hop_tables_khz=hop_tables, fixed_khz=fixed)


def _frequencies(data: bytes, table: Parameter, before: int) -> tuple[int, ...]:
    """A count u16 and as many u32, in kHz."""
    _check_size(table, before + 2)
    count = int.from_bytes(data[table.start + before : table.start + before + 2])
    _check_size(table, before + 2 + 4 * count)
    return struct.unpack_from(f">{count}I", data, table.start + before + 2)


def _check_size(parameter: Parameter, least: int) -> None:
    if parameter.end - parameter.start < least:
        raise Malformed(f"at least {least} bytes in parameter {parameter.type}", str(parameter.end - parameter.start))
