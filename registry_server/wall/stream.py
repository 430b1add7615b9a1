"""One open stream: first what it missed, then what comes, and what it missed again if it was too slow."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from registry_server.wall.feed import Feed, News, Subscription
from registry_server.wall.position import Position
from registry_server.wall.queries import Page

PAGE_PASSAGES = 500


@dataclass(frozen=True, slots=True)
class Stale:
    """More was missed than is worth sending one by one: load the page again."""


@dataclass(frozen=True, slots=True)
class More:
    """As much was sent as one answer carries: ask again from here."""

    position: Position


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The session has ended."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who watches. `missed` reads the database from a position; `is_signed_in` looks whether the session lives. Both run in a thread."""

    authority_id: int
    officer_id: int
    missed: Callable[[Position, int], Page]
    is_signed_in: Callable[[], bool]
    most_missed_pages: int
    """How many pages of PAGE_PASSAGES are sent of what was missed."""
    too_much: Callable[[Position], Stale | More]
    """What is said when there is more, as the last of the stream."""
    look_every_s: float = 15.0
    """How often the session is looked at."""
    stopping: anyio.Event = field(default_factory=anyio.Event)
    """Set when the server stops: the stream then ends in good order."""


async def follow(feed: Feed, viewer: Viewer, start: Position) -> AsyncGenerator[News | Stale | More | SignedOut, None]:
    """All news after `start`, each version of a passage once. Ends when the session or the feed ends, or after Stale or More."""
    position = start
    async with feed.subscribe(viewer.authority_id, viewer.officer_id) as subscription, _ended_by(viewer.stopping, subscription):
        while True:
            subscription.is_behind = False
            delivered: set[tuple[int, int]] = set()
            async for news in _missed(viewer, position):
                yield news
                if isinstance(news, Stale | More):
                    return
                position = news.position
                delivered.update(passed.version for passed in news.passed)
            async for live in _live(subscription, viewer, position, delivered):
                yield live
                if isinstance(live, SignedOut):
                    return
                position = position.at_least(live.position)
            if not subscription.is_behind:
                return


@asynccontextmanager
async def _ended_by(stopping: anyio.Event, subscription: Subscription) -> AsyncIterator[None]:
    async def end() -> None:
        await stopping.wait()
        subscription.offer(None)

    ender = asyncio.create_task(end())
    try:
        yield
    finally:
        ender.cancel()


async def _missed(viewer: Viewer, position: Position) -> AsyncIterator[News | Stale | More]:
    for _ in range(viewer.most_missed_pages):
        page = await asyncio.to_thread(viewer.missed, position, PAGE_PASSAGES)
        position = page.position
        yield News(position, tuple(page.passed))
        if page.is_whole:
            return
    yield viewer.too_much(position)


async def _live(
    subscription: Subscription, viewer: Viewer, caught_up: Position, delivered: set[tuple[int, int]]
) -> AsyncIterator[News | SignedOut]:
    """Until the stream falls behind or the feed ends. `delivered`: what the catch-up sent; the queue may hold it too."""
    loop = asyncio.get_running_loop()
    looked_s = loop.time()
    while not subscription.is_behind:
        news = await subscription.queue.get()
        if subscription.is_behind or news is None:
            return
        rest = news.without(delivered)
        if news.position.at_least(caught_up) == news.position:
            delivered.clear()
        yield rest
        if loop.time() - looked_s > viewer.look_every_s:
            looked_s = loop.time()
            if not await asyncio.to_thread(viewer.is_signed_in):
                yield SignedOut()
                return
