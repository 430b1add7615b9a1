"""The order of the queue, the addresses of its bikes, and what a decision must say."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.cases.queries import Place
from registry_server.cases.rules import (
    GRAVE,
    MOST_FOR_REPEATS,
    NOTE_MOST,
    SERIOUSNESS,
    GroupKey,
    Looked,
    by_seriousness,
    check_dismissal,
    check_note,
    rank,
)
from registry_server.cases.states import CASE_MOVES, FLAG_MOVES, CaseState, DismissReason, move_case, move_flag
from registry_server.errors import FieldProblem, MoveRefused, NotFound
from registry_server.matcher.states import FlagKind, FlagState

IDS = st.integers(1, 10**17)
EPCS = st.integers(1, 31).flatmap(lambda words: st.binary(min_size=2 * words, max_size=2 * words))


def test_every_kind_has_its_own_weight() -> None:
    assert SERIOUSNESS.keys() == set(FlagKind)
    assert len(set(SERIOUSNESS.values())) == len(FlagKind)


def test_what_an_oversight_may_explain_is_not_grave() -> None:
    grave = {FlagKind.STOLEN, FlagKind.TID_MISMATCH, FlagKind.IMPOSSIBLE_TRAVEL, FlagKind.RETIRED_TAG}
    assert grave == GRAVE


def test_no_number_of_repeats_lifts_a_kind_over_a_graver_one() -> None:
    for graver, milder in pairwise(by_seriousness(FlagKind)):
        assert rank([milder], 10_000).value < rank([graver], 1).value


@given(st.sets(st.sampled_from(FlagKind), min_size=1), st.integers(1, 10_000))
def test_a_bike_stands_by_its_gravest_kind_and_its_repeats(kinds: set[FlagKind], passages: int) -> None:
    found = rank(kinds, passages)
    assert found.base == max(SERIOUSNESS[kind] for kind in kinds)
    assert found.more == min(passages - 1, MOST_FOR_REPEATS)


@given(IDS, EPCS, IDS)
def test_a_bikes_address_leads_back_to_it(licence_id: int, epc: bytes, checkpoint_id: int) -> None:
    for key in (GroupKey.of(licence_id, epc, checkpoint_id), GroupKey.of(None, epc, checkpoint_id)):
        assert GroupKey.parse(str(key)) == key


@pytest.mark.parametrize(
    "text", ["", "L-1", "L0-1", "L1", "L1-0", "TE2-1", "Te280-1", "T-1", "X1-1", "L১-1", "L1-1\n", "L" + "9" * 40 + "-1"]
)
def test_an_address_that_no_bike_has_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        GroupKey.parse(text)


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_what_was_looked_at_and_where_a_page_ended_survive_their_text(one: int, other: int) -> None:
    assert Looked.parse(str(Looked(one, other))) == Looked(one, other)
    assert Place.parse(str(Place(one, other))) == Place(one, other)


@pytest.mark.parametrize("text", ["", "3", "3.", ".3", "-3.4", "a.b", "১.২", "1" * 50 + ".1"])
def test_a_form_that_does_not_say_what_was_looked_at_decides_nothing(text: str) -> None:
    assert Looked.parse(text) == Looked(0, 0)


@pytest.mark.parametrize(
    ("reason", "note", "field", "code"),
    [
        pytest.param("", "", "reason", "dismiss_reason_missing", id="no reason"),
        pytest.param("because", "x", "reason", "dismiss_reason_missing", id="a reason that is not in the list"),
        pytest.param("other", " \n", "dismiss_note", "dismiss_note_missing", id="another reason without words"),
        pytest.param("tag_fault", "x" * (NOTE_MOST + 1), "dismiss_note", "note_too_long", id="a note without end"),
    ],
)
def test_a_dismissal_must_say_why(reason: str, note: str, field: str, code: str) -> None:
    with pytest.raises(FieldProblem) as refused:
        check_dismissal(reason, note)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_a_listed_reason_needs_no_words() -> None:
    assert check_dismissal("tag_fault", "") is DismissReason.TAG_FAULT


def test_a_case_needs_a_note() -> None:
    with pytest.raises(FieldProblem):
        check_note("confirm_note", "case_note_missing", "  ")
    assert check_note("confirm_note", "case_note_missing", " চেসিস মেলে না ") == "চেসিস মেলে না"


@pytest.mark.parametrize("old", FlagState)
@pytest.mark.parametrize("new", FlagState)
def test_a_flag_moves_as_the_table_says(old: FlagState, new: FlagState) -> None:
    if new in FLAG_MOVES[old]:
        assert move_flag(1, old, new) is new
    else:
        with pytest.raises(MoveRefused):
            move_flag(1, old, new)


@pytest.mark.parametrize("old", CaseState)
@pytest.mark.parametrize("new", CaseState)
def test_a_case_moves_as_the_table_says(old: CaseState, new: CaseState) -> None:
    if new in CASE_MOVES[old]:
        assert move_case("1", old, new) is new
    else:
        with pytest.raises(MoveRefused):
            move_case("1", old, new)
