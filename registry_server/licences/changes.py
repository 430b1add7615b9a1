"""What was overwritten of an owner or a bike: before and after, as the audit log and the record's history show it. Pure."""

from collections.abc import Mapping

from registry_server.licences.registration import VehicleFacts
from registry_server.people.owner_facts import OwnerFacts

OWNER_FIELDS = tuple(name for name in OwnerFacts.__slots__ if name != "nid")
VEHICLE_FIELDS = VehicleFacts.__slots__
Change = tuple[str, str]
"""Before and after; of an NID the last four digits."""


def owner_facts(owner: object) -> dict[str, str]:
    """Of a row or of a form, without the NID."""
    return {name: str(getattr(owner, name)) for name in OWNER_FIELDS}


def vehicle_facts(vehicle: object) -> dict[str, str]:
    """Of a row or of a form."""
    return {name: str(getattr(vehicle, name)) for name in VEHICLE_FIELDS}


def changes_between(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Change]:
    return {name: (old, after[name]) for name, old in before.items() if after[name] != old}


def in_books(changes: Mapping[str, Change]) -> dict[str, dict[str, list[str]]]:
    """The fact of an audit entry; none if nothing changed."""
    return {"changed": {name: list(pair) for name, pair in changes.items()}} if changes else {}
