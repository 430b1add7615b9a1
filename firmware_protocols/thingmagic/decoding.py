"""One whole frame from the module → its events. Tag records themselves are `records.py`'s."""

from firmware_protocols.events import Event, FrameError, FrameFault, Meaning, Notice, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.thingmagic.answers import in_words
from firmware_protocols.thingmagic.records import read_record, read_without_length, skip_metadata
from firmware_protocols.thingmagic.tables import (
    CODE,
    MORE_BITS,
    OPCODE_NAME,
    STREAM_CONTROL_NAME,
    STREAM_NOTICE,
    Code,
    Opcode,
    Option,
    Search,
    Select,
    StreamControl,
    StreamKind,
)

DATA_START = 5
CRC_SIZE = 2
# Plain numbers: `&` with a member of an IntFlag makes a new member, and costs as much as half a tag report; to look one up costs too.
STREAMING, HAS_METADATA, TAG = int(Search.STREAMING), int(Option.METADATA), int(StreamKind.TAG)
LARGE_POPULATION = int(Search.LARGE_POPULATION)
SELECT_BITS, NO_OPTION_BITS, SELECT_FORM = 0b111, 0xC0, int(Option.INVERT | Option.LONG_MASK)
INDICES_SIZE = 4
COUNT_SIZE = 4
RETURN_ON_N_TAGS, N_TAGS_SIZE = int(Search.RETURN_ON_N_TAGS), 7
METADATA_AT = 3  # in an answer, after the option byte and the metadata flags
ENCLOSED_AT = 5  # after StreamControl.COMMAND: size, opcode and status of the answer that is enclosed
TEMPERATURE_KEY = 0x100  # TMR_READER_STATS_FLAG_TEMPERATURE
UNNAMED_CODE = {0x01: "message", 0x02: "bootloader", 0x03: "flash", 0x04: "tag protocol", 0x05: "radio", 0x06: "tag buffer", 0x7F: "system"}


def name_of(opcode: int) -> str:
    return OPCODE_NAME.get(opcode) or f"0x{opcode:02x}"


def name_of_command(opcode: int, data: bytes) -> str:
    """MULTI_PROTOCOL is named after what it asks for."""
    if opcode == Opcode.MULTI_PROTOCOL and len(data) > 2:
        return STREAM_CONTROL_NAME.get(data[2]) or name_of(opcode)
    return name_of(opcode)


def decode_answer(frame: bytes, stream_control: StreamControl) -> tuple[Event, ...]:
    """A frame as it came: one event, more for a buffer of tags. `stream_control` is what MULTI_PROTOCOL was last asked for: a refusal
    does not say.
    """
    opcode, code = frame[2], frame[3] << 8 | frame[4]
    data = frame[DATA_START:-CRC_SIZE]
    if opcode == Opcode.READ_MULTIPLE:
        return (decode_search(frame),)
    if opcode == Opcode.MULTI_PROTOCOL:
        control = data[0] if data else stream_control
        if control == StreamControl.COMMAND and len(data) >= ENCLOSED_AT:
            return (_enclosed(data),)
        return (_reply(STREAM_CONTROL_NAME.get(control) or name_of(opcode), code, data),)
    if code:
        return (_reply(name_of(opcode), code, data, is_boot=opcode == Opcode.BOOT_FIRMWARE),)
    if opcode == Opcode.GET_TAG_BUFFER:
        return _decode_buffer(frame, data)
    return (_decode_single(frame, data) if opcode == Opcode.READ_SINGLE else _plain_reply(opcode, data),)


def _enclosed(data: bytes) -> Reply:
    """The answer to a command that was given while a stream ran (MercuryAPI, TMR_SR_sendTimeout: paramMessage)."""
    opcode, code = data[2], int.from_bytes(data[3:ENCLOSED_AT])
    status, text = meaning_of(code)
    told = text or in_words(opcode, data[ENCLOSED_AT:])
    return Reply(name_of(Opcode.MULTI_PROTOCOL), status, code, data, detail=f"{name_of(opcode)}: {told or 'done'}")


def _plain_reply(opcode: int, data: bytes) -> Reply:
    if opcode == Opcode.READ_BANK:
        return Reply(name_of(opcode), Status.OK, Code.OK, _bank_data(data))
    return Reply(name_of(opcode), Status.OK, Code.OK, data, detail=in_words(opcode, data))


def decode_search(frame: bytes) -> Event:
    """READ_MULTIPLE: a streamed tag, a status or the end of a search; or, of a search into the buffer, how many tags it found."""
    if frame[3] or frame[4] or len(frame) == DATA_START + CRC_SIZE:
        return _search_status(frame)
    at = DATA_START + (frame[DATA_START] >> 7)  # a first option byte with the high bit says that a second follows
    end = len(frame) - CRC_SIZE
    if end < at + 4:
        return _content_error(frame, "option, search flags, then a count or a tag")
    if frame[at + 2] & STREAMING:
        return _streamed(frame, at, end)
    count_size = COUNT_SIZE if frame[at + 2] & LARGE_POPULATION else 1  # what follows counts the answers to an embedded command
    found = int.from_bytes(frame[at + 3 : min(at + 3 + count_size, end)])
    return Reply(name_of(Opcode.READ_MULTIPLE), Status.OK, Code.OK, frame[DATA_START:end], detail=f"{found} tags in the buffer")


def _streamed(frame: bytes, at: int, end: int) -> Event:
    """Option, search flags u16, metadata flags u16 if the option says so, kind, then what it holds. Or, of a search that was to end after
    so many tags, option, search flags, and how many they were.
    """
    if frame[at] & HAS_METADATA:
        flags, kind_at = frame[at + 3] << 8 | frame[at + 4], at + 5
    else:
        flags, kind_at = 0, at + 3
    kind = frame[kind_at]  # where the frame is too short for one, a byte of the CRC: then nothing can follow it
    if kind == TAG:
        record = read_record(frame, kind_at + 1, end, flags)
        if record is not None and record.end == end:
            return record.tag
    if frame[at + 2] & RETURN_ON_N_TAGS and end - at == N_TAGS_SIZE:
        return RoundEnded(reads=int.from_bytes(frame[at + 3 : end]))
    if kind_at < end and kind == StreamKind.STATUS:
        return _statistics(frame[kind_at + 1 : end])
    if kind_at < end and kind == StreamKind.END:
        return RoundEnded()
    return _content_error(frame, "a streamed tag as its metadata flags describe it, a status or an end")


def _search_status(frame: bytes) -> Event:
    """A search that ended: with no tag, or because of the module itself."""
    code = frame[3] << 8 | frame[4]
    if code == Code.OK:
        return RoundEnded()
    if code == Code.NO_TAGS:
        return RoundEnded(reads=0)
    data = frame[DATA_START:-CRC_SIZE]
    notice = STREAM_NOTICE.get(code)
    if notice is None:
        return _reply(name_of(Opcode.READ_MULTIPLE), code, data)
    meaning = meaning_of(code)
    return Notice(notice, meaning.status, code, data, meaning.text)


def _statistics(data: bytes) -> Notice:
    """Which statistics follow, then each as key, length and value. Only the temperature is read here."""
    at = _read_ebv(data, 0)[1]
    while at < len(data):
        key, at = _read_ebv(data, at)
        value = data[at + 1 : at + 1 + data[at]] if at < len(data) else b""
        if key == TEMPERATURE_KEY and len(value) == 1:
            return Notice("temperature", data=value, detail=f"{int.from_bytes(value, signed=True)} °C")
        at += 1 + len(value)
    return Notice("statistics", data=data)


def _read_ebv(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, the high bit says that another follows; and where it ends."""
    value = 0
    while at < len(data):
        value = value << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            break
    return value, at


def _decode_buffer(frame: bytes, data: bytes) -> tuple[Event, ...]:
    """Metadata flags u16, options, count, then that many records. Four bytes alone: where reading and writing stand."""
    name = name_of(Opcode.GET_TAG_BUFFER)
    if len(data) == INDICES_SIZE:
        left = max(int.from_bytes(data[2:]) - int.from_bytes(data[:2]), 0)
        return (Reply(name, Status.OK, Code.OK, data, detail=f"{left} tags in the buffer"),)
    if len(data) < INDICES_SIZE:
        return (_content_error(frame, "metadata flags, options, count, then tags"),)
    at, end, flags, count = DATA_START + INDICES_SIZE, len(frame) - CRC_SIZE, int.from_bytes(data[:2]), data[3]
    tags: list[TagSeen] = []
    while len(tags) < count and (record := read_record(frame, at, end, flags)) is not None:
        tags.append(record.tag)
        at = record.end
    if len(tags) != count or at != end:
        return (*tags, _content_error(frame, f"{count} tags as their metadata flags describe them"))
    return (*tags, Reply(name, Status.OK, Code.OK, detail=f"{count} tags"))


def _decode_single(frame: bytes, data: bytes) -> Event:
    """The option byte, if the command had one, then EPC and CRC. With metadata: option, flags, metadata, then EPC and CRC (MercuryAPI,
    cmdReadTagSingle), or a record as in the buffer.
    """
    tag = _single_with_metadata(frame, data) if data and data[0] & HAS_METADATA else None
    if tag is None and len(data) > CRC_SIZE + 1 and not (len(data) % 2 and data[0] & HAS_METADATA):
        tag = TagSeen(data[len(data) % 2 : -CRC_SIZE])
    if tag is None:
        return _content_error(frame, "EPC and CRC of a tag")
    return Reply(name_of(Opcode.READ_SINGLE), Status.OK, Code.OK, tag=tag)


def _single_with_metadata(frame: bytes, data: bytes) -> TagSeen | None:
    flags, start, end = int.from_bytes(data[1:METADATA_AT]), DATA_START + METADATA_AT, len(frame) - CRC_SIZE
    record = read_record(frame, start, end, flags)
    if record is not None and record.end == end:
        return record.tag
    return read_without_length(frame, start, end, flags) if _is_option(data[0]) else None


def _bank_data(data: bytes) -> bytes:
    """The words, without what stands before them: nothing, the option byte, or option bytes, metadata flags and metadata."""
    at = 1 if data and data[0] & ~MORE_BITS == Option.MORE else 0
    if len(data) > at + METADATA_AT - 1 and _is_option(data[at]):
        start = skip_metadata(data, at + METADATA_AT, int.from_bytes(data[at + 1 : at + METADATA_AT]))
        if start is not None and start < len(data) and (len(data) - start) % 2 == 0:
            return data[start:]
    return data[len(data) % 2 :]


def _is_option(byte: int) -> bool:
    """May it be an option byte that announces metadata? Words that were read without one begin with any byte: that of a PC is none."""
    select = byte & SELECT_BITS
    is_plain = byte & HAS_METADATA and not byte & NO_OPTION_BITS
    return bool(is_plain and select <= Select.EPC_LENGTH and (select or not byte & SELECT_FORM))


def meaning_of(code: int) -> Meaning:
    area = UNNAMED_CODE.get(code >> 8, "unknown area")
    return CODE.get(code) or Meaning(Status.READER_ERROR, f"{area}: status {code:04x}, not in the vendor's list")


def _reply(name: str, code: int, data: bytes, *, is_boot: bool = False) -> Reply:
    if is_boot and code == Code.INVALID_OPCODE:
        return Reply(name, Status.OK, code, data, detail="the firmware is running already")
    status, text = meaning_of(code)
    if code == Code.ASSERT_FAILED and len(data) > 4:
        text = f"{text}: line {int.from_bytes(data[:4])} of {data[4:].decode('ascii', 'replace')}"
    return Reply(name, status, code, data, detail=text)


def _content_error(frame: bytes, expected: str) -> FrameError:
    return FrameError(FrameFault.CONTENT, expected, frame[DATA_START:-CRC_SIZE].hex(), frame)
