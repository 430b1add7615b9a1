"""One whole frame from the reader → one event."""

from typing import NamedTuple

from firmware_protocols.cf.frames import CRC_SIZE, HEADER_SIZE
from firmware_protocols.cf.tables import ACTS, FAILED_STATUS, OPCODE_NAME, REGION, STATUS, TAG_STATUS, Code, Opcode
from firmware_protocols.events import Event, Meaning, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.serial_codec import content_error

STATUS_AT = HEADER_SIZE
DATA_START = STATUS_AT + 1
RSSI_PER_DB = 10  # a tenth of a dBm, signed
TAG_OVERHEAD = 5  # RSSI, antenna, channel, length
ACT_OVERHEAD = 7  # tag's code, antenna, CRC, PC, length
ALL_PARAMETERS_SIZE = 25
ANTENNAS_AT, REGION_AT, POWER_AT = 6, 7, 15
TEXT_SIZE, SERIAL_SIZE = 32, 12


class Reading(NamedTuple):
    """What was asked last: it says what an answer means."""

    asked: Opcode | None = None
    """Which part of GET_PARAMETERS' answer, by the command that would set it; None: all of it."""
    is_act_answered: bool = False
    """An act on tags ends, as an inventory does, with the word that there are no more."""


def name_of(opcode: int) -> str:
    return OPCODE_NAME.get(opcode) or f"0x{opcode:04x}"


def opcode_of(frame: bytes) -> int:
    return frame[2] << 8 | frame[3]


def decode_frame(frame: bytes, reading: Reading) -> Event:
    opcode, status, data = opcode_of(frame), frame[STATUS_AT], frame[DATA_START:-CRC_SIZE]
    if opcode == Opcode.INVENTORY:
        if status == Code.OK and data:
            return _tag_report(frame, data)
        if status in {Code.ENDED, Code.NO_TAG}:
            return RoundEnded()
    elif opcode in ACTS and status in {Code.ENDED, Code.NO_TAG} and reading.is_act_answered:
        return RoundEnded()
    elif opcode in ACTS and data:
        return _act_reply(frame, opcode, status, data)
    elif opcode == Opcode.GATE_STATUS and status == Code.OK:
        return Notice(name_of(opcode), data=data)
    word, text = _meaning(opcode, status)
    return Reply(name_of(opcode), word, status, data, detail=text or _in_words(opcode, data, reading))


def _tag_report(frame: bytes, data: bytes) -> Event:
    """RSSI s16, antenna, channel, length, EPC."""
    if len(data) < TAG_OVERHEAD or len(data) != TAG_OVERHEAD + data[4]:
        return content_error(frame, "RSSI, antenna, channel, length, EPC", data.hex())
    rssi = int.from_bytes(data[:2], signed=True) / RSSI_PER_DB
    return TagSeen(data[TAG_OVERHEAD:], rssi=Rssi(rssi, RssiUnit.DBM, data[:2]), antenna=data[2] or None)


def _act_reply(frame: bytes, opcode: int, status: int, data: bytes) -> Event:
    """The tag's own code, antenna, CRC, PC, length, EPC; of a read then the word count and the words."""
    tag, rest = _split_tag(data)
    if tag is None and status == Code.OK:
        return content_error(frame, "tag's code, antenna, CRC, PC, length, EPC, then the answer", data.hex())
    word, text = _meaning(opcode, status)
    if data[0] and status in {Code.OK, Code.FAILED}:
        word, text = TAG_STATUS.get(data[0]) or Meaning(Status.TAG_ERROR, f"tag's error code {data[0]:02x}")
    elif opcode == Opcode.READ_BANK and status == Code.OK:
        if not rest or len(rest) != 1 + 2 * rest[0]:
            return content_error(frame, "word count and as many words", rest.hex())
        rest = rest[1:]
    return Reply(name_of(opcode), word, status, rest, tag, text)


def _split_tag(data: bytes) -> tuple[TagSeen | None, bytes]:
    """The tag that is named and what follows it; None if it does not hold that."""
    end = ACT_OVERHEAD + data[6] if len(data) >= ACT_OVERHEAD else 0
    if not end or len(data) < end:
        return None, data
    return TagSeen(data[ACT_OVERHEAD:end], int.from_bytes(data[4:6]), antenna=data[1] or None), data[end:]


def _meaning(opcode: int, status: int) -> Meaning:
    word, text = STATUS.get(status) or Meaning(Status.READER_ERROR, f"status {status:02x}, not in the manual")
    if status in {Code.FAILED, Code.BROKEN_ANSWER}:
        word = FAILED_STATUS.get(opcode, word)
    return Meaning(word, text)


def _in_words(opcode: int, data: bytes, reading: Reading) -> str:
    """What a person would want to read of an answer; empty where the bytes say it all."""
    if opcode in {Opcode.GET_INFO, Opcode.GET_MODULE_INFO}:
        return _info_in_words(data)
    if opcode != Opcode.GET_PARAMETERS or len(data) != ALL_PARAMETERS_SIZE:
        return ""
    region = str(REGION.get(data[REGION_AT]) or f"region {data[REGION_AT]:02x}")
    match reading.asked:
        case Opcode.SET_REGION:
            return region
        case Opcode.SET_ANTENNAS:
            ports = [str(bit + 1) for bit in range(8) if data[ANTENNAS_AT] >> bit & 1]
            return f"port{'s' if len(ports) > 1 else ''} {', '.join(ports)}"
        case Opcode.SET_POWER:
            return f"{data[POWER_AT]} dBm"
        case _:
            return f"{region}, {data[POWER_AT]} dBm"


def _info_in_words(data: bytes) -> str:
    """Texts of 32 bytes: of the device hardware, firmware, then its serial number (12 bytes), and the same of the module."""
    hardware, firmware = data[:TEXT_SIZE], data[TEXT_SIZE : 2 * TEXT_SIZE]
    serial = data[2 * TEXT_SIZE :][:SERIAL_SIZE]
    texts = (part.partition(b"\0")[0].decode("ascii", "replace").strip() for part in (hardware, firmware))
    return ", ".join([*filter(None, texts), *([f"serial number {serial.hex()}"] if any(serial) else [])])
