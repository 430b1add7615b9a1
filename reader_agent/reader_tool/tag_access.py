"""Work on one tag before a reader: find it, act on it, and say in plain words what became of it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from firmware_protocols.catalogue import FAMILIES
from firmware_protocols.commands import (
    Bank,
    Command,
    ReadBank,
    Region,
    SetAccessPassword,
    SetAntennas,
    SetPower,
    SetRegion,
    StopInventory,
    WriteEpc,
)
from firmware_protocols.events import Notice, Reply, RoundEnded, Status, TagSeen
from reader_agent.clock import Clock
from reader_agent.errors import AgentError, ReaderRefused
from reader_agent.link_address import LinkAddress
from reader_agent.links.open_link import open_link
from reader_agent.reader_tool.conversation import new_session
from reader_agent.readers.complaints import is_complaint
from reader_agent.readers.session import Counters, Session

SEARCH_S = 0.8  # a tag at the edge of the beam misses rounds
TICK_S = 0.05
ANSWER_S = 2.0  # a tag takes some 20 ms a word to write, and may be out of the beam for a moment
TRIES = 6
# What a tag that turned away for a moment looks like. A repeat does no harm: it writes the same again.
WORTH_ANOTHER_TRY = frozenset({Status.NO_TAG, Status.READ_FAILED, Status.WRITE_FAILED, Status.LOCK_FAILED, Status.LOW_POWER})

PLAIN_WORDS = {
    Status.NO_TAG: "no tag answers; hold it still and nearer to the antenna",
    Status.WRONG_PASSWORD: "the tag does not accept this access password",
    Status.LOCKED: "that memory is locked; the access password opens it, unless it was closed for good",
    Status.MEMORY_OVERRUN: "the tag has no such words",
    Status.LOW_POWER: "the tag got too little power; hold it nearer, or raise the power",
    Status.READ_FAILED: "the tag could not be read; hold it still and nearer to the antenna",
    Status.WRITE_FAILED: "the tag could not be written; hold it still, and see whether it is locked",
    Status.LOCK_FAILED: "the tag did not take the lock; is its access password right and not zero?",
    Status.ANTENNA_MISSING: "no antenna is connected to that port",
    Status.TEMPERATURE: "the reader is too hot; let it cool down",
}


class TagRefused(AgentError):
    """The tag, or the reader for it, did not do what was asked. `status` is None where nothing answered."""

    def __init__(self, what: str, sentence: str, status: Status | None = None) -> None:
        super().__init__(f"{what}: {sentence}")
        self.status = status


def _refusal(what: str, said: Reply | Notice) -> TagRefused:
    words = PLAIN_WORDS.get(said.status, f"the reader says {said.status.replace('_', ' ')}")
    return TagRefused(what, f"{words} ({said.detail})" if said.detail else words, said.status)


@dataclass(frozen=True, slots=True)
class Place:
    """Which reader, and through which of its antennas."""

    address: LinkAddress
    family: str
    antenna: int = 1
    power_dbm: float | None = None
    antenna_ports: int | None = None
    """How many the reader has; None: as many as is usual in its family."""
    region: Region | None = None
    """A ThingMagic module forgets its own with the supply, and transmits in none."""


@contextmanager
def at_reader(place: Place, clock: Clock) -> Iterator["TagDesk"]:
    """A reader that is ready for one tag. Raises LinkLost, PortHeld or ReaderRefused."""
    facts = FAMILIES[place.family]
    with closing(open_link(place.address, facts.default_baud)) as link:
        session = new_session(link, place.family, Counters(), clock, place.antenna_ports)
        session.greet()
        desk = TagDesk(session, clock, starts_again=facts.round_end_may_stop)
        if place.region is not None:
            desk.set(SetRegion(place.region))
        if facts.antenna_ports > 1:
            desk.set(SetAntennas((place.antenna,)))
        if place.power_dbm is not None:
            desk.set(SetPower(place.power_dbm))
        yield desk


class TagDesk:
    """A conversation about the tag that lies before the reader."""

    def __init__(self, session: Session, clock: Clock, *, starts_again: bool) -> None:
        self._session, self._clock, self._starts_again = session, clock, starts_again

    def set(self, command: Command) -> None:
        """Raises ReaderRefused."""
        reply = self._session.ask_in_time(command, ANSWER_S)
        if reply is None or reply.status is not Status.OK:
            said = f"{reply.status} {reply.detail}".strip() if reply else "no answer"
            raise ReaderRefused(type(command).__name__, said)

    def find_tags(self) -> dict[bytes, TagSeen]:
        """Every tag that is heard in a short while, by EPC. Raises TagRefused if the reader says why it hears none."""
        seen: dict[bytes, TagSeen] = {}
        complaints: list[Reply | Notice] = []
        until_s = self._clock.now().monotonic_s + SEARCH_S
        self._session.start_inventory()
        while self._clock.now().monotonic_s < until_s:
            events = self._session.hear(TICK_S)
            seen |= {event.epc: event for event in events if isinstance(event, TagSeen)}
            complaints += filter(is_complaint, events)
            if self._starts_again and any(isinstance(event, RoundEnded) for event in events):
                self._session.start_inventory()
        self._session.ask_in_time(StopInventory(), ANSWER_S)
        if complaints and not seen:
            raise _refusal("look for a tag", complaints[-1])
        return seen

    def choose(self, epc: bytes | None) -> bytes:
        """The EPC of the tag that is meant: the named one, else the only one that is there. Raises TagRefused.

        b"" for a chip that says it has none yet: no command can name it, so each is for whichever tag answers.
        """
        if epc is not None:
            return epc
        found = self.find_tags()
        if not found:
            raise TagRefused("look for a tag", PLAIN_WORDS[Status.NO_TAG], Status.NO_TAG)
        if len(found) > 1:
            names = ", ".join(sorted(one.hex() or "one without an EPC" for one in found))
            raise TagRefused("look for a tag", f"{len(found)} tags answer ({names}); name one with --epc, or take the others away")
        return next(iter(found))

    def act(self, what: str, command: Command) -> Reply:
        """The reply of success. Raises TagRefused with the reason in plain words."""
        reply = None
        for _ in range(TRIES):
            reply = self._session.ask_in_time(command, ANSWER_S)
            if reply is not None and reply.status not in WORTH_ANOTHER_TRY:
                break
        if reply is None:
            raise TagRefused(what, "the reader did not answer in time; ask again to see what became of it")
        if reply.status is not Status.OK:
            raise _refusal(what, reply)
        return reply

    def read(self, command: ReadBank) -> bytes:
        return self.act(f"read {command.bank.name.lower()} memory", command).data

    def write_epc(self, command: WriteEpc) -> None:
        """Write, then read back under the new number. Raises TagRefused, also if the tag does not hold it afterwards."""
        wanted = command.new_pc.to_bytes(2) + command.new_epc
        check = ReadBank(Bank.EPC, 1, len(wanted) // 2, command.password, command.new_epc)
        try:
            self.act("write the EPC", command)
        except TagRefused as refusal:
            self._mind_lost_answer(refusal, check)
            raise
        found = self.act("read the new EPC back", check).data
        # A tag computes some bits of its PC word itself (Gen2 §6.3.2.1.2.2: UMI, XI), so these may differ.
        if found[2:] != command.new_epc:
            raise TagRefused("write the EPC", f"the tag holds {found[2:].hex()} now, not {command.new_epc.hex()}")

    def _mind_lost_answer(self, refusal: TagRefused, check: ReadBank) -> None:
        """Where the answer to a try that succeeded is lost, every other looks for the old number in vain. Raises TagRefused, with
        other words, if a tag has the new one.
        """
        if refusal.status is not None and refusal.status not in WORTH_ANOTHER_TRY:
            return
        reply = self._session.ask_in_time(check, ANSWER_S)
        if reply is not None and reply.status is Status.OK:
            words = "no tag answers under the old number any more, but one does under the new: read it to see whether it is the one meant"
            raise TagRefused("write the EPC", words, refusal.status) from refusal

    def set_password(self, command: SetAccessPassword) -> bool:
        """True if it was read back, False if the tag does not let it be read. Raises TagRefused, also if another was read."""
        self.act("set the access password", command)
        check = ReadBank(Bank.RESERVED, 2, 2, command.new_password, command.epc)
        reply = self._session.ask_in_time(check, ANSWER_S)
        if reply is None or reply.status is not Status.OK:
            return False
        if reply.data != command.new_password.to_bytes(4):
            raise TagRefused("set the access password", "the tag holds another one now; set it again")
        return True
