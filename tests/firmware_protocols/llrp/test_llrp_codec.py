"""LLRP: what a reader says, and what it is told in return."""

import struct

import pytest

from firmware_protocols.as_json import event_to_json
from firmware_protocols.codec import AnswersUnasked, Direction
from firmware_protocols.commands import Command, StartInventory, StopInventory
from firmware_protocols.events import HostCommand, Notice, Reply, Status, TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import id_of, tlv, version_of
from firmware_protocols.llrp.tables import IMPINJ, INVENTORY_ROSPEC, MessageType, Tlv, Version
from tests.firmware_protocols.llrp.building import EPC, OK, message
from tests.firmware_protocols.reading import read


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
        "parameter error in the message; ✓; parameter 177 (rospec): unexpected parameter in the message; "
        "parameter 183 (aispec): parameter error in a parameter; field 2: value out of range"
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


@pytest.mark.parametrize(("vendor", "maker"), [(161, "Zebra"), (26_554, "ThingMagic"), (32_473, "vendor 32473")])
def test_custom_messages_are_kept(vendor: int, maker: str) -> None:
    (notice,) = read(LlrpCodec(), [message(MessageType.CUSTOM_MESSAGE, struct.pack(">IB", vendor, 9), b"abc")])
    assert notice == Notice("custom_message", code=9, data=b"abc", detail=f"of {maker}")


def test_impinjs_answer() -> None:
    (reply,) = read(LlrpCodec(), [message(MessageType.CUSTOM_MESSAGE, struct.pack(">IB", IMPINJ, 22), OK)])
    assert reply == Reply("impinj_enable_extensions", Status.OK, 0)


def test_the_versions_of_a_reader() -> None:
    (reply,) = read(LlrpCodec(), [message(MessageType.GET_SUPPORTED_VERSION_RESPONSE, b"\x01\x02", OK, version=Version.V1_1)])
    assert isinstance(reply, Reply)
    assert (reply.command, reply.data, reply.detail) == ("get_supported_version", b"\x01\x02", "speaks version 1, can speak 2")


def test_what_only_llrp_says_stands_in_json_too() -> None:
    seen = TagSeen(EPC, reads=3, first_seen_us=5, last_seen_us=7)
    told = event_to_json(seen)
    assert (told["reads"], told["first_seen_us"], told["last_seen_us"]) == (3, 5, 7)
    assert event_to_json(Notice("connection_attempt", reader_time_us=9))["reader_time_us"] == 9
    assert event_to_json(HostCommand("get_report", 60, message_id=4))["message_id"] == 4


class TestInventoryOver:
    """A reader that ends our inventory by itself lives on, and is deaf."""

    def ended(self, rospec_id: int = INVENTORY_ROSPEC, event: int = 1) -> bytes:
        rospec_event = tlv(Tlv.ROSPEC_EVENT, struct.pack(">BII", event, rospec_id, 0))
        data = tlv(Tlv.READER_EVENT_NOTIFICATION_DATA, tlv(Tlv.UTC_TIMESTAMP, bytes(8)), rospec_event)
        return message(MessageType.READER_EVENT_NOTIFICATION, data)

    def begun(self, command: Command = StartInventory()) -> LlrpCodec:  # noqa: B008 — a frozen value
        codec = LlrpCodec()
        codec.encode(command)
        read(codec, [message(MessageType.ENABLE_ROSPEC_RESPONSE, OK)])
        return codec

    def test_it_is_told_apart_from_other_ends(self) -> None:
        _, over = read(self.begun(), [self.ended()])
        assert over == Notice("inventory_over", Status.READER_ERROR, 1, detail="its inventory ended by itself")
        assert over.name == LlrpCodec().facts.stop_notice

    @pytest.mark.parametrize("event", [1, 2], ids=["ended", "preempted"])
    def test_it_is_said_once(self, event: int) -> None:
        codec = self.begun()
        assert len(read(codec, [self.ended(event=event), self.ended(event=event)])) == 3

    def test_the_end_that_was_asked_for_is_none(self) -> None:
        codec = self.begun()
        codec.encode(StopInventory())
        assert len(read(codec, [self.ended()])) == 1

    def test_the_end_of_the_inventory_before_is_none(self) -> None:
        codec = self.begun()
        codec.encode(StartInventory())
        assert len(read(codec, [self.ended(), message(MessageType.ENABLE_ROSPEC_RESPONSE, OK)])) == 2

    @pytest.mark.parametrize(("rospec_id", "event"), [(INVENTORY_ROSPEC, 0), (INVENTORY_ROSPEC + 1, 1)], ids=["a start", "another's"])
    def test_neither_is_a_start_or_the_end_of_another(self, rospec_id: int, event: int) -> None:
        assert len(read(self.begun(), [self.ended(rospec_id, event)])) == 1

    def test_whoever_only_listens_is_told_the_bare_event(self) -> None:
        assert len(read(LlrpCodec(), [self.ended()])) == 1
