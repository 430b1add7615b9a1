"""What the licence office does, on both engines."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry_server.audit.models import AuditEntry
from registry_server.audit.service import Act
from registry_server.db import Database
from registry_server.epc_allocation import service as epc_allocation
from registry_server.epc_allocation.models import EpcAllocation
from registry_server.errors import Conflict, FieldProblem, MoveRefused, NotFound
from registry_server.licences import service
from registry_server.licences.models import Licence, RegistryChange
from registry_server.licences.queries import namesakes_of
from registry_server.licences.states import LicenceState
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.people.models import Owner
from schemas.epc import ClosedEpc, Epc
from schemas.tid import Tid
from tests.registry_server.licences.office import SECRETS, form, open_office, random_bits, register

FORM_ID = "5f3b1c9e-8a64-4a53-9d3a-0d6f7a1c2b3d"
REASON = "শুনানির আদেশ ১২"
Verb = Callable[[Session, int, Act], object]


def suspend(session: Session, licence_id: int, act: Act) -> object:
    return service.suspend(session, licence_id, REASON, act=act)


def resume(session: Session, licence_id: int, act: Act) -> object:
    return service.resume(session, licence_id, REASON, act=act)


def cancel(session: Session, licence_id: int, act: Act) -> object:
    return service.cancel(session, licence_id, REASON, act=act)


def report_stolen(session: Session, licence_id: int, act: Act) -> object:
    return service.report_stolen(session, licence_id, REASON, act=act)


def report_found(session: Session, licence_id: int, act: Act) -> object:
    return service.report_found(session, licence_id, REASON, act=act)


def renew(session: Session, licence_id: int, act: Act) -> object:
    return service.renew(session, licence_id, 2027, act=act)


def replace_tag(session: Session, licence_id: int, act: Act) -> object:
    return service.replace_tag(session, licence_id, REASON, act=act, random_bits=random_bits)


def run(database: Database, act: Act, licence: Licence, *verbs: Verb) -> Licence:
    for verb in verbs:
        with database.write(act.authority_id) as session:
            verb(session, licence.id, act)
    with database.read(act.authority_id) as session:
        found = service.get_record(session, licence.id)
        session.expunge_all()
    return found


def changes_of(database: Database, licence: Licence) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(RegistryChange.licence_id == licence.id)) or 0


def actions_of(database: Database, licence: Licence) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(AuditEntry.action).where(AuditEntry.subject == licence.number).order_by(AuditEntry.id)))


def test_a_registration_gives_number_term_and_first_epc(database: Database, act: Act) -> None:
    licence = register(database, act)
    assert (licence.number, licence.state, licence.issued_on, licence.valid_until) == (
        "KCC-P-000001",
        LicenceState.ACTIVE,
        date(2026, 11, 22),
        date(2027, 6, 30),
    )
    with database.read(act.authority_id) as session:
        allocation = epc_allocation.find_newest(session, licence.id)
        owner = session.get_one(Owner, licence.owner_id)
        session.expunge_all()
    assert allocation is not None
    fields = ClosedEpc.find_in(Epc(allocation.epc))
    assert fields is not None
    assert (fields.authority, fields.serial, fields.issue) == (act.authority_id, 1, 1)
    assert b"1000000001" not in owner.nid_encrypted
    assert owner.nid_tail == "0001"
    assert actions_of(database, licence) == ["licence:register"]
    assert changes_of(database, licence) == 1


def test_a_licence_is_dated_by_the_day_in_dhaka(database: Database, act: Act) -> None:
    late = replace(act, at=datetime(2027, 6, 30, 18, 30, tzinfo=UTC))  # half past midnight on 1 July in Khulna
    licence = register(database, late)
    assert (licence.issued_on, licence.valid_until) == (date(2027, 7, 1), date(2028, 6, 30))


def test_the_same_form_sent_twice_makes_one_licence(database: Database, act: Act) -> None:
    first, second = (register(database, act, form(form_id=FORM_ID)) for _ in range(2))
    assert first.id == second.id


def test_a_form_that_came_back_by_the_back_button_registers_the_next_person(database: Database, act: Act) -> None:
    first, second = (register(database, act, form(n, form_id=FORM_ID)) for n in (1, 2))
    assert (first.serial, second.serial) == (1, 2)


def test_what_was_corrected_after_the_back_button_is_not_lost_without_a_word(database: Database, act: Act) -> None:
    register(database, act, form(form_id=FORM_ID))
    with pytest.raises(Conflict, match="owner_has_licence"):
        register(database, act, form(form_id=FORM_ID, colour="লাল"))


@pytest.mark.parametrize(
    ("second", "code"),
    [
        pytest.param({"nid": "1000000001"}, "owner_has_licence", id="one person, one licence"),
        pytest.param({"chassis": "CHASSIS00001"}, "chassis_has_licence", id="one bike, one licence"),
    ],
)
def test_a_conflict_names_the_other_licence_and_leaves_nothing(database: Database, act: Act, second: dict[str, str], code: str) -> None:
    first = register(database, act)
    with pytest.raises(Conflict) as refused:
        register(database, act, form(2, **second))
    assert (refused.value.code, refused.value.facts) == (code, {"number": first.number})
    assert register(database, act, form(3)).serial == 2


def test_17_digits_are_the_13_digits_of_the_same_person(database: Database, act: Act) -> None:
    register(database, act, form(1, nid="1234567890123"))
    with pytest.raises(Conflict, match="owner_has_licence"):
        register(database, act, form(2, nid="19801234567890123"))


@pytest.mark.parametrize(
    ("other", "verbs", "is_shown"),
    [
        pytest.param({}, (), True, id="the same names"),
        pytest.param({"name_bn": "মোঃ রহিম মিয়া", "guardian_name": "আব্দুল করীম"}, (), True, id="in other spellings"),
        pytest.param({"guardian_name": "অন্য পিতা"}, (), False, id="another father"),
        pytest.param({"name_bn": "মোঃ কাদের মিয়া"}, (), False, id="another name"),
        pytest.param({}, (cancel,), False, id="a cancelled licence"),
    ],
)
def test_ten_and_seventeen_digits_do_not_meet_so_the_officer_sees_who_has_the_same_names(
    database: Database, act: Act, other: dict[str, str], verbs: tuple[Verb, ...], is_shown: bool
) -> None:
    names = {"name_bn": "মোহাম্মদ রহিম মিয়া", "guardian_name": "আব্দুল করিম"}
    first = run(database, act, register(database, act, form(1, nid="19801234567890123", **names | other)), *verbs)
    second = register(database, act, form(2, nid="5551234567", **names))
    with database.read(act.authority_id) as session:
        found = [licence.number for licence in namesakes_of(session, service.get_record(session, second.id))]
    assert found == ([first.number] if is_shown else [])


def test_after_cancelling_person_and_bike_may_be_registered_anew(database: Database, act: Act) -> None:
    first = register(database, act)
    run(database, act, first, cancel)
    again = register(database, act, form(1, mobile="+8801999999999"))
    assert (again.owner_id, again.vehicle_id, again.serial) == (first.owner_id, first.vehicle_id, 2)
    with database.read(act.authority_id) as session:
        assert session.get_one(Owner, again.owner_id).mobile == "+8801999999999"


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        pytest.param({}, None, id="nothing: nothing is said"),
        pytest.param({"mobile": "+8801999888777"}, {"mobile": ["+8801700000001", "+8801999888777"]}, id="the owner"),
        pytest.param({"colour": "নীল"}, {"colour": ["সবুজ", "নীল"]}, id="the bike"),
        pytest.param(
            {"name_bn": "অন্য নাম", "ward": 3, "vehicle_class": VehicleClass.GOODS},
            {"name_bn": ["উদাহরণ মালিক 1", "অন্য নাম"], "ward": ["12", "3"], "vehicle_class": ["passenger", "goods"]},
            id="both",
        ),
        pytest.param({"nid": "1000000077", "mobile": "+8801999888777"}, None, id="another owner of the same bike: nobody was overwritten"),
    ],
)
def test_what_a_new_registration_overwrites_stands_in_the_books(
    database: Database, act: Act, changes: dict[str, object], changed: dict[str, list[str]] | None
) -> None:
    run(database, act, register(database, act), cancel)
    again = register(database, act, form(1, **changes))
    with database.read(act.authority_id) as session:
        entry = select(AuditEntry.facts).where(AuditEntry.action == "licence:register", AuditEntry.subject == again.number)
        facts = session.scalars(entry).one()
    assert facts.get("changed") == changed
    assert facts.keys() - {"changed"} == {"issue", "valid_until"}


def test_a_stolen_bike_is_not_registered_anew(database: Database, act: Act) -> None:
    run(database, act, register(database, act), report_stolen, cancel)
    with pytest.raises(Conflict, match="chassis_stolen"):
        register(database, act, form(2, chassis="CHASSIS00001"))


def test_two_cities_count_and_judge_apart(database: Database, act: Act) -> None:
    other = open_office(database, "other")
    assert [register(database, act).serial, register(database, other).serial] == [1, 1]


@pytest.mark.parametrize(
    ("verbs", "state", "last_action"),
    [
        pytest.param([suspend], LicenceState.SUSPENDED, "licence:suspend", id="suspended"),
        pytest.param([suspend, resume], LicenceState.ACTIVE, "licence:resume", id="suspended and active again"),
        pytest.param([suspend, cancel], LicenceState.CANCELLED, "licence:cancel", id="cancelled while suspended"),
        pytest.param([cancel], LicenceState.CANCELLED, "licence:cancel", id="cancelled"),
        pytest.param([report_stolen], LicenceState.ACTIVE, "vehicle:report_stolen", id="stolen"),
        pytest.param([report_stolen, report_found], LicenceState.ACTIVE, "vehicle:report_found", id="stolen and found"),
        pytest.param([renew], LicenceState.ACTIVE, "licence:renew", id="renewed"),
        pytest.param([replace_tag], LicenceState.ACTIVE, "tag:replace", id="new tag"),
    ],
)
def test_each_verb_is_audited_and_told_to_the_matcher(
    database: Database, act: Act, verbs: list[Verb], state: LicenceState, last_action: str
) -> None:
    licence = register(database, act)
    assert run(database, act, licence, *verbs).state == state
    assert actions_of(database, licence)[-1] == last_action
    assert changes_of(database, licence) == 1 + len(verbs)


@pytest.mark.parametrize(
    ("before", "verb", "refusal"),
    [
        pytest.param([], resume, MoveRefused, id="an active licence cannot be resumed"),
        pytest.param([suspend], suspend, MoveRefused, id="a suspended one cannot be suspended"),
        pytest.param([cancel], resume, MoveRefused, id="cancelled is for ever"),
        pytest.param([cancel], renew, Conflict, id="a cancelled one is not renewed"),
        pytest.param([cancel], replace_tag, Conflict, id="a cancelled one gets no tag"),
        pytest.param([report_stolen], report_stolen, Conflict, id="stolen once is enough"),
        pytest.param([], report_found, Conflict, id="what was not lost is not found"),
        pytest.param([renew], renew, FieldProblem, id="a year is not renewed twice"),
    ],
)
def test_what_the_state_forbids_changes_nothing(
    database: Database, act: Act, before: list[Verb], verb: Verb, refusal: type[Exception]
) -> None:
    licence = register(database, act)
    run(database, act, licence, *before)
    with pytest.raises(refusal):
        run(database, act, licence, verb)
    assert changes_of(database, licence) == 1 + len(before)


def test_a_replaced_tag_retires_epc_and_chip_and_counts_the_issue(database: Database, act: Act) -> None:
    licence = register(database, act)
    with database.write(act.authority_id) as session:
        old = epc_allocation.find_newest(session, licence.id)
        assert old is not None
        binding = epc_allocation.bind(session, old, Tid.parse("E2801160200000010203"), act=act)
    later = replace(act, at=act.at + timedelta(days=1))
    run(database, later, licence, replace_tag)
    with database.read(act.authority_id) as session:
        issues = session.execute(select(EpcAllocation.issue, EpcAllocation.retired_at).order_by(EpcAllocation.issue)).all()
        assert [tuple(row) for row in issues] == [(1, later.at), (2, None)]
        assert session.get_one(type(binding), binding.id).retired_at == later.at


def test_an_nid_is_shown_with_a_reason_that_is_kept(database: Database, act: Act) -> None:
    licence = register(database, act)
    with database.write(act.authority_id) as session:
        assert service.reveal_nid(session, licence.id, "আবেদন যাচাই", act=act, secrets=SECRETS) == "1000000001"
    with database.read() as session:
        entry = session.execute(
            select(AuditEntry.by, AuditEntry.subject, AuditEntry.facts).where(AuditEntry.action == "owner:nid:reveal")
        ).one()
    assert tuple(entry) == ("rokeya", licence.number, {"reason": "আবেদন যাচাই"})


def test_another_citys_licence_does_not_exist(database: Database, act: Act) -> None:
    licence = register(database, open_office(database, "other"))
    with pytest.raises(NotFound):
        run(database, act, licence, suspend)
