"""Inventory of modules that do not stream (M5e): empty the buffer, search into it, fetch what it holds, and again.

Before its first search it is told to report RSSI in dBm, not in units of its own, and EPCs of more than 96 bits. Each step follows the
answer to the one before, so the codec itself has to send it. Source: MercuryAPI, TMR_SR_boot, TMR_SR_read_internal, TMR_SR_getNextTag.
"""

from enum import Enum

from firmware_protocols.events import Event, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.serial_codec import Request
from firmware_protocols.thingmagic.frames import build_command
from firmware_protocols.thingmagic.tables import BY_KEY, Code, Key, Metadata, Opcode, Search

SEARCH_MS = 250
FETCHED = Metadata.READ_COUNT | Metadata.RSSI | Metadata.ANTENNA | Metadata.FREQUENCY | Metadata.PROTOCOL
EMPTY = (Opcode.CLEAR_TAG_BUFFER, b"")
SETTINGS = tuple((Opcode.SET_OPTION, bytes((BY_KEY, key, 1))) for key in (Key.RSSI_IN_DBM, Key.EXTENDED_EPC))
SEARCH = (Opcode.READ_MULTIPLE, bytes(1) + Search.ANTENNA_LIST.to_bytes(2) + SEARCH_MS.to_bytes(2))
FETCH = (Opcode.GET_TAG_BUFFER, FETCHED.to_bytes(2) + bytes(1))
COUNT_AT = 3  # in the answer to SEARCH, after option and flags


class Step(Enum):
    """Which answer is waited for, by its name."""

    IDLE = ""
    EMPTYING = "clear_tag_buffer"
    SETTING = "set_option"
    SEARCHING = "read_multiple"
    FETCHING = "get_tag_buffer"


class Polling:
    """One round after another: each begins with EMPTY, which whoever starts the inventory sends, and ends with RoundEnded."""

    def __init__(self) -> None:
        self._step = Step.IDLE
        self._left = 0
        self._unset = SETTINGS

    def start(self) -> None:
        self._step = Step.EMPTYING

    def stop(self) -> None:
        self._step = Step.IDLE

    def hear(self, event: Event) -> tuple[Event | None, bytes]:
        """What a host is to know of an answer, and the frame that is to be sent after it."""
        if isinstance(event, TagSeen):
            self._left -= 1
        elif isinstance(event, RoundEnded):  # no tag answered
            self._step = Step.IDLE
        elif isinstance(event, Reply) and event.command == self._step.value:
            return self._go_on(event)
        return event, b""

    def _go_on(self, answer: Reply) -> tuple[Event | None, bytes]:
        if self._step is Step.SETTING or (answer.status is Status.OK and self._step is Step.EMPTYING):
            return None, build_command(*self._next_before_search())
        if answer.status is Status.OK and self._step is Step.SEARCHING:
            self._step = Step.FETCHING
            self._left = answer.data[COUNT_AT] if len(answer.data) > COUNT_AT else 0
        if answer.status is Status.OK and self._left > 0:
            return None, build_command(*FETCH)
        self._step = Step.IDLE
        is_over = answer.status is Status.OK or answer.code == Code.NOT_ENOUGH_TAGS
        return RoundEnded() if is_over else answer, b""

    def _next_before_search(self) -> Request:
        """What is not set yet, then the search. A setting that the module refuses it does not have."""
        if not self._unset:
            self._step = Step.SEARCHING
            return SEARCH
        self._step = Step.SETTING
        first, *rest = self._unset
        self._unset = tuple(rest)
        return first
