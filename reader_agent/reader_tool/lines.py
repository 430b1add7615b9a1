"""The simulated reader's end of a line: a pseudo-terminal or a listening socket, which can be pulled and put back."""

import fcntl
import os
import pty
import socket
import struct
import termios
import tty
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from firmware_protocols.simulators.uart import as_heard

CHUNK = 65536
_TCGETS2, _TERMIOS2 = 0x802C542A, struct.Struct("4I20x2I")  # Linux: tells any speed, where termios tells those with a name
RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time: closing then resets the connection, as a dead reader does


class Line(Protocol):
    """One line to one host, from the reader's side. Bytes sent while nobody listens are lost, as on a wire."""

    @property
    def place(self) -> str:
        """Where a host finds it."""

    def handles(self) -> list[int]:
        """The descriptors on which something may arrive."""

    def receive(self) -> bytes:
        """What the host has sent; b"" when it sent nothing. Never waits."""

    def send(self, data: bytes) -> bytes:
        """Gives back what the line has no room for: on a wire it is lost, a player may offer it again."""

    @property
    def is_up(self) -> bool:
        """Is there somebody who could hear?"""

    @property
    def is_drained(self) -> bool:
        """Has the other end taken all that was sent, as far as can be known?"""

    def plug_in(self) -> None: ...

    def unplug(self) -> None:
        """The cable is pulled, or the reader dies."""

    def close(self) -> None: ...


class Doorkeeper(Protocol):
    """Decides over hosts that connect, for readers that care how many there are."""

    def admit(self, *, has_host: bool) -> bytes | None:
        """What a newcomer is told before it is hung up on; None lets it in, in the place of the one that is there."""

    @property
    def has_hung_up(self) -> bool:
        """Has the reader closed the connection?"""


class EverybodyComesIn:
    """The newest host has the reader."""

    has_hung_up = False

    def admit(self, *, has_host: bool) -> bytes | None:  # noqa: ARG002 — the protocol's
        return None


class PtyLine:
    """A pseudo-terminal. A symbolic link gives it a path that stays, as udev's by-id does for a USB adapter.

    `baud`: the reader's speed; a host that has opened the line at another hears garbage, and is heard as such. None fits any host.
    """

    def __init__(self, link: Path | None, baud: int | None = None) -> None:
        self._link, self._baud = link, baud
        self._ends: list[int] = []
        self.plug_in()

    @property
    def place(self) -> str:
        return str(self._link) if self._link else os.ttyname(self._ends[1])

    def handles(self) -> list[int]:
        return self._ends[:1]

    def receive(self) -> bytes:
        try:
            data = os.read(self._ends[0], CHUNK) if self._ends else b""
        except BlockingIOError:
            return b""
        if self._baud is None or not data:
            return data
        return as_heard(data, sent_baud=self._host_baud(), heard_baud=self._baud)

    @property
    def is_up(self) -> bool:
        return bool(self._ends)

    @property
    def is_drained(self) -> bool:
        waiting = bytearray(4)
        if self._ends:
            fcntl.ioctl(self._ends[1], termios.FIONREAD, waiting)
        return not any(waiting)

    def send(self, data: bytes) -> bytes:
        if self._baud is not None and self._ends:
            data = as_heard(data, sent_baud=self._baud, heard_baud=self._host_baud())
        with suppress(BlockingIOError):  # nobody reads: the wire does not wait
            while self._ends and data:
                data = data[os.write(self._ends[0], data) :]
        return data

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

    def close(self) -> None:
        self.unplug()

    def _host_baud(self) -> int:
        told = bytearray(_TERMIOS2.size)
        fcntl.ioctl(self._ends[1], _TCGETS2, told)
        speed: int = _TERMIOS2.unpack(told)[-1]
        return speed


class TcpLine:
    """A socket that one host at a time has; what becomes of a second one is the doorkeeper's."""

    not_now: tuple[type[OSError], ...] = (BlockingIOError,)
    """What a socket raises that has nothing to read yet, or no room to write."""

    def __init__(self, host: str, port: int, doorkeeper: Doorkeeper | None = None) -> None:
        self._host, self._port = host, port
        self.doorkeeper: Doorkeeper = doorkeeper or EverybodyComesIn()
        self._listener: socket.socket | None = None
        self._connection: socket.socket | None = None
        self.plug_in()

    @property
    def place(self) -> str:
        return f"{self._host}:{self._port}"

    def handles(self) -> list[int]:
        return [end.fileno() for end in (self._listener, self._connection) if end]

    def receive(self) -> bytes:
        if self.doorkeeper.has_hung_up:
            self._hang_up()
        data = self._read()
        if not data:  # who is there is heard to the end before the next comes in
            self._accept()
        return data

    def _read(self) -> bytes:
        if self._connection is None:
            return b""
        try:
            data = self._connection.recv(CHUNK)
        except self.not_now:
            return b""
        except OSError:
            data = b""
        if not data:
            self._hang_up()
        return data

    @property
    def is_up(self) -> bool:
        self._accept()
        return self._connection is not None

    @property
    def is_drained(self) -> bool:
        return True  # closing a socket still delivers what was handed to it

    def send(self, data: bytes) -> bytes:
        try:
            while self._connection and data:
                data = data[self._connection.send(data) :]
        except self.not_now:
            return data  # the host does not read
        except OSError:
            self._hang_up()
            return b""
        return data

    def plug_in(self) -> None:
        self._listener = socket.create_server((self._host, self._port))
        self._listener.setblocking(False)
        self._port = self._listener.getsockname()[1]

    def close(self) -> None:
        """The end of a good conversation: what was sent still arrives."""
        self._read()
        self._hang_up()
        self.unplug()

    def unplug(self) -> None:
        if self._connection:
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._hang_up()
        if self._listener:
            self._listener.close()
        self._listener = None

    def _accept(self) -> None:
        if self._listener is None:
            return
        with suppress(BlockingIOError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        """A host is there, and can be heard and answered."""
        refusal = self.doorkeeper.admit(has_host=self._connection is not None)
        if refusal is not None:
            with connection:
                connection.sendall(refusal)
            return
        self._hang_up()
        self._connection = connection

    def _hang_up(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None
