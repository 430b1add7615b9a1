"""The vendor's lists as data: opcodes, statuses, metadata, regions (MercuryAPI: serial_reader_imp.h, tmr_status.h, tmr_region.h)."""

from enum import IntEnum, IntFlag

from firmware_protocols.commands import Region
from firmware_protocols.events import Meaning, Status


class Opcode(IntEnum):
    WRITE_FLASH = 0x01
    READ_FLASH = 0x02
    GET_INFO = 0x03
    BOOT_FIRMWARE = 0x04
    SET_BAUD = 0x06
    ERASE_FLASH = 0x07
    VERIFY_FIRMWARE = 0x08
    BOOT_BOOTLOADER = 0x09
    MODIFY_FLASH = 0x0A
    GET_DSP_ID = 0x0B
    GET_PROGRAM = 0x0C
    WRITE_FLASH_SECTOR = 0x0D
    GET_SECTOR_SIZE = 0x0E
    MODIFY_FLASH_SECTOR = 0x0F
    GET_HARDWARE = 0x10
    READ_SINGLE = 0x21
    READ_MULTIPLE = 0x22
    WRITE_EPC = 0x23
    WRITE_BANK = 0x24
    LOCK_TAG = 0x25
    KILL_TAG = 0x26
    PASS_THROUGH = 0x27
    READ_BANK = 0x28
    GET_TAG_BUFFER = 0x29
    CLEAR_TAG_BUFFER = 0x2A
    TAG_SPECIFIC = 0x2D
    ERASE_BLOCK = 0x2E
    MULTI_PROTOCOL = 0x2F
    GET_ANTENNAS = 0x61
    GET_POWER = 0x62
    GET_PROTOCOL = 0x63
    GET_WRITE_POWER = 0x64
    GET_HOP_TABLE = 0x65
    GET_INPUTS = 0x66
    GET_REGION = 0x67
    GET_POWER_MODE = 0x68
    GET_USER_MODE = 0x69
    GET_OPTION = 0x6A
    GET_PROTOCOL_OPTION = 0x6B
    GET_STATISTICS = 0x6C
    GET_USER_PROFILE = 0x6D
    GET_PROTOCOLS = 0x70
    GET_REGIONS = 0x71
    GET_TEMPERATURE = 0x72
    SET_ANTENNAS = 0x91
    SET_POWER = 0x92
    SET_PROTOCOL = 0x93
    SET_WRITE_POWER = 0x94
    SET_HOP_TABLE = 0x95
    SET_OUTPUT = 0x96
    SET_REGION = 0x97
    SET_POWER_MODE = 0x98
    SET_USER_MODE = 0x99
    SET_OPTION = 0x9A
    SET_PROTOCOL_OPTION = 0x9B
    SET_USER_PROFILE = 0x9D
    SET_LICENCE_KEY = 0x9E
    SET_FREQUENCY = 0xC1
    SET_CARRIER = 0xC3


class StreamControl(IntEnum):
    """The option byte of MULTI_PROTOCOL."""

    START = 0x01
    STOP = 0x02
    COMMAND = 0x04
    """Another command, while a stream runs: its size, opcode and data follow."""


OPCODE_NAME: dict[int, str] = {opcode: opcode.name.lower() for opcode in Opcode}
STREAM_CONTROL_NAME: dict[int, str] = {StreamControl.START: "start_inventory", StreamControl.STOP: "stop_inventory"}


class Code(IntEnum):
    OK = 0x0000
    WRONG_DATA_COUNT = 0x0100
    INVALID_OPCODE = 0x0101
    NOT_IMPLEMENTED = 0x0102
    POWER_TOO_HIGH = 0x0103
    INVALID_PARAMETER = 0x0105
    POWER_TOO_LOW = 0x0106
    UNSUPPORTED_FEATURE = 0x0109
    INVALID_BAUD = 0x010A
    INVALID_REGION = 0x010B
    NO_TAGS = 0x0400
    NO_PROTOCOL = 0x0401
    INVALID_PROTOCOL = 0x0402
    NO_DATA_READ = 0x0404
    RADIO_OFF = 0x0405
    WRITE_FAILED = 0x0406
    GENERAL_TAG_ERROR = 0x040A
    WRONG_KILL_PASSWORD = 0x040C
    KILL_FAILED = 0x040E
    GEN2_ERROR = 0x0420
    AUTHENTICATION_FAILED = 0x04A7
    ANTENNA_MISSING = 0x0503
    TEMPERATURE = 0x0504
    RETURN_LOSS = 0x0505
    INVALID_ANTENNAS = 0x0507
    NOT_ENOUGH_TAGS = 0x0600
    BUFFER_FULL = 0x0601
    SYSTEM_ERROR = 0x7F00
    ASSERT_FAILED = 0x7F01


CODE: dict[int, Meaning] = {
    Code.OK: Meaning(Status.OK, ""),
    Code.WRONG_DATA_COUNT: Meaning(Status.BAD_PARAMETER, "wrong number of data bytes"),
    Code.INVALID_OPCODE: Meaning(Status.BAD_COMMAND, "command unknown: is the module in its bootloader, or its firmware an old one?"),
    Code.NOT_IMPLEMENTED: Meaning(Status.BAD_COMMAND, "command not implemented"),
    Code.POWER_TOO_HIGH: Meaning(Status.BAD_PARAMETER, "power above the module's maximum"),
    0x0104: Meaning(Status.BAD_PARAMETER, "frequency not supported"),
    Code.INVALID_PARAMETER: Meaning(Status.BAD_PARAMETER, "invalid parameter"),
    Code.POWER_TOO_LOW: Meaning(Status.BAD_PARAMETER, "power below the module's minimum"),
    Code.UNSUPPORTED_FEATURE: Meaning(Status.BAD_COMMAND, "feature not implemented"),
    Code.INVALID_BAUD: Meaning(Status.BAD_PARAMETER, "no such baud rate"),
    Code.INVALID_REGION: Meaning(Status.BAD_PARAMETER, "region not supported by this module"),
    0x010C: Meaning(Status.BAD_PARAMETER, "licence key is invalid"),
    0x0200: Meaning(Status.READER_ERROR, "bootloader: firmware fails its checksum"),
    0x0201: Meaning(Status.READER_ERROR, "bootloader: firmware has a wrong end address"),
    0x0300: Meaning(Status.READER_ERROR, "flash: wrong password to erase"),
    0x0301: Meaning(Status.READER_ERROR, "flash: wrong password to write"),
    0x0302: Meaning(Status.READER_ERROR, "flash: undefined sector"),
    0x0303: Meaning(Status.READER_ERROR, "flash: illegal sector"),
    0x0304: Meaning(Status.READER_ERROR, "flash: area is not erased"),
    0x0305: Meaning(Status.READER_ERROR, "flash: write over the end of a sector"),
    0x0306: Meaning(Status.READER_ERROR, "flash: verification failed"),
    Code.NO_TAGS: Meaning(Status.NO_TAG, "no tag answered"),
    Code.NO_PROTOCOL: Meaning(Status.READER_ERROR, "no tag protocol is set"),
    Code.INVALID_PROTOCOL: Meaning(Status.BAD_PARAMETER, "tag protocol not supported"),
    0x0403: Meaning(Status.LOCK_FAILED, "tag was written but not locked"),
    Code.NO_DATA_READ: Meaning(Status.READ_FAILED, "tag's data could not be read"),
    Code.RADIO_OFF: Meaning(Status.READER_ERROR, "radio is off: set a region first"),
    Code.WRITE_FAILED: Meaning(Status.WRITE_FAILED, "tag could not be written"),
    0x0407: Meaning(Status.BAD_COMMAND, "command not implemented for this tag protocol"),
    0x0408: Meaning(Status.BAD_PARAMETER, "data do not conform to the tag protocol"),
    0x0409: Meaning(Status.MEMORY_OVERRUN, "address outside the tag's memory"),
    Code.GENERAL_TAG_ERROR: Meaning(Status.TAG_ERROR, "tag failed the command; a wrong access password ends so, too"),
    0x040B: Meaning(Status.BAD_PARAMETER, "more data asked for than a reply carries"),
    Code.WRONG_KILL_PASSWORD: Meaning(Status.WRONG_PASSWORD, "wrong kill password"),
    Code.KILL_FAILED: Meaning(Status.KILL_FAILED, "tag could not be killed"),
    0x040F: Meaning(Status.TAG_ERROR, "tag's bits could not be decoded"),
    0x0410: Meaning(Status.TAG_ERROR, "tag's EPC is invalid"),
    0x0411: Meaning(Status.TAG_ERROR, "tag sent a wrong amount of data"),
    0x0413: Meaning(Status.BAD_COMMAND, "operation not known for this tag"),
    Code.GEN2_ERROR: Meaning(Status.TAG_ERROR, "the tag refused: other error"),
    0x0423: Meaning(Status.MEMORY_OVERRUN, "the tag refused: memory overrun, or a PC word that does not fit"),
    0x0424: Meaning(Status.LOCKED, "the tag refused: memory locked"),
    0x0425: Meaning(Status.TAG_ERROR, "Gen2V2 authentication failed with this key"),
    0x0426: Meaning(Status.TAG_ERROR, "Gen2V2 untraceable failed"),
    0x042B: Meaning(Status.LOW_POWER, "the tag refused: insufficient power at the tag"),
    0x042F: Meaning(Status.TAG_ERROR, "the tag refused: non-specific error"),
    0x0430: Meaning(Status.TAG_ERROR, "the tag refused: unknown error"),
    Code.AUTHENTICATION_FAILED: Meaning(Status.WRONG_PASSWORD, "the tag did not accept the password or key"),
    0x0500: Meaning(Status.BAD_PARAMETER, "frequency outside the region"),
    0x0501: Meaning(Status.READER_ERROR, "channel is occupied"),
    0x0502: Meaning(Status.READER_ERROR, "transmitter is already on"),
    Code.ANTENNA_MISSING: Meaning(Status.ANTENNA_MISSING, "antenna not connected"),
    Code.TEMPERATURE: Meaning(Status.TEMPERATURE, "module too hot: it has stopped transmitting"),
    Code.RETURN_LOSS: Meaning(Status.READER_ERROR, "high return loss: antenna or cable is damaged, not connected or badly matched"),
    Code.INVALID_ANTENNAS: Meaning(Status.BAD_PARAMETER, "invalid choice of antennas"),
    0x0509: Meaning(Status.READER_ERROR, "supply voltage of the module is outside its limits"),
    Code.NOT_ENOUGH_TAGS: Meaning(Status.NO_TAG, "fewer tags in the buffer than asked for"),
    Code.BUFFER_FULL: Meaning(Status.READER_ERROR, "tag buffer is full"),
    0x0602: Meaning(Status.READER_ERROR, "tag buffer: a tag stands in it twice"),
    0x0603: Meaning(Status.BAD_PARAMETER, "tag buffer: more tags asked for than a reply carries"),
    0x0604: Meaning(Status.READER_ERROR, "tag buffer: the host must give a password"),
    Code.SYSTEM_ERROR: Meaning(Status.READER_ERROR, "unknown error in the module"),
    Code.ASSERT_FAILED: Meaning(Status.READER_ERROR, "assertion failed in the module"),
}
WRONG_ACCESS_PASSWORD = Meaning(Status.WRONG_PASSWORD, "tag failed the command: it does not accept this access password")
"""GENERAL_TAG_ERROR of a command that carried a password: the tag fell silent at Access, which is all that it says of a wrong one."""

STREAM_NOTICE: dict[int, str] = {Code.ANTENNA_MISSING: "antenna_missing", Code.TEMPERATURE: "temperature", Code.RETURN_LOSS: "return_loss"}
"""What a running inventory reports of the module itself, in a frame without data."""


class Metadata(IntFlag):
    """What stands before an EPC, in this order (TMR_TRD_MetadataFlag)."""

    READ_COUNT = 0x0001
    RSSI = 0x0002
    ANTENNA = 0x0004
    FREQUENCY = 0x0008
    TIMESTAMP = 0x0010
    PHASE = 0x0020
    PROTOCOL = 0x0040
    DATA = 0x0080
    GPIO = 0x0100
    GEN2_Q = 0x0200
    GEN2_LINK_FREQUENCY = 0x0400
    GEN2_TARGET = 0x0800
    BRAND = 0x1000


METADATA_SIZE: dict[Metadata, int] = {
    Metadata.READ_COUNT: 1,
    Metadata.RSSI: 1,
    Metadata.ANTENNA: 1,
    Metadata.FREQUENCY: 3,
    Metadata.TIMESTAMP: 4,
    Metadata.PHASE: 2,
    Metadata.PROTOCOL: 1,
    Metadata.DATA: 2,
    Metadata.GPIO: 1,
    Metadata.GEN2_Q: 1,
    Metadata.GEN2_LINK_FREQUENCY: 1,
    Metadata.GEN2_TARGET: 1,
    Metadata.BRAND: 2,
}
"""Bytes of each; DATA is followed by as many bits as its two bytes say."""

ANTENNA_LIST, DETECT_ANTENNAS = 0x02, 0x05  # first bytes of SET_ANTENNAS and GET_ANTENNAS: the ports of a search; what is connected

DATA_FAILED = 0x8000  # instead of a number of bits: two bytes follow, a status code
GEN2 = 0x05  # TMR_TAG_PROTOCOL_GEN2


class Search(IntFlag):
    """The search flags of READ_MULTIPLE (TMR_SR_SearchFlag)."""

    ANTENNA_LIST = 0x0003
    EMBEDDED_COMMAND = 0x0004
    STREAMING = 0x0008
    LARGE_POPULATION = 0x0010
    STATUS_REPORTS = 0x0020
    RETURN_ON_N_TAGS = 0x0040
    STATISTICS = 0x0100
    DUTY_CYCLE = 0x0400


class Option(IntFlag):
    """The option byte of commands to tags (TMR_SR_Gen2SingulationOptions). The three low bits are a number, SELECT and after."""

    METADATA = 0x10
    INVERT = 0x08
    LONG_MASK = 0x20
    MORE = 0x80  # one more option byte follows


MORE_BITS = 0x0D
"""What MORE comes with (TMR_SR_TagOperationByte): 01 battery-assisted, 04 read after write, 08 several selects."""


class Select(IntEnum):
    """The three low bits of an option byte: how the tag is picked out."""

    NONE = 0
    EPC = 1
    TID_BITS = 2
    USER_BITS = 3
    EPC_BITS = 4
    PASSWORD_ONLY = 5
    EPC_LENGTH = 6


class StreamKind(IntEnum):
    """What a streamed frame holds."""

    END = 0
    TAG = 1
    STATUS = 2


REGION_NAME: dict[int, str] = {
    0x00: "no region set",
    0x01: Region.US,
    0x02: Region.EU,
    0x03: Region.KOREA,
    0x04: Region.INDIA,
    0x05: "japan",
    0x06: Region.CHINA_900,
    0x07: Region.EU,
    0x08: Region.EU,
    0x09: Region.KOREA,
    0x0A: Region.CHINA_800,
    0x0B: "australia",
    0x0C: "new_zealand",
    0x0D: Region.US,
    0x0E: Region.US,
    0x0F: "israel",
    0x10: "malaysia",
    0x11: "indonesia",
    0x12: "philippines",
    0x13: "taiwan",
    0x14: "macau",
    0x15: "russia",
    0x16: "singapore",
    0x17: "japan_2",
    0x18: "japan_3",
    0x19: "vietnam",
    0x1A: "thailand",
    0x1B: "argentina",
    0x1C: "hong_kong",
    0x1D: Region.BANGLADESH,
    0x1E: "eu_4",
    0x1F: "universal",
    0x20: "israel_2",
    0x21: Region.US,
    0xFE: "open_extended",
    0xFF: "open",
}
"""TMR_Region of MercuryAPI 1.37."""
REGION_CODE: dict[Region, int] = {
    Region.US: 0x01,
    Region.EU: 0x08,  # EU3, the four channels of ETSI EN 302 208; 02 and 07 are plans of its drafts
    Region.KOREA: 0x09,  # KR2, 917 to 923.5 MHz; 03 is the older 910 to 914 MHz
    Region.CHINA_900: 0x06,
    Region.CHINA_800: 0x0A,
    Region.INDIA: 0x04,
    Region.BANGLADESH: 0x1D,  # in firmware since MercuryAPI 1.35; older modules answer that they do not know it
}

MODEL: dict[int, str] = {
    0x00: "M5e",
    0x01: "M5e Compact",
    0x02: "M5e International",
    0x03: "M4e",
    0x18: "M6e",
    0x19: "M6e International",
    0x20: "M6e Micro",
    0x30: "M6e Nano",
    0x38: "M7e",
    0x80: "M3e (HF and LF: no UHF tags)",
}
"""By the first of the four hardware bytes."""
MODEL_VARIANT: dict[tuple[int, int], str] = {
    (0x19, 2): "M6e PRC",
    (0x19, 3): "M6e JIC",
    (0x20, 2): "M6e Micro USB",
    (0x20, 3): "M6e Micro USB Pro",
    (0x38, 1): "M7e Pico",
}
"""By the first and the last of them, where they name a kind of their own."""
WITHOUT_STREAM = frozenset({0x00, 0x01, 0x02, 0x03})
"""Models that only search into their buffer (M5e and before): MercuryAPI polls them."""
HARDWARE_MODEL_AT = 4
"""Where the model stands in what GET_INFO answers."""

PROGRAM: dict[int, str] = {1: "bootloader", 2: "application"}
"""By the two low bits of what GET_PROGRAM answers."""


BY_KEY = 0x01  # first byte of GET_OPTION and SET_OPTION: a key follows


class Key(IntEnum):
    """Keys of GET_OPTION and SET_OPTION (TMR_SR_Configuration) that have a name here."""

    EXTENDED_EPC = 0x02
    RSSI_IN_DBM = 0x09
    READ_FILTER = 0x0C
    READ_FILTER_TIMEOUT = 0x0D
    TRANSPORT = 0x0E
    PRODUCT_GROUP = 0x12
    PRODUCT_ID = 0x13
    SEND_CRC = 0x1B
