"""The frame: FF | length | opcode | status u16, from readers alone | data | CRC. Length counts data (MercuryAPI, serial_reader_l3.c)."""

from firmware_protocols.checksums import crc16_mercury
from firmware_protocols.codec import Direction
from firmware_protocols.events import FrameFault
from firmware_protocols.frame_buffer import Fault

HEAD = 0xFF
OVERHEAD = {Direction.TO_READER: 5, Direction.FROM_READER: 7}
MAX_SIZE = 256  # TMR_SR_MAX_PACKET_SIZE
CRC_SIZE = 2


class ThingMagicShape:
    """No byte is escaped, FF occurs in data. A length of FF is none: hosts send rows of FF to wake a sleeping module."""

    head = HEAD
    max_size = MAX_SIZE

    def __init__(self, direction: Direction) -> None:
        self._overhead = OVERHEAD[direction]

    def size_of(self, buffer: bytearray) -> int:
        if len(buffer) < 2:
            return self._overhead
        size = self._overhead + buffer[1]
        return size if size <= MAX_SIZE else 0

    def header_fault(self, buffer: bytearray) -> Fault:
        return Fault(FrameFault.LENGTH, f"at most {MAX_SIZE - self._overhead} bytes of data", f"{buffer[1]} bytes")

    def fault_of(self, frame: bytes) -> Fault | None:
        true_crc = crc16_mercury(frame[1:-2])
        if true_crc == frame[-2] << 8 | frame[-1]:
            return None
        return Fault(FrameFault.CHECKSUM, f"{true_crc:04x}", frame[-2:].hex())


def build_command(opcode: int, data: bytes = b"") -> bytes:
    """A host's frame."""
    return _frame(bytes((len(data), opcode)) + data)


def build_reply(opcode: int, status: int, data: bytes = b"") -> bytes:
    """A reader's frame."""
    return _frame(bytes((len(data), opcode)) + status.to_bytes(2) + data)


def _frame(body: bytes) -> bytes:
    return bytes((HEAD,)) + body + crc16_mercury(body).to_bytes(CRC_SIZE)
