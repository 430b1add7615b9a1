"""Judging the rows of a file: what each says, and which say the same. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from registry_server.clock import fiscal_year_name
from registry_server.errors import FieldProblem, FieldProblems
from registry_server.imports.columns import Row
from registry_server.licences.registration import RegistrationForm, read_registration, with_suggestions
from registry_server.licences.terms import first_term_end
from registry_server.people.bangla import plain_code
from registry_server.people.nid import index_form

_LAST_DAY = re.compile(r"30[/.-]0?6[/.-](20\d\d)|(20\d\d)[/.-]0?6[/.-]30|0?6/30/(20\d\d)|30[- ]Jun[- ](?:20)?(\d\d)", re.IGNORECASE)
"""30 June, as people and as spreadsheets in any setting write it; no other day can be read out of these."""
_MOBILE_WITHOUT_ZERO = re.compile(r"1[3-9]\d{8}")


@dataclass(frozen=True, slots=True)
class GoodRow:
    line: int
    form: RegistrationForm
    valid_until: date
    is_latin_suggested: bool


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    problems: tuple[FieldProblem, ...]


def judge_row(row: Row, last_ward: int, today: date) -> GoodRow | BadRow:
    fields = with_suggestions(
        row.fields
        | {
            "fiscal_year": fiscal_year_of_end(row.fields.get("fiscal_year", "")),
            "mobile": with_lost_zero(row.fields.get("mobile", "")),
        }
    )
    try:
        form = read_registration(fields, last_ward)
        valid_until = first_term_end(form.fiscal_year, today)
    except FieldProblems as refused:
        return BadRow(row.line, tuple(_worth_saying(refused.problems)))
    except FieldProblem as refused:
        return BadRow(row.line, (refused,))
    return GoodRow(row.line, form, valid_until, fields.get("name_en") != row.fields.get("name_en"))


def fiscal_year_of_end(text: str) -> str:
    """Lists often name the last day instead: 30/06/2027 ends 2026-27. Any other day says something else and is left as it is."""
    found = _LAST_DAY.fullmatch(plain_code(text).strip())
    if found is None:
        return text
    year = 2000 + int(next(filter(None, found.groups()))) % 100
    return fiscal_year_name(year - 1)


def with_lost_zero(text: str) -> str:
    """A spreadsheet takes 01712345678 for a number and drops the zero."""
    plain = plain_code(text).strip()
    return f"0{plain}" if _MOBILE_WITHOUT_ZERO.fullmatch(plain) else text


def _worth_saying(problems: Iterable[FieldProblem]) -> list[FieldProblem]:
    """The Latin name may stay empty: it is suggested as soon as the Bangla one can be read."""
    found = list(problems)
    is_bangla_unread = any(problem.field == "name_bn" for problem in found)
    return [problem for problem in found if not (is_bangla_unread and problem.field == "name_en" and problem.code == "missing")]


def nid_of(row: GoodRow) -> str:
    return index_form(row.form.owner.nid)


def chassis_of(row: GoodRow) -> str:
    return row.form.vehicle.chassis


def doubled(rows: Iterable[GoodRow]) -> list[BadRow]:
    """Rows that name a person or a bike of an earlier row, each with that row's line."""
    bad = []
    for field, code, value_of in SAME:
        first: dict[str, int] = {}
        for row in rows:
            earlier = first.setdefault(value_of(row), row.line)
            if earlier != row.line:
                bad.append(BadRow(row.line, (FieldProblem(field, code, line=str(earlier)),)))
    return bad


SAME: tuple[tuple[str, str, Callable[[GoodRow], str]], ...] = (
    ("nid", "row_same_nid", nid_of),
    ("chassis", "row_same_chassis", chassis_of),
)
