"""The codec of both twins: one protocol, two pairs of delimiters."""

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.command_checks import TagCommand
from firmware_protocols.commands import Command
from firmware_protocols.events import Event, HostCommand
from firmware_protocols.m100.decoding import PAYLOAD_START, decode_notice, decode_response, name_of
from firmware_protocols.m100.encoding import requests_for
from firmware_protocols.m100.frames import DELIMITERS, FrameType, M100Shape, build_frame
from firmware_protocols.serial_codec import Request, SerialCodec, content_error

FACTS = {
    family: FamilyFacts(
        name=family,
        default_baud=115_200,
        default_tcp_port=None,
        antenna_ports=1,
        has_rssi_dbm=True,
        reads_tid_in_inventory=False,
        inventory_ends_by_itself=True,
        pulses_in_inventory=True,
    )
    for family in DELIMITERS
}


class M100Codec(SerialCodec):
    """Bytes of one M100 reader (`family="m100"`) or of its twin (`"r200"`) in, events out. Remembers of what it encoded whether a tag was
    to be accessed: the module has one error code for no tag in a round and, with some firmware, for no tag there.
    """

    def __init__(self, family: str = "m100", *, direction: Direction = Direction.FROM_READER) -> None:
        self._delimiters = DELIMITERS[family]
        super().__init__(FACTS[family], M100Shape(self._delimiters), direction)
        self._is_accessing = False

    def _from_reader(self, frame: bytes) -> Event:
        if frame[1] == FrameType.NOTICE:
            return decode_notice(frame)
        if frame[1] == FrameType.RESPONSE:
            return decode_response(frame, is_accessing=self._is_accessing)
        return content_error(frame, "type 01 or 02 from a reader", "type 00, a host's command; read it with direction to-reader")

    def _to_reader(self, frame: bytes) -> Event:
        if frame[1] == FrameType.COMMAND:
            return HostCommand(name_of(frame[2]), frame[2], frame[PAYLOAD_START:-2])
        return content_error(frame, "type 00 from a host", f"type {frame[1]:02x}, from a reader; read it with direction from-reader")

    def _requests(self, command: Command) -> tuple[Request, ...]:
        requests = requests_for(self._facts.name, command)
        self._is_accessing = isinstance(command, TagCommand)
        return requests

    def _frame(self, opcode: int, data: bytes) -> bytes:
        return build_frame(self._delimiters, FrameType.COMMAND, opcode, data)
