"""Tags come, grow loud, fade and go; miss rounds, and collide."""

from random import Random

import pytest

from firmware_protocols.simulators import CLEAN_AIR, FirstAnswer, RadioConditions, TagField
from tests.firmware_protocols.simulators.conversing import TID, new_tag


def field(air: RadioConditions = CLEAN_AIR) -> TagField:
    return TagField(Random(1), air)


@pytest.mark.parametrize(
    ("now_s", "antenna", "is_there"),
    [
        pytest.param(0.9, 1, False, id="not yet"),
        pytest.param(1.0, 1, True, id="enters"),
        pytest.param(2.9, 1, True, id="still there"),
        pytest.param(3.0, 1, False, id="gone"),
        pytest.param(2.0, 2, False, id="before another antenna"),
    ],
)
def test_a_stay(now_s: float, antenna: int, is_there: bool) -> None:
    tags = field()
    tags.enter(new_tag(), enters_s=1.0, leaves_s=3.0)
    assert bool(tags.present(now_s, antenna)) is is_there


def test_a_tag_grows_loud_and_fades() -> None:
    tags = field()
    tags.enter(new_tag(), enters_s=0.0, leaves_s=2.0, peak_rssi_dbm=-45.0)
    loudness = [tags.run_round(now_s, 1)[0].rssi_dbm for now_s in (0.1, 1.0, 1.9)]
    assert loudness[0] < loudness[1] > loudness[2]
    assert loudness[1] == pytest.approx(-45.0, abs=1.5)


def test_a_tag_that_stays_is_steady() -> None:
    tags = field()
    tags.enter(new_tag(), enters_s=0.0, peak_rssi_dbm=-45.0)
    assert tags.run_round(1e6, 1)[0].rssi_dbm == pytest.approx(-45.0, abs=1.5)


def test_a_whisper_is_not_heard() -> None:
    tags = field()
    tags.enter(new_tag(), enters_s=0.0, peak_rssi_dbm=-86.0)
    assert tags.present(1.0, 1)
    assert not tags.run_round(1.0, 1)


def test_a_removed_chip_is_gone_now_and_later() -> None:
    tags = field()
    tag = new_tag()
    tags.enter(tag, enters_s=0.0)
    tags.enter(tag, enters_s=10.0)
    assert len(tags.present(1.0, 1)) == 1
    assert tags.remove(TID)
    assert not tags.present(1.0, 1)
    assert not tags.present(11.0, 1)
    assert not tags.remove(TID)


def test_some_rounds_are_missed() -> None:
    tags = field(RadioConditions(miss_rate=0.2, has_collisions=False))
    tags.enter(new_tag(), enters_s=0.0)
    heard = sum(bool(tags.run_round(now_s, 1)) for now_s in range(1000))
    assert 740 <= heard <= 860


def test_many_tags_collide_but_all_are_heard_in_time() -> None:
    tags = field(RadioConditions(miss_rate=0.0, has_collisions=True))
    for number in range(30):
        tags.enter(new_tag(number), enters_s=0.0)
    rounds = [{answer.tag.epc for answer in tags.run_round(now_s, 1)} for now_s in range(30)]
    assert min(map(len, rounds)) < 30
    assert len(set[bytes]().union(*rounds)) == 30


def test_a_killed_tag_is_silent() -> None:
    tags = field()
    tag = new_tag(kill_password=1)
    tags.enter(tag, enters_s=0.0)
    tag.kill(1)
    assert not tags.present(1.0, 1)


def test_an_access_reaches_only_a_tag_that_is_meant() -> None:
    tags = field()
    for number in range(5):
        tags.enter(new_tag(number), enters_s=0.0)
    wanted = new_tag(3).epc
    answer = tags.pick(1.0, 1, lambda tag: tag.epc == wanted)
    assert answer is not None
    assert answer.tag.epc == wanted
    assert tags.pick(1.0, 1, lambda tag: tag.epc == b"") is None


def test_first_answers_are_told_once_for_each_stay() -> None:
    tags = field()
    tag = new_tag()
    tags.enter(tag, enters_s=0.0, leaves_s=1.0)
    tags.enter(tag, enters_s=5.0, leaves_s=6.0)
    for now_s in (0.5, 0.6, 5.5):
        for answer in tags.run_round(now_s, 1):
            tags.note_reported(answer.presence, now_s)
    assert tags.take_first_answers() == [FirstAnswer(tag.epc, TID, 0.5), FirstAnswer(tag.epc, TID, 5.5)]
    assert tags.take_first_answers() == []


def test_the_same_seed_is_the_same_street() -> None:
    def street(seed: int) -> list[list[float]]:
        tags = TagField(Random(seed), RadioConditions(miss_rate=0.3))
        for number in range(5):
            tags.enter(new_tag(number), enters_s=number * 0.1, leaves_s=number + 1.0)
        return [[answer.rssi_dbm for answer in tags.run_round(tick / 10, 1)] for tick in range(60)]

    assert street(4) == street(4) != street(5)
