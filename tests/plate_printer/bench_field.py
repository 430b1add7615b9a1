"""A field of simulated chips that answers the tag writer's asks without a reader between: what a perfect reader would say."""

from collections.abc import Callable

from firmware_protocols.commands import Bank, Command, LockTag, ReadBank, SetAccessPassword, WriteBank, WriteEpc
from firmware_protocols.events import Reply, Status, TagSeen
from firmware_protocols.gen2 import Gen2Error, LockChange
from firmware_protocols.simulators.simulated_tag import SimulatedTag, TagRefused, WrongPassword
from plate_printer.tag_writer import Answer, Ask, Look, Prompt, Writing
from schemas.epc import ClosedEpc, PcWord
from schemas.identifiers import AuthorityId
from schemas.orders import BilingualText, EncodingFailure, EncodingJob
from schemas.tid import Tid

PASSWORD = 0x5EC2E7A1
OURS = ClosedEpc(authority=1, serial=1234, issue=1, random=0xCAFE0001).to_epc()
OTHER_BIKES = ClosedEpc(authority=1, serial=99, issue=1, random=7).to_epc()
AFI = 0x92
JOB = EncodingJob(
    job=7,
    authority=AuthorityId("kcc"),
    number=BilingualText(bn="খুলনা-প ০০১২৩৪", en="KCC-P 001234"),
    epc=OURS,
    pc=PcWord.for_epc(OURS, AFI),
    access_password=f"{PASSWORD:08x}",
)
TID_A, TID_B = bytes.fromhex("e2806894200050010000000a"), bytes.fromhex("e2806894200050010000000b")
BLANK_EPC = bytes.fromhex("e28068940000500100000000")

STATUS_OF = {Gen2Error.MEMORY_LOCKED: Status.LOCKED, Gen2Error.MEMORY_OVERRUN: Status.MEMORY_OVERRUN}


def blank(tid: bytes = TID_A, epc: bytes = BLANK_EPC) -> SimulatedTag:
    return SimulatedTag(epc=epc, tid=tid)


class BenchField:
    """`tags` may be changed while the writer works. `before` is called with each command's number and may return a reply instead."""

    def __init__(self, *tags: SimulatedTag, before: Callable[[int, Command], Reply | None] = lambda _number, _command: None) -> None:
        self.tags = list(tags)
        self.prompts: list[Prompt] = []
        self.commands: list[Command] = []
        self._before = before

    def answer(self, ask: Ask) -> Answer:
        if isinstance(ask, Look):
            self.prompts.append(ask.prompt)
            return tuple(TagSeen(tag.epc, tag.pc) for tag in self.tags)
        self.commands.append(ask)
        return self._before(len(self.commands), ask) or self._do(ask)

    def _do(self, command: Command) -> Reply:
        assert isinstance(command, ReadBank | WriteBank | WriteEpc | SetAccessPassword | LockTag)
        meant = [tag for tag in self.tags if command.epc in (None, tag.epc)]
        if not meant:
            return Reply("bench", Status.NO_TAG)
        try:
            return Reply("bench", Status.OK, data=_act(meant[0], command))
        except TagRefused as refusal:
            return Reply("bench", STATUS_OF.get(refusal.code, Status.TAG_ERROR), detail=refusal.code.name)
        except WrongPassword:
            return Reply("bench", Status.WRONG_PASSWORD)


def _act(tag: SimulatedTag, command: ReadBank | WriteBank | WriteEpc | SetAccessPassword | LockTag) -> bytes:
    match command:
        case ReadBank():
            return tag.read(command.bank, command.word_address, command.word_count, password=command.password)
        case WriteBank():
            tag.write(command.bank, command.word_address, command.data, password=command.password)
        case WriteEpc():
            tag.write(Bank.EPC, 1, command.new_pc.to_bytes(2) + command.new_epc, password=command.password)
        case SetAccessPassword():
            tag.write(Bank.RESERVED, 2, command.new_password.to_bytes(4), password=command.password)
        case LockTag():
            actions = (command.kill_password, command.access_password, command.epc_bank, command.tid_bank, command.user_bank)
            tag.lock(tuple(LockChange(0, 0) if a is None else LockChange(0b11, a) for a in actions), password=command.password)
    return b""


def drive(writing: Writing, field: BenchField, *, most: int = 200) -> Tid | EncodingFailure | None:
    """Answer asks until the writer ends; None if it still waits after `most` of them."""
    try:
        ask = next(writing)
        for _ in range(most):
            ask = writing.send(field.answer(ask))
    except StopIteration as end:
        result: Tid | EncodingFailure = end.value
        return result
    return None
