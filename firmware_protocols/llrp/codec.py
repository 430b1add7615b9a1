"""The codec of readers that speak LLRP. One codec is one connection: reports leave out what was said before on it."""

from collections.abc import Iterator

from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.commands import Bank, Command, ReadBank, SetAntennas, StartInventory, StopInventory
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import NEED_DATA, Event, FrameError, NeedData
from firmware_protocols.llrp.capabilities import Capabilities
from firmware_protocols.llrp.connection import AwaitedAccess, Connection
from firmware_protocols.llrp.decoding import INVENTORY_OVER, decode_from_reader, decode_to_reader, name_of
from firmware_protocols.llrp.encoding import FAMILY, PLAIN_MANNER, InventoryManner, Situation, TagCommand, access_rospec_id, requests_for
from firmware_protocols.llrp.frames import MessageBuffer, build_message, id_of, type_of, version_of
from firmware_protocols.llrp.tables import FROM_HOST, FROM_READER, MessageType, Version
from firmware_protocols.llrp.tag_reports import TagReports

DEFAULT_PORTS = 4
MAX_PORTS = 64
TLS_PORT = 5085
MOST_ANSWERS = 64  # keep-alives that nobody took the answers of; a reader gives up long before


def facts_for(antenna_ports: int) -> FamilyFacts:
    return FamilyFacts(
        name=FAMILY,
        default_baud=115_200,
        default_tcp_port=5084,  # TLS_PORT for LLRP inside TLS
        antenna_ports=antenna_ports,
        has_rssi_dbm=True,
        reads_tid_in_inventory=False,
        inventory_ends_by_itself=False,
        pulses_in_inventory=True,  # by the keep-alives that StartInventory asks for
        start_is_answered=True,
        answers_in_inventory=True,
        stop_notice=INVENTORY_OVER,
    )


FACTS = facts_for(DEFAULT_PORTS)


class LlrpCodec:
    """Bytes of one connection in, events out. Remembers what the reader said of itself, what reports inherit, and the access that is
    under way. Whoever holds the line has to write `bytes_to_send`: a reader hangs up when its keep-alives are not answered.

    `version` is what we write; both versions are read.
    """

    def __init__(
        self,
        *,
        direction: Direction = Direction.FROM_READER,
        version: Version = Version.V1_0_1,
        antenna_ports: int = DEFAULT_PORTS,
        manner: InventoryManner = PLAIN_MANNER,
    ) -> None:
        if not 1 <= antenna_ports <= MAX_PORTS:
            raise BadArgument(FAMILY, "number of antenna ports", f"1 to {MAX_PORTS}", str(antenna_ports))
        self._facts, self._version = facts_for(antenna_ports), version
        self._is_from_reader = direction is Direction.FROM_READER
        self._messages = MessageBuffer(FROM_READER if self._is_from_reader else FROM_HOST)
        self._connection = Connection()
        self._reports = TagReports(self._connection)
        self._events: Iterator[Event] = iter(())
        self._answers: list[bytes] = []
        self._ports: tuple[int, ...] = (0,)  # every port
        self._last_message_id = self._last_op_spec_id = 0
        self._manner, self._has_events = manner, False

    @property
    def facts(self) -> FamilyFacts:
        return self._facts

    @property
    def capabilities(self) -> Capabilities:
        """What the reader has said that it can; empty before the answer to GetInfo."""
        return self._connection.capabilities

    @property
    def held_bytes(self) -> int:
        return self._messages.held_bytes

    def receive_data(self, data: bytes) -> None:
        self._messages.receive_data(data)

    def receive_gap(self) -> None:
        self._messages.receive_gap()

    def next_event(self) -> Event | NeedData:
        event = next(self._events, None)
        while event is None:
            message = self._messages.next_message()
            if message is NEED_DATA or isinstance(message, FrameError):
                return message
            self._events = self._decode(message)
            event = next(self._events, None)
            if isinstance(event, FrameError):
                event = self._messages.reconsider(message) or event
        return event

    def bytes_to_send(self) -> bytes:
        answers = b"".join(self._answers)
        self._answers.clear()
        return answers

    def encode(self, command: Command) -> tuple[bytes, ...]:
        op_spec_id = self._last_op_spec_id % 0xFFFF + 1
        connection = self._connection
        requests = requests_for(command, self._situation(op_spec_id))
        if isinstance(command, SetAntennas):
            self._ports = command.ports
        messages = tuple(self._number(message_type, body) for message_type, body in requests)
        if isinstance(command, StartInventory):
            connection.settings_id = next(id_of(each) for each in messages if type_of(each) == MessageType.SET_READER_CONFIG)
        if isinstance(command, StartInventory | TagCommand) and not self._has_events:
            self._has_events = True
            self._ask_for_events()
        connection.awaited = None
        if isinstance(command, StartInventory | StopInventory | TagCommand):
            connection.is_inventory_asked, connection.is_reading = isinstance(command, StartInventory), False
        if isinstance(command, TagCommand):
            self._last_op_spec_id = op_spec_id
            reads_tid = isinstance(command, ReadBank) and command.bank is Bank.TID and command.word_address == 0
            last = messages[-1]
            connection.awaited = AwaitedAccess(name_of(type_of(last)), id_of(last), op_spec_id, access_rospec_id(op_spec_id), reads_tid)
        return messages

    def _situation(self, op_spec_id: int) -> Situation:
        connection = self._connection
        return Situation(
            capabilities=connection.capabilities,
            ports=self._ports,
            port_count=self._facts.antenna_ports,
            op_spec_id=op_spec_id,
            version=Version.V1_0_1 if connection.has_agreed else self._version,
            has_events=self._has_events,
            refuses_keepalives=connection.refuses_keepalives,
            manner=self._manner,
        )

    def _ask_for_events(self) -> None:
        """A reader may have been left holding them back until its host is ready. The message has no answer, so it is not a frame of
        the command.
        """
        self._answers.append(self._number(MessageType.ENABLE_EVENTS_AND_REPORTS, b""))
        self._connection.unasked_ids = {self._last_message_id}

    def _number(self, message_type: MessageType, body: bytes) -> bytes:
        self._last_message_id = self._last_message_id % 0xFFFFFFFF + 1
        return build_message(self._version, message_type, self._last_message_id, body)

    def _decode(self, message: bytes) -> Iterator[Event]:
        if not self._is_from_reader:
            return iter((decode_to_reader(message),))
        if type_of(message) == MessageType.KEEPALIVE:
            answer = build_message(Version(version_of(message)), MessageType.KEEPALIVE_ACK, id_of(message))
            self._answers = [*self._answers[1 - MOST_ANSWERS :], answer]
        return iter(decode_from_reader(message, self._reports))
