"""The TID bank as the tag data standard lays it out, read whole or in steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.tid import BlockAccess, CommandSupport, TidFacts, UserMemory, find_tid_facts

ALL_SEGMENTS = (
    "e2c01105 3e00 112233445566"  # XTID and security, Impinj; a serial of 48 bits and all four segments
    "100f"  # commands: BlockPermalock, EPC of up to 15 words
    "00000001 00060508"  # erase: one word; write: up to 8 words, from EPC word 2 and user word 1, without borders in the EPC bank
    "0004 002b"  # user memory: blocks of 4 words, 43 words in all
    "0030"  # the EPC bank is locked for ever
)


@pytest.mark.parametrize(
    ("tid", "facts"),
    [
        pytest.param(
            "e2801170200012345678abcd",
            TidFacts(0x001, 0x170, has_xtid=True, serial_bits=48, serial=bytes.fromhex("12345678abcd"), words=6),
            id="Impinj, 48-bit serial",
        ),
        pytest.param("e2801170", TidFacts(0x001, 0x170, has_xtid=True), id="header not read yet"),
        pytest.param("e28011702000", TidFacts(0x001, 0x170, has_xtid=True, serial_bits=48, words=6), id="serial not read yet"),
        pytest.param("e280117020001234", TidFacts(0x001, 0x170, has_xtid=True, serial_bits=48, words=6), id="a third of the serial"),
        pytest.param("e28011700000", TidFacts(0x001, 0x170, has_xtid=True, serial_bits=0, words=3), id="XTID without a serial"),
        pytest.param("e2003412", TidFacts(0x003, 0x412, has_xtid=False), id="older Alien chip without XTID"),
        pytest.param("e200341201234567", TidFacts(0x003, 0x412, has_xtid=False), id="what follows without XTID is the maker's own"),
        pytest.param("e2e06001", TidFacts(0x006, 0x001, has_xtid=True, has_security=True, has_files=True), id="Gen2 version 2"),
        pytest.param("e004010011223344", None, id="another class"),
        pytest.param("e280", None, id="one word"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_what_a_tid_says_of_its_chip(tid: str, facts: TidFacts | None) -> None:
    assert find_tid_facts(bytes.fromhex(tid)) == facts


# Header → words: TDS 2.3 table 16-2; 3C00 and 3800 are the RAMXEED MB97R8110 (13 words) and MB97R8050 (11 words), by their data sheets.
@pytest.mark.parametrize(
    ("header", "words"), [("0000", 3), ("2000", 6), ("e000", 12), ("3800", 11), ("3c00", 13), ("3e00", 14), ("fe00", 20)]
)
def test_the_header_says_how_many_words_to_read(header: str, words: int) -> None:
    facts = find_tid_facts(bytes.fromhex("e2801105" + header))
    assert facts is not None
    assert facts.words == words


def test_every_segment_is_read() -> None:
    facts = find_tid_facts(bytes.fromhex(ALL_SEGMENTS))
    assert facts is not None
    assert facts.words == len(bytes.fromhex(ALL_SEGMENTS)) // 2
    assert facts.commands == CommandSupport(
        max_epc_words=15,
        can_be_recommissioned=False,
        has_access=False,
        has_separate_locks=False,
        sets_user_memory_bit=False,
        has_phase_jitter=False,
        has_block_erase=False,
        has_block_write=False,
        has_block_permalock=True,
    )
    assert facts.block_write == BlockAccess(8, True, 2, True, 1, False)
    assert facts.block_erase == BlockAccess(1, False, 0, False, 0, False)
    assert facts.user_memory == UserMemory(words=43, permalock_words=4)
    assert facts.lock_bits == 0b110000


@given(st.integers(0, len(bytes.fromhex(ALL_SEGMENTS))))
def test_a_bank_that_was_read_in_part_says_nothing_that_the_whole_does_not(size: int) -> None:
    whole, part = (find_tid_facts(bytes.fromhex(ALL_SEGMENTS)[:end]) for end in (None, size))
    assert whole is not None
    for name in TidFacts.__dataclass_fields__ if part else ():
        assert getattr(part, name) in (getattr(whole, name), None)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_not(data: bytes) -> None:
    for tid in (data, b"\xe2" + data, b"\xe2\x80" + data):
        facts = find_tid_facts(tid)
        assert facts is None or facts.serial is None or len(facts.serial) * 8 == facts.serial_bits


@pytest.mark.parametrize(
    ("tid", "uri"),
    [
        pytest.param("e2801170200012345678abcd", "urn:epc:stid:x801.x170.x12345678ABCD", id="48 bits"),
        pytest.param("e2c0600140000123456789abcdef", "urn:epc:stid:xC06.x001.x0123456789ABCDEF", id="with the indicators of version 2"),
        pytest.param("e2003412", None, id="no serial"),
    ],
)
def test_the_serialised_identification(tid: str, uri: str | None) -> None:
    facts = find_tid_facts(bytes.fromhex(tid))
    assert facts is not None
    assert facts.stid_uri == uri
