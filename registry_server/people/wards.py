"""Wards: numbered from 1; how many there are is the authority's own. Pure."""

from registry_server.errors import FieldProblem
from registry_server.people.bangla import plain_code

GENEROUS = 200
"""Catches mistypings where nobody has said how many there are."""


def last_ward(wards: int | None) -> int:
    """The highest number that is accepted, from `Authority.wards`."""
    return wards or GENEROUS


def ward(field: str, text: str, last: int) -> int:
    """A ward's number, 1 to `last`. Raises FieldProblem."""
    digits = plain_code(text).strip()
    if not digits:
        raise FieldProblem(field, "missing")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 4 and 1 <= int(digits) <= last):
        raise FieldProblem(field, "ward", text[:20], last=str(last))
    return int(digits)
