"""The codec of boards that speak A0."""

from collections import deque

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command, SetAntennas
from firmware_protocols.events import Event, HostCommand, Reply
from firmware_protocols.r2000.decoding import DATA_START, Reading, decode_answer, decode_inventory, find_user_plan, name_of
from firmware_protocols.r2000.encoding import FAMILY, requests_for
from firmware_protocols.r2000.frames import OVERHEAD, PUBLIC_ADDRESS, R2000Shape, build_frame
from firmware_protocols.r2000.tables import INVENTORIES, Opcode
from firmware_protocols.serial_codec import Request, SerialCodec, check_address, check_port_count, content_error

DEFAULT_ADDRESS = None  # to be found
USUAL_ADDRESSES = (0x01, PUBLIC_ADDRESS, 0x00)  # as boards come: most are 01, some 00; nearly all hear the public one
DEFAULT_PORTS = 4
PORT_COUNTS = (1, 2, 4, 8)
MOST_SENT = 8  # more frames than any command has


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


class R2000Codec(SerialCodec):
    """Bytes of one board in, events out. Remembers of what it encoded the antennas, for the inventories that follow; of what it decoded
    the frequency plan, if the board says that it has one of its own.

    `address` is whose commands are encoded (FF: all boards on the line); answers are taken from any address. None: that of the board
    which spoke last; as long as none has, each command goes to another of the usual ones, until one is answered.
    Lines of two wires may give back what the host sends, and frames of both directions look alike: once a question came back as it was,
    so will every other frame, and none of those is an answer.
    `antenna_ports` above 4: several antennas are switched by the form of 8A for eight.
    """

    def __init__(
        self, *, direction: Direction = Direction.FROM_READER, address: int | None = DEFAULT_ADDRESS, antenna_ports: int = DEFAULT_PORTS
    ) -> None:
        if address is not None:
            check_address(FAMILY, address)
        check_port_count(FAMILY, antenna_ports, PORT_COUNTS)
        super().__init__(facts_for(antenna_ports), R2000Shape(), direction)
        self._board = address  # whose commands they are; None: it has not spoken yet
        self._has_fixed_address = address is not None
        self._addresses: tuple[int, ...] = USUAL_ADDRESSES if address is None else (address,)
        self._unheard = 0  # commands since the board spoke last
        self._address = self._addresses[0]
        self._reading = Reading()
        self._ports: tuple[int, ...] = (1,)
        self._sent: deque[bytes] = deque(maxlen=MOST_SENT)  # and not come back yet
        self._has_echo = False

    def _from_reader(self, frame: bytes) -> Event:
        if self._is_no_answer(frame):
            return content_error(frame, "an answer, which has data", "a host's command, or its echo; read it with direction to-reader")
        self._unheard = 0
        if frame[2] != self._board and not self._has_fixed_address:
            self._board, self._addresses = frame[2], (frame[2], PUBLIC_ADDRESS)
        if frame[3] in INVENTORIES:
            return decode_inventory(frame, self._reading)
        event = decode_answer(frame, self._reading)
        if frame[3] == Opcode.GET_REGION and isinstance(event, Reply):
            self._reading = self._reading._replace(user_plan=find_user_plan(event.data))
        return event

    def _is_no_answer(self, frame: bytes) -> bool:
        """Every answer has data (V3.7 §2), questions have none. An answer may be byte for byte what was sent (16 dBm), so it is not
        taken for an echo before a question came back.
        """
        is_question = len(frame) == OVERHEAD
        if (is_question or self._has_echo) and frame in self._sent:
            self._has_echo = True
            self._sent.remove(frame)
            return True
        return is_question

    def _to_reader(self, frame: bytes) -> Event:
        return HostCommand(name_of(frame[3]), frame[3], frame[DATA_START:-1], frame[2])

    def _requests(self, command: Command) -> tuple[Request, ...]:
        requests = requests_for(command, self._ports, self._facts.antenna_ports)
        if isinstance(command, SetAntennas):
            self._ports = command.ports
        self._address = self._addresses[self._unheard % len(self._addresses)]
        self._unheard += 1
        return requests

    def _frame(self, opcode: int, data: bytes) -> bytes:
        frame = build_frame(self._address, opcode, data)
        self._sent.append(frame)
        return frame
