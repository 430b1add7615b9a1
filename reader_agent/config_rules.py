"""Rules over several values of a configuration. They read the raw TOML, so that they speak even where single values are wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reader_agent.link_address import parse_address

SECRET = ("broker.url",)


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
    if key in SECRET:
        return '"…"'  # it may hold a password
    return f'"{value}"' if isinstance(value, str) else str(value)


def find_conflicts(raw: dict[str, Any]) -> list[Problem]:
    """Every contradiction between values of the file."""
    readers = [entry for entry in _list(raw.get("readers")) if isinstance(entry, dict)]
    return [*_unknown_lanes(raw, readers), *_used_twice(readers, "name"), *_used_twice(readers, "url"), *_half_certificate(raw)]


def _unknown_lanes(raw: dict[str, Any], readers: list[dict[str, Any]]) -> Iterator[Problem]:
    lanes = raw.get("lanes")
    if not isinstance(lanes, dict):
        return
    for reader in readers:
        antennas = reader.get("antennas")
        for port, lane in antennas.items() if isinstance(antennas, dict) else ():
            if lane not in lanes:
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


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
