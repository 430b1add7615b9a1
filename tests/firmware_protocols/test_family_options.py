"""What a family may be told in a configuration: it is checked, named in errors with its remedy, and does what it says."""

import struct

import pytest

from firmware_protocols.catalogue import ALL_FAMILIES, codec_for
from firmware_protocols.codec import AnswersUnasked, Direction
from firmware_protocols.commands import StartInventory
from firmware_protocols.errors import BadArgument
from firmware_protocols.family_options import OPTIONS, Choice, Options, OptionValue, Whole, YesOrNo, find_option_problems, typed_options
from firmware_protocols.llrp.frames import build_message, tlv, type_of, version_of
from firmware_protocols.llrp.tables import MessageType, Tlv, Version
from firmware_protocols.simulators.llrp_settings import capabilities
from firmware_protocols.thingmagic.frames import build_command

OK = tlv(Tlv.LLRP_STATUS, bytes(4))


def start_of(family: str, options: Options, heard: bytes = b"") -> bytes:
    """The frames of a start, after the reader has said something."""
    codec = codec_for(family, options=options)
    codec.receive_data(heard)
    codec.next_event()
    return b"".join(codec.encode(StartInventory()))


def llrp_reader(*, is_impinj: bool) -> bytes:
    body = OK + capabilities(0, 4, is_impinj=is_impinj)
    return build_message(Version.V1_0_1, MessageType.GET_READER_CAPABILITIES_RESPONSE, 1, body)


def singulation(session: int, population: int) -> bytes:
    return tlv(Tlv.C1G2_SINGULATION_CONTROL, struct.pack(">BHI", session << 6, population, 1000))


@pytest.mark.parametrize(
    ("options", "part"),
    [
        pytest.param({}, singulation(0, 8), id="as it is"),
        pytest.param({"session": 2}, singulation(2, 8), id="session"),
        pytest.param({"population": 100}, singulation(0, 100), id="population"),
        pytest.param({"keepalive_ms": 1000}, tlv(Tlv.KEEPALIVE_SPEC, struct.pack(">BI", 1, 1000)), id="keep-alives"),
        pytest.param({"mode_index": 1002}, tlv(Tlv.C1G2_RF_CONTROL, struct.pack(">HH", 1002, 0)) + singulation(0, 8), id="mode"),
        pytest.param({"mode_index": 0, "tari_ns": 12_500}, tlv(Tlv.C1G2_RF_CONTROL, struct.pack(">HH", 0, 12_500)), id="mode and tari"),
    ],
)
def test_how_an_llrp_reader_takes_inventory(options: dict[str, OptionValue], part: bytes) -> None:
    assert part in start_of("llrp", options)


def test_no_mode_is_chosen_unasked() -> None:
    assert Tlv.C1G2_RF_CONTROL.to_bytes(2) + b"\0\x08" not in start_of("llrp", {})


@pytest.mark.parametrize(
    ("options", "is_impinj", "are_asked"),
    [
        pytest.param({}, True, True, id="of Impinj's readers"),
        pytest.param({}, False, False, id="of no others"),
        pytest.param({"impinj_extensions": False}, True, False, id="switched off"),
        pytest.param({"impinj_extensions": True}, False, True, id="switched on"),
    ],
)
def test_impinjs_extensions(options: dict[str, OptionValue], is_impinj: bool, are_asked: bool) -> None:
    first = start_of("llrp", options, llrp_reader(is_impinj=is_impinj))
    assert (type_of(first) == MessageType.CUSTOM_MESSAGE) == are_asked


def test_which_version_is_spoken() -> None:
    assert version_of(start_of("llrp", {"version": "1.1"})) == Version.V1_1


def test_an_m5e_is_not_asked_to_stream() -> None:
    codec = codec_for("thingmagic", options={"model": "m5e"})
    assert codec.encode(StartInventory()) == (build_command(0x2A),)
    assert isinstance(codec, AnswersUnasked)


def test_a_module_that_does_not_read_tids_on_the_way() -> None:
    codec = codec_for("thingmagic", options={"tid_in_inventory": False})
    assert not codec.facts.reads_tid_in_inventory
    assert codec.encode(StartInventory())[-1] == build_command(0x2F, bytes.fromhex("000001220000 0507 2210001b00fa01ff"))


@pytest.mark.parametrize(("model", "start"), [("uhfreader18", "01"), ("288", "01"), ("ex10", "50")])
def test_which_generation_a_chafon_reader_is(model: str, start: str) -> None:
    assert start_of("chafon", {"model": model})[2:3].hex() == start


def test_fast_id() -> None:
    codec = codec_for("chafon", options={"model": "288", "fast_id": True})
    assert codec.facts.reads_tid_in_inventory


@pytest.mark.parametrize(
    ("family", "options", "says"),
    [
        pytest.param("llrp", {"keepalive_ms": 5000}, "write a whole number from 100 to 1000, without quotes: how often", id="too rare"),
        pytest.param("llrp", {"session": "2"}, "write a whole number from 0 to 3, without quotes: Gen2 session", id="a number in quotes"),
        pytest.param("llrp", {"session": True}, "write a whole number from 0 to 3", id="a yes for a number"),
        pytest.param("llrp", {"impinj_extensions": 1}, "write true or false, without quotes", id="a number for a yes"),
        pytest.param("llrp", {"version": "2.0"}, 'write one of "1.0.1", "1.1"', id="no such version"),
        pytest.param("llrp", {"sesion": 1}, "have version, keepalive_ms, mode_index, tari_ns, session, population", id="misspelt"),
        pytest.param("llrp", {"sesion": 1}, "is session meant?", id="what is meant"),
        pytest.param("thingmagic", {"model": "m4"}, 'write one of "m5e", "m6e", "micro", "nano", "m7e"', id="no such model"),
        pytest.param("chafon", {"model": 288}, 'write one of "uhfreader18", "288", "ex10"', id="a number for a model"),
        pytest.param("m100", {"model": "x"}, "m100 readers have no options; remove it", id="a family without options"),
    ],
)
def test_what_a_family_does_not_take_is_named_with_its_remedy(family: str, options: dict[str, OptionValue], says: str) -> None:
    (problem,) = find_option_problems(family, options)
    assert (problem.key, problem.value) == next(iter(options.items()))
    assert says in problem.remedy
    with pytest.raises(BadArgument, match=f"option {problem.key}"):
        codec_for(family, options=options)


@pytest.mark.parametrize(
    ("family", "typed", "option"),
    [
        pytest.param("thingmagic", {"model": "m5e"}, {"model": "m5e"}, id="a choice"),
        pytest.param("chafon", {"model": "288"}, {"model": "288"}, id="a choice that looks like a number"),
        pytest.param("chafon", {"fast_id": "true"}, {"fast_id": True}, id="yes"),
        pytest.param("thingmagic", {"tid_in_inventory": "false"}, {"tid_in_inventory": False}, id="no"),
        pytest.param("llrp", {"session": "2"}, {"session": 2}, id="a number"),
        pytest.param("llrp", {"session": "two"}, {"session": "two"}, id="no number stays text"),
        pytest.param("llrp", {"session": "9" * 5000}, {"session": "9" * 5000}, id="no sensible number stays text"),
        pytest.param("llrp", {"session": "²"}, {"session": "²"}, id="no digit of ours stays text"),
        pytest.param("chafon", {"fast_id": "1"}, {"fast_id": "1"}, id="neither yes nor no stays text"),
        pytest.param("m100", {"model": "x"}, {"model": "x"}, id="an unknown one stays text"),
    ],
)
def test_what_is_typed_becomes_what_the_option_takes(family: str, typed: dict[str, str], option: dict[str, OptionValue]) -> None:
    assert typed_options(family, typed) == option


def samples(form: Choice | YesOrNo | Whole) -> tuple[OptionValue, ...]:
    match form:
        case Choice(texts):
            return texts
        case Whole(least, most):
            return (least, most)
        case YesOrNo():
            return (True, False)


ROWS = [
    pytest.param(family, key, value, id=f"{family} {key} {value}")
    for family, options in OPTIONS.items()
    for key, option in options.items()
    for value in samples(option.form)
]


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(("family", "key", "value"), ROWS)
def test_every_option_that_is_listed_is_taken(family: str, key: str, value: OptionValue, direction: Direction) -> None:
    assert family in ALL_FAMILIES
    codec_for(family, direction=direction, options={key: value})
