"""The owner's photograph made fit for a card. The one door to Pillow, which reportlab needs anyway."""

import io

from PIL import Image, ImageEnhance, ImageOps

from plate_printer.errors import DocumentError

MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_PHOTO_PIXELS = 50_000_000  # a camera's picture; more is a bomb
MIN_SIDE_PIXELS = 120  # less is a smudge at 300 dpi
DOTS_PER_MM = 300 / 25.4 * 1.25  # a little above the printer's 300 dpi
_GHOST_CONTRAST, _GHOST_INK = 0.75, 0.34


def portrait(photo: bytes, width_mm: float, height_mm: float) -> Image.Image:
    """The photograph upright, cut to the frame's shape (a little above the middle, where faces are) and to print resolution.

    Takes JPEG and PNG; raises DocumentError for anything else, for a broken file and for a picture too small or too large to use.
    """
    image = _open(photo)
    size = (round(width_mm * DOTS_PER_MM), round(height_mm * DOTS_PER_MM))
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS, centering=(0.5, 0.4))


def ghost(image: Image.Image) -> Image.Image:
    """A pale grey copy: a second picture to change for whoever changes the first."""
    grey = ImageEnhance.Contrast(ImageOps.grayscale(image)).enhance(_GHOST_CONTRAST)
    return grey.point([round(255 - (255 - value) * _GHOST_INK) for value in range(256)])


def _open(photo: bytes) -> Image.Image:
    if len(photo) > MAX_PHOTO_BYTES:
        raise DocumentError("photo", f"{len(photo)} bytes; at most {MAX_PHOTO_BYTES} are taken")
    try:
        image = Image.open(io.BytesIO(photo), formats=("JPEG", "PNG"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DocumentError("photo", "expected a JPEG or PNG picture, found something else; save the photo as JPEG") from None
    width, height = image.size
    if width * height > MAX_PHOTO_PIXELS or min(width, height) < MIN_SIDE_PIXELS:
        raise DocumentError(
            "photo", f"{width} × {height} pixels; expected at least {MIN_SIDE_PIXELS} a side and at most {MAX_PHOTO_PIXELS} in all"
        )
    try:
        return _flat(ImageOps.exif_transpose(image))
    except (OSError, SyntaxError, ValueError) as error:
        raise DocumentError("photo", f"the picture is damaged ({error}); take or save it again") from None


def _flat(image: Image.Image) -> Image.Image:
    """Colours without transparency, on white."""
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return image.convert("RGB")
