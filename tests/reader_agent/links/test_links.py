"""A line brings bytes as they come, and says LinkLost when it is gone."""

import os
import pty
import socket
import subprocess
import sys
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reader_agent.errors import LinkLost, PortHeld
from reader_agent.link_address import LinkAddress, SerialAddress, TcpAddress
from reader_agent.links.link import Link
from reader_agent.links.open_link import open_link


@dataclass
class FarEnd:
    """What stands at the other end of the line: a descriptor to write to and read from, until it is pulled."""

    handles: list[int]
    address: LinkAddress

    def send(self, data: bytes) -> None:
        os.write(self.handles[0], data)

    def receive(self) -> bytes:
        return os.read(self.handles[0], 4096)

    def pull(self) -> None:
        while self.handles:
            os.close(self.handles.pop())


@pytest.fixture
def serial_end(tmp_path: Path) -> Iterator[FarEnd]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    by_id = tmp_path / "by-id"
    by_id.symlink_to(os.ttyname(slave))
    end = FarEnd([master, slave], SerialAddress(str(by_id)))
    yield end
    end.pull()


@pytest.fixture(params=["serial", "tcp"])
def line(request: pytest.FixtureRequest) -> Iterator[tuple[FarEnd, Link]]:
    if request.param == "serial":
        end: FarEnd = request.getfixturevalue("serial_end")
        link = open_link(end.address, 115200)
    else:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = TcpAddress("127.0.0.1", listener.getsockname()[1])
            link = open_link(address, 115200)
            connection, _ = listener.accept()
        end = FarEnd([connection.detach()], address)
    yield end, link
    link.close()
    end.pull()


def test_bytes_come_as_soon_as_they_are_there(line: tuple[FarEnd, Link]) -> None:
    end, link = line
    end.send(b"\xbb\x00\x7e\x0d\x0a\x11\x13\xff")
    assert link.read(5.0) == b"\xbb\x00\x7e\x0d\x0a\x11\x13\xff"


def test_silence_is_no_error(line: tuple[FarEnd, Link]) -> None:
    assert line[1].read(0.01) == b""


def test_what_is_written_arrives(line: tuple[FarEnd, Link]) -> None:
    end, link = line
    link.write(b"\xbb\x00\x03")
    assert end.receive() == b"\xbb\x00\x03"


def write_until_noticed(link: Link) -> None:
    for _ in range(100):  # a socket takes some bytes before it notices
        link.write(bytes(1000))


def test_a_pulled_cable_is_one_error_for_reading_and_for_writing(line: tuple[FarEnd, Link]) -> None:
    end, link = line
    end.pull()
    with pytest.raises(LinkLost):
        link.read(5.0)
    with pytest.raises(LinkLost):
        write_until_noticed(link)
    link.close()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        pytest.param(SerialAddress("/dev/serial/by-id/usb-nobody"), "no such port; is the reader plugged in", id="no port"),
        pytest.param(SerialAddress("/dev/null"), "cannot be opened as a serial port", id="no serial port"),
        pytest.param(TcpAddress("127.0.0.1", 1), "is the reader on and its network cable in", id="nobody listens"),
        pytest.param(TcpAddress("no-such-host.invalid", 4001), "is the reader on and its network cable in", id="no such host"),
    ],
)
def test_a_line_that_is_not_there(address: LinkAddress, says: str) -> None:
    with pytest.raises(LinkLost, match=says):
        open_link(address, 115200)


HOLD = """
import sys
from reader_agent.link_address import SerialAddress
from reader_agent.links.open_link import open_link
link = open_link(SerialAddress(sys.argv[1]), 115200)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_on_a_port_is_refused_and_told_who_has_it(serial_end: FarEnd) -> None:
    assert isinstance(serial_end.address, SerialAddress)
    arguments = [sys.executable, "-c", HOLD, serial_end.address.path]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(PortHeld, match=f"is held by process {holder.pid}"):
            open_link(serial_end.address, 115200)
        holder.stdin.close()
        holder.wait()
    open_link(serial_end.address, 115200).close()


def test_after_a_replug_the_same_path_leads_to_the_port_under_its_new_name(serial_end: FarEnd) -> None:
    assert isinstance(serial_end.address, SerialAddress)
    open_link(serial_end.address, 115200).close()
    master, slave = pty.openpty()
    serial_end.pull()
    serial_end.handles = [master, slave]
    by_id = Path(serial_end.address.path)
    by_id.unlink()
    by_id.symlink_to(os.ttyname(slave))
    link = open_link(serial_end.address, 115200)
    serial_end.send(b"again")
    assert link.read(5.0) == b"again"
    link.close()
