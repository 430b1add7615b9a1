"""Decisions on both engines: exactly the flags that were looked at, once, on the record, and the licence untouched."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from registry_server.audit.models import AuditEntry
from registry_server.audit.service import Act
from registry_server.cases import queries, service
from registry_server.cases.models import Case, Decision
from registry_server.cases.queries import Filter
from registry_server.cases.rules import MOST_FOR_REPEATS, GroupKey, Looked, rank
from registry_server.cases.states import CaseState
from registry_server.db import Database
from registry_server.errors import Conflict, MoveRefused, NotFound
from registry_server.licences.models import Licence
from registry_server.licences.states import LicenceState
from registry_server.matcher.facts import Cancelled, Expired, Facts, Stolen, Suspended, UnknownTag
from registry_server.matcher.models import Flag
from registry_server.matcher.states import FlagKind, FlagState
from tests.registry_server.cases.conftest import add_authority
from tests.registry_server.wall.street import NOON, STRANGER, Street

EXPIRED = Expired(date(2026, 6, 30), date(2026, 11, 22))
STOLEN = Stolen(datetime(2026, 11, 3, tzinfo=UTC))
FOREIGN = UnknownTag("foreign")


def key_of(street: Street, licence_id: int, place: str = "pti-more") -> GroupKey:
    return GroupKey(licence_id, None, street.places[place])


def looked_at(street: Street, key: GroupKey) -> Looked:
    with street.database.read(street.authority_id) as session:
        return queries.looked_at(queries.open_flags(session, key))


def dismiss(street: Street, key: GroupKey, looked: Looked, act: Act) -> Decision:
    with street.database.write(street.authority_id) as session:
        return service.dismiss(session, key, looked, ("tag_fault", ""), act)


def confirm(street: Street, key: GroupKey, looked: Looked, act: Act) -> Case:
    with street.database.write(street.authority_id) as session:
        return service.confirm(session, key, looked, "চেসিস মেলে না", act)


def states(street: Street) -> list[FlagState]:
    with street.database.read(street.authority_id) as session:
        return [FlagState(state) for state in session.scalars(select(Flag.state).order_by(Flag.id))]


def actions(street: Street) -> list[str]:
    with street.database.read(street.authority_id) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_dismissal_closes_the_flags_and_says_why(street: Street, act: Act) -> None:
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, STOLEN, licence_id=licence_id)
    key = key_of(street, licence_id)
    decision = dismiss(street, key, looked_at(street, key), act)
    assert states(street) == [FlagState.DISMISSED] * 2
    assert (decision.reason, decision.decided_by, decision.decided_at) == ("tag_fault", "kcc.magistrate", NOON)
    assert actions(street) == ["flag:dismiss"]


def test_a_confirmation_opens_a_case_and_leaves_the_licence_alone(street: Street, act: Act) -> None:
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, licence_id=licence_id)
    key = key_of(street, licence_id)
    case = confirm(street, key, looked_at(street, key), act)
    assert (case.number, case.state, case.licence_id) == ("2026-27/00001", CaseState.OPEN, licence_id)
    assert actions(street) == ["flag:confirm", "case:open"]
    with street.database.read(street.authority_id) as session:
        assert [flag.case_id for flag in queries.flags_of_case(session, case.id)] == [case.id]
        assert session.get_one(Licence, licence_id).state == LicenceState.ACTIVE


def test_a_flag_that_came_after_the_look_stays_open(street: Street, act: Act) -> None:
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, licence_id=licence_id)
    key = key_of(street, licence_id)
    looked = looked_at(street, key)
    street.drive(epc, STOLEN, licence_id=licence_id)
    dismiss(street, key, looked, act)
    assert states(street) == [FlagState.DISMISSED, FlagState.OPEN]


def test_flags_of_the_same_bike_elsewhere_are_another_question(street: Street, act: Act) -> None:
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, licence_id=licence_id)
    street.drive(epc, EXPIRED, licence_id=licence_id, place="rupsha")
    key = key_of(street, licence_id)
    dismiss(street, key, looked_at(street, key), act)
    assert states(street) == [FlagState.DISMISSED, FlagState.OPEN]


def test_who_decides_second_is_told_by_whom_and_when(street: Street, act: Act) -> None:
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, licence_id=licence_id)
    key = key_of(street, licence_id)
    looked = looked_at(street, key)
    dismiss(street, key, looked, act)
    with pytest.raises(Conflict) as refused:
        confirm(street, key, looked, Act(act.authority_id, "other", NOON + timedelta(seconds=1)))
    assert refused.value.code == "already_decided"
    assert refused.value.facts == {"by": "kcc.magistrate", "at": NOON.isoformat()}
    assert states(street) == [FlagState.DISMISSED]


def test_who_looked_before_another_decided_does_not_decide_the_rest_unseen(street: Street, act: Act) -> None:
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, licence_id=licence_id)
    key = key_of(street, licence_id)
    early = looked_at(street, key)
    street.drive(epc, STOLEN, licence_id=licence_id)
    late = looked_at(street, key)
    dismiss(street, key, early, act)
    with pytest.raises(Conflict):
        confirm(street, key, late, act)
    assert states(street) == [FlagState.DISMISSED, FlagState.OPEN]


def test_of_two_who_decide_at_once_one_wins(street: Street, act: Act) -> None:
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, licence_id=licence_id)
    key = key_of(street, licence_id)
    looked, outcomes, ready = looked_at(street, key), [], threading.Barrier(2)

    def decide(by: str) -> None:
        ready.wait()
        try:
            confirm(street, key, looked, Act(act.authority_id, by, NOON))
            outcomes.append("won")
        except Conflict:
            outcomes.append("told")

    threads = [threading.Thread(target=decide, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["told", "won"]
    assert actions(street) == ["flag:confirm", "case:open"]


def test_case_numbers_have_no_gap_and_begin_again_with_the_fiscal_year(street: Street, act: Act) -> None:
    numbers = []
    for n, at in enumerate((NOON, NOON, datetime(2027, 6, 30, 18, 0, tzinfo=UTC))):  # the last is 1 July in Dhaka
        licence_id, epc = street.bike(n + 1)
        street.drive(epc, EXPIRED, licence_id=licence_id)
        key = key_of(street, licence_id)
        numbers.append(confirm(street, key, looked_at(street, key), Act(act.authority_id, act.by, at)).number)
    assert numbers == ["2026-27/00001", "2026-27/00002", "2027-28/00001"]


def test_nothing_can_be_decided_about_a_bike_without_flags(street: Street, act: Act) -> None:
    with pytest.raises(NotFound):
        dismiss(street, GroupKey(77, None, street.places["rupsha"]), Looked(1, 10), act)


def test_a_case_opened_by_mistake_is_withdrawn_once_with_the_reason(street: Street, act: Act) -> None:
    street.drive(STRANGER, FOREIGN)
    key = GroupKey(None, STRANGER, street.places["pti-more"])
    case = confirm(street, key, looked_at(street, key), act)
    with street.database.write(act.authority_id) as session:
        withdrawn = service.withdraw(session, case.id, "ভুল গাড়ি", act)
    assert (withdrawn.state, withdrawn.withdrawn_note) == (CaseState.WITHDRAWN, "ভুল গাড়ি")
    with pytest.raises(MoveRefused), street.database.write(act.authority_id) as session:
        service.withdraw(session, case.id, "again", act)


def test_another_authority_neither_sees_nor_decides(street: Street, act: Act, database: Database) -> None:
    street.drive(STRANGER, FOREIGN)
    key = GroupKey(None, STRANGER, street.places["pti-more"])
    other = add_authority(database, "bcc")
    with database.read(other) as session:
        assert queries.waiting(session, Filter()) == []
        assert queries.open_flags(session, key) == []
    with pytest.raises(NotFound), database.write(other) as session:
        service.dismiss(session, key, looked_at(street, key), ("tag_fault", ""), Act(other, "x", NOON))


def test_the_queue_is_ordered_by_rank_then_by_newest(street: Street) -> None:
    with_kinds: list[tuple[int, list[Facts]]] = [
        (1, [EXPIRED]),
        (2, [STOLEN]),
        (3, [EXPIRED]),
        (4, [Suspended(date(2027, 6, 30), NOON)]),
        (1, [EXPIRED]),
        (5, [Cancelled(date(2027, 6, 30), NOON), EXPIRED]),
    ]
    bikes = {n: street.bike(n) for n in range(1, 6)}
    for n, facts in with_kinds:
        street.drive(bikes[n][1], *facts, licence_id=bikes[n][0])
    street.drive(STRANGER, FOREIGN)
    with street.database.read(street.authority_id) as session:
        found = queries.waiting(session, Filter())
        pages, after = [], None
        while page := queries.waiting(session, Filter(), after, limit=2):
            pages += page
            after = page[-1].place
    assert [one.bike.licence_id if one.bike else None for one in found] == [bikes[n][0] for n in (2, 5, 4, 1, 3)] + [None]
    assert [one.key for one in pages] == [one.key for one in found]


def test_the_order_in_sql_is_the_pure_rule(street: Street) -> None:
    licence_id, epc = street.bike(1)
    for n in range(MOST_FOR_REPEATS + 4):
        street.drive(epc, EXPIRED, *([STOLEN] if n == 3 else []), licence_id=licence_id)
        with street.database.read(street.authority_id) as session:
            (one,) = queries.waiting(session, Filter())
            groups = queries._groups(Filter()).subquery()
            assert session.execute(select(groups.c.rank)).scalar_one() == rank(one.kinds, n + 1).value


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        pytest.param(lambda _: Filter(), {1, 2}, id="everything"),
        pytest.param(lambda _: Filter(kind=FlagKind.STOLEN), {2}, id="one kind"),
        pytest.param(lambda street: Filter(checkpoint_id=street.places["rupsha"]), {2}, id="one checkpoint"),
        pytest.param(lambda _: Filter(day=date(2026, 11, 22)), {1}, id="one day in Dhaka"),
        pytest.param(lambda _: Filter(day=date(2026, 11, 24)), set(), id="a day without flags"),
    ],
)
def test_the_queue_is_filtered(street: Street, wanted: object, seen: set[int]) -> None:
    assert callable(wanted)
    bikes = [street.bike(n) for n in (1, 2)]
    street.drive(bikes[0][1], EXPIRED, licence_id=bikes[0][0], at=datetime(2026, 11, 22, 17, 59, tzinfo=UTC))
    street.drive(bikes[1][1], STOLEN, EXPIRED, licence_id=bikes[1][0], place="rupsha", at=datetime(2026, 11, 22, 18, 0, tzinfo=UTC))
    with street.database.read(street.authority_id) as session:
        filter_ = wanted(street)
        assert {one.bike.number[-1] for one in queries.waiting(session, filter_) if one.bike} == set(map(str, seen))
        assert queries.totals(session, filter_).groups == len(seen)


def test_the_bikes_history_is_shown_with_its_decisions(street: Street, act: Act) -> None:
    licence_id, epc = street.bike(1)
    street.drive(epc, EXPIRED, licence_id=licence_id)
    key = key_of(street, licence_id)
    dismiss(street, key, looked_at(street, key), act)
    street.drive(epc, STOLEN, licence_id=licence_id, place="rupsha")
    street.drive(epc, STOLEN, licence_id=licence_id)
    with street.database.read(street.authority_id) as session:
        found = [
            (one.flag.kind, one.checkpoint.slug, one.decision.reason if one.decision else None) for one in queries.earlier(session, key)
        ]
    assert found == [("stolen", "rupsha", None), ("expired", "pti-more", "tag_fault")]
