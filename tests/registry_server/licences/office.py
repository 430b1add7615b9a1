"""A licence office to test with: a made-up city, its keys, and made-up bikes."""

import random
from dataclasses import replace
from datetime import UTC, datetime

from registry_server.audit.service import Act
from registry_server.authorities.models import Authority
from registry_server.db import Database
from registry_server.licences import service
from registry_server.licences.models import Licence
from registry_server.licences.registration import RegistrationForm, VehicleFacts
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.people.owner_facts import OwnerFacts
from registry_server.secrets_box import SecretsBox

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
SECRETS = SecretsBox(field_key=b"f" * 32, index_key=b"i" * 32, qr_key=b"q" * 32)
random_bits = random.Random(1).getrandbits


def open_office(database: Database, slug: str = "kcc") -> Act:
    with database.write() as session:
        authority = Authority(
            slug=slug,
            name_bn="খুলনা সিটি কর্পোরেশন",
            name_en="Khulna City Corporation",
            plate_prefix_bn="খুলনা",
            plate_prefix_en="KCC",
            law="city_corporation_2009",
            afi=0x92,
            wards=31,
        )
        session.add(authority)
        session.flush()
        return Act(authority.id, "rokeya", AT)


def form(n: int = 1, **changes: object) -> RegistrationForm:
    """The n-th made-up registration; `changes` replace fields of the owner or the vehicle, or of the form."""
    owner = OwnerFacts(f"উদাহরণ মালিক {n}", f"Example Owner {n}", "উদাহরণ পিতা", f"{1_000_000_000 + n}", f"+88017{n:08d}", 12, "৪৫/ক")
    vehicle = VehicleFacts(VehicleClass.PASSENGER, f"CHASSIS{n:05d}", f"M-{n}", "সবুজ", "উদাহরণ মোটরস", "lead-acid 5 x 12V 140Ah")
    whole = RegistrationForm(owner, vehicle)
    owner_changes = {name: value for name, value in changes.items() if name in OwnerFacts.__slots__}
    vehicle_changes = {name: value for name, value in changes.items() if name in VehicleFacts.__slots__}
    form_changes = {name: value for name, value in changes.items() if name in {"fiscal_year", "form_id"}}
    return replace(whole, owner=replace(owner, **owner_changes), vehicle=replace(vehicle, **vehicle_changes), **form_changes)  # type: ignore[arg-type]  # rows of tests name fields


def register(database: Database, act: Act, what: RegistrationForm | None = None) -> Licence:
    with database.write(act.authority_id) as session:
        return service.register(session, what or form(), act=act, secrets=SECRETS, random_bits=random_bits)
