"""Bytes of a reader, as JSON lines. A broken frame is one of the events, never the end of the run."""

import json
import re
from collections.abc import Iterable, Iterator

from firmware_protocols.codec import Codec
from firmware_protocols.events import NEED_DATA
from reader_agent.reader_tool.meanings import event_with_meaning

_AS_PEOPLE_WRITE_IT = re.compile(r"(?<![0-9A-Fa-f])0[xX]|\\x|[,:;{}-]")  # 0xBB, \xBB, { BB, 02 }, BB:02, BB-02: as if spaces were between
_NOT_HEX = re.compile(r"[^0-9A-Fa-f\s]")
_JSON = re.compile(r"[\s\ufeff]*(\{\s*[\"}]|\[\s*[{\]])")  # a quote or a bracket stands in no hex, nor do braces around nothing
_JSON_BEGUN = re.compile(r"[\s\ufeff]*[{\[]?\s*")
_SHOWN = 40


class NotHex(ValueError):
    """The text is not hex digits. Names the offending piece and its line."""

    def __init__(self, found: str, line: int) -> None:
        super().__init__(f"expected hex digits, found {found[:_SHOWN]!r} in line {line}; give bytes as BB0222… or 'BB 02 22', or use --raw")


class HexReader:
    """Hex text in any pieces to bytes; white space is ignored. A digit that is alone waits for the next piece."""

    def __init__(self) -> None:
        self._odd = ""
        self._line = 1

    def feed(self, text: str) -> bytes:
        """The whole bytes so far. Raises NotHex."""
        text = _AS_PEOPLE_WRITE_IT.sub(" ", text)
        wrong = _NOT_HEX.search(text)
        if wrong:
            line = self._line + text.count("\n", 0, wrong.start())
            raise NotHex(_word_at(text, wrong.start()), line)
        self._line += text.count("\n")
        digits = self._odd + "".join(text.split())
        self._odd = digits[-1] if len(digits) % 2 else ""
        return bytes.fromhex(digits[: len(digits) - len(self._odd)])

    def finish(self) -> None:
        """The text is over. Raises NotHex if half a byte is left."""
        if self._odd:
            raise NotHex(f"…{self._odd} (half a byte at the end)", self._line)


def _word_at(text: str, place: int) -> str:
    start = max((text.rfind(space, 0, place) for space in " \t\r\n"), default=-1) + 1
    return text[start:].split(maxsplit=1)[0]


def decode_lines(codec: Codec, pieces: Iterable[bytes]) -> Iterator[str]:
    """One JSON object a line for each event, and for what is left half received at the end."""
    for piece in pieces:
        codec.receive_data(piece)
        yield from _lines(codec)
    codec.receive_gap()
    yield from _lines(codec)


def bytes_of_hex(pieces: Iterable[str]) -> Iterator[bytes]:
    """The bytes of hex text, piece by piece as it comes. Raises NotHex at the piece that is none."""
    reader = HexReader()
    for piece in pieces:
        yield reader.feed(piece)
    reader.finish()


def is_json_text(text: str) -> bool:
    """Does it begin as the events of smart readers do?"""
    return _JSON.match(text) is not None


def is_undecided(text: str) -> bool:
    """Is that too little to know? A stream may begin with blank lines, and its first bytes may come one by one."""
    return _JSON_BEGUN.fullmatch(text) is not None


def _lines(codec: Codec) -> Iterator[str]:
    while (event := codec.next_event()) is not NEED_DATA:
        yield json.dumps(event_with_meaning(event), ensure_ascii=False)
