"""One whole frame from the reader → its events: a frame may report many tags."""

from collections.abc import Callable
from typing import NamedTuple

from firmware_protocols.chafon.tables import (
    FAILED_STATUS,
    INVENTORIES,
    OPCODE_NAME,
    READER_TYPE,
    REGION,
    STATUS,
    Code,
    Model,
    Opcode,
)
from firmware_protocols.events import Event, Meaning, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.gen2 import GEN2_ERROR_TEXT
from firmware_protocols.serial_codec import GEN2_STATUS, content_error

DATA_START = 4
HAS_TID, HAS_PHASE, SIZE_BITS = 0x80, 0x40, 0x3F  # of a tag's length byte
TID_SIZE = 12  # FastID appends 96 bits
PHASE_SIZE, FREQUENCY_SIZE = 4, 3
STATISTICS_SIZE = 7
LONGEST_EPC = 62
TYPE_AT, SCAN_TIME_AT = DATA_START + 2, DATA_START + 7  # in the answer to GET_INFO
SMALLEST_INFO, INFO_WITH_ANTENNAS = 8, 12
ENDS_INVENTORY = frozenset({Code.ENDED, Code.TIME_OVER, Code.MEMORY_FULL, Code.NO_TAG, Code.ANTENNA_MISSING})
RAW_RSSI = tuple(Rssi(float(byte), RssiUnit.RAW, bytes((byte,))) for byte in range(256))
BIT_PORTS = tuple(tuple(bit + 1 for bit in range(8) if byte >> bit & 1) for byte in range(256))


class Reading(NamedTuple):
    """How a reader's frames are to be understood."""

    model: Model | None
    """None: not known yet; then the layout that fits is taken."""
    counts_antennas: bool
    """The antenna byte is a number from 0 (16-port models), not a bit mask."""
    asked: Opcode | None = None
    """Which part of GET_INFO's answer was asked for, by the command that would set it; None: all of it."""


Layout = Callable[[bytes, Reading], list[TagSeen] | None]
"""What stands in the data; None if it does not hold that."""


def name_of(opcode: int) -> str:
    return OPCODE_NAME.get(opcode) or f"0x{opcode:02x}"


def decode_frame(frame: bytes, reading: Reading) -> list[Event]:
    """Never empty."""
    opcode, status, data = frame[2], frame[3], frame[DATA_START:-2]
    if opcode == Opcode.PUSH:
        return _decode_push(frame, status, data, reading)
    if opcode in INVENTORIES:
        return _decode_inventory(frame, status, data, reading)
    return [_reply(opcode, status, data, reading)]


def _decode_inventory(frame: bytes, status: int, data: bytes, reading: Reading) -> list[Event]:
    if status == Code.STATISTICS:
        return [_statistics(frame, data, reading)]
    if status != Code.MORE_FRAMES and status not in ENDS_INVENTORY:
        return [_reply(frame[2], status, data, reading)]
    tags = tags_of(data, reading) if data and status != Code.ANTENNA_MISSING else []
    if tags is None:
        return [content_error(frame, "a count, and as many tags as it says", data.hex())]
    events: list[Event] = [*tags]
    if status in {Code.MEMORY_FULL, Code.ANTENNA_MISSING}:
        events.append(_complaint(Code(status), data[:1], reading))
    if status in ENDS_INVENTORY:
        events.append(RoundEnded())
    return events or [_reply(frame[2], status, data, reading)]


def _complaint(status: Code, antenna: bytes, reading: Reading) -> Notice:
    """That only part of the tags is told, or that an antenna is off: then which, where the reader says it."""
    meaning, ports = STATUS[status], antennas_of(antenna[0], reading) if antenna else (None,)
    is_named = status is Code.ANTENNA_MISSING and ports != (None,)
    text = f"{_ports_in_words(ports)}: {meaning.text}" if is_named else meaning.text
    return Notice(status.name.lower(), meaning.status, status, antenna, text)


def tags_of(data: bytes, reading: Reading) -> list[TagSeen] | None:
    """What an inventory reports; None if it does not hold that. The layout of the reader's model is tried first: [antennas], count,
    then per tag length, EPC [, RSSI [, phase, frequency]]. A count and nothing behind it (`01 00`: antenna 1, no tag) fits the other
    layout as a tag without a number, so a reading in which each tag has whole words goes before any that only fits.
    """
    return _likeliest((_full_tags, _bare_tags), data, reading)


def _likeliest(layouts: tuple[Layout, Layout], data: bytes, reading: Reading) -> list[TagSeen] | None:
    """`layouts`: that of the later models, then that of UHFReader18."""
    fitting = None
    for layout in reversed(layouts) if reading.model is Model.UHFREADER18 else layouts:
        tags = layout(data, reading)
        if tags is not None and _have_whole_words(tags):
            return tags
        fitting = fitting or tags
    return fitting


def _have_whole_words(tags: list[TagSeen]) -> bool:
    return all(tag.epc and len(tag.epc) % 2 == 0 for tag in tags)


def _bare_tags(data: bytes, _: Reading) -> list[TagSeen] | None:
    """UHFReader18: no antenna, no RSSI."""
    tags, at = [], 1
    for _count in range(data[0]):
        if at >= len(data):
            return None
        end = at + 1 + data[at]
        tags.append(TagSeen(data[at + 1 : end]))
        at = end
    return tags if at == len(data) else None


def _full_tags(data: bytes, reading: Reading) -> list[TagSeen] | None:
    sizes = _tag_sizes(data)
    if sizes is None:
        return None
    tags: list[TagSeen] = []
    at, antennas = 2, antennas_of(data[0], reading)
    for size in sizes:
        tags += _tag_by_antennas(data, at, size, antennas)
        at += size
    return tags


def _tag_sizes(data: bytes) -> list[int] | None:
    """Of the records behind antennas and count; None if they do not fill the data."""
    if len(data) < 2:
        return None
    sizes, at = [], 2
    for _count in range(data[1]):
        size = _tag_size(data, at)
        if not size:
            return None
        sizes.append(size)
        at += size
    return sizes if at == len(data) else None


def _tag_size(data: bytes, at: int) -> int:
    """Bytes of the record: length, EPC [and TID], RSSI [, phase, frequency]. 0: there are fewer."""
    if at >= len(data):
        return 0
    size = 2 + (data[at] & SIZE_BITS) + (PHASE_SIZE + FREQUENCY_SIZE if data[at] & HAS_PHASE else 0)
    is_short_of_tid = data[at] & HAS_TID and data[at] & SIZE_BITS < TID_SIZE
    return size if at + size <= len(data) and not is_short_of_tid else 0


def _tag_by_antennas(data: bytes, at: int, size: int, antennas: tuple[int | None, ...]) -> list[TagSeen]:
    """A report for each antenna that is named."""
    kind = data[at]
    rssi_at = at + 1 + (kind & SIZE_BITS)
    if kind & (HAS_TID | HAS_PHASE):
        seen = _rich_tag(data, at, size)._replace(antenna=antennas[0])
    else:
        seen = TagSeen(data[at + 1 : rssi_at], None, None, RAW_RSSI[data[rssi_at]], antennas[0])
    return [seen] if len(antennas) == 1 else [seen, *(seen._replace(antenna=antenna) for antenna in antennas[1:])]


def _rich_tag(data: bytes, at: int, size: int) -> TagSeen:
    """With the TID behind the EPC, or phase and frequency behind the RSSI."""
    kind = data[at]
    rssi_at = at + 1 + (kind & SIZE_BITS)
    epc_end = rssi_at - TID_SIZE if kind & HAS_TID else rssi_at
    frequency_at = at + size - FREQUENCY_SIZE
    return TagSeen(
        data[at + 1 : epc_end],
        tid=data[epc_end:rssi_at] if kind & HAS_TID else None,
        rssi=RAW_RSSI[data[rssi_at]],
        frequency_khz=int.from_bytes(data[frequency_at : at + size]) if kind & HAS_PHASE else None,
        phase=int.from_bytes(data[rssi_at + 1 : frequency_at]) if kind & HAS_PHASE else None,
    )


def antennas_of(byte: int, reading: Reading) -> tuple[int | None, ...]:
    """The ports, from 1; one None if none is named."""
    return (byte + 1,) if reading.counts_antennas else BIT_PORTS[byte] or (None,)


def _ports_in_words(ports: tuple[int | None, ...]) -> str:
    return f"port{'s' if len(ports) > 1 else ''} {', '.join(map(str, ports))}"


def _statistics(frame: bytes, data: bytes, reading: Reading) -> Event:
    """Antenna, reads per second u16, reads u32."""
    if len(data) != STATISTICS_SIZE:
        return content_error(frame, "antenna, rate u16, reads u32", data.hex())
    return RoundEnded(int.from_bytes(data[3:]), antennas_of(data[0], reading)[0])


def _decode_push(frame: bytes, status: int, data: bytes, reading: Reading) -> list[Event]:
    """EE, unasked, in real-time mode: antennas, then one tag as in an inventory; of UHFReader18 the EPC alone."""
    if status == Code.HEARTBEAT:
        return [heartbeat(data)]
    if status != Code.OK:
        status_word, text = _meaning(status)
        return [Notice(name_of(Opcode.PUSH), status_word, status, data, text)]
    tags = _likeliest((_full_push, _bare_push), data, reading)
    return [*tags] if tags is not None else [content_error(frame, "antenna, length, EPC and RSSI, or an EPC", data.hex())]


def _full_push(data: bytes, reading: Reading) -> list[TagSeen] | None:
    size = _tag_size(data, 1)
    return _tag_by_antennas(data, 1, size, antennas_of(data[0], reading)) if size and size + 1 == len(data) else None


def _bare_push(data: bytes, _: Reading) -> list[TagSeen] | None:
    return [TagSeen(data)] if data and len(data) % 2 == 0 and len(data) <= LONGEST_EPC else None


def heartbeat(data: bytes = b"") -> Notice:
    """Packet number u32, what the antennas are like, reads u32; nothing in the six bytes of UHFReader18."""
    detail = f"packet {int.from_bytes(data[:4])}, {int.from_bytes(data[-4:])} reads" if len(data) > 8 else ""
    return Notice("heartbeat", Status.OK, Code.HEARTBEAT if data else None, data, detail)


def _reply(opcode: int, status: int, data: bytes, reading: Reading) -> Reply:
    word, text = _tag_error(data) if status == Code.TAG_ERROR else _meaning(status)
    if status in {Code.FAILED, Code.POOR_LINK}:
        word = FAILED_STATUS.get(opcode, word)
    if status == Code.OK and opcode == Opcode.GET_INFO:
        text = _info_in_words(data, reading)
    return Reply(name_of(opcode), word, status, data, detail=text)


def _meaning(status: int) -> Meaning:
    return STATUS.get(status) or Meaning(Status.READER_ERROR, f"status {status:02x}, not in the manual")


def _tag_error(data: bytes) -> Meaning:
    """FC: the tag's own code follows."""
    if not data:
        return STATUS[Code.TAG_ERROR]
    text = GEN2_ERROR_TEXT.get(data[0], f"error code {data[0]:02x}")
    return Meaning(GEN2_STATUS.get(data[0], Status.TAG_ERROR), f"the tag refused: {text}")


def model_of(frame: bytes) -> Model | None:
    """Which generation the reader says it is of; None if this is no answer to GET_INFO."""
    data = frame[DATA_START:-2]
    if frame[2] != Opcode.GET_INFO or frame[3] != Code.OK or len(data) < SMALLEST_INFO:
        return None
    known = READER_TYPE.get(data[2])
    if known is not None:
        return known.model
    return Model.R288 if len(data) >= INFO_WITH_ANTENNAS else Model.UHFREADER18


def _info_in_words(data: bytes, reading: Reading) -> str:
    """Version u16, type, protocols, highest and lowest channel (band in the two top bits of each), power, scan time [, antennas, …]."""
    if len(data) < SMALLEST_INFO:
        return ""
    band = data[4] >> 4 & 0b1100 | data[5] >> 6
    region, power = str(REGION.get(band, f"band {band:x}")), f"{data[6]} dBm"
    match reading.asked:
        case Opcode.SET_REGION:
            return region
        case Opcode.SET_POWER:
            return power
        case Opcode.SET_ANTENNAS:
            return _ports_in_words(_chosen_ports(data, reading))
        case _:
            known = READER_TYPE.get(data[2])
            return f"{known.name if known else f'reader type {data[2]:02x}'}, firmware {data[0]}.{data[1]}, {region}, {power}"


def _chosen_ports(info: bytes, reading: Reading) -> tuple[int | None, ...]:
    """As a bit mask in the ninth byte; 16-port readers have their upper eight in the eleventh (the maker's Java library)."""
    if len(info) < INFO_WITH_ANTENNAS:
        return (1,)
    upper = tuple(port + 8 for port in BIT_PORTS[info[10]]) if reading.counts_antennas else ()
    return BIT_PORTS[info[8]] + upper
