"""The codec of Zebra readers with the IoT Connector."""

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.json_lines import JsonLinesCodec
from firmware_protocols.zebra_json.decoding import decode_event
from firmware_protocols.zebra_json.tables import FAMILY

FACTS = FamilyFacts(
    name=FAMILY,
    default_baud=115_200,
    default_tcp_port=None,
    antenna_ports=4,
    has_rssi_dbm=True,
    reads_tid_in_inventory=True,
    inventory_ends_by_itself=False,
    pulses_in_inventory=False,  # heart-beats come as they are configured: from never to every 65,535 s
    takes_commands=False,
)
REMEDY = "the stream of its events takes no commands; set it on its own web page or by Zebra's tools"


class ZebraJsonCodec(JsonLinesCodec):
    """Lines in, events out."""

    def __init__(self, *, direction: Direction = Direction.FROM_READER) -> None:
        super().__init__(FACTS, decode_event, REMEDY, direction)
