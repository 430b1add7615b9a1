"""Fields of a JSON object whose shape is not to be trusted. Each function says what it expected and what it found."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from math import isfinite

from firmware_protocols.gen2 import MAX_EPC_WORDS

JsonObject = dict[str, object]
SHOWN = 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_TO_STANDARD = str.maketrans("-_", "+/")
_SECONDS_END, _MILLISECONDS_END = 1e11, 1e14  # the year 5138 in seconds, in milliseconds; what is larger counts microseconds
_LATEST = 1e18
_PC_SIZE = 2


class WrongShape(Exception):
    """A field is not what the maker documents."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected, self.found = expected, found


def shown(value: object) -> str:
    """A JSON value in a few ASCII characters."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    text = json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def keys_of(fields: JsonObject) -> str:
    """The names of an object's fields, in a few ASCII characters."""
    return ascii(", ".join(sorted(fields)))[1:-1][:SHOWN] or "nothing"


def get_object(fields: JsonObject, name: str) -> JsonObject:
    """Raises WrongShape if it is missing or no object."""
    value = fields.get(name)
    if isinstance(value, dict):
        return value
    raise WrongShape(f"{name}: an object", "nothing" if name not in fields else shown(value))


def find_int(fields: JsonObject, name: str, low: int, high: int) -> int | None:
    """None if it is missing or null. Raises WrongShape for anything but a whole number in that range; 1.0 is one, as in JSON Schema."""
    value = fields.get(name)
    if value is None:
        return None
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if type(number) is int and low <= number <= high:
        return number
    raise WrongShape(f"{name}: a whole number from {low} to {high}", shown(value))


def find_number(fields: JsonObject, name: str, low: float, high: float) -> float | None:
    """As `find_int`, for numbers that need not be whole. A whole one stays an int."""
    value = fields.get(name)
    if value is None:
        return None
    if type(value) in {int, float} and low <= value <= high:  # type: ignore[operator]  # its type was just looked at
        return value  # type: ignore[return-value]  # and again
    raise WrongShape(f"{name}: a number from {low:g} to {high:g}", shown(value))


def find_rounded(fields: JsonObject, name: str, low: float, high: float) -> int | None:
    """As `find_number`, to the nearest whole one."""
    value = find_number(fields, name, low, high)
    return None if value is None else round(value)


def find_text(fields: JsonObject, name: str) -> str | None:
    """None if it is missing or null. Raises WrongShape for anything but text."""
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise WrongShape(f"{name}: text", shown(value))


def find_hex(fields: JsonObject, name: str) -> bytes | None:
    """None if it is missing or null. Raises WrongShape for anything but pairs of hex digits."""
    text = find_text(fields, name)
    if text is None:
        return None
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if 2 * len(data) != len(text):
        raise WrongShape(f"{name}: pairs of hex digits", shown(text))
    return data


def find_base64(fields: JsonObject, name: str) -> bytes | None:
    """Of either alphabet, padded or not. None if it is missing or null. Raises WrongShape."""
    text = find_text(fields, name)
    if text is None:
        return None
    try:
        return b64decode(text.rstrip("=").translate(_TO_STANDARD) + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except ValueError:
        raise WrongShape(f"{name}: base64url", shown(text)) from None


def checked_epc(epc: bytes) -> bytes:
    """Raises WrongShape for what no tag can answer."""
    if len(epc) % 2 or len(epc) > 2 * MAX_EPC_WORDS:
        raise WrongShape(f"an EPC of at most {MAX_EPC_WORDS} whole words", f"{len(epc)} bytes")
    return epc


def pc_of(word: bytes | None) -> int | None:
    """The PC word; None for what is none: the EPC stands without it."""
    return int.from_bytes(word) if word is not None and len(word) == _PC_SIZE else None


def find_time_us(fields: JsonObject, name: str) -> int | None:
    """Microseconds since 1970 of an ISO 8601 time (UTC where it names no zone) or of a number of seconds, milliseconds or
    microseconds, told apart by their size. None for what is no time: a sighting is worth more than its reader's clock.
    """
    value = fields.get(name)
    if isinstance(value, str):
        return _iso_us(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _LATEST or not isfinite(value):
        return None
    if value < _SECONDS_END:
        return round(value * 1_000_000)
    return round(value * 1000) if value < _MILLISECONDS_END else round(value)


def _iso_us(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND
