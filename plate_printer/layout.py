"""From an order to placed boxes in millimetres. Pure: the width of a text comes in as a function."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plate_printer.errors import DocumentError
from plate_printer.geometry import (
    BLACK,
    BLEED_MM,
    CARD,
    CARD_MICROTEXT_EM_MM,
    GREY,
    MICROTEXT_EM_MM,
    CardGeometry,
    Colour,
    PlateGeometry,
    Rect,
    Scheme,
    Size,
    TextSlot,
    scheme_for,
)
from plate_printer.qr_symbol import QUIET_MODULES, Correction, Modules, qr_modules
from plate_printer.shaping import TextExtent, Weight
from plate_printer.texts import date_in_bangla, date_in_english, in_bangla_digits
from schemas.orders import CardOrder, PlateOrder

Measure = Callable[[str, Weight], TextExtent]

LEAST_MODULE_MM = 0.28  # three dots of a 300 dpi card printer
_USUAL_ASCENT_EM, _USUAL_DESCENT_EM = 0.76, 0.24  # so that lines of one slot stand on one height whatever letters they hold


@dataclass(frozen=True, slots=True)
class TextBox:
    """One line of text. `rect` is the ink, `x_mm` and `baseline_mm` the origin of its first letter."""

    text: str
    rect: Rect
    x_mm: float
    baseline_mm: float
    em_mm: float
    weight: Weight
    colour: Colour
    stretch: float = 1.0


@dataclass(frozen=True, slots=True)
class QrBox:
    """A QR symbol with its quiet zone."""

    rect: Rect
    modules: Modules

    @property
    def module_mm(self) -> float:
        return self.rect.width_mm / (len(self.modules) + 2 * QUIET_MODULES)


@dataclass(frozen=True, slots=True)
class PhotoBox:
    """The owner's portrait, or the frame where it is to be glued if there is none."""

    rect: Rect
    is_ghost: bool = False


@dataclass(frozen=True, slots=True)
class HoleBox:
    """Where a rivet goes through: a ring and a cross for the drill."""

    rect: Rect


Box = TextBox | QrBox | PhotoBox | HoleBox


@dataclass(frozen=True, slots=True)
class Fill:
    """A coloured area below the boxes; `radius_mm` rounds its corners."""

    rect: Rect
    colour: Colour
    radius_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Waves:
    """The guilloche: two families of lines, each shifted along by its share (0 to 1) of a period, so that no two serials match."""

    rect: Rect
    colours: tuple[Colour, Colour]
    shifts: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Microtext:
    """A line of letters too small for a copier; decoration, so it is neither searched nor read aloud."""

    rect: Rect
    text: str
    em_mm: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Page:
    """One side. Grounds and microtext lie below; boxes never touch one another."""

    size: Size
    grounds: tuple[Waves | Fill, ...]
    microtext: tuple[Microtext, ...]
    boxes: tuple[Box, ...]


def lay_out_plate(order: PlateOrder, geometry: PlateGeometry, measure: Measure) -> Page:
    """The plate's one side. Raises DocumentError where a text would be too small to read."""
    scheme = scheme_for(order.vehicle_class.en)
    return Page(
        size=geometry.size,
        grounds=(
            _waves(geometry.size, scheme, order.serial),
            Fill(_bled(geometry.band, geometry.size), scheme.band),
            Fill(geometry.badge, scheme.band, radius_mm=3.0),
        ),
        microtext=tuple(
            Microtext(rect, _microtext(order.number.en, rect, MICROTEXT_EM_MM, measure), MICROTEXT_EM_MM, scheme.fine)
            for rect in geometry.microtext
        ),
        boxes=(
            *(HoleBox(hole) for hole in geometry.holes),
            _qr("drive-by code", order.drive_by_url, geometry.drive_by, Correction.H, order.serial),
            _qr("proof code", order.proof_url, geometry.proof, Correction.Q, order.serial),
            *_plate_texts(order, geometry, scheme, measure),
        ),
    )


def _plate_texts(order: PlateOrder, geometry: PlateGeometry, scheme: Scheme, measure: Measure) -> Iterator[TextBox]:
    series, digits = split_number(order.number.bn)
    rows: tuple[tuple[str, TextSlot, str, Colour], ...] = (
        ("authority (bn)", geometry.authority_bn, order.authority.bn, scheme.on_band),
        ("authority (en)", geometry.authority_en, order.authority.en, scheme.on_band),
        ("number (bn)", geometry.series_bn, series, BLACK),
        ("number (bn)", geometry.digits_bn, digits, BLACK),
        ("number (en)", geometry.number_en, order.number.en, BLACK),
        ("class (bn)", geometry.class_bn, order.vehicle_class.bn, scheme.on_band),
        ("class (en)", geometry.class_en, order.vehicle_class.en, scheme.on_band),
        ("fiscal year", geometry.year, f"অর্থবছর {order.fiscal_year.bn}  FY {order.fiscal_year.en}", BLACK),
        ("scan line", geometry.scan_bn, "ছোট কোডটি ফোনে স্ক্যান করে যাচাই করুন", GREY),
        ("scan line", geometry.scan_en, "Scan the small code with a phone to check this plate", GREY),
        ("footer", geometry.footer, _footer(order), GREY),
    )
    for part, slot, text, colour in rows:
        if text:
            yield from fit(part, slot, text, colour, measure)


def split_number(number: str) -> tuple[str, str]:
    """A number's series and its figures, which are drawn apart and larger: `খুলনা-প ০০১২৩৪`. One word has no series."""
    series, _, digits = number.rpartition(" ")
    return series, digits


def _footer(order: PlateOrder) -> str:
    parts = [
        f"ক্রমিক {in_bangla_digits(str(order.serial))}  Serial {order.serial}",
        f"প্লেট সংস্করণ {in_bangla_digits(str(order.issue))}  Issue {order.issue}",
    ]
    if order.helpline:
        parts.append(f"হেল্পলাইন {in_bangla_digits(order.helpline)}  Helpline {order.helpline}")
    return "   ·   ".join(parts)


def lay_out_card(order: CardOrder, measure: Measure, geometry: CardGeometry = CARD) -> tuple[Page, Page]:
    """Front and back. Raises DocumentError where a text would be too small to read."""
    return _card_front(order, geometry, measure), _card_back(order, geometry, measure)


def _card_front(order: CardOrder, geometry: CardGeometry, measure: Measure) -> Page:
    scheme = scheme_for(order.vehicle_class.en)
    photos = (PhotoBox(geometry.photo),) if order.photo is None else (PhotoBox(geometry.photo), PhotoBox(geometry.ghost, is_ghost=True))
    return Page(
        size=geometry.size,
        grounds=_card_grounds(order, geometry, geometry.band, scheme),
        microtext=(_card_microtext(order, geometry.microtext, scheme, measure),),
        boxes=(*photos, *_card_front_texts(order, geometry, scheme, measure)),
    )


def _card_front_texts(order: CardOrder, geometry: CardGeometry, scheme: Scheme, measure: Measure) -> Iterator[TextBox]:
    both_classes = f"{order.vehicle_class.bn}  {order.vehicle_class.en}"
    facts = (
        ("শ্রেণি Class", both_classes, "class"),
        ("লাইসেন্স Licence", order.licence_number, "licence number"),
        ("মেয়াদ Valid until", date_in_bangla(order.valid_until), "valid until"),
    )
    rows: list[tuple[str, TextSlot, str, Colour]] = [
        ("authority (bn)", geometry.authority_bn, order.authority.bn, scheme.on_band),
        ("authority (en)", geometry.authority_en, order.authority.en, scheme.on_band),
        ("title (bn)", geometry.title_bn, order.title.bn, BLACK),
        ("title (en)", geometry.title_en, order.title.en, GREY),
        ("owner's name (bn)", geometry.name_bn, order.owner_name.bn, BLACK),
        ("owner's name (en)", geometry.name_en, order.owner_name.en, BLACK),
        ("number (bn)", geometry.number_bn, order.number.bn, BLACK),
        ("number (en)", geometry.number_en, order.number.en, BLACK),
        ("valid until", geometry.until_en, date_in_english(order.valid_until), GREY),
    ]
    for (label_slot, value_slot), (label, value, part) in zip(geometry.rows, facts, strict=True):
        rows += [(part, label_slot, label, GREY), (part, value_slot, value, BLACK)]
    for part, slot, text, colour in rows:
        yield from fit(part, slot, text, colour, measure)


def _card_back(order: CardOrder, geometry: CardGeometry, measure: Measure) -> Page:
    scheme = scheme_for(order.vehicle_class.en)
    serial = f"ক্রমিক {in_bangla_digits(str(order.serial))}  Serial {order.serial}   ·   লাইসেন্স Licence {order.licence_number}"
    rows: tuple[tuple[str, TextSlot, str, Colour], ...] = (
        ("number (bn)", geometry.back_number_bn, order.number.bn, scheme.on_band),
        ("number (en)", geometry.back_number_en, order.number.en, scheme.on_band),
        ("check line", geometry.check_bn, "কার্ডটি আসল কি না জানতে কোডটি ফোনে স্ক্যান করুন", BLACK),
        ("check line", geometry.check_en, "Scan the code with any phone to check that this card is genuine", GREY),
        ("authority (bn)", geometry.found_bn, f"কার্ডটি পেলে অনুগ্রহ করে লাইসেন্স শাখায় ফেরত দিন: {order.authority.bn}", BLACK),
        ("authority (en)", geometry.found_en, f"If found, please return to the licence office of {order.authority.en}", GREY),
        ("serial", geometry.serial, serial, GREY),
    )
    return Page(
        size=geometry.size,
        grounds=_card_grounds(order, geometry, geometry.back_band, scheme),
        microtext=(_card_microtext(order, geometry.back_microtext, scheme, measure),),
        boxes=(
            _qr("proof code", order.proof_url, geometry.proof, Correction.Q, order.serial),
            *(box for part, slot, text, colour in rows for box in fit(part, slot, text, colour, measure)),
        ),
    )


def _card_grounds(order: CardOrder, geometry: CardGeometry, band: Rect, scheme: Scheme) -> tuple[Waves | Fill, ...]:
    return (_waves(geometry.size, scheme, order.serial), Fill(_bled(band, geometry.size), scheme.band))


def _card_microtext(order: CardOrder, rect: Rect, scheme: Scheme, measure: Measure) -> Microtext:
    text = _microtext(f"{order.authority.en} {order.number.en}", rect, CARD_MICROTEXT_EM_MM, measure)
    return Microtext(rect, text, CARD_MICROTEXT_EM_MM, scheme.fine)


def fit(part: str, slot: TextSlot, text: str, colour: Colour, measure: Measure) -> Iterator[TextBox]:
    """The text in its slot, as large as it may be, on one line or on as many as the slot allows if that makes it larger."""
    choices = [_fit_lines(slot, lines, colour, measure) for lines in _ways_to_break(text, slot.lines)]
    best = max(choices, key=_reads_well)
    if best[0].em_mm < slot.min_em_mm:
        raise DocumentError(
            part,
            f"{len(text)} letters would be {best[0].em_mm:.1f} mm high, and below {slot.min_em_mm:g} mm nobody can read them; shorten it",
        )
    yield from best


def _reads_well(boxes: list[TextBox]) -> tuple[float, int, float]:
    """Large letters first, then few lines, then lines of even length."""
    return boxes[0].em_mm, -len(boxes), -max(box.rect.width_mm for box in boxes)


def _ways_to_break(text: str, most_lines: int) -> Iterator[tuple[str, ...]]:
    """The text whole, and broken into two at each space."""
    yield (text,)
    words = text.split(" ")
    if most_lines > 1:
        for i in range(1, len(words)):
            yield (" ".join(words[:i]), " ".join(words[i:]))


def _fit_lines(slot: TextSlot, lines: tuple[str, ...], colour: Colour, measure: Measure) -> list[TextBox]:
    height = slot.rect.height_mm / len(lines)
    rooms = [Rect(slot.rect.x_mm, slot.rect.top_mm - height * (i + 1), slot.rect.width_mm, height) for i in range(len(lines))]
    extents = [measure(line, slot.weight) for line in lines]
    em = min(_largest_em(slot, room, extent) for room, extent in zip(rooms, extents, strict=True))
    return [_place(slot, room, line, extent, em, colour) for room, line, extent in zip(rooms, lines, extents, strict=True)]


def _largest_em(slot: TextSlot, room: Rect, extent: TextExtent) -> float:
    ascent, descent = _height_em(slot, extent)
    return min(slot.em_mm, room.width_mm / extent.width_em, room.height_mm / (ascent + descent))


def _height_em(slot: TextSlot, extent: TextExtent) -> tuple[float, float]:
    if slot.is_tight:
        return extent.top_em, -extent.bottom_em
    return max(extent.top_em, _USUAL_ASCENT_EM), max(-extent.bottom_em, _USUAL_DESCENT_EM)


def _place(slot: TextSlot, room: Rect, text: str, extent: TextExtent, em_mm: float, colour: Colour) -> TextBox:
    ascent, descent = _height_em(slot, extent)
    stretch = max(1.0, min(slot.max_stretch, room.height_mm / ((ascent + descent) * em_mm)))
    tall = em_mm * stretch
    x = room.x_mm + slot.align.value * (room.width_mm - extent.width_em * em_mm) - extent.left_em * em_mm
    baseline = room.y_mm + (room.height_mm - (ascent + descent) * tall) / 2 + descent * tall
    ink = Rect(
        x + extent.left_em * em_mm, baseline + extent.bottom_em * tall, extent.width_em * em_mm, (extent.top_em - extent.bottom_em) * tall
    )
    return TextBox(text, ink, x, baseline, em_mm, slot.weight, colour, stretch)


def _qr(part: str, text: str, rect: Rect, correction: Correction, serial: int) -> QrBox:
    box = QrBox(rect, qr_modules(text, correction, mask=serial))
    if box.module_mm < LEAST_MODULE_MM:
        raise DocumentError(
            part, f"{len(text)} letters make squares of {box.module_mm:.2f} mm, below {LEAST_MODULE_MM} mm; use a shorter URL"
        )
    return box


def _waves(size: Size, scheme: Scheme, serial: int) -> Waves:
    """Golden steps keep neighbouring serials far apart."""
    return Waves(size.rect, scheme.waves, (serial * 0.6180339887 % 1.0, serial * 0.7548776662 % 1.0))


def _bled(band: Rect, size: Size) -> Rect:
    """A band that runs to the cut edge goes on into the bleed."""
    return Rect(band.x_mm - BLEED_MM, band.y_mm, size.width_mm + 2 * BLEED_MM, size.height_mm - band.y_mm + BLEED_MM)


def _microtext(text: str, rect: Rect, em_mm: float, measure: Measure) -> str:
    """The text again and again, as often as it fits."""
    unit = f"{text} · "
    times = int(rect.width_mm / (measure(unit, Weight.REGULAR).width_em * em_mm))
    return unit * times
