"""One whole message → its events. A reader's with what its connection remembers; a host's as the reader's half sees it."""

import struct
from collections.abc import Callable

from firmware_protocols.events import Event, FrameError, FrameFault, HostCommand, Meaning, Notice, Reply, RoundEnded, Status
from firmware_protocols.llrp.capabilities import read_capabilities
from firmware_protocols.llrp.connection import Connection
from firmware_protocols.llrp.frames import HEADER_SIZE, Malformed, Parameter, id_of, parameters_of, type_of
from firmware_protocols.llrp.tables import (
    CONNECTION_ATTEMPT,
    END_OF_ROSPEC,
    EVENT,
    FIXED_SIZE,
    FROM_HOST,
    FROM_READER,
    IMPINJ,
    INVENTORY_ROSPEC,
    MESSAGE_NAME,
    PARAMETER_NAME,
    QUESTION_OF,
    ROSPEC_EVENT,
    START_OF_ROSPEC,
    STATUS,
    VENDOR,
    ImpinjMessage,
    MessageType,
    Tlv,
)
from firmware_protocols.llrp.tag_reports import TagReports

ENABLE_EXTENSIONS = "impinj_enable_extensions"
INVENTORY_OVER = "inventory_over"
CUSTOM_FIELDS = struct.Struct(">IB")  # vendor, subtype
TEXT_START = 4  # of LLRPStatus, after the code and the length of its text


def name_of(message_type: int) -> str:
    return MESSAGE_NAME.get(message_type) or f"message_{message_type}"


def decode_from_reader(message: bytes, reports: TagReports) -> list[Event]:
    """All that a reader's message says; one FrameError if it is not well formed."""
    message_type = type_of(message)
    if message_type in MESSAGE_NAME and message_type not in FROM_READER:
        return [content_error(message, "a reader's message", f"{name_of(message_type)}, a host's; read it with direction to-reader")]
    try:
        return _DECODERS.get(message_type, _decode_other)(message, reports)
    except Malformed as error:
        return [content_error(message, error.expected, error.found)]


def decode_to_reader(message: bytes) -> Event:
    """What a host asks. The parameters in it are counted through, not opened."""
    message_type = type_of(message)
    name = name_of(message_type)
    if message_type in MESSAGE_NAME and message_type not in FROM_HOST:
        return content_error(message, "a host's message", f"{name}, from a reader; read it with direction from-reader")
    try:
        if message_type == MessageType.CUSTOM_MESSAGE:
            vendor, subtype = _custom_fields(message)
            name = ENABLE_EXTENSIONS if (vendor, subtype) == (IMPINJ, ImpinjMessage.ENABLE_EXTENSIONS) else name
        elif message_type in MESSAGE_NAME:
            body_parameters(message)
    except Malformed as error:
        return content_error(message, error.expected, error.found)
    return HostCommand(name, message_type, message[HEADER_SIZE:], message_id=id_of(message))


def content_error(message: bytes, expected: str, found: str) -> FrameError:
    return FrameError(FrameFault.CONTENT, expected, found, message)


def body_parameters(message: bytes) -> list[Parameter]:
    """The parameters after a message's own fields. Raises Malformed."""
    start = HEADER_SIZE + FIXED_SIZE.get(type_of(message), 0)
    if start > len(message):
        raise Malformed(f"{start} bytes of {name_of(type_of(message))}", str(len(message)))
    return parameters_of(message, start, len(message))


def _decode_tag_reports(message: bytes, reports: TagReports) -> list[Event]:
    """RO_ACCESS_REPORT. An empty one is legal and common: it proves that the reader lives."""
    return reports.read(message, HEADER_SIZE, len(message)) or [RoundEnded(reads=0)]


def _unknown(message: bytes, parameter: Parameter, where: str) -> Notice:
    return Notice("parameter", code=parameter.type, data=message[parameter.start : parameter.end], detail=f"{where}, not understood")


def _decode_keepalive(message: bytes, _: TagReports) -> list[Event]:
    return [Notice(name_of(type_of(message)))]


def _decode_notification(message: bytes, reports: TagReports) -> list[Event]:
    """READER_EVENT_NOTIFICATION: its time, then one event or more."""
    events: list[Event] = []
    for outer in body_parameters(message):
        if outer.type != Tlv.READER_EVENT_NOTIFICATION_DATA:
            events.append(_unknown(message, outer, "in a notification"))
            continue
        time_us = None
        for parameter in parameters_of(message, outer.start, outer.end):
            if parameter.type in (Tlv.UTC_TIMESTAMP, Tlv.UPTIME):
                time_us = int.from_bytes(message[parameter.start : parameter.end])
            else:
                events.append(_reader_event(message, parameter, time_us))
                events += _end_of_access(message, parameter, reports.connection)
                events += _end_of_inventory(message, parameter, reports.connection)
    return events or [Notice("reader_event", data=message[HEADER_SIZE:])]


def _reader_event(message: bytes, parameter: Parameter, time_us: int | None) -> Notice:
    kind, start, end = parameter
    if kind not in EVENT:
        return _unknown(message, parameter, "in a notification")
    name, size = EVENT[kind]
    data = message[start:end]
    if len(data) < size:
        raise Malformed(f"{size} bytes of {name}", str(len(data)))
    code, status, detail = _EVENT_WORDS.get(kind, _without_words)(data)
    return Notice(name, status, code, data, detail, time_us)


EventWords = tuple[int | None, Status, str]


def _without_words(_: bytes) -> EventWords:
    return None, Status.OK, ""


def _connection_attempt(data: bytes) -> EventWords:
    code = int.from_bytes(data[:2])
    return code, Status.READER_ERROR if code else Status.OK, CONNECTION_ATTEMPT.get(code, f"status {code}, not in the standard")


def _antenna(data: bytes) -> EventWords:
    is_there = bool(data[0])
    words = f"port {int.from_bytes(data[1:3])} {'connected' if is_there else 'disconnected'}"
    return data[0], Status.OK if is_there else Status.ANTENNA_MISSING, words


def _input(data: bytes) -> EventWords:
    is_high = bool(data[2] & 0x80)
    return int(is_high), Status.OK, f"input {int.from_bytes(data[:2])} {'high' if is_high else 'low'}"


def _exception(data: bytes) -> EventWords:
    return None, Status.READER_ERROR, data[2 : 2 + int.from_bytes(data[:2])].decode(errors="replace")


_EVENT_WORDS: dict[int, Callable[[bytes], EventWords]] = {
    Tlv.CONNECTION_ATTEMPT_EVENT: _connection_attempt,
    Tlv.CONNECTION_CLOSE_EVENT: lambda _: (None, Status.READER_ERROR, "the reader closes the connection"),
    Tlv.ANTENNA_EVENT: _antenna,
    Tlv.GPI_EVENT: _input,
    Tlv.ROSPEC_EVENT: lambda data: (
        data[0],
        Status.OK,
        f"ROSpec {int.from_bytes(data[1:5])} {ROSPEC_EVENT.get(data[0], data[0])}",
    ),
    Tlv.READER_EXCEPTION: _exception,
    Tlv.REPORT_BUFFER_LEVEL_WARNING: lambda data: (data[0], Status.OK, f"{data[0]} % full"),
    Tlv.REPORT_BUFFER_OVERFLOW: lambda _: (None, Status.READER_ERROR, "reports were lost"),
}


def _end_of_access(message: bytes, parameter: Parameter, known: Connection) -> list[Event]:
    """The time for an access is over without a result: the tag that was meant did not answer."""
    awaited = known.awaited
    if parameter.type != Tlv.ROSPEC_EVENT or awaited is None or awaited.is_answered:
        return []
    event, rospec_id = struct.unpack_from(">BI", message, parameter.start)
    if event != END_OF_ROSPEC or rospec_id != awaited.rospec_id:
        return []
    awaited.is_answered = True
    return [Reply(awaited.command, Status.NO_TAG, detail="no tag answered within the time for it")]


def _end_of_inventory(message: bytes, parameter: Parameter, known: Connection) -> list[Event]:
    """Nobody told it to: it is too hot, or somebody has stopped it on its own page. Its keep-alives go on."""
    if parameter.type != Tlv.ROSPEC_EVENT or not known.is_reading:
        return []
    event, rospec_id = struct.unpack_from(">BI", message, parameter.start)
    if event == START_OF_ROSPEC or rospec_id != INVENTORY_ROSPEC:
        return []
    known.is_reading = False
    return [Notice(INVENTORY_OVER, Status.READER_ERROR, event, detail=f"its inventory {ROSPEC_EVENT.get(event, event)} by itself")]


def _decode_other(message: bytes, reports: TagReports) -> list[Event]:
    """Every other message: an answer, or one that no standard up to 1.1 has."""
    message_type = type_of(message)
    if message_type not in QUESTION_OF and message_type != MessageType.ERROR_MESSAGE:
        return [Notice(name_of(message_type), data=message[HEADER_SIZE:], detail="not understood")]
    parameters = body_parameters(message)
    status = next((parameter for parameter in parameters if parameter.type == Tlv.LLRP_STATUS), None)
    if status is None:
        raise Malformed(f"an LLRPStatus in {name_of(message_type)}", "none")
    code, meaning = _read_status(message, status)
    known = reports.connection
    if message_type == MessageType.ERROR_MESSAGE and id_of(message) in known.unasked_ids:
        known.unasked_ids.discard(id_of(message))
        return [Notice("error", meaning.status, code, detail=meaning.text)]
    if code == 0:
        _learn(message, parameters, known)
    elif id_of(message) == known.settings_id:
        known.refuses_keepalives = True
    awaited = known.awaited
    if awaited and awaited.message_id == id_of(message):
        if code == 0:
            return [Notice("access_started")]  # the answer to this message is the operation's result
        awaited.is_answered = True
    command = name_of(QUESTION_OF[message_type]) if message_type in QUESTION_OF else "error"
    data = message[HEADER_SIZE : status.start - 4] + message[status.end :]
    return [Reply(command, meaning.status, code, data, detail=meaning.text or in_words(message, parameters, known))]


def _learn(message: bytes, parameters: list[Parameter], known: Connection) -> None:
    """What a good answer says of the reader."""
    message_type = type_of(message)
    if message_type == MessageType.GET_READER_CAPABILITIES_RESPONSE:
        known.learn(read_capabilities(message, parameters, known.capabilities))
    elif message_type == MessageType.ENABLE_ROSPEC_RESPONSE:
        known.is_reading = known.is_inventory_asked
    elif message_type == MessageType.SET_PROTOCOL_VERSION_RESPONSE:
        known.has_agreed = True


def _read_status(message: bytes, parameter: Parameter) -> tuple[int, Meaning]:
    """Code u16, UTF-8 text with a length u16, then the field or parameter at fault."""
    start, end = parameter.start, parameter.end
    if end - start < TEXT_START:
        raise Malformed("a code and a text in LLRPStatus", f"{end - start} bytes")
    code, length = struct.unpack_from(">HH", message, start)
    text_end = start + TEXT_START + length
    if text_end > end:
        raise Malformed("a text inside LLRPStatus", f"{length} bytes of it")
    status, standard = STATUS.get(code) or Meaning(Status.READER_ERROR, f"status {code}, not in the standard")
    text = message[start + TEXT_START : text_end].decode(errors="replace")
    if code == 0:
        return code, Meaning(status, "")
    said = [standard, text, *_faults(message, parameters_of(message, text_end, end))]
    return code, Meaning(status, "; ".join(filter(None, said)))


def _faults(message: bytes, parameters: list[Parameter]) -> list[str]:
    """FieldError: number and code. ParameterError: type and code, then the same again inside it, as deep as it goes."""
    said: list[str] = []
    waiting = list(parameters)
    while waiting:
        parameter = waiting.pop(0)
        if parameter.type not in (Tlv.FIELD_ERROR, Tlv.PARAMETER_ERROR) or parameter.end - parameter.start < 4:
            continue
        number, code = struct.unpack_from(">HH", message, parameter.start)
        what = f"field {number}" if parameter.type == Tlv.FIELD_ERROR else _parameter_in_words(number)
        said.append(f"{what}: {STATUS[code].text if code in STATUS else f'code {code}'}")
        if parameter.type == Tlv.PARAMETER_ERROR:
            waiting += parameters_of(message, parameter.start + 4, parameter.end)
    return said


def _parameter_in_words(number: int) -> str:
    name = PARAMETER_NAME.get(number)
    return f"parameter {number} ({name})" if name else f"parameter {number}"


def in_words(message: bytes, parameters: list[Parameter], known: Connection) -> str:
    """What a person would want to read of an answer; empty where the bytes say it all."""
    message_type = type_of(message)
    if message_type == MessageType.GET_READER_CAPABILITIES_RESPONSE:
        is_region_alone = not any(parameter.type == Tlv.GENERAL_DEVICE_CAPABILITIES for parameter in parameters)
        return known.capabilities.region_in_words() if is_region_alone else known.capabilities.in_words()
    if message_type == MessageType.GET_SUPPORTED_VERSION_RESPONSE:
        return f"speaks version {message[HEADER_SIZE]}, can speak {message[HEADER_SIZE + 1]}"
    if message_type == MessageType.GET_READER_CONFIG_RESPONSE:
        said = [_setting_in_words(message, parameter) for parameter in parameters]
        return ", ".join(filter(None, (_powers_in_words(message, parameters, known), *said)))
    return ""


def _powers_in_words(message: bytes, parameters: list[Parameter], known: Connection) -> str:
    """Of each port; once, if they are the same."""
    powers: dict[int, str] = {}
    for parameter in parameters:
        if parameter.type == Tlv.ANTENNA_CONFIGURATION and parameter.end - parameter.start >= 2:
            for inner in parameters_of(message, parameter.start + 2, parameter.end):
                if inner.type == Tlv.RF_TRANSMITTER and inner.end - inner.start >= 6:
                    index = int.from_bytes(message[inner.start + 4 : inner.start + 6])
                    power = known.capabilities.powers_cdbm.get(index)
                    port = int.from_bytes(message[parameter.start : parameter.start + 2])
                    powers[port] = f"power index {index}" if power is None else f"{power / 100:g} dBm"
    if len(set(powers.values())) == 1:
        return next(iter(powers.values()))
    return ", ".join(f"port {port} {power}" for port, power in powers.items())


def _setting_in_words(message: bytes, parameter: Parameter) -> str:
    kind, data = parameter.type, message[parameter.start : parameter.end]
    if kind == Tlv.ANTENNA_PROPERTIES and len(data) >= 3:
        return f"port {int.from_bytes(data[1:3])} {'connected' if data[0] & 0x80 else 'not connected'}"
    if kind == Tlv.GPI_PORT_CURRENT_STATE and len(data) >= 4:
        return f"input {int.from_bytes(data[:2])} {('low', 'high', 'unknown')[min(data[3], 2)]}"
    if kind == Tlv.GPO_WRITE_DATA and len(data) >= 3:
        return f"output {int.from_bytes(data[:2])} {'high' if data[2] & 0x80 else 'low'}"
    return ""


def _custom_fields(message: bytes) -> tuple[int, int]:
    """Vendor and subtype. Raises Malformed."""
    if len(message) < HEADER_SIZE + CUSTOM_FIELDS.size:
        raise Malformed("vendor and subtype of a CUSTOM_MESSAGE", f"{len(message) - HEADER_SIZE} bytes")
    vendor, subtype = CUSTOM_FIELDS.unpack_from(message, HEADER_SIZE)
    return vendor, subtype


def _decode_custom(message: bytes, _: TagReports) -> list[Event]:
    vendor, subtype = _custom_fields(message)
    start = HEADER_SIZE + CUSTOM_FIELDS.size
    if (vendor, subtype) == (IMPINJ, ImpinjMessage.ENABLE_EXTENSIONS_RESPONSE):
        for parameter in parameters_of(message, start, len(message)):
            if parameter.type == Tlv.LLRP_STATUS:
                code, meaning = _read_status(message, parameter)
                return [Reply(ENABLE_EXTENSIONS, meaning.status, code, detail=meaning.text)]
    return [Notice("custom_message", code=subtype, data=message[start:], detail=f"of {VENDOR.get(vendor, f'vendor {vendor}')}")]


_DECODERS: dict[int, Callable[[bytes, TagReports], list[Event]]] = {
    MessageType.RO_ACCESS_REPORT: _decode_tag_reports,
    MessageType.KEEPALIVE: _decode_keepalive,
    MessageType.READER_EVENT_NOTIFICATION: _decode_notification,
    MessageType.CUSTOM_MESSAGE: _decode_custom,
}
