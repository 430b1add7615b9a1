"""Reading the audit log, newest first, a page at a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry_server.audit.models import AuditEntry
from registry_server.clock import DHAKA

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Empty means any. `before` is the id of the last entry of the page before."""

    subject: str = ""
    by: str = ""
    action: str = ""
    """The beginning of one: `officer:` finds all that was done with officers."""
    on: date | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    entries: list[AuditEntry]
    next_before: int | None
    """For the next page; None on the last one."""


def find_entries(session: Session, wanted: AuditFilter, rows: int = PAGE_ROWS) -> AuditPage:
    """Paged by key: entries written meanwhile shift nothing, and page 1,000 costs what page 1 does."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(rows + 1)
    if wanted.subject:
        query = query.where(AuditEntry.subject == wanted.subject)
    if wanted.by:
        query = query.where(AuditEntry.by == wanted.by)
    if wanted.action:
        query = query.where(AuditEntry.action.startswith(wanted.action, autoescape=True))
    if wanted.on:
        begin, end = _day(wanted.on)
        query = query.where(AuditEntry.at >= begin, AuditEntry.at < end)
    if wanted.before is not None:
        query = query.where(AuditEntry.id < wanted.before)
    found = list(session.scalars(query))
    return AuditPage(found[:rows], found[rows - 1].id if len(found) > rows else None)


def _day(on: date) -> tuple[datetime, datetime]:
    begin = datetime.combine(on, time(), DHAKA).astimezone(UTC)
    return begin, begin + timedelta(days=1)
