"""What each kind of flag rests on: the values at the moment of judgement, in a shape that can be stored and read back.

The tag of the union is the flag's kind, so the JSON of a flag says by itself what it is.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from registry_server.matcher.states import FlagKind

Numbering = Literal["foreign", "other_authority"]
Chips = Literal["same", "different", "unknown"]


class _Facts(Struct, frozen=True, tag_field="kind"):
    @property
    def kind(self) -> FlagKind:
        return FlagKind(str(self.__struct_config__.tag))


class UnknownTag(_Facts, frozen=True, tag="unknown_tag"):
    """Not a number of this authority: `foreign` in no form of ours, `other_authority` in our form with another's number."""

    numbering: Numbering
    authority_number: int | None = None


class NeverIssued(_Facts, frozen=True, tag="never_issued"):
    """In this authority's own form, but no tag was ever given out with it."""

    serial: int
    issue: int
    reason: Literal["no_such_number", "not_bound"]
    """`not_bound`: the number is set aside for a licence, whose tag was not written here."""


class RetiredTag(_Facts, frozen=True, tag="retired_tag"):
    retired_at: datetime


class TidMismatch(_Facts, frozen=True, tag="tid_mismatch"):
    """The EPC is bound to one chip and another chip answered. Hex digits."""

    bound_tid: str
    read_tid: str


class Expired(_Facts, frozen=True, tag="expired"):
    valid_until: date
    seen_on: date
    """The day in Bangladesh."""


class Suspended(_Facts, frozen=True, tag="suspended"):
    valid_until: date
    since: datetime


class Cancelled(_Facts, frozen=True, tag="cancelled"):
    valid_until: date
    since: datetime


class Stolen(_Facts, frozen=True, tag="stolen"):
    reported_at: datetime


class ImpossibleTravel(_Facts, frozen=True, tag="impossible_travel"):
    """The same EPC at two places, closer in time than the road allows."""

    other_checkpoint_id: int
    other_name_bn: str
    other_name_en: str
    other_at: datetime
    apart_s: float
    """Between the two passages as their clocks tell."""
    needed_s: float
    """For `road_m` at the speed cap."""
    tolerance_s: float
    """What the clocks may be wrong together."""
    straight_m: int
    road_m: int
    """`straight_m` times the road factor."""
    speed_cap_kmh: float
    chips: Chips
    """Whether the same chip answered at both, if the TID had been read at both."""


Facts = UnknownTag | NeverIssued | RetiredTag | TidMismatch | Expired | Suspended | Cancelled | Stolen | ImpossibleTravel


def to_json(facts: Facts) -> bytes:
    return msgspec.json.encode(facts)


def read_facts(stored: Mapping[str, Any]) -> Facts:
    """The facts of a stored flag. Raises msgspec.ValidationError for what this program did not write."""
    return msgspec.convert(stored, type=Facts)  # type: ignore[no-any-return]  # a union has no overload in msgspec's stubs
