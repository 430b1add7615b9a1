"""Licence numbers: how they are written in both scripts and read back from any spelling. Pure.

`KCC-P-000123`, `KCC-P 000123` and `খুলনা-প ০০০১২৩` are one number: the authority's prefix, the class, the serial.
"""

import re
from dataclasses import dataclass

from registry_server.licences.vehicle_class import VehicleClass
from registry_server.people.bangla import bangla_digits, plain_code
from schemas.qr_token import MAX_SERIAL

LETTERS: dict[VehicleClass, tuple[str, str]] = {VehicleClass.PASSENGER: ("P", "প"), VehicleClass.GOODS: ("G", "ম")}
"""Latin and Bangla: প্যাসেঞ্জার, মালবাহী. (পণ্যবাহী begins with প too, so it cannot stand for goods.)"""
_CLASS_OF = {letter: vehicle_class for vehicle_class, letters in LETTERS.items() for letter in letters}
_SEPARATORS = r"[\s\-‐‑–—_/.]*"
_NUMBER = re.compile(rf"(?P<head>[^\d]*?){_SEPARATORS}(?P<letter>[PGপম]?){_SEPARATORS}(?P<serial>\d{{1,8}})")
_LOOSE = re.compile(r"[\s\-‐‑–—_/.]+")
SERIAL_DIGITS = 6


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """What a typed number says; the parts that were left out are None."""

    serial: int
    vehicle_class: VehicleClass | None


def latin_number(prefix: str, vehicle_class: VehicleClass, serial: int) -> str:
    return f"{prefix}-{LETTERS[vehicle_class][0]}-{serial:0{SERIAL_DIGITS}d}"


def plate_numbers(prefix_bn: str, prefix_en: str, vehicle_class: VehicleClass, serial: int) -> tuple[str, str]:
    """As it stands on a plate, in Bangla and in Latin: `খুলনা-প ০০০১২৩`, `KCC-P 000123`. The space parts series and figures."""
    latin, bangla = LETTERS[vehicle_class]
    figures = f"{serial:0{SERIAL_DIGITS}d}"
    return f"{prefix_bn}-{bangla} {bangla_digits(figures)}", f"{prefix_en}-{latin} {figures}"


def find_number_in(text: str, prefixes: tuple[str, ...]) -> WrittenNumber | None:
    """A licence number in any spelling: either script, with or without prefix, class letter, hyphens and zeroes. None if it is not one."""
    match = _NUMBER.fullmatch(plain_code(text).strip().upper())
    if match is None:
        return None
    head = _LOOSE.sub("", match["head"])
    if head and head not in {_LOOSE.sub("", plain_code(prefix).upper()) for prefix in prefixes}:
        return None
    serial = int(match["serial"])
    return WrittenNumber(serial, _CLASS_OF.get(match["letter"])) if 1 <= serial <= MAX_SERIAL else None


def subject_in_log(typed: str, prefix_bn: str, prefix_en: str) -> str:
    """What the audit log calls a licence, from any spelling of its number with the class; any other text with its digits in Latin."""
    found = find_number_in(typed, (prefix_en, prefix_bn))
    if found is None or found.vehicle_class is None:
        return plain_code(typed)
    return latin_number(prefix_en, found.vehicle_class, found.serial)
