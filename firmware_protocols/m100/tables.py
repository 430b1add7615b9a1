"""The manual as data: opcodes and what their answers carry, error codes, regions (manual V2.1 §4, R200 V2.3.3)."""

from enum import Enum, IntEnum
from typing import NamedTuple

from firmware_protocols.commands import Region
from firmware_protocols.events import Meaning, Status
from firmware_protocols.gen2 import GEN2_ERROR_TEXT
from firmware_protocols.serial_codec import GEN2_STATUS


class Opcode(IntEnum):
    GET_INFO = 0x03
    SET_IDLE_MODE = 0x04
    SET_REGION = 0x07
    GET_REGION = 0x08
    GET_SELECT = 0x0B
    SET_SELECT = 0x0C
    GET_QUERY = 0x0D
    SET_QUERY = 0x0E
    SET_BAUD = 0x11
    SET_SELECT_MODE = 0x12
    SLEEP = 0x17
    GPIO = 0x1A
    SET_IDLE_SLEEP_MINUTES = 0x1D
    INVENTORY_ONCE = 0x22
    START_INVENTORY = 0x27
    STOP_INVENTORY = 0x28
    READ_BANK = 0x39
    WRITE_BANK = 0x49
    KILL_TAG = 0x65
    LOCK_TAG = 0x82
    INSERT_CHANNELS = 0xA9
    GET_CHANNEL = 0xAA
    SET_CHANNEL = 0xAB
    SET_HOPPING = 0xAD
    SET_CARRIER = 0xB0
    SET_POWER = 0xB6
    GET_POWER = 0xB7
    BLOCK_PERMALOCK = 0xD3
    NXP_CHANGE_CONFIG = 0xE0
    NXP_READ_PROTECT = 0xE1
    NXP_RESET_READ_PROTECT = 0xE2
    NXP_CHANGE_EAS = 0xE3
    NXP_EAS_ALARM = 0xE4
    MONZA_QT = 0xE5
    MONZA_QT_WRITE = 0xE6
    SET_MODEM = 0xF0
    GET_MODEM = 0xF1
    SCAN_JAMMER = 0xF2
    SCAN_RSSI = 0xF3
    SET_DENSE_READER_MODE = 0xF5
    ERROR = 0xFF


OPCODE_NAME: dict[int, str] = {opcode: opcode.name.lower() for opcode in Opcode}


class Answer(Enum):
    """What follows in a response."""

    DATA = "data"
    STATUS = "one byte, 00 for success"
    TAG_DATA = "length, PC and EPC of the tag, then data"
    TAG_STATUS = "length, PC and EPC of the tag, then one byte, 00 for success"


ANSWER: dict[int, Answer] = {
    **dict.fromkeys(
        (
            Opcode.SET_REGION,
            Opcode.SET_SELECT,
            Opcode.SET_QUERY,
            Opcode.SET_BAUD,
            Opcode.SET_SELECT_MODE,
            Opcode.SLEEP,
            Opcode.STOP_INVENTORY,
            Opcode.INSERT_CHANNELS,
            Opcode.SET_CHANNEL,
            Opcode.SET_HOPPING,
            Opcode.SET_CARRIER,
            Opcode.SET_POWER,
            Opcode.SET_MODEM,
            Opcode.SET_DENSE_READER_MODE,
        ),
        Answer.STATUS,
    ),
    **dict.fromkeys((Opcode.READ_BANK, Opcode.NXP_CHANGE_CONFIG, Opcode.MONZA_QT), Answer.TAG_DATA),
    **dict.fromkeys(
        (
            Opcode.WRITE_BANK,
            Opcode.KILL_TAG,
            Opcode.LOCK_TAG,
            Opcode.NXP_READ_PROTECT,
            Opcode.NXP_RESET_READ_PROTECT,
            Opcode.NXP_CHANGE_EAS,
            Opcode.MONZA_QT_WRITE,
            Opcode.BLOCK_PERMALOCK,  # a read of the permalock bits is answered by whole words instead
        ),
        Answer.TAG_STATUS,
    ),
}


class ErrorCode(IntEnum):
    READ_FAILED = 0x09
    BAD_PARAMETER = 0x0E
    WRITE_FAILED = 0x10
    KILL_FAILED = 0x12
    LOCK_FAILED = 0x13
    INVENTORY_FAILED = 0x15
    ACCESS_FAILED = 0x16
    BAD_COMMAND = 0x17
    READ_REFUSED = 0xA0
    WRITE_REFUSED = 0xB0
    LOCK_REFUSED = 0xC0
    KILL_REFUSED = 0xD0
    SPECIAL_REFUSED = 0xE0


REFUSED_ACT = {
    ErrorCode.READ_REFUSED: "read",
    ErrorCode.WRITE_REFUSED: "write",
    ErrorCode.LOCK_REFUSED: "lock",
    ErrorCode.KILL_REFUSED: "kill",
    ErrorCode.SPECIAL_REFUSED: "special command",
}


def _refusal(act: str, code: int) -> Meaning:
    text = GEN2_ERROR_TEXT.get(code, f"error code {code:x}")
    return Meaning(GEN2_STATUS.get(code, Status.TAG_ERROR), f"the tag refused the {act}: {text}")


ERROR: dict[int, Meaning] = {
    ErrorCode.READ_FAILED: Meaning(Status.READ_FAILED, "read failed: no tag, or its answer was broken"),
    ErrorCode.BAD_PARAMETER: Meaning(Status.BAD_PARAMETER, "invalid parameter"),
    ErrorCode.WRITE_FAILED: Meaning(Status.WRITE_FAILED, "write failed: no tag, or its answer was broken"),
    ErrorCode.KILL_FAILED: Meaning(Status.KILL_FAILED, "kill failed: no tag, or its answer was broken"),
    ErrorCode.LOCK_FAILED: Meaning(Status.LOCK_FAILED, "lock or kill failed: no tag, or its answer was broken"),
    0x14: Meaning(Status.LOCK_FAILED, "block permalock failed: no tag, or its answer was broken"),
    ErrorCode.INVENTORY_FAILED: Meaning(Status.NO_TAG, "no tag answered"),
    ErrorCode.ACCESS_FAILED: Meaning(Status.WRONG_PASSWORD, "access failed: wrong password"),
    ErrorCode.BAD_COMMAND: Meaning(Status.BAD_COMMAND, "command code unknown"),
    0x1A: Meaning(Status.TAG_ERROR, "NXP ChangeConfig failed"),
    0x1B: Meaning(Status.TAG_ERROR, "NXP ChangeEAS failed"),
    0x1C: Meaning(Status.TAG_ERROR, "NXP ChangeEAS failed: the tag is not in the secured state"),
    0x1D: Meaning(Status.TAG_ERROR, "NXP EAS alarm failed"),
    0x20: Meaning(Status.READER_ERROR, "frequency hopping timed out: every channel is busy"),
    0x2A: Meaning(Status.TAG_ERROR, "NXP ReadProtect failed"),
    0x2B: Meaning(Status.TAG_ERROR, "NXP reset of ReadProtect failed"),
    0x2E: Meaning(Status.TAG_ERROR, "Monza QT failed"),
    **{base | code: _refusal(act, code) for base, act in REFUSED_ACT.items() for code in range(16)},
}

FAILED_STATUS: dict[int, Status] = {
    Opcode.WRITE_BANK: Status.WRITE_FAILED,
    Opcode.LOCK_TAG: Status.LOCK_FAILED,
    Opcode.KILL_TAG: Status.KILL_FAILED,
}
"""What a status byte other than 00 means after an act on a tag; READER_ERROR for all others."""


class Band(NamedTuple):
    """A frequency plan: channel n lies at start + n * step."""

    code: int
    start_khz: int
    step_khz: int


BAND: dict[Region, Band] = {
    Region.CHINA_900: Band(0x01, 920_125, 250),
    Region.US: Band(0x02, 902_250, 500),
    Region.EU: Band(0x03, 865_100, 200),
    Region.CHINA_800: Band(0x04, 840_125, 250),
    Region.KOREA: Band(0x06, 917_100, 200),
}
REGION: dict[int, Region] = {band.code: region for region, band in BAND.items()}
INFO_KIND = ("hardware", "firmware", "maker")
"""The first byte of GET_INFO and of its answer."""
