"""The documents of the office: number plates and cards. The only public door to the printing half of this package.

Every function takes values and gives a whole PDF file; the same values give the same bytes. Pages carry 3 mm of bleed outside the
trim box, and the crop box is the trim box: a viewer and a card printer see the finished size, a plate printer has its bleed.
What cannot be printed so that people can read it raises `DocumentError`.
"""

from collections.abc import Iterable

import msgspec

from plate_printer.drawing import Sheet, Title, draw
from plate_printer.errors import DocumentError, PrinterError
from plate_printer.geometry import PLATE_SIZE, Size, plate_geometry
from plate_printer.layout import lay_out_card, lay_out_plate
from plate_printer.shaping import has_glyph, measure
from plate_printer.texts import printable
from schemas.orders import BilingualText, CardOrder, PlateOrder

__all__ = ["PLATE_SIZE", "DocumentError", "PrinterError", "Size", "card_pdf", "plate_pdf", "plates_pdf"]


def plate_pdf(order: PlateOrder, size: Size = PLATE_SIZE) -> bytes:
    """One number plate."""
    return plates_pdf([order], size)


def plates_pdf(orders: Iterable[PlateOrder], size: Size = PLATE_SIZE) -> bytes:
    """A batch for the printer, one page a plate, in the order given. An error names the plate; then nothing is drawn."""
    geometry = plate_geometry(size)
    clean: list[PlateOrder] = []
    sheets: list[Sheet] = []
    for order in orders:
        try:
            clean.append(_printable_plate(order))
            sheets.append(Sheet(lay_out_plate(clean[-1], geometry, measure)))
        except DocumentError as error:
            raise DocumentError(f"plate {order.number.en}: {error.part}", error.reason) from None
    if not sheets:
        raise DocumentError("batch of plates", "no order was given")
    return draw(sheets, _title([order.number.en for order in clean], clean[0].authority))


def card_pdf(order: CardOrder) -> bytes:
    """One card, two pages: front and back."""
    clean = _printable_card(order)
    front, back = lay_out_card(clean, measure)
    return draw([Sheet(front, clean.photo), Sheet(back)], _title([clean.number.en], clean.authority))


def _title(numbers: list[str], authority: BilingualText) -> Title:
    last = f" … {numbers[-1]} ({len(numbers)})" if len(numbers) > 1 else ""
    return Title(numbers[0] + last, f"{authority.bn} · {authority.en}")


def _printable_plate(order: PlateOrder) -> PlateOrder:
    return msgspec.structs.replace(
        order,
        authority=_printable("authority", order.authority),
        number=_printable("number", order.number),
        vehicle_class=_printable("class", order.vehicle_class),
        fiscal_year=_printable("fiscal year", order.fiscal_year),
        helpline=printable("helpline", order.helpline, has_glyph) if order.helpline.strip() else "",
    )


def _printable_card(order: CardOrder) -> CardOrder:
    return msgspec.structs.replace(
        order,
        authority=_printable("authority", order.authority),
        title=_printable("title", order.title),
        owner_name=_printable("owner's name", order.owner_name),
        number=_printable("number", order.number),
        vehicle_class=_printable("class", order.vehicle_class),
        licence_number=printable("licence number", order.licence_number, has_glyph),
    )


def _printable(part: str, text: BilingualText) -> BilingualText:
    return BilingualText(bn=printable(f"{part} (bn)", text.bn, has_glyph), en=printable(f"{part} (en)", text.en, has_glyph))
