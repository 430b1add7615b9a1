"""The simulated reader's end of a line: a pseudo-terminal or a listening socket, which can be pulled and put back."""

import os
import pty
import socket
import struct
import tty
from contextlib import suppress
from pathlib import Path
from typing import Protocol

CHUNK = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time: closing then resets the connection, as a dead reader does


class Line(Protocol):
    """One line to one host, from the reader's side. Bytes sent while nobody listens are lost, as on a wire."""

    @property
    def place(self) -> str:
        """Where a host finds it."""

    def handles(self) -> list[int]:
        """The descriptors on which something may arrive."""

    def receive(self) -> bytes:
        """What the host has sent; b"" when it sent nothing. Never waits."""

    def send(self, data: bytes) -> None: ...

    def plug_in(self) -> None: ...

    def unplug(self) -> None: ...


class PtyLine:
    """A pseudo-terminal. A symbolic link gives it a path that stays, as udev's by-id does for a USB adapter."""

    def __init__(self, link: Path | None) -> None:
        self._link = link
        self._ends: list[int] = []
        self.plug_in()

    @property
    def place(self) -> str:
        return str(self._link) if self._link else os.ttyname(self._ends[1])

    def handles(self) -> list[int]:
        return self._ends[:1]

    def receive(self) -> bytes:
        try:
            return os.read(self._ends[0], CHUNK) if self._ends else b""
        except BlockingIOError:
            return b""

    def send(self, data: bytes) -> None:
        with suppress(BlockingIOError):  # nobody reads: the wire does not wait
            while self._ends and data:
                data = data[os.write(self._ends[0], data) :]

    def plug_in(self) -> None:
        # Our own hold on the host's end keeps the line up while the host closes it and opens it again.
        self._ends = list(pty.openpty())
        tty.setraw(self._ends[1])
        os.set_blocking(self._ends[0], False)
        if self._link:
            fresh = self._link.with_name(self._link.name + ".new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(os.ttyname(self._ends[1]))
            fresh.replace(self._link)

    def unplug(self) -> None:
        if self._link:
            self._link.unlink(missing_ok=True)
        while self._ends:
            os.close(self._ends.pop())


class TcpLine:
    """A socket that one host at a time may connect to; the newest one has the reader."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._listener: socket.socket | None = None
        self._connection: socket.socket | None = None
        self.plug_in()

    @property
    def place(self) -> str:
        return f"{self._host}:{self._port}"

    def handles(self) -> list[int]:
        return [end.fileno() for end in (self._listener, self._connection) if end]

    def receive(self) -> bytes:
        self._accept()
        if self._connection is None:
            return b""
        try:
            data = self._connection.recv(CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._hang_up()
        return data

    def send(self, data: bytes) -> None:
        if self._connection:
            try:
                self._connection.sendall(data)
            except BlockingIOError:
                pass  # the host does not read: what does not fit is lost
            except OSError:
                self._hang_up()

    def plug_in(self) -> None:
        self._listener = socket.create_server((self._host, self._port))
        self._listener.setblocking(False)
        self._port = self._listener.getsockname()[1]

    def unplug(self) -> None:
        if self._connection:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._hang_up()
        if self._listener:
            self._listener.close()
        self._listener = None

    def _accept(self) -> None:
        if self._listener is None:
            return
        with suppress(BlockingIOError):
            connection, _ = self._listener.accept()
            self._hang_up()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection = connection

    def _hang_up(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None
