"""What a flag rests on is shown as it was signed, and says so when it no longer is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from registry_server.authorities.models import Agent
from registry_server.cases import evidence, page_facts
from registry_server.matcher.facts import Expired, Facts, ImpossibleTravel, NeverIssued, RetiredTag, Stolen, TidMismatch, UnknownTag
from registry_server.matcher.models import Flag
from registry_server.sightings.models import AgentStateChange, SignedMessage
from registry_server.web.texts import Language, Texts
from tests.registry_server.wall.street import NOON, STRANGER, Street

FOREIGN = UnknownTag("foreign")
TRAVEL = ImpossibleTravel(2, "রূপসা ঘাট", "Rupsha Ghat", NOON, 40.0, 214.5, 2.0, 3300, 4000, 40.0, "unknown")


def shown(street: Street) -> list[evidence.Seen]:
    with street.database.read(street.authority_id) as session:
        flags = session.scalars(select(Flag).order_by(Flag.id)).all()
        seen = evidence.sightings_of(session, flags)[flags[0].id]
        for one in seen:
            session.expunge(one.checkpoint)
        return seen


def test_a_sighting_stands_with_its_reads_its_clock_and_its_signed_message(street: Street) -> None:
    street.drive(STRANGER, FOREIGN)
    (seen,) = shown(street)
    assert (seen.reader, seen.antenna, seen.reads, seen.best_rssi_dbm, seen.clock_offset_ms) == ("north", 1, 37, -54.0, 12.0)
    assert (seen.epc, seen.tid, seen.message.agent, seen.message.holds) == (STRANGER.hex().upper(), None, "agent-pti-more", True)
    assert len(seen.message.sha256 or "") == 64


@pytest.mark.parametrize(
    ("damage", "holds"),
    [
        pytest.param(update(SignedMessage).values(payload=b"EBK1" + bytes(64) + b"{}"), False, id="other bytes"),
        pytest.param(update(SignedMessage).values(payload=b""), False, id="no bytes"),
        pytest.param(update(Agent).values(public_key=bytes(32)), False, id="another key"),
        pytest.param(delete(SignedMessage), None, id="not kept"),
    ],
)
def test_a_message_that_no_longer_holds_is_not_called_good(street: Street, damage: object, holds: bool | None) -> None:
    street.drive(STRANGER, FOREIGN)
    with street.database.write() as session:
        session.execute(damage)  # type: ignore[call-overload]  # rows of tests hold statements of several kinds
    (seen,) = shown(street)
    assert seen.message.holds is holds


def test_impossible_travel_shows_the_sightings_of_both_places(street: Street) -> None:
    other = street.drive(STRANGER, place="rupsha", at=NOON - timedelta(seconds=40))
    street.drive(STRANGER, TRAVEL, other_passage_id=other)
    assert [seen.checkpoint.slug for seen in shown(street)] == ["pti-more", "rupsha"]


def test_the_readers_are_shown_as_they_were_then(street: Street) -> None:
    street.drive(STRANGER, FOREIGN)
    with street.database.write(street.authority_id) as session:
        agent_id = session.scalars(select(Agent.id).where(Agent.slug == "agent-pti-more")).one()
        later = {"agent_id": agent_id, "is_online": False, "clock_offset_ms": None, "readers": {"north": "lost"}}
        session.add(AgentStateChange(**later, received_at=NOON + timedelta(minutes=5)))
    street.drive(STRANGER, FOREIGN, at=NOON + timedelta(minutes=6))
    with street.database.read(street.authority_id) as session:
        found = evidence.health_at(session, session.scalars(select(Flag)).all())
    assert [(health.is_healthy, health.readers) for _, health in sorted(found.items())] == [
        (True, (("north", "running"),)),
        (False, (("north", "lost"),)),
    ]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "facts",
    [
        UnknownTag("other_authority", 7),
        NeverIssued(12, 1, "not_bound"),
        RetiredTag(NOON),
        TidMismatch("E280", "E281"),
        Expired(date(2026, 6, 30), date(2026, 11, 22)),
        Stolen(datetime(2026, 11, 3, tzinfo=UTC)),
        TRAVEL,
    ],
    ids=lambda value: str(value.kind) if hasattr(value, "kind") else str(value),
)
def test_every_fact_has_a_label_and_a_value_that_people_read(facts: Facts, language: Language) -> None:
    texts = Texts.load()
    for line in page_facts.lines(facts, language):
        assert texts.has(f"cases.fact.{line.name}")
        assert line.shown or texts.has(f"cases.fact_value.{line.raw}")


def test_the_speed_that_it_would_have_taken_is_worked_out() -> None:
    lines = {line.name: line for line in page_facts.lines(TRAVEL, Language.BN)}
    assert (lines["speed_kmh"].raw, lines["speed_kmh"].shown) == ("360", "৩৬০")


def test_facts_of_another_version_are_shown_raw_instead_of_failing() -> None:
    found = page_facts.of_flag({"kind": "flying", "height_m": 3}, ["city.s93", "moon.s1"], Language.EN)
    assert found.sentence is None
    assert ("height_m", "3") in {(line.name, line.shown) for line in found.lines}
    assert len(found.sections) == 1
