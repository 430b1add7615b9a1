"""One connection of a reader's way to a broker. With the uplink, all that this program has to do with paho.

MQTT 3.1.1, a clean session under no name: what was published while nobody listened is of no use, for a read is worth something at
the moment at which it is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from reader_agent.door_address import MqttAddress
from reader_agent.errors import LinkLost
from reader_agent.links.dead_peer import SOCKET_OPTIONS
from reader_agent.links.passwords import password_of
from reader_agent.links.tls_link import context_for, why_no_handshake

CONNECT_TIMEOUT_S = 2.0
KEEPALIVE_S = 2  # a broker that is there and dead is noticed after two of them, one whose cable is out after three seconds
TICK_S = 0.2
NO_BROKER = "is the broker running, and the address right?"


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told; both are called from the connection's own thread."""

    heard: Callable[[bytes], None]
    lost: Callable[[LinkLost], None]


class BrokerConnection:
    """Connected, and subscribed if there is something to hear, when the constructor returns; it raises LinkLost if that fails."""

    def __init__(self, address: MqttAddress, ears: Ears | None = None) -> None:
        self._address, self._ears = address, ears
        self._ready, self._closing = Event(), Event()
        self._refusal = ""
        self._client = self._new_client()
        self._connect()
        self._thread = Thread(target=self._run, name=f"mqtt {address.place}", daemon=True)
        self._thread.start()
        was_answered = self._ready.wait(CONNECT_TIMEOUT_S)
        reason = self._refusal if was_answered else f"the broker does not answer; {NO_BROKER}"
        if reason:
            self.close()
            raise self._lost(reason)

    def publish(self, payload: bytes) -> bool:
        """To the address's topic, QoS 1. False when there is no connection any more."""
        return self._client.publish(self._address.topic, payload, qos=1).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self) -> None:
        """Nobody is told anything after this."""
        self._closing.set()
        self._client.disconnect()
        self._thread.join(1.0)

    def break_off(self) -> None:
        """Without a goodbye, as by a reader whose power fails."""
        self._closing.set()
        self._thread.join(1.0)
        connection = self._client.socket()
        if connection is not None:
            connection.close()

    def _new_client(self) -> Client:
        address = self._address
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id="",
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        if address.account:
            client.username_pw_set(address.account.name, password_of(address.account, address.url))
        if address.tls:
            client.tls_set_context(context_for(address.tls, "mqtts"))
        client.on_socket_open = _watch_peer
        self._listen(client)
        return client

    def _listen(self, client: Client) -> None:
        def on_connect(client: Client, _: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None) -> None:
            if reason.is_failure:
                self._refuse(f"the broker refuses us: {reason}; write ?account=NAME&password_file=/path/to/file as it knows them")
            elif self._ears is None:
                self._ready.set()
            else:
                client.subscribe(self._address.topic, qos=1)

        def on_subscribe(_c: Client, _: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None) -> None:
            refused = next((reason for reason in reasons if reason.is_failure), None)
            if refused:
                self._refuse(f"the broker refuses our subscription: {refused}; allow this account to read the topic")
            self._ready.set()

        def on_disconnect(_c: Client, _: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None) -> None:
            self._end(f"the broker is gone: {reason}")

        def on_message(_c: Client, _: object, message: MQTTMessage) -> None:
            if self._ears and not message.retain:  # a retained one is of the past
                self._ears.heard(bytes(message.payload))

        client.on_connect, client.on_subscribe = on_connect, on_subscribe
        client.on_disconnect, client.on_message = on_disconnect, on_message

    def _connect(self) -> None:
        address = self._address
        try:
            self._client.connect(address.host, address.port, KEEPALIVE_S)
        except (OSError, ValueError) as error:  # ValueError: paho's word for a certificate that does not fit the host
            if isinstance(error, OSError) and address.tls:
                raise self._lost(why_no_handshake(error, address.tls)) from error
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise self._lost(f"no connection ({reason}); {NO_BROKER}") from error

    def _run(self) -> None:
        while not self._closing.is_set():
            if self._client.loop(TICK_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._end("the connection to the broker broke")
                return

    def _refuse(self, reason: str) -> None:
        self._refusal = reason
        self._ready.set()

    def _end(self, reason: str) -> None:
        if not self._ready.is_set():
            self._refuse(reason)
        elif self._ears and not self._closing.is_set():
            self._ears.lost(self._lost(reason))

    def _lost(self, reason: str) -> LinkLost:
        return LinkLost(self._address.url, reason)


def _watch_peer(_client: Client, _: object, connection: Any) -> None:
    for option in SOCKET_OPTIONS:
        connection.setsockopt(*option)
