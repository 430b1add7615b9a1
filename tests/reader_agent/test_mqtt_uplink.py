"""What is in the spool reaches the registry, whatever the broker does meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reader_agent.clock import SystemClock
from reader_agent.config import BrokerConfig
from reader_agent.mqtt_uplink import MqttUplink, UplinkIdentity
from reader_agent.spool.spool import Spool
from schemas.identifiers import AgentId, BootId
from schemas.messages import Ack, AgentStatus, SightingBatch, SightingClosed, encode, seal
from schemas.signing import Signer, signer_for
from schemas.topics import AgentAddress
from tests.reader_agent.fakes import Broker, Registry

BOOT, EARLIER = BootId("00000000000000b2"), BootId("00000000000000a1")
AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def status(*, online: bool, spooled: int = 0) -> bytes:
    return encode(AgentStatus(AgentId("pti-more-1"), BOOT, online, AT, spooled_batches=spooled))


class Sender:
    """The agent's half: a spool, an uplink, and a key."""

    def __init__(self, folder: Path, broker: Broker, address: AgentAddress, private_key: bytes) -> None:
        self._address, self._sign = address, signer_for(private_key)
        self.spool = Spool(folder, BOOT, capacity_bytes=64 << 20, stamp="x")
        config = BrokerConfig.model_validate({"url": broker.url, "resend_s": 0.3, "in_flight": 10})
        self.uplink = MqttUplink(config, UplinkIdentity(address, BOOT, status(online=False)), self.spool, SystemClock())

    def send(self, count: int) -> None:
        for _ in range(count):
            self.spool.append(lambda seq: sealed(self._address, BOOT, seq, self._sign), 1)
            self.uplink.wake()


def sealed(address: AgentAddress, boot: BootId, seq: int, sign: Signer) -> bytes:
    event = SightingClosed(sighting=seq, last_seen_at=AT, reads=1)
    return seal(SightingBatch(address.authority, address.checkpoint, address.agent, boot, seq, AT, [event]), sign)


def leave_from_earlier_life(folder: Path, count: int, address: AgentAddress, sign: Signer) -> None:
    spool = Spool(folder, EARLIER, capacity_bytes=64 << 20, stamp="x")
    for _ in range(count):
        spool.append(lambda seq: sealed(address, EARLIER, seq, sign), 1)
    spool.close()


@pytest.fixture
def sender(tmp_path: Path, broker: Broker, address: AgentAddress, private_key: bytes) -> Iterator[Sender]:
    sender = Sender(tmp_path / "agent", broker, address, private_key)
    yield sender
    if sender.uplink.is_alive():
        sender.uplink.stop(status(online=False), within_s=0.0)
    sender.spool.close()


def wait_until_forgotten(registry: Registry, sender: Sender) -> None:
    registry.wait_until(lambda: sender.spool.last_seq == len(registry.seqs(BOOT)))
    sender.uplink.stop(status(online=False))
    assert len(sender.spool) == 0


def test_every_batch_arrives_once_and_is_forgotten_when_the_registry_confirms_it(
    broker: Broker, registry: Registry, sender: Sender
) -> None:
    broker.start()
    registry.connect()
    sender.uplink.start()
    sender.send(250)
    wait_until_forgotten(registry, sender)
    assert registry.seqs(BOOT) == list(range(1, 251))
    assert registry.deliveries == 250


def test_a_broker_that_comes_later_gets_all_in_order_earlier_lives_first(
    tmp_path: Path, broker: Broker, registry: Registry, address: AgentAddress, private_key: bytes
) -> None:
    leave_from_earlier_life(tmp_path / "agent", 20, address, signer_for(private_key))
    sender = Sender(tmp_path / "agent", broker, address, private_key)
    sender.uplink.start()
    sender.send(20)
    broker.start()
    registry.connect()
    wait_until_forgotten(registry, sender)
    sender.spool.close()
    assert list(registry.batches) == [(boot, seq) for boot in (EARLIER, BOOT) for seq in range(1, 21)]


def test_a_killed_broker_loses_nothing(broker: Broker, registry: Registry, sender: Sender) -> None:
    broker.start()
    registry.connect()
    sender.uplink.start()
    for _ in range(3):
        sender.send(60)
        broker.kill()
        registry.disconnect()
        sender.send(20)
        broker.start()
        registry.connect()
    wait_until_forgotten(registry, sender)
    assert registry.seqs(BOOT) == list(range(1, 241))


def test_puback_alone_makes_nothing_forgotten_and_it_is_sent_again(broker: Broker, registry: Registry, sender: Sender) -> None:
    broker.start()
    registry.is_answering = False
    registry.connect()
    sender.uplink.start()
    sender.send(3)
    registry.wait_until(lambda: registry.deliveries >= 9)
    assert [batch.seq for batch in sender.spool.oldest(10)] == [1, 2, 3]
    registry.is_answering = True
    wait_until_forgotten(registry, sender)


def test_no_more_are_on_their_way_than_configured(broker: Broker, registry: Registry, sender: Sender) -> None:
    broker.start()
    registry.is_answering = False
    registry.connect()
    sender.send(40)
    sender.uplink.start()
    registry.wait_until(lambda: registry.deliveries >= 30)
    assert registry.seqs(BOOT) == list(range(1, 11))


@pytest.mark.parametrize("ack", [pytest.param(Ack(BOOT, 2**52), id="of the future"), pytest.param(Ack(EARLIER, 9), id="of another life")])
def test_an_ack_that_covers_nothing_of_ours_makes_nothing_forgotten(broker: Broker, registry: Registry, sender: Sender, ack: Ack) -> None:
    broker.start()
    registry.is_answering = False
    registry.connect()
    sender.uplink.start()
    sender.send(2)
    registry.wait_until(lambda: registry.deliveries >= 2)
    registry.publish_ack(ack)
    already = registry.deliveries
    registry.wait_until(lambda: registry.deliveries >= already + 4)
    assert len(sender.spool) == 2


def test_the_status_is_retained_and_the_last_one_says_offline(broker: Broker, registry: Registry, sender: Sender) -> None:
    broker.start()
    sender.uplink.publish_status(status(online=True, spooled=7))
    sender.uplink.start()
    sender.send(1)
    registry.connect()
    registry.wait_until(lambda: any(status.online and status.spooled_batches == 7 for status in registry.statuses))
    sender.uplink.stop(status(online=False))
    registry.wait_until(lambda: not registry.statuses[-1].online)


def test_it_stops_at_once_when_there_is_no_broker(sender: Sender) -> None:
    sender.uplink.start()
    sender.send(1)
    sender.uplink.stop(status(online=False))
    assert not sender.uplink.is_alive()
    assert len(sender.spool) == 1
