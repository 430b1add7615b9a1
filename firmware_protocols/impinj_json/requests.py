"""What an R700 is asked over HTTP: method, path and JSON body, for a door that sends them (HTTPS, basic authentication).

Pure: an R700 has no command for a power or an antenna, they are part of the inventory that is started. So a command changes the
profile, and the next start takes it along. Sources: as of the codec; the values of DEFAULT_PROFILE are those of R700_IOT_DICT.json;
the order of a visit (stop, start, stream) is that of Impinj's protected-mode example, the words of `/status` and the 409 of a start
while one is running those of a published list of endpoints tried with firmware 9.1.0.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

from firmware_protocols.command_checks import check_ports, check_range
from firmware_protocols.commands import Command, GetInfo, SetAntennas, SetPower, SetRegion, StartInventory, StopInventory
from firmware_protocols.errors import Unsupported
from firmware_protocols.impinj_json.tables import FAMILY

BASE = "/api/v1"
READING = frozenset({"running", "starting", "armed"})
MODEL_FIELDS = ("productModel", "productFamily", "serialNumber")
STREAM_PATH = f"{BASE}/data/stream"
MAX_POWER_DBM = 33
MAX_PORTS = 4
ENABLED, DISABLED = "enabled", "disabled"
JsonValue = str | int | dict[str, "JsonValue"] | list["JsonValue"]


class HttpRequest(NamedTuple):
    """`body` is sent as JSON; None: no body."""

    method: str
    path: str
    body: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class InventoryProfile:
    """How the next inventory is to read."""

    ports: tuple[int, ...] = (1,)
    power_dbm: float = 30.0
    has_tid: bool = True
    """FastID: chips that know it send their TID with their EPC."""
    rf_mode: int = 4
    session: int = 1
    search_mode: str = "dual-target"
    estimated_tags: int = 16
    receive_sensitivity_dbm: int = -80


DEFAULT_PROFILE = InventoryProfile()


class Plan(NamedTuple):
    """The profile from now on, and what is to be sent now, in order."""

    profile: InventoryProfile
    requests: tuple[HttpRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """What a door asks, from its opening to its closing. Without `begin` it only listens to what the reader does anyhow."""

    begin: tuple[HttpRequest, ...] = ()
    end: tuple[HttpRequest, ...] = ()


LISTEN_ONLY = Visit()


def visit(settings: Iterable[Command]) -> Visit:
    """Begin an inventory with these settings (SetAntennas, SetPower), end it with the visit. Raises BadArgument or Unsupported.

    The stop before the start is for a reader that somebody left reading: it answers a second start with 409.
    """
    profile = reduce(lambda profile, command: plan(command, profile).profile, settings, DEFAULT_PROFILE)
    return Visit(begin=(stop_inventory(), start_inventory(profile)), end=(stop_inventory(),))


def plan(command: Command, profile: InventoryProfile) -> Plan:
    """What a command means for a reader that reads by `profile`. Power and antennas take effect with the next start.

    Raises BadArgument for a value that no R700 has, Unsupported for what its documents give no request for.
    """
    match command:
        case StartInventory():
            return Plan(profile, (start_inventory(profile),))
        case StopInventory():
            return Plan(profile, (stop_inventory(),))
        case GetInfo():
            return Plan(profile, (get_system(),))
        case SetPower(power_dbm=power_dbm):
            check_range(FAMILY, "power in dBm", power_dbm, 0, MAX_POWER_DBM)
            return Plan(replace(profile, power_dbm=power_dbm))
        case SetAntennas(ports=ports):
            check_ports(FAMILY, ports, MAX_PORTS)
            return Plan(replace(profile, ports=ports))
        case SetRegion():
            raise Unsupported(FAMILY, "change their region here", "no request for it is documented; set it on the reader's own web page")
        case _:
            raise Unsupported(FAMILY, f"do {type(command).__name__}", "no HTTP request for it is documented")


def requests_for(command: Command) -> tuple[HttpRequest, ...]:
    """What asks for this command alone; of a power or antennas the start that brings them. Raises BadArgument or Unsupported."""
    planned = plan(command, DEFAULT_PROFILE)
    return planned.requests or (start_inventory(planned.profile),)


def start_inventory(profile: InventoryProfile = DEFAULT_PROFILE) -> HttpRequest:
    antennas: list[JsonValue] = [_antenna(profile, port) for port in profile.ports]
    body: dict[str, JsonValue] = {"antennaConfigs": antennas, "eventConfig": _events(has_tid=profile.has_tid)}
    return HttpRequest("POST", f"{BASE}/profiles/inventory/start", body)


def stop_inventory() -> HttpRequest:
    return HttpRequest("POST", f"{BASE}/profiles/stop")


def get_system() -> HttpRequest:
    """Its answer names the model and the serial number."""
    return HttpRequest("GET", f"{BASE}/system")


def get_status() -> HttpRequest:
    """Its answer proves the reader alive and says whether it reads: `is_idle`."""
    return HttpRequest("GET", f"{BASE}/status")


def is_idle(status_body: bytes) -> bool:
    """Does the answer to `get_status` say that no inventory runs? An answer of another shape says nothing."""
    status = _fields_of(status_body).get("status")
    return isinstance(status, str) and status not in READING


def model_of(system_body: bytes) -> str:
    """Model and serial number from the answer to `get_system`; empty if they do not stand in it."""
    fields = _fields_of(system_body)
    return " ".join(dict.fromkeys(value for name in MODEL_FIELDS if isinstance(value := fields.get(name), str) and value))


def _fields_of(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _antenna(profile: InventoryProfile, port: int) -> dict[str, JsonValue]:
    return {
        "antennaPort": port,
        "transmitPowerCdbm": round(profile.power_dbm * 100),
        "rfMode": profile.rf_mode,
        "inventorySession": profile.session,
        "inventorySearchMode": profile.search_mode,
        "estimatedTagPopulation": profile.estimated_tags,
        "receiveSensitivityDbm": profile.receive_sensitivity_dbm,
        "fastId": ENABLED if profile.has_tid else DISABLED,
    }


def _events(*, has_tid: bool) -> dict[str, JsonValue]:
    wanted = ("epcHex", "antennaPort", "peakRssiCdbm", "frequency", "phaseAngle", "lastSeenTime")
    fields: dict[str, JsonValue] = {"epc": DISABLED, "tid": DISABLED, "tidHex": ENABLED if has_tid else DISABLED}
    return {"tagInventory": fields | dict.fromkeys(wanted, ENABLED)}
