"""Officers who sign in, and the owners in whose names licences stand."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry_server.db import AuthorityOwned, Base, BigId


class Role(StrEnum):
    LICENCE_OFFICER = "licence_officer"
    CHECKPOINT_OFFICER = "checkpoint_officer"
    MAGISTRATE = "magistrate"
    ADMINISTRATOR = "administrator"


class Officer(AuthorityOwned, Base):
    """A signed-in civil servant."""

    __tablename__ = "officer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sign_in_name: Mapped[str] = mapped_column(String(40), unique=True)
    full_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = mapped_column(String(30))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=True)
    is_disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]
    """None: never yet."""


class OfficerSession(Base):
    """One sign-in. The cookie holds the token; only its hash is kept."""

    __tablename__ = "officer_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    officer_id: Mapped[int] = mapped_column(index=True)
    csrf_token: Mapped[str] = mapped_column(String(43))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]


class SignInAttempt(Base):
    """Failed sign-ins, by name and address, to slow down guessing without locking a real officer out."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sign_in_name: Mapped[str] = mapped_column(String(40), index=True)
    address: Mapped[str] = mapped_column(String(45), index=True)
    """As `throttle.counted_address` gives it: of an IPv6 address the /64."""
    at: Mapped[datetime]


class Owner(AuthorityOwned, Base):
    """The person in whose name a licence stands. The NID is encrypted; its blind index finds an equal one."""

    __tablename__ = "owner"
    __table_args__ = (UniqueConstraint("authority_id", "nid_index"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name_bn: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(120), index=True)
    """Phonetic Latin key of the name: one spelling for মোঃ, মোহাম্মদ, মুহাম্মদ."""
    guardian_name: Mapped[str] = mapped_column(String(120))
    """Father's or husband's name."""
    nid_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    nid_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    nid_tail: Mapped[str] = mapped_column(String(4))
    mobile: Mapped[str] = mapped_column(String(14), index=True)
    """`+8801XXXXXXXXX`."""
    ward: Mapped[int]
    holding: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class OwnerNameWord(AuthorityOwned, Base):
    """One word of an owner's phonetic key. Finds by any part of a name, on every database alike and by an index."""

    __tablename__ = "owner_name_word"
    __table_args__ = (Index("ix_owner_name_word_search", "authority_id", "word", "owner_id"),)

    owner_id: Mapped[int] = mapped_column(ForeignKey("owner.id"), primary_key=True)
    word: Mapped[str] = mapped_column(String(60), primary_key=True)
