"""How many wards an authority has. Pure.

Source: Khulna City Corporation has 31 wards. Where the number is not known a generous bound catches mistypings.
"""

from registry_server.errors import FieldProblem
from registry_server.people.bangla import latin_digits

WARDS = {"kcc": 31}
GENEROUS = 200


def wards_of(authority_slug: str) -> int:
    return WARDS.get(authority_slug, GENEROUS)


def ward(field: str, text: str, last: int) -> int:
    """A ward's number, 1 to `last`. Raises FieldProblem."""
    digits = latin_digits(text).strip()
    if not digits:
        raise FieldProblem(field, "missing")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 4 and 1 <= int(digits) <= last):
        raise FieldProblem(field, "ward", text[:20], last=str(last))
    return int(digits)
