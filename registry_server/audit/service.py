"""Adding to the audit log."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from registry_server.audit.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, for which authority, and when: the arguments that every service verb takes as `act`."""

    authority_id: int
    by: str
    at: datetime


def record(session: Session, act: Act, action: str, subject: str, **facts: object) -> None:
    """Write one entry in the caller's unit of work."""
    session.add(AuditEntry(authority_id=act.authority_id, at=act.at, by=act.by, action=action, subject=subject, facts=facts))
