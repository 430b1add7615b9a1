"""One event object of an R700 → events."""

from collections.abc import Iterator

from firmware_protocols.events import Event, Rssi, RssiUnit, TagSeen
from firmware_protocols.impinj_json.tables import (
    EVENT_TYPE,
    HIGHEST_CDBM,
    HIGHEST_KHZ,
    HIGHEST_PHASE_DEGREES,
    INVENTORY_STATUS,
    LOWEST_CDBM,
    MAX_PORT,
    TAG_ACCESS_RESPONSES,
    TAG_INVENTORY,
    TIMESTAMP,
)
from firmware_protocols.json_fields import (
    JsonObject,
    WrongShape,
    checked_epc,
    find_base64,
    find_hex,
    find_int,
    find_number,
    find_rounded,
    find_time_us,
    get_object,
    keys_of,
    pc_of,
)
from firmware_protocols.json_lines import find_name, note_of, notice_name

CDBM_A_DBM = 100


def decode_event(event: JsonObject) -> Iterator[Event]:
    """A tag, and the answers to accesses that it brings; any other event is a notice. Raises WrongShape."""
    if TAG_INVENTORY not in event:
        yield _other(event)
        return
    tag = get_object(event, TAG_INVENTORY)
    yield _tag_seen(tag, event)
    if tag.get(TAG_ACCESS_RESPONSES):
        yield note_of(event, TAG_ACCESS_RESPONSES)


def _other(event: JsonObject) -> Event:
    name = find_name(event, EVENT_TYPE)
    if name is None:
        raise WrongShape(f"an event with {EVENT_TYPE} or {TAG_INVENTORY}", f"an object with {keys_of(event)}")
    if name == "tagInventory":
        get_object(event, TAG_INVENTORY)
    return note_of(event, name, detail=_inventory_status(event), reader_time_us=find_time_us(event, TIMESTAMP))


def _inventory_status(event: JsonObject) -> str:
    status = event.get(INVENTORY_STATUS)
    word = status.get("inventoryStatus") if isinstance(status, dict) else None
    return notice_name(word) if isinstance(word, str) else ""


def _tag_seen(tag: JsonObject, event: JsonObject) -> TagSeen:
    seen_us = find_time_us(tag, "lastSeenTime")
    return TagSeen(
        _epc(tag),
        pc_of(find_base64(tag, "pc")),
        _hex_or_base64(tag, "tid") or None,
        _rssi(tag),
        find_int(tag, "antennaPort", 1, MAX_PORT),
        find_int(tag, "frequency", 1, HIGHEST_KHZ),
        find_rounded(tag, "phaseAngle", 0.0, HIGHEST_PHASE_DEGREES),
        last_seen_us=find_time_us(event, TIMESTAMP) if seen_us is None else seen_us,
    )


def _epc(tag: JsonObject) -> bytes:
    epc = _hex_or_base64(tag, "epc")
    if epc is None:
        raise WrongShape("epcHex or epc (enable one in eventConfig.tagInventory)", "neither")
    return checked_epc(epc)


def _hex_or_base64(tag: JsonObject, name: str) -> bytes | None:
    """`epcHex` or `epc`: the eventConfig enables either, or both."""
    as_hex = find_hex(tag, f"{name}Hex")
    return find_base64(tag, name) if as_hex is None else as_hex


def _rssi(tag: JsonObject) -> Rssi | None:
    cdbm = find_number(tag, "peakRssiCdbm", LOWEST_CDBM, HIGHEST_CDBM)
    return None if cdbm is None else Rssi(cdbm / CDBM_A_DBM, RssiUnit.DBM, str(cdbm).encode("ascii"))
