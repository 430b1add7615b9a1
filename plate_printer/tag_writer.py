"""How a blank tag becomes one bike's tag: a step machine without a port, a clock or a log.

`write_tag(job)` is a generator. It yields what it wants done – look into the field, or one command – and is sent the answer. It
returns what became of the tag. Every step may be interrupted: begun again with the same job on the same chip, the machine finds out
what is already done and finishes; on another chip it begins afresh.

The order is the one in which nothing can be lost (Gen2 §6.3.2.12; a lock means nothing while the access password is zero): TID
read · PC and EPC written, read back · password written, read back · EPC bank, access and kill password locked · a write without the
password refused · the field looked at once more. No message holds the password.
"""

from collections.abc import Callable, Container, Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum

from firmware_protocols.commands import Bank, Command, LockAction, LockTag, ReadBank, SetAccessPassword, WriteBank, WriteEpc
from firmware_protocols.events import Reply, Status, TagSeen
from schemas.errors import ContractError
from schemas.orders import EncodingFailure, EncodingJob
from schemas.tid import Tid

TRIES_PER_STEP = 3
PASSES_PER_TAG = 3
WHOLE_TID_WORDS = 6
SHORT_TID_WORDS = 4  # fewer name the maker and model alone: every chip of a kind has the same
PC_WRITTEN_BITS = 0xF9FF  # UMI and XI are computed by many chips, whatever is written
_PC_ADDRESS, _EPC_ADDRESS, _PASSWORD_ADDRESS = 1, 2, 2
_REFUSED = frozenset({Status.LOCKED, Status.WRONG_PASSWORD})


class Prompt(StrEnum):
    """What the officer is to do or to know while the machine looks."""

    PUT_TAG = "put_tag"
    TAKE_OTHERS_AWAY = "take_others_away"
    PUT_BACK = "put_back"
    TAG_IS_TAKEN = "tag_is_taken"
    """Locked with a password that is not this job's: it belongs to another bike."""
    TAG_HAS_NO_NUMBER = "tag_has_no_number"
    """Its TID does not tell it from other chips."""
    WRITING = "writing"


class Step(StrEnum):
    """Where in the work something failed; stands in the report."""

    READ_TID = "read_tid"
    WRITE_EPC = "write_epc"
    READ_BACK = "read_back"
    WRITE_PASSWORD = "write_password"
    VERIFY_PASSWORD = "verify_password"
    LOCK = "lock"
    VERIFY_LOCK = "verify_lock"
    FINAL_LOOK = "final_look"


@dataclass(frozen=True, slots=True)
class Look:
    """Tell the officer, run an inventory, and answer with every tag report of it."""

    prompt: Prompt


Ask = Look | Command
Answer = tuple[TagSeen, ...] | Reply
Writing = Generator[Ask, Answer, Tid | EncodingFailure]
"""Ends with the chip that now carries the job's EPC, locked; or with why there is none."""


class _StepFailed(Exception):
    def __init__(self, step: Step, reason: str) -> None:
        super().__init__(reason)
        self.step, self.reason = step, reason


class _TagUnfit(Exception):
    """Not this chip; another one may do."""

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(prompt)
        self.prompt = prompt


def write_tag(job: EncodingJob, taken: Container[bytes] = ()) -> Writing:
    """Chips whose TID is in `taken` are refused unwritten: the registry has said that they are another bike's.

    Raises ContractError at once for a job that can never be done: a password of zero, a PC word that does not fit the EPC.
    """
    if int(job.access_password, 16) == 0:
        raise ContractError("access password", "one that is not zero, or the lock means nothing", "zero")
    if job.pc.epc_bytes != len(job.epc):
        raise ContractError("PC word", f"length bits for {len(job.epc)} bytes of EPC", f"{job.pc}, {job.pc.epc_bytes} bytes")
    return _write(job, taken)


def _write(job: EncodingJob, taken: Container[bytes]) -> Writing:
    prompt, failed_passes = Prompt.PUT_TAG, 0
    while True:
        current = yield from _wait_for_one_tag(prompt)
        work = _Work(job, taken)
        try:
            return (yield from work.run(current))
        except _TagUnfit as unfit:
            yield from _wait_until_gone(current, unfit.prompt)
            prompt, failed_passes = Prompt.PUT_TAG, 0
        except _StepFailed as failed:
            if not (yield from _look(Prompt.PUT_BACK)):
                prompt = Prompt.PUT_BACK  # lifted off: nobody's failure, and no pass is used up
                continue
            failed_passes += 1
            if failed_passes == PASSES_PER_TAG:
                return EncodingFailure(job.job, failed.step, failed.reason[:500], work.tid)


def _wait_for_one_tag(prompt: Prompt) -> Generator[Ask, Answer, bytes]:
    """The EPC of the only tag in the field, as it is now."""
    while True:
        epcs = yield from _look(prompt)
        if len(epcs) == 1:
            return epcs.pop()
        if epcs:
            prompt = Prompt.TAKE_OTHERS_AWAY
        elif prompt is Prompt.TAKE_OTHERS_AWAY:
            prompt = Prompt.PUT_TAG


def _wait_until_gone(epc: bytes, prompt: Prompt) -> Generator[Ask, Answer, None]:
    while epc in (yield from _look(prompt)):
        pass


def _look(prompt: Prompt) -> Generator[Ask, Answer, set[bytes]]:
    answer = yield Look(prompt)
    assert isinstance(answer, tuple)
    return {seen.epc for seen in answer}


def _ask(command: Command) -> Generator[Ask, Answer, Reply]:
    answer = yield command
    assert isinstance(answer, Reply)
    return answer


def _insist(step: Step, command: Command) -> Generator[Ask, Answer, bytes]:
    """The data of the first good answer among a few."""
    reply = yield from _ask(command)
    for _ in range(TRIES_PER_STEP - 1):
        if reply.status is Status.OK:
            break
        reply = yield from _ask(command)
    if reply.status is not Status.OK:
        raise _StepFailed(step, in_words(reply))
    return reply.data


def in_words(reply: Reply) -> str:
    """What a reader's answer says, for a report: never the command, which may hold a password."""
    code = "" if reply.code is None else f" ({reply.code:02x})"
    return f"{reply.status}{code}{': ' + reply.detail if reply.detail else ''}"


class _Work:
    """One pass over one tag. `tid` is known as soon as it was read."""

    def __init__(self, job: EncodingJob, taken: Container[bytes]) -> None:
        self._job, self._taken = job, taken
        self._password = int(job.access_password, 16)
        self.tid: Tid | None = None

    def run(self, current: bytes) -> Generator[Ask, Answer, Tid]:
        """`current` is the EPC by which the tag answers now."""
        tid = self.tid = yield from self._read_chip(current)
        yield from self._write_epc(current)
        yield from self._read_back()
        yield from self._write_password()
        yield from self._verify_password()
        yield from self._lock()
        yield from self._verify_lock()
        yield from self._look_once_more(tid)
        return tid

    def _read_chip(self, current: bytes) -> Generator[Ask, Answer, Tid]:
        """Twice: blank tags share their makers' EPC, and two of them in the field look like one."""
        tid = yield from self._read_tid(current)
        again = yield from self._read_tid(current)
        if again != tid:
            if again.startswith(tid) or tid.startswith(again):
                raise _StepFailed(Step.READ_TID, f"the chip's number was read as {tid} and as {again}")
            raise _TagUnfit(Prompt.TAKE_OTHERS_AWAY)
        if not tid.is_gen2:
            raise _TagUnfit(Prompt.TAG_HAS_NO_NUMBER)
        if tid in self._taken:
            raise _TagUnfit(Prompt.TAG_IS_TAKEN)
        return tid

    def _read_tid(self, current: bytes) -> Generator[Ask, Answer, Tid]:
        """As many words as the chip has. Some readers do not say that there are no more: then the long read must fail again after
        the short one worked, for a chip bound by half its number would be a stranger at every checkpoint.
        """
        whole = yield from self._try_tid(current, WHOLE_TID_WORDS)
        if whole.status is Status.OK:
            return Tid(whole.data)
        short = yield from self._try_tid(current, SHORT_TID_WORDS)
        if short.status is Status.MEMORY_OVERRUN:
            raise _TagUnfit(Prompt.TAG_HAS_NO_NUMBER)
        if short.status is not Status.OK:
            raise _StepFailed(Step.READ_TID, in_words(short))
        if whole.status is not Status.MEMORY_OVERRUN:
            whole = yield from self._try_tid(current, WHOLE_TID_WORDS)
        return Tid(whole.data if whole.status is Status.OK else short.data)

    def _try_tid(self, current: bytes, words: int) -> Generator[Ask, Answer, Reply]:
        command = ReadBank(Bank.TID, 0, words, epc=current or None)
        reply = yield from _ask(command)
        for _ in range(TRIES_PER_STEP - 1):
            if reply.status in {Status.OK, Status.MEMORY_OVERRUN}:
                break
            reply = yield from _ask(command)
        if reply.status is Status.OK and len(reply.data) != 2 * words:
            return Reply(reply.command, Status.READ_FAILED, detail=f"{len(reply.data)} bytes came instead of {2 * words}")
        return reply

    def _write_epc(self, current: bytes) -> Generator[Ask, Answer, None]:
        """Another number under a lock is another bike's, whatever the password; under our own number the lock is ours."""
        job = self._job
        is_ours = current == job.epc
        if is_ours and (yield from self._has_pc_and_epc()):
            return
        passwords = (0, self._password) if is_ours else (0,)
        yield from self._try_passwords(Step.WRITE_EPC, passwords, lambda password: WriteEpc(job.epc, job.pc, password, current or None))

    def _has_pc_and_epc(self) -> Generator[Ask, Answer, bool]:
        reply = yield from _ask(self._reading_of_epc())
        return reply.status is Status.OK and self._is_ours(reply.data)

    def _read_back(self) -> Generator[Ask, Answer, None]:
        data = yield from _insist(Step.READ_BACK, self._reading_of_epc())
        if not self._is_ours(data):
            raise _StepFailed(Step.READ_BACK, f"wrote {self._job.pc} {self._job.epc}, read {data.hex(' ', 2)}")

    def _reading_of_epc(self) -> ReadBank:
        return ReadBank(Bank.EPC, _PC_ADDRESS, 1 + len(self._job.epc) // 2, epc=self._job.epc)

    def _is_ours(self, pc_and_epc: bytes) -> bool:
        pc = int.from_bytes(pc_and_epc[:2])
        return pc & PC_WRITTEN_BITS == self._job.pc & PC_WRITTEN_BITS and pc_and_epc[2:] == self._job.epc

    def _write_password(self) -> Generator[Ask, Answer, None]:
        """First as for a blank tag; where that is refused, with itself, for the same tag may have been locked before."""
        passwords = (0, self._password)
        yield from self._try_passwords(
            Step.WRITE_PASSWORD, passwords, lambda password: SetAccessPassword(self._password, password, self._job.epc)
        )

    def _try_passwords(self, step: Step, passwords: tuple[int, ...], command: Callable[[int], Command]) -> Generator[Ask, Answer, None]:
        """Each in turn while the tag refuses; refused with the last, it is not ours to write."""
        for _ in range(TRIES_PER_STEP):
            for password in passwords:
                reply = yield from _ask(command(password))
                if reply.status not in _REFUSED:
                    break
            else:
                raise _TagUnfit(Prompt.TAG_IS_TAKEN)
            if reply.status is Status.OK:
                return
        raise _StepFailed(step, in_words(reply))

    def _verify_password(self) -> Generator[Ask, Answer, None]:
        read = ReadBank(Bank.RESERVED, _PASSWORD_ADDRESS, 2, self._password, self._job.epc)
        if (yield from _insist(Step.VERIFY_PASSWORD, read)) != self._password.to_bytes(4):
            raise _StepFailed(Step.VERIFY_PASSWORD, "the tag holds another password than was written")

    def _lock(self) -> Generator[Ask, Answer, None]:
        """The kill password too: else anybody may set one and kill the tag with it."""
        locked = LockAction.NEEDS_PASSWORD
        lock = LockTag(self._password, kill_password=locked, access_password=locked, epc_bank=locked, epc=self._job.epc)
        yield from _insist(Step.LOCK, lock)

    def _verify_lock(self) -> Generator[Ask, Answer, None]:
        """Write a word that is there already, without the password.

        Some readers say no more than "write failed": then the same write must work with the password, or it proves nothing.
        """
        proofs = 0
        for _ in range(2 * TRIES_PER_STEP):
            reply = yield from _ask(self._rewriting(0))
            if reply.status is Status.OK:
                raise _StepFailed(Step.VERIFY_LOCK, "the tag took a write without the password: its lock does not hold")
            if reply.status in _REFUSED:
                return
            with_password = yield from _ask(self._rewriting(self._password))
            proofs += with_password.status is Status.OK
            if proofs == 2:
                return
        raise _StepFailed(Step.VERIFY_LOCK, in_words(reply))

    def _rewriting(self, password: int) -> WriteBank:
        return WriteBank(Bank.EPC, _EPC_ADDRESS, self._job.epc[:2], password, self._job.epc)

    def _look_once_more(self, tid: Tid) -> Generator[Ask, Answer, None]:
        for _ in range(TRIES_PER_STEP):
            epcs = yield from _look(Prompt.WRITING)
            if epcs:
                break
        if epcs != {self._job.epc}:
            raise _StepFailed(Step.FINAL_LOOK, f"expected {self._job.epc} alone in the field, found {_names(epcs)}")
        if (yield from self._read_tid(self._job.epc)) != tid:
            raise _StepFailed(Step.FINAL_LOOK, f"another chip than {tid} answers as {self._job.epc}")


def _names(epcs: Iterable[bytes]) -> str:
    return ", ".join(sorted(epc.hex().upper() for epc in epcs)) or "none"
