from datetime import date

import pytest

from plate_printer.errors import DocumentError
from plate_printer.texts import date_in_bangla, date_in_english, in_bangla_digits, printable


@pytest.mark.parametrize(
    ("on", "bangla", "english"),
    [
        pytest.param(date(2026, 6, 30), "৩০ জুন ২০২৬", "30 June 2026", id="end of the fiscal year"),
        pytest.param(date(2027, 1, 1), "১ জানুয়ারি ২০২৭", "1 January 2027", id="first day"),
        pytest.param(date(2027, 12, 31), "৩১ ডিসেম্বর ২০২৭", "31 December 2027", id="last day"),
    ],
)
def test_dates_in_both_languages(on: date, bangla: str, english: str) -> None:
    assert (date_in_bangla(on), date_in_english(on)) == (bangla, english)


def test_only_digits_are_changed() -> None:
    assert in_bangla_digits("KCC-0123456789") == "KCC-০১২৩৪৫৬৭৮৯"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param("  মোঃ \n রহিম ", "মোঃ রহিম", id="white space"),
        pytest.param("কো", "কো", id="two-part vowel sign composed"),
        pytest.param("র‍্যাব", "র‍্যাব", id="joiner kept"),
    ],
)
def test_what_is_cleaned(text: str, clean: str) -> None:
    assert printable("name", text, lambda _: True) == clean


def test_a_letter_without_a_glyph_is_named() -> None:
    with pytest.raises(DocumentError, match=r"^name: 'é' U\+00E9 LATIN SMALL LETTER E WITH ACUTE cannot be printed"):
        printable("name", "René", str.isascii)
