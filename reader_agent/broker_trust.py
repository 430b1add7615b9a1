"""How the broker and the agent know each other, and what to do when they do not. Files and words; no connection."""

import socket
import ssl
from pathlib import Path

from reader_agent.certificate_faults import NOBODY_VOUCHES, NOT_YET_VALID, OTHER_NAME, RAN_OUT, speaks_no_tls
from reader_agent.config import BrokerConfig
from reader_agent.errors import CertificateWrong

_CUT_SHORT = "UNEXPECTED_EOF"  # so a broker hangs up whose port wants no TLS


def tls_context(broker: BrokerConfig) -> ssl.SSLContext:
    """Whom we trust, and who we are. Raises CertificateWrong with the file that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=broker.ca_file)
    except OSError as error:
        raise CertificateWrong("broker.ca_file", broker.ca_file, _why_unusable(error, "certificates")) from error
    if broker.cert_file is None:
        return context
    for key, file in (("broker.cert_file", broker.cert_file), ("broker.cert_key_file", broker.cert_key_file)):
        _require_readable(key, file)
    try:
        context.load_cert_chain(broker.cert_file, broker.cert_key_file, password=lambda: b"")  # never ask at a terminal
    except OSError as error:
        wanted = f"the certificate whose key, without a password, is in {broker.cert_key_file}"
        raise CertificateWrong("broker.cert_file", broker.cert_file, _why_unusable(error, wanted)) from error
    return context


def why_no_connection(error: OSError | ValueError, broker: BrokerConfig) -> str:
    """Cause and remedy of a connection that did not come about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _why_not_trusted(error, broker)
    if isinstance(error, ssl.SSLError):
        return _why_no_handshake(error)
    for kind, sentence in _NO_CONNECTION.items():
        if isinstance(error, kind):
            return sentence.format(host=broker.address.host, other=_other_scheme(broker))
    return str(error)


_NO_CONNECTION: dict[type[Exception], str] = {
    socket.gaierror: "no computer is called {host!r}; is the name right, and does this computer reach a name server?",
    UnicodeError: "{host!r} cannot be a computer's name; correct broker.url",
    ConnectionRefusedError: "nothing listens there; is the broker running, and on this port?",
    ConnectionResetError: "the connection was cut at once; {other}?",
    TimeoutError: "no answer; is the line up, and does a firewall let this port through?",
}


def _why_no_handshake(error: ssl.SSLError) -> str:
    if speaks_no_tls(error) or _CUT_SHORT in str(error):
        return "what answers there speaks no TLS; write the port of the broker's TLS listener, or mqtt:// if it has none"
    return f"no TLS connection ({error.reason or error}); does the broker want a client certificate (cert_file, cert_key_file)?"


def why_cut(broker: BrokerConfig) -> str:
    """The broker closed the connection instead of taking us in."""
    certificate = ""
    if broker.address.has_tls:
        certificate = ", and does it know our cert_file" if broker.cert_file else ", or does it want a client certificate (cert_file)"
    return f"the broker cut the connection before taking us in; {_other_scheme(broker)}{certificate}?"


def why_silent(broker: BrokerConfig) -> str:
    return f"what listens there says nothing; is it an MQTT broker, and {_other_scheme(broker)}?"


def why_refused(answer: str) -> str:
    return f"the broker refuses us ({answer}); are name and password in broker.url those that the broker knows?"


def _other_scheme(broker: BrokerConfig) -> str:
    if broker.address.has_tls:
        return "is this the broker's TLS port"
    return "does this port want TLS (mqtts://)"


def _require_readable(key: str, file: Path | None) -> None:
    try:
        if file is not None:
            file.read_bytes()
    except OSError as error:
        raise CertificateWrong(key, file, f"{error.strerror}; give the path of a PEM file that this account may read") from error


def _why_unusable(error: OSError, wanted: str) -> str:
    if isinstance(error, ssl.SSLError):
        return f"holds something else ({error.reason}); give the path of a PEM file with {wanted}"
    return f"{error.strerror}; give the path of a PEM file with {wanted}"


def _why_not_trusted(error: ssl.SSLCertVerificationError, broker: BrokerConfig) -> str:
    host = broker.address.host
    if error.verify_code in OTHER_NAME:
        return f"the broker's certificate is not for {host!r}; write the name that it bears, or let the broker get one for this name"
    if error.verify_code in NOBODY_VOUCHES:
        trusted = f"in {broker.ca_file}" if broker.ca_file else "that this computer trusts"
        return f"nobody {trusted} vouches for the broker's certificate; write ca_file = the PEM file of its authority"
    if error.verify_code == RAN_OUT:
        return "the broker's certificate has run out; renew it at the broker, or check this computer's clock"
    if error.verify_code == NOT_YET_VALID:
        return "the broker's certificate is not valid yet; check this computer's clock, then the broker's certificate"
    return f"the broker's certificate is refused ({error.verify_message}); renew it at the broker"
