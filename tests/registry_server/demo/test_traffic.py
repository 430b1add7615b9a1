"""The demo's stream is what the city's figures say, and what a street allows."""

import random
from collections import defaultdict
from io import StringIO
from itertools import pairwise, takewhile

import pytest
from rich.console import Console

from registry_server.demo import report
from registry_server.demo.city import BUSIEST_PER_HOUR, CHECKPOINTS, STORIES, Story
from registry_server.demo.tally import Found, StoryResult, Tally
from registry_server.demo.traffic import BACK_AFTER_S, SECOND_PLACE_AFTER_S, Bike, DrivePast, Traffic
from registry_server.matcher.states import FlagKind

BIKES = [
    Bike(story, f"{story}-{number}", f"{story}{number:04d}".encode()[-12:], bytes(12))
    for story, facts in STORIES.items()
    for number in range(facts.bikes)
]


def drives(seconds: float, seed: int = 1) -> list[DrivePast]:
    return list(takewhile(lambda drive: drive.at_s < seconds, Traffic(BIKES, random.Random(seed)).stream()))


def test_the_stream_comes_in_the_order_of_time() -> None:
    assert all(early.at_s <= late.at_s for early, late in pairwise(drives(600)))


def test_the_busiest_place_has_the_counted_traffic() -> None:
    passed = sum(drive.checkpoint is CHECKPOINTS[0] for drive in drives(3600))
    assert passed == pytest.approx(BUSIEST_PER_HOUR, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_every_story_is_told_within_ten_seconds(seed: int) -> None:
    assert {drive.bike.story for drive in drives(10, seed)} >= set(STORIES)


@pytest.mark.parametrize("seed", range(5))
def test_no_bike_is_back_sooner_than_a_street_allows(seed: int) -> None:
    times = defaultdict(list)
    for drive in drives(600, seed):
        if drive.bike.epc:
            times[drive.bike.name].append(drive.at_s)
    gaps = {name: min(late - early for early, late in pairwise(at)) for name, at in times.items() if len(at) > 1}
    clones = {name for name in gaps if name.startswith(Story.TWO_PLACES)}
    assert all(gap >= BACK_AFTER_S for name, gap in gaps.items() if name not in clones)
    assert all(gaps[name] == pytest.approx(SECOND_PLACE_AFTER_S) for name in clones)


def test_the_rules_know_every_flag_that_a_story_owes() -> None:
    assert {facts.flag for facts in STORIES.values() if facts.flag} == set(FlagKind)


def test_the_closing_table_counts_what_was_lost_and_what_came_twice() -> None:
    tally = Tally()
    traffic = Traffic(BIKES, random.Random(1))
    stolen, outsider = (next(bike for bike in BIKES if bike.story is story) for story in (Story.STOLEN, Story.OUTSIDER))
    for bike in (stolen, stolen, outsider):
        tally.inject(traffic.drive(bike, CHECKPOINTS[0], 0.0))
        assert bike.epc
        tally.answer("pti-more", bike.epc.hex().upper(), 10.0)
    assert stolen.epc
    assert outsider.epc
    found = [Found(stolen.epc.hex().upper(), "pti-more", frozenset({"stolen"}))]
    found += [Found(outsider.epc.hex().upper(), "pti-more", frozenset({"unknown_tag"}))] * 2
    rows = {row.story: row for row in tally.results(found)}
    assert (rows[Story.STOLEN].lost, rows[Story.STOLEN].duplicated, rows[Story.STOLEN].flagged) == (1, 0, 1)
    assert (rows[Story.OUTSIDER].lost, rows[Story.OUTSIDER].duplicated) == (0, 1)


def test_one_lost_and_one_doubled_do_not_hide_each_other() -> None:
    tally, traffic = Tally(), Traffic(BIKES, random.Random(1))
    first, second = [bike for bike in BIKES if bike.story is Story.STOLEN][:2]
    for bike in (first, second):
        tally.inject(traffic.drive(bike, CHECKPOINTS[0], 0.0))
        assert bike.epc
        tally.answer("pti-more", bike.epc.hex().upper(), 10.0)
    assert first.epc
    (row,) = tally.results([Found(first.epc.hex().upper(), "pti-more", frozenset({"stolen"}))] * 2)
    assert (row.heard, row.passages, row.lost, row.duplicated) == (2, 2, 1, 1)


def test_the_closing_table_is_whole_at_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(width=80, record=True, file=StringIO())
    monkeypatch.setattr(report, "screen", screen)
    result = StoryResult(Story.NEVER_ISSUED, 5, 5, 5, "impossible_travel", 5, {"tid_mismatch": 12}, 0, 0)
    report.closing_table([result], None)
    words = screen.export_text().split()
    assert {"injected", "heard", "passages", "lost", "duplicated", "never", "issued", "impossible", "travel", "mismatch"} <= {*words}


def test_latency_counts_from_the_first_byte_to_the_first_time_on_the_page() -> None:
    tally = Tally()
    tally.answer("pti-more", "AA", 10.0)
    assert tally.show("pti-more", "AA", 10.08) == pytest.approx(80)
    assert tally.show("pti-more", "AA", 12.0) is None
    latency = tally.latency()
    assert latency
    assert latency.count == 1
