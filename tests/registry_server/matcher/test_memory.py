"""The sorted table against a plain dictionary."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.licences.states import LicenceState
from registry_server.matcher import memory as memory_module
from registry_server.matcher.memory import NOT_FOUND, TagMemory, TagRow

EPCS = st.one_of(
    st.binary(min_size=12, max_size=12), st.integers(1, 31).flatmap(lambda words: st.binary(min_size=2 * words, max_size=2 * words))
)
NEAR_EPCS = st.integers(0, 40).map(lambda number: b"\xeb\0\1" + number.to_bytes(9))  # so that the same number comes twice
SECONDS = st.integers(1, 2**32 - 1)
ROWS = st.builds(
    TagRow,
    st.one_of(EPCS, NEAR_EPCS),
    st.integers(1, 65_535),
    st.integers(1, 2**53),
    st.sampled_from([str(state) for state in LicenceState]),
    SECONDS,
    st.integers(0, 40_000),
    st.none() | SECONDS,
    st.none() | SECONDS,
    st.none() | st.binary(min_size=4, max_size=64),
)


def known(memory: TagMemory, epc: bytes) -> tuple[object, ...] | None:
    record = memory.find(epc)
    if record is None:
        return None
    instants = record.state_since, record.stolen_at, record.retired_at
    return record.authority_id, record.licence_id, record.state, record.valid_until, *instants, record.tid


def expected(row: TagRow) -> tuple[object, ...]:
    seconds = row.state_since_s, row.stolen_at_s, row.retired_at_s
    instants = (None if at_s is None else datetime.fromtimestamp(at_s, UTC) for at_s in seconds)
    until = date.fromordinal(date(1970, 1, 1).toordinal() + row.valid_until_days)
    return row.authority_id, row.licence_id, LicenceState(row.state), until, *instants, row.tid


@given(
    loaded=st.lists(ROWS, max_size=60, unique_by=lambda row: row.epc),
    changes=st.lists(st.lists(ROWS, max_size=12, unique_by=lambda row: row.epc), max_size=4),
    strangers=st.lists(EPCS, max_size=8),
    merge_at=st.sampled_from([3, 1_000]),
)
def test_it_answers_as_a_dictionary_would(loaded: list[TagRow], changes: list[list[TagRow]], strangers: list[bytes], merge_at: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory_module, "MERGE_AT", merge_at)
        memory = TagMemory()
        memory.put_all(loaded[:20])
        memory.put_all(loaded[20:])
        oracle = {row.epc: row for row in loaded}
        for rows in changes:
            memory.put_all(rows)
            oracle |= {row.epc: row for row in rows}
        wanted = [*oracle, *strangers]
        assert [known(memory, epc) for epc in wanted] == [expected(oracle[epc]) if epc in oracle else None for epc in wanted]
        found = memory.look_up(wanted)
        assert [handle != NOT_FOUND for handle in found.records] == [epc in oracle for epc in wanted]
        for index, epc in enumerate(wanted):
            if epc in oracle:
                row = oracle[epc]
                is_good = row.state == "active" and row.stolen_at_s is None and row.retired_at_s is None and row.tid is not None
                assert found.good_through[index] == (row.valid_until_days if is_good else NOT_FOUND)
                assert (found.licences[index], found.authorities[index]) == (row.licence_id, row.authority_id)
                assert memory.tid(found.records[index]) == row.tid


def test_two_numbers_with_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np  # noqa: PLC0415 — only to make every hash the same

    monkeypatch.setattr(memory_module, "_hashes", lambda epcs: np.full(len(epcs), 5, np.uint64))
    rows = [TagRow(bytes([number]) * 12, 1, number, "active", 1, 20_000, None, None, b"\xe2" * 12) for number in range(1, 9)]
    monkeypatch.setattr(memory_module, "MERGE_AT", 8)
    memory = TagMemory()
    memory.put_all(rows)
    assert memory.look_up([row.epc for row in rows]).licences == list(range(1, 9))
    assert memory.find(b"\0" * 12) is None
