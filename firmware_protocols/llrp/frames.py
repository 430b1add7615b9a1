"""Messages: 3 zero bits, 3 version bits, 10-bit type | length u32 with these ten bytes | id u32 | fields and parameters (§16.1).

There is no checksum and no byte that begins every message. TCP loses nothing, so a stream is in step from its first byte. Where bytes
make no message (a fault of the reader, or another protocol) they are thrown away until a header of a known message follows.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from firmware_protocols.events import NEED_DATA, FrameError, FrameFault, NeedData
from firmware_protocols.frame_buffer import NOISE_LIMIT, Fault
from firmware_protocols.llrp.tables import EXACT_SIZE, FIRST_PARAMETERS, FIXED_SIZE, MESSAGE_NAME, TV_SIZE, MessageType, Version

HEADER_SIZE = 10
LENGTH_END = 6
MAX_MESSAGE = 1 << 20
TYPE_MASK = 0x3FF
TV_BIT = 0x8000
FIRST_PARAMETER_END = 14
FIRST_TLV = 128  # the types below are those of TV parameters
BELIEVED = 1 << 16  # a longer message has to begin as its type does
TLV_HEADER_SIZE = 4
_HEADER = struct.Struct(">HII")
_HEADER_AND_PARAMETER = struct.Struct(">HIIHH")
_VERSIONS = frozenset(Version)
RECOGNISED = frozenset(EXACT_SIZE) | frozenset(FIRST_PARAMETERS)
_REPORTS = frozenset(version << 10 | MessageType.RO_ACCESS_REPORT for version in Version)


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


def type_of(message: bytes | bytearray) -> int:
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
        if kind < FIRST_TLV:
            raise Malformed(f"type {FIRST_TLV} or more of a parameter with a length", f"type {kind}")
        stop = start + (data[start + 2] << 8 | data[start + 3])
    if not value <= stop <= end:
        raise Malformed(f"a length from {value - start} to {end - start} for parameter {kind}", str(stop - start))
    return Parameter(kind, value, stop)


def header_fault(buffer: bytes | bytearray, start: int, only: frozenset[int] | None) -> Fault | None:
    """Why no message begins at `start`, as far as the bytes tell; None where one may. `only`: what alone is believed, after noise or
    a message that was none; None: any message.
    """
    there = len(buffer) - start
    if there and buffer[start] >> 2 not in _VERSIONS:
        return Fault(FrameFault.NOISE, "a header of LLRP 1.0.1 or 1.1 (04 to 0b)", f"{buffer[start]:02x}")
    if there < LENGTH_END:
        return None
    kind = (buffer[start] << 8 | buffer[start + 1]) & TYPE_MASK
    size = int.from_bytes(buffer[start + 2 : start + LENGTH_END])
    fault = _size_fault(kind, size, only)
    has_to_show = only is not None or size > BELIEVED
    if fault or not has_to_show or there < FIRST_PARAMETER_END or size < FIRST_PARAMETER_END or kind not in FIRST_PARAMETERS:
        return fault
    return _parameter_fault(buffer, start)


def _size_fault(kind: int, size: int, only: frozenset[int] | None) -> Fault | None:
    if not HEADER_SIZE <= size <= MAX_MESSAGE:
        return Fault(FrameFault.LENGTH, f"a length from {HEADER_SIZE} to {MAX_MESSAGE}", str(size))
    if size > BELIEVED and not has_parameters(kind):
        return Fault(FrameFault.LENGTH, f"at most {BELIEVED} bytes of a message without known parameters", str(size))
    if only is not None and kind not in only:
        return Fault(FrameFault.NOISE, "a message of this direction", f"type {kind}")
    if size != HEADER_SIZE + EXACT_SIZE.get(kind, size - HEADER_SIZE):
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


@dataclass(slots=True)
class ParameterWalk:
    """Looks in a message for another that begins in it: then the length of the first is false, or its end was lost.

    Where all is well, one parameter follows the other to the end. Where one should begin and none does, a message of this direction
    that can be recognised ends the search.
    """

    place: int
    is_broken: bool = False

    def finds_message(self, buffer: bytes | bytearray, end: int, expected: frozenset[int]) -> bool:
        """As far as there are bytes; the next call goes on from there. True: at `place`."""
        recognised = expected & RECOGNISED
        there = min(end, len(buffer)) - FIRST_PARAMETER_END
        while self.place <= there:
            if not self.is_broken and self._pass_parameter(buffer):
                continue
            if header_fault(buffer, self.place, recognised) is None:
                return True
            self.is_broken = True
            self.place += 1
        return False

    def _pass_parameter(self, buffer: bytes | bytearray) -> bool:
        word = buffer[self.place] << 8 | buffer[self.place + 1]
        if word & TV_BIT:
            size = 1 + TV_SIZE.get(word >> 8 & 0x7F, -1)
        else:
            size = buffer[self.place + 2] << 8 | buffer[self.place + 3]
            if size < TLV_HEADER_SIZE or word & TYPE_MASK < FIRST_TLV:
                return False
        self.place += size
        return size > 0


def false_length(message: bytes, size: int) -> FrameError:
    return FrameError(FrameFault.LENGTH, f"a message of {size} bytes", f"{len(message)} bytes, then another message", message)


def has_parameters(message_type: int) -> bool:
    return message_type in MESSAGE_NAME and message_type not in EXACT_SIZE and message_type != MessageType.CUSTOM_MESSAGE


def _walk_from(start: int, message_type: int) -> ParameterWalk:
    """What a message holds that is not known, or a maker's own, cannot be passed over by its parameters."""
    return ParameterWalk(start + HEADER_SIZE + FIXED_SIZE.get(message_type, 0), is_broken=not has_parameters(message_type))


class MessageBuffer:
    """Finds messages. Feed it, then call `next_message` until NEED_DATA. Holds one message of the largest size and NOISE_LIMIT bytes
    of noise at most, beside what the last `receive_data` brought.
    """

    def __init__(self, expected: frozenset[int]) -> None:
        """`expected`: the messages of this direction, which alone are believed after noise."""
        self._expected = expected
        self._bytes = bytearray()
        self._start = 0  # everything before it has been taken
        self._before_gap: int | None = None  # how many of the bytes came before the line fell silent
        self._fault: Fault | None = None  # why the bytes in _waste are thrown away
        self._waste = bytearray()
        self._is_doubtful = False
        self._walk: ParameterWalk | None = None  # through the half message at _start

    @property
    def _is_strict(self) -> bool:
        return self._is_doubtful or self._fault is not None

    def reconsider(self, message: bytes) -> FrameError | None:
        """The message that was taken last is not well formed. If another begins in it, its length was false: that one comes next.
        Otherwise it may have been the rest of one and the beginning of another: what follows has to be known.
        """
        self._is_doubtful = True
        message_type = type_of(message)
        if not has_parameters(message_type):
            return None
        walk = _walk_from(0, message_type)
        if not walk.finds_message(message, len(message), self._expected):
            return None
        self._is_doubtful = False
        self._move(walk.place - len(message))
        return false_length(message[: walk.place], len(message))

    @property
    def held_bytes(self) -> int:
        return len(self._bytes) - self._start + len(self._waste)

    def receive_data(self, data: bytes) -> None:
        del self._bytes[: self._start]
        if self._walk:
            self._walk.place -= self._start
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
            if word in _REPORTS and HEADER_SIZE <= size <= min(BELIEVED, there):
                return self._take(size)
        while True:
            found = self._try_message()
            if found is not None:
                return found

    def _try_message(self) -> bytes | FrameError | NeedData | None:
        """What begins here: a message, the end of noise, or the wait for more. None: look again."""
        fault = header_fault(self._bytes, self._start, self._expected if self._is_strict else None)
        if fault is not None:
            self._discard(fault)
            return self._end_noise(fault) if len(self._waste) >= NOISE_LIMIT else None
        size, is_whole = self._size()
        if cut := self._find_cut(size, is_whole=is_whole):
            return self._refuse(cut, size)
        if not is_whole:
            return self._wait(size)
        return self._take(size) if self._fault is None else self._end_noise()

    def _refuse(self, cut: bytes, size: int) -> FrameError | None:
        if self._fault is None:
            self._move(len(cut))
            return false_length(cut, size)
        self._discard(Fault(FrameFault.LENGTH, f"{size} bytes", f"{len(cut)} bytes, then a message"))
        return None

    def _wait(self, size: int) -> FrameError | NeedData | None:
        """For the rest of a message, unless it will not come."""
        if self._before_gap is None:
            return NEED_DATA
        if self._start >= self._before_gap:
            return self._end_noise()
        self._discard(Fault(FrameFault.LENGTH, f"{size} bytes", f"{len(self._bytes) - self._start} bytes, then silence"))
        return None

    def _find_cut(self, size: int, *, is_whole: bool) -> bytes:
        """What there is of the message that begins here, if another begins in it; else b"". Whole messages whose parameters are read
        are looked at when they turn out not to be well formed (`reconsider`), but for those after noise: it goes on if they are none.
        """
        if len(self._bytes) - self._start < HEADER_SIZE:
            return b""
        message_type = type_of(self._bytes[self._start : self._start + 2])
        is_looked_at_later = is_whole and self._fault is None and has_parameters(message_type)
        if message_type in EXACT_SIZE or is_looked_at_later:
            return b""
        self._walk = self._walk or _walk_from(self._start, message_type)
        is_cut = self._walk.finds_message(self._bytes, self._start + size, self._expected)
        return bytes(self._bytes[self._start : self._walk.place]) if is_cut else b""

    def _size(self) -> tuple[int, bool]:
        """Of the message that begins here, at least a header's, and whether it is all there."""
        there = len(self._bytes) - self._start
        if there < HEADER_SIZE:
            return HEADER_SIZE, False
        size = int.from_bytes(self._bytes[self._start + 2 : self._start + LENGTH_END])
        return size, size <= there

    def _take(self, size: int) -> bytes:
        self._is_doubtful = False
        self._move(size)
        return bytes(self._bytes[self._start - size : self._start])

    def _move(self, distance: int) -> None:
        self._start += distance
        self._walk = None

    def _discard(self, fault: Fault) -> None:
        self._fault = self._fault or fault
        self._waste.append(self._bytes[self._start])
        self._move(1)

    def _end_noise(self, still: Fault | None = None) -> FrameError | None:
        """Report what was thrown away, if it has not been. `still`: what follows is noise too, until a header is found."""
        fault, waste = self._fault, bytes(self._waste)
        self._waste.clear()
        self._fault, self._before_gap = still, self._before_gap if still else None
        return FrameError(fault.reason, fault.expected, fault.found, waste) if fault and waste else None
