"""What every line can do. A session knows nothing else of serial ports and sockets."""

from collections.abc import Callable
from typing import Protocol


class Link(Protocol):
    """An open line to one reader. Whatever goes wrong with it is LinkLost; a lost link is closed and never used again."""

    @property
    def gap_s(self) -> float:
        """After this silence a half-received frame will not be completed."""

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, as soon as anything has; b"" when nothing did in that time. Raises LinkLost."""

    def write(self, data: bytes) -> None:
        """Hand all bytes to the line. Raises LinkLost, also when the line takes none for a second."""

    def close(self) -> None: ...


OpenLink = Callable[[], Link]
"""Opens one line. Raises LinkLost, PortHeld or ReaderRefused."""
