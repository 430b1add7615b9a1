"""The codec of both twins: one protocol, two pairs of delimiters."""

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command
from firmware_protocols.events import NEED_DATA, Event, FrameError, HostCommand, NeedData
from firmware_protocols.frame_buffer import FrameBuffer
from firmware_protocols.m100.decoding import PAYLOAD_START, content_error, decode_notice, decode_response, name_of
from firmware_protocols.m100.encoding import requests_for
from firmware_protocols.m100.frames import DELIMITERS, FrameType, M100Shape, build_frame

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


class M100Codec:
    """Bytes of one M100 reader (`family="m100"`) or of its twin (`"r200"`) in, events out."""

    def __init__(self, family: str = "m100", *, direction: Direction = Direction.FROM_READER) -> None:
        self._facts = FACTS[family]
        self._delimiters = DELIMITERS[family]
        self._frames = FrameBuffer(M100Shape(self._delimiters))
        self._is_from_reader = direction is Direction.FROM_READER

    @property
    def facts(self) -> FamilyFacts:
        return self._facts

    @property
    def held_bytes(self) -> int:
        return self._frames.held_bytes

    def receive_data(self, data: bytes) -> None:
        self._frames.receive_data(data)

    def receive_gap(self) -> None:
        self._frames.receive_gap()

    def next_event(self) -> Event | NeedData:
        frame = self._frames.next_frame()
        if frame is NEED_DATA or isinstance(frame, FrameError):
            return frame
        return self._decode_from_reader(frame) if self._is_from_reader else _decode_to_reader(frame)

    def encode(self, command: Command) -> tuple[bytes, ...]:
        requests = requests_for(self._facts.name, command)
        return tuple(build_frame(self._delimiters, FrameType.COMMAND, opcode, payload) for opcode, payload in requests)

    def _decode_from_reader(self, frame: bytes) -> Event:
        if frame[1] == FrameType.NOTICE:
            return decode_notice(frame)
        if frame[1] == FrameType.RESPONSE:
            return decode_response(frame)
        return content_error(frame, "type 01 or 02 from a reader", "type 00, a host's command; read it with direction to-reader")


def _decode_to_reader(frame: bytes) -> Event:
    if frame[1] == FrameType.COMMAND:
        return HostCommand(name_of(frame[2]), frame[2], frame[PAYLOAD_START:-2])
    return content_error(frame, "type 00 from a host", f"type {frame[1]:02x}, from a reader; read it with direction from-reader")
