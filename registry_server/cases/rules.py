"""Which bike a magistrate sees first, what makes one question of many flags, and what a decision must say. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

from registry_server.cases.states import DismissReason
from registry_server.errors import FieldProblem, NotFound
from registry_server.matcher.states import FlagKind

SERIOUSNESS: dict[FlagKind, int] = {
    FlagKind.STOLEN: 90,  # somebody waits for this bike
    FlagKind.TID_MISMATCH: 80,  # one of two bikes rides on another's licence
    FlagKind.IMPOSSIBLE_TRAVEL: 70,  # the same, but which of the two is not known
    FlagKind.RETIRED_TAG: 60,  # a tag that should not exist any more
    FlagKind.CANCELLED: 50,
    FlagKind.SUSPENDED: 40,
    FlagKind.NEVER_ISSUED: 30,
    FlagKind.EXPIRED: 20,  # mostly a late renewal
    FlagKind.UNKNOWN_TAG: 10,  # mostly another town's bike
}
GRAVE = frozenset(kind for kind, weight in SERIOUSNESS.items() if weight >= SERIOUSNESS[FlagKind.RETIRED_TAG])
"""What no oversight explains: pages show these in the colour of what is not legal."""
MOST_FOR_REPEATS = 9
"""Below the step between two kinds: repeats order bikes within a kind and never lift one over a graver kind."""
NOTE_MOST = 2000
_KEY = re.compile(r"(?:L(?P<licence>[1-9]\d{0,17})|T(?P<epc>(?:[0-9A-F]{4}){1,31}))-(?P<checkpoint>[1-9]\d{0,17})", re.ASCII)


@dataclass(frozen=True, slots=True)
class GroupKey:
    """One bike at one place: the licence whose tag it claims to be or, where there is none, the EPC. Its text stands in the address."""

    licence_id: int | None
    epc: bytes | None
    checkpoint_id: int

    @classmethod
    def of(cls, licence_id: int | None, epc: bytes, checkpoint_id: int) -> Self:
        return cls(licence_id, None if licence_id is not None else epc, checkpoint_id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NotFound: no bike has such an address."""
        match = _KEY.fullmatch(text)
        if match is None:
            raise NotFound("review", text)
        licence, epc = match["licence"], match["epc"]
        return cls(int(licence) if licence else None, bytes.fromhex(epc) if epc else None, int(match["checkpoint"]))

    def __str__(self) -> str:
        bike = f"L{self.licence_id}" if self.epc is None else f"T{self.epc.hex().upper()}"
        return f"{bike}-{self.checkpoint_id}"


class Rank(NamedTuple):
    """Why a bike stands where it does: the gravest kind, its weight, and what being seen again adds."""

    kind: FlagKind
    base: int
    more: int

    @property
    def value(self) -> int:
        return self.base + self.more


def by_seriousness(kinds: Iterable[FlagKind]) -> list[FlagKind]:
    """Each kind once, the gravest first."""
    return sorted(set(kinds), key=lambda kind: -SERIOUSNESS[kind])


def rank(kinds: Iterable[FlagKind], passages: int) -> Rank:
    """Of a bike with flags of these kinds from that many passages."""
    gravest = by_seriousness(kinds)[0]
    return Rank(gravest, SERIOUSNESS[gravest], min(passages - 1, MOST_FOR_REPEATS))


@dataclass(frozen=True, slots=True)
class Looked:
    """The open flags that a magistrate had before him: how many, up to which id. Its text travels through the form: `3.1024`."""

    count: int
    through: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Zero flags for a form that does not say: nothing can be decided with it."""
        count, _, through = text.partition(".")
        if not (count.isascii() and count.isdecimal() and through.isascii() and through.isdecimal()) or len(text) > 36:
            return cls(0, 0)
        return cls(int(count), int(through))

    def __str__(self) -> str:
        return f"{self.count}.{self.through}"


def check_dismissal(reason: str, note: str) -> DismissReason:
    """The reason. Raises FieldProblem if none was chosen, or if it needs words and has none."""
    if reason not in set(DismissReason):
        raise FieldProblem("reason", "dismiss_reason_missing", reason)
    if reason == DismissReason.OTHER and not note.strip():
        raise FieldProblem("dismiss_note", "dismiss_note_missing")
    _check_length("dismiss_note", note)
    return DismissReason(reason)


def check_note(field: str, code: str, note: str) -> str:
    """A note that must be there. Raises FieldProblem with `code` if it is not."""
    if not note.strip():
        raise FieldProblem(field, code)
    _check_length(field, note)
    return note.strip()


def _check_length(field: str, note: str) -> None:
    if len(note) > NOTE_MOST:
        raise FieldProblem(field, "note_too_long", note[:40], most=str(NOTE_MOST), length=str(len(note)))
