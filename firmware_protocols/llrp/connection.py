"""What one connection remembers: reports leave out what has not changed, and indices mean what the reader said that they mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from firmware_protocols.events import Rssi
from firmware_protocols.gen2 import epc_size
from firmware_protocols.llrp.capabilities import UNKNOWN, Capabilities


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

    pc: int | None = None
    rssi: Rssi | None = None
    antenna: int | None = None
    frequency_khz: int | None = None
    reads: int | None = None
    first_seen_us: int | None = None
    last_seen_us: int | None = None
    awaited: AwaitedAccess | None = None
    capabilities: Capabilities = UNKNOWN
    channels_khz: Mapping[int, int] = field(default_factory=dict)
    """Frequency by ChannelIndex."""

    def learn(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.channels_khz = dict(enumerate(capabilities.channels_khz, 1))

    def pc_for(self, size: int) -> int | None:
        """The last PC word, unless its length bits belie an EPC of that many bytes."""
        return self.pc if self.pc is not None and epc_size(self.pc) == size else None
