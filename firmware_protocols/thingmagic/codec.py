"""The codec of ThingMagic modules."""

from collections import deque

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Command, StartInventory, StopInventory
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import NEED_DATA, Event, FrameError, HostCommand, NeedData, Reply
from firmware_protocols.frame_buffer import FrameBuffer
from firmware_protocols.thingmagic.decoding import decode_answer, decode_search, name_of_command
from firmware_protocols.thingmagic.encoding import FAMILY, requests_for
from firmware_protocols.thingmagic.frames import ThingMagicShape, build_command
from firmware_protocols.thingmagic.tables import Code, Opcode, StreamControl

DEFAULT_PORTS = 4
PORT_COUNTS = (1, 2, 4, 8, 16)
COMMAND_DATA_START = 3


def facts_for(antenna_ports: int) -> FamilyFacts:
    return FamilyFacts(
        name=FAMILY,
        default_baud=115_200,
        default_tcp_port=8080,
        antenna_ports=antenna_ports,
        has_rssi_dbm=True,
        reads_tid_in_inventory=True,
        inventory_ends_by_itself=False,
        pulses_in_inventory=True,
        start_is_answered=True,
    )


FACTS = facts_for(DEFAULT_PORTS)


class ThingMagicCodec:
    """Bytes of one module in, events out. Remembers whether the module last said that it sits in its bootloader: then the next command
    is preceded by the one that starts its firmware.
    """

    def __init__(self, *, direction: Direction = Direction.FROM_READER, antenna_ports: int = DEFAULT_PORTS) -> None:
        if antenna_ports not in PORT_COUNTS:
            raise BadArgument(FAMILY, "number of antenna ports", ", ".join(map(str, PORT_COUNTS)), str(antenna_ports))
        self._facts = facts_for(antenna_ports)
        self._is_from_reader = direction is Direction.FROM_READER
        self._frames = FrameBuffer(ThingMagicShape(direction))
        self._pending: deque[Event] = deque()
        self._stream_control = StreamControl.STOP
        self._is_in_bootloader = False

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
        if self._pending:
            return self._pending.popleft()
        frame = self._frames.next_frame()
        if frame is NEED_DATA or isinstance(frame, FrameError):
            return frame
        if not self._is_from_reader:
            data = frame[COMMAND_DATA_START:-2]
            return HostCommand(name_of_command(frame[2], data), frame[2], data)
        if frame[2] == Opcode.READ_MULTIPLE and not frame[3]:
            return decode_search(frame)
        event, *rest = decode_answer(frame, self._stream_control)
        self._pending.extend(rest)
        self._note(event)
        return event

    def encode(self, command: Command) -> tuple[bytes, ...]:
        requests = requests_for(command, self._facts.antenna_ports)
        if isinstance(command, StartInventory | StopInventory):
            self._stream_control = StreamControl.START if isinstance(command, StartInventory) else StreamControl.STOP
        boot = ((Opcode.BOOT_FIRMWARE, b""),) if self._is_in_bootloader else ()
        return tuple(build_command(opcode, data) for opcode, data in (*boot, *requests))

    def _note(self, event: Event) -> None:
        """A bootloader knows no command of the firmware, and the firmware knows not the one that would start it."""
        if not isinstance(event, Reply):
            return
        if event.command == "boot_firmware":
            self._is_in_bootloader = False
        elif event.code == Code.INVALID_OPCODE:
            self._is_in_bootloader = True
