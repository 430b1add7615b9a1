"""The simulated LLRP reader: how it behaves, and how it misbehaves."""

import struct
from random import Random

import pytest

from firmware_protocols.commands import Bank, Command, GetInfo, GetPower, ReadBank, SetAntennas, SetOutput, SetPower, StartInventory
from firmware_protocols.events import Event, FrameError, Notice, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import build_message, tlv
from firmware_protocols.llrp.tables import MessageType, Tlv, Version
from firmware_protocols.simulators import CLEAN_AIR, NO_FAULTS, LineFaults, ReaderOptions, TagField
from firmware_protocols.simulators.llrp import LlrpReader
from firmware_protocols.simulators.llrp_settings import PLAIN, LlrpOptions
from tests.firmware_protocols.reading import drain, errors_of
from tests.firmware_protocols.simulators.conversing import EPC, TID, new_tag, seen_in

TICK_S = 0.01


class Talk:
    """A host and this reader, joined without a socket."""

    def __init__(
        self,
        manner: LlrpOptions = PLAIN,
        faults: LineFaults = NO_FAULTS,
        options: ReaderOptions = ReaderOptions(),  # noqa: B008 — a frozen value
    ) -> None:
        rng = Random(1)
        self.field = TagField(rng, CLEAN_AIR)
        self.reader = LlrpReader(self.field, rng, faults, options, manner)
        self.now_s = 0.0
        self.answers_keepalives = True
        self.connect()

    def connect(self) -> None:
        self.codec = LlrpCodec()
        self.reader.connect()

    def pass_time(self, seconds: float) -> list[Event]:
        events: list[Event] = []
        until_s = self.now_s + seconds
        while self.now_s < until_s - TICK_S / 2:
            self.now_s += TICK_S
            self.codec.receive_data(b"".join(self.reader.advance(self.now_s)))
            events += drain(self.codec)
            answers = self.codec.bytes_to_send()
            if self.answers_keepalives:
                self.reader.receive_data(answers)
        return events

    def tell(self, command: Command) -> None:
        for frame in self.codec.encode(command):
            self.reader.receive_data(frame)

    def send(self, kind: int, body: str = "", message_id: int = 99) -> list[Event]:
        self.reader.receive_data(build_message(Version.V1_0_1, kind, message_id, bytes.fromhex(body)))
        return self.pass_time(TICK_S)

    def ask(self, command: Command) -> Reply:
        reply = None
        for frame in self.codec.encode(command):
            self.reader.receive_data(frame)
            reply = self._await_reply()
            if reply.status is not Status.OK:
                break
        assert reply is not None
        return reply

    def _await_reply(self) -> Reply:
        for _ in range(200):
            for event in self.pass_time(TICK_S):
                if isinstance(event, Reply):
                    return event
        raise AssertionError("no reply within two seconds")


def keepalives(events: list[Event]) -> int:
    return events.count(Notice("keepalive"))


def test_a_host_is_greeted_with_the_readers_clock() -> None:
    talk = Talk(LlrpOptions(clock_at_zero_us=1_000_000))
    (notice,) = talk.pass_time(0.1)
    assert notice == Notice("connection_attempt", code=0, data=b"\0\0", detail="connected", reader_time_us=1_010_000)


def test_a_second_host_is_refused_and_the_first_hears_of_it() -> None:
    talk = Talk()
    talk.pass_time(0.1)
    refusal = LlrpCodec()
    refusal.receive_data(talk.reader.refuse_connection(talk.now_s))
    (refused,) = drain(refusal)
    (told,) = talk.pass_time(0.1)
    assert isinstance(refused, Notice)
    assert isinstance(told, Notice)
    assert (refused.code, told.code) == (2, 4)


def test_keepalives_come_by_the_clock_and_end_when_nobody_answers() -> None:
    talk = Talk()
    talk.tell(StartInventory())
    assert keepalives(talk.pass_time(5.0)) == 9
    assert not talk.reader.is_closed
    talk.answers_keepalives = False
    assert keepalives(talk.pass_time(5.0)) == 3
    assert talk.reader.is_closed


def test_missed_keepalives() -> None:
    talk = Talk(LlrpOptions(missed_keepalives=0.5))
    talk.tell(StartInventory())
    assert 20 < keepalives(talk.pass_time(40.0)) < 60


def test_a_slow_reader() -> None:
    talk = Talk(LlrpOptions(answer_delay_s=0.3))
    talk.pass_time(0.1)
    talk.tell(GetInfo())
    assert talk.pass_time(0.25) == []
    (reply,) = talk.pass_time(0.1)
    assert isinstance(reply, Reply)


@pytest.mark.parametrize(
    ("manner", "first_us", "drifted_us"),
    [
        pytest.param(LlrpOptions(clock_at_zero_us=10**9, clock_drift_ppm=100_000), 10**9 + 110_000, 10**9 + 11_000_000, id="drift"),
        pytest.param(LlrpOptions(has_no_clock=True), 100_000, 10_000_000, id="time since its start"),
    ],
)
def test_clocks(manner: LlrpOptions, first_us: int, drifted_us: int) -> None:
    talk = Talk(manner)
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.tell(StartInventory())
    times = [seen.first_seen_us or 0 for seen in seen_in(talk.pass_time(10.0))]
    assert times == sorted(times)
    assert abs(times[0] - first_us) < 150_000
    assert abs(times[-1] - drifted_us) < 150_000


def test_empty_reports() -> None:
    talk = Talk(LlrpOptions(reports_empty_rounds=True))
    talk.tell(StartInventory())
    events = talk.pass_time(1.0)
    assert events.count(RoundEnded(reads=0)) > 25
    assert not errors_of(events)


def test_what_is_left_out_is_inherited() -> None:
    full, sparse = Talk(), Talk(LlrpOptions(omits_unchanged=True))
    seen = []
    for talk in (full, sparse):
        for number in range(3):
            talk.field.enter(new_tag(number), enters_s=0.0, antenna=number + 1)
        talk.tell(StartInventory())
        seen.append(seen_in(talk.pass_time(1.0)))
    assert seen[0] == seen[1]
    assert {tag.antenna for tag in seen[1]} == {1, 2, 3}


def test_an_impinj_reader_tells_tid_phase_and_finer_rssi() -> None:
    talk = Talk(LlrpOptions(is_impinj=True))
    talk.field.enter(new_tag(), enters_s=0.0)
    assert "Impinj" in talk.ask(GetInfo()).detail
    assert talk.ask(StartInventory()).status is Status.OK
    seen = seen_in(talk.pass_time(0.5))[-1]
    assert (seen.tid, seen.frequency_khz, seen.pc) == (TID, 865_700, 0x3000)
    assert seen.phase is not None
    assert seen.rssi is not None
    assert len(seen.rssi.raw) == 2


def test_other_readers_refuse_impinjs_extensions() -> None:
    (_, reply) = Talk().send(MessageType.CUSTOM_MESSAGE, "0000651a1500000000")
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status) == ("error", Status.BAD_COMMAND)


def test_each_antenna_hears_its_own_tags_and_one_is_missing() -> None:
    talk = Talk(options=ReaderOptions(missing_antennas=frozenset({2})))
    for port in (1, 2, 3):
        talk.field.enter(new_tag(port), enters_s=0.0, antenna=port)
    assert talk.ask(SetAntennas((1, 2))).detail.startswith("port 1 connected, port 2 not connected")
    talk.tell(StartInventory())
    events = talk.pass_time(0.5)
    assert {seen.epc for seen in seen_in(events)} == {new_tag(1).epc}
    assert [event.status for event in events if isinstance(event, Notice) and event.name == "antenna"] == [Status.ANTENNA_MISSING]


def test_an_input_that_changes() -> None:
    talk = Talk()
    talk.tell(StartInventory())
    talk.pass_time(0.2)
    talk.reader.dialect.change_input(2, talk.now_s, is_high=True)
    details = [event.detail for event in talk.pass_time(0.1) if isinstance(event, Notice)]
    assert "input 2 high" in details


def test_what_one_host_set_the_next_finds_but_no_keepalive_debt() -> None:
    talk = Talk()
    talk.ask(GetInfo())
    assert talk.ask(SetPower(12)).status is Status.OK
    assert talk.ask(SetOutput(1, is_high=True)).status is Status.OK
    talk.connect()
    talk.ask(GetInfo())
    assert talk.ask(GetPower()).detail == "12 dBm"


def test_an_access_without_its_tag_ends_in_time() -> None:
    talk = Talk()
    talk.field.enter(new_tag(1), enters_s=0.0)
    began_s = talk.now_s
    reply = talk.ask(ReadBank(Bank.TID, 0, 6, epc=EPC))
    assert reply.status is Status.NO_TAG
    assert talk.now_s - began_s < 0.5


def test_a_line_that_splits_and_merges_harms_nothing() -> None:
    talk = Talk(faults=LineFaults(split=0.5, merged=0.5))
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.tell(StartInventory())
    events = talk.pass_time(5.0)
    assert not errors_of(events)
    assert 150 < len(seen_in(events)) < 170


def test_a_reader_that_loses_bytes_is_read_again_after_each_loss() -> None:
    talk = Talk(faults=LineFaults(truncated=0.1))
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.tell(StartInventory())
    halves = [talk.pass_time(1.0) for _ in range(10)]
    assert any(isinstance(event, FrameError) for half in halves for event in half)
    assert all(TagSeen in {type(event) for event in half} for half in halves)


ROSPEC_BODY = b"".join(
    (
        struct.pack(">IBB", 5, 0, 0),
        tlv(Tlv.RO_BOUNDARY_SPEC, tlv(Tlv.ROSPEC_START_TRIGGER, b"\0"), tlv(Tlv.ROSPEC_STOP_TRIGGER, bytes(5))),
        tlv(
            Tlv.AISPEC,
            struct.pack(">HH", 1, 0),
            tlv(Tlv.AISPEC_STOP_TRIGGER, bytes(5)),
            tlv(Tlv.INVENTORY_PARAMETER_SPEC, struct.pack(">HB", 1, 1)),
        ),
    )
)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        pytest.param(MessageType.START_ROSPEC, "00000009", Status.BAD_PARAMETER, id="no such ROSpec"),
        pytest.param(MessageType.ENABLE_ACCESSSPEC, "00000009", Status.BAD_PARAMETER, id="no such AccessSpec"),
        pytest.param(MessageType.DELETE_ROSPEC, "00000000", Status.OK, id="delete all of none"),
        pytest.param(MessageType.ADD_ROSPEC, "", Status.BAD_PARAMETER, id="no ROSpec"),
        pytest.param(MessageType.ADD_ROSPEC, "00b1000a 00000001 0000", Status.BAD_PARAMETER, id="a ROSpec without an AISpec"),
        pytest.param(MessageType.ADD_ACCESSSPEC, "00cf0010 00000001 0000 01 00 00000000", Status.BAD_PARAMETER, id="nothing to do"),
        pytest.param(MessageType.GET_ROSPECS, "", Status.OK, id="ROSpecs"),
        pytest.param(MessageType.GET_ACCESSSPECS, "", Status.OK, id="AccessSpecs"),
        pytest.param(MessageType.GET_READER_CAPABILITIES, "09", Status.BAD_PARAMETER, id="no such capabilities"),
        pytest.param(MessageType.GET_READER_CONFIG, "0009 00 0000 0000", Status.BAD_PARAMETER, id="no such antenna"),
        pytest.param(MessageType.SET_READER_CONFIG, "80", Status.OK, id="factory settings"),
        pytest.param(MessageType.SET_READER_CONFIG, "00 00db0007000980", Status.BAD_PARAMETER, id="no such output"),
        pytest.param(MessageType.SET_READER_CONFIG, "00 00de0010 0000 00e0000a 0000 0001 0052", Status.BAD_PARAMETER, id="power"),
        pytest.param(MessageType.SET_PROTOCOL_VERSION, "02", Status.OK, id="1.1"),
        pytest.param(MessageType.SET_PROTOCOL_VERSION, "03", Status.BAD_COMMAND, id="2.0"),
        pytest.param(MessageType.GET_SUPPORTED_VERSION, "", Status.OK, id="versions"),
        pytest.param(MessageType.CLOSE_CONNECTION, "", Status.OK, id="goodbye"),
        pytest.param(MessageType.ADD_ROSPEC, "00b1ffff", Status.BAD_PARAMETER, id="a parameter longer than its message"),
        pytest.param(MessageType.SET_READER_CONFIG, "00 00dc000501", Status.BAD_PARAMETER, id="half a keep-alive"),
        pytest.param(900, "", Status.BAD_COMMAND, id="a message of a later standard"),
    ],
)
def test_odd_messages(kind: int, body: str, status: Status) -> None:
    talk = Talk()
    talk.pass_time(0.1)
    (reply,) = talk.send(kind, body)
    assert isinstance(reply, Reply)
    assert reply.status is status
    assert talk.reader.is_closed == (kind == MessageType.CLOSE_CONNECTION)


def test_the_life_of_a_rospec() -> None:
    talk = Talk()
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.pass_time(0.1)

    def status_of(kind: MessageType) -> Status:
        reply = next(event for event in talk.send(kind, "00000005") if isinstance(event, Reply))
        return reply.status

    def state() -> int:
        (reply,) = (event for event in talk.send(MessageType.GET_ROSPECS) if isinstance(event, Reply))
        return reply.data[9]

    (added,) = talk.send(MessageType.ADD_ROSPEC, tlv(Tlv.ROSPEC, ROSPEC_BODY).hex())
    assert isinstance(added, Reply)
    assert (added.status, state()) == (Status.OK, 0)
    assert status_of(MessageType.START_ROSPEC) is Status.BAD_PARAMETER  # disabled
    assert (status_of(MessageType.ENABLE_ROSPEC), state()) == (Status.OK, 1)
    assert (status_of(MessageType.START_ROSPEC), state()) == (Status.OK, 2)
    talk.pass_time(0.5)
    assert (status_of(MessageType.STOP_ROSPEC), state()) == (Status.OK, 1)
    assert (status_of(MessageType.DISABLE_ROSPEC), state()) == (Status.OK, 0)
    assert status_of(MessageType.DELETE_ROSPEC) is Status.OK
    assert status_of(MessageType.DELETE_ROSPEC) is Status.BAD_PARAMETER


def test_a_report_that_is_asked_for() -> None:
    talk = Talk()
    talk.field.enter(new_tag(), enters_s=0.0)
    on_request = tlv(Tlv.RO_REPORT_SPEC, struct.pack(">BH", 0, 0), tlv(Tlv.TAG_REPORT_CONTENT_SELECTOR, b"\x10\x80"))
    talk.send(MessageType.ADD_ROSPEC, tlv(Tlv.ROSPEC, ROSPEC_BODY, on_request).hex())
    talk.send(MessageType.ENABLE_ROSPEC, "00000005")
    talk.send(MessageType.START_ROSPEC, "00000005")
    assert not seen_in(talk.pass_time(1.0))
    (seen,) = seen_in(talk.send(MessageType.GET_REPORT))
    assert (seen.epc, seen.antenna) == (EPC, 1)
    assert (seen.reads or 0) > 25
