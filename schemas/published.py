"""The contracts as documents for others: JSON Schema of every message and one AsyncAPI file.

`python -m schemas.published DIRECTORY` writes them; `--check` says which are stale and exits 1.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from schemas import messages, orders
from schemas.topics import ROOT, Channel

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MESSAGES: dict[str, type[msgspec.Struct]] = {
    "sighting-batch": messages.SightingBatch,
    "ack": messages.Ack,
    "agent-status": messages.AgentStatus,
    "plate-order": orders.PlateOrder,
    "card-order": orders.CardOrder,
    "encoding-job": orders.EncodingJob,
    "encoded-tag": orders.EncodedTag,
    "encoding-failure": orders.EncodingFailure,
}
CHANNELS: dict[Channel, tuple[str, str, str]] = {
    Channel.SIGHTINGS: ("sighting-batch", "send", "QoS 1. `EBK1`, a 64-byte Ed25519 signature, then the JSON that was signed."),
    Channel.STATUS: ("agent-status", "send", "QoS 1, retained; the last will says `online: false`."),
    Channel.ACK: ("ack", "receive", "QoS 1. Sent after the commit; only then may the agent forget."),
}


def documents() -> dict[str, str]:
    """File name → text of everything that is published."""
    files = {f"{name}.schema.json": _as_text(_schema(name, type_)) for name, type_ in MESSAGES.items()}
    return files | {"asyncapi.json": _as_text(_asyncapi())}


def _schema(name: str, type_: type[msgspec.Struct]) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": f"{name}.schema.json", **msgspec.json.schema(type_, schema_hook=messages.text_schema)}


def _asyncapi() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Checkpoint agents and the easy-bike registry",
            "version": ROOT[1],
            "description": "MQTT 3.1.1. Written from the side of an agent: it sends sightings and status, and receives acks.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.value: _channel(channel, *what) for channel, what in CHANNELS.items()},
        "operations": {f"{what[1]}-{channel}": _operation(channel, what[1]) for channel, what in CHANNELS.items()},
    }


def _channel(channel: Channel, message: str, _action: str, description: str) -> dict[str, Any]:
    return {
        "address": "/".join((*ROOT, "{authority}", "{checkpoint}", "{agent}", channel)),
        "description": description,
        "parameters": {name: {"description": f"the {name}'s identifier"} for name in ("authority", "checkpoint", "agent")},
        "messages": {message: {"name": message, "payload": {"$ref": f"./{message}.schema.json"}}},
    }


def _operation(channel: Channel, action: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _as_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def stale_files(directory: Path) -> list[str]:
    """The files that are not what the code says, or that the code no longer says."""
    wanted = documents()
    found = {path.name: path.read_text() for path in directory.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def main(arguments: list[str]) -> int:
    directory = Path(arguments[0])
    if "--check" in arguments:
        stale = stale_files(directory)
        if stale:
            sys.stderr.write(f"stale in {directory}: {', '.join(stale)}. Run `make generated` and commit the result.\n")
        return 1 if stale else 0
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (directory / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
