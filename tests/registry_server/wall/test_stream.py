"""The stream over a real server: in order, without loss after a break, one's own authority only, and gone when the server stops."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright, expect

from registry_server.db import Database
from registry_server.matcher.facts import Expired, UnknownTag
from registry_server.people.models import Role
from registry_server.wall.feed import STREAMS_PER_OFFICER
from registry_server.wall.stream import PAGE_PASSAGES
from tests.registry_server.conftest import ClientFor, SetClock
from tests.registry_server.wall.street import STRANGER, Street, open_street

FOREIGN = UnknownTag("foreign")
EXPIRED = Expired(date(2026, 6, 30), date(2026, 11, 22))
PATIENCE_S = 20.0
STREAM = "/wall/stream.json"
CHROMIUM = Path("/usr/bin/chromium")


@dataclass
class Event:
    name: str = ""
    id: str = ""
    data: Any = field(default_factory=dict)


@dataclass
class Wall:
    """A running server and the cookies of officers who signed in to it."""

    address: str
    cookies: Callable[..., dict[str, str]]
    server: uvicorn.Server

    @asynccontextmanager
    async def watch(self, path: str = STREAM, authority: str = "kcc", **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies(Role.MAGISTRATE, authority).items())
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as client:
            request = client.stream("GET", self.address + path, headers={"Cookie": cookies, "Accept": "text/event-stream", **headers})
            async with request as response:
                assert response.status_code == 200, response.status_code
                yield events_of(response)


async def events_of(response: httpx2.Response) -> AsyncIterator[Event]:
    event = Event()
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if not line and event.name:
            yield event
            event = Event()
        elif name == "event":
            event.name = value
        elif name == "id":
            event.id = value
        elif name == "data":
            event.data = json.loads(value)


async def passages(events: AsyncIterator[Event], count: int) -> list[Event]:
    found: list[Event] = []
    async with asyncio.timeout(PATIENCE_S):
        async for event in events:
            if event.name == "passage":
                found.append(event)
            if len(found) == count:
                return found
    raise AssertionError(f"the stream ended after {len(found)} of {count}")


def ids(events: list[Event]) -> list[int]:
    return [event.data["passage"] for event in events]


Scene = Callable[[Wall], Awaitable[Any]]


@pytest.fixture
def street(seeded: Database, authority_ids: dict[str, int]) -> Street:
    return open_street(seeded, authority_ids["kcc"])


@pytest.fixture
def play(app: FastAPI, client_for: ClientFor) -> Callable[[Scene], Any]:
    """Runs a scene against the application on a free port, then stops the server as a signal would."""

    def cookies(role: Role, authority: str) -> dict[str, str]:
        return dict(client_for(role, authority).client.cookies)

    async def run(scene: Scene) -> Any:
        with socket.create_server(("127.0.0.1", 0)) as door:
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=5))
            serving = asyncio.create_task(server.serve([door]))
            while not server.started:  # noqa: ASYNC110 — uvicorn gives no event
                await asyncio.sleep(0.01)
            try:
                return await scene(Wall(f"http://127.0.0.1:{door.getsockname()[1]}", cookies, server))
            finally:
                server.should_exit = True
                async with asyncio.timeout(PATIENCE_S):
                    await serving

    return lambda scene: asyncio.run(run(scene))


def test_what_passes_arrives_in_order_and_says_what_programs_need(play: Callable[[Scene], Any], street: Street) -> None:
    licence_id, epc = street.bike(1)

    async def scene(wall: Wall) -> list[Event]:
        async with wall.watch() as events:
            driving = asyncio.to_thread(
                lambda: [street.drive(epc, *([EXPIRED] if n == 2 else []), licence_id=licence_id) for n in range(5)]
            )
            found, _ = await asyncio.gather(passages(events, 5), driving)
            return found

    found = play(scene)
    assert ids(found) == sorted(ids(found))
    assert [event.data["verdict"] for event in found] == ["legal", "legal", "flagged", "legal", "legal"]
    assert found[2].data | {"flags": [flag["kind"] for flag in found[2].data["flags"]]} == {
        "passage": found[2].data["passage"],
        "epc": epc.hex().upper(),
        "plate": "KCC-P 000001",
        "licence": "KCC-P-000001",
        "checkpoint": "pti-more",
        "lane": "in",
        "verdict": "flagged",
        "proof_level": "epc_only",
        "flags": ["expired"],
        "seen_at": "2026-11-22T06:00:00Z",
        "received_at": "2026-11-22T06:00:00.040000Z",
    }


@pytest.mark.parametrize("by_header", [True, False], ids=["Last-Event-ID", "after"])
def test_a_stream_that_broke_resumes_without_loss(play: Callable[[Scene], Any], street: Street, by_header: bool) -> None:
    async def scene(wall: Wall) -> tuple[list[int], list[int]]:
        async with wall.watch() as events:
            driven = [street.drive(STRANGER)]
            before = await passages(events, 1)
        driven += [street.drive(STRANGER) for _ in range(PAGE_PASSAGES // 100)]
        driven += street.drive_all([(STRANGER, ())] * (PAGE_PASSAGES + 20))
        path, headers = (STREAM, {"Last-Event-ID": before[0].id}) if by_header else (f"{STREAM}?after={before[0].id}", {})
        async with wall.watch(path, **headers) as events:
            driving = asyncio.to_thread(street.drive, STRANGER)
            after, last = await asyncio.gather(passages(events, len(driven)), driving)
        return ids(before) + ids(after), [*driven, last]

    seen, driven = play(scene)
    assert seen == driven


def test_nobody_sees_what_passes_in_another_city(play: Callable[[Scene], Any], street: Street, authority_ids: dict[str, int]) -> None:
    other = open_street(street.database, authority_ids["bcc"], "bcc")

    async def scene(wall: Wall) -> tuple[list[int], list[int], list[int]]:
        async with wall.watch() as mine, wall.watch(authority="bcc") as theirs:
            driven = [street.drive(STRANGER), other.drive(STRANGER, FOREIGN), other.drive(STRANGER), street.drive(STRANGER)]
            return driven, ids(await passages(mine, 2)), ids(await passages(theirs, 2))

    driven, mine, theirs = play(scene)
    assert (mine, theirs) == ([driven[0], driven[3]], [driven[1], driven[2]])


def test_one_checkpoint_can_be_watched_alone(play: Callable[[Scene], Any], street: Street) -> None:
    async def scene(wall: Wall) -> tuple[int, list[int]]:
        async with wall.watch(f"{STREAM}?checkpoint=rupsha") as events:
            street.drive(STRANGER)
            wanted = street.drive(STRANGER, place="rupsha")
            return wanted, ids(await passages(events, 1))

    wanted, seen = play(scene)
    assert seen == [wanted]


def test_a_flag_that_rises_later_is_told_for_the_passage_again(play: Callable[[Scene], Any], street: Street) -> None:
    async def scene(wall: Wall) -> list[Event]:
        async with wall.watch() as events:
            passage = street.drive(STRANGER)
            first = await passages(events, 1)
            street.flag_late(passage, FOREIGN)
            return first + await passages(events, 1)

    first, second = play(scene)
    assert first.data["passage"] == second.data["passage"]
    assert (first.data["verdict"], second.data["verdict"]) == ("legal", "flagged")


def test_the_page_gets_escaped_pieces_few_of_the_legal_and_health(play: Callable[[Scene], Any], street: Street) -> None:
    licence_id, epc = street.bike(1, colour="<script>x</script>")

    async def scene(wall: Wall) -> tuple[Event, Event]:
        async with wall.watch("/wall/stream") as events:
            await anext(events)
            street.drive_all([(epc, ())] * 60 + [(epc, (EXPIRED,))], licence_id=licence_id)
            seen: dict[str, Event] = {}
            async with asyncio.timeout(PATIENCE_S):
                async for event in events:
                    seen[event.name] = event
                    if {"passages", "health"} <= seen.keys():
                        break
            return seen["passages"], seen["health"]

    news, health = play(scene)
    assert [piece["flags"] for piece in news.data["pieces"]] == [0] * 20 + [1]
    assert "লাইসেন্সের মেয়াদ শেষ" in news.data["pieces"][-1]["html"]
    assert "<script>" not in json.dumps(news.data["pieces"])
    assert "পিটিআই মোড়" in health.data["html"]


def test_a_page_that_was_away_too_long_is_told_to_load_again(play: Callable[[Scene], Any], street: Street) -> None:
    street.drive_all([(STRANGER, ())] * (PAGE_PASSAGES + 1))

    async def scene(wall: Wall) -> list[str]:
        async with wall.watch("/wall/stream?after=0.0") as events:
            return [event.name async for event in events]

    assert play(scene) == ["passages", "stale"]


def test_a_program_that_asks_for_everything_is_given_a_bounded_part_and_told_that_there_is_more(
    play: Callable[[Scene], Any], street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry_server.wall.routes.MOST_MISSED_PAGES", 2)
    driven = street.drive_all([(STRANGER, ())] * (2 * PAGE_PASSAGES + 30))

    async def scene(wall: Wall) -> tuple[list[Event], list[Event]]:
        async with wall.watch(f"{STREAM}?after=0.0") as events:
            first = [event async for event in events]
        async with wall.watch(STREAM, **{"Last-Event-ID": first[-1].id}) as events:
            return first, await passages(events, 30)

    first, rest = play(scene)
    assert (first[-1].name, first[-1].id) == ("more", f"{driven[2 * PAGE_PASSAGES - 1]}.0")
    assert ids(first[:-1]) + ids(rest) == driven


def test_a_server_that_stops_ends_its_streams(play: Callable[[Scene], Any], app: FastAPI, street: Street) -> None:
    async def scene(wall: Wall) -> int:
        async with wall.watch() as events:
            street.drive(STRANGER)
            await passages(events, 1)
            wall.server.should_exit = True
            async with asyncio.timeout(PATIENCE_S):
                assert [event async for event in events] == []
        watchers: int = app.state.wall_feed.watchers
        return watchers

    assert play(scene) == 0


def test_one_officer_has_a_bounded_number_of_streams(play: Callable[[Scene], Any], client_for: ClientFor) -> None:
    async def scene(wall: Wall) -> int:
        cookies = wall.cookies(Role.MAGISTRATE, "kcc")
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Accept": "text/event-stream"}
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as client, AsyncExitStack() as stack:
            listening = []  # held: a generator that nobody holds closes its stream
            for _ in range(STREAMS_PER_OFFICER):
                response = await stack.enter_async_context(client.stream("GET", wall.address + "/wall/stream", headers=headers))
                listening.append(events_of(response))
                await anext(listening[-1])
            refused = await client.get(wall.address + "/wall/stream", headers=headers)
        return refused.status_code

    assert play(scene) == 409


@asynccontextmanager
async def chromium_page(wall: Wall) -> AsyncIterator[Page]:
    """A phone's browser with the magistrate signed in."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 390, "height": 844}, base_url=wall.address)
        cookies = wall.cookies(Role.MAGISTRATE, "kcc").items()
        await context.add_cookies([{"name": name, "value": value, "url": wall.address} for name, value in cookies])
        yield await context.new_page()
        await browser.close()


@pytest.mark.skipif(not CHROMIUM.exists() and os.environ.get("CI") != "true", reason="Chromium is not installed")
def test_the_page_shows_what_passes_waits_when_paused_and_catches_up_after_a_break(
    play: Callable[[Scene], Any], app: FastAPI, street: Street
) -> None:
    licence_id, epc = street.bike(1)

    async def scene(wall: Wall) -> None:
        async with chromium_page(wall) as page:
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.goto("/wall")
            cards, rows = page.locator("#wall-cards > li"), page.locator("#wall-rows > li")
            await expect(page.locator("#connection")).to_have_attribute("data-state", "on")
            await asyncio.to_thread(street.drive, epc, EXPIRED, licence_id=licence_id)
            await expect(cards).to_have_count(1)
            await expect(cards.first).to_contain_text("খুলনা-প ০০০০০১")
            await page.keyboard.press("p")
            await asyncio.to_thread(street.drive, epc, licence_id=licence_id)
            await expect(page.locator("#wall-paused")).to_contain_text("১")
            await expect(rows).to_have_count(0)
            await page.keyboard.press("p")
            await expect(rows).to_have_count(1)
            await page.context.set_offline(True)  # leaves open connections alone
            for subscription in app.state.wall_feed._subscriptions:
                subscription.offer(None)
            await expect(page.locator("#wall-offline")).to_be_visible(timeout=15_000)
            await asyncio.to_thread(street.drive, epc, licence_id=licence_id)
            await page.context.set_offline(False)
            await expect(rows).to_have_count(2, timeout=15_000)
            await expect(page.locator("#wall-offline")).to_be_hidden()
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390
            assert errors == []

    play(scene)


@pytest.mark.skipif(not CHROMIUM.exists() and os.environ.get("CI") != "true", reason="Chromium is not installed")
def test_ages_are_told_by_the_clock_of_the_server_whatever_the_phone_believes(
    play: Callable[[Scene], Any], street: Street, clock: SetClock
) -> None:
    street.drive(STRANGER, FOREIGN)
    clock.pass_(seconds=125)

    async def scene(wall: Wall) -> None:
        async with chromium_page(wall) as page:
            await page.clock.install(time=clock.at + timedelta(hours=3))
            await page.goto("/wall")
            age = page.locator("#wall-cards .wall-age")
            await expect(age).to_have_text("২ মিনিট আগে")
            await page.clock.run_for(2000)
            await expect(age).to_have_text("২ মিনিট আগে")
            clock.pass_(seconds=60)
            await expect(page.locator("#wall-health")).to_contain_text("৩ মিনিট আগে")
            await page.clock.run_for(1000)
            await expect(age).to_have_text("৩ মিনিট আগে")

    play(scene)
