"""The frame: CF | address | command u16 | length | [status] | data | CRC, high byte first. Length counts status and data (V1.2 §1)."""

from firmware_protocols.checksums import crc16_mcrf4xx
from firmware_protocols.codec import Direction
from firmware_protocols.events import FrameFault
from firmware_protocols.frame_buffer import Fault

HEAD = 0xCF
HEADER_SIZE = 5
CRC_SIZE = 2
OVERHEAD = HEADER_SIZE + CRC_SIZE
PUBLIC_ADDRESS = 0xFF
MAX_DATA = 255
SMALLEST_LENGTH = {Direction.TO_READER: 0, Direction.FROM_READER: 1}


class CfShape:
    head = HEAD
    max_size = OVERHEAD + MAX_DATA

    def __init__(self, direction: Direction) -> None:
        self._smallest = SMALLEST_LENGTH[direction]

    def size_of(self, buffer: bytearray) -> int:
        if len(buffer) < HEADER_SIZE:
            return OVERHEAD
        return OVERHEAD + buffer[4] if buffer[4] >= self._smallest else 0

    def header_fault(self, buffer: bytearray) -> Fault:
        return Fault(FrameFault.LENGTH, f"a length of at least {self._smallest}: the status", str(buffer[4]))

    def fault_of(self, frame: bytes) -> Fault | None:
        true_crc = crc16_mcrf4xx(frame[:-CRC_SIZE]).to_bytes(CRC_SIZE)
        if frame.endswith(true_crc):
            return None
        return Fault(FrameFault.CHECKSUM, true_crc.hex(), frame[-CRC_SIZE:].hex())


def build_frame(address: int, command: int, data: bytes = b"") -> bytes:
    """To the reader; from it, `data` begins with the status."""
    body = bytes((HEAD, address)) + command.to_bytes(2) + bytes((len(data),)) + data
    return body + crc16_mcrf4xx(body).to_bytes(CRC_SIZE)
