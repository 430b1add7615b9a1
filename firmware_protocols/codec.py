"""The door that every family has: three verbs and a few facts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from firmware_protocols.commands import Command
from firmware_protocols.events import Event, NeedData


class Direction(StrEnum):
    """Whose bytes are read: the reader's (a host decodes) or the host's (a simulator decodes)."""

    FROM_READER = "from-reader"
    TO_READER = "to-reader"


@dataclass(frozen=True, slots=True)
class FamilyFacts:
    """What a session must know of a family, as data."""

    name: str
    default_baud: int
    default_tcp_port: int | None
    antenna_ports: int
    has_rssi_dbm: bool
    reads_tid_in_inventory: bool
    inventory_ends_by_itself: bool
    """True: StartInventory must be sent again when its rounds are used up or the reader falls silent in inventory."""
    pulses_in_inventory: bool
    """True: even with no tag in the field, inventory brings an event at least once a second."""
    round_end_may_stop: bool = False
    """True: RoundEnded may be the last word of an inventory, so StartInventory is best sent again at once. It does no harm to a
    reader that would have gone on.
    """
    hears_in_round: bool = True
    """False: what is asked before RoundEnded has come is lost, StopInventory too."""
    takes_commands: bool = True
    """False: it tells what it sees and cannot be asked anything, not even whether it lives."""
    start_is_answered: bool = False
    """True: every frame of StartInventory has its Reply, and a refused one leaves the reader idle without another word."""
    answers_in_inventory: bool = False
    """True: a question harms no inventory, so a silent reader may be asked whether it lives."""
    stop_notice: str | None = None
    """The notice by which a reader says that it has ended the inventory by itself: it lives, and is deaf until StartInventory."""


class Codec(Protocol):
    """Bytes of one reader in, events out; commands in, frames out. Never touches a port or a clock."""

    @property
    def facts(self) -> FamilyFacts: ...

    def receive_data(self, data: bytes) -> None:
        """Take what the line brought, in any pieces."""

    def next_event(self) -> Event | NeedData:
        """The next event, NEED_DATA when there is none yet. Never raises on bytes. Events do not depend on how the line cut
        the bytes: noise is reported when something follows it, when it is long, or at a gap.
        """

    def receive_gap(self) -> None:
        """The line fell silent (for more than the family's frame gap): what is half received will not be completed."""

    def encode(self, command: Command) -> tuple[bytes, ...]:
        """The frames of a command, in order. Each is answered by one Reply before the next may be sent (StartInventory may
        be answered by tag reports alone). Raises Unsupported or BadArgument.
        """


@runtime_checkable
class AnswersUnasked(Protocol):
    """A codec of a family whose readers ask something of the host: LLRP's keep-alives want an answer. Whoever holds the line writes
    what `bytes_to_send` gives, soon after each `next_event` loop.
    """

    def bytes_to_send(self) -> bytes:
        """What is to be written now, in order; b"" when nothing is. Each is given once."""
