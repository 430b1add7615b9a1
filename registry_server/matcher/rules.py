"""The rules. Pure: what was read and what is registered go in, facts come out.

A flag says what a person should look at; it convicts nobody.
"""

from dataclasses import dataclass
from datetime import date, datetime

from registry_server.clock import dhaka_date
from registry_server.licences.states import LicenceState
from registry_server.matcher.facts import (
    Cancelled,
    Chips,
    Expired,
    Facts,
    ImpossibleTravel,
    NeverIssued,
    RetiredTag,
    Stolen,
    Suspended,
    TidMismatch,
    UnknownTag,
)
from registry_server.matcher.travel import Place, Road, TravelLimits, is_impossible
from schemas.epc import ClosedEpc, Epc
from schemas.identifiers import ProofLevel

SERIAL_STARTS_AT = 6
"""TID bytes before this are class, maker and model: alike on millions of chips (TDS 1.6 §16.2)."""


@dataclass(frozen=True, slots=True)
class TagRecord:
    """What the registry knows of one EPC that it has set aside."""

    authority_id: int
    licence_id: int
    state: LicenceState
    state_since: datetime
    """Of no account, and not known, for one that is active."""
    valid_until: date
    stolen_at: datetime | None = None
    retired_at: datetime | None = None
    tid: bytes | None = None
    """The chip it is bound to; None: not yet written."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tag answered, at a checkpoint of which authority, and when."""

    epc: bytes
    tid: bytes | None
    authority_id: int
    seen_at: datetime

    @property
    def seen_on(self) -> date:
        """The day in Bangladesh."""
        return dhaka_date(self.seen_at)


@dataclass(frozen=True, slots=True)
class Presence:
    """A tag at a place at a moment, with a clock that can be trusted."""

    place: Place
    at: datetime
    tid: bytes | None


def proof_of(tid: bytes | None) -> ProofLevel:
    """A TID that was cut before its serial number names no chip and proves nothing."""
    return ProofLevel.EPC_TID if tid is not None and len(tid) > SERIAL_STARTS_AT else ProofLevel.EPC_ONLY


def is_other_chip(bound: bytes, read: bytes) -> bool:
    """Readers read different lengths of a TID: what both have is compared."""
    shared = min(len(bound), len(read))
    return bound[:shared] != read[:shared]


def compare_chips(here: bytes | None, there: bytes | None) -> Chips:
    """Whether one chip answered at both places."""
    if here is None or there is None:
        return "unknown"
    return "different" if is_other_chip(here, there) else "same"


def judge(answer: Answer, record: TagRecord | None) -> list[Facts]:
    """All that one passage shows by itself; an empty list is a legal passage as far as a tag can say."""
    if record is None or record.authority_id != answer.authority_id:
        return [_stranger(answer)]
    if record.retired_at is not None:
        # what waited in a spool may be from before: the tag was right then, and of which chip it was is no longer asked
        retired = [RetiredTag(record.retired_at)] if answer.seen_at >= record.retired_at else []
        return [*retired, *_licence(answer, record)]
    if record.tid is None:
        return [_not_bound(answer)]
    return [*_chip(answer.tid, record.tid), *_licence(answer, record)]


def judge_travel(here: Presence, there: Presence, road: Road, limits: TravelLimits) -> ImpossibleTravel | None:
    """None if one vehicle can have been at both, or nothing can be said."""
    apart_s = (here.at - there.at).total_seconds()
    if not is_impossible(apart_s, road, limits):
        return None
    return ImpossibleTravel(
        other_checkpoint_id=there.place.checkpoint_id,
        other_name_bn=there.place.name_bn,
        other_name_en=there.place.name_en,
        other_at=there.at,
        apart_s=round(abs(apart_s), 3),
        needed_s=round(road.needed_s, 1),
        tolerance_s=limits.tolerance_s,
        straight_m=road.straight_m,
        road_m=road.road_m,
        speed_cap_kmh=limits.speed_cap_kmh,
        chips=compare_chips(here.tid, there.tid),
    )


def _stranger(answer: Answer) -> Facts:
    ours = ClosedEpc.find_in(Epc(answer.epc))
    if ours is None:
        return UnknownTag("foreign")
    if ours.authority != answer.authority_id:
        return UnknownTag("other_authority", ours.authority)
    return NeverIssued(ours.serial, ours.issue, "no_such_number")


def _not_bound(answer: Answer) -> Facts:
    ours = ClosedEpc.find_in(Epc(answer.epc))
    return NeverIssued(ours.serial if ours else 0, ours.issue if ours else 0, "not_bound")


def _chip(read: bytes | None, bound: bytes) -> list[Facts]:
    if read is None or not is_other_chip(bound, read):
        return []
    return [TidMismatch(bound.hex().upper(), read.hex().upper())]


def _licence(answer: Answer, record: TagRecord) -> list[Facts]:
    facts: list[Facts] = []
    if record.stolen_at is not None:
        facts.append(Stolen(record.stolen_at))
    # What waited in a spool may be from before the licence was stopped. What the state was then is no longer asked.
    state = record.state if answer.seen_at >= record.state_since else LicenceState.ACTIVE
    if state is LicenceState.CANCELLED:
        facts.append(Cancelled(record.valid_until, record.state_since))
        return facts  # what is cancelled does not also run out
    if state is LicenceState.SUSPENDED:
        facts.append(Suspended(record.valid_until, record.state_since))
    if answer.seen_on > record.valid_until:
        facts.append(Expired(record.valid_until, answer.seen_on))
    return facts
