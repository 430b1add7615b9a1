"""The maker's numbers as data: commands, status codes, frequency plans (CFApi.h; V1.2 §2, appendix C)."""

from enum import IntEnum
from typing import NamedTuple

from firmware_protocols.commands import Region
from firmware_protocols.events import Meaning, Status
from firmware_protocols.gen2 import Gen2Error


class Opcode(IntEnum):
    INVENTORY = 0x0001
    STOP_INVENTORY = 0x0002
    READ_BANK = 0x0003
    WRITE_BANK = 0x0004
    LOCK_TAG = 0x0005
    KILL_TAG = 0x0006
    SET_SELECT_MASK = 0x0007
    SET_COIL = 0x0008
    GET_COIL = 0x0009
    SET_MODULATION = 0x000A
    SAVE_SETTINGS = 0x000E
    RESTORE_SETTINGS = 0x000F
    SET_SELECT = 0x0010
    GET_SELECT = 0x0011
    SET_QUERY = 0x0012
    GET_QUERY = 0x0013
    HEARTBEAT = 0x0030
    INITIALIZE = 0x0050
    GET_MODULE_INFO = 0x0051
    REBOOT = 0x0052
    SET_POWER = 0x0053
    GET_POWER = 0x0054
    SET_REGION = 0x0055
    GET_REGION = 0x0056
    SET_ANTENNAS = 0x0057
    GET_ANTENNAS = 0x0058
    AIR_PROTOCOL = 0x0059
    BAUD = 0x005A
    BEEPER = 0x005B
    ADDRESS = 0x005C
    SET_MODULE_INFO = 0x005D
    SCAN_ANTENNAS = 0x005E
    NETWORK = 0x005F
    SET_TEMPERATURE_LIMIT = 0x0060
    GET_TEMPERATURE = 0x0061
    POWER_OFFSET = 0x0062
    ANTENNA_POWERS = 0x0063
    REMOTE_NETWORK = 0x0064
    GET_INFO = 0x0070
    SET_PARAMETERS = 0x0071
    GET_PARAMETERS = 0x0072
    PERMISSION = 0x0073
    PINS = 0x0074
    WIFI = 0x0075
    LONG_PERMISSION = 0x0076
    RELAY_1 = 0x0077
    RELAY_2 = 0x0078
    RSSI_FILTER = 0x0079
    PIN_WORK = 0x0080
    GET_PIN_LEVELS = 0x0081
    GATE_STATUS = 0x0082
    GATE_WORK = 0x0083
    EAS_MASK = 0x0084
    OUTPUT_MODE = 0x0088
    ACCESS_OPERATION = 0x0089
    GET_ACCESS_INFO = 0x008A
    BEGIN_WHITE_LIST = 0x008B
    WHITE_LIST = 0x008C
    END_WHITE_LIST = 0x008D
    READ_MODE = 0x008E


OPCODE_NAME: dict[int, str] = {opcode: opcode.name.lower() for opcode in Opcode}

ACTS = frozenset({Opcode.READ_BANK, Opcode.WRITE_BANK, Opcode.LOCK_TAG, Opcode.KILL_TAG})
"""Answered by a frame for each tag that was acted on, which names the tag."""


class Code(IntEnum):
    OK = 0x00
    BAD_PARAMETER = 0x01
    FAILED = 0x02
    ENDED = 0x12
    NO_TAG = 0x13
    NO_ANSWER = 0x14
    BROKEN_ANSWER = 0x15
    WRONG_PASSWORD = 0x17


STATUS: dict[int, Meaning] = {
    Code.OK: Meaning(Status.OK, ""),
    Code.BAD_PARAMETER: Meaning(Status.BAD_PARAMETER, "parameter invalid or out of range"),
    Code.FAILED: Meaning(Status.READER_ERROR, "command failed inside the module"),
    0x03: Meaning(Status.READER_ERROR, "serial number exists already"),
    Code.ENDED: Meaning(Status.NO_TAG, "no tag, or the round is over"),
    Code.NO_TAG: Meaning(Status.NO_TAG, "no tag was found"),
    Code.NO_ANSWER: Meaning(Status.NO_TAG, "tag did not answer in time"),
    Code.BROKEN_ANSWER: Meaning(Status.TAG_ERROR, "tag's answer was broken"),
    0x16: Meaning(Status.TAG_ERROR, "authentication failed"),
    Code.WRONG_PASSWORD: Meaning(Status.WRONG_PASSWORD, "wrong password"),
    0x21: Meaning(Status.READER_ERROR, "security module does not answer"),
    0x22: Meaning(Status.READER_ERROR, "security module failed"),
    0xFF: Meaning(Status.OK, "no more data"),
}

FAILED_STATUS: dict[int, Status] = {
    Opcode.READ_BANK: Status.READ_FAILED,
    Opcode.WRITE_BANK: Status.WRITE_FAILED,
    Opcode.LOCK_TAG: Status.LOCK_FAILED,
    Opcode.KILL_TAG: Status.KILL_FAILED,
}
"""What FAILED and BROKEN_ANSWER mean after an act on a tag."""

TAG_STATUS: dict[int, Meaning] = {
    Gen2Error.NOT_SUPPORTED: Meaning(Status.TAG_ERROR, "not supported by the tag"),
    Gen2Error.NO_PRIVILEGE: Meaning(Status.TAG_ERROR, "insufficient privileges"),
    Gen2Error.MEMORY_OVERRUN: Meaning(Status.MEMORY_OVERRUN, "memory overrun: no such words on this tag"),
    Gen2Error.MEMORY_LOCKED: Meaning(Status.LOCKED, "memory locked"),
    0x05: Meaning(Status.TAG_ERROR, "crypto suite error"),
    0x06: Meaning(Status.TAG_ERROR, "command not encapsulated"),
    0x07: Meaning(Status.TAG_ERROR, "response buffer overflow"),
    0x08: Meaning(Status.TAG_ERROR, "security timeout"),
    Gen2Error.LOW_POWER: Meaning(Status.LOW_POWER, "insufficient power at the tag"),
    0x81: Meaning(Status.TAG_ERROR, "too many sensor tasks"),
    0x82: Meaning(Status.TAG_ERROR, "tag is busy"),
    0x83: Meaning(Status.TAG_ERROR, "measurement not supported"),
    0x88: Meaning(Status.TAG_ERROR, "unknown error"),
}
"""The tag's own code, the first byte of what follows the status after an act."""


class Band(NamedTuple):
    """A frequency plan: channel n lies at start + n * step, up to and with the last."""

    code: int
    start_khz: int
    step_khz: int
    last_channel: int


BAND: dict[Region, Band] = {
    Region.US: Band(0x01, 902_750, 500, 49),
    Region.KOREA: Band(0x02, 917_100, 200, 31),
    Region.EU: Band(0x03, 865_100, 200, 14),
    Region.CHINA_900: Band(0x08, 920_125, 250, 19),
}
REGION: dict[int, Region] = {band.code: region for region, band in BAND.items()}
