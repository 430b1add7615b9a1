"""Authorities get the numbers that stand in their tags, on both engines."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from registry_server.audit.models import AuditEntry
from registry_server.audit.service import Act
from registry_server.authorities import service
from registry_server.authorities.queries import get_agent
from registry_server.authorities.service import LARGEST_NUMBER, NewAgent, NewAuthority, NewCheckpoint
from registry_server.db import Database
from registry_server.errors import Conflict, FieldProblem, NotFound

ACT = Act(0, "cli:engineer", datetime(2026, 11, 22, 6, 30, tzinfo=UTC))
NEW = NewAuthority("kcc", "খুলনা সিটি কর্পোরেশন", "Khulna City Corporation", "খুলনা", "KCC", "city_corporation_2009")
PLACE = NewCheckpoint("pti-more", "পিটিআই মোড়", "PTI More", 22.8, 89.5)


def add(database: Database, slug: str, number: int | None = None) -> int:
    with database.write() as session:
        return service.add_authority(session, replace(NEW, slug=slug, number=number), ACT).id


@pytest.mark.parametrize(
    ("given", "next_one"),
    [
        pytest.param([None], 2, id="after one without a number"),
        pytest.param([1], 2, id="after one with a number, which no sequence counted"),
        pytest.param([7, None], 9, id="after the largest"),
    ],
)
def test_an_authority_without_a_number_gets_the_next(database: Database, given: list[int | None], next_one: int) -> None:
    for place, number in enumerate(given):
        add(database, f"city-{place}", number)
    assert add(database, "next") == next_one


def test_a_number_that_tags_cannot_hold_is_not_given(database: Database) -> None:
    add(database, "last", LARGEST_NUMBER)
    with pytest.raises(FieldProblem, match="authority_number"):
        add(database, "one-more")


@pytest.mark.parametrize("again", [("kcc", None), ("other", 1)], ids=["name", "number"])
def test_a_name_and_a_number_are_given_once(database: Database, again: tuple[str, int | None]) -> None:
    add(database, "kcc", 1)
    with pytest.raises(Conflict, match="authority_exists"):
        add(database, *again)


def test_two_authorities_may_call_their_checkpoints_and_agents_alike(database: Database) -> None:
    for slug in ("kcc", "bcc"):
        act = replace(ACT, authority_id=add(database, slug))
        with database.write(act.authority_id) as session:
            place = service.add_checkpoint(session, PLACE, act)
            agent = service.add_agent(session, NewAgent("box-1", "pti-more", "ab" * 32), act)
            assert (place.authority_id, agent.authority_id, agent.checkpoint_id) == (act.authority_id, act.authority_id, place.id)


def test_an_agent_of_another_authority_is_not_revoked(database: Database) -> None:
    mine, theirs = (replace(ACT, authority_id=add(database, slug)) for slug in ("kcc", "bcc"))
    with database.write(theirs.authority_id) as session:
        service.add_checkpoint(session, PLACE, theirs)
        service.add_agent(session, NewAgent("box-1", "pti-more", "ab" * 32), theirs)
    with pytest.raises(NotFound), database.write(mine.authority_id) as session:
        service.revoke_agent(session, "box-1", mine)
    with database.read(theirs.authority_id) as session:
        assert not get_agent(session, "box-1").is_revoked


def test_what_was_set_up_stands_in_the_log_of_its_authority(database: Database) -> None:
    act = replace(ACT, authority_id=add(database, "kcc"))
    with database.write(act.authority_id) as session:
        service.add_checkpoint(session, PLACE, act)
        service.add_agent(session, NewAgent("box-1", "pti-more", "ab" * 32), act)
        service.revoke_agent(session, "box-1", act)
    with database.read(act.authority_id) as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["authority:add", "checkpoint:add", "agent:add", "agent:revoke"]
