"""How the tests of codecs feed bytes and collect events."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_protocols.codec import Codec, Direction
from firmware_protocols.events import NEED_DATA, Event, FrameError

VECTORS = Path(__file__).parent.parent / "vectors"


@dataclass(frozen=True)
class Vector:
    """A published frame."""

    family: str
    name: str
    direction: Direction
    frame: bytes
    meaning: dict[str, Any]
    is_verified: bool

    def __str__(self) -> str:
        return f"{self.family} {self.name} {self.frame.hex()[:24]}"


def load_vectors() -> list[Vector]:
    rows = [row for name in ("m100", "r200-aa", "r2000") for row in json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))]
    return [
        Vector(
            row["family"],
            row["name"],
            Direction(row["direction"].replace("_", "-")),
            bytes.fromhex(row["hex"]),
            row["meaning"],
            row["verified"],
        )
        for row in rows
    ]


def drain(codec: Codec) -> list[Event]:
    events: list[Event] = []
    while (event := codec.next_event()) is not NEED_DATA:
        events.append(event)
    return events


def read(codec: Codec, pieces: Iterable[bytes], *, has_gap: bool = True) -> list[Event]:
    """All events of these pieces, each drained as it comes; at the end the line falls silent."""
    events: list[Event] = []
    for piece in pieces:
        codec.receive_data(piece)
        events += drain(codec)
    if has_gap:
        codec.receive_gap()
        events += drain(codec)
    return events


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def without_errors(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, FrameError)]


def errors_of(events: Iterable[Event]) -> list[FrameError]:
    return [event for event in events if isinstance(event, FrameError)]
