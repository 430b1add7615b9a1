"""Every page that an officer can open, in both languages, on a phone and on a desk: axe finds nothing, nothing sticks out at the side."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from registry_server.people.models import Role
from tests.registry_server.conftest import ClientFor
from tests.registry_server.web.test_isolation import City, addresses, mine
from tests.registry_server.web.test_session_end import CHROMIUM, address

__all__ = ["address", "mine"]
AXE = (Path(__file__).parent / "axe" / "axe-core-4.14.1.min.js").read_text(encoding="utf-8")
LOOK = """axe.run(document, {resultTypes: ['violations']})
    .then(found => found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html.slice(0, 120))))"""
NO_PAGES = ("/stream", "/static", "/language", "/healthz", "/readyz", "/favicon", "/desk/", ".pdf", "/tag", "/prints")
BY_ROLE = {
    Role.LICENCE_OFFICER: ("/licences", "/search", "/desks", "/", "/shortcuts", "/password", "/nothing", "/sign-in"),
    Role.MAGISTRATE: ("/review", "/cases"),
    Role.CHECKPOINT_OFFICER: ("/wall",),
    Role.ADMINISTRATOR: ("/audit", "/officers"),
}
SIZES = {"bn": {"width": 390, "height": 844}, "en": {"width": 1280, "height": 900}}
"""Bangla on the phone and English on the desk: each page is wide once and narrow once, and long words stand where there is no room."""


@pytest.fixture
def chromium_page() -> Iterator[Page]:
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser.new_context(bypass_csp=True).new_page()
        browser.close()


def pages_of(role: Role, city: City) -> list[str]:
    found = {address for method, address, _ in addresses(city, city) if method == "GET" and not any(part in address for part in NO_PAGES)}
    found |= {"/search?q=rahim", "/review?kind=stolen", "/nothing", "/wall?checkpoint=rupsha"}
    mine_only = [(part, other) for other, parts in BY_ROLE.items() for part in parts]
    return sorted(page for page in found if max((part, other) for part, other in mine_only if page.startswith(part))[1] is role)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("language", SIZES)
def test_axe_finds_nothing(role: Role, language: str, mine: City, address: str, client_for: ClientFor, chromium_page: Page) -> None:
    cookies = [{"name": name, "value": value, "url": address} for name, value in client_for(role).client.cookies.items()]
    chromium_page.context.add_cookies([*cookies, {"name": "language", "value": language, "url": address}])  # type: ignore[list-item]  # its TypedDict
    chromium_page.set_viewport_size(SIZES[language])  # type: ignore[arg-type]  # its TypedDict
    found: dict[str, Any] = {}
    shown = pages_of(role, mine)
    for path in shown:
        chromium_page.goto(address + path)
        chromium_page.evaluate(AXE)
        if complaints := chromium_page.evaluate(LOOK):
            found[path] = complaints
        if (width := chromium_page.evaluate("document.documentElement.scrollWidth")) > SIZES[language]["width"]:
            found[f"{path} is {width} wide"] = []
    assert found == {}
    assert len(shown) >= 2


def test_no_page_is_left_out(mine: City) -> None:
    looked_at = {page for role in Role for page in pages_of(role, mine)}
    wanted = {page for method, page, _ in addresses(mine, mine) if method == "GET" and not any(part in page for part in NO_PAGES)}
    assert wanted <= looked_at
