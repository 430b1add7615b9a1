"""Numbers, dates, money and ages as people in Bangladesh read them. Pure; Babel's one door.

Babel's `bn` writes Latin digits, so digits are translated here; English takes Indian grouping (1,23,456) because no `en_BD` exists.
"""

from datetime import date, datetime

from babel.dates import format_date, format_datetime

from registry_server.clock import DHAKA, fiscal_year_name
from registry_server.people.bangla import bangla_digits, latin_digits
from registry_server.web.texts import Language
from schemas.money import Money

_LOCALE = {Language.BN: "bn_BD", Language.EN: "en_GB"}
_NOW = {Language.BN: "এইমাত্র", Language.EN: "just now"}
_UNITS: tuple[tuple[int, str, str], ...] = (
    (86_400, "{n} দিন আগে", "{n} day{s} ago"),
    (3_600, "{n} ঘণ্টা আগে", "{n} hour{s} ago"),
    (60, "{n} মিনিট আগে", "{n} minute{s} ago"),
    (1, "{n} সেকেন্ড আগে", "{n} second{s} ago"),
)


def digits(value: object, language: Language) -> str:
    """Any number or code with the language's digits."""
    text = str(value)
    return bangla_digits(text) if language is Language.BN else latin_digits(text)


def day(value: date, language: Language) -> str:
    """`২২ নভেম্বর ২০২৬`, `22 November 2026`. An instant is shown as its day in Dhaka."""
    on = value.astimezone(DHAKA).date() if isinstance(value, datetime) else value
    return digits(format_date(on, "d MMMM y", locale=_LOCALE[language]), language)


def time_of_day(at: datetime, language: Language, *, with_seconds: bool = False) -> str:
    """`১৪:৩৫`, in Dhaka."""
    return _dhaka(at, "HH:mm:ss" if with_seconds else "HH:mm", language)


def moment(at: datetime, language: Language) -> str:
    """Day and time: `২২ নভেম্বর ২০২৬, ১৪:৩৫`."""
    return f"{day(at, language)}, {time_of_day(at, language)}"


def grouped(number: int, language: Language) -> str:
    """Lakh grouping: 12,34,567."""
    return digits(str(Money.taka(number)).removesuffix(".00"), language)


def money(amount: Money, language: Language) -> str:
    """`৳ ১,২৩,৪৫৬.৫০`; whole taka without decimals."""
    return digits(f"৳ {str(amount).removesuffix('.00')}", language)


def fiscal_year(year: int, language: Language) -> str:
    """`২০২৬-২৭` for the fiscal year that began in July 2026."""
    return digits(fiscal_year_name(year), language)


def ago(at: datetime, now: datetime, language: Language) -> str:
    """`৩ মিনিট আগে`. Less than two seconds, and the future of a clock that runs ahead, are `just now`."""
    seconds = int((now - at).total_seconds())
    for size, bangla, english in _UNITS:
        if seconds >= max(size, 2):
            count = seconds // size
            sentence = bangla if language is Language.BN else english
            return digits(sentence.format(n=count, s="" if count == 1 else "s"), language)
    return _NOW[language]


def _dhaka(at: datetime, pattern: str, language: Language) -> str:
    return digits(format_datetime(at.astimezone(DHAKA), pattern, locale=_LOCALE[language]), language)
