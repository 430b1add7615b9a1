"""A real broker as a child process, and the registry's half of the conversation."""

import signal
import socket
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from threading import Condition
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from schemas.identifiers import BootId
from schemas.messages import Ack, AgentStatus, SightingBatch, SignedBatch, decode_status, encode
from schemas.topics import AgentAddress, Channel, every_agent

WAIT_S = 15.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Broker:
    """nats-server with MQTT and JetStream on disk. Its port stays the same over restarts."""

    def __init__(self, folder: Path, mqtt_settings: str = "", settings: str = "") -> None:
        self.port, self._folder = free_port(), folder
        self._process: subprocess.Popen[str] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "nats.conf").write_text(
            f'server_name: test\nlisten: "127.0.0.1:{free_port()}"\njetstream {{ store_dir: "{folder}/store" }}\n'
            f'mqtt {{ host: "127.0.0.1", port: {self.port}\n{mqtt_settings} }}\n{settings}\n'
        )

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> Self:
        server = Path(sysconfig.get_path("scripts")) / "nats-server"
        self._process = subprocess.Popen([server, "-c", self._folder / "nats.conf"], stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        while "Server is ready" not in (line := self._process.stderr.readline()):
            assert line, "the broker did not start"
        return self

    def kill(self) -> None:
        """As a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.communicate()
        self._process = None


class Registry:
    """Receives what agents send and acknowledges it, as the worker does: a batch once, its ack each time it comes, to the
    address under which it was sealed. What it refuses it counts, and is silent.
    """

    def __init__(self, broker: Broker, address: AgentAddress, public_key: bytes) -> None:
        self._broker, self._address, self._public_key = broker, address, public_key
        self.refuses: Callable[[SightingBatch], bool] = lambda _: False
        self.refused: list[tuple[BootId, int]] = []
        self._news = Condition()
        self.is_answering = True
        self.batches: dict[tuple[BootId, int], SightingBatch] = {}
        self.statuses: list[AgentStatus] = []
        self.deliveries = 0
        self._client: Client | None = None

    def connect(self) -> Self:
        self._client = client = Client(CallbackAPIVersion.VERSION2, client_id="registry", clean_session=True)
        client.on_message = self._on_message
        client.connect("127.0.0.1", self._broker.port)
        ready: list[int] = []
        client.on_subscribe = lambda *_: self._tell(lambda: ready.append(1))
        client.subscribe([(every_agent(Channel.SIGHTINGS), 1), (self._address.topic(Channel.STATUS), 1)])
        client.loop_start()
        self.wait_until(lambda: bool(ready))
        return self

    def disconnect(self) -> None:
        if self._client:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def wait_until(self, is_true: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
        with self._news:
            assert self._news.wait_for(is_true, timeout_s), f"{len(self.batches)} batches, {self.statuses[-1:]}"

    def publish_ack(self, ack: Ack, address: AgentAddress | None = None) -> None:
        assert self._client is not None
        self._client.publish((address or self._address).topic(Channel.ACK), encode(ack), qos=1)

    def publish_last_will(self, status: bytes) -> None:
        """As the broker does for an agent whose connection has died."""
        assert self._client is not None
        self._client.publish(self._address.topic(Channel.STATUS), status, qos=1, retain=True)

    def seqs(self, boot: BootId) -> list[int]:
        return sorted(seq for known, seq in self.batches if known == boot)

    def _on_message(self, _client: Client, _: object, message: MQTTMessage) -> None:
        if AgentAddress.parse_topic(message.topic)[1] is Channel.STATUS:
            status = decode_status(bytes(message.payload))
            self._tell(lambda: self.statuses.append(status))
            return
        signed = SignedBatch.split(bytes(message.payload))
        assert signed.is_signed_by(self._public_key)
        batch = signed.read()
        if self.refuses(batch) or AgentAddress.parse_topic(message.topic)[0] != batch.address:
            self._tell(lambda: self.refused.append((batch.boot, batch.seq)))
            return
        self._tell(lambda: self._store(batch))
        if self.is_answering:
            self.publish_ack(self._ack_for(batch.boot), batch.address)

    def _store(self, batch: SightingBatch) -> None:
        self.deliveries += 1
        self.batches.setdefault((batch.boot, batch.seq), batch)

    def _ack_for(self, boot: BootId) -> Ack:
        seqs = self.seqs(boot)
        through = next((seq for seq in range(1, len(seqs) + 2) if seq not in seqs), 1) - 1
        return Ack(boot, through, [seq for seq in seqs if seq > through])

    def _tell(self, change: Callable[[], object]) -> None:
        with self._news:
            change()
            self._news.notify_all()
