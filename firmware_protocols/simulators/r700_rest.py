"""The REST interface of a simulated R700: requests in, answers out. What is asked is what `impinj_json.requests` asks, and presets:
other hosts keep and start those (Microsoft's gateway of an R700 for Azure IoT, in C; Impinj's own tutorial).
"""

import json
from collections.abc import Callable
from typing import NamedTuple

from firmware_protocols.impinj_json.requests import BASE, DISABLED, ENABLED, MAX_PORTS, STREAM_PATH
from firmware_protocols.simulators.smart import POWER_CDBM, UNASKED, ImpinjTeller, SmartReader

OK, CREATED, NO_CONTENT = 200, 201, 204
BAD_REQUEST, NOT_FOUND, NOT_ALLOWED, CONFLICT, BUSY = 400, 404, 405, 409, 503
SYSTEM = {"productModel": "R700", "productDescription": "simulated reader", "serialNumber": "37000000000"}
HIGHEST_CDBM = 3300
PRESETS = f"{BASE}/profiles/inventory/presets"
DEFAULT = "default"
ANTENNA_FIELDS = frozenset(
    (
        *("antennaPort", "transmitPowerCdbm", "rfMode", "inventorySession", "inventorySearchMode"),
        *("estimatedTagPopulation", "receiveSensitivityDbm", "fastId"),
    )
)


class HttpAnswer(NamedTuple):
    status: int
    body: bytes = b""


class R700Rest:
    """Rests until it is told to read. Faults of the line befall its answers, too: `refused` is 503, `unanswered` is none."""

    def __init__(self, reader: SmartReader) -> None:
        self._reader = reader
        self._acts: dict[tuple[str, str], Callable[[bytes], HttpAnswer]] = {
            ("GET", f"{BASE}/system"): lambda _: _answer(SYSTEM),
            ("GET", f"{BASE}/status"): lambda _: _answer(
                {"interface": "IoT", "status": "running" if reader.is_reading else "idle", "serialNumber": SYSTEM["serialNumber"]}
            ),
            ("GET", PRESETS): lambda _: _answer(sorted(self._presets)),
            ("POST", f"{BASE}/profiles/inventory/start"): self._start,
            ("POST", f"{BASE}/profiles/stop"): self._stop,
        }
        antennas = [{"antennaPort": port, "transmitPowerCdbm": POWER_CDBM} for port in sorted(reader.all_ports) if port <= MAX_PORTS]
        self._presets = {DEFAULT: json.dumps({"antennaConfigs": antennas}).encode("ascii")}
        reader.read_before(frozenset())

    def answer(self, method: str, path: str, body: bytes) -> HttpAnswer | None:
        """None: it says nothing at all. The stream itself is the server's."""
        if not self._reader.line.is_answered():
            return None
        if self._reader.line.is_refused():
            return _answer({"message": "busy"}, BUSY)
        act = self._acts.get((method, path))
        if act is not None:
            return act(body)
        if path.startswith(f"{PRESETS}/"):
            return self._answer_of_preset(method, path.removeprefix(f"{PRESETS}/"), body)
        is_known = path == STREAM_PATH or any(path == known for _, known in self._acts)
        return _answer({"message": f"no {method} there"}, NOT_ALLOWED if is_known else NOT_FOUND)

    def _answer_of_preset(self, method: str, rest: str, body: bytes) -> HttpAnswer:
        """A profile under a name: `presets/NAME` keeps and shows it, `presets/NAME/start` starts it."""
        name, _, act = rest.partition("/")
        preset = self._presets.get(name)
        match method, act:
            case "PUT", "":
                return self._keep_preset(name, body)
            case "GET" | "POST", _ if preset is None:
                return _answer({"message": f"no preset {name[:80]}"}, NOT_FOUND)
            case "GET", "":
                return HttpAnswer(OK, preset or b"")
            case "POST", "start":
                return self._start(preset or b"")
        return _answer({"message": f"no {method} there"}, NOT_ALLOWED if act in ("", "start") else NOT_FOUND)

    def _keep_preset(self, name: str, body: bytes) -> HttpAnswer:
        try:
            _profile_of(body)
        except ValueError as error:
            return _answer({"message": str(error)}, BAD_REQUEST)
        is_new = name not in self._presets
        self._presets[name] = body
        return HttpAnswer(CREATED if is_new else NO_CONTENT)

    def _start(self, body: bytes) -> HttpAnswer:
        if self._reader.is_reading:
            return _answer({"message": "an inventory is running"}, CONFLICT)
        try:
            profile = _profile_of(body)
        except ValueError as error:
            return _answer({"message": str(error)}, BAD_REQUEST)
        if isinstance(self._reader.teller, ImpinjTeller):
            self._reader.teller.wanted, self._reader.teller.power_cdbm = profile.wanted, profile.power_cdbm
        self._reader.read_before(frozenset(profile.power_cdbm))
        return HttpAnswer(NO_CONTENT)

    def _stop(self, _body: bytes) -> HttpAnswer:
        self._reader.read_before(frozenset())
        return HttpAnswer(NO_CONTENT)


class Profile(NamedTuple):
    """How an inventory is to read."""

    power_cdbm: dict[int, int]
    """Of each port that it reads with."""
    wanted: frozenset[str]
    """The fields of a tag event."""


def _profile_of(body: bytes) -> Profile:
    """Raises ValueError."""
    try:
        profile = json.loads(body)
        return Profile(_power_of(profile), _wanted_by(profile))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no inventory profile: {error}") from error


def _power_of(profile: dict[str, list[dict[str, int]]]) -> dict[int, int]:
    """By port. Strict as the reader is: an unknown field is refused."""
    antennas = profile["antennaConfigs"]
    for antenna in antennas:
        if not set(antenna) <= ANTENNA_FIELDS:
            raise ValueError(f"unknown fields {sorted(set(antenna) - ANTENNA_FIELDS)}")
        if not 1 <= antenna["antennaPort"] <= MAX_PORTS or not 0 <= antenna["transmitPowerCdbm"] <= HIGHEST_CDBM:
            raise ValueError("antennaPort or transmitPowerCdbm is out of bounds")
    if not antennas:
        raise ValueError("antennaConfigs is empty")
    return {antenna["antennaPort"]: antenna["transmitPowerCdbm"] for antenna in antennas}


def _wanted_by(profile: dict[str, dict[str, dict[str, str]]]) -> frozenset[str]:
    """What is told unasked, as the profile enables and disables it."""
    said = profile.get("eventConfig", {}).get("tagInventory", {})
    enabled, disabled = ({name for name, state in said.items() if state == word} for word in (ENABLED, DISABLED))
    return (UNASKED | enabled) - disabled


def _answer(value: dict[str, str] | list[str], status: int = OK) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(value).encode("ascii"))
