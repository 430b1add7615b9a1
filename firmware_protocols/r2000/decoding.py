"""One whole frame from the board → one event."""

from collections.abc import Container
from typing import NamedTuple

from firmware_protocols.events import Event, Meaning, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.gen2 import HAS_XPC, epc_size, xpc_size
from firmware_protocols.r2000.frames import MAX_DATA
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
EPC_AT = 7  # of a tag report
RSSI_OFFSET_DB = 129  # dBm = byte - 129 (V3.7 §3, RSSI table)
HIGH_ANTENNAS = 0x80  # of 8-port boards: ports 5 to 8. Strength never needs this bit: it would be -1 dBm and more, the manual ends at -31
DBM_RSSI = tuple(Rssi(float((byte & ~HIGH_ANTENNAS) - RSSI_OFFSET_DB), RssiUnit.DBM, bytes((byte,))) for byte in range(256))
END_OF_ROUND_SIZE = 7  # no tag report has this size: its EPC would be no whole number of words
MISSING_ANTENNA_SIZE = 2
TAG_REPORT_OVERHEAD = 4  # frequency and antenna, PC, RSSI
PHASE_SIZE = 2
ACCESS_HEAD, ACCESS_TAIL = 3, 3  # tag count u16, length; RSSI, read length or code, then frequency and antenna, count
RSSI_AT, COUNT_AT = -3, -1
CRC_SIZE = 2
USER_PLAN_SIZE, USER_STEP_KHZ = 6, 10
ONE_BYTE_VALUES: dict[int, range] = {
    Opcode.GET_ANTENNA: range(16),
    Opcode.GET_POWER: range(34),
    Opcode.GET_POWERS: range(34),
    Opcode.GET_ANTENNA_DETECTOR: range(256),
    Opcode.GET_LINK_PROFILE: range(0xD0, 0xD4),
    Opcode.GET_RETURN_LOSS: range(100),
}
"""What the one byte of an answer may be if it is a value: dBm, dB, a number from 0. Beyond that it is a code."""


class UserPlan(NamedTuple):
    """Frequencies that the board's owner chose: index n lies at start + n * step."""

    start_khz: int
    step_khz: int


class Reading(NamedTuple):
    """How a board's frames are to be understood."""

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
        xpc = _xpc_in_report(pc, frame[EPC_AT:], phase_size) if pc & HAS_XPC else 0
        if phase_size - xpc in (0, PHASE_SIZE):
            return _tag_report(frame, pc, xpc, phase_size - xpc, reading)
    elif size == MISSING_ANTENNA_SIZE:
        meaning = _meaning(frame[5])
        return Notice("antenna_missing", meaning.status, frame[5], frame[4:5], f"port {frame[4] + 1}: {meaning.text}")
    elif size == 1:
        return _code_reply(frame[3], frame[4], None)
    return content_error(frame, "a tag report as long as its PC says, an end of round or an error", frame[DATA_START:-1].hex())


def _xpc_in_report(pc: int, said: bytes, beyond_epc: int) -> int:
    """Bytes of XPC in a report that is so much longer than its EPC needs: those that the PC announces, unless the board cut them off."""
    announced = xpc_size(pc, said)
    return announced if beyond_epc >= announced else 0


def _tag_report(frame: bytes, pc: int, xpc: int, phase_size: int, reading: Reading) -> TagSeen:
    rssi_at = len(frame) - 2 - phase_size
    raw = frame[rssi_at]
    return TagSeen(
        frame[EPC_AT + xpc : rssi_at],
        pc,
        None,
        DBM_RSSI[raw],
        antenna_of(frame[4], raw),
        frequency_of(frame[4], reading),
        int.from_bytes(frame[rssi_at + 1 : -1]) if phase_size else None,
    )


def antenna_of(place: int, high: int) -> int:
    """The port, from 1: two low bits of the frequency byte; on 8-port boards bit 7 of another byte is the third: of the RSSI, or, where
    there is none, of the count of reads.
    """
    return (place & 0b11) + 1 + (4 if high & HIGH_ANTENNAS else 0)


def frequency_of(place: int, reading: Reading) -> int | None:
    """By the six high bits. None for an index that the table does not have."""
    index = place >> 2
    if reading.user_plan is not None:
        return reading.user_plan.start_khz + index * reading.user_plan.step_khz
    return FREQUENCY_KHZ[index] if index < len(FREQUENCY_KHZ) else None


def _round_end(frame: bytes) -> RoundEnded:
    """89 and 8B: antenna, reads per second u16, reads u32. 8A: reads u24, milliseconds u32."""
    if frame[3] == Opcode.INVENTORY_ANTENNAS:
        return RoundEnded(int.from_bytes(frame[4:7]), None, int.from_bytes(frame[7:11]))
    return RoundEnded(int.from_bytes(frame[7:11]), frame[4] + 1)


def _buffered_tag(frame: bytes, data: bytes, reading: Reading) -> Event:
    """Tag count u16, length, PC, EPC, CRC, then RSSI, frequency and antenna, times read."""
    tag, _ = _split_tag(data, RSSI_AT, reading, rest_sizes=(0,))
    if tag is None:
        return content_error(frame, "count, length, PC, EPC and CRC, RSSI, antenna, times", data.hex())
    rssi, times = data[RSSI_AT], data[COUNT_AT]
    return tag._replace(rssi=DBM_RSSI[rssi], reads=times & ~HIGH_ANTENNAS if rssi & HIGH_ANTENNAS else times)


def _split_tag(data: bytes, high_at: int, reading: Reading, rest_sizes: Container[int]) -> tuple[TagSeen | None, bytes]:
    """The tag named between count, length and the three last bytes, and what follows its CRC; None if it does not hold that.
    `high_at`: which of the last bytes has the antenna's third bit.
    """
    body = data[ACCESS_HEAD:-ACCESS_TAIL]
    if len(data) < ACCESS_HEAD + ACCESS_TAIL + 2 or data[2] != len(body):
        return None, b""
    pc, place = int.from_bytes(body[:2]), data[-2]
    for start in (2 + xpc_size(pc, body[2:]), 2):  # some boards cut off the XPC that the PC announces
        end = start + epc_size(pc)
        rest = body[end + CRC_SIZE :]
        if len(body) >= end + CRC_SIZE and len(rest) in rest_sizes:
            tag = TagSeen(body[start:end], pc, antenna=antenna_of(place, data[high_at]), frequency_khz=frequency_of(place, reading))
            return tag, rest
    return None, b""


def _access_reply(frame: bytes, opcode: int, data: bytes, reading: Reading) -> Event:
    """81: what was read follows the CRC, its length stands third from the end: in bytes, or with some firmware in words. 82, 83, 84, 94:
    a code stands there.
    """
    is_read = opcode == Opcode.READ_BANK
    third_last = data[-ACCESS_TAIL:][0]
    tag, rest = _split_tag(data, COUNT_AT, reading, rest_sizes=(third_last, 2 * third_last) if is_read else range(MAX_DATA))
    if tag is None:
        return content_error(frame, "count, length, PC, EPC, CRC, then the answer", data.hex())
    if is_read:
        return Reply(name_of(opcode), Status.OK, data=rest, tag=tag)
    return _code_reply(opcode, third_last, tag)


def _is_code(opcode: int, byte: int) -> bool:
    """Is the one byte of an answer a code, or a value? What may be either is taken for the value."""
    if opcode in STATUS_ANSWERS or opcode in TAG_WRITES:
        return True
    return opcode in OPCODE_NAME and byte in ERROR and byte not in ONE_BYTE_VALUES.get(opcode, ())


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
