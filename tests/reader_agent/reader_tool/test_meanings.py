"""What the tool tells about a stranger's numbers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.events import Reply, Status, TagSeen
from reader_agent.reader_tool.meanings import event_with_meaning, find_chip, find_numbering, in_words

GIAI, OURS = "3434257bf400000000bc6038", "eb0001000000020100000002"
GIAI_SAYS = {"scheme": "giai-96", "uri": "urn:epc:tag:giai-96:1.0614141.12345400"}


@pytest.mark.parametrize(
    ("epc", "pc", "says"),
    [
        pytest.param(GIAI, 0x3000, GIAI_SAYS, id="an asset of GS1's"),
        pytest.param(GIAI, None, GIAI_SAYS, id="from a reader that does not tell the PC word"),
        pytest.param(GIAI, 0x31A1, None, id="whose PC word says that it is not GS1's"),
        pytest.param(OURS, 0x31A1, {"scheme": "ebike", "authority": 1, "serial": 2, "issue": 1}, id="ours"),
        pytest.param("e28011700000020f1a2b3c4d", 0x3000, None, id="a chip as it leaves the factory"),
        pytest.param("", 0x0000, None, id="no EPC"),
        pytest.param("343425", None, None, id="not whole words"),
    ],
)
def test_whose_numbering_an_epc_is_of(epc: str, pc: int | None, says: dict[str, Any] | None) -> None:
    assert find_numbering(bytes.fromhex(epc), pc) == says


def test_a_tag_has_its_numbering_beside_its_epc() -> None:
    tag = TagSeen(bytes.fromhex(GIAI), 0x3000)
    assert event_with_meaning(tag)["numbering"] == GIAI_SAYS
    reply = Reply("read_bank", Status.OK, 0, b"", tag=tag)
    assert event_with_meaning(reply)["tag"]["numbering"] == GIAI_SAYS
    assert "numbering" not in event_with_meaning(TagSeen(bytes(12), 0x3000))


@pytest.mark.parametrize(
    ("epc", "words"),
    [
        pytest.param(GIAI, "of GS1's numbering: urn:epc:tag:giai-96:1.0614141.12345400", id="GS1"),
        pytest.param(OURS, "our form: authority 1, serial 2, issue 1", id="ours"),
    ],
)
def test_it_is_said_in_words(epc: str, words: str) -> None:
    numbering = find_numbering(bytes.fromhex(epc))
    assert numbering is not None
    assert words in in_words(numbering)


def test_a_chip_says_only_what_was_read() -> None:
    chip = find_chip(bytes.fromhex("e2801170200012345678abcd"))
    assert chip is not None
    assert (chip["designer"], chip["model"], chip["serial"], chip["stid"]) == (
        1,
        0x170,
        "12345678abcd",
        "urn:epc:stid:x801.x170.x12345678ABCD",
    )
    assert "user_memory" not in chip
    assert find_chip(b"\x00" * 12) is None


@given(st.binary(max_size=70), st.none() | st.integers(0, 0xFFFF))
def test_no_bytes_of_a_tag_end_the_tool(data: bytes, pc: int | None) -> None:
    find_numbering(data, pc)
    find_chip(data)
