"""What a simulated LLRP reader says of an operation that the tag refused: the words of the version that was agreed on (§15.2.1.5)."""

import struct

import pytest

from firmware_protocols.llrp.tables import Tlv, Version
from firmware_protocols.simulators import SimulatedTag
from firmware_protocols.simulators.llrp_specs import Operation, operate
from tests.firmware_protocols.simulators.conversing import EPC, TID

EPC_BANK, TID_BANK, USER_BANK = 0x40, 0x80, 0xC0
PASSWORD = 0x11223344


def locked_tag() -> SimulatedTag:
    return SimulatedTag(epc=EPC, tid=TID, access_password=PASSWORD)


def read(bank: int, words: int, password: int = 0) -> Operation:
    return Operation(Tlv.C1G2_READ, struct.pack(">HIBHH", 1, password, bank, 0, words))


def write(bank: int, address: int, password: int = 0) -> Operation:
    return Operation(Tlv.C1G2_WRITE, struct.pack(">HIBHHH", 1, password, bank, address, 1, 0xEB00))


def lock(password: int) -> Operation:
    return Operation(Tlv.C1G2_LOCK, struct.pack(">HI", 1, password) + bytes.fromhex("0159 0006 00 02"))


@pytest.mark.parametrize(
    ("operation", "in_1_0_1", "in_1_1"),
    [
        pytest.param(read(TID_BANK, 60), 1, 4, id="read beyond the memory"),
        pytest.param(read(TID_BANK, 6, PASSWORD + 1), 2, 6, id="read with a wrong password"),
        pytest.param(write(USER_BANK, 400), 1, 1, id="write beyond the memory"),
        pytest.param(write(EPC_BANK, 2, PASSWORD + 1), 5, 7, id="write with a wrong password"),
        pytest.param(lock(PASSWORD + 1), 3, 5, id="lock with a wrong password"),
        pytest.param(lock(PASSWORD), 0, 0, id="done"),
    ],
)
def test_a_refusal_is_said_in_the_words_of_the_version(operation: Operation, in_1_0_1: int, in_1_1: int) -> None:
    said = [next(operate(locked_tag(), (operation,), version))[4] for version in (Version.V1_0_1, Version.V1_1)]
    assert said == [in_1_0_1, in_1_1]
