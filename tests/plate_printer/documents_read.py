"""What a printer and a phone would see of a document: pictures, text and codes, by tools that know nothing of ours."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import zxingcpp
from PIL import Image

POINTS_PER_MM = 72 / 25.4
QR_CODE = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Pages as grey pictures of the crop box, and the text that copying would give."""

    pages: list[Image.Image]
    text: str
    boxes: dict[str, tuple[float, float]]
    """Width and height of each page box in millimetres."""

    def codes(self, page: int = 0) -> set[str]:
        return {code.text for code in zxingcpp.read_barcodes(self.pages[page], formats=QR_CODE)}


def render(pdf: bytes, folder: Path, dpi: int = 150) -> Rendered:
    folder.mkdir(exist_ok=True)
    path = folder / "document.pdf"
    path.write_bytes(pdf)
    _run("pdftoppm", "-cropbox", "-gray", "-r", str(dpi), str(path), str(folder / "page"))
    pages = [_load(picture) for picture in sorted(folder.glob("page-*.pgm"))]
    text = _run("pdftotext", "-layout", str(path), "-")
    return Rendered(pages, text, _boxes(_run("pdfinfo", "-box", str(path))))


def _load(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.copy()


def _boxes(info: str) -> dict[str, tuple[float, float]]:
    boxes = {}
    for name, *corners in re.findall(r"^(\w+Box): +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)", info, re.MULTILINE):
        left, bottom, right, top = (float(corner) for corner in corners)
        boxes[name] = (round((right - left) / POINTS_PER_MM, 2), round((top - bottom) / POINTS_PER_MM, 2))
    return boxes


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
