"""The codec of readers that speak the length-first protocol."""

from dataclasses import replace

from firmware_protocols.chafon.decoding import SCAN_TIME_AT, TYPE_AT, Reading, decode_frame, heartbeat, model_of, name_of
from firmware_protocols.chafon.encoding import FAMILY, MOST_MASKED_PORTS, Setup, requests_for, setup_after
from firmware_protocols.chafon.frames import CRC_SIZE, HEARTBEAT, PUBLIC_ADDRESS, ChafonShape, build_frame
from firmware_protocols.chafon.tables import INVENTORIES, LONG_MASK_TYPES, Model, Opcode
from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command, GetAntennas, GetPower, GetRegion
from firmware_protocols.events import Event, FrameError, FrameFault, HostCommand, NeedData, RoundEnded, TagSeen
from firmware_protocols.serial_codec import Request, SerialCodec, check_address, check_port_count

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
        hears_in_round=model is not Model.UHFREADER18,
    )


FACTS = facts_for(DEFAULT_PORTS)


class ChafonCodec(SerialCodec):
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
        check_address(FAMILY, address)
        check_port_count(FAMILY, antenna_ports, PORT_COUNTS)
        super().__init__(facts_for(antenna_ports, model, with_fast_id=with_fast_id), ChafonShape(direction), direction)
        self._address, self._has_fixed_model = address, model is not None
        self._hears_heartbeats = direction is Direction.FROM_READER
        self._setup = Setup(antenna_ports, model, with_fast_id)
        self._reading = Reading(model, antenna_ports > MOST_MASKED_PORTS)
        self._reads = 0

    def next_event(self) -> Event | NeedData:
        event = super().next_event()
        return heartbeat() if isinstance(event, FrameError) and self._hears_heartbeats and _is_heartbeat(event) else event

    def _from_reader(self, frame: bytes) -> Event:
        if frame == HEARTBEAT:
            return heartbeat()
        if frame[2] in INVENTORIES:
            events = [self._count(event) for event in decode_frame(frame, self._reading)]
        else:
            self._learn_from(frame)
            events = decode_frame(frame, self._reading)
        if len(events) > 1:
            self._pending.extend(events[1:])
        return events[0]

    def _to_reader(self, frame: bytes) -> Event:
        return HostCommand(name_of(frame[2]), frame[2], frame[COMMAND_DATA_START:-CRC_SIZE], frame[1])

    def _requests(self, command: Command) -> tuple[Request, ...]:
        requests = requests_for(command, self._setup)
        self._setup = setup_after(command, self._setup)
        self._reading = self._reading._replace(asked=PART_OF_INFO.get(type(command)))
        return requests

    def _frame(self, opcode: int, data: bytes) -> bytes:
        return build_frame(self._address, opcode, data)

    def _learn_from(self, frame: bytes) -> None:
        """The answer to GET_INFO says which model it is, how it is told its antennas, and how long a scan may take."""
        told = model_of(frame)
        if told is None:
            return
        model = self._setup.model if self._has_fixed_model else told
        has_long_mask = frame[TYPE_AT] in LONG_MASK_TYPES
        self._setup = replace(self._setup, model=model, scan_time=frame[SCAN_TIME_AT], has_long_mask=has_long_mask)
        self._reading = self._reading._replace(model=model)
        self._facts = facts_for(self._setup.antenna_ports, model, with_fast_id=self._setup.with_fast_id)

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
