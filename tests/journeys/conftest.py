"""A whole town for the journeys: server, broker, agents and desk as processes, simulated readers, a real browser."""

import os
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from registry_server.clock import SystemClock
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.demo.city import CHECKPOINTS, Story
from registry_server.demo.seeding import Seeded, Seeding, SignIn
from registry_server.demo.stage import Entry, Stage
from registry_server.demo.traffic import Bike
from registry_server.people.models import Role
from registry_server.ports import free_port
from registry_server.secrets_box import load_or_create
from registry_server.up import BrokerPlace, system_up

CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PAGE_WAIT_MS = 20_000


@dataclass(slots=True)
class Town:
    """What a journey may touch."""

    url: str
    city: Seeded
    seeding: Seeding
    stage: Stage
    database: Database
    heard: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def sign_in(self, role: Role) -> SignIn:
        return next(sign_in for sign_in in self.city.sign_ins if sign_in.role is role)

    def bike(self, story: Story) -> Bike:
        return next(bike for bike in self.city.bikes if bike.story is story)

    def drive(self, checkpoint: str, epc: bytes, tid: bytes, dwell_s: float = 1.5) -> None:
        self.stage.readers[checkpoint].tell(enter=Entry(epc, tid, dwell_s).as_json())


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    settings = Settings(data_dir=folder, web_port=free_port(), cookie_secure=False)
    seeding = Seeding(load_or_create(folder), folder, SystemClock().now(), random.Random(7))
    seeded: list[Seeded] = []
    broker_port = free_port()
    with ExitStack() as stack:
        running = stack.enter_context(
            system_up(
                settings,
                BrokerPlace("127.0.0.1", broker_port),
                prepare=lambda database: seeded.append(seeding.fill(database, f"mqtt://127.0.0.1:{broker_port}")),
            )
        )
        database = Database(settings.sqlalchemy_url)
        stack.callback(database.close)
        heard: list[tuple[str, Mapping[str, Any]]] = []
        stage = stack.enter_context(Stage(folder, lambda reader, event: heard.append((reader, event))))
        stage.open_checkpoints(CHECKPOINTS[:2])
        token_file = Path(folder / "desk.token")
        token_file.write_text(seeded[0].desk_token)
        stage.open_desk(running.web_url, token_file)
        yield Town(running.web_url, seeded[0], seeding, stage, database, heard)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no chromium on the PATH; `make browser` installs it")
        pytest.skip("no chromium on the PATH; `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh browser profile. Anything that the page's scripts complain of fails the journey."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="bn-BD")
    context.set_default_timeout(PAGE_WAIT_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(f"{message.text} {message.location}") if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


def enter(page: Page, town: Town, role: Role) -> None:
    """Sign in as a person does."""
    sign_in = town.sign_in(role)
    page.goto(f"{town.url}/sign-in")
    page.get_by_label("ব্যবহারকারীর নাম").fill(sign_in.name)
    page.get_by_label("পাসওয়ার্ড", exact=True).fill(sign_in.password)
    page.get_by_role("button", name="প্রবেশ করুন").click()
    page.wait_for_url(f"{town.url}/")
