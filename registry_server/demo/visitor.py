"""The bike that a visitor registers: its blank chip lies on the desk's reader and drives past the checkpoints meanwhile."""

from dataclasses import dataclass, field

from rich.markup import escape
from sqlalchemy import func, select

from registry_server.db import Database
from registry_server.demo.city import CHECKPOINTS, Story
from registry_server.demo.report import screen
from registry_server.demo.seeding import Seeding
from registry_server.demo.stage import Entry, Stage
from registry_server.demo.tally import Tally
from registry_server.demo.traffic import Bike, Traffic
from registry_server.epc_allocation.models import EpcAllocation, TagBinding
from registry_server.issuance.models import JobState, TagJob
from registry_server.licences.models import Licence
from schemas.tid import Tid

DRIVES_EVERY_S = 12.0
FIRST_DRIVE_AFTER_S = 3.0
FOR_EVER_S = 10**9
MOST_BIKES = 50
"""That drive past: a list that is imported may hold thousands, and the street is for hundreds an hour."""


@dataclass(slots=True)
class VisitorBike:
    """One registered by hand, and the chip that is meant for it."""

    licence_id: int
    number: str
    chip: Tid
    is_encoded: bool = False
    drives_at_s: float = 0.0


@dataclass(slots=True)
class Visitor:
    """Looks once a second at what a visitor did in the browser, and lets it have its effect in the street."""

    database: Database
    seeding: Seeding
    stage: Stage
    traffic: Traffic
    tally: Tally
    bikes: dict[int, VisitorBike] = field(default_factory=dict)
    _after_licence: int = 0
    _on_desk: VisitorBike | None = None

    def __post_init__(self) -> None:
        with self.database.read() as session:
            self._after_licence = session.scalar(select(func.max(Licence.id))) or 0

    def look(self, now_s: float) -> None:
        self._notice_new(now_s)
        self._serve_desk()
        for bike in self.bikes.values():
            if now_s >= bike.drives_at_s:
                self._drive(bike, now_s)

    def _notice_new(self, now_s: float) -> None:
        with self.database.read() as session:
            rows = session.execute(select(Licence.id, Licence.number).where(Licence.id > self._after_licence).order_by(Licence.id)).all()
        newest = rows[-MOST_BIKES:]
        if len(newest) < len(rows):
            screen.print(f"        [bold]{len(rows):,} bikes were registered; the last {MOST_BIKES} of them are on the road[/]")
        for licence_id, number in newest:
            self._after_licence = licence_id
            self.bikes[licence_id] = VisitorBike(licence_id, number, self.seeding.new_chip(), drives_at_s=now_s + FIRST_DRIVE_AFTER_S)
            screen.print(f"        [bold]{escape(number)} was registered; it is on the road with a blank chip[/]")
        for bike in [bike for bike in self.bikes.values() if bike is not self._on_desk][: max(len(self.bikes) - MOST_BIKES, 0)]:
            del self.bikes[bike.licence_id]

    def _serve_desk(self) -> None:
        """Put the chip of the bike whose tag is to be written on the desk's reader, and notice when it is written."""
        with self.database.read() as session:
            written = dict(
                session.execute(
                    select(EpcAllocation.licence_id, TagBinding.tid)
                    .join(TagBinding, TagBinding.allocation_id == EpcAllocation.id)
                    .where(TagBinding.retired_at.is_(None), EpcAllocation.licence_id.in_(self.bikes))
                ).all()
            )
            wanted = session.scalars(
                select(EpcAllocation.licence_id)
                .join(TagJob, TagJob.allocation_id == EpcAllocation.id)
                .where(TagJob.state.in_((JobState.WAITING, JobState.TAKEN)), EpcAllocation.licence_id.in_(self.bikes))
                .order_by(TagJob.id)
            ).all()
        for bike in self.bikes.values():
            if not bike.is_encoded and written.get(bike.licence_id) == bike.chip:
                bike.is_encoded = True
                self._clear_desk(bike)
                screen.print(f"        [bold green]{escape(bike.number)}: the desk wrote and locked its tag[/]")
        if self._on_desk is None and wanted:
            self._lay_on_desk(self.bikes[wanted[0]])

    def _lay_on_desk(self, bike: VisitorBike) -> None:
        self._on_desk = bike
        entry = Entry(self.seeding.blank_epc(bike.chip), bike.chip, FOR_EVER_S)
        self.stage.readers["desk"].tell(enter=entry.as_json())

    def _clear_desk(self, bike: VisitorBike) -> None:
        if self._on_desk is bike:
            self._on_desk = None
        self.stage.readers["desk"].tell(remove={"tid": bike.chip.hex()})

    def _drive(self, bike: VisitorBike, now_s: float) -> None:
        bike.drives_at_s = now_s + DRIVES_EVERY_S
        epc = self._epc_of(bike) if bike.is_encoded else self.seeding.blank_epc(bike.chip)
        drive = self.traffic.drive(Bike(Story.VISITOR, bike.number, epc, bike.chip), CHECKPOINTS[0], now_s)
        self.tally.inject(drive)
        self.stage.drive(drive)

    def _epc_of(self, bike: VisitorBike) -> bytes:
        """What the chip answers now. It was written by the desk, not by us: the registry says with which number."""
        with self.database.read() as session:
            return session.scalars(
                select(EpcAllocation.epc)
                .join(TagBinding, TagBinding.allocation_id == EpcAllocation.id)
                .where(TagBinding.tid == bytes(bike.chip), TagBinding.retired_at.is_(None))
            ).one()
