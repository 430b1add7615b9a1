"""EPC, TID, PC word, names and money: parsed once, trusted afterwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.epc import ClosedEpc, Epc, PcWord
from schemas.errors import ContractError
from schemas.identifiers import AgentId, CheckpointId
from schemas.money import MAX_POISHA, Money
from schemas.tid import Tid

words = st.integers(1, 31).flatmap(lambda count: st.binary(min_size=count * 2, max_size=count * 2))


@given(words)
def test_an_epc_of_any_length_comes_back_from_its_text(value: bytes) -> None:
    assert Epc.parse(str(Epc(value))) == value
    assert PcWord.for_epc(Epc(value)).epc_bytes == len(value)


@given(st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_our_layout_comes_back_field_by_field(authority: int, serial: int, issue: int, random: int) -> None:
    ours = ClosedEpc(authority, serial, issue, random)
    assert ours.to_epc().bits == 96
    assert ClosedEpc.find_in(ours.to_epc()) == ours


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("3434257BF400000000BC6038", id="a GIAI-96 of GS1"),
        pytest.param("EB000100", id="too short to be ours"),
        pytest.param("EB00010000000101000000010000", id="too long to be ours"),
    ],
)
def test_a_foreign_number_is_not_ours(text: str) -> None:
    assert ClosedEpc.find_in(Epc.parse(text)) is None


@pytest.mark.parametrize("fields", [(-1, 0, 0, 0), (1 << 16, 0, 0, 0), (0, 1 << 32, 0, 0), (0, 0, 256, 0), (0, 0, 0, 1 << 32)])
def test_a_field_that_does_not_fit_is_refused(fields: tuple[int, int, int, int]) -> None:
    with pytest.raises(ContractError, match="bits"):
        ClosedEpc(*fields)


@pytest.mark.parametrize(
    ("text", "epc_bytes", "is_gs1", "afi"),
    [
        pytest.param("3000", 12, True, None, id="96 bits, GS1"),
        pytest.param("3400", 12, True, None, id="96 bits with user memory"),
        pytest.param("31A5", 12, False, 0xA5, id="96 bits, closed numbering"),
        pytest.param("F800", 62, True, None, id="the longest"),
    ],
)
def test_a_pc_word_is_read(text: str, epc_bytes: int, is_gs1: bool, afi: int | None) -> None:
    pc = PcWord.parse(text)
    assert (pc.epc_bytes, pc.is_gs1, pc.afi, str(pc)) == (epc_bytes, is_gs1, afi, text)


def test_a_closed_epc_gets_the_toggle_and_the_afi() -> None:
    assert str(PcWord.for_epc(ClosedEpc(1, 1, 1, 1).to_epc(), afi=0xA5)) == "31A5"


@pytest.mark.parametrize(
    ("text", "is_gen2"),
    [
        pytest.param("E2801160200012345678ABCD", True, id="class E2"),
        pytest.param("E0040100000012345678ABCD", False, id="ISO/IEC 15693"),
    ],
)
def test_a_tid_says_of_which_class_it_is(text: str, is_gen2: bool) -> None:
    assert Tid.parse(text).is_gen2 is is_gen2


@pytest.mark.parametrize("text", ["", "-a", "a-", "A", "a b", "a/b", "+", "#", "ক", "a" * 41])
def test_a_name_that_is_not_safe_in_a_topic_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="CheckpointId"):
        CheckpointId(text)


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True))
def test_a_name_comes_back_the_same(text: str) -> None:
    assert AgentId.parse(text) == text


@given(st.integers(-MAX_POISHA, MAX_POISHA))
def test_money_comes_back_from_its_text(poisha: int) -> None:
    assert Money.parse(str(Money(poisha))) == Money(poisha)


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_money_adds_up(a: int, b: int) -> None:
    assert Money(a) + Money(b) - Money(b) == Money(a)


@pytest.mark.parametrize(
    ("text", "poisha"),
    [
        pytest.param("10000", 1_000_000, id="plain"),
        pytest.param("10,000.50", 1_000_050, id="with comma and poisha"),
        pytest.param("১২,৩৪,৫৬৭.৮", 123_456_780, id="Bangla digits, lakh commas, one decimal"),
        pytest.param("৳ ৫০০", 50_000, id="with the taka sign"),
    ],
)
def test_money_is_read_as_people_write_it(text: str, poisha: int) -> None:
    assert Money.parse(text) == Money(poisha)


@pytest.mark.parametrize("text", ["", "ten", "1.234", "1e3", "--1", "²", "1 000", pytest.param("9" * 5000, id="endless")])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="money"):
        Money.parse(text)


def test_money_groups_in_lakh_and_crore() -> None:
    assert str(Money(123_456_789_00)) == "12,34,56,789.00"
    assert str(Money(-5)) == "-0.05"
