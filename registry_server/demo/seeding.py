"""Filling the demo city's registry: places, agents, officers, a desk, and a few hundred bikes with a story each."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.audit.service import Act
from registry_server.authorities.models import Agent, Authority, Checkpoint
from registry_server.clock import dhaka_date, fiscal_year_of
from registry_server.db import Database
from registry_server.demo.city import AFI, AUTHORITY_SLUG, CHECKPOINTS, DESK_NAME, STORIES, Story
from registry_server.demo.stage import agent_key_file, write_agent_file
from registry_server.demo.traffic import Bike
from registry_server.epc_allocation import service as epc_allocation
from registry_server.errors import SetupError
from registry_server.issuance.desks import add_desk
from registry_server.licences import service as licences
from registry_server.licences.models import Licence
from registry_server.licences.registration import RegistrationForm, VehicleFacts
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.people.models import Officer, Role
from registry_server.people.owner_facts import OwnerFacts
from registry_server.people.passwords import hash_password
from registry_server.secrets_box import SecretsBox
from schemas.signing import new_private_key, public_key_of
from schemas.tid import Tid

COLOURS = ("সবুজ", "নীল", "লাল", "হলুদ")
TID_HEAD = bytes.fromhex("E28011602000")  # a common chip model with a 48-bit serial number behind
OUTSIDER_EPC_HEAD = bytes.fromhex("E2801160")  # what a tag answers that was never written: nearly its own TID


@dataclass(frozen=True, slots=True)
class SignIn:
    """One officer of the demo."""

    role: Role
    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the demo needs to know of the registry it filled."""

    authority_id: int
    sign_ins: tuple[SignIn, ...]
    desk_token: str
    bikes: tuple[Bike, ...]


class Seeding:
    """Fills an empty registry. Randomness comes in, so that a demo can be shown again as it was."""

    def __init__(self, secrets: SecretsBox, folder: Path, at: datetime, rng: random.Random) -> None:
        self._secrets = secrets
        self._folder = folder
        self._at = at
        self._rng = rng
        self._count = 0

    def fill(self, database: Database, broker_url: str, go_on: Callable[[], None] = lambda: None) -> Seeded:
        """`go_on` is called before each bike; what it raises leaves the registry empty. Raises SetupError for one that is not."""
        with database.write() as session:
            _require_empty(session)
            authority = self._authority(session)
            act = Act(authority.id, "system:demo", self._at)
            self._checkpoints(session, authority, broker_url)
            sign_ins = tuple(self._officers(session, authority))
            token = self._rng.randbytes(24).hex()
            add_desk(session, DESK_NAME, token, act=act)
            bikes = tuple(self._bikes(session, act, go_on))
        return Seeded(authority.id, sign_ins, token, bikes)

    def new_chip(self) -> Tid:
        return Tid(TID_HEAD + self._rng.randbytes(6))

    def blank_epc(self, tid: Tid) -> bytes:
        """What a chip answers before anybody wrote it."""
        return OUTSIDER_EPC_HEAD + bytes(2) + tid[-6:]

    def _authority(self, session: Session) -> Authority:
        authority = Authority(
            slug=AUTHORITY_SLUG,
            name_bn="খুলনা সিটি কর্পোরেশন",
            name_en="Khulna City Corporation",
            plate_prefix_bn="খুলনা",
            plate_prefix_en="KCC",
            law="city_corporation_2009",
            afi=AFI,
            helpline="",
            wards=31,
        )
        session.add(authority)
        session.flush()
        return authority

    def _checkpoints(self, session: Session, authority: Authority, broker_url: str) -> None:
        for place in CHECKPOINTS:
            checkpoint = Checkpoint(
                authority_id=authority.id,
                slug=place.slug,
                name_bn=place.name_bn,
                name_en=place.name_en,
                latitude=place.latitude,
                longitude=place.longitude,
            )
            session.add(checkpoint)
            session.flush()
            key = new_private_key()
            path = agent_key_file(self._folder, place)
            path.touch(mode=0o600)
            path.write_text(key.hex())
            write_agent_file(self._folder, place, broker_url)
            agent = Agent(
                authority_id=authority.id,
                checkpoint_id=checkpoint.id,
                slug=f"{place.slug}-1",
                public_key=public_key_of(key),
                is_revoked=False,
            )
            session.add(agent)

    def _officers(self, session: Session, authority: Authority) -> Iterator[SignIn]:
        for role in Role:
            sign_in = SignIn(role, role.replace("_", "-"), f"demo-{self._rng.randbytes(5).hex()}")
            session.add(
                Officer(
                    authority_id=authority.id,
                    sign_in_name=sign_in.name,
                    full_name=f"Demo {role.replace('_', ' ')}",
                    role=role,
                    password_hash=hash_password(sign_in.password),
                    must_change_password=False,
                    is_disabled=False,
                    created_at=self._at,
                )
            )
            yield sign_in

    def _bikes(self, session: Session, act: Act, go_on: Callable[[], None]) -> Iterator[Bike]:
        for story, facts in STORIES.items():
            for _ in range(facts.bikes):
                go_on()
                yield self._bike(session, story, act)

    def _bike(self, session: Session, story: Story, act: Act) -> Bike:
        tid = self.new_chip()
        if story is Story.OUTSIDER:
            return Bike(story, tid.hex()[-6:], self.blank_epc(tid), tid)
        licence = self._register(session, act)
        allocation = epc_allocation.find_newest(session, licence.id)
        assert allocation is not None  # registering allocates
        if story is not Story.NEVER_ISSUED:
            epc_allocation.bind(session, allocation, tid, act=act)
        self._live(session, licence, story, act)
        carried = self.new_chip() if story is Story.CLONED else tid
        return Bike(story, licence.number, allocation.epc, carried)

    def _live(self, session: Session, licence: Licence, story: Story, act: Act) -> None:
        """What happened to the bike since it was registered."""
        reason = "demo"
        match story:
            case Story.SUSPENDED:
                licences.suspend(session, licence.id, reason, act=act)
            case Story.CANCELLED:
                licences.cancel(session, licence.id, reason, act=act)
            case Story.STOLEN:
                licences.report_stolen(session, licence.id, reason, act=act)
            case Story.RETIRED:
                licences.replace_tag(session, licence.id, reason, act=act, random_bits=self._rng.getrandbits)
            case Story.EXPIRED:
                licence.issued_on, licence.valid_until = self._last_term(act)
            case _:
                pass

    def _last_term(self, act: Act) -> tuple[date, date]:
        ended_on = date(fiscal_year_of(dhaka_date(act.at)), 6, 30)
        return ended_on - timedelta(days=300), ended_on

    def _register(self, session: Session, act: Act) -> Licence:
        self._count += 1
        number = self._count
        owner = OwnerFacts(
            name_bn=f"উদাহরণ মালিক {number}",
            name_en=f"Example Owner {number}",
            guardian_name=f"Example Guardian {number}",
            nid=f"{9_000_000_000 + number}",
            mobile=f"+88017{number:08d}",
            ward=number % 31 + 1,
            holding=str(number),
        )
        vehicle = VehicleFacts(
            vehicle_class=VehicleClass.GOODS if number % 6 == 0 else VehicleClass.PASSENGER,
            chassis=f"DEMO{number:07d}",
            motor=f"M{number:06d}",
            colour=COLOURS[number % len(COLOURS)],
            maker="Example",
            battery="lead-acid 5 x 12V",
        )
        earlier = replace(act, at=act.at - timedelta(hours=1))
        return licences.register(
            session, RegistrationForm(owner, vehicle), act=earlier, secrets=self._secrets, random_bits=self._rng.getrandbits
        )


def _require_empty(session: Session) -> None:
    """The demo's officers have passwords that its seed tells: they must not come into a city's own registry."""
    if session.scalar(select(Authority.slug).limit(1)) is not None:
        raise SetupError(
            "this registry holds data already, and the demo fills an empty one. "
            "Give --data-dir a new folder, or --database-url an empty database."
        )
