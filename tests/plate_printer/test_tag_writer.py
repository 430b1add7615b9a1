import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocols.commands import Bank, Command, LockAction, LockTag, ReadBank, SetAccessPassword, WriteBank, WriteEpc
from firmware_protocols.events import Reply, Status
from firmware_protocols.gen2 import LockChange, LockField
from firmware_protocols.simulators.simulated_tag import SimulatedTag
from plate_printer.tag_writer import Prompt, write_tag
from schemas.epc import Epc, PcWord
from schemas.errors import ContractError
from schemas.orders import EncodingFailure
from schemas.tid import Tid
from tests.plate_printer.bench_field import AFI, JOB, OTHER_BIKES, OURS, PASSWORD, TID_A, TID_B, BenchField, blank, drive

LOCKED = LockChange(0b11, LockAction.NEEDS_PASSWORD)
AS_IS = LockChange(0, 0)
FAILS = Reply("bench", Status.WRITE_FAILED, 0x10, detail="write failed: no tag, or its answer was broken")


def finished(tag: SimulatedTag) -> tuple[bytes, int, int, list[LockAction]]:
    return tag.epc, tag.pc, tag.access_password, [tag.lock_of(field) for field in LockField][:3]


DONE = (OURS, JOB.pc, PASSWORD, [LockAction.NEEDS_PASSWORD] * 3)


def locked_for(epc: bytes, password: int, tid: bytes = TID_A) -> SimulatedTag:
    tag = SimulatedTag(epc=epc, tid=tid, pc=PcWord.for_epc(Epc(epc), AFI), access_password=password)
    tag.lock((LOCKED, LOCKED, LOCKED, AS_IS, AS_IS), password=password)
    return tag


def test_a_blank_tag_becomes_the_bikes_and_is_locked() -> None:
    tag = blank()
    assert drive(write_tag(JOB), BenchField(tag)) == Tid(TID_A)
    assert finished(tag) == DONE


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param(SimulatedTag(epc=b"", tid=TID_A), id="no EPC at all"),
        pytest.param(SimulatedTag(epc=bytes(16), tid=TID_A), id="128-bit EPC of zeroes"),
        pytest.param(SimulatedTag(epc=OTHER_BIKES, tid=TID_A), id="another bike's number, not locked"),
        pytest.param(SimulatedTag(epc=OURS, tid=TID_A), id="right EPC, wrong PC"),
        pytest.param(SimulatedTag(epc=bytes(12), tid=TID_A[:8]), id="TID of 64 bits"),
        pytest.param(SimulatedTag(epc=bytes(12), tid=TID_A + bytes(12)), id="TID of 192 bits"),
    ],
)
def test_tags_that_can_be_written(tag: SimulatedTag) -> None:
    assert drive(write_tag(JOB), BenchField(tag)) == Tid(tag.tid[:12])
    assert finished(tag) == DONE


def test_the_chip_is_known_before_anything_is_written() -> None:
    field = BenchField(blank())
    drive(write_tag(JOB), field)
    first_write = next(i for i, command in enumerate(field.commands) if not isinstance(command, ReadBank))
    assert isinstance(field.commands[0], ReadBank)
    assert field.commands[0].bank is Bank.TID
    assert first_write > 0


def test_the_password_is_verified_before_the_lock() -> None:
    field = BenchField(blank())
    drive(write_tag(JOB), field)
    kinds = [type(command) for command in field.commands]
    at = {kind: kinds.index(kind) for kind in (WriteEpc, SetAccessPassword, LockTag, WriteBank)}
    assert at[WriteEpc] < at[SetAccessPassword] < at[LockTag] < at[WriteBank]
    assert isinstance(field.commands[at[LockTag] - 1], ReadBank)


@pytest.mark.parametrize(
    ("tags", "prompt"),
    [
        pytest.param([], Prompt.PUT_TAG, id="no tag"),
        pytest.param([blank(), blank(TID_B, OTHER_BIKES)], Prompt.TAKE_OTHERS_AWAY, id="two tags"),
        pytest.param([locked_for(OTHER_BIKES, 0x1234)], Prompt.TAG_IS_TAKEN, id="another bike's, locked"),
        pytest.param([locked_for(OTHER_BIKES, PASSWORD)], Prompt.TAG_IS_TAKEN, id="another bike's, locked with the same password"),
        pytest.param([locked_for(OURS, 0x1234)], Prompt.TAG_IS_TAKEN, id="our number under a strange password"),
        pytest.param([SimulatedTag(epc=bytes(12), tid=bytes(12))], Prompt.TAG_HAS_NO_NUMBER, id="TID of zeroes"),
        pytest.param([SimulatedTag(epc=bytes(12), tid=bytes.fromhex("e0040150"))], Prompt.TAG_HAS_NO_NUMBER, id="TID of another class"),
        pytest.param([SimulatedTag(epc=bytes(12), tid=bytes.fromhex("e2806894"))], Prompt.TAG_HAS_NO_NUMBER, id="TID without serial"),
    ],
)
def test_the_officer_is_told_what_to_do_and_nothing_is_written(tags: list[SimulatedTag], prompt: Prompt) -> None:
    before = [finished(tag) for tag in tags]
    field = BenchField(*tags)
    assert drive(write_tag(JOB), field) is None
    assert field.prompts[-1] is prompt
    assert [finished(tag) for tag in tags] == before


def test_two_blanks_that_share_their_makers_epc_are_not_taken_for_one() -> None:
    field = BenchField(blank(TID_A), blank(TID_B))
    field_turns = BenchField(
        *field.tags, before=lambda number, _: Reply("bench", Status.OK, data=(TID_A, TID_B)[number % 2]) if number <= 2 else None
    )
    assert drive(write_tag(JOB), field_turns, most=10) is None
    assert field_turns.prompts[-1] is Prompt.TAKE_OTHERS_AWAY


def test_a_reader_that_does_not_say_why_a_long_read_fails_still_gets_a_short_number() -> None:
    def vague(_number: int, command: Command) -> Reply | None:
        is_long = isinstance(command, ReadBank) and command.bank is Bank.TID and command.word_count > 4
        return Reply("bench", Status.READ_FAILED) if is_long else None

    assert drive(write_tag(JOB), BenchField(blank(TID_A[:8]), before=vague)) == Tid(TID_A[:8])


def test_a_long_number_is_never_bound_by_its_first_half() -> None:
    field = BenchField(blank(), before=lambda number, _: Reply("bench", Status.READ_FAILED) if number <= 3 else None)
    assert drive(write_tag(JOB), field) == Tid(TID_A)


def test_a_refused_tag_is_exchanged_for_a_blank_one_and_the_job_goes_on() -> None:
    field = BenchField(locked_for(OTHER_BIKES, 0x1234))
    writing = write_tag(JOB)
    ask = next(writing)
    for _ in range(20):
        ask = writing.send(field.answer(ask))
    field.tags = []
    ask = writing.send(field.answer(ask))
    field.tags = [fresh := blank(TID_B)]
    field.answer(ask)
    result = None
    try:
        while True:
            ask = writing.send(field.answer(ask))
    except StopIteration as end:
        result = end.value
    assert result == Tid(TID_B)
    assert finished(fresh) == DONE


@pytest.mark.parametrize("after", range(1, 14))
def test_broken_off_after_any_command_the_same_job_finishes_the_same_tag(after: int) -> None:
    tag = blank()
    drive(write_tag(JOB), BenchField(tag), most=after)
    assert drive(write_tag(JOB), BenchField(tag)) == Tid(TID_A)
    assert finished(tag) == DONE


@pytest.mark.parametrize("after", range(1, 14))
def test_broken_off_after_any_command_another_tag_is_begun_afresh(after: int) -> None:
    drive(write_tag(JOB), BenchField(blank()), most=after)
    other = blank(TID_B)
    assert drive(write_tag(JOB), BenchField(other)) == Tid(TID_B)
    assert finished(other) == DONE


def test_a_chip_that_the_registry_gave_to_another_is_not_touched() -> None:
    field = BenchField(tag := blank())
    assert drive(write_tag(JOB, {TID_A}), field) is None
    assert field.prompts[-1] is Prompt.TAG_IS_TAKEN
    assert finished(tag) == finished(blank())


def test_a_tag_that_was_finished_before_is_confirmed_and_unchanged() -> None:
    tag = locked_for(OURS, PASSWORD)
    assert drive(write_tag(JOB), BenchField(tag)) == Tid(TID_A)
    assert finished(tag) == DONE


@pytest.mark.parametrize("words_written", range(1, 7))
def test_an_epc_torn_by_a_tag_lifted_in_the_middle_is_written_again(words_written: int) -> None:
    tag = blank()
    whole = JOB.pc.to_bytes(2) + OURS
    tag.write(Bank.EPC, 1, whole[: 2 * words_written])
    assert drive(write_tag(JOB), BenchField(tag)) == Tid(TID_A)
    assert finished(tag) == DONE


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        pytest.param(ReadBank, "read_tid", id="chip not read"),
        pytest.param(WriteEpc, "write_epc", id="EPC not written"),
        pytest.param(SetAccessPassword, "write_password", id="password not written"),
        pytest.param(LockTag, "lock", id="not locked"),
        pytest.param(WriteBank, "verify_lock", id="lock not proved"),
    ],
)
def test_a_step_that_always_fails_ends_with_its_name_the_reason_and_the_chip(kind: type[Command], step: str) -> None:
    field = BenchField(blank(), before=lambda _number, command: FAILS if isinstance(command, kind) else None)
    result = drive(write_tag(JOB), field)
    assert isinstance(result, EncodingFailure)
    assert (result.job, result.step, result.tid) == (JOB.job, step, None if step == "read_tid" else Tid(TID_A))
    assert "write failed" in result.reason
    assert f"{PASSWORD:08x}" not in result.reason.lower()


def test_a_chip_whose_lock_does_not_hold_is_reported() -> None:
    field = BenchField(blank(), before=lambda _, command: Reply("bench", Status.OK) if isinstance(command, LockTag) else None)
    result = drive(write_tag(JOB), field)
    assert isinstance(result, EncodingFailure)
    assert result.step == "verify_lock"
    assert "without the password" in result.reason


def test_a_chip_that_forgets_what_was_written_is_reported() -> None:
    field = BenchField(blank(epc=OURS), before=lambda _, command: Reply("bench", Status.OK) if isinstance(command, WriteEpc) else None)
    result = drive(write_tag(JOB), field)
    assert isinstance(result, EncodingFailure)
    assert result.step == "read_back"


def test_a_reader_that_only_says_write_failed_proves_the_lock_by_the_contrast() -> None:
    def vague(_number: int, command: Command) -> Reply | None:
        return FAILS if isinstance(command, WriteBank) and command.password == 0 else None

    assert drive(write_tag(JOB), BenchField(blank(), before=vague)) == Tid(TID_A)


def test_bits_that_the_chip_computes_itself_do_not_count_as_a_wrong_pc() -> None:
    def with_user_memory_bit(_number: int, command: Command) -> Reply | None:
        if isinstance(command, ReadBank) and command.bank is Bank.EPC:
            return Reply("bench", Status.OK, data=(JOB.pc | 0x0400).to_bytes(2) + OURS)
        return None

    assert drive(write_tag(JOB), BenchField(blank(), before=with_user_memory_bit)) == Tid(TID_A)


def test_a_tag_lifted_off_and_put_back_goes_on_without_a_failure() -> None:
    field = BenchField(tag := blank())

    def lift(number: int, _command: Command) -> Reply | None:
        if number == 4:
            field.tags = []
        return None

    field._before = lift
    writing = write_tag(JOB)
    assert drive(writing, field, most=40) is None
    assert field.prompts[-1] is Prompt.PUT_BACK
    assert drive(write_tag(JOB), BenchField(tag)) == Tid(TID_A)


@settings(max_examples=80)
@given(
    st.sets(st.integers(1, 60), max_size=12), st.sampled_from([Status.NO_TAG, Status.WRITE_FAILED, Status.READ_FAILED, Status.READER_ERROR])
)
def test_whatever_commands_fail_the_end_is_a_finished_tag_or_a_report(failing: set[int], status: Status) -> None:
    tag = blank()
    result = drive(write_tag(JOB), BenchField(tag, before=lambda number, _: Reply("bench", status) if number in failing else None))
    assert result is not None
    assert isinstance(result, EncodingFailure) or finished(tag) == DONE


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=5))
def test_broken_off_again_and_again_with_answers_lost_it_ends_finished(breaks: list[tuple[int, bool]]) -> None:
    tag = blank()
    for after, answer_is_lost in breaks:
        writing, field = write_tag(JOB), BenchField(tag)
        drive(writing, field, most=after)
        if answer_is_lost and field.commands:
            field.answer(field.commands[-1])
    assert drive(write_tag(JOB), BenchField(tag)) == Tid(TID_A)
    assert finished(tag) == DONE


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        pytest.param(msgspec.structs.replace(JOB, access_password="00000000"), "access password", id="password of zero"),
        pytest.param(msgspec.structs.replace(JOB, pc=PcWord(0x2000)), "PC word", id="PC for another length"),
    ],
)
def test_a_job_that_cannot_be_done_is_refused_before_any_tag(job: object, reason: str) -> None:
    with pytest.raises(ContractError, match=reason):
        write_tag(job)  # type: ignore[arg-type]  # msgspec's replace is untyped in a table
