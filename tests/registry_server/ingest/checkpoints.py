"""A small authority with two checkpoints and their agents, and what such agents send."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from registry_server.authorities.models import Agent, Authority, Checkpoint
from registry_server.db import Database
from registry_server.epc_allocation.models import EpcAllocation, TagBinding
from registry_server.ingest.agents import AgentDirectory
from registry_server.ingest.envelope import Delivery, Message, read
from registry_server.ingest.forgetting import last_passage_id
from registry_server.ingest.service import Ingest, Outcome
from registry_server.ingest.store import HarvestStore
from registry_server.licences.models import Licence, RegistryChange, Vehicle
from registry_server.licences.states import LicenceState
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.matcher.engine import Matcher
from registry_server.matcher.loading import load_tags
from registry_server.matcher.recovery import recall
from registry_server.matcher.travel import Roads, TravelLimits
from registry_server.people.models import Owner
from schemas.epc import ClosedEpc, Epc, PcWord
from schemas.identifiers import AgentId, AuthorityId, BootId, CheckpointId, LaneId, ReaderId
from schemas.messages import (
    AgentStatus,
    ReaderState,
    ReaderStatus,
    SightingBatch,
    SightingClosed,
    SightingEvent,
    SightingIdentified,
    SightingOpened,
    encode,
    seal,
)
from schemas.signing import new_private_key, public_key_of, signer_for
from schemas.tid import Tid
from schemas.topics import AgentAddress, Channel

AUTHORITY = 7
NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
BOOT = BootId("00000000000000a1")
NEXT_BOOT = BootId("00000000000000a2")
LAST_DAY = date(2027, 6, 30)


def epc_of(serial: int) -> Epc:
    return ClosedEpc(authority=AUTHORITY, serial=serial, issue=1, random=serial * 7).to_epc()


def tid_of(serial: int) -> Tid:
    return Tid(bytes.fromhex("e2806894") + serial.to_bytes(8))


@dataclass(frozen=True, slots=True)
class Machine:
    """An agent: seals batches and statuses as one does."""

    address: AgentAddress
    private_key: bytes = field(default_factory=new_private_key)

    def batch(self, seq: int, events: Sequence[SightingEvent], **what: object) -> SightingBatch:
        values: dict[str, object] = {"boot": BOOT, "sealed_at": NOW, "clock_offset_ms": 0.0} | what
        address = self.address
        return SightingBatch(address.authority, address.checkpoint, address.agent, seq=seq, events=list(events), **values)  # type: ignore[arg-type]  # rows of a table

    def delivery(self, seq: int, *events: SightingEvent, **what: object) -> Delivery:
        return self.sealed(self.batch(seq, events, **what))

    def sealed(self, batch: SightingBatch) -> Delivery:
        return Delivery(self.address.topic(Channel.SIGHTINGS), seal(batch, signer_for(self.private_key)))

    def status(self, *, online: bool = True, state: str = "running", **what: object) -> Delivery:
        readers = [ReaderStatus(reader=ReaderId("r1"), state=ReaderState(state))]
        status = AgentStatus(agent=self.address.agent, boot=BOOT, online=online, at=NOW, readers=readers, **what)  # type: ignore[arg-type]  # as above
        return Delivery(self.address.topic(Channel.STATUS), encode(status))


def address(checkpoint: str) -> AgentAddress:
    return AgentAddress(AuthorityId("kcc"), CheckpointId(checkpoint), AgentId(f"{checkpoint}-1"))


@dataclass(slots=True)
class City:
    """What stands in the database."""

    database: Database
    here: Machine = field(default_factory=lambda: Machine(address("here")))
    there: Machine = field(default_factory=lambda: Machine(address("there")))
    """Twenty kilometres away."""

    def build(self, licences: int = 3) -> "City":
        with self.database.write() as session:
            session.add(
                Authority(
                    id=AUTHORITY,
                    slug="kcc",
                    name_bn="খুলনা সিটি কর্পোরেশন",
                    name_en="Khulna City Corporation",
                    plate_prefix_bn="খুলনা",
                    plate_prefix_en="KCC",
                    law="city_corporation_2009",
                    afi=None,
                )
            )
            session.flush()
            for number, (machine, latitude) in enumerate([(self.here, 22.80), (self.there, 22.98)], start=1):
                self.add_agent(session, number, machine, latitude)
            for serial in range(1, licences + 1):
                add_licence(session, serial)
        return self

    def add_agent(self, session: Session, number: int, machine: Machine, latitude: float) -> None:
        place = machine.address.checkpoint
        session.add(
            Checkpoint(
                id=number, authority_id=AUTHORITY, slug=place, name_bn="জায়গা", name_en=f"Place {number}", latitude=latitude, longitude=89.55
            )
        )
        session.flush()
        key = public_key_of(machine.private_key)
        session.add(Agent(id=number, authority_id=AUTHORITY, checkpoint_id=number, slug=machine.address.agent, public_key=key))

    def worker(self, now: datetime = NOW) -> "Takes":
        """A worker that has just started."""
        directory = AgentDirectory()
        with self.database.read() as session:
            directory.reload(session)
            roads = Roads(directory.places, TravelLimits())
            matcher = Matcher(load_tags(session), roads, last_passage_id=last_passage_id(session))
            recall(session, matcher, now)
            from sqlalchemy import func, select  # noqa: PLC0415 — one use

            from registry_server.matcher.models import Flag  # noqa: PLC0415 — one use

            last_flag_id = session.scalar(select(func.coalesce(func.max(Flag.id), 0))) or 0
        store = HarvestStore(last_flag_id=last_flag_id, laws=directory.laws)
        return Takes(self.database, Ingest(matcher, store, directory), matcher)


@dataclass(slots=True)
class Takes:
    """The worker without its broker."""

    database: Database
    ingest: Ingest
    matcher: Matcher

    def take(self, *deliveries: Delivery, now: datetime = NOW, condemned: dict[bytes, str] | None = None) -> Outcome:
        messages: list[Message] = [read(delivery) for delivery in deliveries]
        with self.database.write() as session:
            return self.ingest.take(session, messages, now, condemned or {})


def add_licence(session: Session, serial: int, **what: object) -> None:
    """A good licence with a bound tag. All ids are the serial. `what`: of the licence, or `stolen_at`."""
    mine = {"authority_id": AUTHORITY}
    owner = {"name_bn": "ক", "name_en": "K", "name_key": "k", "guardian_name": "খ", "nid_encrypted": b"", "nid_tail": "0000"}
    session.add(
        Owner(id=serial, nid_index=serial.to_bytes(32), mobile="+8801700000000", ward=1, holding="1", created_at=NOW, **owner, **mine)
    )
    session.add(
        Vehicle(
            id=serial,
            vehicle_class=VehicleClass.PASSENGER,
            chassis=f"C{serial}",
            motor="M",
            colour="green",
            maker="-",
            battery="-",
            stolen_at=what.pop("stolen_at", None),
            **mine,
        )
    )
    session.flush()
    values = {"state": LicenceState.ACTIVE, "state_since": NOW, "valid_until": LAST_DAY, "issued_on": date(2026, 7, 1)} | what
    session.add(
        Licence(id=serial, serial=serial, number=f"KCC-{serial}", owner_id=serial, vehicle_id=serial, created_at=NOW, **values, **mine)
    )
    session.flush()
    session.add(EpcAllocation(id=serial, licence_id=serial, issue=1, epc=bytes(epc_of(serial)), allocated_at=NOW, **mine))
    session.flush()
    session.add(TagBinding(id=serial, allocation_id=serial, tid=bytes(tid_of(serial)), bound_at=NOW, bound_by="desk:one", **mine))
    session.add(RegistryChange(licence_id=serial, at=NOW))


def opened(number: int, serial: int, **what: object) -> SightingOpened:
    """The first read of the tag of a licence."""
    values: dict[str, object] = {"epc": epc_of(serial), "tid": tid_of(serial), "first_seen_at": NOW, "lane": LaneId("in")} | what
    return SightingOpened(sighting=number, reader=ReaderId("r1"), antenna=1, pc=PcWord(0x3100), rssi_dbm=-51.5, **values)  # type: ignore[arg-type]  # rows of a table


def identified(number: int, tid: Tid) -> SightingIdentified:
    return SightingIdentified(sighting=number, tid=tid, identified_at=NOW + timedelta(milliseconds=150))


def closed(number: int, **what: object) -> SightingClosed:
    values: dict[str, object] = {"last_seen_at": NOW + timedelta(seconds=2), "reads": 12, "best_rssi_dbm": -44.0} | what
    return SightingClosed(sighting=number, **values)  # type: ignore[arg-type]  # as above
