"""What a person would want to read of an answer's data."""

from collections.abc import Callable

from firmware_protocols.thingmagic.tables import (
    DETECT_ANTENNAS,
    GEN2,
    HARDWARE_MODEL_AT,
    MODEL,
    MODEL_VARIANT,
    PROGRAM,
    REGION_NAME,
    Opcode,
)

INFO_SIZE = 20
PROTOCOL_NAME = {0: "no protocol set", GEN2: "gen2"}


def in_words(opcode: int, data: bytes) -> str:
    """Empty where the bytes say it all, or are not as the vendor describes them."""
    words = WORDS.get(opcode)
    return words(data) if words else ""


def _info(data: bytes) -> str:
    """Bootloader, hardware, date and version of the firmware, four bytes each; then the protocols it knows."""
    if len(data) < INFO_SIZE:
        return ""
    family, variant = data[HARDWARE_MODEL_AT], data[HARDWARE_MODEL_AT + 3]
    model = MODEL_VARIANT.get((family, variant)) or MODEL.get(family) or f"model {family:02x}"
    year, month, day = data[8:10].hex(), data[10:11].hex(), data[11:12].hex()
    return f"{model}, firmware {data[12:16].hex('.')} of {year}-{month}-{day}"


def _program(data: bytes) -> str:
    return PROGRAM.get(data[0] & 0b11, "") if data else ""


def _power(data: bytes) -> str:
    """Option, power, and with option 01 the greatest and the least that the module can."""
    if len(data) not in {3, 7}:
        return ""
    now, *limits = (int.from_bytes(data[at : at + 2], signed=True) / 100 for at in range(1, len(data), 2))
    return f"{now:g} dBm" + (f" ({limits[1]:g} to {limits[0]:g})" if limits else "")


def _region(data: bytes) -> str:
    return str(REGION_NAME.get(data[0], f"region {data[0]:02x}")) if len(data) == 1 else ""


def _antennas(data: bytes) -> str:
    """Option, then port and whether something is connected, of each port."""
    if len(data) % 2 == 0 or data[0] != DETECT_ANTENNAS:
        return ""
    pairs = zip(data[1::2], data[2::2], strict=True)
    return ", ".join(f"port {port} {'connected' if is_there else 'not connected'}" for port, is_there in pairs)


def _temperature(data: bytes) -> str:
    return f"{int.from_bytes(data, signed=True)} °C" if len(data) == 1 else ""


def _protocol(data: bytes) -> str:
    return PROTOCOL_NAME.get(int.from_bytes(data), "") if len(data) == 2 else ""


WORDS: dict[int, Callable[[bytes], str]] = {
    Opcode.GET_INFO: _info,
    Opcode.BOOT_FIRMWARE: _info,
    Opcode.GET_PROGRAM: _program,
    Opcode.GET_POWER: _power,
    Opcode.GET_WRITE_POWER: _power,
    Opcode.GET_REGION: _region,
    Opcode.GET_ANTENNAS: _antennas,
    Opcode.GET_TEMPERATURE: _temperature,
    Opcode.GET_PROTOCOL: _protocol,
}
