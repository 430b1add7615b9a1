"""The REST interface of a simulated R700: requests in, answers out. What is asked is what `impinj_json.requests` asks."""

import json
from collections.abc import Callable
from typing import NamedTuple

from firmware_protocols.impinj_json.requests import BASE, DISABLED, ENABLED, MAX_PORTS, STREAM_PATH
from firmware_protocols.simulators.smart import UNASKED, ImpinjTeller, SmartReader

OK, NO_CONTENT = 200, 204
BAD_REQUEST, NOT_FOUND, NOT_ALLOWED, CONFLICT, BUSY = 400, 404, 405, 409, 503
SYSTEM = {"productModel": "R700", "productDescription": "simulated reader", "serialNumber": "37000000000"}
HIGHEST_CDBM = 3300
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
            ("POST", f"{BASE}/profiles/inventory/start"): self._start,
            ("POST", f"{BASE}/profiles/stop"): self._stop,
        }
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
        is_known = path == STREAM_PATH or any(path == known for _, known in self._acts)
        return _answer({"message": f"no {method} there"}, NOT_ALLOWED if is_known else NOT_FOUND)

    def _start(self, body: bytes) -> HttpAnswer:
        if self._reader.is_reading:
            return _answer({"message": "an inventory is running"}, CONFLICT)
        try:
            profile = json.loads(body)
            ports, wanted = _ports_of(profile), _wanted_by(profile)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return _answer({"message": f"no inventory profile: {error}"}, BAD_REQUEST)
        if isinstance(self._reader.teller, ImpinjTeller):
            self._reader.teller.wanted = wanted
        self._reader.read_before(ports)
        return HttpAnswer(NO_CONTENT)

    def _stop(self, _body: bytes) -> HttpAnswer:
        self._reader.read_before(frozenset())
        return HttpAnswer(NO_CONTENT)


def _ports_of(profile: dict[str, list[dict[str, int]]]) -> frozenset[int]:
    """Strict as the reader is: an unknown field is refused."""
    antennas = profile["antennaConfigs"]
    for antenna in antennas:
        if not set(antenna) <= ANTENNA_FIELDS:
            raise ValueError(f"unknown fields {sorted(set(antenna) - ANTENNA_FIELDS)}")
        if not 1 <= antenna["antennaPort"] <= MAX_PORTS or not 0 <= antenna["transmitPowerCdbm"] <= HIGHEST_CDBM:
            raise ValueError("antennaPort or transmitPowerCdbm is out of bounds")
    ports = frozenset(antenna["antennaPort"] for antenna in antennas)
    if not ports:
        raise ValueError("antennaConfigs is empty")
    return ports


def _wanted_by(profile: dict[str, dict[str, dict[str, str]]]) -> frozenset[str]:
    """The fields of a tag event: what is told unasked, as the profile enables and disables it."""
    said = profile.get("eventConfig", {}).get("tagInventory", {})
    enabled, disabled = ({name for name, state in said.items() if state == word} for word in (ENABLED, DISABLED))
    return (UNASKED | enabled) - disabled


def _answer(value: dict[str, str], status: int = OK) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(value).encode("ascii"))
