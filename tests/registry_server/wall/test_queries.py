"""What passed since a position, on both engines: everything once, with all its flags, in a bounded number of statements."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from registry_server.authorities.models import Agent
from registry_server.clock import SystemClock
from registry_server.db import Database
from registry_server.matcher.facts import Expired, Facts, Stolen, UnknownTag
from registry_server.matcher.models import Flag
from registry_server.sightings.models import AgentState, Passage
from registry_server.wall import queries
from registry_server.wall.board import Passed
from registry_server.wall.position import Position
from registry_server.wall.source import DatabaseSource
from tests.registry_server.cases.conftest import add_authority
from tests.registry_server.wall.street import NOON, STRANGER, Street, open_street

EXPIRED = Expired(date(2026, 6, 30), date(2026, 11, 22))
STOLEN = Stolen(datetime(2026, 11, 3, tzinfo=UTC))
BEGIN = Position(0, 0)
MANY = 1_000_000


@pytest.fixture
def street(database: Database) -> Street:
    return open_street(database, add_authority(database, "kcc"))


def after(street: Street, position: Position, limit: int = queries.ALL) -> queries.Page:
    with street.database.read(street.authority_id) as session:
        return queries.passed_after(session, position, limit)


def kinds(passed: list[Passed]) -> list[list[str]]:
    return [[flag.kind.value for flag in one.flags] for one in passed]


def test_a_passage_comes_with_its_plate_its_place_and_all_its_flags(street: Street) -> None:
    licence_id, epc = street.bike(7, colour="লাল")
    street.drive(epc, EXPIRED, STOLEN, licence_id=licence_id, lane="out")
    street.drive(STRANGER, UnknownTag("foreign"), place="rupsha")
    known, stranger = after(street, BEGIN).passed
    assert known.bike is not None
    assert (known.bike.plate, known.bike.colour, known.checkpoint, known.lane) == (
        ("খুলনা-প ০০০০০৭", "KCC-P 000007"),
        "লাল",
        "pti-more",
        "out",
    )
    assert (stranger.bike, stranger.epc, stranger.place.bn) == (None, STRANGER.hex().upper(), "রূপসা ঘাট")
    assert kinds([known, stranger]) == [["expired", "stolen"], ["unknown_tag"]]


def test_reading_on_from_a_position_gives_each_passage_once(street: Street) -> None:
    ids = [street.drive(STRANGER) for _ in range(5)]
    position, wholes = BEGIN, []
    seen: list[int] = []
    for _ in range(3):
        page = after(street, position, limit=2)
        position, seen = page.position, seen + [passed.id for passed in page.passed]
        wholes.append(page.is_whole)
    assert seen == ids
    assert wholes == [False, False, True]


def test_a_passage_that_is_flagged_later_comes_again_with_all_flags(street: Street) -> None:
    licence_id, epc = street.bike(1)
    first = street.drive(epc, EXPIRED, licence_id=licence_id)
    position = after(street, BEGIN).position
    street.flag_late(first, STOLEN)
    second = street.drive(STRANGER)
    page = after(street, position)
    assert [passed.id for passed in page.passed] == [second, first]
    assert kinds(page.passed) == [[], ["expired", "stolen"]]
    assert after(street, page.position).passed == []


def test_the_number_of_statements_does_not_grow_with_what_passed(street: Street) -> None:
    licence_id, epc = street.bike(1)
    street.drive_all([(epc, (EXPIRED,) if n % 3 else ()) for n in range(60)], licence_id=licence_id)
    statements: list[str] = []
    event.listen(street.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert len(after(street, BEGIN).passed) == 60
    assert len(statements) <= 3


def test_the_source_gives_what_came_after_it_opened_by_authority(street: Street) -> None:
    other = open_street(street.database, add_authority(street.database, "bcc"), "bcc")
    street.drive(STRANGER)
    source = DatabaseSource.open(street.database, SystemClock())
    mine, theirs = street.drive(STRANGER), other.drive(STRANGER)
    _, found = source.read()
    assert {authority_id: [passed.id for passed in rows] for authority_id, rows in found.items()} == {
        street.authority_id: [mine],
        other.authority_id: [theirs],
    }
    assert source.read()[1] == {}


def test_a_session_of_one_authority_reads_only_its_own(street: Street) -> None:
    other = open_street(street.database, add_authority(street.database, "bcc"), "bcc")
    other.drive(STRANGER, UnknownTag("foreign"))
    assert after(street, BEGIN).passed == []
    with street.database.read(street.authority_id) as session:
        assert queries.latest_flagged(session, None, 10) == []
        assert queries.latest_clear(session, None, 10) == []


def test_the_latest_are_newest_first_and_can_be_of_one_checkpoint(street: Street) -> None:
    clear = [street.drive(STRANGER), street.drive(STRANGER, place="rupsha"), street.drive(STRANGER)]
    flagged = [street.drive(STRANGER, UnknownTag("foreign"), place=place) for place in ("rupsha", "pti-more")]
    with street.database.read(street.authority_id) as session:
        assert [passed.id for passed in queries.latest_clear(session, None, 2)] == [clear[2], clear[1]]
        assert [passed.id for passed in queries.latest_clear(session, street.places["rupsha"], 9)] == [clear[1]]
        assert [passed.id for passed in queries.latest_flagged(session, None, 9)] == flagged[::-1]
        assert [passed.id for passed in queries.latest_flagged(session, street.places["rupsha"], 9)] == flagged[:1]


def test_a_quiet_checkpoint_shows_its_latest_however_much_passed_at_busy_ones(street: Street) -> None:
    clear, flagged = street.drive(STRANGER, place="rupsha"), street.drive(STRANGER, UnknownTag("foreign"), place="rupsha")
    busy = street.drive(STRANGER, UnknownTag("foreign"))
    with street.database.write() as session:  # as if a million had passed there since
        session.execute(update(Passage).where(Passage.id == busy).values(id=busy + MANY))
        session.execute(update(Flag).where(Flag.passage_id == busy).values(id=Flag.id + MANY, passage_id=busy + MANY))
    with street.database.read(street.authority_id) as session:
        assert [passed.id for passed in queries.latest_clear(session, street.places["rupsha"], 9)] == [clear]
        assert [passed.id for passed in queries.latest_flagged(session, street.places["rupsha"], 9)] == [flagged]


def test_the_last_minute_is_counted_by_checkpoint(street: Street) -> None:
    street.drive(STRANGER, at=NOON - timedelta(seconds=90))
    street.drive(STRANGER, at=NOON - timedelta(seconds=20))
    street.drive(STRANGER, UnknownTag("foreign"), at=NOON - timedelta(seconds=10))
    with street.database.read() as session:
        found = queries.health(session, [street.authority_id], NOON)[street.authority_id]
    assert [(place.slug, place.passages, place.flagged) for place in found] == [("pti-more", 2, 1), ("rupsha", 0, 0)]


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        pytest.param({}, [], id="healthy"),
        pytest.param({"is_online": False}, ["offline"], id="offline"),
        pytest.param({"received_at": NOON - timedelta(minutes=5)}, ["silent"], id="silent"),
        pytest.param({"spooled_batches": 21}, ["spool"], id="late"),
        pytest.param({"dropped_sightings": 1}, ["dropped"], id="lost reads"),
        pytest.param({"refused_batches": 3}, ["refused"], id="messages that the registry did not take"),
        pytest.param({"quarantined_batches": 1}, ["damaged"], id="messages damaged on its disk"),
        pytest.param({"readers": [{"reader": "north", "state": "lost"}]}, ["reader_lost"], id="a reader is lost"),
    ],
)
def test_a_checkpoint_says_why_it_cannot_be_relied_on(street: Street, change: dict[str, object], faults: list[str]) -> None:
    with street.database.write() as session:
        agent_id = session.scalars(select(Agent.id).where(Agent.slug == "agent-rupsha")).one()
        state = session.get_one(AgentState, agent_id)
        for name, value in change.items():
            setattr(state, name, value)
    with street.database.read() as session:
        _, rupsha = queries.health(session, [street.authority_id], NOON)[street.authority_id]
    assert rupsha.faults(NOON) == faults


def test_an_agent_that_was_never_heard_or_never_installed_is_no_health(street: Street) -> None:
    with street.database.write() as session:
        session.execute(update(Agent).where(Agent.slug == "agent-rupsha").values(is_revoked=True))
        session.query(AgentState).delete()
    with street.database.read() as session:
        pti_more, rupsha = queries.health(session, [street.authority_id], NOON)[street.authority_id]
    assert (pti_more.faults(NOON), rupsha.faults(NOON)) == (["never_heard"], ["no_agent"])


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_from_the_very_beginning_every_page_is_bounded_and_all_is_told(street: Street, limit: int) -> None:
    licence_id, epc = street.bike(1)
    both: list[Facts] = [EXPIRED, STOLEN]
    passages = [street.drive(epc, *both[: n % 3], licence_id=licence_id) for n in range(9)]
    late = [street.flag_late(passages[n], STOLEN) for n in (0, 3)]
    position, last_told, pages = BEGIN, dict[int, int](), 0
    while True:
        page = after(street, position, limit)
        assert len(page.passed) <= 2 * limit
        assert page.position >= position
        last_told |= {passed.id: len(passed.flags) for passed in page.passed}
        position, pages = page.position, pages + 1
        if page.is_whole:
            break
        assert pages < 100
    assert last_told == {id_: n % 3 + (n in (0, 3)) for n, id_ in enumerate(passages)}
    assert position == Position(passages[-1], late[-1])


def test_the_last_minute_is_counted_whole_however_many_passed(street: Street) -> None:
    other = open_street(street.database, add_authority(street.database, "bcc"), "bcc")
    long_ago = street.drive(STRANGER, at=NOON - timedelta(minutes=5))
    first = street.drive(STRANGER, at=NOON - timedelta(seconds=30))
    with street.database.write() as session:  # as if tens of thousands of another city's had come since
        session.execute(update(Passage).where(Passage.id == long_ago).values(id=1))
        session.execute(update(Passage).where(Passage.id == first).values(id=2))
    other.drive(STRANGER, at=NOON - timedelta(seconds=20))
    with street.database.write() as session:
        session.execute(update(Passage).where(Passage.id > 2).values(id=200_000))
    with street.database.read(street.authority_id) as session:
        found = queries.health(session, [street.authority_id], NOON)[street.authority_id]
    assert [place.passages for place in found] == [1, 0]
