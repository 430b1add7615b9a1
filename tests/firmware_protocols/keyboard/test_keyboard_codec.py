"""What readers type."""

import pytest

from firmware_protocols.codec import Direction
from firmware_protocols.commands import Beep, BeepMode
from firmware_protocols.errors import Unsupported
from firmware_protocols.events import FrameError, FrameFault, TagSeen
from firmware_protocols.keyboard.codec import FACTS, KeyboardCodec
from tests.firmware_protocols.reading import cut, read

EPC = bytes.fromhex("e28011700000020f1a2b3c4d")
TYPED = EPC.hex().encode("ascii")


@pytest.mark.parametrize("enter", [b"\r", b"\n", b"\r\n", b"\t"], ids=["CR", "LF", "CR LF", "Tab"])
def test_every_enter_ends_an_epc(enter: bytes) -> None:
    assert read(KeyboardCodec(), cut((TYPED + enter) * 3, 1), has_gap=False) == [TagSeen(EPC)] * 3


def test_spaces_around_and_an_enter_by_hand_are_nothing() -> None:
    assert read(KeyboardCodec(), [b"\r\r  " + TYPED + b" \r\n\r\n"]) == [TagSeen(EPC)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b"E280117\r", FrameFault.LENGTH, id="a short one"),
        pytest.param(TYPED + b"0\r", FrameFault.LENGTH, id="a key doubled"),
        pytest.param(b"0" * 128 + b"\r", FrameFault.LENGTH, id="longer than any EPC"),
        pytest.param(b"0" * 300 + b"\r", FrameFault.LENGTH, id="longer than a line is held"),
        pytest.param(TYPED[:12] + b" " + TYPED[12:] + b"\r", FrameFault.NOISE, id="a space inside"),
        pytest.param(b"https://example.org\r", FrameFault.NOISE, id="a QR code"),
    ],
)
def test_what_is_no_epc_is_one_error(line: bytes, reason: FrameFault) -> None:
    (error,) = read(KeyboardCodec(), [line], has_gap=False)
    assert isinstance(error, FrameError)
    assert error.reason is reason


def test_an_epc_without_its_enter_is_not_believed() -> None:
    """It may be the first half of a longer one: there is nothing else to know it by."""
    (error,) = read(KeyboardCodec(), [TYPED])
    assert isinstance(error, FrameError)
    assert (error.reason, error.found) == (FrameFault.LENGTH, "24 characters, then silence")


def test_nobody_types_to_a_reader() -> None:
    (error,) = read(KeyboardCodec(direction=Direction.TO_READER), [TYPED + b"\r"])
    assert isinstance(error, FrameError)


def test_it_takes_no_command_and_promises_nothing() -> None:
    with pytest.raises(Unsupported, match="keyboard readers cannot do Beep: they only type"):
        KeyboardCodec().encode(Beep(BeepMode.QUIET))
    facts = KeyboardCodec().facts
    assert facts == FACTS
    assert not any((facts.has_rssi_dbm, facts.reads_tid_in_inventory, facts.pulses_in_inventory))
