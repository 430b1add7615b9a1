"""LLRP: what is done to one tag, and which report is its answer."""

import struct

import pytest

from firmware_protocols.commands import (
    Bank,
    Command,
    LockAction,
    LockTag,
    ReadBank,
    SetAccessPassword,
    StartInventory,
    WriteBank,
    WriteEpc,
)
from firmware_protocols.events import Notice, Reply, Status, TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import Parameter, id_of, parameters_of, tlv
from firmware_protocols.llrp.tables import INVENTORY_ROSPEC, MessageType, Tlv
from tests.firmware_protocols.llrp.building import EPC, OK, TID, asked, message, names, report, tag
from tests.firmware_protocols.reading import read

NEW_EPC = bytes.fromhex("eb0001000000010100000001")
PASSWORD = 0x11223344


def find(data: bytes, kind: int, start: int = 0) -> bytes:
    """The value of the first parameter of that kind, however deep."""
    at = data.index(kind.to_bytes(2), start)
    (parameter, *_) = parameters_of(data, at, at + int.from_bytes(data[at + 2 : at + 4]))
    return value(data, parameter)


def value(data: bytes, parameter: Parameter) -> bytes:
    return data[parameter.start : parameter.end]


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
