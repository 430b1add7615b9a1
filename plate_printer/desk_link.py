"""The line to the desk's reader: a serial port (the one door to pyserial in this package) or a TCP socket."""

import errno
import socket
import termios
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, Self
from urllib.parse import parse_qs, urlsplit

import serial

from plate_printer.errors import DeskMisused, ReaderLost

OPEN_TIMEOUT_S = 3.0
WRITE_TIMEOUT_S = 1.0
CHUNK = 65536
# What pyserial lets through when an adapter is pulled out: its own error, the kernel's, and termios' from its flushes.
_UNPLUGGED = (serial.SerialException, OSError, termios.error)


class Link(Protocol):
    """An open line. Whatever goes wrong with it is ReaderLost."""

    @property
    def gap_s(self) -> float:
        """After this silence a half-received frame will not be completed."""

    def read(self, timeout_s: float) -> bytes:
        """What has come, b"" when nothing did in that time."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ReaderAddress:
    """Where the reader is: `serial:///dev/ttyUSB0?baud=115200` or `tcp://host:port`."""

    url: str
    device: str = ""
    baud: int | None = None
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises DeskMisused."""
        try:
            parts = urlsplit(url)
            if parts.scheme == "serial" and parts.path and not parts.netloc:
                bauds = parse_qs(parts.query).get("baud", [])
                return cls(url, device=parts.path, baud=int(bauds[0]) if bauds else None)
            if parts.scheme == "tcp" and parts.hostname and parts.port:
                return cls(url, host=parts.hostname, port=parts.port)
        except ValueError:
            pass  # a baud or a port that is no number: the same advice
        raise DeskMisused(f"--reader: expected serial:///dev/…?baud=115200 or tcp://host:port, found {url!r}")


def _in_words(error: Exception) -> str:
    """What the officer or an engineer can do about it; the system's own words for the rest."""
    if isinstance(error, serial.SerialException) and "exclusively lock" in str(error):
        return "another program has this port; end that one"
    number = error.args[0] if error.args else None  # termios' error has no errno of its own
    return _REMEDIES.get(getattr(error, "errno", None) or number, getattr(error, "strerror", None) or str(error))


_REMEDIES: dict[object, str] = {
    errno.ENOENT: "no such port; is the reader plugged in?",
    errno.EACCES: "not allowed; add this account to the group dialout (usermod -aG dialout ACCOUNT) and log in again",
    errno.EIO: "unplugged",
    errno.ENXIO: "unplugged",
    errno.ECONNREFUSED: "nothing listens there; is the reader on, and is this its address and port?",
    errno.EHOSTUNREACH: "no such address on this network; is the reader on, and its cable in?",
}


def open_link(address: ReaderAddress, default_baud: int) -> Link:
    """Raises ReaderLost."""
    return SerialLink(address, address.baud or default_baud) if address.device else TcpLink(address)


class SerialLink:
    gap_s = 0.1  # USB adapters hand bytes over every 16 ms; a frame is never torn for longer

    def __init__(self, address: ReaderAddress, baud: int) -> None:
        self._url = address.url
        try:
            self._port = serial.Serial(address.device, baud, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
        except _UNPLUGGED as error:
            raise ReaderLost(self._url, _in_words(error)) from error

    def read(self, timeout_s: float) -> bytes:
        try:
            self._port.timeout = timeout_s
            first = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""
        except _UNPLUGGED as error:
            raise ReaderLost(self._url, _in_words(error)) from error

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except _UNPLUGGED as error:
            raise ReaderLost(self._url, _in_words(error)) from error

    def close(self) -> None:
        with suppress(*_UNPLUGGED):  # the adapter may be gone; the port is given up either way
            self._port.close()


class TcpLink:
    gap_s = 0.5  # a lost segment is sent again after some 200 ms

    def __init__(self, address: ReaderAddress) -> None:
        self._url = address.url
        try:
            self._socket = socket.create_connection((address.host, address.port), OPEN_TIMEOUT_S)
        except OSError as error:
            raise ReaderLost(self._url, _in_words(error)) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, timeout_s: float) -> bytes:
        self._socket.settimeout(timeout_s)
        try:
            data = self._socket.recv(CHUNK)
        except TimeoutError:
            return b""
        except OSError as error:
            raise ReaderLost(self._url, _in_words(error)) from error
        if not data:
            raise ReaderLost(self._url, "the reader closed the connection")
        return data

    def write(self, data: bytes) -> None:
        self._socket.settimeout(WRITE_TIMEOUT_S)
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ReaderLost(self._url, _in_words(error)) from error

    def close(self) -> None:
        self._socket.close()
