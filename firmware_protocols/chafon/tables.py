"""The manual as data: commands, status codes, reader types, frequency bands (V2.20 §4, §5, §8; UHFReader18 V2.0 §4, §5)."""

from enum import IntEnum, StrEnum
from typing import NamedTuple

from firmware_protocols.commands import Region
from firmware_protocols.events import Meaning, Status


class Opcode(IntEnum):
    ERROR = 0x00
    """The answer to what the reader did not understand: it does not say to what (V2.20 §3.2)."""
    INVENTORY = 0x01
    READ_BANK = 0x02
    WRITE_BANK = 0x03
    WRITE_EPC = 0x04
    KILL_TAG = 0x05
    LOCK_TAG = 0x06
    BLOCK_ERASE = 0x07
    SET_READ_PROTECT = 0x08
    SET_READ_PROTECT_ANY = 0x09
    RESET_READ_PROTECT = 0x0A
    GET_READ_PROTECT = 0x0B
    SET_EAS = 0x0C
    GET_EAS = 0x0D
    LOCK_BLOCK = 0x0E
    INVENTORY_ONE = 0x0F
    BLOCK_WRITE = 0x10
    GET_MONZA_QT = 0x11
    SET_MONZA_QT = 0x12
    READ_EXTENDED = 0x15
    WRITE_EXTENDED = 0x16
    INVENTORY_TO_BUFFER = 0x18
    INVENTORY_MIXED = 0x19
    INVENTORY_BY_EPC = 0x1A
    INVENTORY_QT = 0x1B
    GET_INFO = 0x21
    SET_REGION = 0x22
    SET_ADDRESS = 0x24
    SET_SCAN_TIME = 0x25
    SET_BAUD = 0x28
    SET_POWER = 0x2F
    SET_SIGNAL = 0x33
    SET_WIEGAND = 0x34
    SET_WORK_MODE = 0x35
    GET_WORK_MODE = 0x36
    SET_EAS_ACCURACY = 0x37
    SET_SYRIS_OFFSET = 0x38
    SET_TAG_FUNCTION = 0x3A
    TRIGGER_TIME = 0x3B
    SET_ANTENNAS = 0x3F
    SET_BEEPER = 0x40
    SET_OUTPUTS = 0x46
    GET_PINS = 0x47
    GET_SERIAL_NUMBER = 0x4C
    START_FAST_INVENTORY = 0x50
    STOP_FAST_INVENTORY = 0x51
    READ_6B = 0x52
    WRITE_6B = 0x53
    GET_LOCK_6B = 0x54
    LOCK_6B = 0x55
    SET_ANTENNA_CHECK = 0x66
    SET_BUFFER_LENGTH = 0x70
    GET_BUFFER_LENGTH = 0x71
    GET_BUFFER = 0x72
    RESET_BUFFER = 0x73
    GET_BUFFER_COUNT = 0x74
    SET_REAL_TIME_PARAMETERS = 0x75
    SET_REAL_TIME_MODE = 0x76
    GET_REAL_TIME_PARAMETERS = 0x77
    HEARTBEAT_TIME = 0x78
    SET_WRITE_POWER = 0x79
    GET_WRITE_POWER = 0x7A
    WRITE_RETRIES = 0x7B
    SET_USER_PASSWORD = 0x7D
    GET_USER_PASSWORD = 0x7E
    DENSE_READER_MODE = 0x90
    GET_RETURN_LOSS = 0x91
    GET_TEMPERATURE = 0x92
    STOP_INVENTORY = 0x93
    ANTENNA_POWERS = 0x94
    SELECT_TAGS = 0x9A
    PUSH = 0xEE


OPCODE_NAME: dict[int, str] = {opcode: opcode.name.lower() for opcode in Opcode}

INVENTORIES = frozenset({Opcode.INVENTORY, Opcode.INVENTORY_ONE, Opcode.INVENTORY_BY_EPC, Opcode.INVENTORY_QT})
"""Answered by tags in the layout of 01."""


class Model(StrEnum):
    """Three generations that differ in what an inventory takes and gives."""

    UHFREADER18 = "uhfreader18"
    """One antenna, no RSSI; RU5102 too."""
    R288 = "288"
    """Antenna and RSSI beside each EPC; 86, MU8xx, MU9xx, RU6401 too."""
    EX10 = "ex10"
    """As 288, with an inventory that goes on until it is stopped (50 and 51)."""


class Code(IntEnum):
    """Status bytes. Those of an inventory first."""

    OK = 0x00
    ENDED = 0x01
    TIME_OVER = 0x02
    MORE_FRAMES = 0x03
    MEMORY_FULL = 0x04
    WRONG_PASSWORD = 0x05
    KILL_FAILED = 0x09
    NO_KILL_PASSWORD = 0x0A
    STATISTICS = 0x26
    HEARTBEAT = 0x28
    ANTENNA_MISSING = 0xF8
    FAILED = 0xF9
    POOR_LINK = 0xFA
    NO_TAG = 0xFB
    TAG_ERROR = 0xFC
    BAD_LENGTH = 0xFD
    BAD_COMMAND = 0xFE
    BAD_PARAMETER = 0xFF


STATUS: dict[int, Meaning] = {
    Code.OK: Meaning(Status.OK, ""),
    Code.ENDED: Meaning(Status.OK, "inventory is over"),
    Code.TIME_OVER: Meaning(Status.OK, "inventory stopped: its time is over"),
    Code.MORE_FRAMES: Meaning(Status.OK, "more frames follow"),
    Code.MEMORY_FULL: Meaning(Status.READER_ERROR, "too many tags for the reader's memory: only part of them is reported"),
    Code.WRONG_PASSWORD: Meaning(Status.WRONG_PASSWORD, "wrong access password"),
    Code.KILL_FAILED: Meaning(Status.KILL_FAILED, "tag could not be killed"),
    Code.NO_KILL_PASSWORD: Meaning(Status.KILL_FAILED, "a tag whose kill password is zero cannot be killed"),
    0x0B: Meaning(Status.TAG_ERROR, "not supported by the tag"),
    0x0C: Meaning(Status.TAG_ERROR, "the tag needs an access password that is not zero"),
    0x0D: Meaning(Status.TAG_ERROR, "the tag is read-protected already"),
    0x0E: Meaning(Status.TAG_ERROR, "the tag is not read-protected, or cannot be"),
    0x10: Meaning(Status.LOCKED, "bytes are locked"),
    0x11: Meaning(Status.LOCK_FAILED, "tag could not be locked"),
    0x12: Meaning(Status.LOCK_FAILED, "tag is locked already"),
    0x13: Meaning(Status.READER_ERROR, "setting could not be saved; it holds until power-off"),
    0x14: Meaning(Status.READER_ERROR, "power cannot be adjusted"),
    0x15: Meaning(Status.OK, "6B inventory is over"),
    0x16: Meaning(Status.OK, "6B inventory stopped: its time is over"),
    0x17: Meaning(Status.OK, "6B inventory: more frames follow"),
    0x18: Meaning(Status.READER_ERROR, "6B inventory: too many tags for the reader's memory"),
    0x19: Meaning(Status.TAG_ERROR, "EAS or access password could not be set"),
    0x1A: Meaning(Status.TAG_ERROR, "special command failed"),
    Code.STATISTICS: Meaning(Status.OK, "statistics of the inventory"),
    Code.HEARTBEAT: Meaning(Status.OK, "heart-beat: no tag for some time"),
    0x30: Meaning(Status.READER_ERROR, "no answer in time"),
    Code.ANTENNA_MISSING: Meaning(Status.ANTENNA_MISSING, "antenna not connected"),
    Code.FAILED: Meaning(Status.READER_ERROR, "command failed"),
    Code.POOR_LINK: Meaning(Status.TAG_ERROR, "tag answers, but too weakly to be worked with"),
    Code.NO_TAG: Meaning(Status.NO_TAG, "no tag answered"),
    Code.TAG_ERROR: Meaning(Status.TAG_ERROR, "tag refused"),
    Code.BAD_LENGTH: Meaning(Status.BAD_COMMAND, "command has the wrong length"),
    Code.BAD_COMMAND: Meaning(Status.BAD_COMMAND, "command unknown, or its CRC is wrong"),
    Code.BAD_PARAMETER: Meaning(Status.BAD_PARAMETER, "invalid parameter"),
}

FAILED_STATUS: dict[int, Status] = {
    Opcode.READ_BANK: Status.READ_FAILED,
    Opcode.READ_EXTENDED: Status.READ_FAILED,
    Opcode.WRITE_BANK: Status.WRITE_FAILED,
    Opcode.WRITE_EPC: Status.WRITE_FAILED,
    Opcode.WRITE_EXTENDED: Status.WRITE_FAILED,
    Opcode.BLOCK_WRITE: Status.WRITE_FAILED,
    Opcode.BLOCK_ERASE: Status.WRITE_FAILED,
    Opcode.LOCK_TAG: Status.LOCK_FAILED,
    Opcode.KILL_TAG: Status.KILL_FAILED,
}
"""What FAILED and POOR_LINK mean after an act on a tag."""


class ReaderType(NamedTuple):
    name: str
    model: Model


READER_TYPE: dict[int, ReaderType] = {
    0x03: ReaderType("RU5102", Model.UHFREADER18),
    0x08: ReaderType("RU5102", Model.UHFREADER18),
    0x09: ReaderType("UHFReader18", Model.UHFREADER18),
    0x0C: ReaderType("UHFReader288M", Model.R288),
    0x0F: ReaderType("MU903", Model.R288),
    0x10: ReaderType("MU903", Model.R288),
    0x16: ReaderType("MU902", Model.R288),
    0x20: ReaderType("MU804", Model.R288),
    0x8B: ReaderType("RU6401", Model.R288),
}
"""By the third byte of GET_INFO's answer. Makers add types without notice: one that is missing here is no error."""


LONG_MASK_TYPES = frozenset({0x26, 0x27, 0x65, 0x68})
"""Readers with 8 and 16 ports that take the mask of antennas as two bytes, after one that says for how long (the maker's Java library)."""


class Band(NamedTuple):
    """A frequency plan: channel n lies at start + n * step."""

    code: int
    start_khz: int
    step_khz: int
    channels: int


BAND: dict[Region, Band] = {
    Region.CHINA_900: Band(0x1, 920_125, 250, 20),
    Region.US: Band(0x2, 902_750, 500, 50),
    Region.KOREA: Band(0x3, 917_100, 200, 32),
    Region.EU: Band(0x4, 865_100, 200, 15),
    Region.CHINA_800: Band(0x8, 840_125, 250, 20),
}
REGION: dict[int, str] = {band.code: region for region, band in BAND.items()} | {
    0x0: "user-defined",
    0x6: "ukraine",
    0x7: "peru",
    0x9: "eu 3",
    0xA: "taiwan",
    0xC: "us 3",
}
"""All bands that a reader may say it has, with the names of the manual where no command asks for them."""
