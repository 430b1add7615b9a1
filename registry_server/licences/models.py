"""Vehicles and licences."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from registry_server.db import AuthorityOwned, Base, BigId
from registry_server.licences.states import LicenceState
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.people.models import Owner

LIVING = text("state != 'cancelled'")


class Vehicle(AuthorityOwned, Base):
    __tablename__ = "vehicle"
    __table_args__ = (UniqueConstraint("authority_id", "chassis"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    vehicle_class: Mapped[VehicleClass] = mapped_column(String(20))
    chassis: Mapped[str] = mapped_column(String(40))
    """Upper-case Latin letters and digits only, however it was typed."""
    motor: Mapped[str] = mapped_column(String(40))
    colour: Mapped[str] = mapped_column(String(40))
    maker: Mapped[str] = mapped_column(String(80))
    battery: Mapped[str] = mapped_column(String(80))
    """Kind, number and capacity as the officer read them, e.g. `lead-acid 5 x 12V 140Ah`."""
    stolen_at: Mapped[datetime | None]
    """When the owner's report of theft was accepted; None once found."""


class Licence(AuthorityOwned, Base):
    """The right to use one vehicle for one term. One person, one licence that is not cancelled."""

    __tablename__ = "licence"
    __table_args__ = (
        UniqueConstraint("authority_id", "serial"),
        UniqueConstraint("authority_id", "form_id"),
        Index("ix_licence_state_list", "authority_id", "state", "id"),
        Index("uq_licence_owner_id_living", "owner_id", unique=True, sqlite_where=LIVING, postgresql_where=LIVING),
        Index("uq_licence_vehicle_id_living", "vehicle_id", unique=True, sqlite_where=LIVING, postgresql_where=LIVING),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    serial: Mapped[int]
    """Counts from 1 in each authority; stands in the EPC and the codes."""
    number: Mapped[str] = mapped_column(String(40), index=True)
    """Latin form, e.g. `KCC-P-000123`; the Bangla form is made from it."""
    owner_id: Mapped[int] = mapped_column(ForeignKey("owner.id"), index=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), index=True)
    state: Mapped[LicenceState] = mapped_column(String(20))
    state_reason: Mapped[str] = mapped_column(String(300), default="")
    state_since: Mapped[datetime]
    """A passage from before, told late, is judged by what held then."""
    issued_on: Mapped[date]
    valid_until: Mapped[date]
    """Inclusive: 30 June of the fiscal year paid for."""
    created_at: Mapped[datetime]
    form_id: Mapped[str | None] = mapped_column(String(36))
    """Drawn when the form was shown: a form sent twice makes one licence."""

    owner: Mapped[Owner] = relationship(lazy="raise")
    vehicle: Mapped[Vehicle] = relationship(lazy="raise")


class LicenceCounter(Base):
    """The last serial given in an authority. Locked while one is taken, so that no serial is given twice."""

    __tablename__ = "licence_counter"

    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), primary_key=True, autoincrement=False)
    last_serial: Mapped[int]


class RegistryChange(Base):
    """One row for every change that a matcher must learn. Written in the changing transaction, read by polling `id`."""

    __tablename__ = "registry_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    licence_id: Mapped[int]
    at: Mapped[datetime]


class BikeImport(AuthorityOwned, Base):
    """A CSV file that was taken in, by its SHA-256: the same file is refused the second time."""

    __tablename__ = "bike_import"
    __table_args__ = (UniqueConstraint("authority_id", "sha256"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(200))
    rows: Mapped[int]
    at: Mapped[datetime]
