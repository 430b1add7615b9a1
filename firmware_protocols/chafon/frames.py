"""The frame: length | address | command | [status] | data | CRC, low byte first. Length counts what follows it (V2.20 §3).

No byte says where a frame begins. A length and a CRC that fits are all there is; what was half received before the line fell silent
is not completed (V2.20 §2: 15 ms).
"""

from firmware_protocols.checksums import crc16_mcrf4xx
from firmware_protocols.codec import Direction
from firmware_protocols.events import FrameFault
from firmware_protocols.frame_buffer import Fault

PUBLIC_ADDRESS = 0xFF
CRC_SIZE = 2
SMALLEST_LENGTH = {Direction.TO_READER: 4, Direction.FROM_READER: 5}
MAX_DATA = 255 - SMALLEST_LENGTH[Direction.FROM_READER]
# UHFReader18 pushes this over TCP, without a CRC. A frame of 87 bytes may begin with 56 too, but none answers a command 00.
HEARTBEAT = bytes.fromhex("560000000000")


class ChafonShape:
    head = None
    max_size = 1 + 255

    def __init__(self, direction: Direction) -> None:
        self._smallest = SMALLEST_LENGTH[direction]
        self._has_heartbeats = direction is Direction.FROM_READER

    def size_of(self, buffer: bytearray) -> int:
        length = buffer[0]
        if length == HEARTBEAT[0] and self._has_heartbeats and HEARTBEAT.startswith(buffer[: len(HEARTBEAT)]):
            return len(HEARTBEAT)
        return 1 + length if length >= self._smallest else 0

    def header_fault(self, buffer: bytearray) -> Fault:
        return Fault(FrameFault.NOISE, f"a length of at least {self._smallest}", str(buffer[0]))

    def fault_of(self, frame: bytes) -> Fault | None:
        true_crc = crc16_mcrf4xx(frame[:-CRC_SIZE]).to_bytes(CRC_SIZE, "little")
        if frame.endswith(true_crc) or frame == HEARTBEAT:
            return None
        return Fault(FrameFault.CHECKSUM, true_crc.hex(), frame[-CRC_SIZE:].hex())


def build_frame(address: int, command: int, data: bytes = b"") -> bytes:
    """To the reader; from it, `data` begins with the status."""
    body = bytes((len(data) + SMALLEST_LENGTH[Direction.TO_READER], address, command)) + data
    return body + crc16_mcrf4xx(body).to_bytes(CRC_SIZE, "little")
