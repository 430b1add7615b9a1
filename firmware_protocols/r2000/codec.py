"""The codec of boards that speak A0."""

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command, SetAntennas
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import NEED_DATA, Event, FrameError, HostCommand, NeedData
from firmware_protocols.frame_buffer import FrameBuffer
from firmware_protocols.r2000.decoding import DATA_START, decode_answer, decode_inventory, name_of
from firmware_protocols.r2000.encoding import FAMILY, requests_for
from firmware_protocols.r2000.frames import R2000Shape, build_frame
from firmware_protocols.r2000.tables import INVENTORIES

DEFAULT_ADDRESS = 0x01
DEFAULT_PORTS = 4
PORT_COUNTS = (1, 2, 4, 8)


def facts_for(antenna_ports: int) -> FamilyFacts:
    return FamilyFacts(
        name=FAMILY,
        default_baud=115_200,
        default_tcp_port=4001,
        antenna_ports=antenna_ports,
        has_rssi_dbm=True,
        reads_tid_in_inventory=False,
        inventory_ends_by_itself=True,
        pulses_in_inventory=True,
        round_end_may_stop=True,
    )


FACTS = facts_for(DEFAULT_PORTS)


class R2000Codec:
    """Bytes of one board in, events out. Remembers of what it encoded only the antennas, for the inventories that follow.

    `address` is whose commands are encoded (FF: all boards on the line); answers are taken from any address.
    `antenna_ports` above 4 says that bit 7 of an RSSI byte belongs to the antenna.
    """

    def __init__(
        self, *, direction: Direction = Direction.FROM_READER, address: int = DEFAULT_ADDRESS, antenna_ports: int = DEFAULT_PORTS
    ) -> None:
        if not 0 <= address <= 0xFF:
            raise BadArgument(FAMILY, "address", "00 to FF", f"{address:02x}")
        if antenna_ports not in PORT_COUNTS:
            raise BadArgument(FAMILY, "number of antenna ports", ", ".join(map(str, PORT_COUNTS)), str(antenna_ports))
        self._facts = facts_for(antenna_ports)
        self._address, self._has_8_ports = address, antenna_ports > 4
        self._is_from_reader = direction is Direction.FROM_READER
        self._frames = FrameBuffer(R2000Shape())
        self._ports: tuple[int, ...] = (1,)

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
        if not self._is_from_reader:
            return HostCommand(name_of(frame[3]), frame[3], frame[DATA_START:-1], frame[2])
        if frame[3] in INVENTORIES:
            return decode_inventory(frame, has_8_ports=self._has_8_ports)
        return decode_answer(frame, has_8_ports=self._has_8_ports)

    def encode(self, command: Command) -> tuple[bytes, ...]:
        requests = requests_for(command, self._ports, self._facts.antenna_ports)
        if isinstance(command, SetAntennas):
            self._ports = command.ports
        return tuple(build_frame(self._address, opcode, data) for opcode, data in requests)
