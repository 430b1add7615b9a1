"""The codec of CF gates and readers."""

from firmware_protocols.cf.decoding import Reading, decode_frame, name_of, opcode_of
from firmware_protocols.cf.encoding import FAMILY, requests_for
from firmware_protocols.cf.frames import CRC_SIZE, HEADER_SIZE, PUBLIC_ADDRESS, CfShape, build_frame
from firmware_protocols.cf.tables import ACTS, Opcode
from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command, GetAntennas, GetPower, GetRegion
from firmware_protocols.events import Event, HostCommand, Reply, RoundEnded, TagSeen
from firmware_protocols.serial_codec import Request, SerialCodec, check_address, check_port_count

DEFAULT_ADDRESS = PUBLIC_ADDRESS
DEFAULT_PORTS = 4
PORT_COUNTS = (1, 2, 4, 8)
PART_OF_PARAMETERS: dict[type[Command], Opcode] = {
    GetRegion: Opcode.SET_REGION,
    GetPower: Opcode.SET_POWER,
    GetAntennas: Opcode.SET_ANTENNAS,
}
"""One answer holds all three; it is put into words as it was asked for."""


def facts_for(antenna_ports: int) -> FamilyFacts:
    return FamilyFacts(
        name=FAMILY,
        default_baud=115_200,
        default_tcp_port=2022,
        antenna_ports=antenna_ports,
        has_rssi_dbm=True,
        reads_tid_in_inventory=False,
        inventory_ends_by_itself=False,
        pulses_in_inventory=False,  # status 12 after each empty round is heard from some of them; no manual promises it
    )


FACTS = facts_for(DEFAULT_PORTS)


class CfCodec(SerialCodec):
    """Bytes of one reader in, events out. Remembers what was asked last, because one answer has several questions.

    `address` is whose commands are encoded (FF: whichever reader is on the line); answers are taken from any address.
    """

    def __init__(
        self, *, direction: Direction = Direction.FROM_READER, address: int = DEFAULT_ADDRESS, antenna_ports: int = DEFAULT_PORTS
    ) -> None:
        check_address(FAMILY, address)
        check_port_count(FAMILY, antenna_ports, PORT_COUNTS)
        super().__init__(facts_for(antenna_ports), CfShape(direction), direction)
        self._address = address
        self._reading = Reading()
        self._reads = 0

    def _from_reader(self, frame: bytes) -> Event:
        return self._note(opcode_of(frame), decode_frame(frame, self._reading))

    def _to_reader(self, frame: bytes) -> Event:
        return HostCommand(name_of(opcode_of(frame)), opcode_of(frame), frame[HEADER_SIZE:-CRC_SIZE], frame[1])

    def _requests(self, command: Command) -> tuple[Request, ...]:
        requests = requests_for(command, self._facts.antenna_ports)
        self._reading = Reading(PART_OF_PARAMETERS.get(type(command)))
        return requests

    def _frame(self, opcode: int, data: bytes) -> bytes:
        return build_frame(self._address, opcode, data)

    def _note(self, opcode: int, event: Event) -> Event:
        """The end of a round does not say how many tags there were: they came before it."""
        if isinstance(event, TagSeen):
            self._reads += 1
        elif isinstance(event, RoundEnded) and opcode == Opcode.INVENTORY:
            reads, self._reads = self._reads, 0
            return RoundEnded(reads)
        elif isinstance(event, Reply) and opcode in ACTS:
            self._reading = self._reading._replace(is_act_answered=True)
        return event
