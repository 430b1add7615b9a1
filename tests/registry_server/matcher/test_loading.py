"""What is loaded in columns is what the tables say, on both engines."""

from datetime import UTC, date, datetime

from sqlalchemy import update

from registry_server.db import Database
from registry_server.epc_allocation.models import EpcAllocation, TagBinding
from registry_server.licences.models import Licence, Vehicle
from registry_server.licences.states import LicenceState
from registry_server.matcher.loading import load_tags
from registry_server.matcher.rules import TagRecord
from tests.registry_server.ingest.checkpoints import AUTHORITY, LAST_DAY, City, epc_of, tid_of

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LONG_TID, SHORT_EPC = bytes(range(40)), bytes.fromhex("3000e280")


def test_every_kind_of_tag_is_known_as_it_stands(database: Database) -> None:
    City(database).build(licences=9)
    with database.write() as session:
        session.execute(
            update(Licence).where(Licence.id == 2).values(state=LicenceState.SUSPENDED, state_since=AT, valid_until=date(1999, 12, 31))
        )
        session.execute(update(Licence).where(Licence.id == 3).values(state=LicenceState.CANCELLED, state_since=AT))
        session.execute(update(Vehicle).where(Vehicle.id == 4).values(stolen_at=AT))
        session.execute(update(EpcAllocation).where(EpcAllocation.id == 5).values(retired_at=AT))
        session.execute(update(TagBinding).where(TagBinding.id.in_([5, 6])).values(retired_at=AT))
        session.execute(update(TagBinding).where(TagBinding.id == 7).values(tid=LONG_TID))
        session.execute(update(EpcAllocation).where(EpcAllocation.id == 8).values(epc=SHORT_EPC))
        session.execute(update(TagBinding).where(TagBinding.id == 9).values(tid=LONG_TID[:4]))
    with database.read() as session:
        memory = load_tags(session)
    known = {number: memory.find(SHORT_EPC if number == 8 else bytes(epc_of(number))) for number in range(1, 11)}

    def record(number: int, state: LicenceState = LicenceState.ACTIVE, until: date = LAST_DAY, **what: object) -> TagRecord:
        since = datetime.fromtimestamp(0, UTC) if state is LicenceState.ACTIVE else AT
        return TagRecord(AUTHORITY, number, state, since, until, **{"tid": bytes(tid_of(number)), **what})  # type: ignore[arg-type]  # rows of the table

    assert known == {
        1: record(1),
        2: record(2, LicenceState.SUSPENDED, date(1999, 12, 31)),
        3: record(3, LicenceState.CANCELLED),
        4: record(4, stolen_at=AT),
        5: record(5, retired_at=AT, tid=None),
        6: record(6, tid=None),
        7: record(7, tid=LONG_TID),
        8: record(8),
        9: record(9, tid=LONG_TID[:4]),
        10: None,
    }


def test_an_empty_registry_knows_nothing(database: Database) -> None:
    with database.read() as session:
        assert load_tags(session).find(bytes(epc_of(1))) is None
