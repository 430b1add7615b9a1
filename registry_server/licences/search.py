"""What was typed into the search box may be: each reading that is possible. Pure."""

import re
from dataclasses import dataclass

from registry_server.errors import FieldProblem
from registry_server.licences.chassis import MAX_LENGTH, MIN_LENGTH, bare
from registry_server.licences.numbers import WrittenNumber, find_number_in
from registry_server.people.bangla import plain_code
from registry_server.people.names import words_to_find
from registry_server.people.nid import looks_like_nid, mobile

MAX_QUERY = 120
EPC_DIGITS = 24
_HEX = re.compile("[0-9A-F]+")
_CHASSIS = re.compile(r"(?=.*\d)[A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Sought:
    """One typed text in all its meanings; None where it cannot mean that."""

    number: WrittenNumber | None
    mobile: str | None
    chassis: str | None
    epc: bytes | None
    tid: bytes | None
    words: tuple[str, ...]
    may_be_nid: bool
    """Then the text must stand in no address, no log and no page."""


def read_query(typed: str, prefixes: tuple[str, ...]) -> Sought:
    """Never refuses: what has no meaning at all finds nothing."""
    text = " ".join(typed[:MAX_QUERY].split())
    plain = bare(text)
    code = bytes.fromhex(plain) if _HEX.fullmatch(plain) and len(plain) % 4 == 0 else None
    return Sought(
        number=find_number_in(text, prefixes),
        mobile=_mobile(text),
        chassis=plain if _CHASSIS.fullmatch(plain) and MIN_LENGTH <= len(plain) <= MAX_LENGTH else None,
        epc=code if code is not None and len(plain) == EPC_DIGITS else None,
        tid=code if code is not None and 4 <= len(code) <= 64 else None,
        words=() if plain_code(text).replace(" ", "").isdecimal() else tuple(words_to_find(text)),
        may_be_nid=looks_like_nid(text),
    )


def _mobile(text: str) -> str | None:
    try:
        return mobile("q", text)
    except FieldProblem:
        return None
