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

_LAST_DAY = re.compile(r"30[/.-]0?6[/.-](20\d\d)")


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
    fields = with_suggestions(row.fields | {"fiscal_year": fiscal_year_of_end(row.fields.get("fiscal_year", ""))})
    try:
        form = read_registration(fields, last_ward)
        valid_until = first_term_end(form.fiscal_year, today)
    except FieldProblems as refused:
        return BadRow(row.line, tuple(refused.problems))
    except FieldProblem as refused:
        return BadRow(row.line, (refused,))
    return GoodRow(row.line, form, valid_until, fields.get("name_en") != row.fields.get("name_en"))


def fiscal_year_of_end(text: str) -> str:
    """Lists often name the last day instead: 30/06/2027 ends 2026-27. Any other day says something else and is left as it is."""
    found = _LAST_DAY.fullmatch(plain_code(text).strip())
    return fiscal_year_name(int(found[1]) - 1) if found else text


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
