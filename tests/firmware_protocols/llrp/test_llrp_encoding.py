"""LLRP: commands to messages."""

import struct
from random import Random

import pytest

from firmware_protocols.codec import Direction
from firmware_protocols.commands import (
    Bank,
    Beep,
    BeepMode,
    Command,
    GetAntennas,
    GetInfo,
    GetPower,
    GetRegion,
    ReadBank,
    Region,
    SetAntennas,
    SetOutput,
    SetPower,
    SetRegion,
    StartInventory,
    StopInventory,
)
from firmware_protocols.errors import BadArgument, Unsupported
from firmware_protocols.events import HostCommand
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import Parameter, id_of, parameters_of, tlv, version_of
from firmware_protocols.llrp.tables import IMPINJ, INVENTORY_ROSPEC, MessageType, Tlv, Version
from tests.firmware_protocols.llrp.building import OK, asked, codec_that_knows, message, names
from tests.firmware_protocols.reading import read


def find(data: bytes, kind: int, start: int = 0) -> bytes:
    """The value of the first parameter of that kind, however deep."""
    at = data.index(kind.to_bytes(2), start)
    (parameter, *_) = parameters_of(data, at, at + int.from_bytes(data[at + 2 : at + 4]))
    return value(data, parameter)


def value(data: bytes, parameter: Parameter) -> bytes:
    return data[parameter.start : parameter.end]


def test_messages_are_numbered() -> None:
    codec = LlrpCodec()
    frames = [*codec.encode(StartInventory()), codec.bytes_to_send(), *codec.encode(GetInfo())]
    assert [id_of(frame) for frame in frames] == list(range(1, len(frames) + 1))


def test_a_start_clears_the_reader_and_asks_for_keepalives() -> None:
    commands = asked(LlrpCodec(), StartInventory())
    assert names(commands) == ["set_reader_config", "delete_accessspec", "delete_rospec", "add_rospec", "enable_rospec"]
    assert find(commands[0].data, Tlv.KEEPALIVE_SPEC) == struct.pack(">BI", 1, 500)
    assert commands[0].data[0] == 0  # not back to the factory's settings
    assert commands[-1].data == INVENTORY_ROSPEC.to_bytes(4)


def test_a_reader_that_refuses_keepalives_is_asked_for_events_alone() -> None:
    codec = LlrpCodec()
    asked_first = asked(codec, StartInventory())[0]
    refusal = tlv(Tlv.LLRP_STATUS, struct.pack(">HH", 100, 0))
    read(codec, [message(MessageType.SET_READER_CONFIG_RESPONSE, refusal, message_id=asked_first.message_id or 0)])
    asked_next = asked(codec, StartInventory())[0]
    events = find(asked_first.data, Tlv.READER_EVENT_NOTIFICATION_SPEC)
    assert asked_next.data == b"\0" + tlv(Tlv.READER_EVENT_NOTIFICATION_SPEC, events)


def test_another_setting_that_is_refused_leaves_the_keepalives() -> None:
    codec = codec_that_knows()
    asked(codec, StartInventory())
    (power,) = asked(codec, SetPower(20))
    refusal = tlv(Tlv.LLRP_STATUS, struct.pack(">HH", 101, 0))
    read(codec, [message(MessageType.SET_READER_CONFIG_RESPONSE, refusal, message_id=power.message_id or 0)])
    assert find(asked(codec, StartInventory())[0].data, Tlv.KEEPALIVE_SPEC)


def test_the_rospec_is_one_that_readers_take() -> None:
    add = asked(LlrpCodec(), StartInventory())[3].data
    assert find(add, Tlv.ROSPEC_START_TRIGGER) == b"\x01"  # immediate
    assert find(add, Tlv.AISPEC_STOP_TRIGGER) == bytes(5)  # none: readers refuse triggers by tag
    assert find(add, Tlv.RO_REPORT_SPEC)[:3] == b"\x01\x00\x01"  # each tag at once
    assert Tlv.RF_TRANSMITTER.to_bytes(2) not in add  # readers refuse indices that are not theirs
    assert find(add, Tlv.AISPEC)[:4] == b"\x00\x01\x00\x00"  # all antennas


def test_the_antennas_of_the_inventories_that_follow() -> None:
    codec = LlrpCodec()
    assert names(asked(codec, SetAntennas((1, 3)))) == ["get_reader_config"]
    add = asked(codec, StartInventory())[3].data
    assert find(add, Tlv.AISPEC)[:6] == struct.pack(">HHH", 2, 1, 3)


def test_impinjs_extensions_are_asked_of_impinjs_readers_alone() -> None:
    commands = asked(codec_that_knows(is_impinj=True), StartInventory())
    assert names(commands)[0] == "impinj_enable_extensions"
    assert commands[0].data == struct.pack(">IBI", IMPINJ, 21, 0)
    assert IMPINJ.to_bytes(4) in commands[4].data
    for codec in (LlrpCodec(), codec_that_knows()):
        assert all(IMPINJ.to_bytes(4) not in frame for frame in codec.encode(StartInventory()))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param(StopInventory(), ["delete_rospec"], id="stop"),
        pytest.param(GetInfo(), ["get_reader_capabilities"], id="info"),
        pytest.param(GetRegion(), ["get_reader_capabilities"], id="region"),
        pytest.param(GetPower(), ["get_reader_config"], id="power"),
        pytest.param(GetAntennas(), ["get_reader_config"], id="antennas"),
        pytest.param(SetOutput(2, is_high=True), ["set_reader_config"], id="output"),
        pytest.param(SetRegion(Region.EU), ["get_reader_capabilities"], id="a region that the reader has not told yet"),
    ],
)
def test_what_one_message_asks(command: Command, expected: list[str]) -> None:
    assert names(asked(LlrpCodec(), command)) == expected


@pytest.mark.parametrize(("wanted", "index"), [(10, 1), (10.3, 2), (22, 49), (30, 81)])
def test_power_is_an_index_into_the_readers_table_and_never_above_what_was_asked(wanted: float, index: int) -> None:
    (command,) = asked(codec_that_knows(), SetPower(wanted))
    assert find(command.data, Tlv.RF_TRANSMITTER) == struct.pack(">HHH", 0, 1, index)


def test_the_hop_table_is_the_readers_own() -> None:
    codec = LlrpCodec()
    hops = tlv(Tlv.FREQUENCY_HOP_TABLE, struct.pack(">BBHII", 3, 0, 2, 902_750, 903_250))
    band = tlv(
        Tlv.UHF_BAND_CAPABILITIES,
        tlv(Tlv.TRANSMIT_POWER_ENTRY, struct.pack(">Hh", 7, 3000)),
        tlv(Tlv.FREQUENCY_INFORMATION, b"\x80", hops),
    )
    regulations = tlv(Tlv.REGULATORY_CAPABILITIES, struct.pack(">HH", 840, 1), band)
    read(codec, [message(MessageType.GET_READER_CAPABILITIES_RESPONSE, OK, regulations)])
    (command,) = asked(codec, SetPower(30))
    assert find(command.data, Tlv.RF_TRANSMITTER) == struct.pack(">HHH", 3, 0, 7)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(SetPower(9), id="below the table"),
        pytest.param(SetPower(30.5), id="above the table"),
        pytest.param(SetAntennas((5,)), id="no such antenna"),
        pytest.param(SetAntennas(()), id="no antenna"),
        pytest.param(SetOutput(5, is_high=True), id="no such output"),
        pytest.param(SetOutput(0, is_high=True), id="outputs count from 1"),
        pytest.param(ReadBank(Bank.TID, 0, 0), id="nothing to read"),
    ],
)
def test_what_no_such_reader_takes(command: Command) -> None:
    with pytest.raises(BadArgument):
        codec_that_knows().encode(command)


def test_power_before_the_table_has_come() -> None:
    with pytest.raises(BadArgument, match="ask GetInfo first"):
        LlrpCodec().encode(SetPower(20))


def test_what_no_reader_of_the_family_can() -> None:
    with pytest.raises(Unsupported, match="llrp readers cannot beep"):
        LlrpCodec().encode(Beep(BeepMode.QUIET))
    with pytest.raises(Unsupported, match="this one has ETSI 302 208"):
        codec_that_knows().encode(SetRegion(Region.US))


def test_version_1_1_is_agreed_on_first() -> None:
    codec = LlrpCodec(version=Version.V1_1)
    frames = codec.encode(GetInfo())
    assert [version_of(frame) for frame in frames] == [2, 2]
    commands = [event for event in read(LlrpCodec(direction=Direction.TO_READER), frames) if isinstance(event, HostCommand)]
    assert [(command.command, command.data) for command in commands] == [
        ("set_protocol_version", b"\x02"),
        ("get_reader_capabilities", b"\x00"),
    ]


def test_a_version_that_is_agreed_on_is_not_asked_for_again() -> None:
    """The reader would answer M_UnexpectedMessage, and the question after it would go unasked."""
    codec = LlrpCodec(version=Version.V1_1)
    codec.encode(GetInfo())
    assert names(asked(codec, GetInfo())) == ["set_protocol_version", "get_reader_capabilities"]
    read(codec, [message(MessageType.SET_PROTOCOL_VERSION_RESPONSE, OK, version=Version.V1_1)])
    (again,) = codec.encode(GetInfo())
    assert version_of(again) == Version.V1_1
    assert names(asked(codec, GetInfo())) == ["get_reader_capabilities"]


@pytest.mark.parametrize("ports", [0, 65])
def test_no_reader_has_so_many_antennas(ports: int) -> None:
    with pytest.raises(BadArgument):
        LlrpCodec(antenna_ports=ports)


def test_no_two_messages_of_a_long_connection_have_one_number() -> None:
    codec, rng = LlrpCodec(), Random(1)
    commands: list[Command] = [StartInventory(), ReadBank(Bank.TID, 0, 6), GetInfo()]
    numbers = [id_of(frame) for _ in range(200) for frame in codec.encode(rng.choice(commands))]
    assert len(set(numbers)) == len(numbers)
