"""One whole frame from the board → one event."""

from dataclasses import replace
from typing import NamedTuple

from firmware_protocols.events import Event, Meaning, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.gen2 import epc_size
from firmware_protocols.r2000.tables import (
    BUFFER_READS,
    ERROR,
    FREQUENCY_KHZ,
    OPCODE_NAME,
    REGION,
    STATUS_ANSWERS,
    TAG_WRITES,
    USER_REGION,
    Opcode,
)
from firmware_protocols.serial_codec import content_error

DATA_START = 4
RSSI_OFFSET_DB = 129  # dBm = byte - 129 (V3.7 §3, RSSI table)
DBM_RSSI = tuple(Rssi(float(byte - RSSI_OFFSET_DB), RssiUnit.DBM, bytes((byte,))) for byte in range(256))
DBM_RSSI_OF_8_PORTS = tuple(replace(DBM_RSSI[byte & 0x7F], raw=bytes((byte,))) for byte in range(256))
END_OF_ROUND_SIZE = 7  # no tag report has this size: its EPC would be no whole number of words
MISSING_ANTENNA_SIZE = 2
TAG_REPORT_OVERHEAD = 4  # frequency and antenna, PC, RSSI
PHASE_SIZE = 2
ACCESS_HEAD, ACCESS_TAIL = 3, 3  # tag count u16, length; RSSI, read length or code, then frequency and antenna, count
RSSI_AT, COUNT_AT = -3, -1
CRC_SIZE = 2
USER_PLAN_SIZE, USER_STEP_KHZ = 6, 10
HIGH_ANTENNAS = 0x80  # on 8-port boards: ports 5 to 8
ONE_BYTE_VALUES = frozenset(
    {Opcode.GET_ANTENNA, Opcode.GET_POWER, Opcode.GET_ANTENNA_DETECTOR, Opcode.GET_LINK_PROFILE, Opcode.GET_RETURN_LOSS}
)


class UserPlan(NamedTuple):
    """Frequencies that the board's owner chose: index n lies at start + n * step."""

    start_khz: int
    step_khz: int


class Reading(NamedTuple):
    """How a board's frames are to be understood."""

    has_8_ports: bool = False
    user_plan: UserPlan | None = None
    """None: frequencies are those of the table."""


def name_of(opcode: int) -> str:
    return OPCODE_NAME.get(opcode) or f"0x{opcode:02x}"


def find_user_plan(data: bytes) -> UserPlan | None:
    """Of GET_REGION's answer: region, step in 10 kHz, count, start in kHz u24. None for the regions of the table."""
    if len(data) != USER_PLAN_SIZE or data[0] != USER_REGION:
        return None
    return UserPlan(int.from_bytes(data[3:]), data[1] * USER_STEP_KHZ)


def decode_answer(frame: bytes, reading: Reading) -> Event:
    """A frame as it came, address and all: an answer is accepted from any address."""
    opcode = frame[3]
    data = frame[DATA_START:-1]
    if opcode in BUFFER_READS and len(data) > 1:
        return _buffered_tag(frame, data, reading)
    if opcode == Opcode.INVENTORY_TO_BUFFER and len(data) == 9:
        return RoundEnded(int.from_bytes(data[5:]), data[0] + 1)
    if len(data) == 1 and _is_code(opcode, data[0]):
        return _code_reply(opcode, data[0], None)
    if (opcode in TAG_WRITES or opcode == Opcode.READ_BANK) and len(data) > 1:
        return _access_reply(frame, opcode, data, reading)
    return Reply(name_of(opcode), Status.OK, data=data, detail=_in_words(opcode, data))


def decode_inventory(frame: bytes, reading: Reading) -> Event:
    """89, 8A, 8B: a tag report, the end of a round, an antenna that is not there, or an error."""
    size = len(frame) - DATA_START - 1
    if size == END_OF_ROUND_SIZE:
        return _round_end(frame)
    if size >= TAG_REPORT_OVERHEAD:
        pc = frame[5] << 8 | frame[6]
        phase_size = size - TAG_REPORT_OVERHEAD - (pc >> 11) * 2
        if phase_size in (0, PHASE_SIZE):
            return _tag_report(frame, pc, phase_size, reading)
    elif size == MISSING_ANTENNA_SIZE:
        meaning = _meaning(frame[5])
        return Notice("antenna_missing", meaning.status, frame[5], frame[4:5], f"port {frame[4] + 1}: {meaning.text}")
    elif size == 1:
        return _code_reply(frame[3], frame[4], None)
    return content_error(frame, "a tag report as long as its PC says, an end of round or an error", frame[DATA_START:-1].hex())


def _tag_report(frame: bytes, pc: int, phase_size: int, reading: Reading) -> TagSeen:
    rssi_at = len(frame) - 2 - phase_size
    raw = frame[rssi_at]
    return TagSeen(
        frame[7:rssi_at],
        pc,
        None,
        _rssi(raw, reading),
        antenna_of(frame[4], raw, reading),
        frequency_of(frame[4], reading),
        int.from_bytes(frame[rssi_at + 1 : -1]) if phase_size else None,
    )


def antenna_of(place: int, high: int, reading: Reading) -> int:
    """The port, from 1: two low bits of the frequency byte; on 8-port boards bit 7 of another byte is the third: of the RSSI, or, where
    there is none, of the count of reads.
    """
    return (place & 0b11) + 1 + (4 if reading.has_8_ports and high & HIGH_ANTENNAS else 0)


def frequency_of(place: int, reading: Reading) -> int | None:
    """By the six high bits. None for an index that the table does not have."""
    index = place >> 2
    if reading.user_plan is not None:
        return reading.user_plan.start_khz + index * reading.user_plan.step_khz
    return FREQUENCY_KHZ[index] if index < len(FREQUENCY_KHZ) else None


def _rssi(raw: int, reading: Reading) -> Rssi:
    return DBM_RSSI_OF_8_PORTS[raw] if reading.has_8_ports else DBM_RSSI[raw]


def _round_end(frame: bytes) -> RoundEnded:
    """89 and 8B: antenna, reads per second u16, reads u32. 8A: reads u24, milliseconds u32."""
    if frame[3] == Opcode.INVENTORY_ANTENNAS:
        return RoundEnded(int.from_bytes(frame[4:7]), None, int.from_bytes(frame[7:11]))
    return RoundEnded(int.from_bytes(frame[7:11]), frame[4] + 1)


def _buffered_tag(frame: bytes, data: bytes, reading: Reading) -> Event:
    """Tag count u16, length, PC, EPC, CRC, then RSSI, frequency and antenna, times read."""
    tag, rest = _split_tag(data, RSSI_AT, reading)
    if tag is None or rest:
        return content_error(frame, "count, length, PC, EPC and CRC, RSSI, antenna, times", data.hex())
    return tag._replace(rssi=_rssi(data[-3], reading), reads=data[-1] & 0x7F if reading.has_8_ports else data[-1])


def _split_tag(data: bytes, high_at: int, reading: Reading) -> tuple[TagSeen | None, bytes]:
    """The tag named between count, length and the three last bytes, and what follows its CRC; None if it does not hold that.
    `high_at`: which of the last bytes has the antenna's third bit.
    """
    body = data[ACCESS_HEAD:-ACCESS_TAIL]
    if len(data) < ACCESS_HEAD + ACCESS_TAIL + 2 or data[2] != len(body):
        return None, b""
    pc = int.from_bytes(body[:2])
    end = 2 + epc_size(pc)
    if len(body) < end + CRC_SIZE:
        return None, b""
    place = data[-2]
    tag = TagSeen(body[2:end], pc, antenna=antenna_of(place, data[high_at], reading), frequency_khz=frequency_of(place, reading))
    return tag, body[end + CRC_SIZE :]


def _access_reply(frame: bytes, opcode: int, data: bytes, reading: Reading) -> Event:
    """81: what was read follows the CRC, its length stands third from the end: in bytes, or with some firmware in words. 82, 83, 84, 94:
    a code stands there.
    """
    tag, rest = _split_tag(data, COUNT_AT, reading)
    if tag is None or (opcode == Opcode.READ_BANK and len(rest) not in (data[-3], 2 * data[-3])):
        return content_error(frame, "count, length, PC, EPC, CRC, then the answer", data.hex())
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


def _in_words(opcode: int, data: bytes) -> str:
    """What a person would want to read of an answer; empty where the bytes say it all."""
    match opcode, len(data):
        case Opcode.GET_INFO, 2:
            return f"firmware {data[0]}.{data[1]}"
        case Opcode.GET_ANTENNA, 1:
            return f"port {data[0] + 1}"
        case Opcode.GET_POWER | Opcode.GET_POWERS, _:
            return ", ".join(f"{power} dBm" for power in data)
        case Opcode.GET_TEMPERATURE, 2:
            return f"{data[1] if data[0] else -data[1]} °C"
        case Opcode.GET_REGION, 3 | 6:
            return _region_in_words(data)
        case _:
            return ""


def _region_in_words(data: bytes) -> str:
    plan = find_user_plan(data)
    if plan is None:
        return str(REGION.get(data[0], "user-defined"))
    return f"user-defined: {data[2]} channels from {plan.start_khz} kHz, {plan.step_khz} kHz apart"
