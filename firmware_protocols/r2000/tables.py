"""The manual as data: commands, error codes, regions, frequencies (V3.7 §2, §3)."""

from enum import IntEnum
from typing import NamedTuple

from firmware_protocols.commands import LockAction, Region
from firmware_protocols.events import Meaning, Status
from firmware_protocols.gen2 import LockField


class Opcode(IntEnum):
    GET_INPUTS = 0x60
    SET_OUTPUT = 0x61
    SET_ANTENNA_DETECTOR = 0x62
    GET_ANTENNA_DETECTOR = 0x63
    SET_TEMPORARY_POWER = 0x66
    SET_IDENTIFIER = 0x67
    GET_IDENTIFIER = 0x68
    SET_LINK_PROFILE = 0x69
    GET_LINK_PROFILE = 0x6A
    SET_ANTENNA_GROUP = 0x6C
    GET_ANTENNA_GROUP = 0x6D
    RESET = 0x70
    SET_BAUD = 0x71
    GET_INFO = 0x72
    SET_ADDRESS = 0x73
    SET_ANTENNA = 0x74
    GET_ANTENNA = 0x75
    SET_POWER = 0x76
    GET_POWER = 0x77
    SET_REGION = 0x78
    GET_REGION = 0x79
    SET_BEEPER = 0x7A
    GET_TEMPERATURE = 0x7B
    SET_DENSE_READER_MODE = 0x7C
    GET_DENSE_READER_MODE = 0x7D
    GET_RETURN_LOSS = 0x7E
    INVENTORY_TO_BUFFER = 0x80
    READ_BANK = 0x81
    WRITE_BANK = 0x82
    LOCK_TAG = 0x83
    KILL_TAG = 0x84
    SET_EPC_MATCH = 0x85
    GET_EPC_MATCH = 0x86
    INVENTORY = 0x89
    INVENTORY_ANTENNAS = 0x8A
    INVENTORY_SESSION = 0x8B
    SET_FAST_TID = 0x8C
    SAVE_FAST_TID = 0x8D
    GET_FAST_TID = 0x8E
    GET_BUFFER = 0x90
    GET_AND_RESET_BUFFER = 0x91
    GET_BUFFER_COUNT = 0x92
    RESET_BUFFER = 0x93
    BLOCK_WRITE = 0x94
    GET_POWERS = 0x97
    TAG_MASK = 0x98
    INVENTORY_6B = 0xB0
    READ_6B = 0xB1
    WRITE_6B = 0xB2
    LOCK_6B = 0xB3
    GET_LOCK_6B = 0xB4


OPCODE_NAME: dict[int, str] = {opcode: opcode.name.lower() for opcode in Opcode}

INVENTORIES = frozenset({Opcode.INVENTORY, Opcode.INVENTORY_ANTENNAS, Opcode.INVENTORY_SESSION})
BUFFER_READS = frozenset({Opcode.GET_BUFFER, Opcode.GET_AND_RESET_BUFFER})
TAG_WRITES = frozenset({Opcode.WRITE_BANK, Opcode.BLOCK_WRITE, Opcode.LOCK_TAG, Opcode.KILL_TAG})
STATUS_ANSWERS = frozenset(
    {
        Opcode.SET_OUTPUT,
        Opcode.SET_ANTENNA_DETECTOR,
        Opcode.SET_TEMPORARY_POWER,
        Opcode.SET_IDENTIFIER,
        Opcode.SET_LINK_PROFILE,
        Opcode.SET_ANTENNA_GROUP,
        Opcode.SET_DENSE_READER_MODE,
        Opcode.RESET,
        Opcode.SET_BAUD,
        Opcode.SET_ADDRESS,
        Opcode.SET_ANTENNA,
        Opcode.SET_POWER,
        Opcode.SET_REGION,
        Opcode.SET_BEEPER,
        Opcode.SET_EPC_MATCH,
        Opcode.SET_FAST_TID,
        Opcode.SAVE_FAST_TID,
        Opcode.RESET_BUFFER,
    }
)
"""Answered by one byte, a code of ERROR, whether it went well or not."""


class Code(IntEnum):
    SUCCESS = 0x10
    FAIL = 0x11
    ANTENNA_MISSING = 0x22
    READ_FAILED = 0x32
    WRITE_FAILED = 0x33
    LOCK_FAILED = 0x34
    KILL_FAILED = 0x35
    NO_TAG = 0x36
    ACCESS_FAILED = 0x37
    BUFFER_EMPTY = 0x38
    WRONG_PASSWORD = 0x40
    BAD_PARAMETER = 0x41
    BAD_WORD_COUNT = 0x42
    BAD_BANK = 0x43
    BAD_LOCK_FIELD = 0x44
    BAD_LOCK_ACTION = 0x45
    BAD_ADDRESS = 0x46
    BAD_ANTENNA = 0x47
    BAD_POWER = 0x48
    BAD_REGION = 0x49
    BAD_BAUD = 0x4A
    BAD_BEEPER = 0x4B
    BAD_MATCH_LENGTH = 0x4D


ERROR: dict[int, Meaning] = {
    Code.SUCCESS: Meaning(Status.OK, ""),
    Code.FAIL: Meaning(Status.READER_ERROR, "command failed"),
    0x20: Meaning(Status.READER_ERROR, "processor reset failed"),
    0x21: Meaning(Status.READER_ERROR, "carrier could not be turned on"),
    Code.ANTENNA_MISSING: Meaning(Status.ANTENNA_MISSING, "antenna not connected"),
    0x23: Meaning(Status.READER_ERROR, "flash memory could not be written"),
    0x24: Meaning(Status.READER_ERROR, "flash memory could not be read"),
    0x25: Meaning(Status.READER_ERROR, "power could not be set"),
    0x31: Meaning(Status.READER_ERROR, "inventory failed"),
    Code.READ_FAILED: Meaning(Status.READ_FAILED, "tag could not be read"),
    Code.WRITE_FAILED: Meaning(Status.WRITE_FAILED, "tag could not be written"),
    Code.LOCK_FAILED: Meaning(Status.LOCK_FAILED, "tag could not be locked"),
    Code.KILL_FAILED: Meaning(Status.KILL_FAILED, "tag could not be killed"),
    Code.NO_TAG: Meaning(Status.NO_TAG, "no tag answered"),
    Code.ACCESS_FAILED: Meaning(Status.TAG_ERROR, "tag was found but could not be accessed"),
    Code.BUFFER_EMPTY: Meaning(Status.NO_TAG, "buffer is empty"),
    0x3C: Meaning(Status.TAG_ERROR, "NXP command failed"),
    Code.WRONG_PASSWORD: Meaning(Status.WRONG_PASSWORD, "access failed or wrong password"),
    Code.BAD_PARAMETER: Meaning(Status.BAD_PARAMETER, "invalid parameter"),
    Code.BAD_WORD_COUNT: Meaning(Status.BAD_PARAMETER, "too many words"),
    Code.BAD_BANK: Meaning(Status.BAD_PARAMETER, "no such memory bank"),
    Code.BAD_LOCK_FIELD: Meaning(Status.BAD_PARAMETER, "no such lock area"),
    Code.BAD_LOCK_ACTION: Meaning(Status.BAD_PARAMETER, "no such lock type"),
    Code.BAD_ADDRESS: Meaning(Status.BAD_PARAMETER, "invalid reader address"),
    Code.BAD_ANTENNA: Meaning(Status.BAD_PARAMETER, "no such antenna"),
    Code.BAD_POWER: Meaning(Status.BAD_PARAMETER, "power out of range"),
    Code.BAD_REGION: Meaning(Status.BAD_PARAMETER, "no such region"),
    Code.BAD_BAUD: Meaning(Status.BAD_PARAMETER, "no such baud rate"),
    Code.BAD_BEEPER: Meaning(Status.BAD_PARAMETER, "no such beeper mode"),
    0x4C: Meaning(Status.BAD_PARAMETER, "EPC match too long"),
    Code.BAD_MATCH_LENGTH: Meaning(Status.BAD_PARAMETER, "EPC match length wrong"),
    0x4E: Meaning(Status.BAD_PARAMETER, "no such EPC match mode"),
    0x4F: Meaning(Status.BAD_PARAMETER, "frequency out of range"),
    0x50: Meaning(Status.TAG_ERROR, "tag sent no RN16"),
    0x51: Meaning(Status.BAD_PARAMETER, "no such DRM mode"),
    0x52: Meaning(Status.READER_ERROR, "PLL does not lock"),
    0x53: Meaning(Status.READER_ERROR, "radio chip does not answer"),
    0x54: Meaning(Status.READER_ERROR, "power is not reached"),
    0x55: Meaning(Status.READER_ERROR, "firmware copyright check failed"),
    0x56: Meaning(Status.READER_ERROR, "spectrum regulation violated"),
    0x57: Meaning(Status.LOW_POWER, "power too low"),
    0xEE: Meaning(Status.READER_ERROR, "return loss could not be measured"),
}

FREQUENCY_KHZ: tuple[int, ...] = tuple(865_000 + 500 * n for n in range(7)) + tuple(902_000 + 500 * n for n in range(53))
"""By the index that stands in tag reports and regions: 0 to 6 ETSI, 7 to 59 FCC."""


class Band(NamedTuple):
    """A region's code and the first and last index of its frequencies."""

    code: int
    first: int
    last: int


BAND: dict[Region, Band] = {
    Region.US: Band(1, 7, 59),
    Region.EU: Band(2, 0, 6),
    Region.CHINA_900: Band(3, 43, 53),
}
REGION: dict[int, Region] = {band.code: region for region, band in BAND.items()}
USER_REGION = 4

# The numbers of 0x83 are this family's own, unlike the air protocol's.
LOCK_FIELD_CODE: dict[LockField, int] = {
    LockField.USER_BANK: 1,
    LockField.TID_BANK: 2,
    LockField.EPC_BANK: 3,
    LockField.ACCESS_PASSWORD: 4,
    LockField.KILL_PASSWORD: 5,
}
LOCK_ACTION_CODE: dict[LockAction, int] = {
    LockAction.OPEN: 0,
    LockAction.NEEDS_PASSWORD: 1,
    LockAction.OPEN_FOREVER: 2,
    LockAction.CLOSED_FOREVER: 3,
}
