"""One poller for all who watch. It reads what is new, sorts it by authority and hands it out; nobody who is slow holds up another."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy.exc import OperationalError

from registry_server.errors import Conflict
from registry_server.wall.board import CheckpointNow, Passed
from registry_server.wall.position import Position

log = structlog.get_logger()
TICK_S = 0.05
HEALTH_EVERY_TICKS = 40
QUEUE_MESSAGES = 100
"""About four seconds of a busy city. Who is further behind reads the database at its own pace."""
STREAMS_PER_OFFICER = 5


@dataclass(slots=True)
class News:
    """What one tick found for one authority: passages, or (every two seconds) the checkpoints' health."""

    position: Position
    passed: tuple[Passed, ...] = ()
    health: tuple[CheckpointNow, ...] | None = None
    _texts: dict[Hashable, bytes] = field(default_factory=dict)

    def text(self, key: Hashable, render: Callable[["News"], bytes]) -> bytes:
        """Rendered once for all who want the same: `key` names language, filter and form."""
        if key not in self._texts:
            self._texts[key] = render(self)
        return self._texts[key]

    def without(self, delivered: set[tuple[int, int]]) -> "News":
        """What is left when these (passage, number of flags) were sent already."""
        if delivered.isdisjoint(passed.version for passed in self.passed):
            return self
        return News(self.position, tuple(passed for passed in self.passed if passed.version not in delivered), self.health)


class Source(Protocol):
    """Where news comes from. Both are called in a thread, one call at a time."""

    def read(self) -> tuple[Position, dict[int, list[Passed]]]:
        """What became visible since the last call, by authority; oldest first."""

    def health(self, authority_ids: Iterable[int]) -> dict[int, tuple[CheckpointNow, ...]]: ...


@dataclass(eq=False, slots=True)
class Subscription:
    """One open stream. `is_behind`: its queue overflowed and was emptied; it must catch up from the database."""

    authority_id: int
    officer_id: int
    queue: asyncio.Queue[News | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_MESSAGES))
    is_behind: bool = False

    def offer(self, news: News | None) -> None:
        """Never waits. None says that the feed has ended."""
        if self.queue.full():
            self.is_behind = True
            while not self.queue.empty():
                self.queue.get_nowait()
        self.queue.put_nowait(news)


class Feed:
    """Runs while somebody is subscribed. Belongs to one event loop."""

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self._open_source = open_source
        self._subscriptions: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None
        self._started = asyncio.Event()

    @asynccontextmanager
    async def subscribe(self, authority_id: int, officer_id: int) -> AsyncIterator[Subscription]:
        """A place among those who are told. Raises Conflict `too_many_walls` if the officer has enough open."""
        self.check_room(officer_id)
        subscription = Subscription(authority_id, officer_id)
        self._subscriptions.add(subscription)
        try:
            self._ensure_running()
            await self._started.wait()
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            if not self._subscriptions and self._task is not None:
                self._task.cancel()
                self._task = None

    def check_room(self, officer_id: int) -> None:
        """Raises Conflict `too_many_walls`."""
        if sum(subscription.officer_id == officer_id for subscription in tuple(self._subscriptions)) >= STREAMS_PER_OFFICER:
            raise Conflict("too_many_walls", limit=str(STREAMS_PER_OFFICER))

    @property
    def watchers(self) -> int:
        return len(self._subscriptions)

    def _ensure_running(self) -> None:
        if self._task is None or self._task.done():
            self._started = asyncio.Event()
            self._task = asyncio.create_task(self._run(self._started), name="wall feed")

    async def _run(self, started: asyncio.Event) -> None:
        try:
            source = await asyncio.to_thread(self._open_source)
            started.set()
            await self._poll(source)
        except OperationalError as error:
            log.warning("the wall lost the database; its pages will ask again", reason=str(error.orig))
        finally:
            started.set()
            if self._task is asyncio.current_task():  # else the last watcher left, and whoever came since has another task
                for subscription in self._subscriptions:
                    subscription.offer(None)

    async def _poll(self, source: Source) -> None:
        loop = asyncio.get_running_loop()
        tick = 0
        while True:
            began_s = loop.time()
            position, passed = await asyncio.to_thread(source.read)
            self._tell({authority_id: News(position, tuple(rows)) for authority_id, rows in passed.items()})
            if tick % HEALTH_EVERY_TICKS == 0:
                watched = {subscription.authority_id for subscription in self._subscriptions}
                health = await asyncio.to_thread(source.health, watched)
                self._tell({authority_id: News(position, health=rows) for authority_id, rows in health.items()})
            tick += 1
            await asyncio.sleep(max(0.0, TICK_S - (loop.time() - began_s)))

    def _tell(self, news: dict[int, News]) -> None:
        for subscription in self._subscriptions:
            if subscription.authority_id in news:
                subscription.offer(news[subscription.authority_id])
