"""The simulated reader's end of what goes out as messages: to a broker's topic, or by POST to a listener."""

from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from queue import Empty, Full, Queue
from threading import Event, Thread
from urllib.parse import SplitResult

from reader_agent.door_address import MqttAddress
from reader_agent.errors import LinkLost
from reader_agent.links.mqtt_client import BrokerConnection
from reader_agent.links.passwords import basic_authorization

MOST_WAITING = 10_000
AGAIN_S = 0.3
TIMEOUT_S = 3.0
MOST_IN_POST = 100
TAKEN = range(200, 300)
Deliver = Callable[[list[bytes]], bool]
"""Hands messages over, in order. False: nobody took them."""


class MessageLine:
    """A line on which only the reader speaks. What nobody takes is offered again, as such readers do; a pulled cable loses it."""

    def __init__(self, place: str, deliver: Deliver, break_off: Callable[[], None]) -> None:
        self.place, self._deliver, self._break_off = place, deliver, break_off
        self._waiting: Queue[bytes] = Queue(MOST_WAITING)
        self._unplugged = Event()
        self.plug_in()

    def handles(self) -> list[int]:
        return []

    def receive(self) -> bytes:
        return b""

    def send(self, data: bytes) -> bytes:
        message = data.strip()
        if message and not self._unplugged.is_set():
            with suppress(Full):
                self._waiting.put_nowait(message)
        return b""

    @property
    def is_up(self) -> bool:
        return not self._unplugged.is_set()

    @property
    def is_drained(self) -> bool:
        return self._waiting.empty()

    def plug_in(self) -> None:
        self._unplugged = Event()
        Thread(target=self._run, args=(self._unplugged,), daemon=True).start()

    def unplug(self) -> None:
        self._unplugged.set()
        self._break_off()
        with suppress(Empty):
            while True:
                self._waiting.get_nowait()

    def close(self) -> None:
        self.unplug()

    def _run(self, unplugged: Event) -> None:
        messages: list[bytes] = []
        while not unplugged.is_set():
            messages = messages or self._next_messages()
            if messages and self._deliver(messages):
                messages = []
            elif messages:
                unplugged.wait(AGAIN_S)

    def _next_messages(self) -> list[bytes]:
        """What waits, as much as goes at once."""
        messages: list[bytes] = []
        with suppress(Empty):
            messages.append(self._waiting.get(timeout=AGAIN_S))
            while len(messages) < MOST_IN_POST:
                messages.append(self._waiting.get_nowait())
        return messages


class Publisher:
    """Each message by itself, to the topic."""

    def __init__(self, address: MqttAddress) -> None:
        self._address = address
        self._broker: BrokerConnection | None = None

    def deliver(self, messages: list[bytes]) -> bool:
        try:
            self._broker = self._broker or BrokerConnection(self._address)
        except LinkLost:
            return False
        if all(self._broker.publish(message) for message in messages):
            return True
        self.break_off()
        return False

    def break_off(self) -> None:
        broker, self._broker = self._broker, None
        if broker:
            broker.break_off()


class Poster:
    """An array of events in each body, over a connection that is kept."""

    def __init__(self, url: SplitResult, account: tuple[str, str] | None) -> None:
        self._path = url.path or "/"
        self._headers = {"Content-Type": "application/json"}
        if account:
            self._headers["Authorization"] = basic_authorization(*account)
        self._connection = HTTPConnection(url.hostname or "", url.port or 80, timeout=TIMEOUT_S)

    def deliver(self, messages: list[bytes]) -> bool:
        try:
            self._connection.request("POST", self._path, b"[" + b",".join(messages) + b"]", self._headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            self._connection.close()
            return False
        return answer.status in TAKEN

    def break_off(self) -> None:
        self._connection.close()
