"""What a host asks of an R2000 board's radio, taken apart: before which antennas, and what is to be done to a tag."""

from typing import NamedTuple

from firmware_protocols.commands import Bank
from firmware_protocols.gen2 import LockChange, LockField, lock_change
from firmware_protocols.r2000.tables import LOCK_ACTION_CODE, LOCK_FIELD_CODE, Opcode
from firmware_protocols.simulators.simulated_tag import SimulatedTag

LONG_SWITCH_SIZE = 29
PAIRS_BY_SIZE = {10: 4, 18: 8, LONG_SWITCH_SIZE: 8}
LEAST_DATA = {Opcode.READ_BANK: 3, Opcode.WRITE_BANK: 9, Opcode.BLOCK_WRITE: 9, Opcode.LOCK_TAG: 6, Opcode.KILL_TAG: 4}
WORD_WRITES = frozenset({Opcode.WRITE_BANK, Opcode.BLOCK_WRITE})
WRITE_HEAD, WRITE_COUNT_AT = 7, 6  # password, bank, address, count of words
LOCK_FIELD = {code: lock_field for lock_field, code in LOCK_FIELD_CODE.items()}
LOCK_ACTION = {code: action for action, code in LOCK_ACTION_CODE.items()}


class Switch(NamedTuple):
    """An inventory that goes from antenna to antenna (from 0), so many times."""

    antennas: tuple[int, ...]
    repeat: int
    with_phase: bool = False


def parse_switch(asked: bytes) -> Switch | None:
    """Pairs of antenna and stay, pause, repeat: four pairs, or eight; or the long form of newer boards, which has between pause and
    repeat five bytes in reserve, session, target, three more, and whether to tell phases. None if it has no such shape.
    """
    pairs = PAIRS_BY_SIZE.get(len(asked))
    if pairs is None:
        return None
    places = zip(asked[0 : 2 * pairs : 2], asked[1 : 2 * pairs : 2], strict=True)
    antennas = tuple(antenna for antenna, stay in places for _ in range(stay))
    return Switch(antennas, asked[-1], len(asked) == LONG_SWITCH_SIZE and asked[-2] == 1)


def has_its_data(opcode: Opcode, asked: bytes) -> bool:
    """Is an access command whole, and does a write carry as many words as it says?"""
    if len(asked) < LEAST_DATA[opcode]:
        return False
    return opcode not in WORD_WRITES or len(asked) - WRITE_HEAD == 2 * asked[WRITE_COUNT_AT]


def do_access(opcode: Opcode, tag: SimulatedTag, asked: bytes) -> bytes:
    """Do to the tag what the command asks; what was read. Raises TagRefused or WrongPassword, KeyError for a code that is not one."""
    if opcode is Opcode.READ_BANK:
        return tag.read(Bank(asked[0] & 0b11), asked[1], asked[2], password=int.from_bytes(asked[3:7]))
    password = int.from_bytes(asked[:4])
    if opcode is Opcode.KILL_TAG:
        tag.kill(password)
    elif opcode is Opcode.LOCK_TAG:
        tag.lock(lock_changes_of(asked[4], asked[5]), password=password)
    else:
        tag.write(Bank(asked[4] & 0b11), asked[5], asked[7 : 7 + asked[6] * 2], password=password)
    return b""


def lock_changes_of(field_code: int, action_code: int) -> tuple[LockChange, ...]:
    """Raises KeyError for a code that the family does not have."""
    locked, action = LOCK_FIELD[field_code], LOCK_ACTION[action_code]
    return tuple(lock_change(action if each is locked else None) for each in LockField)
