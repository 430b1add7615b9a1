"""PC word, TID and lock payload as Gen2 and the tag data standard fix them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.commands import LockAction
from firmware_protocols.gen2 import TidFacts, epc_size, find_tid_facts, lock_change, lock_changes, lock_payload, pc_with_epc_size


@pytest.mark.parametrize(
    ("pc", "size"),
    [
        pytest.param(0x3000, 12, id="96 bits"),
        pytest.param(0x3400, 12, id="96 bits with user memory"),
        pytest.param(0x0000, 0, id="no EPC"),
        pytest.param(0xF800, 62, id="the longest"),
    ],
)
def test_the_pc_word_says_how_long_the_epc_is(pc: int, size: int) -> None:
    assert epc_size(pc) == size


def test_a_new_length_leaves_the_other_bits_of_the_pc() -> None:
    assert pc_with_epc_size(0x35A1, 16) == 0x45A1


@pytest.mark.parametrize(
    ("tid", "facts"),
    [
        pytest.param("e2801170200012345678abcd", TidFacts(0x001, 0x170, has_xtid=True, serial_bits=48), id="Impinj, 48-bit serial"),
        pytest.param("e2801170", TidFacts(0x001, 0x170, has_xtid=True, serial_bits=None), id="header not read yet"),
        pytest.param("e28011700000", TidFacts(0x001, 0x170, has_xtid=True, serial_bits=0), id="XTID without a serial"),
        pytest.param("e2003412", TidFacts(0x003, 0x412, has_xtid=False, serial_bits=None), id="older Alien chip without XTID"),
        pytest.param("e004010011223344", None, id="another class"),
        pytest.param("e280", None, id="one word"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_what_a_tid_says_of_its_chip(tid: str, facts: TidFacts | None) -> None:
    assert find_tid_facts(bytes.fromhex(tid)) == facts


CLOSE, FOR_EVER = LockAction.NEEDS_PASSWORD, LockAction.CLOSED_FOREVER


@pytest.mark.parametrize(
    ("actions", "payload"),
    [
        pytest.param((None, CLOSE, None, None, None), "020080", id="access password, as in the M100 manual"),
        pytest.param((CLOSE, CLOSE, CLOSE, None, None), "0a82a0", id="both passwords and EPC, reversibly"),
        pytest.param((None, None, FOR_EVER, None, None), "00c030", id="EPC for ever"),
        pytest.param((LockAction.OPEN,) * 5, "0aa800", id="all open again"),
    ],
)
def test_a_lock_payload(actions: tuple[LockAction | None, ...], payload: str) -> None:
    assert lock_payload(actions).hex() == payload
    assert lock_changes(bytes.fromhex(payload)) == tuple(map(lock_change, actions))


@given(st.lists(st.one_of(st.none(), st.sampled_from(LockAction)), min_size=5, max_size=5))
def test_a_lock_payload_says_what_was_asked(actions: list[LockAction | None]) -> None:
    changes = lock_changes(lock_payload(actions))
    assert [LockAction(change.action) if change.mask else None for change in changes] == actions
