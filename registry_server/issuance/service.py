"""Tag jobs: ordered by an officer, taken by a desk, ended by its report. The caller commits.

A job belongs to the desk that took it until that desk reports or an officer takes it back, and is given to it again when it asks:
a desk that lost its answer or its power loses no job.
"""

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from registry_server.audit.service import Act, record
from registry_server.authorities.models import Authority
from registry_server.epc_allocation import service as epc_allocation
from registry_server.epc_allocation.models import EpcAllocation
from registry_server.epc_allocation.service import RandomBits
from registry_server.errors import Conflict, MoveRefused, NotFound
from registry_server.issuance.models import Desk, JobState, TagJob
from registry_server.issuance.orders import number_texts
from registry_server.licences.models import Licence
from registry_server.licences.service import get_living, get_record, write_change
from registry_server.licences.states import LicenceState
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.secrets_box import SecretsBox
from schemas.epc import Epc, PcWord
from schemas.identifiers import AuthorityId
from schemas.orders import EncodedTag, EncodingFailure, EncodingJob
from schemas.tid import Tid

ACCESS_PASSWORD = "tag_job:access_password"  # the purpose bound into the encryption
PASSWORD_BITS = 32
OPEN_STATES = (JobState.WAITING, JobState.TAKEN)


def order_tag(session: Session, licence_id: int, *, act: Act, secrets: SecretsBox, random_bits: RandomBits) -> TagJob:
    """A job to write the licence's newest EPC into a tag. Ordered twice, it is one job.

    Raises Conflict if the licence is cancelled or its tag is written already.
    """
    licence = get_living(session, licence_id)
    allocation = get_allocation(session, licence)
    waiting = find_open_job(session, allocation)
    if waiting is not None:
        return waiting
    if epc_allocation.find_binding(session, allocation) is not None:
        raise Conflict("tag_written", number=licence.number)
    job = TagJob(
        authority_id=act.authority_id,
        allocation_id=allocation.id,
        state=JobState.WAITING,
        access_password_encrypted=secrets.encrypt(_draw_password(random_bits), ACCESS_PASSWORD),
        desk_id=None,
        ordered_by=act.by,
        ordered_at=act.at,
        taken_at=None,
        ended_at=None,
    )
    session.add(job)
    record(session, act, "tag:order", licence.number, issue=allocation.issue)
    session.flush()
    return job


def next_job(session: Session, desk: Desk, *, act: Act, secrets: SecretsBox) -> EncodingJob | None:
    """What the desk is to write: the job that it has already, else the oldest that waits. None if there is nothing to do."""
    session.execute(select(Desk.id).where(Desk.id == desk.id).with_for_update())  # a desk that asks twice at once gets one job
    job = _find_job_of(session, desk) or _find_waiting_job(session, desk.authority_id)
    if job is None:
        return None
    if job.state == JobState.WAITING:
        job.state, job.desk_id, job.taken_at = JobState.TAKEN, desk.id, act.at
        record(session, act, "tag:take", _licence_of(session, job).number, desk=desk.name)
        session.flush()
    return _encoding_job(session, job, secrets)


def job_done(session: Session, desk: Desk, report: EncodedTag, *, act: Act) -> TagJob:
    """The chip is bound to the licence. The same report twice is fine.

    Raises Conflict if the report does not fit the job, the tag was left unlocked, or the chip belongs to another licence.
    """
    job = get_job_locked(session, report.job)
    allocation = session.get_one(EpcAllocation, job.allocation_id)
    _refuse_misfit(job, desk, allocation, report)
    licence = get_living(session, allocation.licence_id)
    _refuse_chip_of_another(session, report.tid, allocation)
    binding = epc_allocation.bind(session, allocation, report.tid, act=act)
    if job.state != JobState.DONE:
        job.state, job.desk_id, job.ended_at = JobState.DONE, desk.id, act.at
        job.failure_step = job.failure_reason = ""
        write_change(session, licence, act, "tag:bind", epc=str(report.epc), tid=str(Tid(binding.tid)), issue=allocation.issue)
    return job


def job_failed(session: Session, desk: Desk, report: EncodingFailure, *, act: Act) -> TagJob:
    """The job ends; an officer orders anew. The same report twice is fine. Raises Conflict if the job is not this desk's."""
    job = get_job_locked(session, report.job)
    if job.state == JobState.FAILED and job.desk_id == desk.id:
        return job
    if job.state != JobState.TAKEN or job.desk_id != desk.id:
        raise Conflict("job_not_yours", job=str(job.id))
    job.state, job.ended_at = JobState.FAILED, act.at
    job.failure_step, job.failure_reason = report.step, report.reason
    licence = _licence_of(session, job)
    record(session, act, "tag:fail", licence.number, step=report.step, reason=report.reason, tid=str(report.tid) if report.tid else None)
    session.flush()
    return job


def take_back(session: Session, job_id: int, *, act: Act) -> TagJob:
    """From a desk that will not finish it: the job waits again, for any desk. Raises MoveRefused if no desk has it."""
    job = get_job_locked(session, job_id)
    if job.state != JobState.TAKEN:
        raise MoveRefused("tag job", str(job.id), job.state, JobState.WAITING)
    job.state, job.desk_id, job.taken_at = JobState.WAITING, None, None
    record(session, act, "tag:take_back", _licence_of(session, job).number)
    session.flush()
    return job


def get_allocation(session: Session, licence: Licence) -> EpcAllocation:
    """The newest. Raises NotFound for a licence that never had one."""
    allocation = epc_allocation.find_newest(session, licence.id)
    if allocation is None:
        raise NotFound("EPC of licence", licence.number)
    return allocation


def get_job_locked(session: Session, job_id: int) -> TagJob:
    statement = select(TagJob).where(TagJob.id == job_id).with_for_update().execution_options(populate_existing=True)
    job = session.scalars(statement).one_or_none()
    if job is None:
        raise NotFound("tag job", job_id)
    return job


def find_open_job(session: Session, allocation: EpcAllocation) -> TagJob | None:
    return session.scalars(select(TagJob).where(TagJob.allocation_id == allocation.id, TagJob.state.in_(OPEN_STATES))).one_or_none()


def find_last_job(session: Session, allocation: EpcAllocation) -> TagJob | None:
    return session.scalars(select(TagJob).where(TagJob.allocation_id == allocation.id).order_by(TagJob.id.desc()).limit(1)).first()


def count_waiting(session: Session, authority_id: int) -> int:
    """Jobs that no desk has taken yet and one will get."""
    return session.scalar(select(func.count()).select_from(_waiting(authority_id).subquery())) or 0


def _draw_password(random_bits: RandomBits) -> str:
    """Eight hex digits; never all zeroes, which means no password at all."""
    while not (password := random_bits(PASSWORD_BITS)):
        pass
    return f"{password:08x}"


def _worth_writing() -> Select[TagJob]:
    """Jobs whose EPC still counts: on any other a desk would spoil one tag after the other, for the registry refuses them all."""
    return (
        select(TagJob)
        .join(EpcAllocation, EpcAllocation.id == TagJob.allocation_id)
        .join(Licence, Licence.id == EpcAllocation.licence_id)
        .where(EpcAllocation.retired_at.is_(None), Licence.state != LicenceState.CANCELLED)
    )


def _waiting(authority_id: int) -> Select[TagJob]:
    return _worth_writing().where(TagJob.authority_id == authority_id, TagJob.state == JobState.WAITING)


def _find_job_of(session: Session, desk: Desk) -> TagJob | None:
    mine = _worth_writing().where(TagJob.desk_id == desk.id, TagJob.state == JobState.TAKEN)
    return session.scalars(mine.order_by(TagJob.id).limit(1)).first()


def _find_waiting_job(session: Session, authority_id: int) -> TagJob | None:
    oldest = _waiting(authority_id).order_by(TagJob.id).limit(1)
    return session.scalars(oldest.with_for_update(of=TagJob, skip_locked=True)).first()


def _encoding_job(session: Session, job: TagJob, secrets: SecretsBox) -> EncodingJob:
    allocation = session.get_one(EpcAllocation, job.allocation_id)
    licence = get_record(session, allocation.licence_id)
    authority = session.get_one(Authority, job.authority_id)
    epc = Epc(allocation.epc)
    return EncodingJob(
        job=job.id,
        authority=AuthorityId(authority.slug),
        number=number_texts(authority, VehicleClass(licence.vehicle.vehicle_class), licence.serial),
        epc=epc,
        pc=PcWord.for_epc(epc, authority.afi),
        access_password=secrets.decrypt(job.access_password_encrypted, ACCESS_PASSWORD),
    )


def _refuse_misfit(job: TagJob, desk: Desk, allocation: EpcAllocation, report: EncodedTag) -> None:
    if report.epc != allocation.epc:
        raise Conflict("epc_not_ordered", expected=str(Epc(allocation.epc)), found=str(report.epc))
    if not report.locked:
        raise Conflict("tag_not_locked", tid=str(report.tid))
    if job.state == JobState.FAILED or (job.desk_id is not None and job.desk_id != desk.id):
        raise Conflict("job_not_yours", job=str(job.id))


def _refuse_chip_of_another(session: Session, tid: Tid, allocation: EpcAllocation) -> None:
    held = epc_allocation.find_allocation_of_chip(session, tid)
    if held is not None and held.licence_id != allocation.licence_id:
        raise Conflict("chip_of_another", tid=str(tid), number=get_record(session, held.licence_id).number)


def _licence_of(session: Session, job: TagJob) -> Licence:
    return get_record(session, session.get_one(EpcAllocation, job.allocation_id).licence_id)
