"""Two places faster than the road allows: borders, and the clocks that must not accuse."""

from datetime import UTC, datetime, timedelta

import pytest

from registry_server.matcher.rules import Presence, judge_travel
from registry_server.matcher.travel import Place, Roads, TravelLimits, great_circle_m, road_between

LIMITS = TravelLimits(road_factor=1.0, speed_cap_kmh=60.0, tolerance_s=20.0)
HERE = Place(1, 7, "এখানে", "Here", 22.80, 89.55)
FAR = Place(2, 7, "দূরে", "Far", 22.98, 89.55)  # 20.0 km north: 1,201 s at 60 km/h
NEAR = Place(3, 7, "কাছে", "Near", 22.802, 89.55)  # 222 m: 13 s
AT = datetime(2026, 11, 22, 6, tzinfo=UTC)
TID, OTHER = bytes.fromhex("e280689400004001a2b3c4d5"), bytes.fromhex("e280689400004001a2b3c4d6")


def test_the_distance_is_that_of_the_globe() -> None:
    dhaka, khulna = Place(1, 1, "", "", 23.8103, 90.4125), Place(2, 1, "", "", 22.8456, 89.5403)
    assert great_circle_m(dhaka, khulna) == pytest.approx(139_600, rel=0.005)


@pytest.mark.parametrize(
    ("other", "apart_s", "is_flagged"),
    [
        pytest.param(FAR, 60, True, id="20 km in a minute"),
        pytest.param(FAR, -60, True, id="the other came later: order does not matter"),
        pytest.param(FAR, 0, True, id="at both at once"),
        pytest.param(FAR, 1175, True, id="inside the tolerance of nobody"),
        pytest.param(FAR, 1185, False, id="what the clocks may be wrong counts for the bike"),
        pytest.param(FAR, 1300, False, id="as fast as allowed"),
        pytest.param(NEAR, 0, False, id="so near that clocks could explain it"),
    ],
)
def test_impossible_is_flagged_and_fast_is_not(other: Place, apart_s: float, is_flagged: bool) -> None:
    road = road_between(HERE, other, LIMITS)
    there = Presence(other, AT - timedelta(seconds=apart_s), TID)
    facts = judge_travel(Presence(HERE, AT, TID), there, road, LIMITS)
    assert (facts is not None) is is_flagged
    if facts is not None:
        assert (facts.other_checkpoint_id, facts.apart_s, facts.other_at) == (other.checkpoint_id, abs(apart_s), there.at)


@pytest.mark.parametrize(("here", "there", "chips"), [(TID, TID, "same"), (TID, OTHER, "different"), (TID, None, "unknown")])
def test_it_says_whether_the_same_chip_answered(here: bytes, there: bytes | None, chips: str) -> None:
    facts = judge_travel(Presence(HERE, AT, here), Presence(FAR, AT, there), road_between(HERE, FAR, LIMITS), LIMITS)
    assert facts is not None
    assert facts.chips == chips


def test_the_road_factor_lengthens_the_way() -> None:
    longer = road_between(HERE, FAR, TravelLimits(road_factor=1.5))
    assert longer.road_m == pytest.approx(longer.straight_m * 1.5, abs=1)


def test_authorities_do_not_see_each_others_passages() -> None:
    foreign = Place(9, 8, "", "", 22.98, 89.55)
    assert Roads({1: HERE, 9: foreign}, LIMITS).find(1, 9) is None


def test_a_moved_checkpoint_is_reckoned_anew() -> None:
    places = {1: HERE, 2: FAR}
    roads = Roads(places, LIMITS)
    before = roads.find(1, 2)
    places[2] = NEAR
    roads.forget()
    after = roads.find(1, 2)
    assert before is not None
    assert after is not None
    assert after.straight_m < before.straight_m
