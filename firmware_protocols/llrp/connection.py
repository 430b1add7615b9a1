"""What one connection remembers: reports leave out what has not changed, and indices mean what the reader said that they mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firmware_protocols.events import TagSeen
from firmware_protocols.llrp.capabilities import UNKNOWN, Capabilities

NOTHING_SEEN = TagSeen(b"")


@dataclass(slots=True)
class AwaitedAccess:
    """An access operation under way: its result comes in a tag report, and is the answer to the last message of its command."""

    command: str
    message_id: int
    op_spec_id: int
    rospec_id: int
    reads_tid: bool
    is_answered: bool = False


@dataclass(slots=True)
class Connection:
    """As §13.2.3 has it: "if an optional parameter is enabled, and is absent in the report, the client shall assume that the value is
    identical to the last parameter of the same type received". What operations and extensions report belongs to one tag: the TID, the
    phase and results are not inherited.
    """

    last: TagSeen = NOTHING_SEEN
    pc: int | None = None
    """The last that was said: `last` has none where its length bits belied the EPC."""
    awaited: AwaitedAccess | None = None
    is_inventory_asked: bool = False
    is_reading: bool = False
    """Has the reader begun the inventory that was asked for, and not been told to do anything else since?"""
    unasked_ids: set[int] = field(default_factory=set)
    """Of messages that have no answer: an ERROR_MESSAGE to one of them is the answer to nothing that was asked."""
    settings_id: int | None = None
    """Of the message that asks for events and keep-alives."""
    refuses_keepalives: bool = False
    """Has it refused that message? Then it is asked for events alone."""
    has_agreed: bool = False
    """Has it taken the version that was asked for? It may be asked once (1.1 §9.1)."""
    capabilities: Capabilities = UNKNOWN
    channels_khz: Mapping[int, int] = field(default_factory=dict)
    """Frequency by ChannelIndex."""

    def learn(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.channels_khz = dict(enumerate(capabilities.channels_khz, 1))

    def inherited(self, epc_size: int) -> list[Any]:
        """What a report of a tag says by leaving it out, in the order of TagSeen's fields. A PC word has to fit the EPC."""
        last = self.last
        pc = self.pc if self.pc is not None and self.pc >> 11 << 1 == epc_size else None
        return [b"", pc, None, last.rssi, last.antenna, last.frequency_khz, None, last.reads, last.first_seen_us, last.last_seen_us]
