"""What may become of a licence."""

from enum import StrEnum


class LicenceState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"


ALLOWED: dict[LicenceState, frozenset[LicenceState]] = {
    LicenceState.ACTIVE: frozenset({LicenceState.SUSPENDED, LicenceState.CANCELLED}),
    LicenceState.SUSPENDED: frozenset({LicenceState.ACTIVE, LicenceState.CANCELLED}),
    LicenceState.CANCELLED: frozenset(),
}
