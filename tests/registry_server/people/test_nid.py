"""Numbers that belong to a person."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.errors import FieldProblem
from registry_server.people.nid import index_form, looks_like_nid, mobile, nid
from registry_server.people.wards import ward


def ward_of_khulna(field: str, text: str) -> int:
    return ward(field, text, 31)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("1234567890", "1234567890", id="10 digits"),
        pytest.param("১২৩ ৪৫৬-৭৮৯০", "1234567890", id="Bangla digits, space, hyphen"),
        pytest.param("1234567890123", "1234567890123", id="13 digits"),
        pytest.param("19801234567890123", "19801234567890123", id="17 digits with the birth year"),
        pytest.param("\u200e12345\u200c67890\u200f", "1234567890", id="invisible signs that were copied along"),
        pytest.param("１２３４５６７８９０", "1234567890", id="full-width digits"),
    ],
)
def test_an_nid_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert nid("nid", typed) == kept
    assert looks_like_nid(typed)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        pytest.param("", "missing", id="empty"),
        pytest.param("12345678901", "nid_length", id="11 digits"),
        pytest.param("12345abcde", "nid_not_digits", id="letters"),
        pytest.param("1.98012E+16", "nid_shortened", id="as a spreadsheet shortens it"),
        pytest.param("৫.৫E+০৯", "nid_shortened", id="the same in Bangla digits"),
        pytest.param("١٢٣٤٥٦٧٨٩٠", "nid_not_digits", id="Arabic digits"),
        pytest.param("0000000000", "nid_not_real", id="one digit repeated"),
        pytest.param("18001234567890123", "nid_not_real", id="born in 1800"),
    ],
)
def test_a_wrong_nid_is_said_so_without_repeating_it(typed: str, code: str) -> None:
    with pytest.raises(FieldProblem) as refused:
        nid("nid", typed)
    assert (refused.value.code, refused.value.found) == (code, "")


def test_13_and_17_digits_of_one_person_have_one_index() -> None:
    assert index_form("19801234567890123") == index_form("1234567890123")


@pytest.mark.parametrize("typed", ["01712345678", "০১৭১২-৩৪৫৬৭৮", "+880 1712 345678", "8801712345678", "\u200e01712345678"])
def test_a_mobile_number_is_kept_in_one_form(typed: str) -> None:
    assert mobile("mobile", typed) == "+8801712345678"


@pytest.mark.parametrize("typed", ["01212345678", "0171234567", "017123456789", "1712345678", "+4401712345678", "abc"])
def test_what_no_phone_here_has_is_refused(typed: str) -> None:
    with pytest.raises(FieldProblem, match="mobile"):
        mobile("mobile", typed)


@pytest.mark.parametrize(("typed", "number"), [("1", 1), ("৩১", 31), (" 12 ", 12), ("007", 7), ("\u200c৫", 5), ("５", 5)])
def test_a_ward_is_a_number(typed: str, number: int) -> None:
    assert ward_of_khulna("ward", typed) == number


@pytest.mark.parametrize("typed", ["0", "32", "-1", "১২ক", "9" * 5000, "²"])
def test_a_ward_that_the_city_does_not_have_is_refused(typed: str) -> None:
    with pytest.raises(FieldProblem, match="ward"):
        ward_of_khulna("ward", typed)


@pytest.mark.parametrize("read", [nid, mobile, ward_of_khulna])
@given(text=st.text() | st.text(alphabet="0123456789০১২৩৪৫৬৭৮৯+- "))
def test_any_text_is_a_value_or_a_problem(read: Callable[[str, str], object], text: str) -> None:
    try:
        value = read("x", text)
    except FieldProblem:
        return
    assert read("x", str(value)) == value
