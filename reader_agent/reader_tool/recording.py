"""What was said on a line, and when. One JSON object a line, so that `head`, `grep` and a crash leave something that can be read.

{"format": "ebike-recording", "version": 1, "family": "m100", "url": "serial:///dev/…", "started_at": "2026-11-22T20:30:00+00:00"}
{"t": 0.0132, "dir": "rx", "hex": "bb02220011…"}
{"t": 0.0540, "dir": "tx", "hex": "bb00280000287e"}

`t` is in seconds since the start and never runs back; `rx` came from the reader, `tx` was sent to it. `family` is null where nobody said.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TextIO

from reader_agent.clock import Clock
from reader_agent.links.link import Link

FORMAT, VERSION = "ebike-recording", 1


class Way(StrEnum):
    FROM_READER = "rx"
    TO_READER = "tx"


@dataclass(frozen=True, slots=True)
class Header:
    family: str | None
    url: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """Bytes that went over the line together."""

    t_s: float
    way: Way
    data: bytes


class BadRecording(ValueError):
    """The text is no recording. Names the line."""

    def __init__(self, line: int, expected: str, found: str) -> None:
        super().__init__(f"line {line}: expected {expected}, found {found[:80]}")
        self.line = line


def header_line(header: Header) -> str:
    told = {"format": FORMAT, "version": VERSION, "family": header.family, "url": header.url}
    return json.dumps({**told, "started_at": header.started_at.astimezone(UTC).isoformat(timespec="milliseconds")}) + "\n"


def entry_line(entry: Entry) -> str:
    return json.dumps({"t": round(entry.t_s, 4), "dir": entry.way.value, "hex": entry.data.hex()}) + "\n"


def read_recording(lines: Iterable[str]) -> tuple[Header, list[Entry]]:
    """Raises BadRecording. A last line that was torn off in the middle (the recorder's power failed) is passed over."""
    numbered = iter(enumerate(lines, 1))
    header = _header(next(numbered, (1, ""))[1])
    return header, list(_entries(numbered))


def _header(line: str) -> Header:
    said = _object(line)
    if said is None or said.get("format") != FORMAT:
        raise BadRecording(1, f'a header with "format": "{FORMAT}"', line.strip() or "nothing")
    if said.get("version") != VERSION:
        raise BadRecording(1, f"version {VERSION}", str(said.get("version")))
    try:
        return Header(said["family"], said["url"], datetime.fromisoformat(said["started_at"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BadRecording(1, "family, url and started_at", repr(error)) from None


def _entries(lines: Iterator[tuple[int, str]]) -> Iterator[Entry]:
    last_s = 0.0
    for number, line in lines:
        entry = _find_entry(line)
        if entry is None and not line.endswith("\n"):
            return
        if entry is None or entry.t_s < last_s:
            expected = f'{{"t": seconds, from {last_s:g}, "dir": "rx" or "tx", "hex": "…"}}'
            raise BadRecording(number, expected, line.strip())
        last_s = entry.t_s
        yield entry


def _find_entry(line: str) -> Entry | None:
    said = _object(line)
    try:
        return Entry(float(said["t"]), Way(said["dir"]), bytes.fromhex(said["hex"])) if said is not None else None
    except (KeyError, TypeError, ValueError):
        return None


def _object(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except json.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


class Recorder:
    """Writes a recording as it happens; every line is out before the next byte is waited for."""

    def __init__(self, file: TextIO, clock: Clock, family: str | None, url: str) -> None:
        self._file, self._clock = file, clock
        now = clock.now()
        self._start_s = now.monotonic_s
        self.received_bytes = self.sent_bytes = 0
        self._write(header_line(Header(family, url, now.utc)))

    @property
    def lasted_s(self) -> float:
        return self._clock.now().monotonic_s - self._start_s

    def note(self, way: Way, data: bytes) -> None:
        if way is Way.FROM_READER:
            self.received_bytes += len(data)
        else:
            self.sent_bytes += len(data)
        self._write(entry_line(Entry(self.lasted_s, way, data)))

    def _write(self, line: str) -> None:
        self._file.write(line)
        self._file.flush()


class RecordedLink:
    """A link whose bytes are written down, both ways."""

    def __init__(self, link: Link, recorder: Recorder) -> None:
        self._link, self._recorder = link, recorder

    @property
    def gap_s(self) -> float:
        return self._link.gap_s

    def read(self, timeout_s: float) -> bytes:
        data = self._link.read(timeout_s)
        if data:
            self._recorder.note(Way.FROM_READER, data)
        return data

    def write(self, data: bytes) -> None:
        self._link.write(data)
        self._recorder.note(Way.TO_READER, data)

    def close(self) -> None:
        self._link.close()
