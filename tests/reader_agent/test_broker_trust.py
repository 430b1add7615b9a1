"""Whoever sets up TLS is told which file, clock, name or port is wrong."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from reader_agent.broker_trust import tls_context, why_cut, why_no_connection, why_refused, why_silent
from reader_agent.config import BrokerConfig
from reader_agent.errors import CertificateWrong

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates into a folder."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @classmethod
    def make(cls, folder: Path, called: str) -> "Authority":
        itself = cls(folder, ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)]))
        itself.write(called, itself.key, itself.name, {"is_authority": True})
        return itself

    def sign(self, called: str, san: x509.GeneralName, *, begins: timedelta = -DAY, ends: timedelta = DAY) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])
        self.write(called, key, name, {"san": san, "begins": begins, "ends": ends})

    def write(self, called: str, key: ec.EllipticCurvePrivateKey, name: x509.Name, facts: dict[str, object]) -> None:
        now, begins, ends, san = datetime.now(UTC), facts.get("begins", -DAY), facts.get("ends", DAY), facts.get("san")
        assert isinstance(begins, timedelta)
        assert isinstance(ends, timedelta)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=bool(facts.get("is_authority")), path_length=None), critical=True)
        )
        if isinstance(san, x509.GeneralName):
            builder = builder.add_extension(x509.SubjectAlternativeName([san]), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        (self.folder / f"{called}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (self.folder / f"{called}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    authority, here = Authority.make(folder, "ca"), x509.IPAddress(IPv4Address("127.0.0.1"))
    Authority.make(folder, "other-ca")
    authority.sign("right", here)
    authority.sign("run-out", here, begins=-9 * DAY, ends=-DAY)
    authority.sign("of-tomorrow", here, begins=DAY, ends=9 * DAY)
    authority.sign("of-another", x509.DNSName("broker.example.org"))
    (folder / "junk.pem").write_text("junk")
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (folder / "locked.key").write_bytes(locked)
    return folder


def broker(scheme: str = "mqtts", **settings: str | Path) -> BrokerConfig:
    url = {"url": f"{scheme}://user:password@127.0.0.1:8883"}
    return BrokerConfig.model_validate(url | {key: str(file) for key, file in settings.items()})


def handshake(config: BrokerConfig, folder: Path, certificate: str) -> None:
    """Client and server in memory, until the client is content or raises."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = tls_context(config).wrap_bio(to_client, to_server, server_hostname=config.address.host)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize(
    ("certificate", "authority", "says"),
    [
        pytest.param("right", "ca", None, id="all is right"),
        pytest.param("right", "other-ca", "other-ca.pem vouches for the broker's certificate; write ca_file =", id="another authority"),
        pytest.param("right", None, "nobody that this computer trusts vouches", id="an authority that nobody named"),
        pytest.param("run-out", "ca", "has run out; renew it at the broker, or check this computer's clock", id="run out"),
        pytest.param("of-tomorrow", "ca", "is not valid yet; check this computer's clock", id="not yet valid"),
        pytest.param("of-another", "ca", "is not for '127.0.0.1'; write the name that it bears", id="another name"),
    ],
)
def test_a_certificate_that_is_not_believed(folder: Path, certificate: str, authority: str | None, says: str | None) -> None:
    config = broker(ca_file=folder / f"{authority}.pem") if authority else broker()
    if says is None:
        handshake(config, folder, certificate)
        return
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        handshake(config, folder, certificate)
    assert says in why_no_connection(caught.value, config)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        pytest.param({"ca_file": "nothing.pem"}, "No such file or directory; give the path of a PEM file", id="no such file"),
        pytest.param({"ca_file": "junk.pem"}, "holds something else", id="no certificate in it"),
        pytest.param({"cert_file": "nothing.pem", "cert_key_file": "right.key"}, "broker.cert_file = ", id="no client certificate"),
        pytest.param({"cert_file": "right.pem", "cert_key_file": "nothing.key"}, "broker.cert_key_file = ", id="no client key"),
        pytest.param(
            {"cert_file": "right.pem", "cert_key_file": "ca.key"}, "the certificate whose key, without a password", id="not its key"
        ),
        pytest.param({"cert_file": "right.pem", "cert_key_file": "locked.key"}, "without a password", id="a key under a password"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(folder: Path, settings: dict[str, str], says: str) -> None:
    with pytest.raises(CertificateWrong) as caught:
        tls_context(BrokerConfig.model_validate({"url": "mqtts://127.0.0.1"} | {key: str(folder / name) for key, name in settings.items()}))
    assert says in str(caught.value)


def _no_tls_there(config: BrokerConfig) -> NoReturn:
    answer, ask = ssl.MemoryBIO(), ssl.MemoryBIO()
    answer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    tls_context(config).wrap_bio(answer, ask, server_hostname="127.0.0.1").do_handshake()
    raise AssertionError


def _raises(error: Exception) -> Callable[[BrokerConfig], NoReturn]:
    def fail(_: BrokerConfig) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize(
    ("fails", "says"),
    [
        pytest.param(_no_tls_there, "speaks no TLS; write the port of the broker's TLS listener", id="a plain port"),
        pytest.param(_raises(ConnectionRefusedError(111, "x")), "nothing listens there", id="no broker"),
        pytest.param(_raises(ConnectionResetError(104, "x")), "is this the broker's TLS port?", id="cut"),
        pytest.param(_raises(TimeoutError()), "does a firewall let this port through", id="no answer"),
        pytest.param(_raises(OSError(101, "Network is unreachable")), "Network is unreachable", id="what the system says itself"),
    ],
)
def test_a_connection_that_does_not_come_about(fails: Callable[[BrokerConfig], NoReturn], says: str) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 — its sentence is made of it below
        fails(broker())
    assert says in why_no_connection(caught.value, broker())


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        pytest.param(why_cut(broker("mqtt")), "does this port want TLS (mqtts://)?", id="plain, cut"),
        pytest.param(why_cut(broker()), "is this the broker's TLS port, or does it want a client certificate (cert_file)?", id="TLS, cut"),
        pytest.param(why_cut(broker(cert_file="/a", cert_key_file="/b")), "and does it know our cert_file?", id="TLS, our certificate cut"),
        pytest.param(why_silent(broker("mqtt")), "is it an MQTT broker, and does this port want TLS (mqtts://)?", id="silence"),
        pytest.param(why_refused("Not authorized"), "are name and password in broker.url those that the broker knows?", id="refused"),
    ],
)
def test_a_broker_that_does_not_take_us_in(sentence: str, says: str) -> None:
    assert says in sentence
    assert "user:password" not in sentence
