"""Text as it is printed: cleaned, with every letter known to the typeface; digits and dates in both languages."""

import unicodedata
from collections.abc import Callable
from datetime import date

from plate_printer.errors import DocumentError

BANGLA_DIGITS = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")
MONTHS_BN = ("জানুয়ারি", "ফেব্রুয়ারি", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্টেম্বর", "অক্টোবর", "নভেম্বর", "ডিসেম্বর")
MONTHS_EN = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


def printable(part: str, text: str, has_glyph: Callable[[str], bool]) -> str:
    """The text in Unicode's composed form, each run of white space as one space.

    A letter that the typeface lacks (emoji, another script, a control character) raises DocumentError: an official paper must not
    show a box or leave a letter out.
    """
    clean = " ".join(unicodedata.normalize("NFC", text).split())
    if not clean:
        raise DocumentError(part, "nothing to print; give at least one letter")
    for character in clean:
        if not has_glyph(character):
            raise DocumentError(part, f"{_describe(character)} cannot be printed; use Bangla or Latin letters")
    return clean


def _describe(character: str) -> str:
    name = unicodedata.name(character, "unnamed")
    shown = f"{character!r} " if character.isprintable() else ""
    return f"{shown}U+{ord(character):04X} {name}"


def in_bangla_digits(text: str) -> str:
    return text.translate(BANGLA_DIGITS)


def date_in_bangla(on: date) -> str:
    """As it is written on papers: ৩০ জুন ২০২৬."""
    return in_bangla_digits(f"{on.day} {MONTHS_BN[on.month - 1]} {on.year}")


def date_in_english(on: date) -> str:
    return f"{on.day} {MONTHS_EN[on.month - 1]} {on.year}"
