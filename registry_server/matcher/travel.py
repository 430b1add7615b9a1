"""How fast a tag can be at another place. Pure.

The rule must never accuse because a clock is wrong: the tolerance counts in the bike's favour, and it is silent when a clock cannot be
trusted.
"""

import math
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


@dataclass(frozen=True, slots=True)
class TravelLimits:
    """What the road allows. The cap is twice the design speed of the class, so that only the impossible is flagged."""

    road_factor: float = 1.2
    speed_cap_kmh: float = 60.0
    tolerance_s: float = 20.0
    """What two trusted clocks may be wrong together."""


@dataclass(frozen=True, slots=True)
class Place:
    checkpoint_id: int
    authority_id: int
    name_bn: str
    name_en: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Road:
    """Between two checkpoints, as the limits see it."""

    straight_m: int
    road_m: int
    needed_s: float


def great_circle_m(one: Place, other: Place) -> float:
    """By the haversine formula."""
    a1, a2 = math.radians(one.latitude), math.radians(other.latitude)
    half_north, half_east = (a2 - a1) / 2, math.radians(other.longitude - one.longitude) / 2
    h = math.sin(half_north) ** 2 + math.cos(a1) * math.cos(a2) * math.sin(half_east) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def road_between(one: Place, other: Place, limits: TravelLimits) -> Road:
    straight_m = great_circle_m(one, other)
    road_m = straight_m * limits.road_factor
    return Road(round(straight_m), round(road_m), road_m / (limits.speed_cap_kmh / 3.6))


def is_impossible(apart_s: float, road: Road, limits: TravelLimits) -> bool:
    """Whether two passages so far apart in time, in either order, cannot be one vehicle's."""
    return abs(apart_s) + limits.tolerance_s < road.needed_s


class Roads:
    """All checkpoints and the roads between them, each reckoned once."""

    def __init__(self, places: dict[int, Place], limits: TravelLimits) -> None:
        self.places, self.limits = places, limits
        self._roads: dict[tuple[int, int], Road] = {}

    def forget(self) -> None:
        """Reckon anew: a checkpoint may have been moved."""
        self._roads.clear()

    def find(self, one_id: int, other_id: int) -> Road | None:
        """None if a place is unknown, or the two belong to different authorities: one does not see the other's passages."""
        known = self._roads.get((one_id, other_id))
        if known is not None:
            return known
        one, other = self.places.get(one_id), self.places.get(other_id)
        if one is None or other is None or one.authority_id != other.authority_id:
            return None
        road = self._roads[one_id, other_id] = road_between(one, other, self.limits)
        return road
