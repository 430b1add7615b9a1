"""Giving EPCs to licences and binding chips to EPCs. The caller holds the licence's row lock and commits."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.audit.service import Act
from registry_server.epc_allocation.bit_layout import RANDOM_BITS, closed_epc
from registry_server.epc_allocation.models import EpcAllocation, TagBinding
from registry_server.errors import Conflict
from schemas.tid import Tid

RandomBits = Callable[[int], int]
"""`secrets.randbits` or a test's own: so many random bits."""


def allocate(session: Session, licence_id: int, serial: int, *, act: Act, random_bits: RandomBits) -> EpcAllocation:
    """The next issue's EPC for a licence; the first is issue 1."""
    newest = find_newest(session, licence_id)
    issue = newest.issue + 1 if newest else 1
    epc = closed_epc(act.authority_id, serial, issue, random_bits(RANDOM_BITS))
    allocation = EpcAllocation(
        authority_id=act.authority_id, licence_id=licence_id, issue=issue, epc=bytes(epc), allocated_at=act.at, retired_at=None
    )
    session.add(allocation)
    session.flush()
    return allocation


def retire(session: Session, allocation: EpcAllocation, at: datetime) -> None:
    """From now on this EPC and the chip that carries it are to be stopped."""
    allocation.retired_at = at
    binding = find_binding(session, allocation)
    if binding is not None:
        binding.retired_at = at


def bind(session: Session, allocation: EpcAllocation, tid: Tid, *, act: Act) -> TagBinding:
    """From now on the chip carries the EPC. Twice the same is the same.

    Raises Conflict if the EPC is on another chip, or the chip was ever bound before: a chip does not go back into the stock.
    """
    bound = find_binding(session, allocation)
    if bound is not None and bound.tid == tid:
        return bound
    if bound is not None:
        raise Conflict("epc_on_other_chip", tid=str(Tid(bound.tid)))
    if _was_ever_bound(session, tid):
        raise Conflict("chip_used", tid=str(tid))
    if allocation.retired_at is not None:
        raise Conflict("epc_retired", issue=str(allocation.issue))
    binding = TagBinding(
        authority_id=act.authority_id, allocation_id=allocation.id, tid=bytes(tid), bound_at=act.at, bound_by=act.by, retired_at=None
    )
    session.add(binding)
    allocation.bound_at = act.at
    session.flush()
    return binding


def _was_ever_bound(session: Session, tid: Tid) -> bool:
    """In whatever authority: there is one chip with this number in the world. By the plain table, which no session filters."""
    bindings = TagBinding.__table__.c
    return session.scalar(select(bindings.id).where(bindings.tid == bytes(tid)).limit(1)) is not None


def find_newest(session: Session, licence_id: int) -> EpcAllocation | None:
    return session.scalars(
        select(EpcAllocation).where(EpcAllocation.licence_id == licence_id).order_by(EpcAllocation.issue.desc()).limit(1)
    ).first()


def find_binding(session: Session, allocation: EpcAllocation) -> TagBinding | None:
    """The living one."""
    return session.scalars(
        select(TagBinding).where(TagBinding.allocation_id == allocation.id, TagBinding.retired_at.is_(None))
    ).one_or_none()


def find_allocation_of_chip(session: Session, tid: Tid) -> EpcAllocation | None:
    """What a chip carries or last carried."""
    return session.scalars(
        select(EpcAllocation)
        .join(TagBinding, TagBinding.allocation_id == EpcAllocation.id)
        .where(TagBinding.tid == bytes(tid))
        .order_by(TagBinding.id.desc())
        .limit(1)
    ).first()
