"""Between whoever hears a smart reader in a thread of its own and the thread that reads the link."""

from threading import Condition

from reader_agent.errors import AgentError, LinkLost

CAPACITY = 4 << 20
GAP_S = 0.5  # as of a socket: a lost segment is sent again after some 200 ms


class Inbox:
    """Bytes in the order in which they came; then, once, the reason for which no more will come."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._news = Condition()
        self._bytes = bytearray()
        self._end: AgentError | None = None
        self.received = 0
        """How many bytes have come since the opening: what stays the same is silent."""

    def put(self, data: bytes) -> bool:
        """False if they are not taken: there is no room, or nobody reads any more."""
        with self._news:
            return self._take(data)

    def put_in_time(self, data: bytes) -> bool:
        """As `put`, but waits for room: whoever sends is held up meanwhile."""
        with self._news:
            self._news.wait_for(lambda: self._end is not None or self._has_room(data))
            return self._take(data)

    def end(self, reason: AgentError) -> None:
        """No more will come. Only the first reason counts."""
        with self._news:
            self._end = self._end or reason
            self._news.notify_all()

    @property
    def is_ended(self) -> bool:
        return self._end is not None

    def raise_if_ended(self) -> None:
        """For an opening that failed: nothing that came before is worth reading."""
        if self._end is not None:
            raise self._end

    def read(self, timeout_s: float) -> bytes:
        """All that is there, as soon as anything is; b"" when nothing came in that time. After the last byte, raises why it ended."""
        with self._news:
            self._news.wait_for(lambda: self._bytes or self._end is not None, timeout_s)
            if not self._bytes and self._end is not None:
                raise self._end
            data = bytes(self._bytes)
            self._bytes.clear()
            self._news.notify_all()
            return data

    def _has_room(self, data: bytes) -> bool:
        return len(self._bytes) + len(data) <= self._capacity

    def _take(self, data: bytes) -> bool:
        if self._end is not None or not self._has_room(data):
            return False
        self._bytes += data
        self.received += len(data)
        self._news.notify_all()
        return True


class ListeningLink:
    """A link on which only the reader speaks. What it says is put into `_inbox` by a thread of the door."""

    gap_s = GAP_S

    def __init__(self, where: str) -> None:
        self._where, self._inbox = where, Inbox()

    def read(self, timeout_s: float) -> bytes:
        return self._inbox.read(timeout_s)

    def write(self, data: bytes) -> None:
        raise LinkLost(self._where, f"{len(data)} bytes cannot be sent this way: here a reader only tells what it sees")

    def close(self) -> None:
        self._inbox.end(LinkLost(self._where, "closed"))
