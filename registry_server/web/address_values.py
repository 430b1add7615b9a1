"""What an officer's address may ask for besides words: a row, a day. In either script; what cannot be read asks for nothing. Pure."""

from datetime import date

from registry_server.people.bangla import plain_code

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)  # beyond these no instant can be reckoned with in every time zone
MOST_ID_DIGITS = 18  # a larger number is no row of a 64-bit column


def find_row_id(typed: str) -> int | None:
    digits = plain_code(typed)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= MOST_ID_DIGITS else None


def find_day(typed: str) -> date | None:
    """`2026-11-22`, as a browser's date field sends it."""
    try:
        day = date.fromisoformat(plain_code(typed))
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None
