"""The simulated reader's end of a line inside TLS, and a certificate for it where there is none."""

import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from reader_agent.reader_tool.lines import TcpLine

LASTS = timedelta(days=30)
CLOCKS_DIFFER = timedelta(hours=1)


class TlsLine(TcpLine):
    """A TcpLine inside TLS. A host counts as connected when the handshake is done: what it is told before would be lost."""

    not_now = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

    def __init__(self, host: str, port: int, certificate: Path) -> None:
        """`certificate`: PEM, with its key. Raises OSError where file or port cannot be used."""
        self._certificate = certificate
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificate)
        self._newcomer: ssl.SSLSocket | None = None
        super().__init__(host, port)

    @property
    def place(self) -> str:
        """Whole, so that a host may be given it as it is."""
        return f"tls://{super().place}?ca={self._certificate}"

    def handles(self) -> list[int]:
        return [*super().handles(), *([self._newcomer.fileno()] if self._newcomer else [])]

    def unplug(self) -> None:
        self._forget_newcomer()
        super().unplug()

    def _accept(self) -> None:
        self._shake_hands()
        super()._accept()

    def _admit(self, connection: socket.socket) -> None:
        """One at a time: who comes later is not kept waiting by one that says nothing."""
        if isinstance(connection, ssl.SSLSocket):
            super()._admit(connection)
            return
        self._forget_newcomer()
        self._newcomer = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._shake_hands()

    def _shake_hands(self) -> None:
        if self._newcomer is None:
            return
        try:
            self._newcomer.do_handshake()
        except self.not_now:
            return
        except OSError:
            self._forget_newcomer()  # it does not trust us, or speaks no TLS
            return
        host, self._newcomer = self._newcomer, None
        self._admit(host)

    def _forget_newcomer(self) -> None:
        if self._newcomer:
            self._newcomer.close()
        self._newcomer = None

    def _hang_up(self) -> None:
        if isinstance(self._connection, ssl.SSLSocket):
            with suppress(OSError, ValueError):  # the host need not answer our goodbye
                self._connection.unwrap()
        super()._hang_up()


def make_certificate(host: str, now: datetime) -> bytes:
    """A certificate that vouches for itself, for that name or address, and its key: PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated reader")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - CLOCKS_DIFFER)
        .not_valid_after(now.astimezone(UTC) + LASTS)
        .add_extension(x509.SubjectAlternativeName([_name_of(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name_of(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)
