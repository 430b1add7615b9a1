"""The server's door to paho: MQTT 3.1.1, a persistent session, and no PUBACK before we say so."""

import queue
import ssl
from collections.abc import Callable, Iterable
from logging import getLogger
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from registry_server.errors import SetupError
from registry_server.ingest.envelope import Delivery, Message, ReadBatch, read
from schemas.topics import Channel, every_agent

log = structlog.get_logger()
CLIENT_ID = "ebike-registry"
KEEPALIVE_S = 30
RETRY_S = (1, 5)
CHANNELS = (Channel.SIGHTINGS, Channel.STATUS)
PORTS = {"mqtt": 1883, "mqtts": 8883}


class Receipt(NamedTuple):
    """What a PUBACK needs. Packet ids count anew with each connection."""

    mid: int
    qos: int
    connection: int


class Subscriber:
    """Receives in a thread of its own; everything else is called from the worker's.

    The session stays with the broker: what was not acknowledged is sent again after `stop` and `start`, to whoever comes.
    """

    def __init__(self, url: str, *, read: Callable[[Delivery], Message] = read) -> None:
        self._host, self._port, self._client = _client(url)
        self._read = read
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._connection = 0
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        self._client.connect_async(self._host, self._port, KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        while not self._inbox.empty():
            self._inbox.get()

    def drain(self, most: int, most_events: int, wait_s: float) -> list[Message]:
        """What has come: waits for the first message at most so long, then takes what is there, oldest first.

        Stops at `most` messages, or when they hold `most_events` sighting events or more.
        """
        messages: list[Message] = []
        events = 0
        while len(messages) < most and events < most_events:
            try:
                message = self._inbox.get_nowait() if messages else self._inbox.get(timeout=wait_s)
            except queue.Empty:
                break
            messages.append(message)
            events += len(message.batch.events) if isinstance(message, ReadBatch) else 1
        return messages

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Send the PUBACKs. What came over an earlier connection is left: the broker sends it again, and that changes nothing."""
        for message in messages:
            receipt = message.delivery.receipt
            if isinstance(receipt, Receipt) and receipt.connection == self._connection:
                self._client.ack(receipt.mid, receipt.qos)

    def publish(self, topic: str, payload: bytes) -> None:
        """QoS 1. While the broker is away it is dropped: whoever waits for it will ask again."""
        if self._client.is_connected():
            self._client.publish(topic, payload, qos=1)

    def _on_connect(self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _props: Properties | None) -> None:
        if reason.is_failure:
            log.warning("the broker refuses the worker", reason=str(reason), host=self._host, port=self._port)
            return
        self._connection += 1
        client.subscribe([(every_agent(channel), 1) for channel in CHANNELS])
        log.info("connected to the broker", host=self._host, port=self._port)

    def _on_disconnect(self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _props: Properties | None) -> None:
        log.info("disconnected from the broker", reason=str(reason))

    def _on_message(self, _client: Client, _data: Any, raw: MQTTMessage) -> None:
        self._inbox.put(self._read(Delivery(_topic(raw), bytes(raw.payload), Receipt(raw.mid, raw.qos, self._connection))))


def _topic(raw: MQTTMessage) -> str:
    try:
        return raw.topic
    except UnicodeDecodeError:  # paho decodes on access
        return repr(raw)


def _client(url: str) -> tuple[str, int, Client]:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise SetupError(
            f"the broker URL must look like mqtt://host:1883 or mqtts://user:password@host:8883, found {parts.scheme}://{parts.hostname}"
        )
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=CLIENT_ID, clean_session=False, protocol=MQTTProtocolVersion.MQTTv311, manual_ack=True
    )
    client.reconnect_delay_set(*RETRY_S)
    client.enable_logger(getLogger(__name__))
    client.suppress_exceptions = True  # logged; a fault of ours with one message must not end the thread that hears all others
    if parts.username:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    if parts.scheme == "mqtts":
        client.tls_set_context(ssl.create_default_context())
    return parts.hostname, parts.port or PORTS[parts.scheme], client
