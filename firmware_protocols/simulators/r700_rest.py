"""The REST interface of a simulated R700: requests in, answers out. What is asked is what `impinj_json.requests` asks, and what other hosts
ask: they keep and start presets and set the ways on which events go out (Microsoft's gateway of an R700 for Azure IoT, in C; Impinj's own
tutorial and its example for protected mode). The second are kept and shown, and change nothing.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from firmware_protocols.impinj_json.requests import BASE, DISABLED, ENABLED, MAX_PORTS, STREAM_PATH
from firmware_protocols.simulators.smart import POWER_CDBM, UNASKED, ImpinjTeller, Profile, SmartReader

OK, CREATED, NO_CONTENT = 200, 201, 204
BAD_REQUEST, NOT_FOUND, NOT_ALLOWED, CONFLICT, BUSY = 400, 404, 405, 409, 503
SYSTEM = {"productModel": "R700", "productDescription": "simulated reader", "serialNumber": "37000000000"}
HIGHEST_CDBM = 3300
PRESETS = f"{BASE}/profiles/inventory/presets"
DEFAULT = "default"
WAYS = tuple(f"{BASE}/{name}" for name in ("http-stream", "mqtt", "kafka", "webhooks/event"))
ANTENNA_FIELDS = frozenset(
    (
        *("antennaPort", "transmitPowerCdbm", "rfMode", "inventorySession", "inventorySearchMode"),
        *("estimatedTagPopulation", "receiveSensitivityDbm", "fastId", "antennaName", "filtering", "powerSweeping"),
        *("tagAuthentication", "protectedModePinHex", "tagAccessPasswordHex", "tagAccessPasswordWriteHex", "tagSecurityModesWrite"),
    )
)
NEEDED = frozenset({"antennaPort", "transmitPowerCdbm"})


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
            ("GET", f"{BASE}/profiles"): lambda _: _answer(["inventory"]),
            ("GET", PRESETS): lambda _: _answer(sorted(self._presets)),
            ("POST", f"{BASE}/profiles/inventory/start"): self._start,
            ("POST", f"{BASE}/profiles/stop"): self._stop,
        }
        antennas = [{"antennaPort": port, "transmitPowerCdbm": POWER_CDBM} for port in sorted(reader.all_ports) if port <= MAX_PORTS]
        self._presets = {DEFAULT: json.dumps({"antennaConfigs": antennas}).encode("ascii")}
        self._ways = dict.fromkeys(WAYS, b"{}")
        reader.read_before(frozenset())

    def answer(self, method: str, path: str, body: bytes) -> HttpAnswer | None:
        """None: it says nothing at all. The stream itself is the server's. What stands in `path` after a '?' is nothing that it knows."""
        path = path.partition("?")[0]
        if not self._reader.line.is_answered():
            return None
        if self._reader.line.is_refused():
            return _answer({"message": "busy"}, BUSY)
        act = self._acts.get((method, path))
        if act is not None:
            return act(body)
        if path in self._ways and method in ("GET", "PUT"):
            return self._answer_of_way(method, path, body)
        if path.startswith(f"{PRESETS}/"):
            return self._answer_of_preset(method, path.removeprefix(f"{PRESETS}/"), body)
        is_known = path in (STREAM_PATH, *self._ways) or any(path == known for _, known in self._acts)
        return _answer({"message": f"no {method} there"}, NOT_ALLOWED if is_known else NOT_FOUND)

    def _answer_of_way(self, method: str, path: str, body: bytes) -> HttpAnswer:
        """The settings of a way out: kept and shown."""
        if method == "GET":
            return HttpAnswer(OK, self._ways[path])
        if _find_object(body) is None:
            return _answer({"message": "no settings: expected a JSON object"}, BAD_REQUEST)
        self._ways[path] = body
        return HttpAnswer(NO_CONTENT)

    def _answer_of_preset(self, method: str, rest: str, body: bytes) -> HttpAnswer:
        """A profile under a name: `presets/NAME` keeps and shows it, `presets/NAME/start` starts it."""
        name, _, act = rest.partition("/")
        preset = self._presets.get(name)
        match method, act:
            case "PUT", "":
                return self._keep_preset(name, body)
            case "GET" | "POST" | "DELETE", _ if preset is None:
                return _answer({"message": f"no preset {name[:80]}"}, NOT_FOUND)
            case "GET", "":
                return HttpAnswer(OK, preset or b"")
            case "DELETE", "":
                del self._presets[name]
                return HttpAnswer(NO_CONTENT)
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
            self._reader.teller.profile = profile
        self._reader.read_before(frozenset(profile.power_cdbm))
        return HttpAnswer(NO_CONTENT)

    def _stop(self, _body: bytes) -> HttpAnswer:
        self._reader.read_before(frozenset())
        return HttpAnswer(NO_CONTENT)


def _find_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _profile_of(body: bytes) -> Profile:
    """Raises ValueError."""
    profile = _find_object(body)
    if profile is None:
        raise ValueError("no inventory profile: expected a JSON object")
    try:
        antennas = profile.get("antennaConfigs") or []
        for antenna in antennas:
            _check_antenna(antenna)
        names = {antenna["antennaPort"]: antenna["antennaName"] for antenna in antennas if antenna.get("antennaName")}
        wanted = _wanted_by(profile)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"no inventory profile: {error}") from error
    if not antennas:
        raise ValueError("no inventory profile: antennaConfigs is missing or empty")
    return Profile({antenna["antennaPort"]: antenna["transmitPowerCdbm"] for antenna in antennas}, wanted, names)


def _check_antenna(antenna: dict[str, Any]) -> None:
    """Strict as the reader is: an unknown field is refused."""
    if not set(antenna) <= ANTENNA_FIELDS:
        raise ValueError(f"unknown fields {sorted(set(antenna) - ANTENNA_FIELDS)}")
    if not set(antenna) >= NEEDED:
        raise ValueError(f"an antenna without {sorted(NEEDED - set(antenna))}")
    if not 1 <= antenna["antennaPort"] <= MAX_PORTS or not 0 <= antenna["transmitPowerCdbm"] <= HIGHEST_CDBM:
        raise ValueError("antennaPort or transmitPowerCdbm is out of bounds")


def _wanted_by(profile: dict[str, Any]) -> frozenset[str]:
    """What is told unasked, as the profile enables and disables it."""
    said = {name: state for part in profile.get("eventConfig", {}).values() for name, state in part.items()}
    enabled, disabled = ({name for name, state in said.items() if state == word} for word in (ENABLED, DISABLED))
    return (UNASKED | enabled) - disabled


def _answer(value: dict[str, str] | list[str], status: int = OK) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(value).encode("ascii"))
