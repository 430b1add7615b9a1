"""What drains the spool to the broker. With `links/mqtt_client.py`, all that has to do with paho.

MQTT 3.1.1, QoS 1, clean sessions. Clean, because all state that matters is in the spool: every connection starts with the oldest
unconfirmed batch, the registry confirms a batch again that it already has, and so nothing is gained by a broker that remembers us —
while a broker that forgot us (restarted without its disk) would silently lose what was acknowledged to us by PUBACK alone. For the
same reason each connection is a new client: paho's own queue of unsent messages must not compete with the spool.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from queue import Empty, SimpleQueue
from threading import Event, Thread

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from reader_agent.addressees import Addressees
from reader_agent.broker_trust import tls_context, why_cut, why_no_connection, why_refused, why_silent
from reader_agent.clock import Clock
from reader_agent.config import BrokerConfig
from reader_agent.delivery import Delivery, Trials, merge_acks
from reader_agent.errors import CertificateWrong, SpoolFull
from reader_agent.spool.spool import Spool, SpooledBatch
from schemas.errors import ContractError
from schemas.identifiers import BootId
from schemas.messages import Ack, decode_ack
from schemas.topics import AgentAddress, Channel

KEEPALIVE_S = 15  # the broker publishes our last will after one and a half of these
CONNECT_TIMEOUT_S = 5.0
FIRST_DELAY_S, MAX_DELAY_S = 0.25, 5.0
FAREWELL_S = 2.0
SEND_AT_ONCE = 20
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Ready:
    """The broker has taken us in, and our subscription to acks."""


@dataclass(frozen=True, slots=True)
class _Lost:
    reason: str
    is_said: bool = False
    """The broker has said why; else it has only cut the line."""


@dataclass(frozen=True, slots=True)
class _Woken:
    """A batch, a status or the end is waiting."""


@dataclass(frozen=True, slots=True)
class UplinkIdentity:
    """Who speaks on this connection, and what the broker is to say when it breaks."""

    address: AgentAddress
    boot: BootId
    last_will: bytes


class MqttUplink:
    """A thread that sends what is in the spool, whenever a broker is there. No method blocks but `stop`."""

    def __init__(self, broker: BrokerConfig, identity: UplinkIdentity, spool: Spool, clock: Clock) -> None:
        self._broker, self._identity, self._spool, self._clock = broker, identity, spool, clock
        self._delivery = Delivery(broker.in_flight, broker.resend_s)
        self._trials = Trials(broker.in_flight, broker.resend_s)
        self._addressees = Addressees(identity.address, identity.boot)
        self._heard_addresses: set[AgentAddress] = set()
        self._inbox: SimpleQueue[_Ready | _Lost | _Woken | Ack] = SimpleQueue()
        self._status: bytes | None = None
        self._sent_status: bytes | None = None
        self._farewell: bytes | None = None
        self._farewell_s = 0.0
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="uplink", daemon=True)  # must not outlive an agent that fell
        self.is_connected = False

    def start(self) -> None:
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def wake(self) -> None:
        """A new batch is in the spool."""
        self._inbox.put(_Woken())

    def publish_status(self, status: bytes) -> None:
        """Retained; the newest is sent as soon as a connection is there, and on each new one: the last will stands there by then."""
        self._status = status
        self._inbox.put(_Woken())

    def stop(self, offline_status: bytes, within_s: float = FAREWELL_S) -> None:
        """Send what is left for at most so long, say goodbye, and end."""
        self._farewell = offline_status
        self._farewell_s = self._clock.now().monotonic_s + within_s
        self._stopping.set()
        self._inbox.put(_Woken())
        self._thread.join()

    def _run(self) -> None:
        delay_s = FIRST_DELAY_S
        while not self._stopping.is_set():
            reason, was_ready = self._one_connection()
            self.is_connected = False
            if self._stopping.is_set():
                return
            delay_s = FIRST_DELAY_S if was_ready else min(delay_s * 2, MAX_DELAY_S)
            log.warning("broker_away", broker=str(self._broker.address), reason=reason, retry_s=delay_s, spooled=len(self._spool))
            self._stopping.wait(delay_s)

    def _one_connection(self) -> tuple[str, bool]:
        """Why the connection ended, and whether it ever stood."""
        self._inbox = SimpleQueue()  # what an earlier client still reports is not about this one
        address = self._broker.address
        try:
            client = self._new_client()
            client.connect(address.host, address.port, KEEPALIVE_S)
        except CertificateWrong as error:  # being renewed, perhaps: it was right when the agent started
            return str(error), False
        except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
            return why_no_connection(error, self._broker), False
        client.loop_start()
        try:
            reason = self._await_ready()
            return (reason, False) if reason else (self._serve(client), True)
        finally:
            client.disconnect()
            client.loop_stop()

    def _new_client(self) -> Client:
        address, broker = self._identity.address, self._broker
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=_client_id(address),
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(0)  # no limit but ours: a broker need not receipt what it does not let us publish
        client.username_pw_set(broker.address.username, broker.address.password)
        if broker.address.has_tls:
            client.tls_set_context(tls_context(broker))
        client.will_set(address.topic(Channel.STATUS), self._identity.last_will, qos=1, retain=True)
        self._listen(client, self._inbox.put)
        return client

    def _listen(self, client: Client, put: Callable[[_Ready | _Lost | Ack], None]) -> None:
        def on_connect(client: Client, _: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None) -> None:
            if reason.is_failure:
                put(_Lost(why_refused(str(reason)), is_said=True))
            else:
                client.subscribe(self._identity.address.topic(Channel.ACK), qos=1)

        def on_subscribe(_c: Client, _: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None) -> None:
            if self.is_connected:
                return  # an earlier address's: without it nothing is confirmed there, and that is told
            refused = next((reason for reason in reasons if reason.is_failure), None)
            why = f"the broker refuses our subscription ({refused}); let it allow {self._identity.address.topic(Channel.ACK)}"
            put(_Lost(why, is_said=True) if refused else _Ready())

        def on_disconnect(_c: Client, _: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None) -> None:
            put(_Lost(f"disconnected: {reason}"))

        def on_message(_c: Client, _: object, message: MQTTMessage) -> None:
            try:
                put(decode_ack(bytes(message.payload)))
            except ContractError as error:
                log.warning("ack_unreadable", topic=message.topic, error=str(error))

        client.on_connect, client.on_subscribe = on_connect, on_subscribe
        client.on_disconnect, client.on_message = on_disconnect, on_message

    def _await_ready(self) -> str | None:
        """None once the broker has taken us in; otherwise why not."""
        deadline_s = self._clock.now().monotonic_s + CONNECT_TIMEOUT_S
        while not self._stopping.is_set():
            left_s = deadline_s - self._clock.now().monotonic_s
            event = self._next_event(left_s)
            if isinstance(event, _Lost):
                return event.reason if event.is_said else why_cut(self._broker)
            if isinstance(event, _Ready):
                return None
            if event is None and left_s <= 0:
                return why_silent(self._broker)
        return "stopping"

    def _serve(self, client: Client) -> str:
        """Send and confirm until the connection or the agent ends; gives why."""
        log.info("broker_connected", broker=str(self._broker.address), spooled=len(self._spool))
        self.is_connected = True
        self._delivery.begin(self._spool.newest_id)
        self._heard_addresses, self._sent_status = {self._identity.address}, None
        while not self._is_time_to_go():
            self._send_status(client)
            self._send_batches(client)
            events = self._all_events(self._patience_s())
            lost = next((event for event in events if isinstance(event, _Lost)), None)
            self._forget([event for event in events if isinstance(event, Ack)])
            if lost:
                return lost.reason
        self._say_goodbye(client)
        return "stopping"

    def _is_time_to_go(self) -> bool:
        return self._stopping.is_set() and (len(self._spool) == 0 or self._clock.now().monotonic_s >= self._farewell_s)

    def _patience_s(self) -> float:
        now_s = self._clock.now().monotonic_s
        due_s = self._delivery.due_in_s(now_s)
        left_s = [] if due_s is None else [due_s]
        if len(self._spool.aside):
            left_s.append(self._trials.due_in_s(now_s))
        if self._stopping.is_set():
            left_s.append(self._farewell_s - now_s)
        return min(left_s, default=60.0)

    def _send_status(self, client: Client) -> None:
        status = self._status
        if status is None or status is self._sent_status:
            return
        sent = client.publish(self._identity.address.topic(Channel.STATUS), status, qos=1, retain=True)
        if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._sent_status = status

    def _send_batches(self, client: Client) -> None:
        now_s = self._clock.now().monotonic_s
        self._review(now_s)
        self._try_again(client, now_s)
        for of_fresh in (False, True):
            while (stretch := self._delivery.stretch(of_fresh=of_fresh)).room > 0:
                batches = self._spool.oldest(min(SEND_AT_ONCE, stretch.room), stretch.after_id, stretch.through_id)
                if not batches:
                    break
                for batch in batches:
                    if not self._take_turn(client, batch, now_s):
                        return  # the connection is going; the next one begins with the oldest batch again

    def _take_turn(self, client: Client, batch: SpooledBatch, now_s: float) -> bool:
        """False if the connection does not take it."""
        if self._delivery.is_on_way(batch):
            self._delivery.pass_by(batch)
        elif not self._addressees.is_welcome(batch):
            log.warning("sealed_under_another_address", address=self._addressees.find(batch).topic(Channel.SIGHTINGS), boot=batch.boot)
            self._spool.aside.put_life(batch.boot)
        elif not self._publish(client, batch):
            return False
        else:
            self._delivery.note_sent(batch, now_s)
        return True

    def _publish(self, client: Client, batch: SpooledBatch) -> bool:
        address = self._addressees.find(batch)
        if address not in self._heard_addresses:
            self._heard_addresses.add(address)
            client.subscribe(address.topic(Channel.ACK), qos=1)
        return client.publish(address.topic(Channel.SIGHTINGS), batch.body, qos=1).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _review(self, now_s: float) -> None:
        given_up = self._delivery.review(now_s)
        if given_up is None:
            return
        log.warning("resending", spooled=len(self._spool))
        if given_up:
            self._spool.aside.put(given_up)
            self._trials.hurry(now_s)
            log.warning("batches_refused", now=len(given_up), refused=len(self._spool.aside))

    def _try_again(self, client: Client, now_s: float) -> None:
        """Some of what was given up, if it is time."""
        lives = self._spool.aside.lives() if self._trials.due_in_s(now_s) == 0.0 else []
        if not lives:
            return
        ids = [self._spool.aside.find_id(boot, place) for boot, place in self._trials.take(lives, now_s)]
        for batch in [self._spool.find(id_) for id_ in ids if id_ is not None]:
            if batch:
                self._publish(client, batch)
        log.warning("trying_refused_batches", refused=len(self._spool.aside), next_s=self._trials.wait_s)

    def _forget(self, acks: list[Ack]) -> None:
        for ack in merge_acks(acks):
            if ack.boot == self._identity.boot and ack.through > self._spool.last_seq:
                log.error("ack_of_the_future", through=ack.through, last=self._spool.last_seq)
                continue
            refused = len(self._spool.aside)
            try:
                self._spool.forget(ack.boot, ack.through, ack.beyond)
            except SpoolFull as error:  # they will be sent and confirmed again
                log.exception("cannot_forget", error=str(error))
            now_s = self._clock.now().monotonic_s
            if self._delivery.note_confirmed(ack, now_s):
                self._trials.hurry(now_s)
            if len(self._spool.aside) < refused:
                self._take_back(ack.boot)

    def _take_back(self, life: BootId) -> None:
        """What was given up is confirmed after all: whatever stood against it, stands no more."""
        log.info("refused_batches_confirmed", left=len(self._spool.aside))
        self._addressees.note_confirmed(life)
        self._spool.aside.take_back()
        self._trials.reset()
        self._delivery.start_over()

    def _say_goodbye(self, client: Client) -> None:
        if self._farewell is None:
            return
        sent = client.publish(self._identity.address.topic(Channel.STATUS), self._farewell, qos=1, retain=True)
        with suppress(RuntimeError, ValueError):  # paho's words for a connection that has just gone; the last will says the same
            sent.wait_for_publish(1.0)

    def _next_event(self, timeout_s: float) -> _Ready | _Lost | _Woken | Ack | None:
        try:
            return self._inbox.get(timeout=max(timeout_s, 0.001))
        except Empty:
            return None

    def _all_events(self, timeout_s: float) -> list[_Ready | _Lost | _Woken | Ack]:
        """Whatever comes first, and what has come with it."""
        events = []
        event = self._next_event(timeout_s)
        while event is not None:
            events.append(event)
            event = None if self._inbox.empty() else self._inbox.get()
        return events


def _client_id(address: AgentAddress) -> str:
    """The same for each life of this agent, so that a new connection ends a half-dead old one; 21 of 0-9, a-z, which
    every broker must take (MQTT 3.1.1, 3.1.3-5).
    """
    return f"ebike{sha256(address.topic(Channel.SIGHTINGS).encode()).hexdigest()[:16]}"
