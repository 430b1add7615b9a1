"""Bytes in any pieces → whole lines, for readers that tell what they see as text. Bounded, and the same however the line was cut."""

from typing import NamedTuple

from firmware_protocols.events import NEED_DATA, FrameError, FrameFault, NeedData


class Line(NamedTuple):
    """Bytes up to a line end, or up to a silence."""

    text: bytes
    """Without its line feed."""
    is_ended: bool
    """False: the line fell silent before its line feed came."""


class LineBuffer:
    """Finds lines. Feed it, then call `next_line` until NEED_DATA. Of a line longer than `max_size` the first `max_size` bytes are
    reported, the rest is skipped up to its end.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._bytes = bytearray()
        self._searched = 0  # bytes that are known to hold no line feed
        self._before_gap: int | None = None  # how many bytes came before the line fell silent
        self._is_skipping = False

    @property
    def held_bytes(self) -> int:
        return len(self._bytes)

    def receive_data(self, data: bytes) -> None:
        self._bytes += data

    def receive_gap(self) -> None:
        """What the bytes so far have begun will not be completed."""
        self._before_gap = len(self._bytes)

    def next_line(self) -> Line | FrameError | NeedData:
        while True:
            there = len(self._bytes) if self._before_gap is None else self._before_gap
            end = self._bytes.find(b"\n", self._searched, there)
            size = there if end < 0 else end
            if not self._is_skipping and size > self._max_size:
                return self._refuse()
            if end < 0 and self._before_gap is None:
                self._wait(there)
                return NEED_DATA
            text = self._take(size if end < 0 else size + 1)
            if end < 0:
                self._before_gap = None
            if self._is_skipping:
                self._is_skipping = False
            elif end >= 0:
                return Line(text[:-1], is_ended=True)
            elif text:
                return Line(text, is_ended=False)

    def _wait(self, there: int) -> None:
        if self._is_skipping:
            self._take(there)
        else:
            self._searched = there

    def _refuse(self) -> FrameError:
        self._is_skipping = True
        return FrameError(
            FrameFault.LENGTH,
            f"a line of at most {self._max_size} bytes",
            "a longer one; the rest of it is skipped",
            self._take(self._max_size),
        )

    def _take(self, count: int) -> bytes:
        taken = bytes(self._bytes[:count])
        del self._bytes[:count]
        self._searched = 0
        if self._before_gap is not None:
            self._before_gap -= count
        return taken
