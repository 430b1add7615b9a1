"""Desks, encoding jobs and prints."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from registry_server.db import AuthorityOwned, Base, BigId


class JobState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"
    FAILED = "failed"


OPEN = text("state IN ('waiting', 'taken')")


class Desk(AuthorityOwned, Base):
    """The program beside an officer's USB reader. Only the hash of its token is kept."""

    __tablename__ = "desk"
    __table_args__ = (UniqueConstraint("authority_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    is_revoked: Mapped[bool] = mapped_column(default=False)
    last_seen_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(20), default="")
    detail: Mapped[str] = mapped_column(String(300), default="")


class TagJob(AuthorityOwned, Base):
    """One tag to be written. A job that a desk took stays with it until it reports or the officer takes it back."""

    __tablename__ = "tag_job"
    __table_args__ = (
        Index("uq_tag_job_allocation_id_open", "allocation_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_tag_job_queue", "authority_id", "state", "id"),
        Index("ix_tag_job_allocation_id", "allocation_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    allocation_id: Mapped[int] = mapped_column(ForeignKey("epc_allocation.id"))
    state: Mapped[JobState] = mapped_column(String(20))
    access_password_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("desk.id"))
    ordered_by: Mapped[str] = mapped_column(String(80))
    ordered_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    failure_step: Mapped[str] = mapped_column(String(120), default="")
    failure_reason: Mapped[str] = mapped_column(String(500), default="")


class PrintedDocument(AuthorityOwned, Base):
    """Every plate and card that was made, counted: the second one of a kind says so."""

    __tablename__ = "printed_document"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    licence_id: Mapped[int] = mapped_column(ForeignKey("licence.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    """`plate` or `card`."""
    copy: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the PDF."""
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of what the document says: while the record says the same, the document is true."""
    printed_by: Mapped[str] = mapped_column(String(80))
    printed_at: Mapped[datetime]
