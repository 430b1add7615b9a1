"""No box leaves the piece, none overlaps: for every text that is accepted at all."""

from collections.abc import Iterator
from itertools import combinations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plate_printer.errors import DocumentError
from plate_printer.geometry import CARD, LEAST_PLATE, MOST_PLATE, PlateGeometry, Rect, Size, TextSlot, plate_geometry
from plate_printer.layout import Page, TextBox, lay_out_card, lay_out_plate, split_number
from plate_printer.shaping import measure
from schemas.orders import BilingualText, CardOrder, PlateOrder
from tests.plate_printer.orders import card_order, plate_order

LETTERS = st.sampled_from([*"অআইকখগরযশসহািীুূেৈোৌংঃ্০৯ABgjyMWi019-/.'&", "ক্ষ", "স্ট্রে", "র্", "্য", " "])
WORDS = st.lists(LETTERS, min_size=1, max_size=40).map(lambda letters: " ".join("".join(letters).split())).filter(bool)
TEXTS = st.builds(BilingualText, bn=WORDS, en=WORDS)
PLATES = st.builds(
    lambda order, authority, number, vehicle_class, year: msgspec.structs.replace(
        order, authority=authority, number=number, vehicle_class=vehicle_class, fiscal_year=year
    ),
    st.just(plate_order()),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
)
CARDS = st.builds(
    lambda order, name, number, title, licence, photo: msgspec.structs.replace(
        order, owner_name=name, number=number, title=title, licence_number=licence, photo=photo
    ),
    st.just(card_order()),
    TEXTS,
    TEXTS,
    TEXTS,
    WORDS,
    st.sampled_from([None, b"photo"]),
)
SIZES = st.builds(Size, st.floats(LEAST_PLATE.width_mm, MOST_PLATE.width_mm), st.floats(LEAST_PLATE.height_mm, MOST_PLATE.height_mm))


TOUCH_MM = 1e-6  # two boxes that share an edge do not overlap


def holds(outer: Rect, inner: Rect) -> bool:
    return (
        outer.x_mm - TOUCH_MM <= inner.x_mm
        and outer.y_mm - TOUCH_MM <= inner.y_mm
        and inner.right_mm <= outer.right_mm + TOUCH_MM
        and inner.top_mm <= outer.top_mm + TOUCH_MM
    )


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x_mm + TOUCH_MM < other.right_mm
        and other.x_mm + TOUCH_MM < one.right_mm
        and one.y_mm + TOUCH_MM < other.top_mm
        and other.y_mm + TOUCH_MM < one.top_mm
    )


def require_clean(page: Page) -> None:
    for box in page.boxes:
        assert holds(page.size.rect, box.rect), box
    for one, other in combinations(page.boxes, 2):
        assert not overlap(one.rect, other.rect), (one, other)


def slots_of(geometry: object) -> Iterator[tuple[str, Rect]]:
    for name, value in vars_of(geometry):
        if isinstance(value, TextSlot):
            yield name, value.rect


def vars_of(geometry: object) -> Iterator[tuple[str, object]]:
    for name in geometry.__slots__:  # type: ignore[attr-defined]  # both geometries are dataclasses with slots
        yield name, getattr(geometry, name)


@settings(max_examples=60)
@given(PLATES)
def test_no_box_of_a_plate_leaves_it_or_touches_another(order: PlateOrder) -> None:
    try:
        page = lay_out_plate(order, plate_geometry(), measure)
    except DocumentError:
        return  # refused: nothing is drawn
    require_clean(page)


@settings(max_examples=40)
@given(SIZES)
def test_a_plate_of_any_size_that_is_taken_has_room_for_everything(size: Size) -> None:
    require_clean(lay_out_plate(plate_order(), plate_geometry(size), measure))


@settings(max_examples=60)
@given(CARDS)
def test_no_box_of_a_card_leaves_it_or_touches_another(order: CardOrder) -> None:
    try:
        pages = lay_out_card(order, measure)
    except DocumentError:
        return
    for page in pages:
        require_clean(page)


@settings(max_examples=60)
@given(SIZES)
def test_texts_stand_clear_of_rivets_microtext_and_codes(size: Size) -> None:
    geometry = plate_geometry(size)
    fixed = [*geometry.holes, *geometry.microtext, geometry.drive_by, geometry.proof]
    for name, rect in slots_of(geometry):
        assert not any(overlap(rect, other) for other in fixed), name


def test_text_on_a_card_keeps_three_millimetres_from_the_cut() -> None:
    safe = CARD.size.rect.grown(-1)
    for name, rect in slots_of(CARD):
        assert holds(safe, rect), name


def figures(geometry: PlateGeometry) -> TextBox:
    page = lay_out_plate(plate_order(), geometry, measure)
    return next(box for box in page.boxes if isinstance(box, TextBox) and box.text == "০০১২৩৪")


def test_the_figures_are_legible_at_twenty_metres() -> None:
    """Five minutes of arc at 20 m are 29 mm."""
    assert figures(plate_geometry()).rect.height_mm > 40


def test_the_figures_stand_in_the_middle_of_their_column() -> None:
    slot, ink = plate_geometry().digits_bn.rect, figures(plate_geometry()).rect
    assert ink.x_mm - slot.x_mm == pytest.approx(slot.right_mm - ink.right_mm)


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        pytest.param("খুলনা-প ০০১২৩৪", ("খুলনা-প", "০০১২৩৪"), id="series and figures"),
        pytest.param("খুলনা সদর প ০০১২", ("খুলনা সদর প", "০০১২"), id="series of several words"),
        pytest.param("১২৩৪", ("", "১২৩৪"), id="figures alone"),
    ],
)
def test_a_number_is_split_at_its_last_space(number: str, parts: tuple[str, str]) -> None:
    assert split_number(number) == parts


def test_modules_of_the_drive_by_code_are_large_enough_for_a_camera() -> None:
    """2.5 mm at the least: 3.2 pixels each in a 1080p view of a 1.5 m lane."""
    page = lay_out_plate(plate_order(), plate_geometry(), measure)
    modules = [box.module_mm for box in page.boxes if not isinstance(box, TextBox) and hasattr(box, "module_mm")]
    assert max(modules) > 2.4
    assert min(modules) > 0.65
