"""A city of any size in an empty database: one authority, its checkpoints with agents, and so many bound tags."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Table

from registry_server.authorities.models import Agent, Authority, Checkpoint
from registry_server.db import Base, Database, copy_rows
from registry_server.schema import import_models
from schemas.epc import ClosedEpc, Epc
from schemas.identifiers import AgentId, AuthorityId, CheckpointId
from schemas.signing import new_private_key, public_key_of
from schemas.topics import AgentAddress

AUTHORITY = 1
SLUG = AuthorityId("kcc")
CHUNK = 50_000
AT = datetime(2026, 7, 1, 6, tzinfo=UTC)
UNTIL = date(2099, 6, 30)


@dataclass(frozen=True, slots=True)
class Machine:
    """An agent with its key."""

    address: AgentAddress
    private_key: bytes = field(default_factory=new_private_key)


def epc_of(serial: int) -> Epc:
    """The EPC of a licence: its random part is drawn from the serial, so that any process can tell it."""
    return ClosedEpc(authority=AUTHORITY, serial=serial, issue=1, random=random.Random(serial).getrandbits(32)).to_epc()


def tid_of(serial: int) -> bytes:
    return bytes.fromhex("e2806894") + serial.to_bytes(8)


def fill(database: Database, licences: int, checkpoints: int = 4) -> list[Machine]:
    """Write the city. Serials run from 1."""
    import_models()
    machines = [Machine(AgentAddress(SLUG, CheckpointId(f"place-{n}"), AgentId(f"place-{n}-1"))) for n in range(1, checkpoints + 1)]
    with database.write() as session:
        session.add(
            Authority(
                id=AUTHORITY,
                slug=SLUG,
                name_bn="খুলনা সিটি কর্পোরেশন",
                name_en="Khulna City Corporation",
                plate_prefix_bn="খুলনা",
                plate_prefix_en="KCC",
                law="city_corporation_2009",
                afi=None,
            )
        )
        session.flush()
        for number, machine in enumerate(machines, start=1):
            session.add(
                Checkpoint(
                    id=number,
                    authority_id=AUTHORITY,
                    slug=machine.address.checkpoint,
                    name_bn=f"জায়গা {number}",
                    name_en=f"Place {number}",
                    latitude=22.80 + number / 50,
                    longitude=89.55,
                )
            )
            session.flush()
            session.add(
                Agent(
                    id=number,
                    authority_id=AUTHORITY,
                    checkpoint_id=number,
                    slug=machine.address.agent,
                    public_key=public_key_of(machine.private_key),
                )
            )
    for first in range(1, licences + 1, CHUNK):
        _fill(database, range(first, min(first + CHUNK, licences + 1)))
    return machines


def _fill(database: Database, serials: range) -> None:
    at: Any = AT.replace(tzinfo=None).isoformat(" ", "microseconds") if database.is_sqlite else AT
    until: Any = UNTIL.isoformat() if database.is_sqlite else UNTIL
    with database.write() as session:
        for name, rows in _tables(serials, at, until):
            table: Table = Base.metadata.tables[name]
            first = next(rows)
            copy_rows(session, table, list(first), [tuple(first.values()), *(tuple(row.values()) for row in rows)])


def _tables(serials: range, at: Any, until: Any) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """Row by row, in the order in which tables refer to each other. All ids are the serial."""
    mine = {"authority_id": AUTHORITY}
    empty = {"nid_encrypted": b"", "name_bn": "-", "name_en": "-", "name_key": "", "guardian_name": "-", "nid_tail": "0000"}
    looks = {"vehicle_class": "passenger", "motor": "-", "colour": "green", "maker": "-", "battery": "-", "stolen_at": None}
    state = {
        "state": "active",
        "state_reason": "",
        "state_since": at,
        "issued_on": until,
        "valid_until": until,
        "created_at": at,
        "form_id": None,
    }
    place = {"mobile": "+8801700000000", "ward": 1, "holding": "-", "created_at": at}
    yield "owner", ({"id": n, **mine, "nid_index": n.to_bytes(32), **empty, **place} for n in serials)
    yield "vehicle", ({"id": n, **mine, "chassis": f"C{n:09d}", **looks} for n in serials)
    yield "licence", ({"id": n, **mine, "serial": n, "number": f"KCC-{n:07d}", "owner_id": n, "vehicle_id": n, **state} for n in serials)
    yield (
        "epc_allocation",
        ({"id": n, **mine, "licence_id": n, "issue": 1, "epc": bytes(epc_of(n)), "allocated_at": at, "retired_at": None} for n in serials),
    )
    bound = {"bound_at": at, "bound_by": "desk:bench", "retired_at": None}
    yield "tag_binding", ({"id": n, **mine, "allocation_id": n, "tid": tid_of(n), **bound} for n in serials)
