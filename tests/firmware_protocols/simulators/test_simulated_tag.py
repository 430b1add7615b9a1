"""One chip: its memory, its passwords, its locks, and the codes by which it refuses."""

import pytest

from firmware_protocols.checksums import crc16_gen2
from firmware_protocols.commands import Bank, LockAction
from firmware_protocols.gen2 import Gen2Error, LockField, lock_change
from firmware_protocols.simulators import SimulatedTag, TagRefused, WrongPassword

EPC = bytes.fromhex("e28011700000020f1a2b3c4d")
TID = bytes.fromhex("e2801170200012345678abcd")
SECRET = 0x11223344


def tag(*, access_password: int = 0, kill_password: int = 0) -> SimulatedTag:
    return SimulatedTag(epc=EPC, tid=TID, access_password=access_password, kill_password=kill_password)


def lock(on: SimulatedTag, password: int = 0, **fields: LockAction) -> None:
    on.lock(tuple(lock_change(fields.get(field.name.lower())) for field in LockField), password=password)


def code_of(refusal: pytest.ExceptionInfo[TagRefused]) -> Gen2Error:
    return refusal.value.code


def test_what_a_new_tag_holds() -> None:
    new = tag(access_password=SECRET, kill_password=7)
    assert (new.epc, new.pc, new.tid, new.access_password, new.kill_password) == (EPC, 0x3000, TID, SECRET, 7)
    assert new.crc == crc16_gen2(b"\x30\x00" + EPC)


def test_the_length_bits_follow_the_epc_and_the_others_are_kept() -> None:
    assert SimulatedTag(epc=EPC[:8], tid=TID, pc=0x35A1).pc == 0x25A1


@pytest.mark.parametrize("epc", [b"\x01", bytes(64)], ids=["half a word", "too long"])
def test_an_epc_that_no_tag_can_hold(epc: bytes) -> None:
    with pytest.raises(ValueError, match="EPC"):
        SimulatedTag(epc=epc, tid=TID)


@pytest.mark.parametrize(
    ("bank", "address", "count", "data"),
    [
        pytest.param(Bank.TID, 0, 6, TID, id="TID"),
        pytest.param(Bank.TID, 2, 0, TID[4:], id="to the end of the bank"),
        pytest.param(Bank.EPC, 1, 7, b"\x30\x00" + EPC, id="PC and EPC"),
        pytest.param(Bank.USER, 0, 4, bytes(8), id="user memory"),
        pytest.param(Bank.RESERVED, 0, 4, bytes(8), id="passwords, not locked"),
    ],
)
def test_reading(bank: Bank, address: int, count: int, data: bytes) -> None:
    assert tag().read(bank, address, count) == data


@pytest.mark.parametrize(
    ("bank", "address", "count"),
    [
        pytest.param(Bank.TID, 0, 7, id="over the end"),
        pytest.param(Bank.USER, 4, 1, id="behind the end"),
        pytest.param(Bank.USER, 9, 0, id="far behind"),
    ],
)
def test_reading_what_is_not_there(bank: Bank, address: int, count: int) -> None:
    with pytest.raises(TagRefused) as refusal:
        tag().read(bank, address, count)
    assert code_of(refusal) is Gen2Error.MEMORY_OVERRUN


def test_writing_pc_and_epc_changes_who_the_tag_is() -> None:
    blank = tag()
    blank.write(Bank.EPC, 1, bytes.fromhex("2000" + "0102030405060708"))
    assert (blank.pc, blank.epc) == (0x2000, bytes.fromhex("0102030405060708"))
    assert blank.crc == crc16_gen2(bytes.fromhex("20000102030405060708"))


@pytest.mark.parametrize(
    ("bank", "address", "data", "code"),
    [
        pytest.param(Bank.TID, 0, b"\x00\x00", Gen2Error.MEMORY_LOCKED, id="the chip's own number"),
        pytest.param(Bank.EPC, 0, b"\x00\x00", Gen2Error.MEMORY_LOCKED, id="the chip's own CRC"),
        pytest.param(Bank.USER, 3, bytes(4), Gen2Error.MEMORY_OVERRUN, id="over the end"),
    ],
)
def test_what_is_never_written(bank: Bank, address: int, data: bytes, code: Gen2Error) -> None:
    new = tag()
    before = new.peek(bank)
    with pytest.raises(TagRefused) as refusal:
        new.write(bank, address, data)
    assert code_of(refusal) is code
    assert new.peek(bank) == before


@pytest.mark.parametrize("password", [SECRET + 1, 1])
def test_a_wrong_password_gets_no_answer(password: int) -> None:
    with pytest.raises(WrongPassword):
        tag(access_password=SECRET).read(Bank.TID, 0, 2, password=password)


def test_a_password_that_the_tag_does_not_have_is_wrong_too() -> None:
    with pytest.raises(WrongPassword):
        tag().read(Bank.TID, 0, 2, password=SECRET)


def test_a_locked_epc_is_written_with_the_password_only() -> None:
    locked = tag(access_password=SECRET)
    lock(locked, SECRET, epc_bank=LockAction.NEEDS_PASSWORD)
    with pytest.raises(TagRefused) as refusal:
        locked.write(Bank.EPC, 2, bytes(12))
    assert code_of(refusal) is Gen2Error.MEMORY_LOCKED
    locked.write(Bank.EPC, 2, bytes(12), password=SECRET)
    assert locked.epc == bytes(12)
    assert locked.read(Bank.EPC, 2, 6) == bytes(12)


def test_a_locked_password_is_not_even_read() -> None:
    locked = tag(access_password=SECRET)
    assert locked.read(Bank.RESERVED, 2, 2) == SECRET.to_bytes(4)
    lock(locked, SECRET, access_password=LockAction.NEEDS_PASSWORD)
    with pytest.raises(TagRefused):
        locked.read(Bank.RESERVED, 2, 2)
    assert locked.read(Bank.RESERVED, 0, 2) == bytes(4)
    assert locked.read(Bank.RESERVED, 2, 2, password=SECRET) == SECRET.to_bytes(4)


def test_a_lock_needs_the_password() -> None:
    new = tag(access_password=SECRET)
    with pytest.raises(TagRefused) as refusal:
        lock(new, epc_bank=LockAction.NEEDS_PASSWORD)
    assert code_of(refusal) is Gen2Error.MEMORY_LOCKED
    assert new.lock_of(LockField.EPC_BANK) is LockAction.OPEN


def test_a_lock_that_can_be_taken_back() -> None:
    new = tag(access_password=SECRET)
    lock(new, SECRET, epc_bank=LockAction.NEEDS_PASSWORD)
    lock(new, SECRET, epc_bank=LockAction.OPEN)
    new.write(Bank.EPC, 2, bytes(12))
    assert new.epc == bytes(12)


@pytest.mark.parametrize("action", [LockAction.OPEN, LockAction.OPEN_FOREVER, LockAction.NEEDS_PASSWORD])
def test_for_ever_is_for_ever_and_refuses_the_whole_payload(action: LockAction) -> None:
    new = tag(access_password=SECRET)
    lock(new, SECRET, epc_bank=LockAction.CLOSED_FOREVER)
    if action is LockAction.NEEDS_PASSWORD:
        lock(new, SECRET, epc_bank=action)  # asks for a bit that is set already
    else:
        with pytest.raises(TagRefused):
            lock(new, SECRET, epc_bank=action, user_bank=LockAction.NEEDS_PASSWORD)
        assert new.lock_of(LockField.USER_BANK) is LockAction.OPEN
    with pytest.raises(TagRefused):
        new.write(Bank.EPC, 2, bytes(12), password=SECRET)


def test_a_zero_password_makes_a_lock_mean_nothing() -> None:
    new = tag()
    lock(new, epc_bank=LockAction.NEEDS_PASSWORD)
    new.write(Bank.EPC, 2, bytes(12))
    assert new.epc == bytes(12)


def test_killing() -> None:
    with pytest.raises(TagRefused):
        tag().kill(0)
    armed = tag(kill_password=9)
    with pytest.raises(WrongPassword):
        armed.kill(8)
    armed.kill(9)
    assert armed.is_killed
