"""A tag from the officer's order to the bound chip, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from registry_server.audit.models import AuditEntry
from registry_server.audit.service import Act
from registry_server.db import Database
from registry_server.epc_allocation.models import TagBinding
from registry_server.errors import Conflict, MoveRefused
from registry_server.issuance import desks, service
from registry_server.issuance.models import Desk, JobState, TagJob
from registry_server.licences import service as licences
from registry_server.licences.models import Licence, RegistryChange
from schemas.epc import Epc
from schemas.orders import EncodedTag, EncodingFailure, EncodingJob
from schemas.tid import Tid
from tests.registry_server.licences.office import AT, SECRETS, form, random_bits, register

TID = Tid.parse("E28011602000001122334455")
OTHER_TID = Tid.parse("E28011602000009988776655")


def order(database: Database, act: Act, licence: Licence) -> TagJob:
    with database.write(act.authority_id) as session:
        return service.order_tag(session, licence.id, act=act, secrets=SECRETS, random_bits=random_bits)


def take(database: Database, act: Act, desk: Desk) -> EncodingJob | None:
    with database.write(act.authority_id) as session:
        return service.next_job(session, session.get_one(Desk, desk.id), act=act, secrets=SECRETS)


def take_ordered(database: Database, act: Act, desk: Desk, licence: Licence) -> EncodingJob:
    order(database, act, licence)
    job = take(database, act, desk)
    assert job is not None
    return job


def encoded(job: EncodingJob, tid: Tid = TID, *, locked: bool = True, epc: Epc | None = None) -> EncodedTag:
    return EncodedTag(job=job.job, epc=epc or job.epc, tid=tid, locked=locked, encoded_at=AT)


def done(database: Database, act: Act, desk: Desk, report: EncodedTag) -> TagJob:
    with database.write(act.authority_id) as session:
        return service.job_done(session, session.get_one(Desk, desk.id), report, act=act)


def failed(database: Database, act: Act, desk: Desk, job: EncodingJob) -> TagJob:
    report = EncodingFailure(job=job.job, step="lock", reason="the tag went away")
    with database.write(act.authority_id) as session:
        return service.job_failed(session, session.get_one(Desk, desk.id), report, act=act)


def second_desk(database: Database, act: Act) -> Desk:
    with database.write(act.authority_id) as session:
        return desks.add_desk(session, "desk-2", "token-2", act=act)


def test_a_job_says_what_to_write_and_with_which_password(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    job = take_ordered(database, act, desk, licence)
    assert (job.authority, job.number.bn, job.number.en) == ("kcc", "খুলনা-প ০০০০০১", "KCC-P 000001")
    assert (job.pc.afi, job.pc.epc_bytes) == (0x92, 12)
    assert job.access_password != "00000000"


def test_the_password_is_not_kept_in_clear(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    job = take_ordered(database, act, desk, licence)
    with database.read() as session:
        kept = session.scalars(select(TagJob.access_password_encrypted)).one()
    assert job.access_password.encode() not in kept
    assert bytes.fromhex(job.access_password) not in kept


def test_a_password_is_never_all_zeroes(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    drawn = iter([0, 0, 7])
    with database.write(act.authority_id) as session:
        service.order_tag(session, licence.id, act=act, secrets=SECRETS, random_bits=lambda _: next(drawn))
    job = take(database, act, desk)
    assert job is not None
    assert job.access_password == "00000007"


def test_ordered_twice_it_is_one_job(database: Database, act: Act, licence: Licence) -> None:
    assert order(database, act, licence).id == order(database, act, licence).id


def test_a_desk_that_asks_again_gets_its_job_again(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    first = take_ordered(database, act, desk, licence)
    assert take(database, act, desk) == first
    assert take(database, act, second_desk(database, act)) is None


def test_desks_that_ask_at_once_get_different_jobs(database: Database, act: Act, desk: Desk) -> None:
    pair = [desk, second_desk(database, act)]
    for n in range(4):
        order(database, act, register(database, act, form(10 + n)))
    start = Barrier(4)

    def ask(who: Desk) -> int | None:
        start.wait(timeout=30)
        job = take(database, act, who)
        return None if job is None else job.job

    with ThreadPoolExecutor(4) as pool:
        jobs = list(pool.map(ask, pair * 2))
    assert jobs[:2] == jobs[2:]
    assert len(set(jobs)) == 2


def test_an_encoded_tag_is_bound_and_told_to_the_matcher_once(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    report = encoded(take_ordered(database, act, desk, licence))
    for _ in range(2):
        assert done(database, act, desk, report).state == JobState.DONE
    with database.read() as session:
        assert session.scalars(select(TagBinding.tid)).all() == [TID]
        assert session.scalar(select(func.count()).select_from(RegistryChange)) == 2  # registered, bound
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "tag:bind")).all() == ["tag:bind"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"epc": Epc(bytes(12))}, "epc_not_ordered", id="another EPC than ordered"),
        pytest.param({"locked": False}, "tag_not_locked", id="left unlocked"),
    ],
)
def test_a_report_that_does_not_fit_binds_nothing(
    database: Database, act: Act, desk: Desk, licence: Licence, change: dict[str, Epc | bool], code: str
) -> None:
    job = take_ordered(database, act, desk, licence)
    with pytest.raises(Conflict, match=code):
        done(database, act, desk, encoded(job, **change))  # type: ignore[arg-type]  # rows name what they change
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(TagBinding)) == 0


def test_a_chip_of_another_licence_is_refused_with_its_number(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    done(database, act, desk, encoded(take_ordered(database, act, desk, licence)))
    second = take_ordered(database, act, desk, register(database, act, form(2)))
    with pytest.raises(Conflict) as refused:
        done(database, act, desk, encoded(second))
    assert (refused.value.code, refused.value.facts["number"]) == ("chip_of_another", licence.number)


def test_a_retired_chip_does_not_go_back_into_the_stock(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    done(database, act, desk, encoded(take_ordered(database, act, desk, licence)))
    with database.write(act.authority_id) as session:
        licences.replace_tag(session, licence.id, "ট্যাগ নষ্ট", act=act, random_bits=random_bits)
    again = take_ordered(database, act, desk, licence)
    with pytest.raises(Conflict, match="chip_used"):
        done(database, act, desk, encoded(again))
    assert done(database, act, desk, encoded(again, OTHER_TID)).state == JobState.DONE


def test_a_written_tag_is_not_ordered_again(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    done(database, act, desk, encoded(take_ordered(database, act, desk, licence)))
    with pytest.raises(Conflict, match="tag_written"):
        order(database, act, licence)


def test_a_failed_job_ends_and_may_be_ordered_anew(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    job = take_ordered(database, act, desk, licence)
    assert [failed(database, act, desk, job).state for _ in range(2)] == [JobState.FAILED] * 2
    assert take(database, act, desk) is None
    assert order(database, act, licence).id != job.job


def test_a_job_taken_back_goes_to_another_desk_and_the_first_one_is_refused(
    database: Database, act: Act, desk: Desk, licence: Licence
) -> None:
    job = take_ordered(database, act, desk, licence)
    with database.write(act.authority_id) as session:
        service.take_back(session, job.job, act=act)
    assert take(database, act, second_desk(database, act)) == job
    with pytest.raises(Conflict, match="job_not_yours"):
        done(database, act, desk, encoded(job))


def test_what_no_desk_has_is_not_taken_back(database: Database, act: Act, licence: Licence) -> None:
    job = order(database, act, licence)
    with pytest.raises(MoveRefused), database.write(act.authority_id) as session:
        service.take_back(session, job.id, act=act)


def test_no_desk_writes_for_a_cancelled_licence_or_a_replaced_epc(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    order(database, act, licence)
    replaced = register(database, act, form(2))
    order(database, act, replaced)
    with database.write(act.authority_id) as session:
        licences.cancel(session, licence.id, "মালিকের আবেদন", act=act)
        licences.replace_tag(session, replaced.id, "ট্যাগ নষ্ট", act=act, random_bits=random_bits)
    assert take(database, act, desk) is None


def test_a_revoked_desk_is_not_found(database: Database, act: Act, desk: Desk) -> None:
    with database.write(act.authority_id) as session:
        assert desks.find_desk(session, "token-1") is not None
        desks.revoke_desk(session, desk.name, act=act)
        session.flush()
        assert desks.find_desk(session, "token-1") is None


def test_a_desk_that_has_the_job_of_a_licence_now_cancelled_spoils_no_tag_on_it(
    database: Database, act: Act, desk: Desk, licence: Licence
) -> None:
    take_ordered(database, act, desk, licence)
    with database.write(act.authority_id) as session:
        licences.cancel(session, licence.id, "মালিকের আবেদন", act=act)
    assert take(database, act, desk) is None


def test_only_jobs_that_a_desk_will_get_are_counted_as_waiting(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    cancelled, replaced = (register(database, act, form(n)) for n in (2, 3))
    for one in (licence, cancelled, replaced):
        order(database, act, one)
    with database.write(act.authority_id) as session:
        licences.cancel(session, cancelled.id, "মালিকের আবেদন", act=act)
        licences.replace_tag(session, replaced.id, "ট্যাগ নষ্ট", act=act, random_bits=random_bits)
    with database.read(act.authority_id) as session:
        assert service.count_waiting(session, act.authority_id) == 1
    assert take(database, act, desk) is not None
    with database.read(act.authority_id) as session:
        assert service.count_waiting(session, act.authority_id) == 0


def test_which_desk_was_given_a_tags_password_is_written_down_once(database: Database, act: Act, desk: Desk, licence: Licence) -> None:
    take_ordered(database, act, desk, licence)
    take(database, act, desk)
    with database.read(act.authority_id) as session:
        taken = session.execute(select(AuditEntry.subject, AuditEntry.facts).where(AuditEntry.action == "tag:take")).all()
    assert [(subject, facts["desk"]) for subject, facts in taken] == [(licence.number, desk.name)]
