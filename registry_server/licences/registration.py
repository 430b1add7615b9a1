"""What is typed to register a bike, read into values. The form and the CSV import share it. Pure."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry_server.errors import FieldProblem, FieldProblems
from registry_server.licences.chassis import chassis
from registry_server.licences.vehicle_class import SPELLINGS, VehicleClass
from registry_server.people.bangla import clean_name_signs, clean_text, has_bangla, looks_like_bijoy, plain_code, thing_looks_like_bijoy
from registry_server.people.names import bangla_name, latin_name
from registry_server.people.nid import mobile, nid
from registry_server.people.owner_facts import OwnerFacts
from registry_server.people.transliteration import suggest_latin
from registry_server.people.wards import GENEROUS, ward

_FISCAL_YEAR = re.compile(r"(20\d\d)(?:\s*[-–/]\s*((?:20)?\d\d))?")
MOTOR, COLOUR, MAKER, BATTERY, HOLDING = 40, 40, 80, 80, 40


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    vehicle_class: VehicleClass
    chassis: str
    motor: str = ""
    colour: str = ""
    maker: str = ""
    battery: str = ""


@dataclass(frozen=True, slots=True)
class RegistrationForm:
    """One registration, checked. `form_id` was drawn when the form was shown: sent twice, it makes one licence."""

    owner: OwnerFacts
    vehicle: VehicleFacts
    fiscal_year: int | None = None
    """The year paid for, by the year in which it began; None: the present one."""
    form_id: str | None = None


Reader = Callable[[str, str], Any]


def read_registration(fields: Mapping[str, str], last_ward: int) -> RegistrationForm:
    """The values of what was typed, by the names of `FIELDS`. Raises FieldProblems with everything that is wrong."""
    values = read_fields(FIELDS | {"ward": lambda field, text: ward(field, text, last_ward)}, fields)
    owner = OwnerFacts(**{field: values[field] for field in OwnerFacts.__slots__})
    vehicle = VehicleFacts(**{field: values[field] for field in VehicleFacts.__slots__})
    return RegistrationForm(owner, vehicle, values["fiscal_year"], _form_id(fields.get("form_id", "")))


def read_fields(readers: Mapping[str, Reader], fields: Mapping[str, str]) -> dict[str, Any]:
    """Each field by its reader; one that was not sent is empty. Raises FieldProblems with everything that is wrong."""
    values: dict[str, Any] = {}
    problems = []
    for field, read in readers.items():
        try:
            values[field] = read(field, fields.get(field, ""))
        except FieldProblem as problem:
            problems.append(problem)
    if problems:
        raise FieldProblems(problems)
    return values


def with_suggestions(fields: Mapping[str, str]) -> dict[str, str]:
    """The same with an empty Latin name filled by the letters of the Bangla one."""
    if fields.get("name_en", "").strip() or not has_bangla(fields.get("name_bn", "")):
        return dict(fields)
    try:
        name = bangla_name("name_bn", fields["name_bn"])
    except FieldProblem:
        return dict(fields)
    return {**fields, "name_en": suggest_latin(name)}


def vehicle_class(field: str, text: str) -> VehicleClass:
    plain = clean_text(field, text, 40)
    if not plain:
        raise FieldProblem(field, "missing")
    found = SPELLINGS.get(plain.lower())
    if found is None:
        raise FieldProblem(field, "vehicle_class", plain)
    return found


def fiscal_year(field: str, text: str) -> int | None:
    """The year in which it began: 2026 of `2026-27`, `২০২৬-২০২৭` or `2026`. None if nothing was typed."""
    plain = plain_code(text).strip()
    if not plain:
        return None
    match = _FISCAL_YEAR.fullmatch(plain)
    if match is None or (match[2] and int(match[2]) % 100 != (int(match[1]) + 1) % 100):
        raise FieldProblem(field, "fiscal_year", text[:20])
    return int(match[1])


def reason(field: str, text: str) -> str:
    """Why something is done: a few words that a stranger understands a year later."""
    plain = clean_text(field, text, 300)
    if len(plain) < 5:
        raise FieldProblem(field, "reason_short" if plain else "missing", plain)
    return plain


def guardian_name(field: str, text: str) -> str:
    plain = clean_text(field, text, 120)
    if has_bangla(plain) or looks_like_bijoy(plain):
        return bangla_name(field, clean_name_signs(plain))
    return latin_name(field, plain)


def _short(limit: int, *, required: bool) -> Reader:
    def read(field: str, text: str) -> str:
        plain = clean_text(field, text, limit)
        if required and not plain:
            raise FieldProblem(field, "missing")
        if thing_looks_like_bijoy(plain):
            raise FieldProblem(field, "looks_like_bijoy", plain)
        return plain

    return read


def _form_id(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


FIELDS: dict[str, Reader] = {
    "name_bn": bangla_name,
    "name_en": latin_name,
    "guardian_name": guardian_name,
    "nid": nid,
    "mobile": mobile,
    "ward": lambda field, text: ward(field, text, GENEROUS),
    "holding": _short(HOLDING, required=False),
    "vehicle_class": vehicle_class,
    "chassis": chassis,
    "motor": _short(MOTOR, required=False),
    "colour": _short(COLOUR, required=True),
    "maker": _short(MAKER, required=True),
    "battery": _short(BATTERY, required=False),
    "fiscal_year": fiscal_year,
}
