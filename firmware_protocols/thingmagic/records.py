"""A tag as it stands in a streamed frame or in the buffer: the metadata that were asked for, then the length of all that the tag sent,
PC, EPC and CRC (MercuryAPI, TMR_SR_parseMetadataFromMessage).
"""

from functools import lru_cache
from typing import NamedTuple

from firmware_protocols.events import Rssi, RssiUnit, TagSeen
from firmware_protocols.gen2 import HAS_XPC, xpc_size
from firmware_protocols.thingmagic.tables import DATA_FAILED, GEN2, METADATA_SIZE, Metadata

PC_SIZE, CRC_SIZE, LENGTH_SIZE = 2, 2, 2
NO_DATA = bytes(LENGTH_SIZE)
KNOWN_FLAGS = sum(METADATA_SIZE)
HIGHEST_PORT = 16  # stands as 0 in its four bits
RSSI_OF = tuple(Rssi(float(byte - 256 if byte > 127 else byte), RssiUnit.DBM, bytes((byte,))) for byte in range(256))


class Layout(NamedTuple):
    """Where each field of a record stands, from its start; None for what was not asked for."""

    reads: int | None
    rssi: int | None
    antenna: int | None
    frequency: int | None
    phase: int | None
    protocol: int | None
    data: int | None
    before_data: int
    after_data: int
    """Bytes between the embedded data and the length of what the tag sent."""


class Record(NamedTuple):
    tag: TagSeen
    end: int


@lru_cache(maxsize=256)
def layout_of(flags: int) -> Layout | None:
    """None for flags of which nobody knows how long their field is."""
    if flags & ~KNOWN_FLAGS:
        return None
    places: dict[Metadata, int] = {}
    at = 0
    for flag, size in METADATA_SIZE.items():
        if flags & flag:
            places[flag] = at
            at += size
    before_data = sum(size for flag, size in METADATA_SIZE.items() if flags & flag and flag <= Metadata.DATA)
    find = places.get
    return Layout(
        find(Metadata.READ_COUNT),
        find(Metadata.RSSI),
        find(Metadata.ANTENNA),
        find(Metadata.FREQUENCY),
        find(Metadata.PHASE),
        find(Metadata.PROTOCOL),
        find(Metadata.DATA),
        before_data,
        at - before_data,
    )


def read_record(frame: bytes, start: int, end: int, flags: int) -> Record | None:
    """The record that begins at `start`. None if what stands before `end` is not one."""
    layout = layout_of(flags)
    if layout is None or start + layout.before_data > end:
        return None
    tid, at = _embedded(frame, start, layout)
    at += layout.after_data + LENGTH_SIZE
    if at > end:
        return None
    said_end = at + (frame[at - 2] << 8 | frame[at - 1]) // 8
    if said_end > end or said_end - CRC_SIZE < at:
        return None
    is_gen2 = layout.protocol is None or frame[start + layout.protocol] == GEN2
    pc, epc_start = _pc(frame, at, said_end - CRC_SIZE) if is_gen2 else (None, at)
    if epc_start is None:
        return None
    return Record(_tag(frame, start, layout, frame[epc_start : said_end - CRC_SIZE], pc, tid), said_end)


def read_without_length(frame: bytes, start: int, end: int, flags: int) -> TagSeen | None:
    """Metadata, then EPC and CRC up to `end`, without length and PC. None if that does not fit."""
    layout, epc_start = layout_of(flags), skip_metadata(frame[:end], start, flags)
    if layout is None or epc_start is None or epc_start + CRC_SIZE > end:
        return None
    return _tag(frame, start, layout, frame[epc_start : end - CRC_SIZE], None, None)


def skip_metadata(data: bytes, start: int, flags: int) -> int | None:
    """Where the metadata that begin at `start` end, of a tag of which nothing was read on the way. None if they do not fit."""
    layout = layout_of(flags)
    if layout is None or start + layout.before_data > len(data):
        return None
    if layout.protocol is not None and data[start + layout.protocol] != GEN2:
        return None
    at = start + layout.before_data
    if layout.data is not None and data[at - LENGTH_SIZE : at] != NO_DATA:
        return None
    end = at + layout.after_data
    return end if end <= len(data) else None


def _tag(frame: bytes, start: int, layout: Layout, epc: bytes, pc: int | None, tid: bytes | None) -> TagSeen:
    """What the tag said, with the metadata that begin at `start`."""
    reads, rssi, antenna, frequency, phase, *_ = layout
    return TagSeen(
        epc,
        pc,
        tid,
        None if rssi is None else RSSI_OF[frame[start + rssi]],
        None if antenna is None else (frame[start + antenna] >> 4 or HIGHEST_PORT),
        None if frequency is None else int.from_bytes(frame[start + frequency : start + frequency + 3]),
        None if phase is None else frame[start + phase] << 8 | frame[start + phase + 1],
        None if reads is None else frame[start + reads],
    )


def _embedded(frame: bytes, start: int, layout: Layout) -> tuple[bytes | None, int]:
    """What the embedded command read, None if it failed or read nothing; and where that ends. `encoding` asks for the TID alone."""
    at = start + layout.before_data
    if layout.data is None:
        return None, at
    bits = frame[at - 2] << 8 | frame[at - 1]
    if bits == DATA_FAILED:
        return None, at + 2
    end = at + (bits + 7 >> 3)
    return frame[at:end] or None, end


def _pc(frame: bytes, at: int, end: int) -> tuple[int, int | None]:
    """PC word, and where the EPC begins: after an XPC if the PC announces one. None if the EPC is not as long as the PC says."""
    if at + PC_SIZE > end:
        return 0, None
    pc = frame[at] << 8 | frame[at + 1]
    start = at + PC_SIZE
    if not pc & HAS_XPC:
        return pc, start if end - start == (pc >> 11) * 2 else None
    start += xpc_size(pc, frame[start:end])
    return pc, start if start <= end else None
