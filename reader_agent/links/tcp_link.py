"""A reader behind a TCP socket."""

import socket

from reader_agent.errors import LinkLost
from reader_agent.link_address import TcpAddress
from reader_agent.links.dead_peer import SOCKET_OPTIONS

OPEN_TIMEOUT_S = 2.0
WRITE_TIMEOUT_S = 1.0
CHUNK = 65536


class TcpLink:
    gap_s = 0.5  # a lost segment is sent again after some 200 ms

    def __init__(self, address: TcpAddress, scheme: str = "tcp") -> None:
        """Connect. Raises LinkLost."""
        self._where = f"{scheme}://{address.place}"
        try:
            self._socket: socket.socket = socket.create_connection((address.host, address.port), OPEN_TIMEOUT_S)
        except OSError as error:
            raise LinkLost(self._where, f"no connection ({_reason(error)}); is the reader on and its network cable in?") from error
        for option in SOCKET_OPTIONS:
            self._socket.setsockopt(*option)

    def read(self, timeout_s: float) -> bytes:
        self._socket.settimeout(timeout_s)
        try:
            data = self._socket.recv(CHUNK)
        except TimeoutError as error:
            if error.errno is None:  # our own wait is over; with a number it is the network's ETIMEDOUT
                return b""
            raise LinkLost(self._where, _reason(error)) from error
        except OSError as error:
            raise LinkLost(self._where, _reason(error)) from error
        if not data:
            raise LinkLost(self._where, "the reader closed the connection")
        return data

    def write(self, data: bytes) -> None:
        self._socket.settimeout(WRITE_TIMEOUT_S)
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise LinkLost(self._where, _reason(error)) from error

    def close(self) -> None:
        self._socket.close()


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
