"""From the bytes on a reader's serial line to the flag on the page, and from the page to a magistrate's decision."""

import re

from playwright.sync_api import Page, expect

from registry_server.demo.city import CHECKPOINTS, Story
from registry_server.people.models import Role
from tests.journeys.conftest import Town, enter

PTI_MORE, SHIB_BARI = CHECKPOINTS[0], CHECKPOINTS[1]


def test_a_bike_without_a_licence_is_on_the_page_a_moment_after_its_tag_answered(town: Town, page: Page) -> None:
    enter(page, town, Role.CHECKPOINT_OFFICER)
    page.goto(f"{town.url}/wall")
    stranger = town.bike(Story.OUTSIDER)
    assert stranger.epc
    assert stranger.tid
    town.drive(PTI_MORE.slug, stranger.epc, stranger.tid)
    card = page.locator(".wall-card", has_text=stranger.epc.hex().upper())
    expect(card).to_be_visible()
    expect(card).to_contain_text(PTI_MORE.name_bn)
    expect(page.locator("#connection")).to_be_visible()
    expect(page.locator("#connection")).to_have_attribute("data-state", "on")


def test_a_legal_bike_passes_green_and_raises_no_flag(town: Town, page: Page) -> None:
    enter(page, town, Role.CHECKPOINT_OFFICER)
    page.goto(f"{town.url}/wall")
    honest = town.bike(Story.LEGAL)
    assert honest.epc
    assert honest.tid
    town.drive(SHIB_BARI.slug, honest.epc, honest.tid)
    number = int(honest.name.rpartition("-")[2])
    bangla = str(number).translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))
    row = page.locator("#wall-clear li, .wall-clear li", has_text=re.compile(f"০*{bangla}"))
    expect(row.first).to_be_visible()
    expect(page.locator(".wall-card", has_text=re.compile(f"০{bangla}\\b"))).to_have_count(0)


def test_a_copied_tag_on_another_chip_is_told_from_the_original_by_its_chip(town: Town, page: Page) -> None:
    enter(page, town, Role.CHECKPOINT_OFFICER)
    page.goto(f"{town.url}/language/en?next=/wall")
    clone = town.bike(Story.CLONED)
    assert clone.epc
    assert clone.tid
    town.drive(SHIB_BARI.slug, clone.epc, clone.tid, dwell_s=2.5)
    card = page.locator(".wall-card", has_text=re.compile("chip", re.IGNORECASE))
    expect(card.first).to_be_visible()


def test_a_magistrate_sees_every_fact_and_decides(town: Town, page: Page) -> None:
    stolen = town.bike(Story.STOLEN)
    assert stolen.epc
    assert stolen.tid
    enter(page, town, Role.MAGISTRATE)
    town.drive(PTI_MORE.slug, stolen.epc, stolen.tid)
    page.goto(f"{town.url}/wall")
    card = page.locator(".wall-card", has_text="চুরি")
    expect(card.first).to_be_visible()
    card.first.locator(".wall-card__link").click()
    expect(page.locator("main")).to_contain_text(stolen.epc.hex().upper())
    form = page.locator('form[action$="/case"]')
    form.locator("textarea").fill("গাড়িটি থামিয়ে চেসিস মেলানো হয়েছে")
    form.locator("button").click()
    page.wait_for_url(re.compile(r"/(cases|review)"))
    page.goto(f"{town.url}/cases")
    expect(page.locator("main")).to_contain_text("১")
