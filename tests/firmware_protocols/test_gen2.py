"""PC word and lock payload as Gen2 fixes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.commands import LockAction
from firmware_protocols.gen2 import LockChange, epc_size, lock_change, lock_changes, lock_payload, lock_payload_of, pc_with_epc_size


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


@given(st.lists(st.builds(LockChange, st.integers(0, 3), st.integers(0, 3)), min_size=5, max_size=5))
def test_masks_and_actions_come_back_from_their_payload(changes: list[LockChange]) -> None:
    payload = lock_payload_of(changes)
    assert len(payload) == 3
    assert list(lock_changes(payload)) == changes


@given(st.integers(0, 2**20 - 1))
def test_every_payload_comes_back_from_what_it_asks(bits: int) -> None:
    assert lock_payload_of(lock_changes(bits.to_bytes(3))) == bits.to_bytes(3)
