import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from plate_printer import samples
from plate_printer.documents import DocumentError, Size, card_pdf, plate_pdf, plates_pdf
from schemas.orders import BilingualText, CardOrder
from schemas.qr_token import read_drive_by, read_proof
from tests.plate_printer.documents_read import render
from tests.plate_printer.orders import MAC_KEY, PUBLIC_KEY, card_order, plate_order


def picture(form: str, size: tuple[int, int] = (480, 640), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.effect_mandelbrot(size, (-2.0, -1.5, 1.0, 1.5), 60).convert(mode).save(file, form)
    return file.getvalue()


@pytest.fixture(scope="module")
def plate_text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render(plate_pdf(plate_order()), tmp_path_factory.mktemp("plate"), dpi=20).text


@pytest.fixture(scope="module")
def card_text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render(card_pdf(card_order()), tmp_path_factory.mktemp("card"), dpi=20).text


@pytest.mark.parametrize("size", [Size(300, 160), Size(330, 165)], ids=["default", "330 by 165"])
def test_both_codes_of_a_plate_read_back_and_prove_what_they_say(tmp_path: Path, size: Size) -> None:
    order = plate_order()
    assert render(plate_pdf(order, size), tmp_path).codes() == {order.drive_by_url, order.proof_url}
    assert read_drive_by(order.drive_by_url.rpartition("/")[2], MAC_KEY) == order.serial
    assert read_proof(order.proof_url.rpartition("/")[2], {1: PUBLIC_KEY}).serial == order.serial


def test_the_cards_code_reads_back_at_a_card_printers_300_dpi(tmp_path: Path) -> None:
    order = card_order()
    assert render(card_pdf(order), tmp_path, dpi=300).codes(page=1) == {order.proof_url}


@pytest.mark.parametrize("mask", range(8))
def test_every_mask_reads_back(tmp_path: Path, mask: int) -> None:
    order = plate_order(serial=800 + mask)
    assert render(plate_pdf(order), tmp_path, dpi=100).codes() == {order.drive_by_url, order.proof_url}


def test_the_drive_by_code_reads_from_one_and_a_half_pixels_a_millimetre(tmp_path: Path) -> None:
    """What a 1080p camera has of a lane 1.3 m wide."""
    order = plate_order()
    assert order.drive_by_url in render(plate_pdf(order), tmp_path, dpi=38).codes()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("খুলনা সিটি কর্পোরেশন", id="authority"),
        pytest.param("খুলনা-প", id="series"),
        pytest.param("০০১২৩৪", id="figures"),
        pytest.param("KCC-P 001234", id="latin number"),
        pytest.param("যাত্রীবাহী", id="class"),
        pytest.param("অর্থবছর ২০২৬-২৭", id="fiscal year"),
        pytest.param("হেল্পলাইন ১৬১০০", id="helpline"),
    ],
)
def test_bangla_copied_from_a_plate_is_the_bangla_that_was_ordered(plate_text: str, text: str) -> None:
    assert text in plate_text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("মোঃ ক্ষুদ্র ম্যাজিস্ট্রেট রহমান", id="owner (bn)"),
        pytest.param("Md Khudra Magistrate Rahman", id="owner (en)"),
        pytest.param("ইজিবাইক রেজিস্ট্রেশন কার্ড", id="title"),
        pytest.param("৩০ জুন ২০২৭", id="valid until (bn)"),
        pytest.param("30 June 2027", id="valid until (en)"),
        pytest.param("KCC/EB/2026/001234", id="licence number"),
    ],
)
def test_what_a_card_says(card_text: str, text: str) -> None:
    assert text in card_text


def test_microtext_is_neither_copied_nor_read_aloud(plate_text: str) -> None:
    assert plate_text.count("KCC-P 001234") == 1


def test_a_conjunct_is_drawn_joined(tmp_path: Path) -> None:
    """র‍্যাব with its joiner and without are the same letters in another shape: a printer that does not shape draws them alike."""
    joined, apart = (
        render(card_pdf(named(name)), tmp_path / name.encode().hex(), dpi=200).pages[0].crop((240, 125, 640, 180))
        for name in ("র‍্যাব", "র্যাব")
    )
    difference = np.abs(np.asarray(joined, dtype=int) - np.asarray(apart, dtype=int))
    assert (difference > 128).sum() > 50


def named(name: str) -> CardOrder:
    return msgspec.structs.replace(card_order(), owner_name=BilingualText(bn=name, en="Name"))


@pytest.mark.parametrize(
    ("make", "trim"),
    [
        pytest.param(lambda: plate_pdf(plate_order()), (300.0, 160.0), id="plate"),
        pytest.param(lambda: plate_pdf(plate_order(), Size(330, 165)), (330.0, 165.0), id="plate of another size"),
        pytest.param(lambda: card_pdf(card_order()), (85.6, 53.98), id="card (ISO/IEC 7810 ID-1)"),
    ],
)
def test_page_boxes_give_the_finished_size_and_three_millimetres_of_bleed(
    tmp_path: Path, make: Callable[[], bytes], trim: tuple[float, float]
) -> None:
    boxes = render(make(), tmp_path, dpi=20).boxes
    assert boxes["TrimBox"] == boxes["CropBox"] == pytest.approx(trim, abs=0.02)
    assert boxes["BleedBox"] == boxes["MediaBox"] == pytest.approx((trim[0] + 6, trim[1] + 6), abs=0.02)


def test_the_band_tells_the_class_by_colour_alone(tmp_path: Path) -> None:
    bands = set()
    for vehicle_class in (samples.PASSENGER, samples.GOODS, BilingualText(bn="অস্থায়ী", en="Temporary")):
        page = render(plate_pdf(plate_order(vehicle_class=vehicle_class)), tmp_path / str(vehicle_class.en), dpi=20).pages[0]
        bands.add(page.getpixel((30, 3)))
    assert len(bands) == 3


def test_a_batch_has_one_page_a_plate_in_order(tmp_path: Path) -> None:
    orders = [plate_order(serial) for serial in (7, 8, 9)]
    rendered = render(plates_pdf(orders), tmp_path, dpi=100)
    assert [rendered.codes(page) for page in range(3)] == [{order.drive_by_url, order.proof_url} for order in orders]


def test_the_same_order_gives_the_same_bytes_whatever_was_drawn_before() -> None:
    first = plate_pdf(plate_order())
    card_pdf(card_order(picture("JPEG")))
    plates_pdf([plate_order(serial) for serial in range(1, 5)])
    assert plate_pdf(plate_order()) == first
    assert card_pdf(card_order(picture("JPEG"))) == card_pdf(card_order(picture("JPEG")))


def test_the_background_differs_from_serial_to_serial(tmp_path: Path) -> None:
    backs = [
        render(plate_pdf(plate_order(serial)), tmp_path / str(serial), dpi=100).pages[0].crop((450, 560, 460, 630)) for serial in (1, 2)
    ]
    assert list(backs[0].tobytes()) != list(backs[1].tobytes())


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photo_stands_in_its_frame_and_again_as_a_ghost(tmp_path: Path, form: str) -> None:
    without, with_photo = (
        np.asarray(render(card_pdf(card_order(photo)), tmp_path / str(bool(photo)), dpi=150).pages[0], dtype=int)
        for photo in (None, picture(form))
    )
    frame, ghost = (slice(130, 270), slice(40, 150)), (slice(170, 240), slice(415, 475))
    assert np.abs(without[frame] - with_photo[frame]).mean() > 20
    assert 0 < with_photo[ghost].std() < with_photo[frame].std()


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_grey_and_a_printers_jpeg_are_taken(mode: str) -> None:
    assert card_pdf(card_order(picture("JPEG", mode=mode))).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        pytest.param(b"", "JPEG or PNG", id="empty"),
        pytest.param(b"%PDF-1.4 not a photo", "JPEG or PNG", id="a PDF"),
        pytest.param(picture("GIF", mode="L"), "JPEG or PNG", id="a GIF"),
        pytest.param(picture("JPEG")[:2000], "damaged", id="half a JPEG"),
        pytest.param(picture("PNG")[:2000], "damaged", id="half a PNG"),
        pytest.param(picture("JPEG", (60, 60)), "60 × 60", id="too small"),
        pytest.param(b"\xff" * (10 * 1024 * 1024 + 1), "at most", id="too many bytes"),
    ],
)
def test_a_photo_that_cannot_be_used_is_refused_with_the_reason(photo: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as refusal:
        card_pdf(card_order(photo))
    assert refusal.value.part == "photo"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("রহিম 😀", "U\\+1F600 GRINNING FACE", id="emoji"),
        pytest.param("रहीम", "DEVANAGARI", id="another script"),
        pytest.param("Rahim\x00", "U\\+0000", id="control character"),
        pytest.param("Rahim\u202e", "RIGHT-TO-LEFT OVERRIDE", id="direction override"),
        pytest.param("   ", "nothing to print", id="only spaces"),
        pytest.param("ম্যাজিস্ট্রেট" * 9, "letters would be", id="no room to be legible"),
    ],
)
def test_a_name_that_cannot_be_printed_is_refused_with_the_letter_and_the_reason(name: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as refusal:
        card_pdf(named(name))
    assert refusal.value.part == "owner's name (bn)"


def test_markup_is_printed_as_it_is_written(tmp_path: Path) -> None:
    order = msgspec.structs.replace(card_order(), owner_name=BilingualText(bn="<b>রহিম</b>", en="A & B <i>'\"\\()"))
    text = render(card_pdf(order), tmp_path, dpi=20).text
    assert "<b>রহিম</b>" in text
    assert "A & B <i>'\"\\()" in text


def test_white_space_of_any_kind_becomes_one_space(tmp_path: Path) -> None:
    order = msgspec.structs.replace(card_order(), owner_name=BilingualText(bn=" মোঃ\t\n রহিম ", en="Md\u00a0 Rahim"))
    text = render(card_pdf(order), tmp_path, dpi=20).text
    assert "মোঃ রহিম" in text
    assert "Md Rahim" in text


def test_a_long_name_takes_two_lines(tmp_path: Path) -> None:
    name = "আলহাজ্ব মোহাম্মদ আব্দুর রহমান সরদার ওরফে রহিম উদ্দিন মাস্টার"
    text = render(card_pdf(named(name)), tmp_path, dpi=20).text
    assert name not in text
    assert all(word in text for word in name.split())


def test_an_error_in_a_batch_names_the_plate() -> None:
    wrong = msgspec.structs.replace(plate_order(8), authority=BilingualText(bn="খুলনা 😀", en="Khulna"))
    with pytest.raises(DocumentError, match=r"plate KCC-P 000008: authority \(bn\)"):
        plates_pdf([plate_order(7), wrong])


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(DocumentError, match="no order"):
        plates_pdf([])


@pytest.mark.parametrize("size", [Size(200, 160), Size(300, 100), Size(3000, 160)], ids=str)
def test_a_plate_on_which_the_codes_have_no_room_is_refused(size: Size) -> None:
    with pytest.raises(DocumentError, match=r"expected .* to .* mm"):
        plate_pdf(plate_order(), size)


def test_a_url_that_makes_the_card_code_too_fine_is_refused() -> None:
    order = msgspec.structs.replace(card_order(), proof_url="https://খুলনা.example/v/" + "খ" * 170)
    with pytest.raises(DocumentError, match="shorter URL"):
        card_pdf(order)


def test_threads_draw_at_once_and_get_what_one_alone_gets() -> None:
    orders = [plate_order(n * n * 7919 + 1) for n in range(8)]
    alone = [plate_pdf(order) for order in orders]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(plate_pdf, orders)) == alone
