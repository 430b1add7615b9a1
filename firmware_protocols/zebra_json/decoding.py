"""One event object of a Zebra reader → events. Three shapes: `data` is a tag, or an array of tags; `data` holds `tagData`, a batch of tags,
and `barcodeData`; anything else with a name is a notice.
"""

from collections.abc import Iterator

from firmware_protocols.events import Event, FrameError, FrameFault, Notice, Rssi, RssiUnit, TagSeen
from firmware_protocols.json_fields import (
    JsonObject,
    WrongShape,
    checked_epc,
    find_hex,
    find_int,
    find_number,
    find_rounded,
    find_text,
    find_time_us,
    keys_of,
    pc_of,
    shown,
)
from firmware_protocols.json_lines import compact, find_name, note_of, notice_name
from firmware_protocols.zebra_json.tables import (
    BARCODES,
    CONNECTION,
    COUNT,
    DATA,
    EPC,
    HIGHEST_COUNT,
    HIGHEST_DBM,
    HIGHEST_MHZ,
    HIGHEST_PHASE_DEGREES,
    LOWEST_DBM,
    LOWEST_MHZ,
    MAX_PORT,
    NAMES,
    PC,
    TAG_TYPES,
    TAGS,
    TID,
    TIMESTAMP,
)

KHZ_A_MHZ = 1000


def decode_event(event: JsonObject) -> Iterator[Event]:
    """Raises WrongShape."""
    data, seen_us = event.get(DATA), find_time_us(event, TIMESTAMP)
    if isinstance(data, list) and any(isinstance(record, dict) and _has_epc(record) for record in data):
        yield from _tags_seen(data, DATA, seen_us)
    elif not isinstance(data, dict):
        yield _other(event, seen_us)
    elif TAGS in data or BARCODES in data:
        yield from _batch(data, seen_us)
    elif _has_epc(data):
        yield _tag_seen(data, seen_us)
    else:
        yield _other(event, seen_us)


def _other(event: JsonObject, reader_time_us: int | None) -> Notice:
    name = find_name(event, *NAMES)
    if name is None and (state := find_text(event, CONNECTION)) is not None:
        return note_of(event, CONNECTION, detail=notice_name(state), reader_time_us=reader_time_us)
    if name is None:
        raise WrongShape(f"an event with {DATA}.{EPC[0]}, {DATA}.{TAGS} or {NAMES[0]}", f"an object with {keys_of(event)}")
    if name.upper() in TAG_TYPES:
        raise WrongShape(f"{DATA}: an object with {EPC[0]}", _keys_or_shown(event.get(DATA)))
    return note_of(event, name, reader_time_us=reader_time_us)


def _batch(data: JsonObject, seen_us: int | None) -> Iterator[Event]:
    yield from _tags_seen(_records(data, TAGS), f"{DATA}.{TAGS}", seen_us)
    for record in _records(data, BARCODES):
        yield Notice("barcode", data=compact(record), reader_time_us=seen_us)


def _tags_seen(records: list[object], name: str, seen_us: int | None) -> Iterator[Event]:
    """What one record has wrong costs that record alone."""
    for record in records:
        try:
            yield _tag_seen(_object(record, name), seen_us)
        except WrongShape as wrong:
            yield FrameError(FrameFault.CONTENT, wrong.expected, wrong.found, compact(record))


def _records(data: JsonObject, name: str) -> list[object]:
    records = data.get(name)
    if records is None:
        return []
    if isinstance(records, list):
        return records
    raise WrongShape(f"{DATA}.{name}: an array", shown(records))


def _object(record: object, name: str) -> JsonObject:
    if isinstance(record, dict):
        return record
    raise WrongShape(f"{name}: an array of objects", f"{shown(record)} in it")


def _has_epc(fields: JsonObject) -> bool:
    return any(name in fields for name in EPC)


def _tag_seen(tag: JsonObject, seen_us: int | None) -> TagSeen:
    return TagSeen(
        _epc(tag),
        pc_of(_first_hex(tag, PC)),
        _first_hex(tag, TID) or None,
        _rssi(tag),
        find_int(tag, "antenna", 1, MAX_PORT),
        _frequency_khz(tag),
        find_rounded(tag, "phase", -HIGHEST_PHASE_DEGREES, HIGHEST_PHASE_DEGREES),
        _reads(tag),
        last_seen_us=seen_us,
    )


def _reads(tag: JsonObject) -> int | None:
    return next((count for name in COUNT if (count := find_int(tag, name, 0, HIGHEST_COUNT)) is not None), None)


def _epc(tag: JsonObject) -> bytes:
    epc = _first_hex(tag, EPC)
    if epc is None:
        raise WrongShape(f"{EPC[0]} (enable the EPC in the reader's operating mode)", f"a record with {keys_of(tag)}")
    return checked_epc(epc)


def _first_hex(tag: JsonObject, names: tuple[str, ...]) -> bytes | None:
    return next((data for name in names if (data := find_hex(tag, name)) is not None), None)


def _rssi(tag: JsonObject) -> Rssi | None:
    dbm = find_number(tag, "peakRssi", LOWEST_DBM, HIGHEST_DBM)
    return None if dbm is None else Rssi(float(dbm), RssiUnit.DBM, str(dbm).encode("ascii"))


def _frequency_khz(tag: JsonObject) -> int | None:
    channel = find_number(tag, "channel", 0, HIGHEST_MHZ)
    return round(channel * KHZ_A_MHZ) if channel is not None and channel >= LOWEST_MHZ else None


def _keys_or_shown(value: object) -> str:
    return f"an object with {keys_of(value)}" if isinstance(value, dict) else shown(value)
