"""Batches leave in order, a bounded number at once, and again for as long as nobody confirms them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader_agent.delivery import MAX_PATIENCE_S, Delivery, merge_acks
from reader_agent.spool.spool import SpooledBatch
from schemas.identifiers import BootId
from schemas.messages import Ack

BOOT, EARLIER = BootId("00000000000000b2"), BootId("00000000000000a1")


def batch(number: int, boot: BootId = BOOT) -> SpooledBatch:
    return SpooledBatch(number, boot, number, b"")


def begun(*, sent: int = 0, in_flight: int = 5) -> Delivery:
    delivery = Delivery(in_flight, 10.0)
    delivery.begin()
    for number in range(1, sent + 1):
        delivery.note_sent(batch(number), 0.0)
    return delivery


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
    assert delivery.room == room


def test_what_nobody_confirms_goes_again_from_the_oldest_and_each_time_later() -> None:
    delivery, now_s, waits = begun(sent=3), 0.0, []
    for _ in range(6):
        wait_s = delivery.due_in_s(now_s)
        assert wait_s is not None
        waits.append(wait_s)
        assert not delivery.go_back_if_due(now_s + wait_s - 0.01)
        now_s += wait_s
        assert delivery.go_back_if_due(now_s)
        assert (delivery.last_id, delivery.room) == (0, 5)
        delivery.note_sent(batch(1), now_s)
    assert waits == [10, 20, 40, 80, MAX_PATIENCE_S, MAX_PATIENCE_S]


def test_a_confirmation_begins_the_wait_anew() -> None:
    delivery = begun(sent=3)
    delivery.note_confirmed(Ack(BOOT, 1), 9.0)
    assert delivery.due_in_s(9.0) == 10.0


def test_an_ack_that_confirms_nothing_new_does_not() -> None:
    delivery = begun(sent=3)
    delivery.note_confirmed(Ack(BOOT, 0), 9.0)
    assert delivery.due_in_s(9.0) == 1.0


def test_nothing_is_due_while_nothing_is_on_its_way() -> None:
    assert begun().due_in_s(1000.0) is None
    assert not begun().go_back_if_due(1000.0)


def test_a_new_connection_begins_with_the_oldest() -> None:
    delivery = begun(sent=3)
    delivery.begin()
    assert (delivery.last_id, delivery.room, delivery.due_in_s(0.0)) == (0, 5, None)


ACKS = st.lists(st.builds(Ack, st.sampled_from([BOOT, EARLIER]), st.integers(0, 9), st.lists(st.integers(1, 12), max_size=3)), max_size=6)


@given(ACKS)
def test_merged_acks_cover_what_all_of_them_cover(acks: list[Ack]) -> None:
    def covered(some: list[Ack]) -> set[tuple[BootId, int]]:
        return {(ack.boot, seq) for ack in some for seq in [*range(1, ack.through + 1), *ack.beyond]}

    assert covered(merge_acks(acks)) == covered(acks)
    assert len(merge_acks(acks)) == len({ack.boot for ack in acks})
