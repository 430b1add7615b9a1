"""What a serial port hears of bytes that were sent at another speed. A byte is a start bit (0), eight bits from the lowest, a stop bit."""

from collections.abc import Iterator
from math import ceil

BITS = 10


def as_heard(data: bytes, *, sent_baud: int, heard_baud: int) -> bytes:
    """What a port at `heard_baud` makes of it: at the same speed the same, at another one other bytes, and more or fewer of them.

    The port waits for a falling edge, then looks at the middle of each of its own bits. A byte without a stop bit is a framing error,
    which a terminal passes on as zero. A port that was hung up has the speed 0 and carries nothing.
    """
    if not sent_baud or not heard_baud:
        return b""
    if sent_baud == heard_baud:
        return data
    line = [bit for byte in data for bit in _bits(byte)]
    return bytes(_heard(line, sent_baud / heard_baud))


def _bits(byte: int) -> tuple[int, ...]:
    return 0, *(byte >> place & 1 for place in range(8)), 1


def _heard(line: list[int], bit_length: float) -> Iterator[int]:
    """`bit_length`: how many of the sender's bits pass while the port takes one."""
    at = 0.0
    while (start := _falling_edge(line, at)) is not None:
        middles = [start + (place + 0.5) * bit_length for place in range(BITS)]
        bits = [line[int(middle)] if middle < len(line) else 1 for middle in middles]  # a quiet line is high
        if bits[0]:  # too short for a start bit
            at = start + 1
            continue
        yield sum(bit << place for place, bit in enumerate(bits[1:-1])) if bits[-1] else 0
        at = middles[-1]


def _falling_edge(line: list[int], at: float) -> int | None:
    places = range(ceil(at), len(line))
    return next((place for place in places if line[place] == 0 and (place == 0 or line[place - 1] == 1)), None)
