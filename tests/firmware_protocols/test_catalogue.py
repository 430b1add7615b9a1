"""The catalogue and its tables keep their own rules."""

from enum import IntEnum

import pytest

import firmware_protocols.m100.tables as m100_tables
import firmware_protocols.r2000.tables as r2000_tables
import firmware_protocols.thingmagic.tables as thingmagic_tables
from firmware_protocols.catalogue import FAMILIES, UnknownFamily, codec_for
from firmware_protocols.codec import Direction
from firmware_protocols.commands import Beep, BeepMode, GetInfo, SetAntennas
from firmware_protocols.errors import BadArgument, ProtocolError, Unsupported
from firmware_protocols.events import HostCommand, Status
from firmware_protocols.gen2 import GEN2_ERROR_TEXT
from firmware_protocols.simulators import SIMULATED_FAMILIES
from tests.firmware_protocols.reading import read


def test_the_families() -> None:
    assert set(FAMILIES) >= {"m100", "r200", "r2000"}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_codec_has_the_facts_of_its_family(family: str) -> None:
    assert codec_for(family).facts == FAMILIES[family]
    assert FAMILIES[family].name == family


def test_an_unknown_family_is_told_which_are_known() -> None:
    with pytest.raises(UnknownFamily, match=r"no reader family 'm101'; known are m100, r200, r2000"):
        codec_for("m101")


@pytest.mark.parametrize(
    ("family", "address", "antenna_ports"),
    [
        pytest.param("m100", None, 4, id="a module with one port"),
        pytest.param("r200", 1, None, id="frames without an address"),
        pytest.param("r2000", None, 5, id="no board has five ports"),
        pytest.param("r2000", None, 0, id="no board has no port"),
        pytest.param("r2000", 256, None, id="address beyond a byte"),
        pytest.param("thingmagic", None, 3, id="no module has three ports"),
        pytest.param("thingmagic", 1, None, id="a module without an address"),
    ],
)
def test_an_option_that_the_family_cannot_have(family: str, address: int | None, antenna_ports: int | None) -> None:
    with pytest.raises(BadArgument):
        codec_for(family, address=address, antenna_ports=antenna_ports)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_encoded_is_read_by_the_other_half(family: str) -> None:
    commands = read(codec_for(family, direction=Direction.TO_READER), codec_for(family).encode(GetInfo()))
    assert [event.command for event in commands if isinstance(event, HostCommand)] in (["get_info"], ["get_reader_capabilities"])


def test_what_a_family_cannot_is_refused_with_its_name() -> None:
    with pytest.raises(Unsupported, match="m100 readers cannot beep"):
        codec_for("m100").encode(Beep(BeepMode.QUIET))
    with pytest.raises(ProtocolError, match="r200 readers cannot switch antennas"):
        codec_for("r200").encode(SetAntennas((1,)))


def test_every_family_can_be_simulated() -> None:
    assert set(SIMULATED_FAMILIES) == set(FAMILIES)


@pytest.mark.parametrize(
    "opcodes", [m100_tables.Opcode, r2000_tables.Opcode, thingmagic_tables.Opcode], ids=["m100", "r2000", "thingmagic"]
)
def test_no_opcode_stands_twice(opcodes: type[IntEnum]) -> None:
    assert len(opcodes.__members__) == len({opcode.value for opcode in opcodes})  # an alias would be swallowed by the enum


def test_every_answer_shape_belongs_to_an_opcode() -> None:
    assert set(m100_tables.ANSWER) <= set(m100_tables.Opcode)
    assert set(r2000_tables.Opcode) >= r2000_tables.STATUS_ANSWERS | r2000_tables.TAG_WRITES | r2000_tables.INVENTORIES


def test_every_gen2_error_of_every_act_has_a_code() -> None:
    for base in m100_tables.REFUSED_ACT:
        for code in GEN2_ERROR_TEXT:
            assert base | code in m100_tables.ERROR


@pytest.mark.parametrize("table", [m100_tables.ERROR, r2000_tables.ERROR], ids=["m100", "r2000"])
def test_every_error_but_success_says_what_it_is(table: dict[int, tuple[Status, str]]) -> None:
    for status, text in table.values():
        assert bool(text) == (status is not Status.OK)


def test_every_error_code_of_the_references_is_there() -> None:
    assert set(m100_tables.ERROR) >= {0x09, 0x10, 0x13, 0x15, 0x16, 0x17, 0x20, 0x1A, 0x1B, 0x1D, 0x2A, 0x2B, 0x2E}
    assert set(r2000_tables.ERROR) >= {0x10, 0x11, *range(0x20, 0x26), *range(0x31, 0x39), 0x3C, *range(0x40, 0x58)}


def test_the_frequency_table_has_sixty_steps() -> None:
    table = r2000_tables.FREQUENCY_KHZ
    assert (len(table), table[0], table[6], table[7], table[59]) == (60, 865_000, 868_000, 902_000, 928_000)
    for band in r2000_tables.BAND.values():
        assert 0 <= band.first <= band.last < len(table)
