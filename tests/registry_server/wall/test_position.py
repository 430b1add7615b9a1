"""Every id is taken once, whatever the order in which transactions end."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.wall.position import HOLE_PATIENCE_S, MOST_HOLES, Cursor, Position


def test_ids_in_order_are_taken_once() -> None:
    cursor = Cursor(10)
    assert cursor.take([11, 12], 0) == {11, 12}
    assert cursor.take([11, 12, 13], 0) == {13}
    assert cursor.low == 13


def test_an_id_that_becomes_visible_late_is_still_taken() -> None:
    cursor = Cursor(10)
    assert cursor.take([11, 13], 0) == {11, 13}
    assert cursor.low == 11
    assert cursor.take([12, 13], 1) == {12}
    assert cursor.low == 13


def test_a_hole_that_nobody_fills_is_given_up() -> None:
    cursor = Cursor(10)
    cursor.take([12], 0)
    cursor.give_up(HOLE_PATIENCE_S - 0.1)
    assert cursor.low == 10
    cursor.give_up(HOLE_PATIENCE_S)
    assert cursor.low == 12


def test_a_leap_of_the_sequence_costs_bounded_memory() -> None:
    cursor = Cursor(0)
    cursor.take([10**12], 0)
    assert len(cursor.holes) == MOST_HOLES


def test_a_cursor_begins_behind_what_is_there_but_sees_its_holes_filled() -> None:
    cursor = Cursor.after([5, 6, 8], 0)
    assert cursor.take([5, 6, 7, 8, 9], 0) == {7, 9}


def test_a_cursor_on_an_empty_table_takes_the_first_id() -> None:
    assert Cursor.after([], 0).take([1], 0) == {1}


@given(st.lists(st.integers(1, 60), unique=True, min_size=1), st.randoms(use_true_random=False))
def test_any_order_of_commits_delivers_each_id_once(ids: list[int], order: random.Random) -> None:
    cursor, visible, taken = Cursor(0), [], []
    for id_ in order.sample(ids, len(ids)):
        visible.append(id_)
        taken += cursor.take([known for known in visible if known > cursor.low], 0)
    assert sorted(taken) == sorted(ids)


@given(st.integers(0, 2**53), st.integers(0, 2**53))
def test_a_position_survives_its_text(passage: int, flag: int) -> None:
    assert Position.parse(str(Position(passage, flag))) == Position(passage, flag)


@pytest.mark.parametrize("text", ["", "7", "7.", ".7", "-1.2", "1.2.3", "১.২", "9" * 30 + ".1", "1e3.1"])
def test_a_foreign_event_id_begins_anew(text: str) -> None:
    assert Position.parse(text) is None
