"""The frame: A0 | length | address | command | data | check. Length counts what follows it; the sum of all bytes is zero (V3.7 §1)."""

from firmware_protocols.checksums import complement8
from firmware_protocols.events import FrameFault
from firmware_protocols.frame_buffer import Fault

HEAD = 0xA0
OVERHEAD = 5
SMALLEST_LENGTH = 3  # address, command, check
PUBLIC_ADDRESS = 0xFF
MAX_DATA = 255 - SMALLEST_LENGTH


class R2000Shape:
    head = HEAD
    max_size = 2 + 255

    def size_of(self, buffer: bytearray) -> int:
        if len(buffer) < 2:
            return 2 + SMALLEST_LENGTH
        return 2 + buffer[1] if buffer[1] >= SMALLEST_LENGTH else 0

    def header_fault(self, buffer: bytearray) -> Fault:
        return Fault(FrameFault.LENGTH, f"a length of at least {SMALLEST_LENGTH}", str(buffer[1]))

    def fault_of(self, frame: bytes) -> Fault | None:
        if sum(frame) & 0xFF == 0:
            return None
        return Fault(FrameFault.CHECKSUM, f"{complement8(frame[:-1]):02x}", f"{frame[-1]:02x}")


def build_frame(address: int, command: int, data: bytes = b"") -> bytes:
    body = bytes((HEAD, len(data) + SMALLEST_LENGTH, address, command)) + data
    return body + bytes((complement8(body),))
