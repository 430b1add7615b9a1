"""The codec of readers that speak the length-first protocol."""

from collections import deque
from dataclasses import replace

from firmware_protocols.chafon.decoding import Reading, decode_frame, heartbeat, model_of, name_of
from firmware_protocols.chafon.encoding import FAMILY, MOST_MASKED_PORTS, Setup, requests_for, setup_after
from firmware_protocols.chafon.frames import CRC_SIZE, HEARTBEAT, PUBLIC_ADDRESS, ChafonShape, build_frame
from firmware_protocols.chafon.tables import INVENTORIES, Model, Opcode
from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command, GetAntennas, GetPower, GetRegion
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import NEED_DATA, Event, FrameError, FrameFault, HostCommand, NeedData, RoundEnded, TagSeen
from firmware_protocols.frame_buffer import FrameBuffer

DEFAULT_ADDRESS = PUBLIC_ADDRESS
DEFAULT_PORTS = 4
PORT_COUNTS = (1, 2, 4, 8, 16)
COMMAND_DATA_START = 3
PART_OF_INFO: dict[type[Command], Opcode] = {
    GetRegion: Opcode.SET_REGION,
    GetPower: Opcode.SET_POWER,
    GetAntennas: Opcode.SET_ANTENNAS,
}
"""One answer holds all three; it is put into words as it was asked for."""


def facts_for(antenna_ports: int, model: Model | None = None, *, with_fast_id: bool = False) -> FamilyFacts:
    is_polled = model is not Model.EX10
    return FamilyFacts(
        name=FAMILY,
        default_baud=57_600,
        default_tcp_port=27_011,
        antenna_ports=antenna_ports,
        has_rssi_dbm=False,
        reads_tid_in_inventory=with_fast_id,
        inventory_ends_by_itself=is_polled,
        pulses_in_inventory=is_polled,
        round_end_may_stop=is_polled,
    )


FACTS = facts_for(DEFAULT_PORTS)


class ChafonCodec:
    """Bytes of one reader in, events out.

    Remembers of what it encoded the antennas and outputs, and whether power, region or antennas were asked for; of what it decoded
    the model, which says what an inventory is like. `model` fixes it; EX10 is never guessed.
    `address` is whose commands are encoded (FF: whichever reader is on the line); answers are taken from any address.
    `antenna_ports` above 8 says that the antenna is a number, not a bit mask.
    `with_fast_id` lets Impinj tags give their TID in the inventory.
    """

    def __init__(
        self,
        *,
        direction: Direction = Direction.FROM_READER,
        address: int = DEFAULT_ADDRESS,
        antenna_ports: int = DEFAULT_PORTS,
        model: Model | None = None,
        with_fast_id: bool = False,
    ) -> None:
        if not 0 <= address <= PUBLIC_ADDRESS:
            raise BadArgument(FAMILY, "address", "00 to FF", f"{address:02x}")
        if antenna_ports not in PORT_COUNTS:
            raise BadArgument(FAMILY, "number of antenna ports", ", ".join(map(str, PORT_COUNTS)), str(antenna_ports))
        self._facts = facts_for(antenna_ports, model, with_fast_id=with_fast_id)
        self._address, self._has_fixed_model = address, model is not None
        self._is_from_reader = direction is Direction.FROM_READER
        self._frames = FrameBuffer(ChafonShape(direction))
        self._setup = Setup(antenna_ports, model, with_fast_id)
        self._reading = Reading(model, antenna_ports > MOST_MASKED_PORTS)
        self._events: deque[Event] = deque()  # of one frame
        self._reads = 0

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
        if self._events:
            return self._events.popleft()
        frame = self._frames.next_frame()
        if frame is NEED_DATA:
            return frame
        if isinstance(frame, FrameError):
            return heartbeat() if self._is_from_reader and _is_heartbeat(frame) else frame
        if not self._is_from_reader:
            return HostCommand(name_of(frame[2]), frame[2], frame[COMMAND_DATA_START:-CRC_SIZE], frame[1])
        if frame == HEARTBEAT:
            return heartbeat()
        self._events.extend(self._decode(frame))
        return self._events.popleft()

    def encode(self, command: Command) -> tuple[bytes, ...]:
        requests = requests_for(command, self._setup)
        self._setup = setup_after(command, self._setup)
        self._reading = self._reading._replace(asked=PART_OF_INFO.get(type(command)))
        return tuple(build_frame(self._address, opcode, data) for opcode, data in requests)

    def _decode(self, frame: bytes) -> list[Event]:
        model = None if self._has_fixed_model else model_of(frame)
        if model is not None:
            self._setup, self._reading = replace(self._setup, model=model), self._reading._replace(model=model)
        events = decode_frame(frame, self._reading)
        return [self._count(event) for event in events] if frame[2] in INVENTORIES else events

    def _count(self, event: Event) -> Event:
        """The end of a round does not say how many tags there were: they came with it and in the frames before."""
        if isinstance(event, TagSeen):
            self._reads += 1
        elif isinstance(event, RoundEnded):
            reads, self._reads = self._reads, 0
            return event if event.reads is not None else RoundEnded(reads)
        return event


def _is_heartbeat(error: FrameError) -> bool:
    """Six bytes that begin like the heart-beat, then silence: whatever the other four say, no frame is so short."""
    waste = error.discarded
    return error.reason is FrameFault.LENGTH and len(waste) == len(HEARTBEAT) and waste.startswith(HEARTBEAT[:2])
