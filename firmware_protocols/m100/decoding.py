"""The payload of one whole frame from the reader → one event."""

from firmware_protocols.events import Event, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.gen2 import epc_size, xpc_size
from firmware_protocols.m100.tables import ANSWER, ERROR, FAILED_STATUS, INFO_KIND, OPCODE_NAME, REGION, Answer, ErrorCode, Opcode
from firmware_protocols.serial_codec import content_error

PAYLOAD_START = 5
TAG_NOTICE_OVERHEAD = 5  # RSSI, PC, CRC of the tag
# V2.1 §4.2: two's complement, dBm.
DBM_RSSI = tuple(Rssi(float(byte - 256 if byte > 127 else byte), RssiUnit.DBM, bytes((byte,))) for byte in range(256))


def name_of(opcode: int) -> str:
    return OPCODE_NAME.get(opcode) or f"0x{opcode:02x}"


def decode_notice(frame: bytes) -> Event:
    """Type 02. A tag report: RSSI s8, PC, EPC, CRC of the tag. It names no antenna, frequency or time.

    The CRC is not looked at: a module tells nothing of a tag whose CRC was broken in the air, but error 15 (V2.1 §4.2), and the line
    has a checksum of its own.
    """
    if frame[2] != Opcode.INVENTORY_ONCE:
        return Notice(name_of(frame[2]), data=frame[PAYLOAD_START:-2])
    size = len(frame) - PAYLOAD_START - 2 - TAG_NOTICE_OVERHEAD
    if size < 0:
        return content_error(frame, "RSSI, PC, EPC, CRC", frame[PAYLOAD_START:-2].hex() or "nothing")
    pc = frame[6] << 8 | frame[7]
    xpc = size - (pc >> 11) * 2
    if xpc and xpc != xpc_size(pc, frame[8:-4]):
        return content_error(frame, "RSSI, PC, EPC as long as the PC says, CRC", f"{size} bytes of EPC for PC {pc:04x}")
    return TagSeen(frame[8 + xpc : -4], pc, None, DBM_RSSI[frame[5]])


def decode_response(frame: bytes, *, is_accessing: bool = False) -> Event:
    """Type 01. `is_accessing`: an access to a tag was asked for last, so error 15 says that it found none, not that a round did."""
    opcode, payload = frame[2], frame[PAYLOAD_START:-2]
    if opcode == Opcode.ERROR:
        return _decode_error(frame, payload, is_accessing=is_accessing)
    match ANSWER.get(opcode, Answer.DATA):
        case Answer.STATUS if len(payload) == 1:
            return _status_reply(opcode, payload[0], None)
        case Answer.TAG_STATUS | Answer.TAG_DATA:
            return _decode_tag_response(frame, opcode, payload)
        case _:
            return Reply(name_of(opcode), Status.OK, data=payload, detail=_in_words(opcode, payload))


def _status_reply(opcode: int, code: int, tag: TagSeen | None) -> Reply:
    if code == 0:
        return Reply(name_of(opcode), Status.OK, code, tag=tag)
    return Reply(name_of(opcode), FAILED_STATUS.get(opcode, Status.READER_ERROR), code, tag=tag)


def _split_tag(payload: bytes) -> tuple[TagSeen, bytes] | None:
    """UL, PC and EPC (UL bytes together), and what follows; None if it does not hold that."""
    length = payload[0] if payload else 0
    if length < 2 or len(payload) < 1 + length:
        return None
    pc, epc = int.from_bytes(payload[1:3]), payload[3 : 1 + length]
    xpc = xpc_size(pc, epc) if len(epc) > epc_size(pc) else 0
    return TagSeen(epc[xpc:], pc), payload[1 + length :]


def _decode_tag_response(frame: bytes, opcode: int, payload: bytes) -> Event:
    parts = _split_tag(payload)
    if parts is None:
        return content_error(frame, "length, PC, EPC, then the answer", payload.hex())
    tag, rest = parts
    if ANSWER[opcode] is Answer.TAG_STATUS and len(rest) == 1:
        return _status_reply(opcode, rest[0], tag)
    return Reply(name_of(opcode), Status.OK, data=rest, tag=tag)


def _decode_error(frame: bytes, payload: bytes, *, is_accessing: bool) -> Event:
    """FF: the code, and after a tag's own error the length, PC and EPC of that tag."""
    if not payload:
        return content_error(frame, "an error code", "nothing")
    code = payload[0]
    if code == ErrorCode.INVENTORY_FAILED and not is_accessing:
        return RoundEnded(reads=0)
    status, text = ERROR.get(code) or (Status.READER_ERROR, f"error code {code:02x}, not in the manual")
    parts = _split_tag(payload[1:])
    tag, data = parts or (None, payload[1:])
    return Reply(name_of(Opcode.ERROR), status, code, data, tag, text)


def _in_words(opcode: int, payload: bytes) -> str:
    """What a person would want to read of an answer; empty where the bytes say it all."""
    if opcode == Opcode.GET_INFO and payload and payload[0] < len(INFO_KIND):
        return f"{INFO_KIND[payload[0]]}: {payload[1:].decode('ascii', 'replace')}"
    if opcode == Opcode.GET_POWER and len(payload) == 2:
        return f"{int.from_bytes(payload) / 100:g} dBm"
    if opcode == Opcode.GET_REGION and len(payload) == 1:
        return str(REGION.get(payload[0], ""))
    return ""
