"""The uplink over TLS, with a password."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from threading import Event

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from reader_agent.clock import SystemClock
from reader_agent.config import BrokerConfig
from reader_agent.mqtt_uplink import MqttUplink, UplinkIdentity
from reader_agent.spool.spool import Spool
from schemas.identifiers import AgentId, BootId
from schemas.messages import AgentStatus, encode
from schemas.topics import AgentAddress
from tests.reader_agent.fakes import Broker

BOOT = BootId("00000000000000b2")
USERS = 'authorization { user: "agent", password: "right" }'


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key, name, now = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")]),
        datetime.now(UTC),
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "broker.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "broker.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "broker.pem", folder / "broker.key"


@pytest.fixture
def tls_broker(tmp_path: Path) -> Iterator[Broker]:
    certificate, key = make_certificate(tmp_path)
    broker = Broker(tmp_path / "broker", f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}', USERS).start()
    yield broker
    broker.stop()


# paho leaves a socket whose TLS handshake failed to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.parametrize(
    ("password", "knows_certificate", "is_let_in"),
    [
        pytest.param("right", True, True, id="right password, known certificate"),
        pytest.param("wrong", True, False, id="wrong password"),
        pytest.param("right", False, False, id="a certificate that nobody vouches for"),
    ],
)
def test_who_is_let_in(
    tmp_path: Path, tls_broker: Broker, address: AgentAddress, *, password: str, knows_certificate: bool, is_let_in: bool
) -> None:
    settings: dict[str, object] = {"url": f"mqtts://agent:{password}@127.0.0.1:{tls_broker.port}"}
    if knows_certificate:
        settings["ca_file"] = str(tmp_path / "broker.pem")
    spool = Spool(tmp_path / "agent", BOOT, capacity_bytes=1 << 20, stamp="x")
    offline = encode(AgentStatus(AgentId("pti-more-1"), BOOT, online=False, at=datetime(2026, 11, 22, tzinfo=UTC)))
    uplink = MqttUplink(BrokerConfig.model_validate(settings), UplinkIdentity(address, BOOT, offline), spool, SystemClock())
    uplink.start()
    for _ in range(300 if is_let_in else 40):
        if uplink.is_connected:
            break
        Event().wait(0.02)
    was_let_in = uplink.is_connected
    uplink.stop(offline)
    spool.close()
    assert was_let_in is is_let_in
