"""The audit entry. `action` is a grammar: `subject:verb` or `subject:part:verb`, e.g. `licence:suspend`, `flag:view`."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from registry_server.db import AuthorityOwned, Base, BigId


class AuditEntry(AuthorityOwned, Base):
    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_by", "authority_id", "by", "id"),
        Index("ix_audit_entry_action", "authority_id", "action", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(String(80))
    """The officer's sign-in name, or `system:worker`, `desk:<name>`, `cli:<login>`."""
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What changed, without secrets and without an NID."""
