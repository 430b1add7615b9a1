"""The codec of ThingMagic modules."""

from dataclasses import replace

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.command_checks import TagCommand
from firmware_protocols.commands import Command, StartInventory, StopInventory
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import NEED_DATA, Event, HostCommand, NeedData, Reply
from firmware_protocols.serial_codec import Request, SerialCodec, check_port_count
from firmware_protocols.thingmagic.decoding import decode_answer, decode_search, name_of_command
from firmware_protocols.thingmagic.encoding import FAMILY, NO_READ_FILTER, requests_for
from firmware_protocols.thingmagic.frames import CRC_SIZE, ThingMagicShape, build_command
from firmware_protocols.thingmagic.polling import EMPTY, Polling
from firmware_protocols.thingmagic.tables import (
    HARDWARE_MODEL_AT,
    WITHOUT_STREAM,
    WRONG_ACCESS_PASSWORD,
    Code,
    Opcode,
    StreamControl,
)

DEFAULT_PORTS = 4
PORT_COUNTS = (1, 2, 4, 8, 16)
COMMAND_DATA_START = 3
READ_MULTIPLE = int(Opcode.READ_MULTIPLE)  # looked up for each tag report: a plain number is found sooner than a member of an Enum
MODELS = {"m5e": False, "m6e": True, "micro": True, "nano": True, "m7e": True}
"""What may be told of a module before it has said it itself: does it stream?"""


def facts_for(antenna_ports: int, *, streams: bool = True, with_tid: bool = True) -> FamilyFacts:
    return FamilyFacts(
        name=FAMILY,
        default_baud=115_200,
        default_tcp_port=8080,
        antenna_ports=antenna_ports,
        has_rssi_dbm=True,
        reads_tid_in_inventory=streams and with_tid,
        inventory_ends_by_itself=not streams,
        pulses_in_inventory=True,
        round_end_may_stop=not streams,
        start_is_answered=streams,
    )


FACTS = facts_for(DEFAULT_PORTS)
TELLS_MODEL = frozenset({"get_info", "boot_firmware"})
UNKNOWN_COMMAND = frozenset({Code.INVALID_OPCODE, Code.NOT_IMPLEMENTED, Code.UNSUPPORTED_FEATURE})
UNKNOWN_TO_FIRMWARE = "the module's firmware does not know this command"


class ThingMagicCodec(SerialCodec):
    """Bytes of one module in, events out. Remembers whether the module last said that it sits in its bootloader: then the next command
    is preceded by the one that starts its firmware; what its firmware does not know; and whether it streams: if not (M5e, clones), the
    codec polls its buffer, and whoever holds the line has to write `bytes_to_send`.
    """

    def __init__(
        self,
        *,
        direction: Direction = Direction.FROM_READER,
        antenna_ports: int = DEFAULT_PORTS,
        model: str | None = None,
        tid_in_inventory: bool = True,
    ) -> None:
        """`model`: one of MODELS; None: as GET_INFO will tell, and until then one that streams."""
        if model is not None and model not in MODELS:
            raise BadArgument(FAMILY, "model", ", ".join(MODELS), model)
        check_port_count(FAMILY, antenna_ports, PORT_COUNTS)
        facts = facts_for(antenna_ports, streams=model is None or MODELS[model], with_tid=tid_in_inventory)
        super().__init__(facts, ThingMagicShape(direction), direction)
        self._with_tid = tid_in_inventory
        self._stream_control = StreamControl.STOP
        self._is_in_bootloader = self._is_in_firmware = self._has_sent_password = False
        self._has_read_filter = True
        self._polling = Polling()
        self._to_send = b""

    def bytes_to_send(self) -> bytes:
        """The next step of a poll."""
        to_send, self._to_send = self._to_send, b""
        return to_send

    def next_event(self) -> Event | NeedData:
        event = super().next_event()
        while event is not NEED_DATA and not self._facts.start_is_answered:
            told, step = self._polling.hear(event)
            self._to_send += step
            if told is not None:
                return told
            event = super().next_event()
        return event

    def _from_reader(self, frame: bytes) -> Event:
        if frame[2] == READ_MULTIPLE and not frame[3]:
            return decode_search(frame)
        events = [self._noted(event) for event in decode_answer(frame, self._stream_control)]
        self._pending.extend(events[1:])
        return events[0]

    def _to_reader(self, frame: bytes) -> Event:
        data = frame[COMMAND_DATA_START:-CRC_SIZE]
        return HostCommand(name_of_command(frame[2], data), frame[2], data)

    def _requests(self, command: Command) -> tuple[Request, ...]:
        requests = requests_for(command, self._facts.antenna_ports, with_tid=self._with_tid)
        if not self._has_read_filter:
            requests = tuple(request for request in requests if request != NO_READ_FILTER)
        self._is_in_firmware = False
        self._has_sent_password = isinstance(command, TagCommand) and command.password != 0
        if not self._facts.start_is_answered:
            requests = self._poll(command) or requests
        if isinstance(command, StartInventory | StopInventory):
            self._stream_control = StreamControl.START if isinstance(command, StartInventory) else StreamControl.STOP
        return ((Opcode.BOOT_FIRMWARE, b""), *requests) if self._is_in_bootloader else requests

    def _frame(self, opcode: int, data: bytes) -> bytes:
        return build_command(opcode, data)

    def _poll(self, command: Command) -> tuple[Request, ...]:
        """Instead of the stream that this module does not know."""
        if isinstance(command, StartInventory):
            self._polling.start()
            return (EMPTY,)
        self._polling.stop()
        return (EMPTY,) if isinstance(command, StopInventory) else ()

    def _noted(self, event: Event) -> Event:
        """What an answer says of the module itself."""
        if not isinstance(event, Reply):
            return event
        if event.command == "boot_firmware":
            self._is_in_bootloader, self._is_in_firmware = False, True
        elif event.code in UNKNOWN_COMMAND:
            return self._not_known(event)
        if event.command in TELLS_MODEL and event.code == Code.OK and len(event.data) > HARDWARE_MODEL_AT:
            self._note_streaming(streams=event.data[HARDWARE_MODEL_AT] not in WITHOUT_STREAM)
        if event.code == Code.GENERAL_TAG_ERROR and self._has_sent_password:
            return replace(event, status=WRONG_ACCESS_PASSWORD.status, detail=WRONG_ACCESS_PASSWORD.text)
        return event

    def _not_known(self, refusal: Reply) -> Reply:
        """A bootloader knows no command of the firmware, and the firmware knows not the one that would start it. A command that is refused
        right after the answer to that one is unknown to the firmware. What inventory can do without is left out from here on.
        """
        if refusal.code == Code.INVALID_OPCODE and not self._is_in_firmware:
            self._is_in_bootloader = True
            return refusal
        if refusal.command == "set_option":
            self._has_read_filter = False
        elif refusal.command == "start_inventory":
            self._note_streaming(streams=False)
        return replace(refusal, detail=UNKNOWN_TO_FIRMWARE)

    def _note_streaming(self, *, streams: bool) -> None:
        self._facts = facts_for(self._facts.antenna_ports, streams=streams, with_tid=self._with_tid)
