"""Messages: 3 zero bits, 3 version bits, 10-bit type | length u32 with these ten bytes | id u32 | fields and parameters (§16.1).

There is no checksum and no byte that begins every message. TCP loses nothing, so a stream is in step from its first byte. Where bytes
make no message (a fault of the reader, or another protocol) they are thrown away until a header of a known message follows.
"""

import struct
from typing import NamedTuple

from firmware_protocols.events import NEED_DATA, FrameError, FrameFault, NeedData
from firmware_protocols.frame_buffer import NOISE_LIMIT, Fault
from firmware_protocols.llrp.tables import EXACT_SIZE, FIRST_PARAMETERS, MESSAGE_NAME, TV_SIZE, Version

HEADER_SIZE = 10
LENGTH_END = 6
MAX_MESSAGE = 1 << 20
TYPE_MASK = 0x3FF
FIRST_PARAMETER_END = 14
BELIEVED = 1 << 16  # a longer message has to begin as its type does
TLV_HEADER_SIZE = 4
_HEADER = struct.Struct(">HII")
_HEADER_AND_PARAMETER = struct.Struct(">HIIHH")
_VERSIONS = frozenset(Version)


class Parameter(NamedTuple):
    """Where one parameter stands in its message: its type, and its value from `start` to `end`."""

    type: int
    start: int
    end: int


class Malformed(Exception):
    """A message is whole, but what stands in it is not."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected, self.found = expected, found


def type_of(message: bytes) -> int:
    return (message[0] << 8 | message[1]) & TYPE_MASK


def version_of(message: bytes) -> int:
    return message[0] >> 2 & 0b111


def id_of(message: bytes) -> int:
    return int.from_bytes(message[6:10])


def build_message(version: Version, message_type: int, message_id: int, body: bytes = b"") -> bytes:
    return _HEADER.pack(version << 10 | message_type, HEADER_SIZE + len(body), message_id) + body


def tlv(parameter_type: int, *parts: bytes) -> bytes:
    value = b"".join(parts)
    return struct.pack(">HH", parameter_type, TLV_HEADER_SIZE + len(value)) + value


def tv(parameter_type: int, value: bytes) -> bytes:
    return bytes((0x80 | parameter_type,)) + value


def parameters_of(data: bytes, start: int, end: int) -> list[Parameter]:
    """The parameters that fill `data` from `start` to `end`, none of them opened. Raises Malformed."""
    found = []
    while start < end:
        parameter = parameter_at(data, start, end)
        found.append(parameter)
        start = parameter.end
    return found


def parameter_at(data: bytes, start: int, end: int) -> Parameter:
    """Raises Malformed: a TV parameter that is not known cannot be passed over, and no length may go beyond the end."""
    first = data[start]
    if first & 0x80:
        kind, value = first & 0x7F, start + 1
        if kind not in TV_SIZE:
            raise Malformed("a TV parameter that LLRP 1.1 knows", f"type {kind}")
        stop = value + TV_SIZE[kind]
    else:
        if end - start < TLV_HEADER_SIZE:
            raise Malformed("type and length of a parameter", data[start:end].hex())
        kind, value = (first << 8 | data[start + 1]) & TYPE_MASK, start + TLV_HEADER_SIZE
        stop = start + (data[start + 2] << 8 | data[start + 3])
    if not value <= stop <= end:
        raise Malformed(f"a length from {value - start} to {end - start} for parameter {kind}", str(stop - start))
    return Parameter(kind, value, stop)


def header_fault(buffer: bytes | bytearray, start: int = 0, *, is_strict: bool = False) -> Fault | None:
    """Why no message begins at `start`, as far as the bytes tell; None where one may. `is_strict`: after noise or a message that was
    none, only what is known is believed.
    """
    there = len(buffer) - start
    if there and buffer[start] >> 2 not in _VERSIONS:
        return Fault(FrameFault.NOISE, "a header of LLRP 1.0.1 or 1.1 (04 to 0b)", f"{buffer[start]:02x}")
    if there < LENGTH_END:
        return None
    kind = (buffer[start] << 8 | buffer[start + 1]) & TYPE_MASK
    size = int.from_bytes(buffer[start + 2 : start + LENGTH_END])
    fault = _size_fault(kind, size, is_strict=is_strict)
    has_to_show = is_strict or size > BELIEVED
    if fault or not has_to_show or there < FIRST_PARAMETER_END or size < FIRST_PARAMETER_END or kind not in FIRST_PARAMETERS:
        return fault
    return _parameter_fault(buffer, start)


def _size_fault(kind: int, size: int, *, is_strict: bool) -> Fault | None:
    if not HEADER_SIZE <= size <= MAX_MESSAGE:
        return Fault(FrameFault.LENGTH, f"a length from {HEADER_SIZE} to {MAX_MESSAGE}", str(size))
    if is_strict and kind not in MESSAGE_NAME:
        return Fault(FrameFault.NOISE, "a known message", f"type {kind}")
    if is_strict and size != HEADER_SIZE + EXACT_SIZE.get(kind, size - HEADER_SIZE):
        return Fault(FrameFault.LENGTH, f"{HEADER_SIZE + EXACT_SIZE[kind]} bytes of {MESSAGE_NAME[kind]}", str(size))
    return None


def _parameter_fault(buffer: bytes | bytearray, start: int) -> Fault | None:
    """A header whose end was lost announces a length that is none: what follows is then not what the message begins with."""
    word, size, _, first, length = _HEADER_AND_PARAMETER.unpack_from(buffer, start)
    wanted = FIRST_PARAMETERS[word & TYPE_MASK]
    if first not in wanted:
        return Fault(FrameFault.LENGTH, f"parameter {min(wanted)} first in a message of {size} bytes", f"{first:04x}")
    if not TLV_HEADER_SIZE <= length <= size - HEADER_SIZE:
        return Fault(FrameFault.LENGTH, f"a first parameter of {TLV_HEADER_SIZE} to {size - HEADER_SIZE} bytes", str(length))
    return None


class MessageBuffer:
    """Finds messages. Feed it, then call `next_message` until NEED_DATA. Holds one message of the largest size and NOISE_LIMIT bytes
    of noise at most, beside what the last `receive_data` brought.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._start = 0  # everything before it has been taken
        self._before_gap: int | None = None  # how many of the bytes came before the line fell silent
        self._fault: Fault | None = None  # why the bytes in _waste are thrown away
        self._waste = bytearray()
        self._is_doubtful = False

    @property
    def _is_strict(self) -> bool:
        return self._is_doubtful or self._fault is not None

    def doubt(self) -> None:
        """The last message was none: it may have been the rest of one and the beginning of another."""
        self._is_doubtful = True

    @property
    def held_bytes(self) -> int:
        return len(self._bytes) - self._start + len(self._waste)

    def receive_data(self, data: bytes) -> None:
        del self._bytes[: self._start]
        if self._before_gap is not None:
            self._before_gap -= self._start
        self._start = 0
        self._bytes += data

    def receive_gap(self) -> None:
        """A message that has begun may still be completed: TCP sends again what was lost. After noise it will not."""
        if self._fault is not None:
            self._before_gap = len(self._bytes)

    def next_message(self) -> bytes | FrameError | NeedData:
        there = len(self._bytes) - self._start
        if not self._is_strict and there >= HEADER_SIZE:  # the shorter way for what nearly all messages are
            word, size, _ = _HEADER.unpack_from(self._bytes, self._start)
            if word >> 10 in _VERSIONS and HEADER_SIZE <= size <= min(BELIEVED, there):
                return self._take(size)
        while True:
            found = self._try_message()
            if found is not None:
                return found

    def _try_message(self) -> bytes | FrameError | NeedData | None:
        """What begins here: a message, the end of noise, or the wait for more. None: look again."""
        fault = header_fault(self._bytes, self._start, is_strict=self._is_strict)
        if fault is not None:
            self._discard(fault)
            return self._end_noise(fault) if len(self._waste) >= NOISE_LIMIT else None
        there, size = len(self._bytes) - self._start, self._size()
        if there >= size:
            return self._take(size) if self._fault is None else self._end_noise()
        if self._before_gap is None:
            return NEED_DATA
        if self._start >= self._before_gap:
            return self._end_noise()
        self._discard(Fault(FrameFault.LENGTH, f"{size} bytes", f"{there} bytes, then silence"))
        return None

    def _size(self) -> int:
        """Of the message that begins here; while its length is not there, more than there is."""
        if len(self._bytes) - self._start < HEADER_SIZE:
            return HEADER_SIZE
        return int.from_bytes(self._bytes[self._start + 2 : self._start + LENGTH_END])

    def _take(self, size: int) -> bytes:
        self._is_doubtful = False
        self._start += size
        return bytes(self._bytes[self._start - size : self._start])

    def _discard(self, fault: Fault) -> None:
        self._fault = self._fault or fault
        self._waste.append(self._bytes[self._start])
        self._start += 1

    def _end_noise(self, still: Fault | None = None) -> FrameError | None:
        """Report what was thrown away, if it has not been. `still`: what follows is noise too, until a header is found."""
        fault, waste = self._fault, bytes(self._waste)
        self._waste.clear()
        self._fault, self._before_gap = still, self._before_gap if still else None
        return FrameError(fault.reason, fault.expected, fault.found, waste) if fault and waste else None
