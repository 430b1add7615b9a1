"""An agent's half of the conversation: sends batches, sends again what is not acknowledged, forgets only what is."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from registry_server.ingest.envelope import Delivery
from schemas.messages import Ack, decode_ack
from schemas.topics import Channel
from tests.registry_server.ingest.checkpoints import Machine

WAIT_S = 30.0
RESEND_S = 0.5
ROUNDS = 60


class Uplink:
    """Connected to a broker. `acks` are all that came, in order."""

    def __init__(self, client: Client) -> None:
        self._client, self._news = client, Condition()
        self.acks: list[Ack] = []
        self.covered: set[int] = set()
        client.on_message = self._on_message

    def send(self, delivery: Delivery) -> None:
        self._client.publish(delivery.topic, delivery.payload, qos=1)

    def wait_for(self, *seqs: int, timeout_s: float = WAIT_S) -> bool:
        """Whether acks have covered all of these."""
        with self._news:
            return self._news.wait_for(lambda: self.covered.issuperset(seqs), timeout_s)

    def send_until_acknowledged(self, deliveries: dict[int, Delivery], *, resend_s: float = RESEND_S, rounds: int = ROUNDS) -> None:
        """Every batch at once, and what is missing again after a while."""
        for _ in range(rounds):
            for seq in sorted(set(deliveries) - self.covered):
                self.send(deliveries[seq])
            if self.wait_for(*deliveries, timeout_s=resend_s):
                return
        raise AssertionError(f"never acknowledged: {sorted(set(deliveries) - self.covered)}")

    def _on_message(self, _client: Client, _data: object, raw: MQTTMessage) -> None:
        ack = decode_ack(bytes(raw.payload))
        with self._news:
            self.acks.append(ack)
            self.covered |= {*range(1, ack.through + 1), *ack.beyond}
            self._news.notify_all()


@contextmanager
def uplink_of(machine: Machine, broker_url: str) -> Iterator[Uplink]:
    parts = urlsplit(broker_url)
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"agent-{machine.address.checkpoint}")
    uplink = Uplink(client)
    client.on_connect = lambda *_: (client.subscribe(machine.address.topic(Channel.ACK), 1), None)[1]
    client.reconnect_delay_set(1, 1)
    client.connect(str(parts.hostname), int(parts.port or 0))
    client.loop_start()
    try:
        yield uplink
    finally:
        client.disconnect()
        client.loop_stop()
