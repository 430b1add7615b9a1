"""From sightings to passages and flags, for a whole transaction at once and without a query.

Holds what the worker remembers: the registry's tags, the newest passages, the roads. If the transaction that stores the result fails, the
memory is ahead of the database and must be built anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from registry_server.matcher.facts import Facts, ImpossibleTravel
from registry_server.matcher.memory import NOT_FOUND, TagMemory
from registry_server.matcher.rules import Answer, Presence, judge, judge_travel
from registry_server.matcher.travel import Roads
from registry_server.sightings.clocks import ClockReading
from registry_server.sightings.passages import KnownPassage, OpenSightings, PassageBook
from schemas.messages import SightingBatch, SightingClosed, SightingIdentified, SightingOpened

DAY_S = 86_400
LONGEST_SPOOL = timedelta(days=7)
"""A batch whose unsure clock says more than this was not spooled: its clock is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """One batch that is new, believed and being stored."""

    batch: SightingBatch
    life_id: int
    authority_id: int
    checkpoint_id: int
    clock: ClockReading
    received_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class NewFlag:
    passage: KnownPassage
    facts: Facts
    life_id: int
    seq: int
    tid: bytes | None
    other_passage_id: int | None = None


class _LateTid(NamedTuple):
    """A chip that answered after its passage had been judged."""

    passage: KnownPassage
    tid: bytes
    arrival: Arrival


@dataclass(slots=True)
class Harvest:
    """What one transaction has to store."""

    passages: list[KnownPassage] = field(default_factory=list)
    changed: dict[int, KnownPassage] = field(default_factory=dict)
    """Stored earlier, and now known better."""
    turned: list[KnownPassage] = field(default_factory=list)
    """Of these, the ones that were legal and are flagged."""
    sightings: list[tuple[int, int, KnownPassage, SightingOpened]] = field(default_factory=list)
    """Life, seq, the passage it belongs to, and what was said."""
    closings: list[tuple[int, int, SightingClosed]] = field(default_factory=list)
    """Life, seq, and what was said."""
    flags: list[NewFlag] = field(default_factory=list)
    late: list[_LateTid] = field(default_factory=list)


class Matcher:
    """`take` is the one way in. Belongs to one thread."""

    def __init__(self, tags: TagMemory, roads: Roads, *, last_passage_id: int) -> None:
        self.tags, self.roads = tags, roads
        self.book, self.open_sightings = PassageBook(), OpenSightings()
        self._last_passage_id = last_passage_id
        self._harvest, self._found = Harvest(), tags.look_up([])
        """Of the transaction under way."""

    def take(self, arrivals: Sequence[Arrival]) -> Harvest:
        self._harvest = harvest = Harvest()
        first_new_id = self._last_passage_id + 1
        self._found = self.tags.look_up(
            [event.epc for arrival in arrivals for event in arrival.batch.events if type(event) is SightingOpened]
        )
        index = 0
        for arrival in arrivals:
            for event in arrival.batch.events:
                if type(event) is SightingOpened:
                    self._open(arrival, event, index)
                    index += 1
                elif type(event) is SightingClosed:
                    self._close(arrival, event)
                elif type(event) is SightingIdentified:
                    self._identify(arrival, event)
        self._judge_late(first_new_id)
        return harvest

    def _open(self, arrival: Arrival, event: SightingOpened, index: int) -> None:
        epc, tid, life_id = event.epc, event.tid, arrival.life_id
        at = arrival.clock.true_time(event.first_seen_at)
        at_s = at.timestamp()
        has_passed = bool(self.book.of(epc))
        passage = self.book.find_joined(epc, arrival.checkpoint_id, at_s) if has_passed else None
        if passage is None:
            passage = self._begin(arrival, event, at, at_s, index)
            if has_passed and passage.is_time_sure:
                self._judge_travel(passage, arrival)
            self.book.add(passage)
        else:
            passage.join(at_s)
            if tid is not None and tid != passage.tid:
                self._harvest.late.append(_LateTid(passage, tid, arrival))
        early_tid = self.open_sightings.open((life_id, event.sighting), passage)
        if early_tid is not None:
            self._harvest.late.append(_LateTid(passage, early_tid, arrival))
        self._harvest.sightings.append((life_id, arrival.batch.seq, passage, event))

    def _begin(self, arrival: Arrival, event: SightingOpened, at: datetime, at_s: float, index: int) -> KnownPassage:
        found, tid = self._found, event.tid
        handle = found.records[index]
        is_known = handle != NOT_FOUND and found.authorities[index] == arrival.authority_id
        self._last_passage_id += 1
        passage = KnownPassage(
            self._last_passage_id,
            arrival.authority_id,
            arrival.checkpoint_id,
            event.lane,
            event.epc,
            at,
            at_s,
            at_s,
            arrival.clock.is_sure_of(at),
            arrival.received_at,
            tid,
            found.licences[index] if is_known else None,
        )
        is_in_date = passage.is_time_sure and found.good_through[index] > at_s // DAY_S + 1  # at the border the rules look at the calendar
        if not (is_known and is_in_date and (tid is None or tid == self.tags.tid(handle))):
            for facts in self._judge(passage, handle, tid):
                self._raise(NewFlag(passage, facts, arrival.life_id, arrival.batch.seq, tid))
        self._harvest.passages.append(passage)
        return passage

    def _identify(self, arrival: Arrival, event: SightingIdentified) -> None:
        passage = self.open_sightings.find((arrival.life_id, event.sighting))
        if passage is not None and event.tid != passage.tid:  # else its closing says it again
            self._harvest.late.append(_LateTid(passage, event.tid, arrival))

    def _close(self, arrival: Arrival, event: SightingClosed) -> None:
        passage = self.open_sightings.close((arrival.life_id, event.sighting), event.tid)
        if passage is not None:
            passage.join(arrival.clock.true_time(event.last_seen_at).timestamp())
            if event.tid is not None and event.tid != passage.tid:
                self._harvest.late.append(_LateTid(passage, event.tid, arrival))
        self._harvest.closings.append((arrival.life_id, arrival.batch.seq, event))

    def _judge_late(self, first_new_id: int) -> None:
        """Judge again, once for each chip, the passages whose chip became known after they had been judged."""
        handles = self.tags.look_up([late.passage.epc for late in self._harvest.late]).records if self._harvest.late else []
        for late, handle in zip(self._harvest.late, handles, strict=True):
            passage = late.passage
            was_flagged = bool(passage.kinds)
            if passage.tid is None:
                passage.tid = late.tid
            for facts in self._judge(passage, handle, late.tid):
                self._raise(NewFlag(passage, facts, late.arrival.life_id, late.arrival.batch.seq, late.tid))
            if passage.id < first_new_id:
                self._harvest.changed[passage.id] = passage
                if passage.kinds and not was_flagged:
                    self._harvest.turned.append(passage)

    def _judge(self, passage: KnownPassage, handle: int, tid: bytes | None) -> list[Facts]:
        record = None if handle == NOT_FOUND else self.tags.get(handle)
        return judge(Answer(passage.epc, tid, passage.authority_id, _judged_at(passage)), record)

    def _judge_travel(self, passage: KnownPassage, arrival: Arrival) -> None:
        for other in reversed(self.book.of(passage.epc)):
            if other.checkpoint_id == passage.checkpoint_id or not other.is_time_sure:
                continue
            facts = self._travel_between(passage, other)
            if facts is not None:
                self._raise(NewFlag(passage, facts, arrival.life_id, arrival.batch.seq, passage.tid, other.id))
                return

    def _travel_between(self, passage: KnownPassage, other: KnownPassage) -> ImpossibleTravel | None:
        road = self.roads.find(passage.checkpoint_id, other.checkpoint_id)
        if road is None:
            return None
        nearest_s = min(max(passage.first_s, other.first_s), other.last_s)
        there_at = other.at + timedelta(seconds=nearest_s - other.at.timestamp())
        places = self.roads.places
        return judge_travel(
            Presence(places[passage.checkpoint_id], passage.at, passage.tid),
            Presence(places[other.checkpoint_id], there_at, other.tid),
            road,
            self.roads.limits,
        )

    def _raise(self, flag: NewFlag) -> None:
        """Each kind once a passage."""
        kind = flag.facts.kind
        if kind not in flag.passage.kinds:
            flag.passage.kinds |= {kind}
            self._harvest.flags.append(flag)


def _judged_at(passage: KnownPassage) -> datetime:
    """The moment counts in the bike's favour: what waited in a spool is judged by its own moment, a clock that is plainly wrong by ours."""
    if not passage.is_time_sure and passage.received_at - passage.at > LONGEST_SPOOL:
        return passage.received_at
    return min(passage.at, passage.received_at)
