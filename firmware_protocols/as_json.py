"""An event as one JSON object: what `ebike-reader decode` prints."""

from typing import assert_never

from firmware_protocols.events import Event, FrameError, HostCommand, Notice, Reply, RoundEnded, Rssi, TagSeen

JsonValue = str | int | float | dict[str, "JsonValue"] | None
JsonObject = dict[str, JsonValue]


def event_to_json(event: Event) -> JsonObject:
    """Bytes as lower-case hex, numbers whole where they are, what the protocol does not say as null."""
    match event:
        case TagSeen():
            return {"event": "tag_seen", **_tag(event)}
        case Reply():
            return {
                "event": "reply",
                "command": event.command,
                "status": event.status.value,
                "code": event.code,
                "data": event.data.hex(),
                "tag": _tag(event.tag) if event.tag else None,
                "detail": event.detail,
            }
        case RoundEnded():
            return {"event": "round_ended", "reads": event.reads, "antenna": event.antenna, "duration_ms": event.duration_ms}
        case Notice():
            return _notice(event)
        case HostCommand():
            return _host_command(event)
        case FrameError():
            return {
                "event": "frame_error",
                "reason": event.reason.value,
                "expected": event.expected,
                "found": event.found,
                "discarded": event.discarded.hex(),
            }
    assert_never(event)


def _notice(event: Notice) -> JsonObject:
    said: JsonObject = {
        "event": "notice",
        "name": event.name,
        "status": event.status.value,
        "code": event.code,
        "data": event.data.hex(),
        "detail": event.detail,
    }
    return said if event.reader_time_us is None else said | {"reader_time_us": event.reader_time_us}


def _tag(tag: TagSeen) -> JsonObject:
    seen: JsonObject = {
        "epc": tag.epc.hex(),
        "pc": None if tag.pc is None else f"{tag.pc:04x}",
        "tid": tag.tid.hex() if tag.tid is not None else None,
        "rssi": _rssi(tag.rssi) if tag.rssi else None,
        "antenna": tag.antenna,
        "frequency_khz": tag.frequency_khz,
    }
    extras = {name: getattr(tag, name) for name in ("phase", "reads", "first_seen_us", "last_seen_us")}
    return seen | {name: value for name, value in extras.items() if value is not None}


def _rssi(rssi: Rssi) -> JsonObject:
    value = int(rssi.value) if rssi.value.is_integer() else rssi.value
    return {"value": value, "unit": rssi.unit.value, "raw": rssi.raw.hex()}


def _host_command(command: HostCommand) -> JsonObject:
    said: JsonObject = {"event": "host_command", "command": command.command, "opcode": f"{command.opcode:02x}", "data": command.data.hex()}
    if command.message_id is not None:
        said["message_id"] = command.message_id
    return said if command.address is None else said | {"address": f"{command.address:02x}"}
