"""An authority and what is its own: names, number prefixes, law, keys."""

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry_server.db import AuthorityOwned, Base, BigId


class Authority(Base):
    """A city corporation or pourashava."""

    __tablename__ = "authority"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    """Also the 16-bit authority number in its EPCs."""
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    """As in MQTT topics, e.g. `kcc`."""
    name_bn: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    plate_prefix_bn: Mapped[str] = mapped_column(String(20))
    plate_prefix_en: Mapped[str] = mapped_column(String(20))
    law: Mapped[str] = mapped_column(String(40))
    """`city_corporation_2009` or `pourashava_2009`: decides which sections a flag cites."""
    afi: Mapped[int | None]
    """Application family identifier in the PC word of its tags; None writes a GS1 toggle."""
    helpline: Mapped[str] = mapped_column(String(40), default="")
    wards: Mapped[int | None]
    """How many it has, numbered from 1; None: not known."""


class Checkpoint(AuthorityOwned, Base):
    """A surveyed place with readers. Positions let the matcher judge impossible travel."""

    __tablename__ = "checkpoint"
    __table_args__ = (UniqueConstraint("authority_id", "slug"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(40))
    name_bn: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    latitude: Mapped[float]
    longitude: Mapped[float]


class Agent(AuthorityOwned, Base):
    """The daemon of a checkpoint, known by the public key that signs its batches."""

    __tablename__ = "agent"
    __table_args__ = (UniqueConstraint("authority_id", "slug"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    checkpoint_id: Mapped[int] = mapped_column(ForeignKey("checkpoint.id"), index=True)
    slug: Mapped[str] = mapped_column(String(40))
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    is_revoked: Mapped[bool] = mapped_column(default=False)
