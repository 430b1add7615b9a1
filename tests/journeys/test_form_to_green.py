"""From the form at the counter to the PDF, the encoded tag, and a green passage."""

import re
import subprocess
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from registry_server.demo.city import CHECKPOINTS
from registry_server.demo.stage import Entry
from registry_server.epc_allocation.models import EpcAllocation, TagBinding
from registry_server.people.models import Role
from schemas.qr_token import ProofKind, read_proof
from schemas.signing import public_key_of
from tests.journeys.conftest import Town, enter

PTI_MORE = CHECKPOINTS[0]
TYPED = {
    "name_bn": "মোঃ উদাহরণ ক্ষুদ্র",
    "guardian_name": "উদাহরণ পিতা",
    "nid": "১৯৮৭৬৫৪৩২১",
    "mobile": "০১৭১২৩৪৫৬৭৮",
    "ward": "৭",
    "holding": "১২/ক",
    "chassis": "JRN-2026 000১",
    "motor": "BM1000",
    "colour": "সবুজ",
    "maker": "উদাহরণ",
    "battery": "লেড-অ্যাসিড ৫টি",
}


def register(town: Town, page: Page) -> int:
    """Type the form as an officer would, in Bangla digits; gives the licence's id."""
    page.goto(f"{town.url}/licences/new")
    for name, text in TYPED.items():
        page.locator(f'[name="{name}"]').fill(text)
    page.locator('[name="vehicle_class"][value="passenger"]').check(force=True)
    page.locator('main form[action="/licences"] button').last.click()
    page.wait_for_url(re.compile(r"/licences/\d+/registered"))
    return int(page.url.split("/")[-2])


def test_a_registered_bike_is_flagged_until_its_tag_is_written_and_green_afterwards(town: Town, page: Page, tmp_path: Path) -> None:
    enter(page, town, Role.LICENCE_OFFICER)
    licence_id = register(town, page)
    chip = town.seeding.new_chip()
    blank = town.seeding.blank_epc(chip)

    watcher = page.context.new_page()
    watcher.goto(f"{town.url}/wall")
    town.drive(PTI_MORE.slug, blank, chip)
    expect(watcher.locator(".wall-card", has_text=blank.hex().upper())).to_be_visible()

    form = page.locator('form[action$="/plate.pdf"]').first
    form.evaluate("form => form.removeAttribute('target')")  # in this tab, where the answer can be seen
    with page.expect_response(re.compile(r"/plate\.pdf$")) as printed:
        form.locator("button").click()
    assert printed.value.headers["content-type"] == "application/pdf"
    check_plate(town, page.request.get(f"{town.url}/licences/{licence_id}/plate.pdf").body(), tmp_path)

    page.goto(f"{town.url}/licences/{licence_id}")
    page.locator('form[action$="/tag"] button').click()
    town.stage.readers["desk"].tell(enter=Entry(blank, chip, 600.0).as_json())
    expect(page.locator("#tag .govuk-tag--green")).to_be_visible(timeout=30_000)
    expect(page.locator("#tag")).to_contain_text(chip.hex().upper())

    epc = bound_epc(town, licence_id, chip)
    town.drive(PTI_MORE.slug, epc, chip, dwell_s=2.0)
    number = page.locator("h1").inner_text()
    expect(watcher.locator(".wall-row, #wall-clear li", has_text=number).first).to_be_visible()
    expect(watcher.locator(".wall-card", has_text=number)).to_have_count(0)


def bound_epc(town: Town, licence_id: int, chip: bytes) -> bytes:
    with town.database.read() as session:
        return session.scalars(
            select(EpcAllocation.epc)
            .join(TagBinding, TagBinding.allocation_id == EpcAllocation.id)
            .where(EpcAllocation.licence_id == licence_id, TagBinding.tid == bytes(chip))
        ).one()


def check_plate(town: Town, pdf: bytes, folder: Path) -> None:
    """Both codes of the printed plate read back, and the proof code's signature holds."""
    path = folder / "plate.pdf"
    path.write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "200", "-png", str(path), str(folder / "plate")], check=True)
    picture = Image.open(next(folder.glob("plate*.png")))
    texts = {code.text for code in zxingcpp.read_barcodes(picture)}
    proofs = [text.rpartition("/")[2] for text in texts if len(text) > 100]
    assert len(texts) == 2
    keys = town.seeding._secrets.qr_keys(town.city.authority_id)
    token = read_proof(proofs[0], {keys.key_id: public_key_of(keys.private_key)})
    assert token.kind is ProofKind.PLATE
