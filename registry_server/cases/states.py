"""What may become of a flag under review and of a case."""

from enum import StrEnum

from registry_server.errors import MoveRefused


class ReviewState(StrEnum):
    """A flag is open until a magistrate decides; a decision is not taken back, a new flag is a new question."""

    OPEN = "open"
    DISMISSED = "dismissed"
    CONFIRMED = "confirmed"


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


REVIEW_MOVES: dict[ReviewState, frozenset[ReviewState]] = {
    ReviewState.OPEN: frozenset({ReviewState.DISMISSED, ReviewState.CONFIRMED}),
    ReviewState.DISMISSED: frozenset(),
    ReviewState.CONFIRMED: frozenset(),
}
CASE_MOVES: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.WITHDRAWN}),
    CaseState.WITHDRAWN: frozenset(),
}


def move_case(number: str, old: CaseState, new: CaseState) -> CaseState:
    """The new state. Raises MoveRefused."""
    if new not in CASE_MOVES[old]:
        raise MoveRefused("case", number, old, new)
    return new
