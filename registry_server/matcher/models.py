"""Flags as rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry_server.db import AuthorityOwned, Base, BigId
from registry_server.matcher.states import FlagKind, FlagState
from registry_server.sightings.models import EPC_BYTES, TID_BYTES
from schemas.identifiers import ProofLevel


class Flag(AuthorityOwned, Base):
    """One rule's verdict on one passage, with all it rests on: it reads the same when the registry has moved on.

    `id` rises with the commits.
    """

    __tablename__ = "flag"
    __table_args__ = (
        UniqueConstraint("passage_id", "kind"),
        Index(None, "authority_id", "state", "id"),
        Index(None, "checkpoint_id", "id"),
        Index(None, "epc", "id"),
        Index(None, "licence_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    authority_id: Mapped[int] = mapped_column()
    passage_id: Mapped[int]
    other_passage_id: Mapped[int | None] = mapped_column(index=True)
    """Of impossible travel: the passage at the other place. Both are kept."""
    checkpoint_id: Mapped[int]
    lane: Mapped[str] = mapped_column(String(40))
    life_id: Mapped[int]
    seq: Mapped[int]
    """The signed batch that raised it."""
    kind: Mapped[FlagKind] = mapped_column(String(30))
    proof_level: Mapped[ProofLevel] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the rule rests on; its shape for each kind stands in `matcher/facts.py`."""
    law_sections: Mapped[list[str]] = mapped_column(JSON)
    """Keys of `matcher/law.py`: what a complaint may rest on."""
    epc: Mapped[bytes] = mapped_column(LargeBinary(EPC_BYTES))
    tid: Mapped[bytes | None] = mapped_column(LargeBinary(TID_BYTES))
    licence_id: Mapped[int | None]
    at: Mapped[datetime]
    """The passage's moment."""
    created_at: Mapped[datetime]
    state: Mapped[FlagState] = mapped_column(String(20), default=FlagState.OPEN)
    decision_id: Mapped[int | None]
    case_id: Mapped[int | None] = mapped_column(index=True)
