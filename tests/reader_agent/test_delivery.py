"""Batches leave in order, a bounded number at once, again for as long as nobody confirms them, and never keep back newer ones."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader_agent.delivery import MAX_PATIENCE_S, MAX_TRIAL_S, MOST_TIMES, Delivery, Trials, merge_acks
from reader_agent.spool.spool import SpooledBatch
from schemas.identifiers import BootId
from schemas.messages import Ack

BOOT, EARLIER = BootId("00000000000000b2"), BootId("00000000000000a1")


def batch(number: int, boot: BootId = BOOT) -> SpooledBatch:
    return SpooledBatch(number, boot, number, b"")


def begun(*, sent: int = 0, in_flight: int = 5, newest_id: int = 0) -> Delivery:
    delivery = Delivery(in_flight, 10.0)
    delivery.begin(newest_id)
    for number in range(1, sent + 1):
        delivery.note_sent(batch(number), 0.0)
    return delivery


def next_of(delivery: Delivery) -> tuple[int, int]:
    """After which batch the next is, and the room."""
    stretch = delivery.stretch(of_fresh=False)
    return stretch.after_id, stretch.room


@pytest.mark.parametrize(
    ("ack", "room"),
    [
        pytest.param(Ack(BOOT, 0), 2, id="nothing"),
        pytest.param(Ack(BOOT, 2), 4, id="the first two"),
        pytest.param(Ack(BOOT, 1, [3]), 4, id="one ahead of a gap"),
        pytest.param(Ack(EARLIER, 3), 2, id="another life"),
        pytest.param(Ack(BOOT, 3), 5, id="all"),
    ],
)
def test_what_is_confirmed_makes_room(ack: Ack, room: int) -> None:
    delivery = begun(sent=3)
    delivery.note_confirmed(ack, 1.0)
    assert next_of(delivery) == (3, room)


def test_what_nobody_confirms_goes_again_from_the_oldest_and_each_time_later() -> None:
    delivery, now_s, waits = begun(sent=3), 0.0, []
    for number in range(6):
        wait_s = delivery.due_in_s(now_s)
        assert wait_s is not None
        waits.append(wait_s)
        assert delivery.review(now_s + wait_s - 0.01) is None
        now_s += wait_s
        assert delivery.review(now_s) is not None
        assert next_of(delivery) == (0, 4)
        delivery.note_sent(batch(number + 10), now_s)
    assert waits == [10, 20, 40, 80, MAX_PATIENCE_S, MAX_PATIENCE_S]


def test_what_was_in_vain_too_often_is_given_up() -> None:
    delivery, now_s = begun(), 0.0
    given_up = []
    for _ in range(MOST_TIMES):
        delivery.note_sent(batch(1), now_s)
        now_s += delivery.due_in_s(now_s) or 0.0
        given_up.append(delivery.review(now_s))
    assert given_up == [[], [], [1]]
    assert delivery.due_in_s(now_s) is None


def test_one_that_others_overtake_goes_again_and_is_given_up_at_last() -> None:
    delivery = begun()
    given_up = []
    for number in range(MOST_TIMES):
        at_s = number * 10.0
        delivery.note_sent(batch(1), at_s)
        delivery.note_sent(batch(2 + number), at_s)
        assert delivery.note_confirmed(Ack(BOOT, 0, [2 + number]), at_s + 0.1) is False
        assert delivery.due_in_s(at_s + 0.1) == pytest.approx(9.9)
        given_up.append(delivery.review(at_s + 10.0))
    assert given_up == [[], [], [1]]


def test_one_that_is_confirmed_late_begins_with_a_clean_slate() -> None:
    delivery = begun(sent=1)
    assert delivery.review(10.0) == []
    delivery.note_confirmed(Ack(BOOT, 1), 11.0)
    delivery.begin(1)
    assert next_of(delivery) == (0, 5)


def test_after_the_first_time_in_vain_new_ones_have_places_of_their_own() -> None:
    delivery = begun(sent=5, newest_id=20)
    assert delivery.review(10.0) == []
    assert (next_of(delivery), delivery.stretch(of_fresh=True)) == ((0, 4), (20, 2**63 - 1, 5))
    for number in range(1, 5):
        delivery.note_sent(batch(number), 10.0)
    assert next_of(delivery) == (4, 0)
    assert delivery.stretch(of_fresh=True).room == 1
    delivery.note_sent(batch(21), 10.0)
    assert delivery.stretch(of_fresh=True) == (21, 2**63 - 1, 0)


@pytest.mark.parametrize("in_flight", [1, 2, 3, 4, 100])
def test_old_ones_always_have_a_place_too(in_flight: int) -> None:
    delivery = begun(sent=in_flight, in_flight=in_flight, newest_id=500)
    assert delivery.review(10.0) == []
    assert 1 <= next_of(delivery)[1] <= in_flight


def test_a_confirmation_begins_the_wait_anew() -> None:
    delivery = begun(sent=3)
    delivery.note_confirmed(Ack(BOOT, 1), 9.0)
    assert delivery.due_in_s(9.0) == 10.0


def test_an_ack_that_confirms_nothing_new_does_not() -> None:
    delivery = begun(sent=3)
    delivery.note_confirmed(Ack(BOOT, 0), 9.0)
    assert delivery.due_in_s(9.0) == 1.0


def test_a_confirmation_after_a_time_in_vain_ends_a_silence() -> None:
    delivery = begun(sent=3)
    assert delivery.review(10.0) == []
    delivery.note_sent(batch(1), 10.0)
    assert delivery.note_confirmed(Ack(BOOT, 1), 11.0)


def test_nothing_is_due_while_nothing_is_on_its_way() -> None:
    assert begun().due_in_s(1000.0) is None
    assert begun().review(1000.0) is None


def test_a_new_connection_begins_with_the_oldest() -> None:
    delivery = begun(sent=3)
    delivery.note_confirmed(Ack(BOOT, 1), 1.0)
    delivery.begin(3)
    assert (next_of(delivery), delivery.due_in_s(0.0)) == ((0, 5), None)


def test_after_a_connection_that_confirmed_nothing_new_ones_need_not_wait_for_a_time_in_vain() -> None:
    """Else a line that breaks every few seconds would keep them back for ever."""
    delivery = begun(sent=5, newest_id=20)
    delivery.begin(20)
    assert delivery.stretch(of_fresh=True).after_id == 20


@dataclass
class World:
    """A spool, a line, and a registry that confirms at once what it does not refuse; seconds pass as they are counted."""

    refuses: Callable[[int], bool]
    waiting: list[int]
    delivery: Delivery = field(default_factory=lambda: Delivery(100, 10.0))
    aside: set[int] = field(default_factory=set)
    confirmed_s: dict[int, int] = field(default_factory=dict)

    def run(self, seconds: int, *, newcomers_every_s: int) -> None:
        newest_id = self.waiting[-1]
        self.delivery.begin(newest_id)
        for now_s in range(seconds):
            if now_s % newcomers_every_s == 0:
                newest_id += 1
                self.waiting.append(newest_id)
            self.aside.update(self.delivery.review(now_s) or [])
            for of_fresh in (False, True):
                self._send(of_fresh, now_s)

    def _send(self, of_fresh: bool, now_s: int) -> None:
        while (stretch := self.delivery.stretch(of_fresh=of_fresh)).room > 0:
            due = [id_ for id_ in self.waiting if stretch.after_id < id_ <= stretch.through_id and id_ not in self.aside]
            if not due:
                return
            for id_ in due[: stretch.room]:
                if self.delivery.is_on_way(batch(id_)):
                    self.delivery.pass_by(batch(id_))
                    continue
                self.delivery.note_sent(batch(id_), now_s)
                if not self.refuses(id_):
                    self.confirmed_s[id_] = now_s
                    self.waiting.remove(id_)
                    self.delivery.note_confirmed(Ack(BOOT, 0, [id_]), now_s)


def test_a_thousand_refused_ones_keep_new_ones_back_for_no_longer_than_the_first_wait() -> None:
    world = World(refuses=lambda id_: id_ <= 1000, waiting=list(range(1, 1001)))
    world.run(900, newcomers_every_s=3)
    made_s = {1001 + number: 3 * number for number in range(300)}
    assert {id_ for id_, at_s in world.confirmed_s.items() if at_s - made_s[id_] > 1} <= {1001, 1002, 1003, 1004}
    assert max(at_s - made_s[id_] for id_, at_s in world.confirmed_s.items()) <= 10
    assert len(world.confirmed_s) == 300
    assert world.aside == set(range(1, 1001))


@settings(max_examples=30)
@given(st.sets(st.integers(1, 60)))
def test_whatever_is_refused_all_else_arrives_and_no_other_is_given_up(refused: set[int]) -> None:
    world = World(refuses=lambda id_: id_ in refused, waiting=list(range(1, 61)), delivery=Delivery(8, 10.0))
    world.run(700, newcomers_every_s=7)
    assert {*world.confirmed_s} == {*range(1, 61 + 100)} - refused
    assert world.aside == refused


def test_trials_are_ever_more_seldom_and_begin_at_once() -> None:
    trials, now_s, waits = Trials(100, 10.0), 5.0, []
    for _ in range(8):
        assert trials.due_in_s(now_s) == 0.0
        trials.take([(BOOT, 1)], now_s)
        waits.append(trials.due_in_s(now_s))
        now_s += waits[-1]
    assert waits == [10, 20, 40, 80, 160, 320, MAX_TRIAL_S, MAX_TRIAL_S]
    trials.take([(BOOT, 1)], now_s)
    trials.hurry(now_s)
    assert trials.due_in_s(now_s) == 10.0
    trials.take([(BOOT, 1)], now_s + 10.0)
    assert trials.due_in_s(now_s + 10.0) == MAX_TRIAL_S
    trials.reset()
    trials.take([(BOOT, 1)], now_s)
    assert trials.due_in_s(now_s) == 10.0


def test_trials_take_a_small_share_and_every_life_has_its_turn() -> None:
    lives = [(BootId(f"{number:016x}"), 3) for number in range(12)]
    trials = Trials(100, 10.0)
    taken = [trials.take(lives, 0.0) for _ in range(3)]
    assert [len(some) for some in taken] == [5, 5, 5]
    assert {boot for some in taken for boot, _ in some} == {boot for boot, _ in lives}


def test_trials_come_to_every_batch_of_a_life() -> None:
    trials = Trials(100, 10.0)
    assert {place for _ in range(200) for _, place in trials.take([(BOOT, 50)], 0.0)} == set(range(50))


ACKS = st.lists(st.builds(Ack, st.sampled_from([BOOT, EARLIER]), st.integers(0, 9), st.lists(st.integers(1, 12), max_size=3)), max_size=6)


@given(ACKS)
def test_merged_acks_cover_what_all_of_them_cover(acks: list[Ack]) -> None:
    def covered(some: list[Ack]) -> set[tuple[BootId, int]]:
        return {(ack.boot, seq) for ack in some for seq in [*range(1, ack.through + 1), *ack.beyond]}

    assert covered(merge_acks(acks)) == covered(acks)
    assert len(merge_acks(acks)) == len({ack.boot for ack in acks})
