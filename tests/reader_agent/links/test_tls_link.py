"""A line inside TLS: whom it trusts, what it says when it does not, and a simulated reader at its other end."""

import re
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server, socket
from threading import Thread

import pytest

from firmware_protocols.catalogue import codec_for
from firmware_protocols.commands import GetInfo
from firmware_protocols.events import NEED_DATA, Event, Notice, Reply, Status
from reader_agent.errors import LinkLost
from reader_agent.link_address import parse_address
from reader_agent.links.link import Link
from reader_agent.links.open_link import open_link
from reader_agent.links.tls_link import TlsLink
from reader_agent.reader_tool.tls_line import LASTS, make_certificate
from reader_agent.tls_address import TlsAddress
from tests.reader_agent.simulator import SimulatorProcess

NOW = datetime.now(UTC)
WITHIN_S = 5.0


def pem(folder: Path, name: str, host: str = "127.0.0.1", made: datetime = NOW) -> Path:
    path = folder / f"{name}.pem"
    path.write_bytes(make_certificate(host, made))
    return path


class Far:
    """One connection, answered by `serve` in a thread of its own."""

    def __init__(self, serve: Callable[[socket], None]) -> None:
        self._listener = create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._serve, self._thread = serve, Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(WITHIN_S)
        with connection:
            self._serve(connection)

    def end(self) -> None:
        self._thread.join(2 * WITHIN_S)
        self._listener.close()


Server = Callable[[Callable[[socket], None]], Far]


@pytest.fixture
def far() -> Iterator[Server]:
    made: list[Far] = []

    def start(serve: Callable[[socket], None]) -> Far:
        made.append(Far(serve))
        return made[-1]

    yield start
    for each in made:
        each.end()


def tls_echo(certificate: Path, *, client_ca: Path | None = None) -> Callable[[socket], None]:
    """Sends back what it hears, once."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca)
    context.load_cert_chain(certificate)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN

    def serve(connection: socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as inside:
                inside.sendall(inside.recv(100))
        except OSError:
            pass  # the host did not trust us: that is what the test is about

    return serve


def test_what_is_written_arrives_and_comes_back(tmp_path: Path, far: Server) -> None:
    certificate = pem(tmp_path, "reader")
    link = open_link(TlsAddress("127.0.0.1", far(tls_echo(certificate)).port, certificate), 0)
    assert link.read(0.01) == b""
    link.write(b"\x04\x3e\xff")
    assert link.read(WITHIN_S) == b"\x04\x3e\xff"
    with pytest.raises(LinkLost, match="the reader closed the connection"):
        link.read(WITHIN_S)
    link.close()


def test_a_name_in_the_certificate_instead_of_the_address_that_is_dialled(tmp_path: Path, far: Server) -> None:
    certificate = pem(tmp_path, "reader", "impinj-12-34-56.local")
    link = TlsLink(TlsAddress("127.0.0.1", far(tls_echo(certificate)).port, certificate, "impinj-12-34-56.local"))
    link.close()


def test_a_reader_that_wants_our_certificate(tmp_path: Path, far: Server) -> None:
    certificate, ours = pem(tmp_path, "reader"), pem(tmp_path, "agent")
    link = TlsLink(TlsAddress("127.0.0.1", far(tls_echo(certificate, client_ca=ours)).port, certificate, cert=ours))
    link.write(b"hello")
    assert link.read(WITHIN_S) == b"hello"
    link.close()
    without = TlsLink(TlsAddress("127.0.0.1", far(tls_echo(certificate, client_ca=ours)).port, certificate))
    with pytest.raises(LinkLost, match=r"wants a certificate of ours; write cert="):
        without.read(WITHIN_S)
    without.close()


@pytest.mark.parametrize(
    ("certificate_of", "trusts", "says"),
    [
        pytest.param(("127.0.0.1", NOW), "other", r"nobody in .*other\.pem vouches for .* write ca=", id="another's certificate"),
        pytest.param(("127.0.0.1", NOW), None, "nobody in what this computer trusts vouches", id="a certificate that signed itself"),
        pytest.param(("reader.local", NOW), "reader", r"not for '127\.0\.0\.1'; .*write name=", id="a certificate for another name"),
        pytest.param(("127.0.0.1", NOW - LASTS - timedelta(days=1)), "reader", "has run out; check this computer's clock", id="ran out"),
        pytest.param(("127.0.0.1", NOW + timedelta(days=2)), "reader", "is not valid yet; check this computer's clock", id="of tomorrow"),
    ],
)
def test_a_reader_that_is_not_trusted_is_not_spoken_to(
    tmp_path: Path, far: Server, certificate_of: tuple[str, datetime], trusts: str | None, says: str
) -> None:
    files = {"reader": pem(tmp_path, "reader", *certificate_of), "other": pem(tmp_path, "other")}
    server = far(tls_echo(files["reader"]))
    with pytest.raises(LinkLost, match=says):
        TlsLink(TlsAddress("127.0.0.1", server.port, files[trusts] if trusts else None))


def test_a_port_without_tls_is_named_as_such(far: Server) -> None:
    """A plain LLRP reader speaks first."""
    server = far(lambda connection: connection.sendall(bytes.fromhex("043f0000002000000001")))
    with pytest.raises(LinkLost, match=rf"speaks no TLS; write the reader's TLS port, or tcp://127\.0\.0\.1:{server.port}"):
        TlsLink(TlsAddress("127.0.0.1", server.port))


def test_nobody_there() -> None:
    with pytest.raises(LinkLost, match=r"^tls://127\.0\.0\.1:1: no connection"):
        TlsLink(TlsAddress("127.0.0.1", 1))


@pytest.mark.parametrize(
    ("setting", "content", "says"),
    [
        pytest.param("ca", None, "No such file or directory; give the path of a PEM file with certificates", id="no such ca file"),
        pytest.param("ca", b"no certificate", "holds something else", id="a ca file of something else"),
        pytest.param(
            "cert", None, "No such file or directory; give the path of a PEM file with a certificate and its key", id="no cert file"
        ),
        pytest.param("cert", b"no certificate", "holds something else", id="a cert file of something else"),
    ],
)
def test_files_that_are_none(tmp_path: Path, setting: str, content: bytes | None, says: str) -> None:
    path = tmp_path / "file.pem"
    if content:
        path.write_bytes(content)
    with pytest.raises(LinkLost, match=rf"{setting}=.*{says}"):
        open_link(parse_address(f"tls://127.0.0.1:5085?{setting}={path}"), 0)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("tls://gate.local", TlsAddress("gate.local", 5085), id="LLRP's own port"),
        pytest.param("tls://gate.local:5085?ca=/etc/a.pem", TlsAddress("gate.local", 5085, Path("/etc/a.pem")), id="whom to trust"),
        pytest.param(
            "tls://10.0.0.9:6000?ca=/a&name=reader&cert=/b",
            TlsAddress("10.0.0.9", 6000, Path("/a"), "reader", Path("/b")),
            id="all settings",
        ),
    ],
)
def test_addresses(url: str, address: TlsAddress) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("tls://", "write tcp://HOST:PORT or", id="no host"),
        pytest.param("tls://gate/path", "write tcp://HOST:PORT or", id="a path"),
        pytest.param("tls://gate?ca=readers.pem", "ca=readers.pem is no whole path", id="half a path"),
        pytest.param("tls://gate?verify=no", "unknown setting 'verify' after '?'; known are ca=…, cert=…, name=…", id="no such setting"),
        pytest.param("tls://gate?name=", "name= is no name", id="no name"),
    ],
)
def test_addresses_that_are_none(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        parse_address(url)


def events_of(family: str, link: Link, frames: tuple[bytes, ...]) -> Iterator[Event]:
    codec = codec_for(family)
    for frame in frames:
        link.write(frame)
    for _ in range(200):
        codec.receive_data(link.read(0.05))
        while (event := codec.next_event()) is not NEED_DATA:
            yield event


def test_a_simulated_reader_inside_tls_greets_answers_and_refuses_a_second_host(tmp_path: Path) -> None:
    certificate = tmp_path / "reader.pem"
    simulator = SimulatorProcess("llrp", "--tls", "127.0.0.1:0", "--cert", str(certificate))
    assert certificate.stat().st_mode & 0o077 == 0
    address = parse_address(simulator.place)
    codec, link = codec_for("llrp"), open_link(address, 0)
    greeting = next(events_of("llrp", link, ()))
    assert isinstance(greeting, Notice)
    assert (greeting.name, greeting.status) == ("connection_attempt", Status.OK)
    reply = next(event for event in events_of("llrp", link, codec.encode(GetInfo())) if isinstance(event, Reply))
    assert reply.status is Status.OK
    second = open_link(address, 0)
    refusal = next(events_of("llrp", second, ()))
    assert isinstance(refusal, Notice)
    assert refusal.detail == "refused: another client is connected"
    with pytest.raises(LinkLost, match="closed"):
        [second.read(0.5) for _ in range(20)]
    for each in (link, second):
        each.close()
    assert simulator.stop() == 0
