"""One whole frame from the board → one event."""

from firmware_protocols.events import Event, FrameError, FrameFault, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.gen2 import epc_size
from firmware_protocols.r2000.tables import (
    BUFFER_READS,
    ERROR,
    FREQUENCY_KHZ,
    INVENTORIES,
    OPCODE_NAME,
    REGION,
    STATUS_ANSWERS,
    TAG_WRITES,
    Meaning,
    Opcode,
)

DATA_START = 4
RSSI_OFFSET_DB = 129  # dBm = byte - 129 (V3.7 §3, RSSI table)
END_OF_ROUND_SIZE = 7  # no tag report has this size: its EPC would be no whole number of words
MISSING_ANTENNA_SIZE = 2
TAG_REPORT_OVERHEAD = 4  # frequency and antenna, PC, RSSI
PHASE_SIZE = 2
ACCESS_HEAD, ACCESS_TAIL = 3, 3  # tag count u16, length; read length or code, frequency and antenna, count
CRC_SIZE = 2
ONE_BYTE_VALUES = frozenset(
    {Opcode.GET_ANTENNA, Opcode.GET_POWER, Opcode.GET_ANTENNA_DETECTOR, Opcode.GET_LINK_PROFILE, Opcode.GET_RETURN_LOSS}
)


def name_of(opcode: int) -> str:
    return OPCODE_NAME.get(opcode) or f"0x{opcode:02x}"


def decode_answer(frame: bytes, *, has_8_ports: bool) -> Event:
    """A frame as it came, address and all: an answer is accepted from any address."""
    opcode = frame[3]
    if opcode in INVENTORIES:
        return decode_inventory(frame, has_8_ports=has_8_ports)
    data = frame[DATA_START:-1]
    if opcode in BUFFER_READS and len(data) > 1:
        return _buffered_tag(frame, data, has_8_ports=has_8_ports)
    if opcode == Opcode.INVENTORY_TO_BUFFER and len(data) == 9:
        return RoundEnded(int.from_bytes(data[5:]), data[0] + 1)
    if len(data) == 1 and _is_code(opcode, data[0]):
        return _code_reply(opcode, data[0], None)
    if (opcode in TAG_WRITES or opcode == Opcode.READ_BANK) and len(data) > 1:
        return _access_reply(frame, opcode, data)
    return Reply(name_of(opcode), Status.OK, data=data, detail=_in_words(opcode, data))


def decode_inventory(frame: bytes, *, has_8_ports: bool) -> Event:
    """89, 8A, 8B: a tag report, the end of a round, an antenna that is not there, or an error."""
    size = len(frame) - DATA_START - 1
    if size == END_OF_ROUND_SIZE:
        return _round_end(frame)
    if size > TAG_REPORT_OVERHEAD:
        pc = frame[5] << 8 | frame[6]
        phase_size = size - TAG_REPORT_OVERHEAD - (pc >> 11) * 2
        if phase_size in (0, PHASE_SIZE):
            return _tag_report(frame, pc, phase_size, has_8_ports=has_8_ports)
    elif size == MISSING_ANTENNA_SIZE:
        meaning = _meaning(frame[5])
        return Notice("antenna_missing", meaning.status, frame[5], frame[4:5], f"port {frame[4] + 1}: {meaning.text}")
    elif size == 1:
        return _code_reply(frame[3], frame[4], None)
    return _content_error(frame, "a tag report as long as its PC says, an end of round or an error", frame[DATA_START:-1].hex())


def _tag_report(frame: bytes, pc: int, phase_size: int, *, has_8_ports: bool) -> TagSeen:
    rssi_at = len(frame) - 2 - phase_size
    raw = frame[rssi_at]
    return TagSeen(
        frame[7:rssi_at],
        pc,
        None,
        _rssi(raw, has_8_ports=has_8_ports),
        antenna_of(frame[4], raw, has_8_ports=has_8_ports),
        frequency_of(frame[4]),
        int.from_bytes(frame[rssi_at + 1 : -1]) if phase_size else None,
    )


def antenna_of(place: int, rssi: int, *, has_8_ports: bool) -> int:
    """The port, from 1: two low bits of the frequency byte; on 8-port boards bit 7 of the RSSI byte is the third."""
    return (place & 0b11) + 1 + (4 if has_8_ports and rssi & 0x80 else 0)


def frequency_of(place: int) -> int | None:
    """By the six high bits. None for an index that the table does not have (a user-defined plan)."""
    index = place >> 2
    return FREQUENCY_KHZ[index] if index < len(FREQUENCY_KHZ) else None


def _rssi(raw: int, *, has_8_ports: bool) -> Rssi:
    value = raw & 0x7F if has_8_ports else raw
    return Rssi(float(value - RSSI_OFFSET_DB), RssiUnit.DBM, bytes((raw,)))


def _round_end(frame: bytes) -> RoundEnded:
    """89 and 8B: antenna, reads per second u16, reads u32. 8A: reads u24, milliseconds u32."""
    if frame[3] == Opcode.INVENTORY_ANTENNAS:
        return RoundEnded(int.from_bytes(frame[4:7]), None, int.from_bytes(frame[7:11]))
    return RoundEnded(int.from_bytes(frame[7:11]), frame[4] + 1)


def _buffered_tag(frame: bytes, data: bytes, *, has_8_ports: bool) -> Event:
    """Tag count u16, length, PC, EPC, CRC, then RSSI, frequency and antenna, times read."""
    tag, rest = _split_tag(data)
    if tag is None or rest:
        return _content_error(frame, "count, length, PC, EPC and CRC, RSSI, antenna, times", data.hex())
    rssi, place = data[-3], data[-2]
    return TagSeen(
        tag.epc,
        tag.pc,
        None,
        _rssi(rssi, has_8_ports=has_8_ports),
        antenna_of(place, rssi, has_8_ports=has_8_ports),
        frequency_of(place),
    )


def _split_tag(data: bytes) -> tuple[TagSeen | None, bytes]:
    """The tag named between count, length and the three last bytes, and what follows its CRC; None if it does not hold that."""
    body = data[ACCESS_HEAD:-ACCESS_TAIL]
    if len(data) < ACCESS_HEAD + ACCESS_TAIL + 2 or data[2] != len(body):
        return None, b""
    pc = int.from_bytes(body[:2])
    end = 2 + epc_size(pc)
    if len(body) < end + CRC_SIZE:
        return None, b""
    return TagSeen(body[2:end], pc, antenna=(data[-2] & 0b11) + 1, frequency_khz=frequency_of(data[-2])), body[end + CRC_SIZE :]


def _access_reply(frame: bytes, opcode: int, data: bytes) -> Event:
    """81: what was read follows the CRC, its length stands third from the end. 82, 83, 84, 94: a code stands there."""
    tag, rest = _split_tag(data)
    if tag is None or (opcode == Opcode.READ_BANK and data[-3] != len(rest)):
        return _content_error(frame, "count, length, PC, EPC, CRC, then the answer", data.hex())
    if opcode == Opcode.READ_BANK:
        return Reply(name_of(opcode), Status.OK, data=rest, tag=tag)
    return _code_reply(opcode, data[-3], tag)


def _is_code(opcode: int, byte: int) -> bool:
    """Is the one byte of an answer a code, or a value? What has one-byte values may send a code too, but no byte tells them apart."""
    if opcode in STATUS_ANSWERS or opcode in TAG_WRITES:
        return True
    return opcode in OPCODE_NAME and opcode not in ONE_BYTE_VALUES and byte in ERROR


def _meaning(code: int) -> Meaning:
    return ERROR.get(code) or Meaning(Status.READER_ERROR, f"error code {code:02x}, not in the manual")


def _code_reply(opcode: int, code: int, tag: TagSeen | None) -> Reply:
    status, text = _meaning(code)
    return Reply(name_of(opcode), status, code, tag=tag, detail=text)


def _content_error(frame: bytes, expected: str, found: str) -> FrameError:
    return FrameError(FrameFault.CONTENT, expected, found, frame)


def _in_words(opcode: int, data: bytes) -> str:
    """What a person would want to read of an answer; empty where the bytes say it all."""
    match opcode, len(data):
        case Opcode.GET_INFO, 2:
            return f"firmware {data[0]}.{data[1]}"
        case Opcode.GET_ANTENNA, 1:
            return f"port {data[0] + 1}"
        case Opcode.GET_POWER, _:
            return ", ".join(f"{power} dBm" for power in data)
        case Opcode.GET_TEMPERATURE, 2:
            return f"{data[1] if data[0] else -data[1]} °C"
        case Opcode.GET_REGION, 3 | 6:
            return str(REGION.get(data[0], "user-defined"))
        case _:
            return ""
