"""The frame: head | type | opcode | payload length u16 | payload | sum8 from type to payload | tail (manual V2.1 §2)."""

from enum import IntEnum
from typing import NamedTuple

from firmware_protocols.checksums import sum8
from firmware_protocols.events import FrameFault
from firmware_protocols.frame_buffer import Fault

HEADER_SIZE = 5
OVERHEAD = 7
MAX_PAYLOAD = 576  # a tag's PC and longest EPC and 255 words of memory, rounded up


class FrameType(IntEnum):
    COMMAND = 0
    RESPONSE = 1
    NOTICE = 2


class Delimiters(NamedTuple):
    head: int
    tail: int


DELIMITERS = {"m100": Delimiters(0xBB, 0x7E), "r200": Delimiters(0xAA, 0xDD)}


class M100Shape:
    """Head and tail bytes are not escaped and occur in data: only the length says where a frame ends."""

    max_size = OVERHEAD + MAX_PAYLOAD

    def __init__(self, delimiters: Delimiters) -> None:
        self.head, self._tail = delimiters

    def size_of(self, buffer: bytearray) -> int:
        if len(buffer) < HEADER_SIZE:
            return HEADER_SIZE if len(buffer) < 2 or buffer[1] <= FrameType.NOTICE else 0
        payload = buffer[3] << 8 | buffer[4]
        return OVERHEAD + payload if buffer[1] <= FrameType.NOTICE and payload <= MAX_PAYLOAD else 0

    def header_fault(self, buffer: bytearray) -> Fault:
        if buffer[1] > FrameType.NOTICE:
            return Fault(FrameFault.NOISE, "frame type 00, 01 or 02", f"{buffer[1]:02x}")
        return Fault(FrameFault.LENGTH, f"at most {MAX_PAYLOAD} bytes of payload", f"{buffer[3] << 8 | buffer[4]} bytes")

    def fault_of(self, frame: bytes) -> Fault | None:
        if frame[-1] != self._tail:
            return Fault(FrameFault.TAIL, f"{self._tail:02x}", f"{frame[-1]:02x}")
        true_sum = sum(frame[1:-2]) & 0xFF
        if true_sum != frame[-2]:
            return Fault(FrameFault.CHECKSUM, f"{true_sum:02x}", f"{frame[-2]:02x}")
        return None


def build_frame(delimiters: Delimiters, frame_type: FrameType, opcode: int, payload: bytes = b"") -> bytes:
    body = bytes((frame_type, opcode)) + len(payload).to_bytes(2) + payload
    return bytes((delimiters.head,)) + body + bytes((sum8(body), delimiters.tail))
