"""The frames that are harmed: the published ones of tests/vectors, by family and direction."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from firmware_protocols.catalogue import ALL_FAMILIES, codec_for
from firmware_protocols.codec import Codec, Direction
from firmware_protocols.events import NEED_DATA, Event, FrameError

VECTORS = Path(__file__).parent.parent / "tests" / "vectors"
OTHER_NAMES = {"chafon-cf-m": "cf"}


def load_frames(family: str, direction: Direction) -> list[bytes]:
    """In the order of the files. Those that a manual misprints are there too."""
    return [bytes.fromhex(row["hex"]) for row in _rows(family) if row["direction"].replace("_", "-") == direction]


def find_good_frame(family: str, direction: Direction, frames: Iterable[bytes]) -> tuple[bytes, list[Event]] | None:
    """The first frame in which a fresh codec finds nothing broken, and what it says; None if there is none."""
    for frame in frames:
        events = read_alone(codec_for(family, direction=direction), frame)
        if events and not any(isinstance(event, FrameError) for event in events):
            return frame, events
    return None


def read_alone(codec: Codec, data: bytes) -> list[Event]:
    """What is read when nothing came before and nothing comes after."""
    codec.receive_gap()
    list(_events(codec))
    codec.receive_data(data)
    events = list(_events(codec))
    codec.receive_gap()
    return events + list(_events(codec))


def _events(codec: Codec) -> Iterator[Event]:
    while (event := codec.next_event()) is not NEED_DATA:
        yield event


def _rows(family: str) -> Iterator[dict[str, str]]:
    assert family in ALL_FAMILIES
    for file in sorted(VECTORS.glob("*.json")):
        rows = json.loads(file.read_text(encoding="utf-8"))
        yield from (row for row in rows if "hex" in row and OTHER_NAMES.get(row["family"], row["family"]) == family)
