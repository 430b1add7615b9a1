"""The messages between the broker and the database. It outlives a failed transaction, so that nothing has to be asked for again."""

from collections import deque
from types import TracebackType
from typing import Self

from registry_server.ingest.envelope import Message
from registry_server.ingest.subscriber import Subscriber

MOST_MESSAGES = 64
"""In one transaction, and no more than these events together: an officer's change must not wait long for the lock."""
MOST_EVENTS = 8_000


class Intake:
    """Hands out messages until they are `stored`. One that makes a transaction fail by itself is found and condemned.

    PUBACK follows `stored`. If the process dies before, the broker sends again to the next one.
    """

    def __init__(self, broker_url: str) -> None:
        self._subscriber = Subscriber(broker_url)
        self._waiting: deque[Message] = deque()
        self._one_by_one = 0
        self._in_hand: list[Message] = []
        self._is_open = False
        self.condemned: dict[bytes, str] = {}
        """Messages, by SHA-256, that cannot be stored, and why."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def open(self) -> None:
        """Connect, if that was not done."""
        if not self._is_open:
            self._subscriber.start()
            self._is_open = True

    def close(self) -> None:
        """Disconnect. What was not stored stays with the broker."""
        if self._is_open:
            self._subscriber.stop()
            self._waiting.clear()
            self._is_open = False

    def next(self, wait_s: float) -> list[Message]:
        """What is to be stored now. The same again if it was not `stored`."""
        if not self._waiting:
            self._waiting.extend(self._subscriber.drain(MOST_MESSAGES, MOST_EVENTS, wait_s))
        self._in_hand = [self._waiting[0]] if self._one_by_one and self._waiting else list(self._waiting)
        return self._in_hand

    def stored(self) -> None:
        """What `next` gave is committed."""
        self._subscriber.acknowledge(self._in_hand)
        for _ in self._in_hand:
            self._waiting.popleft()
        self._one_by_one = max(0, self._one_by_one - len(self._in_hand))
        self._in_hand = []

    def blame(self, error: Exception) -> None:
        """A transaction failed for no outer reason: one of its messages did it.

        If it was alone it is condemned; if it was among others, each is tried alone.
        """
        if len(self._in_hand) == 1:
            self.condemned[self._in_hand[0].delivery.sha256] = f"it could not be stored: {error}"
        self._one_by_one = len(self._waiting)
        self._in_hand = []

    def publish(self, topic: str, payload: bytes) -> None:
        self._subscriber.publish(topic, payload)
