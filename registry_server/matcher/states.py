"""What may become of a flag."""

from enum import StrEnum


class FlagKind(StrEnum):
    """Which rule raised the flag."""

    UNKNOWN_TAG = "unknown_tag"
    NEVER_ISSUED = "never_issued"
    RETIRED_TAG = "retired_tag"
    TID_MISMATCH = "tid_mismatch"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    STOLEN = "stolen"
    IMPOSSIBLE_TRAVEL = "impossible_travel"


class FlagState(StrEnum):
    """`open` until a person has decided."""

    OPEN = "open"
    DISMISSED = "dismissed"
    CONFIRMED = "confirmed"
