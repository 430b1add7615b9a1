"""The LLRP codec: what it asks, what it hears, and what it answers by itself."""

import struct
from random import Random

import pytest

from firmware_protocols.as_json import event_to_json
from firmware_protocols.codec import AnswersUnasked, Direction
from firmware_protocols.commands import (
    Bank,
    Beep,
    BeepMode,
    Command,
    GetAntennas,
    GetInfo,
    GetPower,
    GetRegion,
    LockAction,
    LockTag,
    ReadBank,
    Region,
    SetAccessPassword,
    SetAntennas,
    SetOutput,
    SetPower,
    SetRegion,
    StartInventory,
    StopInventory,
    WriteBank,
    WriteEpc,
)
from firmware_protocols.errors import BadArgument, Unsupported
from firmware_protocols.events import HostCommand, Notice, Reply, Status, TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.encoding import INVENTORY_ROSPEC
from firmware_protocols.llrp.frames import Parameter, id_of, parameters_of, tlv, version_of
from firmware_protocols.llrp.tables import IMPINJ, MessageType, Tlv, Version
from firmware_protocols.simulators.llrp_settings import capabilities
from tests.firmware_protocols.llrp.building import EPC, OK, TID, message, report, tag
from tests.firmware_protocols.reading import read

NEW_EPC = bytes.fromhex("eb0001000000010100000001")
PASSWORD = 0x11223344


def codec_that_knows(*, is_impinj: bool = False) -> LlrpCodec:
    codec = LlrpCodec()
    read(codec, [message(MessageType.GET_READER_CAPABILITIES_RESPONSE, OK, capabilities(0, 4, is_impinj=is_impinj))])
    return codec


def asked(codec: LlrpCodec, command: Command) -> list[HostCommand]:
    events = read(LlrpCodec(direction=Direction.TO_READER), codec.encode(command))
    return [event for event in events if isinstance(event, HostCommand)]


def names(commands: list[HostCommand]) -> list[str]:
    return [command.command for command in commands]


def find(data: bytes, kind: int, start: int = 0) -> bytes:
    """The value of the first parameter of that kind, however deep."""
    at = data.index(kind.to_bytes(2), start)
    (parameter, *_) = parameters_of(data, at, at + int.from_bytes(data[at + 2 : at + 4]))
    return value(data, parameter)


def value(data: bytes, parameter: Parameter) -> bytes:
    return data[parameter.start : parameter.end]


def test_messages_are_numbered() -> None:
    codec = LlrpCodec()
    frames = codec.encode(StartInventory()) + codec.encode(GetInfo())
    assert [id_of(frame) for frame in frames] == list(range(1, len(frames) + 1))


def test_a_start_clears_the_reader_and_asks_for_keepalives() -> None:
    commands = asked(LlrpCodec(), StartInventory())
    assert names(commands) == ["set_reader_config", "delete_accessspec", "delete_rospec", "add_rospec", "enable_rospec"]
    assert find(commands[0].data, Tlv.KEEPALIVE_SPEC) == struct.pack(">BI", 1, 500)
    assert commands[0].data[0] == 0  # not back to the factory's settings
    assert commands[-1].data == INVENTORY_ROSPEC.to_bytes(4)


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


@pytest.mark.parametrize(
    ("command", "op_spec"),
    [
        pytest.param(ReadBank(Bank.TID, 0, 6, PASSWORD, EPC), "0155 000f 0001 11223344 80 0000 0006", id="read TID"),
        pytest.param(ReadBank(Bank.USER, 2, 1), "0155 000f 0001 00000000 c0 0002 0001", id="read user memory"),
        pytest.param(WriteBank(Bank.USER, 2, b"\xab\xcd"), "0156 0011 0001 00000000 c0 0002 0001 abcd", id="write user memory"),
        pytest.param(WriteEpc(NEW_EPC, 0x3000), "0156 001d 0001 00000000 40 0001 0007 3000" + NEW_EPC.hex(), id="write EPC"),
        pytest.param(SetAccessPassword(PASSWORD), "0156 0013 0001 00000000 00 0002 0002 11223344", id="access password"),
        pytest.param(
            LockTag(PASSWORD, epc_bank=LockAction.NEEDS_PASSWORD, access_password=LockAction.CLOSED_FOREVER),
            "0158 0016 0001 11223344 0159 0006 01 01 0159 0006 00 02",
            id="lock",
        ),
        pytest.param(
            LockTag(PASSWORD, kill_password=LockAction.OPEN, user_bank=LockAction.OPEN_FOREVER),
            "0158 0016 0001 11223344 0159 0006 03 00 0159 0006 02 04",
            id="unlock",
        ),
    ],
)
def test_an_access_is_laid_ready_before_its_rospec_runs(command: Command, op_spec: str) -> None:
    commands = asked(LlrpCodec(), command)
    assert names(commands) == [
        "set_reader_config",
        "delete_rospec",
        "delete_accessspec",
        "add_accessspec",
        "enable_accessspec",
        "add_rospec",
        "enable_rospec",
    ]
    assert bytes.fromhex(op_spec) in commands[3].data


def test_events_are_asked_for_once() -> None:
    codec = LlrpCodec()
    codec.encode(StartInventory())
    assert names(asked(codec, ReadBank(Bank.TID, 0, 6)))[0] == "delete_rospec"


def test_the_tag_that_is_meant_is_picked_by_its_whole_epc() -> None:
    add = asked(LlrpCodec(), ReadBank(Bank.TID, 0, 6, epc=EPC))[3].data
    assert find(add, Tlv.C1G2_TARGET_TAG) == bytes.fromhex("60 0020 0060") + b"\xff" * 12 + b"\x00\x60" + EPC
    add = asked(LlrpCodec(), ReadBank(Bank.TID, 0, 6))[3].data
    assert find(add, Tlv.C1G2_TARGET_TAG) == bytes.fromhex("60 0020 0000 0000")


class TestAccess:
    """One ReadBank of the TID, up to its answer."""

    def begin(self) -> tuple[LlrpCodec, int]:
        """A codec that has asked, and the number of its last message."""
        codec = LlrpCodec()
        frames = codec.encode(ReadBank(Bank.TID, 0, 6, epc=EPC))
        return codec, id_of(frames[-1])

    def result(self, op_spec_id: int = 1, code: int = 0, words: bytes = TID) -> bytes:
        body = struct.pack(">BHH", code, op_spec_id, len(words) // 2) + words
        return report(tag(tlv(Tlv.C1G2_READ_RESULT, body)))

    def test_its_result_answers_the_last_message(self) -> None:
        codec, last = self.begin()
        started, seen, reply = read(codec, [message(MessageType.ENABLE_ROSPEC_RESPONSE, OK, message_id=last), self.result()])
        assert started == Notice("access_started")
        assert seen == TagSeen(EPC, tid=TID)
        assert reply == Reply("enable_rospec", Status.OK, 0, TID, TagSeen(EPC, tid=TID))

    def test_a_result_that_comes_before_the_answer(self) -> None:
        codec, last = self.begin()
        _, reply, started = read(codec, [self.result(), message(MessageType.ENABLE_ROSPEC_RESPONSE, OK, message_id=last)])
        assert isinstance(reply, Reply)
        assert (reply.command, started) == ("enable_rospec", Notice("access_started"))

    def test_a_refusal_answers_at_once(self) -> None:
        codec, last = self.begin()
        refused = tlv(Tlv.LLRP_STATUS, struct.pack(">HH", 401, 0))
        (reply,) = read(codec, [message(MessageType.ENABLE_ROSPEC_RESPONSE, refused, message_id=last)])
        assert reply == Reply("enable_rospec", Status.READER_ERROR, 401, detail="device error of the reader")

    def rospec_event(self, rospec_id: int) -> bytes:
        ended = tlv(Tlv.ROSPEC_EVENT, struct.pack(">BII", 1, rospec_id, 0))
        data = tlv(Tlv.READER_EVENT_NOTIFICATION_DATA, tlv(Tlv.UTC_TIMESTAMP, bytes(8)), ended)
        return message(MessageType.READER_EVENT_NOTIFICATION, data)

    def test_the_end_of_its_time_says_that_no_tag_answered(self) -> None:
        codec, _ = self.begin()
        _, reply = read(codec, [self.rospec_event(INVENTORY_ROSPEC + 1)])
        assert isinstance(reply, Reply)
        assert (reply.command, reply.status) == ("enable_rospec", Status.NO_TAG)

    def test_the_end_of_another_says_nothing(self) -> None:
        codec, _ = self.begin()
        assert len(read(codec, [self.rospec_event(INVENTORY_ROSPEC)])) == 1
        codec.encode(ReadBank(Bank.TID, 0, 6, epc=EPC))
        assert len(read(codec, [self.rospec_event(INVENTORY_ROSPEC + 1)])) == 1

    def test_a_late_result_of_an_earlier_access_is_not_the_answer(self) -> None:
        codec, _ = self.begin()
        codec.encode(ReadBank(Bank.USER, 0, 6, epc=EPC))
        _, late = read(codec, [self.result(op_spec_id=1)])
        assert isinstance(late, Reply)
        assert late.command == "read_bank"


def test_a_keepalive_is_answered_by_its_own_number_and_version() -> None:
    codec = LlrpCodec()
    assert isinstance(codec, AnswersUnasked)
    assert codec.bytes_to_send() == b""
    keepalives = [
        message(MessageType.KEEPALIVE, message_id=number, version=version) for number, version in ((5, Version.V1_0_1), (6, Version.V1_1))
    ]
    assert read(codec, keepalives) == [Notice("keepalive")] * 2
    said = codec.bytes_to_send()
    first, second = read(LlrpCodec(direction=Direction.TO_READER), [said])
    assert isinstance(first, HostCommand)
    assert isinstance(second, HostCommand)
    assert [(each.command, each.message_id) for each in (first, second)] == [("keepalive_ack", 5), ("keepalive_ack", 6)]
    assert (version_of(said[:10]), version_of(said[10:])) == (1, 2)
    assert codec.bytes_to_send() == b""


def test_answers_that_nobody_takes_do_not_pile_up() -> None:
    codec = LlrpCodec()
    read(codec, [message(MessageType.KEEPALIVE, message_id=number) for number in range(1000)])
    said = codec.bytes_to_send()
    assert len(said) == 640
    assert id_of(said[-10:]) == 999


def test_a_simulated_reader_answers_no_keepalives() -> None:
    codec = LlrpCodec(direction=Direction.TO_READER)
    read(codec, [message(MessageType.KEEPALIVE_ACK)])
    assert codec.bytes_to_send() == b""


def test_version_1_1_is_agreed_on_first() -> None:
    codec = LlrpCodec(version=Version.V1_1)
    frames = codec.encode(GetInfo())
    assert [version_of(frame) for frame in frames] == [2, 2]
    commands = [event for event in read(LlrpCodec(direction=Direction.TO_READER), frames) if isinstance(event, HostCommand)]
    assert [(command.command, command.data) for command in commands] == [
        ("set_protocol_version", b"\x02"),
        ("get_reader_capabilities", b"\x00"),
    ]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param("0064 0000", Status.BAD_PARAMETER, id="parameter error"),
        pytest.param("006d 0000", Status.BAD_COMMAND, id="unsupported message"),
        pytest.param("006e 0000", Status.BAD_COMMAND, id="unsupported version"),
        pytest.param("0191 0000", Status.READER_ERROR, id="device error"),
        pytest.param("4242 0000", Status.READER_ERROR, id="a status that no standard has"),
        pytest.param("0064 0003 e29c93 0121 0018 00b1 0066 0121 0010 00b7 00c8 0120 0008 0002 012d", Status.BAD_PARAMETER, id="nested"),
    ],
)
def test_errors_are_named(status: str, expected: Status) -> None:
    body = tlv(Tlv.LLRP_STATUS, bytes.fromhex(status))
    (reply,) = read(LlrpCodec(), [message(MessageType.ERROR_MESSAGE, body)])
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status, reply.code) == ("error", expected, int(status[:4], 16))
    assert reply.detail


def test_a_nested_error_is_told_to_its_end() -> None:
    nested = "0064 0003 e29c93 0121 0018 00b1 0066 0121 0010 00b7 00c8 0120 0008 0002 012d"
    (reply,) = read(LlrpCodec(), [message(MessageType.ADD_ROSPEC_RESPONSE, tlv(Tlv.LLRP_STATUS, bytes.fromhex(nested)))])
    assert isinstance(reply, Reply)
    assert reply.detail == (
        "parameter error in the message; ✓; parameter 177: unexpected parameter in the message; "
        "parameter 183: parameter error in a parameter; field 2: value out of range"
    )


@pytest.mark.parametrize(
    ("event", "name", "status", "code", "detail"),
    [
        pytest.param(tlv(256, b"\0\2"), "connection_attempt", Status.READER_ERROR, 2, "refused: another client is connected", id="refused"),
        pytest.param(tlv(256, b"\0\4"), "connection_attempt", Status.READER_ERROR, 4, "another client tried to connect", id="another"),
        pytest.param(tlv(255, b"\0\0\3"), "antenna", Status.ANTENNA_MISSING, 0, "port 3 disconnected", id="antenna gone"),
        pytest.param(tlv(255, b"\1\0\3"), "antenna", Status.OK, 1, "port 3 connected", id="antenna back"),
        pytest.param(tlv(248, b"\0\2\x80"), "input_changed", Status.OK, 1, "input 2 high", id="input"),
        pytest.param(tlv(249, b"\1\0\0\0\5\0\0\0\0"), "rospec", Status.OK, 1, "ROSpec 5 ended", id="ROSpec"),
        pytest.param(tlv(250, b"\x5a"), "report_buffer_filling", Status.OK, 90, "90 % full", id="buffer fills"),
        pytest.param(tlv(251), "report_buffer_overflow", Status.READER_ERROR, None, "reports were lost", id="buffer full"),
        pytest.param(tlv(252, b"\0\3hot"), "reader_exception", Status.READER_ERROR, None, "hot", id="exception"),
        pytest.param(tlv(247, b"\0\1\0\2"), "hopping", Status.OK, None, "", id="hop"),
        pytest.param(tlv(700, b"\1"), "parameter", Status.OK, 700, "in a notification, not understood", id="unknown"),
    ],
)
def test_what_a_reader_says_unasked(event: bytes, name: str, status: Status, code: int | None, detail: str) -> None:
    data = tlv(Tlv.READER_EVENT_NOTIFICATION_DATA, tlv(Tlv.UPTIME, struct.pack(">Q", 77)), event)
    (notice,) = read(LlrpCodec(), [message(MessageType.READER_EVENT_NOTIFICATION, data)])
    assert isinstance(notice, Notice)
    assert (notice.name, notice.status, notice.code, notice.detail) == (name, status, code, detail)


def test_custom_messages_are_kept() -> None:
    (notice,) = read(LlrpCodec(), [message(MessageType.CUSTOM_MESSAGE, struct.pack(">IB", 161, 9), b"abc")])
    assert notice == Notice("custom_message", code=9, data=b"abc", detail="of Zebra")


def test_impinjs_answer() -> None:
    (reply,) = read(LlrpCodec(), [message(MessageType.CUSTOM_MESSAGE, struct.pack(">IB", IMPINJ, 22), OK)])
    assert reply == Reply("impinj_enable_extensions", Status.OK, 0)


def test_the_versions_of_a_reader() -> None:
    (reply,) = read(LlrpCodec(), [message(MessageType.GET_SUPPORTED_VERSION_RESPONSE, b"\x01\x02", OK, version=Version.V1_1)])
    assert isinstance(reply, Reply)
    assert (reply.command, reply.data, reply.detail) == ("get_supported_version", b"\x01\x02", "speaks version 1, can speak 2")


@pytest.mark.parametrize("ports", [0, 65])
def test_no_reader_has_so_many_antennas(ports: int) -> None:
    with pytest.raises(BadArgument):
        LlrpCodec(antenna_ports=ports)


def test_no_two_messages_of_a_long_connection_have_one_number() -> None:
    codec, rng = LlrpCodec(), Random(1)
    commands: list[Command] = [StartInventory(), ReadBank(Bank.TID, 0, 6), GetInfo()]
    numbers = [id_of(frame) for _ in range(200) for frame in codec.encode(rng.choice(commands))]
    assert len(set(numbers)) == len(numbers)


def test_what_only_llrp_says_stands_in_json_too() -> None:
    seen = TagSeen(EPC, reads=3, first_seen_us=5, last_seen_us=7)
    told = event_to_json(seen)
    assert (told["reads"], told["first_seen_us"], told["last_seen_us"]) == (3, 5, 7)
    assert event_to_json(Notice("connection_attempt", reader_time_us=9))["reader_time_us"] == 9
    assert event_to_json(HostCommand("get_report", 60, message_id=4))["message_id"] == 4
