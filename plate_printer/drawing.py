"""Pages of boxes to a PDF file. The one door to reportlab.

Traps that were measured (reportlab 5.1.0) and are avoided here: `drawString(shaping=True)` silently does not shape without
`rlbidi`; shaping hands out private letters in the order in which glyphs are first met, so the same order would give other bytes
the second time; fonts are shared state and not safe between threads.
"""

import io
import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from PIL import Image
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import ShapeData, ShapedStr, TTFont
from reportlab.pdfgen.canvas import Canvas

from plate_printer.geometry import BLACK, BLEED_MM, GREY, WHITE, Colour, Rect, Size
from plate_printer.layout import Box, Fill, HoleBox, Microtext, Page, PhotoBox, QrBox, TextBox, Waves
from plate_printer.photo import ghost, portrait
from plate_printer.qr_symbol import QUIET_MODULES
from plate_printer.shaping import Weight, glyph_run

POINTS_PER_MM = 72 / 25.4
_PRIVATE_USE = range(0xE000, 0xF900)
_drawing = threading.Lock()
rl_config.useA85 = 0  # streams as bytes, not as letters: a fifth smaller


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page and the photograph that goes on it."""

    page: Page
    photo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Title:
    """What a viewer shows of a document in its window and its list."""

    title: str
    author: str


def draw(sheets: Sequence[Sheet], title: Title) -> bytes:
    """One PDF page a sheet. The same sheets give the same bytes. Raises DocumentError for a photograph that cannot be used."""
    file = io.BytesIO()
    with _drawing:
        _registered(Weight.REGULAR)
        font: Any = Weight.REGULAR.value  # the stubs call a font name a number; without it Helvetica is named and not embedded
        canvas = Canvas(file, pageCompression=1, invariant=1, lang="bn-BD", initialFontName=font)
        canvas.setTitle(title.title)
        canvas.setAuthor(title.author)
        canvas.setCreator("ebike-plates")
        canvas.setViewerPreference("PrintScaling", "None")
        _Pen(canvas).draw(sheets)
        canvas.save()
    return file.getvalue()


@cache
def _registered(weight: Weight) -> dict[int, tuple[str, int]]:
    """Register the font and give every glyph a letter in a fixed order: glyph number → letter, width."""
    font = TTFont(weight.value, str(weight.path))
    pdfmetrics.registerFont(font)
    face = font.face
    letters = {glyph_id: code for code, glyph_id in sorted(face.charToGlyph.items(), reverse=True)}
    free = (code for code in _PRIVATE_USE if code not in face.charToGlyph)
    for glyph_id in sorted(set(range(1, face.numGlyphs)) - letters.keys()):
        letter = letters[glyph_id] = next(free)
        face.charToGlyph[letter] = glyph_id
        face.charWidths[letter] = face.hmetrics[glyph_id][0]
    return {glyph_id: (chr(code), face.charWidths[code]) for glyph_id, code in letters.items()}


def _shaped(text: str, weight: Weight) -> ShapedStr:
    letters = _registered(weight)
    glyphs = glyph_run(text, weight)
    data: Any = [  # the stubs say one ShapeData; it is one a glyph
        ShapeData(i, glyph.advance, 0, glyph.x_offset, glyph.y_offset, letters[glyph.glyph_id][1]) for i, glyph in enumerate(glyphs)
    ]
    return ShapedStr("".join(letters[glyph.glyph_id][0] for glyph in glyphs), shapeData=data)


class _Pen:
    """Draws in millimetres from the trimmed corner; the file's page is larger by the bleed."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._forms: set[str] = set()

    def draw(self, sheets: Iterable[Sheet]) -> None:
        for sheet in sheets:
            self._start(sheet.page.size)
            for ground in sheet.page.grounds:
                self._ground(ground)
            for line in sheet.page.microtext:
                self._microtext(line)
            for box in sheet.page.boxes:
                self._box(box, sheet.photo)
            self._canvas.showPage()

    def _start(self, size: Size) -> None:
        bleed, width, height = (mm * POINTS_PER_MM for mm in (BLEED_MM, size.width_mm, size.height_mm))
        whole = (width + 2 * bleed, height + 2 * bleed)
        trimmed = (bleed, bleed, bleed + width, bleed + height)
        self._canvas.setPageSize(whole)
        self._canvas.setCropBox((0, 0, *whole), "bleed")
        self._canvas.setCropBox(trimmed, "trim")
        self._canvas.setCropBox(trimmed, "crop")
        self._canvas.translate(bleed, bleed)

    def _ground(self, ground: Waves | Fill) -> None:
        if isinstance(ground, Fill):
            self._fill(ground.rect, ground.colour, ground.radius_mm)
        else:
            self._waves(ground)

    def _box(self, box: Box, photo: bytes | None) -> None:
        if isinstance(box, TextBox):
            self._text(box)
        elif isinstance(box, QrBox):
            self._qr(box)
        elif isinstance(box, HoleBox):
            self._hole(box.rect)
        else:
            self._photo(box, photo)

    def _text(self, box: TextBox) -> None:
        canvas = self._canvas
        canvas.saveState()
        self._ink(box.colour)
        canvas.transform(1, 0, 0, box.stretch, _points(box.x_mm), _points(box.baseline_mm))
        self._line(box.text, box.weight, box.em_mm, spoken=box.text)
        canvas.restoreState()

    def _line(self, text: str, weight: Weight, em_mm: float, spoken: str) -> None:
        """ActualText is what a reader copies, searches and speaks; glyphs alone give broken Bangla back."""
        canvas = self._canvas
        shaped = _shaped(text, weight)
        canvas.addLiteral(f"/Span <</ActualText <FEFF{spoken.encode('utf-16-be').hex().upper()}>>> BDC")
        canvas.setFont(weight.value, _points(em_mm))
        line = canvas.beginText(0, 0)
        line.textOut(shaped)
        canvas.drawText(line)
        canvas.addLiteral("EMC")

    def _microtext(self, line: Microtext) -> None:
        canvas = self._canvas
        canvas.saveState()
        self._ink(line.colour)
        canvas.translate(_points(line.rect.x_mm), _points(line.rect.y_mm + (line.rect.height_mm - 0.6 * line.em_mm) / 2))
        self._line(line.text, Weight.REGULAR, line.em_mm, spoken="")
        canvas.restoreState()

    def _qr(self, box: QrBox) -> None:
        """One path in module coordinates: no seams between squares, at any zoom."""
        canvas = self._canvas
        module = _points(box.module_mm)
        self._fill(box.rect, WHITE)
        canvas.saveState()
        self._ink(BLACK)
        canvas.transform(
            module, 0, 0, -module, _points(box.rect.x_mm) + QUIET_MODULES * module, _points(box.rect.top_mm) - QUIET_MODULES * module
        )
        canvas.addLiteral(" ".join(f"{x} {y} {length} 1 re" for x, y, length in _dark_runs(box)) + " f")
        canvas.restoreState()

    def _hole(self, rect: Rect) -> None:
        """White inside, so that the cross is seen on the band too."""
        canvas = self._canvas
        x, y, radius = _points(rect.x_mm + rect.width_mm / 2), _points(rect.y_mm + rect.height_mm / 2), _points(rect.width_mm / 2)
        canvas.saveState()
        canvas.setLineWidth(_points(0.2))
        self._ink(WHITE)
        canvas.setStrokeColorRGB(GREY.red, GREY.green, GREY.blue)
        canvas.circle(x, y, radius - _points(0.1), stroke=1, fill=1)
        canvas.lines([(x - radius / 2, y, x + radius / 2, y), (x, y - radius / 2, x, y + radius / 2)])
        canvas.restoreState()

    def _photo(self, box: PhotoBox, photo: bytes | None) -> None:
        canvas, rect = self._canvas, box.rect
        place = _place(rect)
        canvas.saveState()
        if photo is None:
            self._ink(WHITE)
            canvas.setStrokeColorRGB(GREY.red, GREY.green, GREY.blue)
            canvas.setLineWidth(_points(0.15))
            canvas.setDash([_points(0.8), _points(0.6)])
            canvas.rect(*place, stroke=1, fill=1)
        else:
            picture = portrait(photo, rect.width_mm, rect.height_mm)
            canvas.drawImage(_jpeg(ghost(picture) if box.is_ghost else picture), *place)
        canvas.restoreState()

    def _fill(self, rect: Rect, colour: Colour, radius_mm: float = 0.0) -> None:
        canvas = self._canvas
        canvas.saveState()
        self._ink(colour)
        place = _place(rect)
        if radius_mm:
            canvas.roundRect(*place, radius=_points(radius_mm), stroke=0, fill=1)
        else:
            canvas.rect(*place, stroke=0, fill=1)
        canvas.restoreState()

    def _waves(self, waves: Waves) -> None:
        """Each family is one form in the file; a page only says how far it is shifted and in which colour."""
        canvas = self._canvas
        area = waves.rect.grown(BLEED_MM)
        canvas.saveState()
        clip = canvas.beginPath()
        clip.rect(*_place(area))
        canvas.clipPath(clip, stroke=0, fill=0)
        for family, colour, shift in zip(_FAMILIES, waves.colours, waves.shifts, strict=True):
            canvas.saveState()
            canvas.setStrokeColorRGB(colour.red, colour.green, colour.blue)
            period = family.period_mm * _scale_of(waves.rect)
            canvas.translate(_points(-shift * period), 0)
            canvas.doForm(self._wave_form(family, area, period))
            canvas.restoreState()
        canvas.restoreState()

    def _wave_form(self, family: "_Family", area: Rect, period_mm: float) -> str:
        name = f"waves-{family.period_mm:g}-{area.width_mm:g}x{area.height_mm:g}"
        if name not in self._forms:
            self._forms.add(name)
            wide = Rect(area.x_mm, area.y_mm, area.width_mm + period_mm, area.height_mm)
            left, bottom, width, height = _place(wide)
            self._canvas.beginForm(name, math.floor(left), math.floor(bottom), math.ceil(left + width), math.ceil(bottom + height))
            self._canvas.setLineWidth(_points(family.line_mm * math.sqrt(_scale_of(area))))
            self._canvas.addLiteral(" ".join(_strands(family, wide, period_mm)) + " S")
            self._canvas.endForm()
        return name

    def _ink(self, colour: Colour) -> None:
        if colour is BLACK:
            self._canvas.setFillGray(0)  # black ink alone, not four
        else:
            self._canvas.setFillColorRGB(colour.red, colour.green, colour.blue)


@dataclass(frozen=True, slots=True)
class _Family:
    """Ropes of strands: each rope is the same sine, begun at evenly spread phases. Lengths for a plate; a card's are smaller."""

    period_mm: float
    swing_mm: float
    pitch_mm: float
    strands: int
    line_mm: float


_FAMILIES = (_Family(64.0, 10.0, 20.0, 12, 0.2), _Family(38.0, 6.4, 16.0, 8, 0.2))
_PLATE_HEIGHT_MM = 160.0


def _scale_of(rect: Rect) -> float:
    return min(1.0, rect.height_mm / _PLATE_HEIGHT_MM)


def _strands(family: _Family, area: Rect, period_mm: float) -> Iterator[str]:
    """The ropes as Bézier curves, a quarter period each, tangents exact."""
    scale = _scale_of(area)
    ropes = math.ceil(area.height_mm / (family.pitch_mm * scale)) + 1
    step = period_mm / 4
    for rope in range(ropes):
        middle = area.y_mm + rope * family.pitch_mm * scale
        for strand in range(family.strands):
            start = area.x_mm - period_mm * (1 + strand / family.strands)
            count = math.ceil((area.right_mm - start) / step)
            yield from _sine(start, middle, step, (family.swing_mm * scale, count))


def _sine(x_mm: float, y_mm: float, step_mm: float, wave: tuple[float, int]) -> Iterator[str]:
    swing, count = wave
    third = step_mm / 3
    yield f"{_points(x_mm):.2f} {_points(y_mm):.2f} m"
    for i in range(count):
        x0, x1 = x_mm + i * step_mm, x_mm + (i + 1) * step_mm
        y0, y1 = y_mm + swing * math.sin(i * math.pi / 2), y_mm + swing * math.sin((i + 1) * math.pi / 2)
        lift0, lift1 = (swing * math.cos(k * math.pi / 2) * math.pi / 6 for k in (i, i + 1))
        curve = (x0 + third, y0 + lift0, x1 - third, y1 - lift1, x1, y1)
        yield " ".join(f"{_points(value):.2f}" for value in curve) + " c"


def _dark_runs(box: QrBox) -> Iterator[tuple[int, int, int]]:
    for y, row in enumerate(box.modules):
        x = 0
        for is_dark, run in groupby(row):
            length = sum(1 for _ in run)
            if is_dark:
                yield x, y, length
            x += length


def _jpeg(image: Image.Image) -> ImageReader:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return ImageReader(file)


def _place(rect: Rect) -> tuple[float, float, float, float]:
    return _points(rect.x_mm), _points(rect.y_mm), _points(rect.width_mm), _points(rect.height_mm)


def _points(mm: float) -> float:
    return mm * POINTS_PER_MM
