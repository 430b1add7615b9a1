"""The feed tells each watcher his own authority's news, in order, and never grows because one of them is slow."""

import asyncio
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError

from registry_server.errors import Conflict
from registry_server.matcher.sentences import Words
from registry_server.matcher.states import FlagKind
from registry_server.wall.board import CheckpointNow, FlagSeen, Passed
from registry_server.wall.feed import QUEUE_MESSAGES, STREAMS_PER_OFFICER, Feed, News, Subscription
from registry_server.wall.position import Position
from registry_server.wall.queries import Page
from registry_server.wall.stream import More, SignedOut, Viewer, follow
from schemas.identifiers import ProofLevel

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
PATIENCE_S = 5


def passed(id_: int, authority_id: int = 1, flags: int = 0) -> Passed:
    return Passed(
        id=id_,
        authority_id=authority_id,
        checkpoint_id=1,
        checkpoint="pti-more",
        place=Words("পিটিআই মোড়", "PTI More"),
        lane="in",
        epc="E280" * 6,
        proof_level=ProofLevel.EPC_ONLY,
        seen_at=AT,
        received_at=AT,
        flags=tuple(FlagSeen(n, FlagKind.EXPIRED) for n in range(flags)),
    )


@dataclass
class Ticks:
    """A source that gives one prepared tick at a time, then nothing; `fails_after` that many it loses the database."""

    ticks: list[list[Passed]] = field(default_factory=list)
    fails_after: int | None = None
    reads: int = 0

    def read(self) -> tuple[Position, dict[int, list[Passed]]]:
        self.reads += 1
        if self.fails_after is not None and self.reads > self.fails_after:
            raise OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error"))
        rows = self.ticks.pop(0) if self.ticks else []
        by_authority: dict[int, list[Passed]] = {}
        for row in rows:
            by_authority.setdefault(row.authority_id, []).append(row)
        return Position(self.reads, 0), by_authority

    def health(self, authority_ids: Iterable[int]) -> dict[int, tuple[CheckpointNow, ...]]:
        return dict.fromkeys(authority_ids, ())


async def passages_of(subscription: Subscription, count: int) -> list[int]:
    ids: list[int] = []
    while len(ids) < count:
        news = await asyncio.wait_for(subscription.queue.get(), PATIENCE_S)
        assert news is not None
        ids += [row.id for row in news.passed]
    return ids


def test_each_watcher_hears_his_own_authority_in_order() -> None:
    async def watch() -> tuple[list[int], list[int]]:
        feed = Feed(lambda: Ticks([[passed(1), passed(2, 7)], [passed(3, 7)], [passed(4), passed(5)]]))
        async with feed.subscribe(1, 10) as mine, feed.subscribe(7, 11) as other:
            return await passages_of(mine, 3), await passages_of(other, 2)

    assert asyncio.run(watch()) == ([1, 4, 5], [2, 3])


def test_nobody_polls_when_nobody_watches() -> None:
    async def watch() -> tuple[int, int]:
        source = Ticks([[passed(1)]])
        feed = Feed(lambda: source)
        async with feed.subscribe(1, 10) as mine:
            await passages_of(mine, 1)
        reads = source.reads
        await asyncio.sleep(0.2)
        return source.reads - reads, feed.watchers

    more_reads, watchers = asyncio.run(watch())
    assert more_reads <= 1  # the one that ran in its thread when the last watcher left
    assert watchers == 0


def test_the_feed_starts_again_for_the_next_watcher() -> None:
    async def watch() -> list[int]:
        sources = [Ticks([[passed(1)]]), Ticks([[passed(2)]])]
        feed = Feed(lambda: sources.pop(0))
        seen = []
        for _ in range(2):
            async with feed.subscribe(1, 10) as mine:
                seen += await passages_of(mine, 1)
        return seen

    assert asyncio.run(watch()) == [1, 2]


def test_a_lost_database_ends_the_streams_instead_of_freezing_them() -> None:
    async def watch() -> object:
        feed = Feed(lambda: Ticks(fails_after=1))
        async with feed.subscribe(1, 10) as mine:
            while (news := await asyncio.wait_for(mine.queue.get(), PATIENCE_S)) is not None:
                assert news.passed == ()
            return news

    assert asyncio.run(watch()) is None


def test_a_slow_watcher_is_sent_to_catch_up_and_holds_a_bounded_queue() -> None:
    subscription = Subscription(1, 10)
    for n in range(QUEUE_MESSAGES * 3):
        subscription.offer(News(Position(n, 0)))
    assert subscription.is_behind
    assert subscription.queue.qsize() <= QUEUE_MESSAGES


def viewer_of(stored: list[Passed], *, is_signed_in: bool = True) -> Viewer:
    def missed(after: Position, limit: int) -> Page:
        rest = [row for row in stored if row.id > after.passage]
        return Page(Position(rest[:limit][-1].id if rest else after.passage, 0), rest[:limit], is_whole=len(rest) <= limit)

    return Viewer(1, 10, missed, lambda: is_signed_in, 1000, More, look_every_s=-1.0)


def test_a_watcher_who_sleeps_through_more_than_his_queue_holds_still_gets_everything_once() -> None:
    async def watch() -> list[int]:
        stored: list[Passed] = []
        feed = Feed(Ticks)
        stream = follow(feed, viewer_of(stored), Position(0, 0))
        await anext(stream)
        (subscription,) = feed._subscriptions
        for id_ in range(1, QUEUE_MESSAGES * 3):
            stored.append(passed(id_))
            subscription.offer(News(Position(id_, 0), (passed(id_),)))
        seen: list[int] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(seen) < len(stored):
                news = await anext(stream)
                assert isinstance(news, News)
                seen += [row.id for row in news.passed]
        await stream.aclose()
        return seen

    assert asyncio.run(watch()) == list(range(1, QUEUE_MESSAGES * 3))


def test_a_stream_ends_with_its_session() -> None:
    async def watch() -> object:
        stream = follow(Feed(Ticks), viewer_of([], is_signed_in=False), Position(0, 0))
        async with asyncio.timeout(PATIENCE_S):
            return [news async for news in stream][-1]

    assert asyncio.run(watch()) == SignedOut()


def test_one_officer_opens_a_bounded_number_of_streams() -> None:
    async def open_all() -> None:
        feed = Feed(Ticks)
        async with asyncio.timeout(PATIENCE_S):
            streams = [feed.subscribe(1, 10) for _ in range(STREAMS_PER_OFFICER)]
            for stream in streams:
                await stream.__aenter__()
            async with feed.subscribe(1, 11):
                with pytest.raises(Conflict):
                    feed.check_room(10)
            for stream in streams:
                await stream.__aexit__(None, None, None)
            feed.check_room(10)

    asyncio.run(open_all())


def test_news_is_rendered_once_for_all_who_want_the_same() -> None:
    news, rendered = News(Position(1, 0), (passed(1),)), []

    def render(one: News) -> bytes:
        rendered.append(one)
        return b"text"

    for key in ("bn", "bn", "en"):
        assert news.text(key, render) == b"text"
    assert len(rendered) == 2


def test_what_was_delivered_is_left_out_but_a_new_flag_on_it_is_not() -> None:
    news = News(Position(9, 9), (passed(1), passed(2, flags=1), passed(3)))
    assert [row.id for row in news.without({(1, 0), (2, 0)}).passed] == [2, 3]
    assert news.without({(8, 0)}) is news
