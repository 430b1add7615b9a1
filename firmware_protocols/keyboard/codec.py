"""The codec of readers that type."""

import string

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command
from firmware_protocols.errors import Unsupported
from firmware_protocols.events import NEED_DATA, Event, FrameError, FrameFault, NeedData, TagSeen
from firmware_protocols.gen2 import MAX_EPC_WORDS
from firmware_protocols.line_buffer import Line, LineBuffer

FAMILY = "keyboard"
DIGITS_A_WORD = 4
MIN_DIGITS = 16  # no EPC in use is shorter than 64 bits; shop barcodes and typed numbers are
MAX_DIGITS = MAX_EPC_WORDS * DIGITS_A_WORD
MAX_LINE = 256
LINE_ENDS = bytes.maketrans(b"\r\t", b"\n\n")  # Enter, or Tab, as the reader is set; Enter may come as CR, LF or both
HEX = frozenset(string.hexdigits.encode("ascii"))

FACTS = FamilyFacts(
    name=FAMILY,
    default_baud=115_200,
    default_tcp_port=None,
    antenna_ports=1,
    has_rssi_dbm=False,
    reads_tid_in_inventory=False,
    inventory_ends_by_itself=False,
    pulses_in_inventory=False,
    takes_commands=False,
)


class KeyboardCodec:
    """Typed text in, tags out. A line counts when its Enter has come."""

    def __init__(self, *, direction: Direction = Direction.FROM_READER) -> None:
        self._lines = LineBuffer(MAX_LINE)
        self._is_from_reader = direction is Direction.FROM_READER

    @property
    def facts(self) -> FamilyFacts:
        return FACTS

    @property
    def held_bytes(self) -> int:
        return self._lines.held_bytes

    def receive_data(self, data: bytes) -> None:
        self._lines.receive_data(data.translate(LINE_ENDS))

    def receive_gap(self) -> None:
        self._lines.receive_gap()

    def next_event(self) -> Event | NeedData:
        while True:
            line = self._lines.next_line()
            if line is NEED_DATA or isinstance(line, FrameError):
                return line
            if line.text.strip():
                return self._decode(line)

    def encode(self, command: Command) -> tuple[bytes, ...]:
        raise Unsupported(FAMILY, f"do {type(command).__name__}", "they only type; set them by their maker's tool or setup barcodes")

    def _decode(self, line: Line) -> Event:
        digits = line.text.strip()
        if not self._is_from_reader:
            return _refuse(line, FrameFault.CONTENT, "nothing: no host types to a reader", "text; read it with direction from-reader")
        if not line.is_ended:
            return _refuse(line, FrameFault.LENGTH, "Enter after the EPC", f"{len(line.text)} characters, then silence")
        stranger = next((byte for byte in digits if byte not in HEX), None)
        if stranger is not None:
            return _refuse(line, FrameFault.NOISE, "hex digits (is the keyboard set to English?)", f"{stranger:02x}")
        if len(digits) % DIGITS_A_WORD or not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
            expected = f"{MIN_DIGITS} to {MAX_DIGITS} digits, a multiple of {DIGITS_A_WORD}"
            return _refuse(line, FrameFault.LENGTH, expected, f"{len(digits)} digits")
        return TagSeen(bytes.fromhex(digits.decode("ascii")))


def _refuse(line: Line, reason: FrameFault, expected: str, found: str) -> FrameError:
    return FrameError(reason, expected, found, line.text)
