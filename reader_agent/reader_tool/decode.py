"""Bytes of a reader, as JSON lines. A broken frame is one of the events, never the end of the run."""

import json
import re
from collections.abc import Iterable, Iterator

from firmware_protocols.as_json import event_to_json
from firmware_protocols.codec import Codec
from firmware_protocols.events import NEED_DATA

_HEX = re.compile(r"[0-9A-Fa-f]*")
_SHOWN = 40


class NotHex(ValueError):
    """The text is not hex digits. Names the offending piece."""

    def __init__(self, found: str, line: int | None) -> None:
        place = f" in line {line}" if line else ""
        super().__init__(f"expected hex digits, found {found[:_SHOWN]!r}{place}; give bytes as BB0222… or 'BB 02 22', or use --raw")


class HexReader:
    """Hex text in any pieces, white space ignored, to bytes. A digit that is alone waits for the next piece."""

    def __init__(self) -> None:
        self._odd = ""

    def feed(self, text: str, line: int | None = None) -> bytes:
        """The whole bytes so far. Raises NotHex."""
        for word in text.split():
            bad = word.removeprefix("0x") if word[:2] == "0x" else word
            if not _HEX.fullmatch(bad):
                raise NotHex(word, line)
        digits = self._odd + "".join(word.removeprefix("0x") for word in text.split())
        self._odd = digits[-1] if len(digits) % 2 else ""
        return bytes.fromhex(digits[: len(digits) - len(self._odd)])

    def finish(self) -> None:
        """The text is over. Raises NotHex if half a byte is left."""
        if self._odd:
            raise NotHex(f"a single digit {self._odd} at the end", None)


def decode_lines(codec: Codec, pieces: Iterable[bytes]) -> Iterator[str]:
    """One JSON object a line for each event, and for what is left half received at the end."""
    for piece in pieces:
        codec.receive_data(piece)
        yield from _lines(codec)
    codec.receive_gap()
    yield from _lines(codec)


def bytes_of_words(words: Iterable[str]) -> Iterator[bytes]:
    """The bytes of hex text given word by word. Raises NotHex before anything is decoded."""
    reader = HexReader()
    pieces = [reader.feed(word) for word in words]
    reader.finish()
    yield from pieces


def bytes_of_lines(lines: Iterable[str]) -> Iterator[bytes]:
    """The bytes of hex text, line by line as it comes. Raises NotHex at the line that is none."""
    reader = HexReader()
    for number, line in enumerate(lines, 1):
        yield reader.feed(line, number)
    reader.finish()


def _lines(codec: Codec) -> Iterator[str]:
    while (event := codec.next_event()) is not NEED_DATA:
        yield json.dumps(event_to_json(event), ensure_ascii=False)
