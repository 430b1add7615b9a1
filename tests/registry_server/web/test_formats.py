"""Numbers and dates are written as people in Bangladesh write them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.people.bangla import latin_digits
from registry_server.web import formats
from registry_server.web.texts import Language
from schemas.money import Money

BN, EN = Language.BN, Language.EN
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        pytest.param(formats.day(date(2026, 11, 22), BN), "২২ নভেম্বর ২০২৬", id="day bn"),
        pytest.param(formats.day(date(2026, 11, 22), EN), "22 November 2026", id="day en"),
        pytest.param(formats.day(datetime(2026, 11, 22, 18, 30, tzinfo=UTC), EN), "23 November 2026", id="past midnight in Dhaka"),
        pytest.param(formats.time_of_day(NOW, BN), "১২:০০", id="time in Dhaka"),
        pytest.param(formats.time_of_day(NOW, EN, with_seconds=True), "12:00:00", id="time with seconds"),
        pytest.param(formats.moment(NOW, BN), "২২ নভেম্বর ২০২৬, ১২:০০", id="moment"),
        pytest.param(formats.grouped(1234567, BN), "১২,৩৪,৫৬৭", id="lakh grouping bn"),
        pytest.param(formats.grouped(1234567, EN), "12,34,567", id="lakh grouping en"),
        pytest.param(formats.grouped(0, EN), "0", id="zero"),
        pytest.param(formats.money(Money(12345650), BN), "৳ ১,২৩,৪৫৬.৫০", id="taka with poisha"),
        pytest.param(formats.money(Money.taka(10000), EN), "৳ 10,000", id="whole taka"),
        pytest.param(formats.fiscal_year(2026, BN), "২০২৬-২৭", id="fiscal year bn"),
        pytest.param(formats.fiscal_year(2099, EN), "2099-00", id="fiscal year over a century"),
        pytest.param(formats.digits("KCC-P-000123", BN), "KCC-P-০০০১২৩", id="digits of a code"),
        pytest.param(formats.digits("০০১", EN), "001", id="Bangla digits to English"),
    ],
)
def test_shown(shown: str, wanted: str) -> None:
    assert shown == wanted


@pytest.mark.parametrize(
    ("age", "bangla", "english"),
    [
        pytest.param(timedelta(seconds=-5), "এইমাত্র", "just now", id="a clock that runs ahead"),
        pytest.param(timedelta(seconds=1), "এইমাত্র", "just now", id="one second"),
        pytest.param(timedelta(seconds=2), "২ সেকেন্ড আগে", "2 seconds ago", id="two seconds"),
        pytest.param(timedelta(seconds=59), "৫৯ সেকেন্ড আগে", "59 seconds ago", id="nearly a minute"),
        pytest.param(timedelta(minutes=1), "১ মিনিট আগে", "1 minute ago", id="one minute"),
        pytest.param(timedelta(minutes=3), "৩ মিনিট আগে", "3 minutes ago", id="three minutes"),
        pytest.param(timedelta(hours=23, minutes=59), "২৩ ঘণ্টা আগে", "23 hours ago", id="nearly a day"),
        pytest.param(timedelta(days=400), "৪০০ দিন আগে", "400 days ago", id="long ago"),
    ],
)
def test_age(age: timedelta, bangla: str, english: str) -> None:
    assert (formats.ago(NOW - age, NOW, BN), formats.ago(NOW - age, NOW, EN)) == (bangla, english)


@given(st.text())
def test_digits_there_and_back_change_nothing_else(text: str) -> None:
    latin = latin_digits(text)
    assert latin_digits(formats.digits(latin, BN)) == latin
