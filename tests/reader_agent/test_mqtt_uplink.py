"""What is in the spool reaches the registry, whatever the broker does meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reader_agent.clock import SystemClock
from reader_agent.config import BrokerConfig
from reader_agent.mqtt_uplink import MqttUplink, UplinkIdentity
from reader_agent.spool.spool import Spool
from schemas.identifiers import AgentId, AuthorityId, BootId, CheckpointId
from schemas.messages import Ack, AgentStatus, SightingBatch, SightingClosed, encode, seal
from schemas.signing import Signer, public_key_of, signer_for
from schemas.topics import AgentAddress
from tests.reader_agent.fakes import Broker, Registry

BOOT, EARLIER = BootId("00000000000000b2"), BootId("00000000000000a1")
EARLIER_ADDRESS = AgentAddress(AuthorityId("kcc"), CheckpointId("old-bridge"), AgentId("pti-more-1"))
OWN_SUBJECTS = '["ebike.v1.kcc.pti-more.pti-more-1.>"]'
USERS = f"""
{{ user: agent, password: a, permissions: {{ publish: {OWN_SUBJECTS}, subscribe: {OWN_SUBJECTS} }} }},
{{ user: registry, password: r }}
"""
AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def status(*, online: bool, spooled: int = 0) -> bytes:
    return encode(AgentStatus(AgentId("pti-more-1"), BOOT, online, AT, spooled_batches=spooled))


SenderAfter = Callable[..., "Sender"]


class Sender:
    """The agent's half: a spool, an uplink, and a key."""

    def __init__(self, folder: Path, broker: Broker, address: AgentAddress, private_key: bytes, user: str = "") -> None:
        self._address, self._sign = address, signer_for(private_key)
        self.spool = Spool(folder, BOOT, capacity_bytes=64 << 20, stamp="x")
        config = BrokerConfig.model_validate({"url": broker.url.replace("://", f"://{user}"), "resend_s": 0.3, "in_flight": 10})
        self.uplink = MqttUplink(config, UplinkIdentity(address, BOOT, status(online=False)), self.spool, SystemClock())

    def end(self) -> None:
        if self.uplink.is_alive():
            self.uplink.stop(status(online=False), within_s=0.0)
        self.spool.close()

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
    sender.end()


@pytest.fixture
def strict_broker(tmp_path: Path) -> Iterator[Broker]:
    """Lets the agent speak and hear under its own name only."""
    broker = Broker(tmp_path / "strict", settings=f"authorization {{ users: [{USERS}] }}\nno_auth_user: registry")
    yield broker.start()
    broker.stop()


@pytest.fixture
def sender_after(tmp_path: Path, broker: Broker, address: AgentAddress, private_key: bytes) -> Iterator[SenderAfter]:
    """Makes a sender that finds batches of an earlier life."""
    with ExitStack() as ending:

        def make(earlier: AgentAddress = address, user: str = "", count: int = 40) -> Sender:
            leave_from_earlier_life(tmp_path / "agent", count, earlier, signer_for(private_key))
            sender = Sender(tmp_path / "agent", broker, address, private_key, user)
            ending.callback(sender.end)
            return sender

        yield make


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
    assert registry.seqs(BOOT)[:10] == list(range(1, 11))
    assert len(sender.spool) == 40


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


def test_new_batches_flow_past_any_number_of_old_ones_that_the_registry_refuses(
    broker: Broker, registry: Registry, sender_after: SenderAfter
) -> None:
    """The agent has got a new key, say: what it sealed with the old one is never confirmed."""
    sender = sender_after()
    broker.start()
    registry.refuses = lambda batch: batch.boot == EARLIER
    registry.connect()
    sender.uplink.start()
    registry.wait_until(lambda: len(registry.refused) >= 5)
    sender.send(30)
    registry.wait_until(lambda: len(registry.seqs(BOOT)) == 30)
    sender.uplink.stop(status(online=False))
    assert len(sender.spool) == 40


def test_what_was_refused_is_tried_again_seldom_and_all_of_it_goes_when_the_registry_takes_some(
    broker: Broker, registry: Registry, sender: Sender
) -> None:
    broker.start()
    registry.refuses = lambda batch: batch.seq <= 12
    registry.connect()
    sender.uplink.start()
    sender.send(30)
    registry.wait_until(lambda: len(registry.seqs(BOOT)) == 18)
    registry.wait_until(lambda: len(sender.spool.aside) == 12)
    refused = len(registry.refused)
    registry.wait_until(lambda: len(registry.refused) >= refused + 2)
    assert len(registry.refused) <= refused + 4
    registry.refuses = lambda _: False
    wait_until_forgotten(registry, sender)
    assert registry.seqs(BOOT) == list(range(1, 31))


def test_what_was_sealed_under_an_earlier_name_goes_out_under_that_name(
    broker: Broker, registry: Registry, sender_after: SenderAfter
) -> None:
    sender = sender_after(EARLIER_ADDRESS)
    broker.start()
    registry.connect()
    sender.uplink.start()
    sender.send(5)
    registry.wait_until(lambda: (len(registry.seqs(EARLIER)), len(registry.seqs(BOOT))) == (40, 5))
    wait_until_forgotten(registry, sender)
    assert registry.refused == []


def test_a_broker_that_lets_nobody_speak_under_the_earlier_name_keeps_nothing_new_back(
    strict_broker: Broker, address: AgentAddress, private_key: bytes, tmp_path: Path
) -> None:
    registry = Registry(strict_broker, address, public_key_of(private_key)).connect()
    leave_from_earlier_life(tmp_path / "agent", 40, EARLIER_ADDRESS, signer_for(private_key))
    sender = Sender(tmp_path / "agent", strict_broker, address, private_key, user="agent:a@")
    with ExitStack() as ending:
        ending.callback(registry.disconnect)
        ending.callback(sender.end)
        sender.uplink.start()
        sender.send(30)
        registry.wait_until(lambda: len(registry.seqs(BOOT)) == 30)
        sender.uplink.stop(status(online=False))
        assert (len(sender.spool), registry.seqs(EARLIER)) == (40, [])


def test_the_newest_status_is_sent_again_on_each_connection_for_the_last_will_stands_there(
    broker: Broker, registry: Registry, sender: Sender
) -> None:
    broker.start()
    registry.connect()
    sender.uplink.publish_status(status(online=True, spooled=7))
    sender.uplink.start()
    registry.wait_until(lambda: any(status.online for status in registry.statuses))
    registry.publish_last_will(status(online=False))
    registry.wait_until(lambda: not registry.statuses[-1].online)
    broker.kill()
    registry.disconnect()
    broker.start()
    registry.connect()
    registry.wait_until(lambda: registry.statuses[-1].online)


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
