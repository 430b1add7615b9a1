"""Chassis numbers: one spelling for what is stamped on a frame. Pure."""

import re

from registry_server.errors import FieldProblem
from registry_server.people.bangla import plain_code

MIN_LENGTH, MAX_LENGTH = 5, 40
_SEPARATORS = re.compile(r"[\s\-‐‑–—_/.*#]+")
_PLAIN = re.compile("[A-Z0-9]*")


def chassis(field: str, text: str) -> str:
    """Upper-case Latin letters and digits, 5 to 40. Raises FieldProblem."""
    plain = bare(text)
    if not plain:
        raise FieldProblem(field, "missing")
    if not _PLAIN.fullmatch(plain):
        raise FieldProblem(field, "chassis_signs", text[:MAX_LENGTH])
    if not MIN_LENGTH <= len(plain) <= MAX_LENGTH:
        raise FieldProblem(field, "chassis_length", plain[:MAX_LENGTH], length=str(len(plain)))
    if not any(sign.isdigit() for sign in plain):
        raise FieldProblem(field, "chassis_no_digit", plain)
    return plain


def bare(text: str) -> str:
    """Without what people put between; digits Latin, letters upper case."""
    return _SEPARATORS.sub("", plain_code(text)).upper()
