"""The codec of an R700's event stream."""

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.impinj_json.decoding import decode_event
from firmware_protocols.impinj_json.tables import FAMILY
from firmware_protocols.json_lines import JsonLinesCodec

FACTS = FamilyFacts(
    name=FAMILY,
    default_baud=115_200,
    default_tcp_port=None,
    antenna_ports=4,
    has_rssi_dbm=True,
    reads_tid_in_inventory=True,
    inventory_ends_by_itself=False,
    pulses_in_inventory=False,  # a blank line comes after 30 s without another (REST API 1.6.0, /data/stream)
    takes_commands=False,
)
REMEDY = "its event stream takes no commands; it is told by HTTP requests (impinj_json.requests)"


class ImpinjJsonCodec(JsonLinesCodec):
    """Lines in, events out."""

    def __init__(self, *, direction: Direction = Direction.FROM_READER) -> None:
        super().__init__(FACTS, decode_event, REMEDY, direction)
