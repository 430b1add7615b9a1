"""Numbers that belong to a person: national ID and mobile. Either script, the usual spaces and hyphens. Pure."""

import re

from registry_server.errors import FieldProblem
from registry_server.people.bangla import plain_code

NID_LENGTHS = (10, 13, 17)
_SEPARATORS = re.compile(r"[\s\-‐‑–.]+")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
"""1.98012E+16: what a spreadsheet makes of a long number. Its last digits are gone."""
_MOBILE = re.compile(r"(?:\+?88)?(01[3-9]\d{8})")
_EARLIEST_BIRTH, _LATEST_BIRTH = 1880, 2025
MAX_SHOWN = 40


def nid(field: str, text: str) -> str:
    """10 digits (smart card), 13, or 17 (birth year + 13). Raises FieldProblem, which never carries the number itself."""
    digits = _plain(text)
    if not digits:
        raise FieldProblem(field, "missing")
    if _SCIENTIFIC.fullmatch(plain_code(text).strip()):
        raise FieldProblem(field, "nid_shortened")
    if not (digits.isascii() and digits.isdecimal()):
        raise FieldProblem(field, "nid_not_digits")
    if len(digits) not in NID_LENGTHS:
        raise FieldProblem(field, "nid_length", length=str(len(digits)))
    if len(set(digits)) == 1 or (len(digits) == 17 and not _EARLIEST_BIRTH <= int(digits[:4]) <= _LATEST_BIRTH):
        raise FieldProblem(field, "nid_not_real")
    return digits


def index_form(canonical: str) -> str:
    """What makes two numbers one person's: the 17 digits are the birth year before the 13."""
    return canonical[-13:]


def looks_like_nid(text: str) -> bool:
    """Whether a search text may be an NID, so that it must stand in no address and no log."""
    digits = _plain(text)
    return digits.isascii() and digits.isdecimal() and len(digits) in NID_LENGTHS


def mobile(field: str, text: str) -> str:
    """`+8801XXXXXXXXX` of a Bangladeshi mobile number. Raises FieldProblem."""
    plain = _plain(text)
    if not plain:
        raise FieldProblem(field, "missing")
    match = _MOBILE.fullmatch(plain) if plain.isascii() else None
    if match is None:
        raise FieldProblem(field, "mobile", text[:MAX_SHOWN])
    return f"+88{match[1]}"


def _plain(text: str) -> str:
    return _SEPARATORS.sub("", plain_code(text))
