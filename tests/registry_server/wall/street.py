"""A street to test with: two checkpoints of a city with their agents, made-up bikes, and what the worker would store of them.

The rows are those of the ingest; only here are they written by hand, so that a test says exactly what passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry_server.authorities.models import Agent, Checkpoint
from registry_server.db import Database
from registry_server.licences.models import Licence, Vehicle
from registry_server.licences.states import LicenceState
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.matcher.facts import Facts, to_json
from registry_server.matcher.law import sections_for
from registry_server.matcher.models import Flag
from registry_server.matcher.states import FlagState
from registry_server.people.models import Owner
from registry_server.sightings.models import (
    AgentLife,
    AgentState,
    AgentStateChange,
    Passage,
    ReceivedBatch,
    Sighting,
    SightingClosing,
    SignedMessage,
    Verdict,
)
from schemas.epc import Epc
from schemas.identifiers import AgentId, AuthorityId, BootId, CheckpointId, LaneId, ProofLevel, ReaderId
from schemas.messages import SightingBatch, SightingOpened, seal
from schemas.signing import public_key_of, signer_for

NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
STRANGER = bytes.fromhex("E28011700000020ABCDEF012")
BOOT = "0123456789abcdef"
KEY = bytes(range(32))


@dataclass
class Street:
    """Rows go in with ids that rise, as the ingest gives them."""

    database: Database
    authority_id: int
    slug: str = "kcc"
    places: dict[str, int] = field(default_factory=dict)
    lives: dict[str, int] = field(default_factory=dict)
    bikes: dict[int, bytes] = field(default_factory=dict)
    """Licence id: EPC."""

    def drive(self, epc: bytes, *facts: Facts, place: str = "pti-more", at: datetime = NOON, **more: Any) -> int:
        """One passage with its flags; the id of the passage. `more`: `licence_id`, `tid`, `lane`, `law`, `other_passage_id`."""
        return self.drive_all([(epc, facts)], place=place, at=at, **more)[0]

    def drive_all(
        self, what: Sequence[tuple[bytes, Sequence[Facts]]], place: str = "pti-more", at: datetime = NOON, **more: Any
    ) -> list[int]:
        """Several in one transaction."""
        with self.database.write(self.authority_id) as session:
            return [self._drive(session, epc, facts, place, at, more) for epc, facts in what]

    def flag_late(self, passage_id: int, facts: Facts) -> int:
        """A later read raises one more flag on a passage that is stored already."""
        with self.database.write(self.authority_id) as session:
            passage = session.get_one(Passage, passage_id)
            passage.verdict = Verdict.FLAGGED
            return self._flag(session, passage, facts, {})

    def bike(self, n: int, **changes: Any) -> tuple[int, bytes]:
        """The n-th made-up bike: licence id and EPC."""
        with self.database.write(self.authority_id) as session:
            owner = Owner(
                name_bn=f"উদাহরণ মালিক {n}",
                name_en=f"Example Owner {n}",
                name_key=f"owner{n}",
                guardian_name="উদাহরণ পিতা",
                nid_encrypted=b"-",
                nid_index=self.authority_id.to_bytes(4) + n.to_bytes(28),
                nid_tail="0000",
                mobile=f"+88017{n:08d}",
                ward=12,
                holding="৪৫/ক",
                created_at=NOON,
            )
            vehicle = Vehicle(
                vehicle_class=changes.get("vehicle_class", VehicleClass.PASSENGER),
                chassis=f"CHASSIS{n:05d}",
                motor=f"M{n}",
                colour=changes.get("colour", "সবুজ"),
                maker="উদাহরণ মোটরস",
                battery="lead-acid",
            )
            session.add_all([owner, vehicle])
            session.flush()
            licence = Licence(
                serial=n,
                number=f"{self.slug.upper()}-P-{n:06d}",
                owner_id=owner.id,
                vehicle_id=vehicle.id,
                state=changes.get("state", LicenceState.ACTIVE),
                state_since=NOON,
                issued_on=date(2026, 7, 1),
                valid_until=changes.get("valid_until", date(2027, 6, 30)),
                created_at=NOON,
            )
            session.add(licence)
            session.flush()
            epc = bytes([0xF0, 0, self.authority_id]) + n.to_bytes(9)
            self.bikes[licence.id] = epc
            return licence.id, epc

    def _drive(self, session: Session, epc: bytes, facts: Sequence[Facts], place: str, at: datetime, more: dict[str, Any]) -> int:
        tid = more.get("tid")
        passage = Passage(
            id=_free_id(session, Passage),
            checkpoint_id=self.places[place],
            lane=more.get("lane", "in"),
            epc=epc,
            tid=tid,
            licence_id=more.get("licence_id"),
            at=at,
            is_time_sure=True,
            received_at=at + timedelta(milliseconds=40),
            proof_level=ProofLevel.EPC_TID if tid else ProofLevel.EPC_ONLY,
            verdict=Verdict.FLAGGED if facts else Verdict.LEGAL,
        )
        session.add(passage)
        session.flush()
        for one in facts:
            self._flag(session, passage, one, more)
        self._see(session, passage, place, keep=bool(facts))
        return passage.id

    def _flag(self, session: Session, passage: Passage, facts: Facts, more: dict[str, Any]) -> int:
        flag = Flag(
            id=_free_id(session, Flag),
            passage_id=passage.id,
            other_passage_id=more.get("other_passage_id"),
            checkpoint_id=passage.checkpoint_id,
            lane=passage.lane,
            life_id=next(self.lives[place] for place, id_ in self.places.items() if id_ == passage.checkpoint_id),
            seq=passage.id,
            kind=facts.kind,
            proof_level=passage.proof_level,
            facts=msgspec.json.decode(to_json(facts)),
            law_sections=list(sections_for("city_corporation_2009", facts)),
            epc=passage.epc,
            tid=passage.tid,
            licence_id=passage.licence_id,
            at=passage.at,
            created_at=passage.received_at,
            state=FlagState.OPEN,
        )
        session.add(flag)
        session.flush()
        return flag.id

    def _see(self, session: Session, passage: Passage, place: str, *, keep: bool) -> None:
        names = {"life_id": self.lives[place], "seq": passage.id}
        opened = SightingOpened(
            sighting=passage.id,
            lane=LaneId("in"),
            reader=ReaderId("north"),
            antenna=1,
            epc=Epc(passage.epc),
            first_seen_at=passage.at,
            rssi_dbm=-61.0,
        )
        batch = SightingBatch(
            authority=AuthorityId(self.slug),
            checkpoint=CheckpointId(place),
            agent=AgentId(f"agent-{place}"),
            boot=BootId(BOOT),
            seq=passage.id,
            sealed_at=passage.at,
            events=[opened],
            clock_offset_ms=12.0,
        )
        session.add(ReceivedBatch(**names, events=1, sealed_at=passage.at, received_at=passage.received_at, clock_offset_ms=12.0))
        session.add(
            Sighting(
                **names,
                number=passage.id,
                passage_id=passage.id,
                lane=passage.lane,
                reader="north",
                antenna=1,
                epc=passage.epc,
                tid=passage.tid,
                first_seen_at=passage.at,
                rssi_dbm=-61.0,
            )
        )
        session.add(
            SightingClosing(
                **names, number=passage.id, last_seen_at=passage.at + timedelta(seconds=2), reads=37, best_rssi_dbm=-54.0, tid=None
            )
        )
        if keep:
            session.add(SignedMessage(**names, payload=seal(batch, signer_for(KEY))))


def _free_id(session: Session, model: type[Passage] | type[Flag]) -> int:
    """Of the whole table: ids are one row of numbers for all authorities."""
    table = model.metadata.tables[model.__tablename__]
    return (session.connection().scalar(select(func.max(table.c.id))) or 0) + 1


def open_street(database: Database, authority_id: int, slug: str = "kcc") -> Street:
    """Two checkpoints, each with an agent that reported a running reader at noon."""
    street = Street(database, authority_id, slug)
    with database.write(authority_id) as session:
        for place, name_bn, name_en in (("pti-more", "পিটিআই মোড়", "PTI More"), ("rupsha", "রূপসা ঘাট", "Rupsha Ghat")):
            checkpoint = Checkpoint(slug=place, name_bn=name_bn, name_en=name_en, latitude=22.8, longitude=89.56)
            session.add(checkpoint)
            session.flush()
            agent = Agent(checkpoint_id=checkpoint.id, slug=f"agent-{place}", public_key=public_key_of(KEY))
            session.add(agent)
            session.flush()
            life = AgentLife(agent_id=agent.id, boot=BOOT, through=0, beyond=[], started_at=NOON)
            session.add_all([life, *_reports(agent.id)])
            session.flush()
            street.places[place], street.lives[place] = checkpoint.id, life.id
    return street


def _reports(agent_id: int) -> tuple[AgentState, AgentStateChange]:
    state = AgentState(
        agent_id=agent_id,
        boot=BOOT,
        is_online=True,
        at=NOON,
        received_at=NOON,
        version="1",
        spooled_batches=0,
        dropped_sightings=0,
        refused_batches=0,
        quarantined_batches=0,
        clock_offset_ms=12.0,
        readers=[{"reader": "north", "state": "running"}],
    )
    change = AgentStateChange(
        agent_id=agent_id, received_at=NOON - timedelta(hours=1), is_online=True, clock_offset_ms=12.0, readers={"north": "running"}
    )
    return state, change
