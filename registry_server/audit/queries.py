"""Reading the audit log, newest first, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from registry_server.audit.models import AuditEntry
from registry_server.clock import instants_of

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Empty means any. `before` is the id of the last entry of the page before."""

    subject: str = ""
    by: str = ""
    actions: tuple[str, ...] = ()
    """The beginnings of some: `officer:` finds all that was done with officers."""
    on: date | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    entries: list[AuditEntry]
    next_before: int | None
    """For the next page; None on the last one."""


def find_entries(session: Session, wanted: AuditFilter, rows: int = PAGE_ROWS) -> AuditPage:
    """Paged by key: entries written meanwhile shift nothing, and page 1,000 costs what page 1 does."""
    conditions = [AuditEntry.id.in_(_newest_ids(session, wanted, rows + 1))] if wanted.actions else _conditions(wanted)
    found = list(session.scalars(select(AuditEntry).where(*conditions).order_by(AuditEntry.id.desc()).limit(rows + 1)))
    return AuditPage(found[:rows], found[rows - 1].id if len(found) > rows else None)


def _newest_ids(session: Session, wanted: AuditFilter, rows: int) -> list[int]:
    """Each action that begins so is asked for its newest by the index, and the newest of those are taken: what is rare costs no walk
    through the whole log.
    """
    newest = select(AuditEntry.id).where(*_conditions(wanted)).order_by(AuditEntry.id.desc()).limit(rows)
    actions = [action for action in _actions(session) if action.startswith(wanted.actions)]
    ids = (id_ for action in actions for id_ in session.scalars(newest.where(AuditEntry.action == action)))
    return sorted(ids, reverse=True)[:rows]


def _actions(session: Session) -> Iterator[str]:
    """Every action of the log once, from step to step through the index: there are a few dozen in a million entries."""
    last = ""
    while (action := session.scalar(select(func.min(AuditEntry.action)).where(AuditEntry.action > last))) is not None:
        yield action
        last = action


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    """All but the action."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.subject:
        conditions.append(AuditEntry.subject == wanted.subject)
    if wanted.by:
        conditions.append(AuditEntry.by == wanted.by)
    if wanted.on:
        begin, end = instants_of(wanted.on)
        conditions += [AuditEntry.at >= begin, AuditEntry.at < end]
    if wanted.before is not None:
        conditions.append(AuditEntry.id < wanted.before)
    return conditions
