"""What may become of a flag under review and of a case."""

from enum import StrEnum

from registry_server.errors import MoveRefused
from registry_server.matcher.states import FlagState


class CaseState(StrEnum):
    """`withdrawn`: opened by mistake, or the complaint is not pursued (City Corporation Act 2009, s.94)."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"


class DismissReason(StrEnum):
    """Why a flag needs no case. The statistics of these are what repairs readers, tags and the register."""

    VEHICLE_IN_ORDER = "vehicle_in_order"
    SETTLED_SINCE = "settled_since"
    REGISTER_WRONG = "register_wrong"
    TAG_FAULT = "tag_fault"
    READER_FAULT = "reader_fault"
    SAME_INCIDENT = "same_incident"
    OTHER = "other"


FLAG_MOVES: dict[FlagState, frozenset[FlagState]] = {
    FlagState.OPEN: frozenset({FlagState.DISMISSED, FlagState.CONFIRMED}),
    FlagState.DISMISSED: frozenset(),
    FlagState.CONFIRMED: frozenset(),
}
"""A decision is not taken back: a new flag is a new question."""
CASE_MOVES: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.WITHDRAWN}),
    CaseState.WITHDRAWN: frozenset(),
}


def move_case(number: str, old: CaseState, new: CaseState) -> CaseState:
    """The new state. Raises MoveRefused."""
    if new not in CASE_MOVES[old]:
        raise MoveRefused("case", number, old, new)
    return new


def move_flag(id_: int, old: FlagState, new: FlagState) -> FlagState:
    """The new state. Raises MoveRefused."""
    if new not in FLAG_MOVES[old]:
        raise MoveRefused("flag", str(id_), old, new)
    return new
