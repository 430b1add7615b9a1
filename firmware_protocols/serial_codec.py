"""What the codecs of the serial families share: bytes through a frame buffer into events, commands through requests into frames."""

from abc import ABC, abstractmethod
from collections import deque

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import NEED_DATA, Event, FrameError, FrameFault, NeedData, Status
from firmware_protocols.frame_buffer import FrameBuffer, FrameShape
from firmware_protocols.gen2 import Gen2Error

Request = tuple[int, bytes]
"""An opcode and what stands behind it in the frame."""


GEN2_STATUS: dict[int, Status] = {
    Gen2Error.MEMORY_OVERRUN: Status.MEMORY_OVERRUN,
    Gen2Error.MEMORY_LOCKED: Status.LOCKED,
    Gen2Error.LOW_POWER: Status.LOW_POWER,
}
"""The tag's own error code; all others are TAG_ERROR."""


class SerialCodec(ABC):
    """A family adds the shape of its frames and four short functions: what a whole frame says in either direction, which requests a
    command is made of, and the frame around a request.
    """

    def __init__(self, facts: FamilyFacts, shape: FrameShape, direction: Direction) -> None:
        self._facts = facts
        self._frames = FrameBuffer(shape)
        self._decode = self._from_reader if direction is Direction.FROM_READER else self._to_reader
        self._pending: deque[Event] = deque()  # what the last frame said beyond its first event

    @property
    def facts(self) -> FamilyFacts:
        return self._facts

    @property
    def held_bytes(self) -> int:
        return self._frames.held_bytes

    def receive_data(self, data: bytes) -> None:
        self._frames.receive_data(data)

    def receive_gap(self) -> None:
        self._frames.receive_gap()

    def next_event(self) -> Event | NeedData:
        if self._pending:
            return self._pending.popleft()
        frame = self._frames.next_frame()
        if frame is NEED_DATA or isinstance(frame, FrameError):
            return frame
        return self._decode(frame)

    def encode(self, command: Command) -> tuple[bytes, ...]:
        return tuple(self._frame(opcode, data) for opcode, data in self._requests(command))

    @abstractmethod
    def _from_reader(self, frame: bytes) -> Event:
        """What a reader says. Further events of the same frame go to `_pending`."""

    @abstractmethod
    def _to_reader(self, frame: bytes) -> Event:
        """What a host asks."""

    @abstractmethod
    def _requests(self, command: Command) -> tuple[Request, ...]:
        """Raises Unsupported or BadArgument, and then remembers nothing of the command."""

    @abstractmethod
    def _frame(self, opcode: int, data: bytes) -> bytes: ...


def check_address(family: str, address: int) -> None:
    """Raises BadArgument."""
    if not 0 <= address <= 0xFF:
        raise BadArgument(family, "address", "00 to FF", f"{address:02x}")


def check_port_count(family: str, antenna_ports: int, allowed: tuple[int, ...]) -> None:
    """Raises BadArgument."""
    if antenna_ports not in allowed:
        raise BadArgument(family, "number of antenna ports", ", ".join(map(str, allowed)), str(antenna_ports))


def content_error(frame: bytes, expected: str, found: str) -> FrameError:
    """The frame is whole; what stands in it makes no sense."""
    return FrameError(FrameFault.CONTENT, expected, found, frame)
