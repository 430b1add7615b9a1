"""Text that a person typed → the value that a dataclass field wants, by the field's own type."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

TRUE, FALSE = frozenset({"1", "true", "yes", "on", "high"}), frozenset({"0", "false", "no", "off", "low"})
HEX_DIGITS = {"password": 8, "pc": 4}  # the last word of a field's name: written in hex wherever readers and tags are spoken of


class BadValue(ValueError):
    """What was typed is no value of that field. `found` is left out of the text for passwords."""

    def __init__(self, name: str, expected: str, found: str) -> None:
        is_secret = name.endswith("password")
        super().__init__(f"{name}: expected {expected}" + ("" if is_secret else f", found {found!r}"))
        self.name, self.expected = name, expected


def option_name(field: str) -> str:
    return field.replace("_", "-")


def options_of(kind: type) -> dict[str, str]:
    """Option name → what it takes, in words; in the order of the fields."""
    hints = get_type_hints(kind)
    return {option_name(field.name): expectation(field.name, hints[field.name]) for field in fields(kind)}


def required_of(kind: type) -> list[str]:
    return [option_name(field.name) for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING]


def parse_fields(kind: type, given: Mapping[str, str]) -> dict[str, Any]:
    """The values by field name. Raises BadValue for a name that is none of the fields' and for a value that does not fit."""
    hints, known = get_type_hints(kind), {option_name(field.name): field.name for field in fields(kind)}
    for name in given:
        if name not in known:
            raise BadValue("option", f"one of {', '.join(known)}" if known else "none", name)
    return {known[name]: parse_value(known[name], hints[known[name]], text) for name, text in given.items()}


def parse_value(name: str, hint: Any, text: str) -> Any:
    """Raises BadValue."""
    kind = _plain(hint)
    try:
        return _parser(name, kind)(text.strip())
    except (ValueError, KeyError):
        raise BadValue(option_name(name), expectation(name, hint), text) from None


def expectation(name: str, hint: Any) -> str:
    """What is to be written for a field of that name and type."""
    kind = _plain(hint)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(_choices(kind))
    if kind is int and (digits := _hex_digits(name)):
        return f"{digits} hex digits"
    if get_origin(kind) in {tuple, frozenset}:
        return "whole numbers with commas between them"
    return {bool: "true|false", int: "a whole number", float: "a number", bytes: "hex"}.get(kind, "text")


def _plain(hint: Any) -> Any:
    """The type beside None."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    return kinds[0] if NoneType in get_args(hint) else hint


def _parser(name: str, kind: Any) -> Callable[[str], Any]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        choices = _choices(kind)
        return lambda text: choices[text.lower().replace("_", "-")]
    if kind is int and (digits := _hex_digits(name)):
        return lambda text: _hex_number(text, digits)
    if get_origin(kind) in {tuple, frozenset}:
        collect = get_origin(kind)
        return lambda text: collect(int(part) for part in text.split(","))
    return {bool: _truth, int: lambda text: int(text, 0), bytes: _bytes}.get(kind, kind)  # type: ignore[no-any-return]  # a table of constructors


def _choices(kind: type[Enum]) -> dict[str, Enum]:
    return {member.name.lower().replace("_", "-"): member for member in kind}


def _hex_digits(name: str) -> int | None:
    return HEX_DIGITS.get(name.rpartition("_")[2])


def _hex_number(text: str, digits: int) -> int:
    digits_given = text.removeprefix("0x")
    if len(digits_given) != digits:
        raise ValueError
    return int.from_bytes(bytes.fromhex(digits_given))


def _truth(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError
    return text.lower() in TRUE


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
