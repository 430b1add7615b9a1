"""Allocations (this number is meant for that licence) and bindings (that chip carries it)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from registry_server.db import AuthorityOwned, Base, BigId

LIVING = text("retired_at IS NULL")
BARE = text("retired_at IS NULL AND bound_at IS NULL")


class EpcAllocation(AuthorityOwned, Base):
    """One EPC given to one licence. `issue` counts replacement tags of one serial."""

    __tablename__ = "epc_allocation"
    __table_args__ = (
        UniqueConstraint("licence_id", "issue"),
        Index("ix_epc_allocation_bare", "authority_id", "licence_id", sqlite_where=BARE, postgresql_where=BARE),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    licence_id: Mapped[int] = mapped_column(ForeignKey("licence.id"))
    issue: Mapped[int]
    epc: Mapped[bytes] = mapped_column(LargeBinary(12), unique=True)
    allocated_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    """Replaced or withdrawn: a tag that still answers with it is to be stopped."""
    bound_at: Mapped[datetime | None]
    """When it came onto a chip, as its `TagBinding` says: here too, so that those that wait for one are found by an index."""


class TagBinding(AuthorityOwned, Base):
    """From this instant the EPC and the TID belong to the licence. A chip carries one living binding at most."""

    __tablename__ = "tag_binding"
    __table_args__ = (
        Index("uq_tag_binding_allocation_id_living", "allocation_id", unique=True, sqlite_where=LIVING, postgresql_where=LIVING),
        Index("uq_tag_binding_tid_living", "tid", unique=True, sqlite_where=LIVING, postgresql_where=LIVING),
        Index("ix_tag_binding_tid", "tid"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    allocation_id: Mapped[int] = mapped_column(ForeignKey("epc_allocation.id"))
    tid: Mapped[bytes] = mapped_column(LargeBinary(64))
    bound_at: Mapped[datetime]
    bound_by: Mapped[str] = mapped_column(String(80))
    retired_at: Mapped[datetime | None]
