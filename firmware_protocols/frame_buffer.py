"""Bytes in any pieces → whole frames. One visible rule: what makes no frame costs its first byte, and the search goes on.

* A frame is taken by the length that its head announces, never by a search for its tail: data may hold head and tail bytes.
* A broken frame is reported once, with all its bytes; but a good frame that begins inside it is found (a false head in noise).
* What comes out does not depend on how the line cut the bytes: noise is held until something follows it, or the line falls silent.
* Nothing is held beyond one frame of the largest size and NOISE_LIMIT bytes of noise.
"""

from dataclasses import dataclass
from typing import Protocol

from firmware_protocols.events import NEED_DATA, FrameError, FrameFault, NeedData

NOISE_LIMIT = 256


@dataclass(frozen=True, slots=True)
class Fault:
    """Why bytes make no frame."""

    reason: FrameFault
    expected: str
    found: str


class FrameShape(Protocol):
    """How a family's frames begin, how long they are, and when they are whole. Pure functions of bytes."""

    @property
    def head(self) -> int | None:
        """The byte that every frame begins with; None where any byte may begin one."""

    @property
    def max_size(self) -> int:
        """Bytes of the longest frame that is believed."""

    def size_of(self, buffer: bytearray) -> int:
        """Bytes of the frame that begins the buffer; while the header is not whole, any number beyond what is there.
        0: no frame begins so.
        """

    def header_fault(self, buffer: bytearray) -> Fault:
        """Why `size_of` said 0."""

    def fault_of(self, frame: bytes) -> Fault | None:
        """What is wrong with a frame of the announced size."""


class FrameBuffer:
    """Finds the frames of one shape. Feed it, then call `next_frame` until NEED_DATA."""

    def __init__(self, shape: FrameShape) -> None:
        self._shape, self._head = shape, shape.head
        self._bytes = bytearray()
        self._before_gap: int | None = None  # how many bytes came before the line fell silent
        self._fault: Fault | None = None  # why the bytes in _waste are thrown away
        self._waste = bytearray()
        self._claimed: int | None = None  # how many more bytes belong to the broken frame in _waste; None: it is noise

    @property
    def held_bytes(self) -> int:
        return len(self._bytes) + len(self._waste)

    def receive_data(self, data: bytes) -> None:
        self._bytes += data

    def receive_gap(self) -> None:
        """What the bytes so far have begun will not be completed."""
        self._before_gap = len(self._bytes)

    def next_frame(self) -> bytes | FrameError | NeedData:
        if self._fault is None and self._before_gap is None:
            frame = self._next_of_clean_line()
            if frame is not None:
                return frame
        while not self._is_settled():
            if not self._bytes:
                return NEED_DATA
            found = self._try_frame()
            if found is not None:
                return found
        return self._take_error()

    def _next_of_clean_line(self) -> bytes | NeedData | None:
        """As nearly every frame comes: whole, behind another whole one. None: look closer."""
        buffer, shape = self._bytes, self._shape
        if not buffer:
            return NEED_DATA
        size = shape.size_of(buffer) if self._head is None or self._head == buffer[0] else 0
        if not size:
            return None
        if size > len(buffer):
            return NEED_DATA
        frame = bytes(buffer[:size])
        if shape.fault_of(frame) is not None:
            return None
        del buffer[:size]
        return frame

    def _try_frame(self) -> bytes | FrameError | NeedData | None:
        """What the first byte begins: a frame, an error to be told before it, or the wait for more. None: it was thrown away."""
        buffer, shape = self._bytes, self._shape
        size = shape.size_of(buffer) if shape.head is None or shape.head == buffer[0] else 0
        there = len(buffer) if self._before_gap is None else self._before_gap
        if not size:
            self._discard_to_head()
        elif size > there:
            if self._before_gap is None:
                return NEED_DATA
            self._refuse(Fault(FrameFault.LENGTH, f"{size} bytes", f"{there} bytes, then silence"), there)
        else:
            frame = bytes(buffer[:size])
            fault = shape.fault_of(frame)
            if fault is None:
                return self._deliver(frame)
            self._refuse(fault, size)
        return None

    def _deliver(self, frame: bytes) -> bytes | FrameError:
        if self._fault is not None:
            return self._take_error()
        self._take(len(frame))
        return frame

    def _is_settled(self) -> bool:
        """Is there an error to which nothing will be added?"""
        is_at_gap = self._before_gap == 0
        if is_at_gap:
            self._before_gap = None
        if self._fault is None:
            return False
        return is_at_gap or self._claimed == 0 or (self._claimed is None and len(self._waste) >= NOISE_LIMIT)

    def _discard_to_head(self) -> None:
        """Throw away bytes up to the next that may be a head; the first may be one, but of no frame."""
        buffer, head = self._bytes, self._shape.head
        if head is None:
            self._discard(1, self._shape.header_fault(buffer))
            return
        fault = self._fault or (
            self._shape.header_fault(buffer) if buffer[0] == head else Fault(FrameFault.NOISE, f"{head:02x}", f"{buffer[0]:02x}")
        )
        distance = buffer.find(head, 1)
        self._discard(distance if distance > 0 else len(buffer), fault)

    def _refuse(self, fault: Fault, size: int) -> None:
        """Throw away the first byte of a broken frame. If it lies inside another broken one, it is part of that one's error."""
        if self._claimed is None:
            if self._fault is not None:
                self._claimed = 0  # noise came before: report it first, then look again
                return
            self._fault, self._claimed = fault, size
        self._discard(1, fault)

    def _discard(self, count: int, fault: Fault) -> None:
        self._fault = self._fault or fault
        if self._claimed is None:
            count = min(count, NOISE_LIMIT - len(self._waste))
        else:
            count = min(count, self._claimed)
            self._claimed -= count
        if self._before_gap is not None:
            count = min(count, self._before_gap)
        self._waste += self._bytes[:count]
        self._take(count)

    def _take(self, count: int) -> None:
        del self._bytes[:count]
        if self._before_gap is not None:
            self._before_gap -= count

    def _take_error(self) -> FrameError:
        fault = self._fault
        assert fault is not None
        if self._claimed:
            # A silence has already said what the head announced: more than there was.
            announced = fault.expected if fault.reason is FrameFault.LENGTH else f"{len(self._waste) + self._claimed} bytes"
            fault = Fault(FrameFault.LENGTH, announced, f"{len(self._waste)} bytes, then another frame")
        error = FrameError(fault.reason, fault.expected, fault.found, bytes(self._waste))
        self._fault, self._claimed = None, None
        self._waste.clear()
        return error
