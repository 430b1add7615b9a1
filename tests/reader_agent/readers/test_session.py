"""One reader's conversation, against the simulated reader of each family, in virtual time."""

from functools import partial
from itertools import pairwise
from random import Random

import pytest

from firmware_protocols.catalogue import FAMILIES, LISTENED_FAMILIES
from firmware_protocols.commands import Region
from firmware_protocols.simulators.faults import LineFaults
from firmware_protocols.simulators.llrp import LlrpReader
from firmware_protocols.simulators.llrp_settings import LlrpOptions
from reader_agent.errors import LinkLost, ReaderRefused
from reader_agent.readers.session import LOST_AFTER_S, ReaderSetup
from reader_agent.readers.tid_reading import BUDGET_S, BUSY_PAUSE_S
from tests.reader_agent.readers.virtual import EPC, TID, Bench

PULSE_S = 0.5  # the longest that any family is silent while no tag is there
every_family = pytest.mark.parametrize("family", FAMILIES)
serial_family = pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"llrp"}))  # TCP harms no bytes


def tag(number: int) -> tuple[bytes, bytes]:
    return bytes.fromhex(f"EB0001{number:08X}0100000001"), bytes.fromhex(f"E2801160{number:016X}")


@every_family
def test_it_learns_what_the_reader_is_and_reports_what_it_sees(family: str) -> None:
    bench = Bench(family)
    bench.enter()
    bench.run(2.0)
    assert bench.counters.model
    assert {seen.epc for seen, _ in bench.seen} == {EPC}
    assert bench.counters.reads == len(bench.seen) > 20
    assert bench.counters.frame_errors == 0


@every_family
def test_region_and_power_are_set_before_anything_is_read(family: str) -> None:
    bench = Bench(family, setup=ReaderSetup((1,), region=Region.EU, power_dbm=20.0))
    bench.enter()
    bench.run(1.0)
    assert bench.seen


@every_family
def test_a_setting_that_the_reader_cannot_have_is_refused_in_words(family: str) -> None:
    bench = Bench(family, setup=ReaderSetup((1,), power_dbm=36.0))
    with pytest.raises(ReaderRefused, match="the reader refuses SetPower"):
        bench.run(1.0)


@pytest.mark.parametrize("family", ["m100", "r200", "r2000", "thingmagic"])
def test_a_line_that_gives_back_what_is_written_changes_nothing(family: str) -> None:
    bench = Bench(family, setup=ReaderSetup((1,), region=Region.EU, power_dbm=20.0, has_to_read_tid=True), has_echo=True)
    bench.enter()
    bench.run(5.0)
    assert {seen.epc for seen, _ in bench.seen} == {EPC}
    assert bench.tids[0] == (EPC, TID)


@every_family
def test_an_empty_lane_is_not_a_lost_reader(family: str) -> None:
    bench = Bench(family)
    bench.run(30.0)
    assert bench.seen == []


@every_family
def test_inventory_goes_on_for_as_long_as_it_takes(family: str) -> None:
    bench = Bench(family)
    bench.enter()
    bench.run(60.0)
    times = [at for _, at in bench.seen]
    assert max(late - early for early, late in pairwise(times)) < 1.5
    assert times[-1] > 58


@every_family
def test_a_reader_that_falls_silent_is_lost_within_three_seconds(family: str) -> None:
    bench = Bench(family)
    bench.at(5.0, partial(setattr, bench, "is_silent", True))
    with pytest.raises(LinkLost, match=r"nothing for 2\.\d s"):
        bench.run(60.0)
    assert LOST_AFTER_S - PULSE_S <= bench.clock.now_s - 5.0 < 3.0


@every_family
def test_a_reader_that_only_makes_noise_is_lost_too(family: str) -> None:
    bench = Bench(family)
    bench.at(5.0, partial(setattr, bench, "is_silent", True))
    bench.at(5.0, partial(setattr, bench, "garbage", b"\x00\xff\x5a"))
    with pytest.raises(LinkLost, match=r"only noise for 2\.\d s; is the speed right"):
        bench.run(60.0)
    assert bench.clock.now_s - 5.0 < 3.0
    assert bench.counters.frame_errors > 0


@pytest.mark.parametrize("family", ["m100", "cf"])
def test_a_family_without_a_pulse_is_asked_whether_it_lives(family: str) -> None:
    bench = Bench(family, has_no_pulse=True)
    bench.enter(enters_s=20.0)
    bench.run(30.0)
    assert bench.seen[-1][1] > 29


@pytest.mark.parametrize("family", ["m100", "cf"])
def test_a_family_without_a_pulse_is_lost_within_three_seconds_too(family: str) -> None:
    bench = Bench(family, has_no_pulse=True)
    bench.at(5.0, partial(setattr, bench, "is_silent", True))
    with pytest.raises(LinkLost, match=r"for 2\.\d s"):
        bench.run(60.0)
    assert bench.clock.now_s - 5.0 < 3.0


def without_keepalives(**more: float) -> Bench:
    bench = Bench("llrp")
    bench.reader = LlrpReader(bench.field, Random(1), manner=LlrpOptions(missed_keepalives=1.0, **more))  # type: ignore[arg-type]  # numbers
    return bench


def test_an_llrp_reader_whose_keepalives_do_not_come_is_asked_whether_it_lives() -> None:
    bench = without_keepalives()
    bench.enter(enters_s=20.0)
    bench.run(30.0)
    assert bench.seen[-1][1] > 29


def test_one_that_ends_its_inventory_while_it_is_asked_is_started_again() -> None:
    """Every answer takes 0.3 s, and the end comes before that to the question."""
    bench = without_keepalives(answer_delay_s=0.3, stops_after_s=1.05)
    bench.enter(enters_s=10.0)
    bench.run(15.0)
    assert bench.seen[-1][1] > 12


@every_family
def test_a_short_silence_is_overcome(family: str) -> None:
    bench = Bench(family)
    bench.enter()
    bench.at(5.0, partial(setattr, bench, "is_silent", True))
    bench.at(6.2, partial(setattr, bench, "is_silent", False))
    bench.run(10.0)
    assert bench.seen[-1][1] > 9.5


@every_family
def test_nobody_there_is_told_with_what_to_try(family: str) -> None:
    bench = Bench(family)
    bench.is_silent = True
    with pytest.raises(LinkLost, match=f"no answer to GetInfo; is it a {family} reader, at this speed"):
        bench.run(10.0)
    assert bench.clock.now_s < 3.0


@every_family
def test_a_cable_pulled_in_the_middle_of_anything_is_one_error(family: str) -> None:
    for step in range(40):
        bench = Bench(family)
        bench.enter()
        bench.at(step * 0.013, partial(setattr, bench, "is_pulled", True))
        with pytest.raises(LinkLost, match="unplugged"):
            bench.run(10.0)


@serial_family
def test_a_bad_line_costs_reads_and_nothing_else(family: str) -> None:
    faults = LineFaults(noise=0.1, wrong_checksum=0.1, truncated=0.05, split=0.3, merged=0.3)
    bench = Bench(family, faults=faults)
    bench.enter()
    bench.run(20.0)
    assert {seen.epc for seen, _ in bench.seen} == {EPC}
    assert bench.counters.frame_errors > 10
    assert bench.seen[-1][1] > 19


@every_family
def test_the_tid_of_a_new_tag_is_read_once_and_in_time(family: str) -> None:
    bench = Bench(family)
    bench.enter(enters_s=2.0)
    bench.run(10.0)
    assert bench.tids == [(EPC, TID)]
    times = [at for _, at in bench.seen]
    assert max(late - early for early, late in pairwise(times)) <= BUDGET_S + 0.1


@every_family
@pytest.mark.parametrize("words", [6, 5, 4, 3, 2], ids="a TID of {} words".format)
def test_a_shorter_tid_is_read_as_far_as_it_goes(family: str, words: int) -> None:
    bench = Bench(family)
    bench.enter(tid=TID[: words * 2])
    bench.run(3.0)
    assert bench.tids == [(EPC, TID[: words // 2 * 4])]


@every_family
def test_each_of_two_tags_gets_its_own_tid(family: str) -> None:
    bench = Bench(family)
    for number in (1, 2):
        bench.enter(*tag(number), enters_s=1.0)
    bench.run(5.0)
    assert sorted(bench.tids) == [tag(1), tag(2)]


@every_family
def test_in_a_busy_lane_tids_are_read_twice_a_second_at_most_and_the_rest_is_inventory(family: str) -> None:
    bench = Bench(family)
    for number in range(8):
        bench.enter(*tag(number))
    bench.run(3.0)
    assert len({seen.epc for seen, _ in bench.seen}) == 8
    assert 3 <= len(bench.tids) <= 3.0 / BUSY_PAUSE_S + 1


@every_family
def test_a_tid_that_did_not_come_is_asked_for_again_while_the_tag_is_there(family: str) -> None:
    refused = 0.03 if family == "llrp" else 0.2  # of its messages, of which a command has six
    bench = Bench(family, faults=LineFaults(refused=refused))  # one try would bring some 13 of 20
    for number in range(20):
        bench.enter(*tag(number), enters_s=3.0 * number, leaves_s=3.0 * number + 2.5)
    bench.run(60.0)
    assert len(bench.tids) >= 17


def test_a_tag_before_the_second_antenna_is_asked_through_the_second_antenna() -> None:
    bench = Bench("r2000", setup=ReaderSetup((1, 2), has_to_read_tid=True))
    bench.enter(enters_s=1.0, leaves_s=3.0, antenna=2)
    bench.run(5.0)
    assert bench.tids == [(EPC, TID)]
    assert bench.seen[-1][1] > 2.5, "the inventory went on with both antennas"


def test_a_board_that_nobody_has_heard_yet_is_asked_at_each_usual_address_in_turn() -> None:
    bench = Bench("r2000")
    bench.is_silent = True
    with pytest.raises(LinkLost):
        bench.session.greet()
    assert [frame[2] for frame in bench.written] == [0x01, 0xFF, 0x00, 0x01]


@every_family
def test_without_being_asked_no_tid_is_read(family: str) -> None:
    bench = Bench(family, setup=ReaderSetup((1,)))
    bench.enter()
    bench.run(3.0)
    assert bench.tids == []


@every_family
def test_when_told_to_stop_the_reader_stops_transmitting(family: str) -> None:
    bench = Bench(family)
    bench.enter()
    bench.run(2.0)
    before = len(bench.seen)
    bench.session.hear(0.5)
    bench.session.hear(0.5)
    assert len(bench.seen) - before <= 2


@pytest.mark.parametrize("family", LISTENED_FAMILIES)
def test_a_reader_that_takes_no_commands_is_listened_to_and_told_nothing(family: str) -> None:
    bench = Bench(family, setup=ReaderSetup((1,)))
    bench.enter(enters_s=1.0, leaves_s=4.0)
    bench.run(20.0)
    assert {seen.epc for seen, _ in bench.seen} == {EPC}
    assert bench.written == []
    assert bench.counters.model == family
