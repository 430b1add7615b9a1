"""Where things go on a plate and on a card: millimetres from the bottom left corner of the trimmed piece, as data.

Sizes: the plate's is the authority's choice (no official Bangladeshi size for easy-bikes was found; 300 × 160 mm is drawn by
default), the card's is ISO/IEC 7810 ID-1. A letter is legible at 20 m from about 30 mm on (five minutes of arc).
"""

from dataclasses import dataclass
from enum import Enum

from plate_printer.errors import DocumentError
from plate_printer.shaping import Weight

BLEED_MM = 3.0


@dataclass(frozen=True, slots=True)
class Rect:
    """An upright rectangle."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    @property
    def right_mm(self) -> float:
        return self.x_mm + self.width_mm

    @property
    def top_mm(self) -> float:
        return self.y_mm + self.height_mm

    def grown(self, by_mm: float) -> "Rect":
        return Rect(self.x_mm - by_mm, self.y_mm - by_mm, self.width_mm + 2 * by_mm, self.height_mm + 2 * by_mm)


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a trimmed piece."""

    width_mm: float
    height_mm: float

    @property
    def rect(self) -> Rect:
        return Rect(0, 0, self.width_mm, self.height_mm)


class Align(Enum):
    """Where a text stands in its slot; the value is the share of the free room to its left."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Colour:
    """Red, green, blue from 0 to 1."""

    red: float
    green: float
    blue: float

    @classmethod
    def of(cls, hex_digits: str) -> "Colour":
        red, green, blue = bytes.fromhex(hex_digits)
        return cls(red / 255, green / 255, blue / 255)


BLACK, WHITE = Colour.of("000000"), Colour.of("ffffff")
GREY = Colour.of("4a4f54")


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colours that tell a class from afar."""

    band: Colour
    on_band: Colour
    fine: Colour
    """For letters too small to stand in a light colour."""
    waves: tuple[Colour, Colour]


CLASS_SCHEMES: dict[str, Scheme] = {  # found by this word in the English name of the class
    "passenger": Scheme(Colour.of("00694b"), WHITE, Colour.of("00694b"), (Colour.of("d2e8df"), Colour.of("e9ecd6"))),
    "goods": Scheme(Colour.of("f6b800"), BLACK, Colour.of("6b4e00"), (Colour.of("f8e9bd"), Colour.of("f5e9da"))),
}
OTHER_SCHEME = Scheme(Colour.of("1f3a68"), WHITE, Colour.of("1f3a68"), (Colour.of("d6deed"), Colour.of("e8e2ef")))


def scheme_for(class_en: str) -> Scheme:
    name = class_en.casefold()
    return next((scheme for word, scheme in CLASS_SCHEMES.items() if word in name), OTHER_SCHEME)


@dataclass(frozen=True, slots=True)
class TextSlot:
    """Room for one text. The text is as large as `em_mm` allows, shrinks to fit, and is refused below `min_em_mm`."""

    rect: Rect
    em_mm: float
    min_em_mm: float
    weight: Weight = Weight.BOLD
    align: Align = Align.LEFT
    lines: int = 1
    max_stretch: float = 1.0
    """How much taller than drawn the letters may become where width is short and height is left."""
    is_tight: bool = False
    """Measured by the ink alone: for figures, which have no parts below the line."""


@dataclass(frozen=True, slots=True)
class PlateGeometry:
    """Everything on a plate."""

    size: Size
    band: Rect
    holes: tuple[Rect, ...]
    drive_by: Rect
    proof: Rect
    authority_bn: TextSlot
    authority_en: TextSlot
    series_bn: TextSlot
    badge: Rect
    class_bn: TextSlot
    class_en: TextSlot
    digits_bn: TextSlot
    number_en: TextSlot
    year: TextSlot
    scan_bn: TextSlot
    scan_en: TextSlot
    footer: TextSlot
    microtext: tuple[Rect, ...]


PLATE_SIZE = Size(300.0, 160.0)
LEAST_PLATE, MOST_PLATE = Size(280.0, 150.0), Size(600.0, 400.0)
DRIVE_BY_MM = 110.0
PROOF_MM = 42.0
MICROTEXT_EM_MM = 1.0  # 0.7 mm capitals: the least that a plate printer keeps apart
_BAND_MM, _FOOT_MM, _EDGE_MM, _GAP_MM = 23.0, 14.0, 5.0, 4.0
_HOLE_MM, _HOLE_AT_MM = 6.0, 10.0


def plate_geometry(size: Size = PLATE_SIZE) -> PlateGeometry:
    """The plate of that size: the codes keep their size, for it decides how far they are read; the number takes what is left."""
    _require_plate_size(size)
    width, height = size.width_mm, size.height_mm
    body_top, body_bottom = height - _BAND_MM - 3.5, _FOOT_MM + 1
    left = _EDGE_MM + DRIVE_BY_MM + 2 * _GAP_MM
    right = width - _EDGE_MM
    column = right - left
    series_mm = 0.225 * (body_top - body_bottom)
    facts = column - PROOF_MM - _GAP_MM
    digits_bottom = body_bottom + PROOF_MM + 3
    series_bottom = body_top - series_mm
    badge = Rect(left + column * 0.56, series_bottom + 1, column * 0.44, series_mm - 1)
    return PlateGeometry(
        size=size,
        band=Rect(0, height - _BAND_MM, width, _BAND_MM),
        holes=_holes(size),
        drive_by=Rect(_EDGE_MM, (body_top + body_bottom - DRIVE_BY_MM) / 2, DRIVE_BY_MM, DRIVE_BY_MM),
        proof=Rect(right - PROOF_MM, body_bottom, PROOF_MM, PROOF_MM),
        authority_bn=TextSlot(Rect(24, height - 14.6, width - 48, 12.9), 11.5, 4.5, align=Align.CENTRE),
        authority_en=TextSlot(Rect(24, height - 21.6, width - 48, 6.6), 6.0, 2.8, align=Align.CENTRE),
        series_bn=TextSlot(Rect(left, series_bottom, column * 0.54, series_mm), series_mm, 6.0),
        badge=badge,
        class_bn=_in_badge(badge, 0.38, 0.58, 13.0),
        class_en=_in_badge(badge, 0.07, 0.30, 7.0),
        digits_bn=TextSlot(
            Rect(left, digits_bottom, column, series_bottom - digits_bottom - 3),
            90,
            12.0,
            align=Align.CENTRE,
            max_stretch=1.45,
            is_tight=True,
        ),
        number_en=TextSlot(Rect(left, body_bottom + 24.5, facts, 17.5), 30.0, 6.0, max_stretch=1.15, is_tight=True),
        year=TextSlot(Rect(left, body_bottom + 13.2, facts, 8.8), 7.6, 3.0),
        scan_bn=TextSlot(Rect(left, body_bottom + 6.0, facts, 6.0), 5.0, 3.0, Weight.REGULAR),
        scan_en=TextSlot(Rect(left, body_bottom + 0.6, facts, 5.0), 4.3, 2.6, Weight.REGULAR),
        footer=TextSlot(Rect(20, 5.4, width - 40, 6.6), 5.2, 2.8, Weight.REGULAR, Align.CENTRE),
        microtext=(
            Rect(_EDGE_MM, height - _BAND_MM - 1.7, width - 2 * _EDGE_MM, 1.4),
            Rect(_EDGE_MM, 2.4, width - 2 * _EDGE_MM, 1.4),
        ),
    )


def _require_plate_size(size: Size) -> None:
    for what, found, least, most in (
        ("width", size.width_mm, LEAST_PLATE.width_mm, MOST_PLATE.width_mm),
        ("height", size.height_mm, LEAST_PLATE.height_mm, MOST_PLATE.height_mm),
    ):
        if not least <= found <= most:
            raise DocumentError("plate size", f"{what}: expected {least:g} to {most:g} mm, found {found:g} mm")


def _holes(size: Size) -> tuple[Rect, ...]:
    return tuple(
        Rect(x - _HOLE_MM / 2, y - _HOLE_MM / 2, _HOLE_MM, _HOLE_MM)
        for x in (_HOLE_AT_MM, size.width_mm - _HOLE_AT_MM)
        for y in (_HOLE_AT_MM - 1, size.height_mm - _HOLE_AT_MM)
    )


def _in_badge(badge: Rect, bottom: float, height: float, em_mm: float) -> TextSlot:
    room = Rect(badge.x_mm + 3, badge.y_mm + badge.height_mm * bottom, badge.width_mm - 6, badge.height_mm * height)
    return TextSlot(room, em_mm, 3.0, align=Align.CENTRE)


@dataclass(frozen=True, slots=True)
class CardGeometry:
    """Everything on the two sides of a card."""

    size: Size
    band: Rect
    authority_bn: TextSlot
    authority_en: TextSlot
    title_bn: TextSlot
    title_en: TextSlot
    photo: Rect
    ghost: Rect
    name_bn: TextSlot
    name_en: TextSlot
    number_bn: TextSlot
    number_en: TextSlot
    rows: tuple[tuple[TextSlot, TextSlot], ...]
    """A label and its value: class, licence number, valid until; the last has its English date below."""
    until_en: TextSlot
    microtext: Rect
    back_band: Rect
    back_number_bn: TextSlot
    back_number_en: TextSlot
    proof: Rect
    check_bn: TextSlot
    check_en: TextSlot
    found_bn: TextSlot
    found_en: TextSlot
    serial: TextSlot
    back_microtext: Rect


_R, _B = Weight.REGULAR, Weight.BOLD

CARD = CardGeometry(
    size=Size(85.60, 53.98),
    band=Rect(0, 43.38, 85.60, 10.60),
    authority_bn=TextSlot(Rect(4, 47.2, 77.6, 5.2), 4.7, 1.8),
    authority_en=TextSlot(Rect(4, 44.1, 77.6, 2.9), 2.6, 1.4),
    title_bn=TextSlot(Rect(4, 38.6, 43.0, 3.6), 3.0, 1.5),
    title_en=TextSlot(Rect(48, 38.6, 33.6, 3.6), 2.5, 1.3, _R, Align.RIGHT),
    photo=Rect(4, 7.2, 24.0, 30.0),
    ghost=Rect(68.8, 11.6, 12.8, 16.0),
    name_bn=TextSlot(Rect(31, 32.0, 50.6, 5.4), 4.0, 1.7, lines=2),
    name_en=TextSlot(Rect(31, 28.2, 50.6, 3.6), 2.9, 1.4, lines=2),
    number_bn=TextSlot(Rect(31, 21.6, 37.0, 6.4), 5.4, 2.2),
    number_en=TextSlot(Rect(31, 18.2, 37.0, 3.2), 3.0, 1.6),
    rows=(
        (TextSlot(Rect(31, 14.2, 14.6, 3.0), 1.9, 1.2, _R), TextSlot(Rect(46.2, 14.2, 21.8, 3.0), 2.3, 1.2)),
        (TextSlot(Rect(31, 10.7, 14.6, 3.0), 1.9, 1.2, _R), TextSlot(Rect(46.2, 10.7, 21.8, 3.0), 2.3, 1.2)),
        (TextSlot(Rect(31, 7.2, 14.6, 3.0), 1.9, 1.2, _R), TextSlot(Rect(46.2, 7.2, 18.4, 3.0), 2.3, 1.2)),
    ),
    until_en=TextSlot(Rect(65.0, 7.2, 16.6, 3.0), 2.1, 1.2, _R, Align.RIGHT),
    microtext=Rect(4, 3.2, 77.6, 1.0),
    back_band=Rect(0, 46.48, 85.60, 7.5),
    back_number_bn=TextSlot(Rect(4, 47.7, 44.0, 5.0), 4.2, 1.6),
    back_number_en=TextSlot(Rect(50, 47.7, 31.6, 5.0), 3.2, 1.4, _B, Align.RIGHT),
    proof=Rect(59.6, 18.0, 22.0, 22.0),
    check_bn=TextSlot(Rect(4, 34.6, 52.6, 6.4), 2.7, 1.5, _B, lines=2),
    check_en=TextSlot(Rect(4, 28.9, 52.6, 5.4), 2.2, 1.4, _R, lines=2),
    found_bn=TextSlot(Rect(4, 21.0, 52.6, 6.4), 2.4, 1.1, _R, lines=2),
    found_en=TextSlot(Rect(4, 15.2, 52.6, 5.4), 2.1, 1.0, _R, lines=2),
    serial=TextSlot(Rect(4, 7.2, 77.6, 3.4), 2.2, 1.2, _R),
    back_microtext=Rect(4, 3.2, 77.6, 1.0),
)
CARD_MICROTEXT_EM_MM = 0.75  # half a millimetre of capitals: less dies on a 300 dpi card printer
