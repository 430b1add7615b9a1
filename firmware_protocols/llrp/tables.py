"""The standard as data: messages, parameters, status and result codes (§16, §17)."""

from enum import IntEnum
from typing import NamedTuple

from firmware_protocols.commands import LockAction, Region
from firmware_protocols.events import Meaning, Status
from firmware_protocols.gen2 import LockField


class Version(IntEnum):
    """The three version bits of a message."""

    V1_0_1 = 1
    V1_1 = 2


class MessageType(IntEnum):
    GET_READER_CAPABILITIES = 1
    GET_READER_CONFIG = 2
    SET_READER_CONFIG = 3
    CLOSE_CONNECTION_RESPONSE = 4
    GET_READER_CAPABILITIES_RESPONSE = 11
    GET_READER_CONFIG_RESPONSE = 12
    SET_READER_CONFIG_RESPONSE = 13
    CLOSE_CONNECTION = 14
    ADD_ROSPEC = 20
    DELETE_ROSPEC = 21
    START_ROSPEC = 22
    STOP_ROSPEC = 23
    ENABLE_ROSPEC = 24
    DISABLE_ROSPEC = 25
    GET_ROSPECS = 26
    ADD_ROSPEC_RESPONSE = 30
    DELETE_ROSPEC_RESPONSE = 31
    START_ROSPEC_RESPONSE = 32
    STOP_ROSPEC_RESPONSE = 33
    ENABLE_ROSPEC_RESPONSE = 34
    DISABLE_ROSPEC_RESPONSE = 35
    GET_ROSPECS_RESPONSE = 36
    ADD_ACCESSSPEC = 40
    DELETE_ACCESSSPEC = 41
    ENABLE_ACCESSSPEC = 42
    DISABLE_ACCESSSPEC = 43
    GET_ACCESSSPECS = 44
    CLIENT_REQUEST_OP = 45
    GET_SUPPORTED_VERSION = 46
    SET_PROTOCOL_VERSION = 47
    ADD_ACCESSSPEC_RESPONSE = 50
    DELETE_ACCESSSPEC_RESPONSE = 51
    ENABLE_ACCESSSPEC_RESPONSE = 52
    DISABLE_ACCESSSPEC_RESPONSE = 53
    GET_ACCESSSPECS_RESPONSE = 54
    CLIENT_REQUEST_OP_RESPONSE = 55
    GET_SUPPORTED_VERSION_RESPONSE = 56
    SET_PROTOCOL_VERSION_RESPONSE = 57
    GET_REPORT = 60
    RO_ACCESS_REPORT = 61
    KEEPALIVE = 62
    READER_EVENT_NOTIFICATION = 63
    ENABLE_EVENTS_AND_REPORTS = 64
    KEEPALIVE_ACK = 72
    ERROR_MESSAGE = 100
    CUSTOM_MESSAGE = 1023


MESSAGE_NAME: dict[int, str] = {message: message.name.lower() for message in MessageType}

ANSWER_OF: dict[int, MessageType] = {
    MessageType.GET_READER_CAPABILITIES: MessageType.GET_READER_CAPABILITIES_RESPONSE,
    MessageType.GET_READER_CONFIG: MessageType.GET_READER_CONFIG_RESPONSE,
    MessageType.SET_READER_CONFIG: MessageType.SET_READER_CONFIG_RESPONSE,
    MessageType.CLOSE_CONNECTION: MessageType.CLOSE_CONNECTION_RESPONSE,
    MessageType.ADD_ROSPEC: MessageType.ADD_ROSPEC_RESPONSE,
    MessageType.DELETE_ROSPEC: MessageType.DELETE_ROSPEC_RESPONSE,
    MessageType.START_ROSPEC: MessageType.START_ROSPEC_RESPONSE,
    MessageType.STOP_ROSPEC: MessageType.STOP_ROSPEC_RESPONSE,
    MessageType.ENABLE_ROSPEC: MessageType.ENABLE_ROSPEC_RESPONSE,
    MessageType.DISABLE_ROSPEC: MessageType.DISABLE_ROSPEC_RESPONSE,
    MessageType.GET_ROSPECS: MessageType.GET_ROSPECS_RESPONSE,
    MessageType.ADD_ACCESSSPEC: MessageType.ADD_ACCESSSPEC_RESPONSE,
    MessageType.DELETE_ACCESSSPEC: MessageType.DELETE_ACCESSSPEC_RESPONSE,
    MessageType.ENABLE_ACCESSSPEC: MessageType.ENABLE_ACCESSSPEC_RESPONSE,
    MessageType.DISABLE_ACCESSSPEC: MessageType.DISABLE_ACCESSSPEC_RESPONSE,
    MessageType.GET_ACCESSSPECS: MessageType.GET_ACCESSSPECS_RESPONSE,
    MessageType.GET_SUPPORTED_VERSION: MessageType.GET_SUPPORTED_VERSION_RESPONSE,
    MessageType.SET_PROTOCOL_VERSION: MessageType.SET_PROTOCOL_VERSION_RESPONSE,
}
QUESTION_OF: dict[int, MessageType] = {answer: MessageType(question) for question, answer in ANSWER_OF.items()}

FROM_HOST: frozenset[int] = frozenset(ANSWER_OF) | {
    MessageType.GET_REPORT,
    MessageType.ENABLE_EVENTS_AND_REPORTS,
    MessageType.KEEPALIVE_ACK,
    MessageType.CLIENT_REQUEST_OP_RESPONSE,
    MessageType.CUSTOM_MESSAGE,
}
FROM_READER: frozenset[int] = (frozenset(MessageType) - FROM_HOST) | {MessageType.CUSTOM_MESSAGE}

FIXED_SIZE: dict[int, int] = {
    MessageType.GET_READER_CAPABILITIES: 1,
    MessageType.GET_READER_CONFIG: 7,
    MessageType.SET_READER_CONFIG: 1,
    MessageType.DELETE_ROSPEC: 4,
    MessageType.START_ROSPEC: 4,
    MessageType.STOP_ROSPEC: 4,
    MessageType.ENABLE_ROSPEC: 4,
    MessageType.DISABLE_ROSPEC: 4,
    MessageType.DELETE_ACCESSSPEC: 4,
    MessageType.ENABLE_ACCESSSPEC: 4,
    MessageType.DISABLE_ACCESSSPEC: 4,
    MessageType.SET_PROTOCOL_VERSION: 1,
    MessageType.GET_SUPPORTED_VERSION_RESPONSE: 2,
    MessageType.CUSTOM_MESSAGE: 5,
}
"""Bytes of a message's fields before its parameters, where it has fields."""


class Tv(IntEnum):
    """Parameters of one type byte and a fixed length: who does not know one cannot pass over it."""

    ANTENNA_ID = 1
    FIRST_SEEN_UTC = 2
    FIRST_SEEN_UPTIME = 3
    LAST_SEEN_UTC = 4
    LAST_SEEN_UPTIME = 5
    PEAK_RSSI = 6
    CHANNEL_INDEX = 7
    TAG_SEEN_COUNT = 8
    ROSPEC_ID = 9
    INVENTORY_PARAMETER_SPEC_ID = 10
    CRC = 11
    PC = 12
    EPC_96 = 13
    SPEC_INDEX = 14
    CLIENT_REQUEST_OP_SPEC_RESULT = 15
    ACCESS_SPEC_ID = 16
    OP_SPEC_ID = 17
    SINGULATION_DETAILS = 18
    XPC_W1 = 19
    XPC_W2 = 20


TV_SIZE: dict[int, int] = {
    Tv.ANTENNA_ID: 2,
    Tv.FIRST_SEEN_UTC: 8,
    Tv.FIRST_SEEN_UPTIME: 8,
    Tv.LAST_SEEN_UTC: 8,
    Tv.LAST_SEEN_UPTIME: 8,
    Tv.PEAK_RSSI: 1,
    Tv.CHANNEL_INDEX: 2,
    Tv.TAG_SEEN_COUNT: 2,
    Tv.ROSPEC_ID: 4,
    Tv.INVENTORY_PARAMETER_SPEC_ID: 2,
    Tv.CRC: 2,
    Tv.PC: 2,
    Tv.EPC_96: 12,
    Tv.SPEC_INDEX: 2,
    Tv.CLIENT_REQUEST_OP_SPEC_RESULT: 2,
    Tv.ACCESS_SPEC_ID: 4,
    Tv.OP_SPEC_ID: 2,
    Tv.SINGULATION_DETAILS: 4,
    Tv.XPC_W1: 2,
    Tv.XPC_W2: 2,
}
"""Bytes after the type byte."""


class Tlv(IntEnum):
    """Parameters with a length. Only those that are read or written here."""

    UTC_TIMESTAMP = 128
    UPTIME = 129
    GENERAL_DEVICE_CAPABILITIES = 137
    RECEIVE_SENSITIVITY_ENTRY = 139
    PER_ANTENNA_AIR_PROTOCOL = 140
    GPIO_CAPABILITIES = 141
    LLRP_CAPABILITIES = 142
    REGULATORY_CAPABILITIES = 143
    UHF_BAND_CAPABILITIES = 144
    TRANSMIT_POWER_ENTRY = 145
    FREQUENCY_INFORMATION = 146
    FREQUENCY_HOP_TABLE = 147
    FIXED_FREQUENCY_TABLE = 148
    ROSPEC = 177
    RO_BOUNDARY_SPEC = 178
    ROSPEC_START_TRIGGER = 179
    PERIODIC_TRIGGER = 180
    GPI_TRIGGER = 181
    ROSPEC_STOP_TRIGGER = 182
    AISPEC = 183
    AISPEC_STOP_TRIGGER = 184
    TAG_OBSERVATION_TRIGGER = 185
    INVENTORY_PARAMETER_SPEC = 186
    ACCESS_SPEC = 207
    ACCESS_SPEC_STOP_TRIGGER = 208
    ACCESS_COMMAND = 209
    CONFIGURATION_STATE = 217
    IDENTIFICATION = 218
    GPO_WRITE_DATA = 219
    KEEPALIVE_SPEC = 220
    ANTENNA_PROPERTIES = 221
    ANTENNA_CONFIGURATION = 222
    RF_RECEIVER = 223
    RF_TRANSMITTER = 224
    GPI_PORT_CURRENT_STATE = 225
    EVENTS_AND_REPORTS = 226
    RO_REPORT_SPEC = 237
    TAG_REPORT_CONTENT_SELECTOR = 238
    ACCESS_REPORT_SPEC = 239
    TAG_REPORT_DATA = 240
    EPC_DATA = 241
    RF_SURVEY_REPORT_DATA = 242
    READER_EVENT_NOTIFICATION_SPEC = 244
    EVENT_NOTIFICATION_STATE = 245
    READER_EVENT_NOTIFICATION_DATA = 246
    HOPPING_EVENT = 247
    GPI_EVENT = 248
    ROSPEC_EVENT = 249
    REPORT_BUFFER_LEVEL_WARNING = 250
    REPORT_BUFFER_OVERFLOW = 251
    READER_EXCEPTION = 252
    RF_SURVEY_EVENT = 253
    AISPEC_EVENT = 254
    ANTENNA_EVENT = 255
    CONNECTION_ATTEMPT_EVENT = 256
    CONNECTION_CLOSE_EVENT = 257
    LLRP_STATUS = 287
    FIELD_ERROR = 288
    PARAMETER_ERROR = 289
    C1G2_LLRP_CAPABILITIES = 327
    C1G2_RF_MODE_TABLE = 328
    C1G2_RF_MODE_ENTRY = 329
    C1G2_INVENTORY_COMMAND = 330
    C1G2_FILTER = 331
    C1G2_TAG_INVENTORY_MASK = 332
    C1G2_STATE_AWARE_ACTION = 333
    C1G2_STATE_UNAWARE_ACTION = 334
    C1G2_RF_CONTROL = 335
    C1G2_SINGULATION_CONTROL = 336
    C1G2_TAG_SPEC = 338
    C1G2_TARGET_TAG = 339
    C1G2_READ = 341
    C1G2_WRITE = 342
    C1G2_KILL = 343
    C1G2_LOCK = 344
    C1G2_LOCK_PAYLOAD = 345
    C1G2_BLOCK_ERASE = 346
    C1G2_BLOCK_WRITE = 347
    C1G2_EPC_MEMORY_SELECTOR = 348
    C1G2_READ_RESULT = 349
    C1G2_WRITE_RESULT = 350
    C1G2_KILL_RESULT = 351
    C1G2_LOCK_RESULT = 352
    C1G2_BLOCK_ERASE_RESULT = 353
    C1G2_BLOCK_WRITE_RESULT = 354
    SPEC_LOOP_EVENT = 356
    C1G2_RECOMMISSION_RESULT = 360
    C1G2_BLOCK_PERMALOCK_RESULT = 361
    C1G2_BLOCK_PERMALOCK_STATUS_RESULT = 362
    CUSTOM = 1023


PARAMETER_NAME: dict[int, str] = {parameter: parameter.name.lower() for parameter in Tlv}


EXACT_SIZE: dict[int, int] = {
    message: FIXED_SIZE.get(message, 0)
    for message in (
        MessageType.CLOSE_CONNECTION,
        MessageType.GET_ROSPECS,
        MessageType.GET_ACCESSSPECS,
        MessageType.GET_SUPPORTED_VERSION,
        MessageType.SET_PROTOCOL_VERSION,
        MessageType.GET_REPORT,
        MessageType.KEEPALIVE,
        MessageType.KEEPALIVE_ACK,
        MessageType.ENABLE_EVENTS_AND_REPORTS,
        MessageType.DELETE_ROSPEC,
        MessageType.START_ROSPEC,
        MessageType.STOP_ROSPEC,
        MessageType.ENABLE_ROSPEC,
        MessageType.DISABLE_ROSPEC,
        MessageType.DELETE_ACCESSSPEC,
        MessageType.ENABLE_ACCESSSPEC,
        MessageType.DISABLE_ACCESSSPEC,
    )
}
"""Bytes of the body of messages that have no parameters."""

_STATUS_FIRST: frozenset[int] = frozenset({Tlv.LLRP_STATUS})
FIRST_PARAMETERS: dict[int, frozenset[int]] = {
    **dict.fromkeys((*set(ANSWER_OF.values()) - set(FIXED_SIZE), MessageType.ERROR_MESSAGE), _STATUS_FIRST),
    MessageType.RO_ACCESS_REPORT: frozenset({Tlv.TAG_REPORT_DATA, Tlv.RF_SURVEY_REPORT_DATA, Tlv.CUSTOM}),
    MessageType.READER_EVENT_NOTIFICATION: frozenset({Tlv.READER_EVENT_NOTIFICATION_DATA}),
    MessageType.ADD_ROSPEC: frozenset({Tlv.ROSPEC}),
    MessageType.ADD_ACCESSSPEC: frozenset({Tlv.ACCESS_SPEC}),
}
"""What the first parameter of a message is, in the order that §16.1 gives."""


class StatusCode(IntEnum):
    SUCCESS = 0
    PARAMETER_ERROR = 100
    FIELD_ERROR = 101
    MISSING_PARAMETER = 103
    UNKNOWN_PARAMETER = 107
    UNSUPPORTED_MESSAGE = 109
    UNSUPPORTED_VERSION = 110
    UNSUPPORTED_PARAMETER = 111
    UNEXPECTED_MESSAGE = 112
    INVALID = 300
    OUT_OF_RANGE = 301
    DEVICE_ERROR = 401


STATUS: dict[int, Meaning] = {
    StatusCode.SUCCESS: Meaning(Status.OK, ""),
    StatusCode.PARAMETER_ERROR: Meaning(Status.BAD_PARAMETER, "parameter error in the message"),
    StatusCode.FIELD_ERROR: Meaning(Status.BAD_PARAMETER, "field error in the message"),
    102: Meaning(Status.BAD_PARAMETER, "unexpected parameter in the message"),
    StatusCode.MISSING_PARAMETER: Meaning(Status.BAD_PARAMETER, "parameter missing in the message"),
    104: Meaning(Status.BAD_PARAMETER, "parameter twice in the message"),
    105: Meaning(Status.BAD_PARAMETER, "more parameters than the reader can hold"),
    106: Meaning(Status.BAD_PARAMETER, "field longer than the reader can hold"),
    StatusCode.UNKNOWN_PARAMETER: Meaning(Status.BAD_PARAMETER, "unknown parameter in the message"),
    108: Meaning(Status.BAD_PARAMETER, "unknown field in the message"),
    StatusCode.UNSUPPORTED_MESSAGE: Meaning(Status.BAD_COMMAND, "unsupported message"),
    StatusCode.UNSUPPORTED_VERSION: Meaning(Status.BAD_COMMAND, "unsupported protocol version"),
    StatusCode.UNSUPPORTED_PARAMETER: Meaning(Status.BAD_PARAMETER, "unsupported parameter in the message"),
    StatusCode.UNEXPECTED_MESSAGE: Meaning(Status.BAD_COMMAND, "unexpected message"),
    200: Meaning(Status.BAD_PARAMETER, "parameter error in a parameter"),
    201: Meaning(Status.BAD_PARAMETER, "field error in a parameter"),
    202: Meaning(Status.BAD_PARAMETER, "unexpected parameter in a parameter"),
    203: Meaning(Status.BAD_PARAMETER, "parameter missing in a parameter"),
    204: Meaning(Status.BAD_PARAMETER, "parameter twice in a parameter"),
    205: Meaning(Status.BAD_PARAMETER, "more parameters in a parameter than the reader can hold"),
    206: Meaning(Status.BAD_PARAMETER, "field of a parameter longer than the reader can hold"),
    207: Meaning(Status.BAD_PARAMETER, "unknown parameter in a parameter"),
    208: Meaning(Status.BAD_PARAMETER, "unknown field in a parameter"),
    209: Meaning(Status.BAD_PARAMETER, "unsupported parameter in a parameter"),
    StatusCode.INVALID: Meaning(Status.BAD_PARAMETER, "invalid value"),
    StatusCode.OUT_OF_RANGE: Meaning(Status.BAD_PARAMETER, "value out of range"),
    StatusCode.DEVICE_ERROR: Meaning(Status.READER_ERROR, "device error of the reader"),
}
"""LLRPStatus and the errors in it (§14)."""

_DONE = Meaning(Status.OK, "")
_OVERRUN = Meaning(Status.MEMORY_OVERRUN, "no such words on this tag")
_LOCKED = Meaning(Status.LOCKED, "tag memory is locked")
_POWER = Meaning(Status.LOW_POWER, "insufficient power at the tag")
_TAG = Meaning(Status.TAG_ERROR, "non-specific tag error")
_SILENT = Meaning(Status.NO_TAG, "no response from the tag")
_READER = Meaning(Status.READER_ERROR, "non-specific reader error")
_PASSWORD = Meaning(Status.WRONG_PASSWORD, "incorrect password")
_NO_KILL_PASSWORD = Meaning(Status.KILL_FAILED, "the tag's kill password is zero")
_WRITES = dict(enumerate((_DONE, _OVERRUN, _LOCKED, _POWER, _TAG, _SILENT, _READER, _PASSWORD)))
_KILLS = dict(enumerate((_DONE, _NO_KILL_PASSWORD, _POWER, _TAG, _SILENT, _READER, _PASSWORD)))
_LOCKS = dict(enumerate((_DONE, _POWER, _TAG, _SILENT, _READER, _PASSWORD, _OVERRUN, _LOCKED)))


class OpResult(NamedTuple):
    """What an operation of an AccessSpec reports (§15.2.1.5.5; the later codes of each are 1.1's)."""

    name: str
    codes: dict[int, Meaning]


OP_RESULT: dict[int, OpResult] = {
    Tlv.C1G2_READ_RESULT: OpResult("read_bank", dict(enumerate((_DONE, _TAG, _SILENT, _READER, _OVERRUN, _LOCKED, _PASSWORD)))),
    Tlv.C1G2_WRITE_RESULT: OpResult("write_bank", _WRITES),
    Tlv.C1G2_KILL_RESULT: OpResult("kill_tag", _KILLS),
    Tlv.C1G2_LOCK_RESULT: OpResult("lock_tag", _LOCKS),
    Tlv.C1G2_BLOCK_ERASE_RESULT: OpResult("block_erase", _WRITES),
    Tlv.C1G2_BLOCK_WRITE_RESULT: OpResult("block_write", _WRITES),
    Tlv.C1G2_RECOMMISSION_RESULT: OpResult("recommission", _KILLS),
    Tlv.C1G2_BLOCK_PERMALOCK_RESULT: OpResult("block_permalock", _LOCKS),
    Tlv.C1G2_BLOCK_PERMALOCK_STATUS_RESULT: OpResult(
        "block_permalock_status", dict(enumerate((_DONE, _TAG, _SILENT, _READER, _PASSWORD, _OVERRUN)))
    ),
}


class EventName(NamedTuple):
    """A parameter of READER_EVENT_NOTIFICATION, and how many bytes of fields it has at least."""

    name: str
    size: int


EVENT: dict[int, EventName] = {
    Tlv.HOPPING_EVENT: EventName("hopping", 4),
    Tlv.GPI_EVENT: EventName("input_changed", 3),
    Tlv.ROSPEC_EVENT: EventName("rospec", 9),
    Tlv.REPORT_BUFFER_LEVEL_WARNING: EventName("report_buffer_filling", 1),
    Tlv.REPORT_BUFFER_OVERFLOW: EventName("report_buffer_overflow", 0),
    Tlv.READER_EXCEPTION: EventName("reader_exception", 2),
    Tlv.RF_SURVEY_EVENT: EventName("rf_survey", 7),
    Tlv.AISPEC_EVENT: EventName("aispec", 7),
    Tlv.ANTENNA_EVENT: EventName("antenna", 3),
    Tlv.SPEC_LOOP_EVENT: EventName("spec_loop", 8),
    Tlv.CONNECTION_ATTEMPT_EVENT: EventName("connection_attempt", 2),
    Tlv.CONNECTION_CLOSE_EVENT: EventName("connection_close", 0),
}

CONNECTION_ATTEMPT: dict[int, str] = {
    0: "connected",
    1: "refused: a connection that the reader opened exists",
    2: "refused: another client is connected",
    3: "refused: another reason",
    4: "another client tried to connect",
}


class EventType(IntEnum):
    """What a host may ask to be told of (§13.1.5)."""

    HOPPING = 0
    GPI = 1
    ROSPEC = 2
    REPORT_BUFFER = 3
    READER_EXCEPTION = 4
    RF_SURVEY = 5
    AISPEC = 6
    AISPEC_WITH_DETAILS = 7
    ANTENNA = 8


ROSPEC_EVENT: dict[int, str] = {0: "started", 1: "ended", 2: "preempted"}
START_OF_ROSPEC, END_OF_ROSPEC = 0, 1
INVENTORY_ROSPEC = 1
"""The number of our own ROSpec that takes inventory."""

STANDARD: dict[int, str] = {
    0: "no standard named",
    1: "US FCC part 15",
    2: "ETSI 302 208",
    3: "ETSI 300 220",
    4: "Australia LIPD 1 W",
    5: "Australia LIPD 4 W",
    6: "Japan ARIB STD-T89",
    7: "Hong Kong OFTA 1049",
    8: "Taiwan DGT LP0002",
    9: "Korea MIC article 5-2",
}
"""CommunicationsStandard of the regulatory capabilities (§10.2.4)."""

STANDARD_REGION: dict[int, Region] = {1: Region.US, 2: Region.EU, 9: Region.KOREA}
COUNTRY_REGION: dict[int, Region] = {50: Region.BANGLADESH, 356: Region.INDIA}
"""By ISO 3166 number, for plans that the standard has no number of."""

LOCK_PRIVILEGE: dict[LockAction, int] = {
    LockAction.NEEDS_PASSWORD: 0,
    LockAction.CLOSED_FOREVER: 1,
    LockAction.OPEN_FOREVER: 2,
    LockAction.OPEN: 3,
}
LOCK_DATA_FIELD: dict[LockField, int] = {field: field.value for field in LockField}

IMPINJ = 25_882
VENDOR: dict[int, str] = {IMPINJ: "Impinj", 161: "Zebra", 26_554: "ThingMagic"}
"""Private enterprise numbers that readers give as their maker (ThingMagic's: `TM_MANUFACTURER_ID` of its Mercury API); others are shown
as the number.
"""


class ImpinjMessage(IntEnum):
    ENABLE_EXTENSIONS = 21
    ENABLE_EXTENSIONS_RESPONSE = 22


class ImpinjParameter(IntEnum):
    INVENTORY_SEARCH_MODE = 23
    TAG_REPORT_CONTENT_SELECTOR = 50
    ENABLE_SERIALIZED_TID = 51
    ENABLE_RF_PHASE_ANGLE = 52
    ENABLE_PEAK_RSSI = 53
    SERIALIZED_TID = 55
    RF_PHASE_ANGLE = 56
    PEAK_RSSI = 57
