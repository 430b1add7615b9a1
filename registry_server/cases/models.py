"""Decisions of magistrates on flags, and the cases they open."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry_server.cases.states import CaseState, DismissReason
from registry_server.clock import fiscal_year_name
from registry_server.db import AuthorityOwned, Base, BigId
from registry_server.matcher.states import FlagState
from registry_server.sightings.models import EPC_BYTES


class Case(AuthorityOwned, Base):
    """What a magistrate works on, opened from flags of one bike at one place."""

    __tablename__ = "case"
    __table_args__ = (UniqueConstraint("authority_id", "fiscal_year", "serial"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    fiscal_year: Mapped[int]
    serial: Mapped[int]
    """Counts from 1 in each fiscal year of each authority, without a gap."""
    state: Mapped[CaseState] = mapped_column(String(20))
    checkpoint_id: Mapped[int] = mapped_column(ForeignKey("checkpoint.id"))
    licence_id: Mapped[int | None] = mapped_column(ForeignKey("licence.id"), index=True)
    epc: Mapped[bytes] = mapped_column(LargeBinary(EPC_BYTES), index=True)
    """What the tag answered; of a bike that is in the register the newest one at the opening."""
    note: Mapped[str] = mapped_column(String(2000))
    opened_by: Mapped[str] = mapped_column(String(80))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    withdrawn_by: Mapped[str | None] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_note: Mapped[str] = mapped_column(String(2000), default="")

    @property
    def number(self) -> str:
        """`2026-27/00012`."""
        return f"{fiscal_year_name(self.fiscal_year)}/{self.serial:05d}"


class CaseCounter(Base):
    """The last serial given. Locked while one is taken."""

    __tablename__ = "case_counter"

    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), primary_key=True, autoincrement=False)
    fiscal_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_serial: Mapped[int]


class Decision(AuthorityOwned, Base):
    """What one magistrate decided about the open flags of one bike at one place. Never changed."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    verdict: Mapped[FlagState] = mapped_column(String(20))
    """`dismissed` or `confirmed`."""
    reason: Mapped[DismissReason | None] = mapped_column(String(30))
    note: Mapped[str] = mapped_column(String(2000))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    decided_by: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime]
