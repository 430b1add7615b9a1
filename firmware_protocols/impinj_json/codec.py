"""The codec of an R700's event stream."""

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command
from firmware_protocols.errors import Unsupported
from firmware_protocols.events import Event, NeedData
from firmware_protocols.impinj_json.decoding import decode_event
from firmware_protocols.impinj_json.tables import FAMILY
from firmware_protocols.json_lines import JsonLines

FACTS = FamilyFacts(
    name=FAMILY,
    default_baud=115_200,
    default_tcp_port=None,
    antenna_ports=4,
    has_rssi_dbm=True,
    reads_tid_in_inventory=True,
    inventory_ends_by_itself=False,
    pulses_in_inventory=False,  # blank lines come, but how often is nowhere written
    takes_commands=False,
)


class ImpinjJsonCodec:
    """Lines of `GET /data/stream` in, events out. A message of MQTT or a webhook goes in whole, by `receive_message`."""

    def __init__(self, *, direction: Direction = Direction.FROM_READER) -> None:
        self._lines = JsonLines(direction, decode_event)

    @property
    def facts(self) -> FamilyFacts:
        return FACTS

    @property
    def held_bytes(self) -> int:
        return self._lines.held_bytes

    def receive_data(self, data: bytes) -> None:
        self._lines.receive_data(data)

    def receive_gap(self) -> None:
        self._lines.receive_gap()

    def receive_message(self, body: bytes) -> None:
        self._lines.receive_message(body)

    def next_event(self) -> Event | NeedData:
        return self._lines.next_event()

    def encode(self, command: Command) -> tuple[bytes, ...]:
        reason = "its event stream takes no commands; it is told by HTTP requests (impinj_json.requests)"
        raise Unsupported(FAMILY, f"take {type(command).__name__} here", reason)
