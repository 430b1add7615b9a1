"""A reader behind TLS. It is spoken to only when its certificate is vouched for and bears the name that was dialled."""

import ssl
from pathlib import Path

from reader_agent.certificate_faults import NOBODY_VOUCHES, NOT_YET_VALID, OTHER_NAME, RAN_OUT, speaks_no_tls
from reader_agent.errors import LinkLost
from reader_agent.link_address import TcpAddress
from reader_agent.links.tcp_link import TcpLink
from reader_agent.tls_address import TlsAddress

HANDSHAKE_TIMEOUT_S = 5.0  # a reader's small processor works on its signature for a second or two


class TlsLink(TcpLink):
    """A TcpLink inside TLS."""

    def __init__(self, address: TlsAddress) -> None:
        """Connect, and know the reader by its certificate. Raises LinkLost."""
        context = context_for(address)
        super().__init__(TcpAddress(address.host, address.port), "tls")
        self._socket.settimeout(HANDSHAKE_TIMEOUT_S)
        plain = self._socket
        try:
            self._socket = context.wrap_socket(plain, server_hostname=address.name or address.host)
        except OSError as error:
            plain.close()
            raise LinkLost(self._where, why_no_handshake(error, address)) from error

    def read(self, timeout_s: float) -> bytes:
        try:
            return super().read(timeout_s)
        except LinkLost as error:  # with TLS 1.3 a reader says only after the handshake that it wants our certificate
            if isinstance(error.__cause__, ssl.SSLError) and "CERTIFICATE_REQUIRED" in str(error.__cause__):
                raise LinkLost(self._where, WANTS_CERTIFICATE) from error
            raise


WANTS_CERTIFICATE = "the reader wants a certificate of ours; write cert=/path/to/agent.pem (certificate and key) after '?'"


def context_for(address: TlsAddress, scheme: str = "tls") -> ssl.SSLContext:
    """Who is trusted: those in the file, if one is named, and nobody else. Raises LinkLost for a file that cannot be used."""
    where = f"{scheme}://{address.place}"
    try:
        context = ssl.create_default_context(cafile=address.ca)
    except OSError as error:
        raise LinkLost(where, _why_no_file("ca", address.ca, error, "certificates")) from error
    # So that one may trust a reader's own certificate without that of whoever signed it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        if address.cert:
            context.load_cert_chain(address.cert, password=lambda: b"")  # never ask at a terminal
    except OSError as error:
        wanted = "a certificate and its key, without a password"
        raise LinkLost(where, _why_no_file("cert", address.cert, error, wanted)) from error
    return context


def _why_no_file(setting: str, path: Path | None, error: OSError, wanted: str) -> str:
    reason = "holds something else" if isinstance(error, ssl.SSLError) else error.strerror
    return f"{setting}={path}: {reason}; give the path of a PEM file with {wanted}"


def why_no_handshake(error: OSError, address: TlsAddress) -> str:
    """Cause and remedy of a handshake that failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _why_not_trusted(error, address)
    said = str(error)
    if speaks_no_tls(error):
        return f"what answers there speaks no TLS; write the reader's TLS port, or tcp://{address.place} if it has none"
    if "PROTOCOL_VERSION" in said or "UNSUPPORTED_PROTOCOL" in said:
        return "the reader knows only versions of TLS before 1.2, which are broken; update its firmware"
    if "CERTIFICATE_REQUIRED" in said or "HANDSHAKE_FAILURE" in said:
        return WANTS_CERTIFICATE
    if isinstance(error, TimeoutError):
        return f"no TLS handshake within {HANDSHAKE_TIMEOUT_S:g} s; is it a TLS port, and the reader not busy with another client?"
    return f"no TLS handshake ({error.strerror or error}); is it a TLS port, and has the reader a certificate?"


def _why_not_trusted(error: ssl.SSLCertVerificationError, address: TlsAddress) -> str:
    wanted = address.name or address.host
    if error.verify_code in OTHER_NAME:
        return f"the reader's certificate is not for {wanted!r}; if it is the right reader, write name=… after '?' as it bears it"
    if error.verify_code in NOBODY_VOUCHES:
        file = address.ca or "what this computer trusts"
        return f"nobody in {file} vouches for the reader's certificate; write ca=/path/to/file.pem with that of its maker, or its own"
    if error.verify_code in {NOT_YET_VALID, RAN_OUT}:
        words = "has run out" if error.verify_code == RAN_OUT else "is not valid yet"
        return f"the reader's certificate {words}; check this computer's clock, or renew the certificate on the reader's page"
    return f"the reader's certificate is refused ({error.verify_message}); renew it on the reader's page"
