"""What readers tell as JSON → events: the lines of a stream. A message of MQTT or of a webhook is made one line by `line_of`.

* A line holds one event object, an array of them, or several one after the other; a blank line keeps the connection alive.
* What is no JSON is reported once, with all its bytes; but an event that begins inside it and ends its line is found.
* What one event of a message has wrong costs that event alone.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command
from firmware_protocols.errors import Unsupported
from firmware_protocols.events import NEED_DATA, Event, FrameError, FrameFault, NeedData, Notice
from firmware_protocols.json_fields import JsonObject, WrongShape, find_text, shown
from firmware_protocols.line_buffer import Line, LineBuffer

MAX_LINE = 256 * 1024
MAX_STARTS = 8  # how often an event is looked for inside a broken line: a bound on the work that one line can make
MAX_NAME = 64
KEEPALIVE = Notice("keepalive")
SPACE = " \t\r\n"
BYTE_ORDER_MARK = "\ufeff"  # RFC 8259, 8.1: not to be sent, and to be passed over where it was
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_NAME = re.compile(r"[^a-z0-9]+")
_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")

EventDecoder = Callable[[JsonObject], Iterable[Event]]
"""The events that one object tells. Raises WrongShape."""


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class JsonLinesCodec:
    """The codec of a family that tells events as JSON on lines and takes no command on them; `remedy` says where it takes them."""

    def __init__(self, facts: FamilyFacts, decode: EventDecoder, remedy: str, direction: Direction) -> None:
        self._facts, self._remedy = facts, remedy
        self._lines = LineBuffer(MAX_LINE)
        self._decode = decode if direction is Direction.FROM_READER else _refuse_host
        self._events: deque[Event] = deque()

    @property
    def facts(self) -> FamilyFacts:
        return self._facts

    @property
    def held_bytes(self) -> int:
        return self._lines.held_bytes

    def receive_data(self, data: bytes) -> None:
        self._lines.receive_data(data)

    def receive_gap(self) -> None:
        """A line without its end is then read as a whole message, if it is one."""
        self._lines.receive_gap()

    def encode(self, command: Command) -> tuple[bytes, ...]:
        raise Unsupported(self._facts.name, f"take {type(command).__name__} here", self._remedy)

    def next_event(self) -> Event | NeedData:
        while not self._events:
            line = self._lines.next_line()
            if line is NEED_DATA or isinstance(line, FrameError):
                return line
            self._events += self._line_events(line)
        return self._events.popleft()

    def _line_events(self, line: Line) -> Iterable[Event]:
        if line.is_ended:
            return [KEEPALIVE] if not line.text.strip() else self._events_of(line.text)
        return [_cut_short(line.text)] if not _is_whole(line.text) else self._events_of(line.text)

    def _events_of(self, text: bytes) -> list[Event]:
        return list(_events_in(_as_text(text), self._decode))


def line_of(message: bytes) -> bytes:
    """A whole message as one line: JSON allows a line end only where a space does as well."""
    return message.translate(_LINE_ENDS) + b"\n"


def note_of(event: JsonObject, name: str, *, detail: str = "", reader_time_us: int | None = None) -> Notice:
    """A notice that keeps the whole event as JSON. `name` as the maker writes it."""
    return Notice(notice_name(name), data=compact(event), detail=detail, reader_time_us=reader_time_us)


def notice_name(name: str) -> str:
    """`inventoryStatus` → `inventory_status`; of any text, only what can stand in a name."""
    return _NO_NAME.sub("_", _HUMP.sub("_", name[:MAX_NAME]).lower()).strip("_") or "unnamed"


def find_name(event: JsonObject, *fields: str) -> str | None:
    """The first of these fields that holds text. Raises WrongShape if one holds something else."""
    return next((name for field in fields if (name := find_text(event, field))), None)


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _as_text(text: bytes) -> str:
    """Without what may stand around an event and means nothing."""
    return text.decode("utf-8", errors="surrogateescape").strip(SPACE).removeprefix(BYTE_ORDER_MARK).lstrip(SPACE)


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")


class _NoJson(Exception):
    """`fault` says why in a few words; empty: nothing began there."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def _events_in(text: str, decode: EventDecoder) -> Iterator[Event]:
    place = 0
    while place < len(text):
        try:
            value, end = _value_at(text, place)
        except _NoJson as broken:
            yield from _search(text[place:], broken.fault, decode)
            return
        yield from _events_of_value(value, decode)
        place = end


def _search(text: str, fault: str, decode: EventDecoder) -> Iterator[Event]:
    """What begins here is broken: do events follow in it, up to the end of the line?"""
    for start in _starts(text):
        values = _find_values(text, start)
        if values is None:
            continue
        events = [event for value in values for event in _events_of_value(value, decode)]
        if all(isinstance(event, FrameError) for event in events):
            break  # a part of the broken event, no event of its own
        yield _broken(text[:start], fault)
        yield from events
        return
    yield _broken(text, fault)


def _find_values(text: str, place: int) -> list[object] | None:
    """What stands from there to the end; None if that is not whole."""
    values = []
    while place < len(text):
        try:
            value, place = _value_at(text, place)
        except _NoJson:
            return None
        values.append(value)
    return values


def _value_at(text: str, place: int) -> tuple[object, int]:
    """The object or array that begins there, and where the next thing begins. Raises _NoJson."""
    if text[place] not in "{[":
        raise _NoJson("")
    try:
        value, place = _DECODER.raw_decode(text, place)
    except json.JSONDecodeError as error:
        raise _NoJson(error.msg) from None
    except ValueError:
        raise _NoJson("a number out of bounds") from None
    except RecursionError:
        raise _NoJson("nested too deep") from None
    while place < len(text) and text[place] in SPACE:
        place += 1
    return value, place


def _starts(text: str) -> Iterator[int]:
    place = 0
    for _ in range(MAX_STARTS):
        found = [start for bracket in "{[" if (start := text.find(bracket, place + 1)) >= 0]
        if not found:
            return
        place = min(found)
        yield place


def _events_of_value(value: object, decode: EventDecoder) -> Iterator[Event]:
    for member in value if isinstance(value, list) else [value]:
        if isinstance(member, dict):
            yield from _events_of_object(member, decode)
        else:
            yield FrameError(FrameFault.CONTENT, "an array of event objects", f"{shown(member)} in it", _data_of(member))


def _events_of_object(event: JsonObject, decode: EventDecoder) -> Iterable[Event]:
    try:
        return tuple(decode(event))
    except WrongShape as wrong:
        return (FrameError(FrameFault.CONTENT, wrong.expected, wrong.found, _data_of(event)),)
    except RecursionError:
        return (FrameError(FrameFault.CONTENT, "an event object", "one that is nested too deep", b""),)


def _data_of(value: object) -> bytes:
    try:
        return compact(value)
    except RecursionError:
        return b""


def _broken(text: str, fault: str) -> FrameError:
    data = _as_bytes(text)
    if fault:
        return FrameError(FrameFault.CONTENT, "JSON", f"broken JSON ({fault})", data)
    return FrameError(FrameFault.NOISE, "{ or [", f"{data[0]:02x}", data)


def _is_whole(text: bytes) -> bool:
    return _find_values(_as_text(text), 0) is not None


def _cut_short(text: bytes) -> FrameError:
    return FrameError(FrameFault.LENGTH, "a line end", f"{len(text)} bytes, then silence", text)


def _refuse_host(_event: JsonObject) -> Iterable[Event]:
    raise WrongShape("nothing: a host sends this reader HTTP requests", "an object; read it with direction from-reader")
