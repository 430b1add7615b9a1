"""Rules over several values of a configuration. They read the raw TOML, so that they speak even where single values are wrong."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from reader_agent.link_address import parse_address

HOLDS_PASSWORD = ("broker", "broker.url")
TYPOGRAPHIC = "“”„‘’«»"
SAID_TWICE = ("Cannot overwrite a value", "Cannot declare", "Duplicate inline table key")
LINE_OF = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration. `key` is empty where the file itself is meant."""

    key: str
    value: object
    remedy: str

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.key}: {self.remedy}" if self.key else self.remedy
        return f"{self.key} = {_shown(self.key, self.value)}: {self.remedy}"


def _shown(key: str, value: object) -> str:
    """A broker's URL holds a password, wherever it was written by mistake; and a whole table says no more than its key."""
    if isinstance(value, dict) and key.endswith(".antennas"):
        return "{ " + ", ".join(f"{port} = {_shown('', lane)}" for port, lane in value.items()) + " }"
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    if isinstance(value, list):
        return "[…]" if value else "[]"
    if isinstance(value, str):
        return '"…"' if key in HOLDS_PASSWORD or "@" in value else f'"{value}"'
    return str(value)


def nearest(found: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence; empty if nothing is near."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(found.lower(), by_lower, n=1, cutoff=0.6)
    return f" (did you mean {by_lower[close[0]]}?)" if close else ""


def toml_remedy(text: str, complaint: str) -> str:
    """What to write instead, where the line at which the parser stopped shows a usual mistake."""
    found = LINE_OF.search(complaint)
    lines = text.split("\n")
    line = lines[int(found[1]) - 1] if found and int(found[1]) <= len(lines) else ""
    code = line.partition("#")[0]
    if any(words in complaint for words in SAID_TWICE):
        return f"{code.partition('=')[0].strip()} stands there twice; remove one of them"
    if any(sign in code for sign in TYPOGRAPHIC):
        return 'write straight quotation marks: "'
    if any(sign.isdecimal() and not sign.isascii() for sign in code):
        return "write numbers with the digits 0 to 9"
    if any(sign.isspace() and not sign.isascii() for sign in code):
        return "a blank in that line is no plain space; type it anew"
    if re.fullmatch(r"\s*[\w-]+\s*=\s*[A-Za-z][\w.-]*\s*", code):
        return "write text in quotation marks"
    return "`ebike-agent example` shows the form"


def find_conflicts(raw: dict[str, Any]) -> list[Problem]:
    """Every contradiction between values of the file."""
    readers = [entry for entry in _list(raw.get("readers")) if isinstance(entry, dict)]
    return [
        *_unknown_lanes(raw, readers),
        *_used_twice(readers, "name"),
        *_used_twice(readers, "url"),
        *_half_certificate(raw),
        *_endless_silence(raw),
    ]


def _unknown_lanes(raw: dict[str, Any], readers: list[dict[str, Any]]) -> Iterator[Problem]:
    lanes = raw.get("lanes")
    if not isinstance(lanes, dict):
        return
    for reader in readers:
        antennas = reader.get("antennas")
        for port, lane in antennas.items() if isinstance(antennas, dict) else ():
            if isinstance(lane, str) and lane not in lanes:  # what is no text is said where it is read
                known = ", ".join(lanes) or "none"
                yield Problem(
                    f"readers.{reader.get('name')}.antennas.{port}", lane, f"no such lane; write one of [lanes] ({known}) or add it"
                )


def _used_twice(readers: list[dict[str, Any]], field: str) -> Iterator[Problem]:
    first: dict[str, object] = {}
    for reader in readers:
        value = reader.get(field)
        if not isinstance(value, str):
            continue
        place = _place(value) if field == "url" else value
        name = reader.get("name")
        if place in first:
            remedy = "two readers cannot share a name" if field == "name" else f"reader {first[place]} already uses this port"
            yield Problem(f"readers.{name}.{field}", value, f"{remedy}; give each its own")
        first.setdefault(place, name)


def _place(url: str) -> str:
    try:
        return parse_address(url).place
    except ValueError:
        return url


def _half_certificate(raw: dict[str, Any]) -> Iterator[Problem]:
    broker = raw.get("broker")
    if not isinstance(broker, dict):
        return
    if ("cert_file" in broker) != ("cert_key_file" in broker):
        yield Problem(
            "broker.cert_file", broker.get("cert_file"), "a client certificate needs both cert_file and cert_key_file; write both or none"
        )
    if {"ca_file", "cert_file"} & broker.keys() and not str(broker.get("url", "")).startswith("mqtts://"):
        yield Problem("broker.url", broker.get("url"), "certificates are used with TLS only; write mqtts://…")


def _endless_silence(raw: dict[str, Any]) -> Iterator[Problem]:
    window = raw.get("window")
    if not isinstance(window, dict):
        return
    silence_s, max_s = window.get("silence_s", 2.0), window.get("max_s", 60.0)
    if isinstance(silence_s, int | float) and isinstance(max_s, int | float) and silence_s > max_s:
        yield Problem("window.silence_s", silence_s, f"is longer than window.max_s = {max_s:g}; write a shorter silence or a longer max_s")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
