"""A reader on a serial port or a USB adapter. The one door to pyserial."""

import errno
import os
import termios
from contextlib import suppress
from pathlib import Path

import serial

from reader_agent.errors import LinkLost, PortHeld
from reader_agent.link_address import SerialAddress

WRITE_TIMEOUT_S = 1.0
# What pyserial lets through when an adapter is pulled out: its own error, the kernel's, and termios' from its flushes.
_UNPLUGGED = (serial.SerialException, OSError, termios.error)


class SerialLink:
    gap_s = 0.1  # USB adapters hand bytes over every 16 ms; a frame is never torn for longer

    def __init__(self, address: SerialAddress, default_baud: int) -> None:
        """Open the port for us alone. Raises LinkLost if it is not there, PortHeld if another process has it."""
        self._path = address.path
        try:
            self._port = serial.Serial(address.path, address.baud or default_baud, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
        except _UNPLUGGED as error:
            if isinstance(error, serial.SerialException) and "exclusively lock" in str(error):
                raise PortHeld(address.path, find_holder(Path(address.path))) from error
            raise LinkLost(address.path, _why_not_open(error)) from error

    def read(self, timeout_s: float) -> bytes:
        try:
            self._port.timeout = timeout_s
            first = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""
        except _UNPLUGGED as error:
            raise LinkLost(self._path, f"unplugged ({error})") from error

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except _UNPLUGGED as error:
            raise LinkLost(self._path, f"unplugged ({error})") from error

    def close(self) -> None:
        with suppress(*_UNPLUGGED):  # the adapter may be gone; the port is given up either way
            self._port.close()


def find_holder(device: Path) -> int | None:
    """The process that holds a lock on the device, as the kernel lists it; None if it does not tell."""
    try:
        inode = device.stat().st_ino
        locks = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    # man 5 proc: "1: FLOCK  ADVISORY  WRITE 5433 08:01:131448 0 EOF"
    held = (line.split() for line in locks)
    holders = (int(words[4]) for words in held if words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode))
    return next((pid for pid in holders if _has_open(pid, device)), None)


def _has_open(pid: int, device: Path) -> bool:
    real = os.path.realpath(device)
    try:
        return any(os.path.realpath(handle) == real for handle in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return True  # another user's process: the lock's inode has to do


def _why_not_open(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOENT:
        return "no such port; is the reader plugged in?"
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return "not allowed; add this account to the group dialout (usermod -aG dialout ACCOUNT) and log in again"
    return f"cannot be opened as a serial port ({error})"
