"""A reader's topic on a real broker."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from reader_agent.clock import SystemClock
from reader_agent.door_address import Account, MqttAddress
from reader_agent.errors import LinkLost
from reader_agent.links.mqtt_link import MqttLink
from reader_agent.reader_tool.tls_line import make_certificate
from reader_agent.tls_address import TlsAddress
from tests.reader_agent.fakes import Broker

TOPIC = "zebra/fx1/d-evt"
READER = Account("reader", password_env="READER_PASSWORD")


@pytest.fixture
def started(broker: Broker) -> Broker:
    return broker.start()


@pytest.fixture
def publisher(started: Broker) -> Iterator[Client]:
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", started.port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def address(broker: Broker, topic: str = TOPIC) -> MqttAddress:
    return MqttAddress("127.0.0.1", broker.port, topic)


def read_until(link: MqttLink, wanted: bytes) -> bytes:
    heard, until_s = b"", monotonic() + 10
    while wanted not in heard and monotonic() < until_s:
        heard += link.read(0.2)
    assert wanted in heard
    return heard


def end_of(link: MqttLink) -> tuple[LinkLost, float]:
    since_s = monotonic()
    while monotonic() - since_s < 15:
        try:
            link.read(0.1)
        except LinkLost as error:
            return error, monotonic() - since_s
    raise AssertionError("the link still stands")


def test_each_message_is_one_line(started: Broker, publisher: Client) -> None:
    link = MqttLink(address(started))
    publisher.publish(TOPIC, b'{\r\n "data": {}\n}', qos=1)
    publisher.publish(TOPIC, b"", qos=1)
    publisher.publish(TOPIC, b"last", qos=1)
    assert read_until(link, b"last\n") == b'{   "data": {} }\n\nlast\n'
    link.close()


@pytest.mark.parametrize(
    ("topic", "published", "is_heard"),
    [
        pytest.param("zebra/fx1/#", "zebra/fx1/m-evt", True, id="events and heart-beats of one reader"),
        pytest.param("zebra/+/d-evt", "zebra/fx2/d-evt", True, id="any reader"),
        pytest.param("zebra/fx1/d-evt", "zebra/fx2/d-evt", False, id="another reader"),
    ],
)
def test_what_a_topic_takes_in(started: Broker, publisher: Client, topic: str, published: str, *, is_heard: bool) -> None:
    link = MqttLink(address(started, topic))
    publisher.publish(published, b"here", qos=1).wait_for_publish(5.0)
    publisher.publish(topic.replace("#", "last").replace("+", "fx1"), b"last", qos=1)
    assert (b"here" in read_until(link, b"last")) is is_heard
    link.close()


def test_a_message_of_the_past_is_no_read(started: Broker, publisher: Client) -> None:
    publisher.publish(TOPIC, b"retained", qos=1, retain=True).wait_for_publish(5.0)
    link = MqttLink(address(started))
    publisher.publish(TOPIC, b"now", qos=1)
    assert read_until(link, b"now\n") == b"now\n"
    link.close()


def test_a_broker_that_dies_is_one_error_and_is_found_again(started: Broker) -> None:
    link = MqttLink(address(started))
    started.kill()
    error, after_s = end_of(link)
    link.close()
    assert after_s < 3
    assert error.where == f"mqtt://127.0.0.1:{started.port}/{TOPIC}"
    with pytest.raises(LinkLost, match=r"no connection \(Connection refused\); is the broker running"):
        MqttLink(address(started))
    started.start()
    MqttLink(address(started)).close()


@pytest.fixture
def hung(started: Broker) -> Iterator[Callable[[], None]]:
    """Stops the broker's process in its tracks, until the test is over."""
    assert started._process is not None
    process = started._process
    yield lambda: process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGCONT)


def test_a_broker_that_hangs_is_lost_after_two_keep_alives(started: Broker, hung: Callable[[], None]) -> None:
    link = MqttLink(address(started))
    hung()
    error, after_s = end_of(link)
    link.close()
    assert "the broker is gone" in str(error)
    assert after_s < 6
    with pytest.raises(LinkLost, match="does not answer"):
        MqttLink(address(started))


@pytest.fixture
def strict_broker(tmp_path: Path) -> Iterator[Broker]:
    """One with TLS, and with passwords."""
    certificate = tmp_path / "broker.pem"
    certificate.write_bytes(make_certificate("127.0.0.1", SystemClock().now().utc))
    tls = f'tls {{ cert_file: "{certificate}", key_file: "{certificate}" }}'
    broker = Broker(tmp_path / "strict", tls, 'authorization { user: "reader", password: "right" }').start()
    yield broker
    broker.stop()


# paho leaves a socket whose TLS handshake failed to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.parametrize(
    ("password", "knows_certificate", "says"),
    [
        pytest.param("right", True, None, id="password and certificate"),
        pytest.param("wrong", True, "the broker refuses us: .*write .account=NAME", id="a wrong password"),
        pytest.param("", True, "password_env=READER_PASSWORD: no such variable", id="no password"),
        pytest.param("right", False, "vouches for", id="a certificate that nobody vouches for"),
    ],
)
def test_who_is_let_in(
    tmp_path: Path, strict_broker: Broker, monkeypatch: pytest.MonkeyPatch, password: str, says: str | None, *, knows_certificate: bool
) -> None:
    monkeypatch.setenv("READER_PASSWORD", password)
    tls = TlsAddress("127.0.0.1", strict_broker.port, tmp_path / "broker.pem" if knows_certificate else None)
    strict = MqttAddress("127.0.0.1", strict_broker.port, TOPIC, READER, tls)
    if says is None:
        MqttLink(strict).close()
        return
    with pytest.raises(LinkLost, match=says):
        MqttLink(strict)


def test_more_than_can_be_taken_in_is_told_and_does_not_stop_the_broker(started: Broker, publisher: Client) -> None:
    link = MqttLink(address(started))
    for _ in range(50):
        publisher.publish(TOPIC, b"x" * 200_000, qos=1)
    error, _ = end_of_flood(link)
    link.close()
    assert "more came than could be taken in" in str(error)


def end_of_flood(link: MqttLink) -> tuple[LinkLost, int]:
    """Reads nothing until the link has ended, then what had come."""
    until_s = monotonic() + 20
    while not link._inbox.is_ended and monotonic() < until_s:
        Event().wait(0.02)
    heard = 0
    while True:
        try:
            heard += len(link.read(0.1))
        except LinkLost as error:
            return error, heard
