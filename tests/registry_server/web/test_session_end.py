"""The end of a session: said beforehand, put off by work, and nothing typed is lost by it. In a browser, with clocks that tests move."""

import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page, expect, sync_playwright

from registry_server.people.models import Role
from tests.registry_server.conftest import PASSWORD, Browser, ClientFor, SetClock, officer_name

CHROMIUM = Path("/usr/bin/chromium")
NAME_BN = "রহিমা খাতুন"
OFFICER = officer_name(Role.LICENCE_OFFICER)


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """Where the application is served, in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@dataclass
class Desk:
    """A browser whose time and the server's pass together."""

    page: Page
    clock: SetClock
    address: str

    def pass_(self, minutes: int) -> None:
        for _ in range(minutes):
            self.clock.at += timedelta(minutes=1)
            self.page.clock.run_for(60_000)

    def sign_in(self) -> None:
        self.page.fill("#sign_in_name", OFFICER)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button[type=submit]")


@pytest.fixture
def desk(address: str, clock: SetClock) -> Iterator[Desk]:
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context(base_url=address)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.clock.install(time=clock.at)
        desk = Desk(page, clock, address)
        page.goto("/sign-in?next=/licences/new")
        desk.sign_in()
        page.wait_for_url("**/licences/new")
        yield desk
        browser.close()


def test_every_page_says_when_the_session_ends(client_for: ClientFor, clock: SetClock) -> None:
    browser = client_for(Role.LICENCE_OFFICER)
    assert "কাজ না করলে ১২:১৫-এ" in browser.get("/licences").text
    assert "এবারের প্রবেশ ০০:০০-এ শেষ হবে" in browser.get("/wall").text, "watching is no idleness"
    for _ in range(71):
        clock.pass_(minutes=10)
        browser.get("/")
    assert "এবারের প্রবেশ ০০:০০-এ শেষ হবে" in browser.get("/licences").text, "after twelve hours it ends however busy"


def test_asking_puts_the_end_off(client_for: ClientFor, clock: SetClock) -> None:
    browser = client_for(Role.LICENCE_OFFICER)
    clock.pass_(minutes=10)
    answer = browser.post("/session")
    assert answer.json() == {"ends_at": "2026-11-22T06:25:00+00:00", "text": "কাজ না করলে ১২:২৫-এ আপনাকে প্রস্থান করানো হবে।"}


def test_who_is_signed_out_already_is_told_so_plainly(browser_for: ClientFor) -> None:
    anybody: Browser = browser_for("nobody")
    assert anybody.post_bare("/session", headers=anybody.headers | {"Accept": "application/json"}).status_code == 401


def test_typing_is_work_and_idling_is_warned_of_and_can_be_put_off(desk: Desk) -> None:
    warning = desk.page.locator("#ending")
    for letter in NAME_BN[:4]:
        desk.page.locator("#name_bn").press_sequentially(letter)
        with desk.page.expect_response("**/session"):
            desk.pass_(1)  # told, and answered, before the server's clock goes on
        desk.pass_(5)
    expect(warning).to_be_hidden()
    desk.pass_(6)
    expect(warning).to_be_visible()
    expect(warning).to_contain_text("আপনাকে প্রস্থান করানো হবে")
    with desk.page.expect_response("**/session"):
        warning.get_by_role("button").click()
    desk.pass_(1)
    expect(warning).to_be_hidden()
    expect(desk.page.locator("#name_bn")).to_have_value(NAME_BN[:4])


def test_a_form_that_is_open_when_the_session_ends_waits_unread_for_its_officer(desk: Desk) -> None:
    desk.page.fill("#name_bn", NAME_BN)
    desk.page.fill("#nid", "7391846205")
    desk.clock.at += timedelta(minutes=16)
    desk.page.clock.run_for(16 * 60_000)
    expect(desk.page.locator("input[name=kept]")).to_have_count(1)
    expect(desk.page.locator("main")).to_contain_text("ফরমে যা লিখেছেন তা রাখা আছে")
    assert not re.search(f"{NAME_BN}|7391846205", desk.page.content()), "whoever sits there now learns nothing"
    desk.sign_in()
    desk.page.get_by_role("button", name="ফরমটি পাঠান").click()
    expect(desk.page.locator("#name_bn")).to_have_value(NAME_BN)
    expect(desk.page.locator("#nid")).to_have_value("7391846205")
    expect(desk.page.locator("#colour-error")).to_be_visible()


def test_a_part_of_a_page_that_is_fetched_too_late_leaves_no_form_behind(desk: Desk) -> None:
    desk.page.fill("#nid", "7391846205")
    desk.clock.at += timedelta(minutes=16)  # the browser's own clock stood still: its computer slept
    desk.page.fill("#name_bn", NAME_BN)
    desk.page.locator("#nid").focus()  # a suggestion for the Latin name is asked for
    expect(desk.page.locator("input[name=kept]")).to_have_count(1)
    desk.sign_in()
    desk.page.get_by_role("button", name="ফরমটি পাঠান").click()
    expect(desk.page.locator("#name_bn")).to_have_value(NAME_BN)
    expect(desk.page.locator("#nid")).to_have_value("7391846205")


def test_a_page_without_a_form_is_covered_when_the_session_ends(desk: Desk) -> None:
    desk.page.goto("/licences")
    desk.clock.at += timedelta(minutes=16)
    desk.page.clock.run_for(16 * 60_000)
    desk.page.wait_for_url("**/sign-in?late=1&next=/licences")
    expect(desk.page.locator("main")).to_contain_text("আপনাকে প্রস্থান করানো হয়েছে")
    desk.sign_in()
    desk.page.wait_for_url("**/licences")
