"""Whole conversations with simulated readers, on real bytes."""

import pytest

from firmware_protocols.commands import (
    Bank,
    Beep,
    BeepMode,
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
from firmware_protocols.events import Notice, Reply, RoundEnded, Status
from firmware_protocols.m100.frames import DELIMITERS, FrameType, build_frame
from firmware_protocols.r2000.frames import build_frame as build_r2000_frame
from firmware_protocols.simulators import NORMAL_AIR, SIMULATED_FAMILIES, LineFaults, ReaderOptions
from tests.firmware_protocols.reading import errors_of
from tests.firmware_protocols.simulators.conversing import EPC, TID, Conversation, new_tag, seen_in

NEW_EPC = bytes.fromhex("eb0001000000010100000001")
SECRET = 0x5EC2E7A1
NAMES_NO_TAG = {"thingmagic", "chafon"}  # their answers to a read or a write say how it went, not of which tag
CANNOT_LOCK = {"cf"}
ALL_FAMILIES = pytest.mark.parametrize("family", SIMULATED_FAMILIES)


@ALL_FAMILIES
def test_an_inventory(family: str) -> None:
    talk = Conversation(family)
    talk.field.enter(new_tag(), enters_s=0.5, leaves_s=1.5)
    talk.tell(StartInventory())
    before, during, after = talk.pass_time(0.45), talk.pass_time(1.1), talk.pass_time(0.5)
    assert not seen_in(before)
    assert not seen_in(after)
    assert 25 <= len(seen_in(during)) <= 35
    assert {(seen.epc, seen.pc or 0x3000) for seen in seen_in(during)} == {(EPC, 0x3000)}  # Chafon's reports say no PC
    assert any(isinstance(event, RoundEnded | Notice) for event in before)
    assert not errors_of(before + during + after)


@ALL_FAMILIES
def test_rssi_rises_and_falls_as_a_bike_passes(family: str) -> None:
    talk = Conversation(family)
    talk.field.enter(new_tag(), enters_s=0.0, leaves_s=2.0, peak_rssi_dbm=-45.0)
    talk.tell(StartInventory())
    rssi = [seen.rssi.value for seen in seen_in(talk.pass_time(2.0)) if seen.rssi]
    third = len(rssi) // 3
    start, middle, end = (sum(part) / len(part) for part in (rssi[:third], rssi[third:-third], rssi[-third:]))
    assert start + 3 < middle > end + 3


@ALL_FAMILIES
def test_stopping_ends_the_reports(family: str) -> None:
    talk = Conversation(family)
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.tell(StartInventory())
    assert talk.pass_time(0.2)
    assert talk.ask(StopInventory()).status is Status.OK
    assert not [event for event in talk.pass_time(1.0) if event != Notice("keepalive")]


@pytest.mark.parametrize("family", [family for family in SIMULATED_FAMILIES if family not in CANNOT_LOCK])
def test_a_tag_is_written_locked_and_then_refuses(family: str) -> None:
    talk = Conversation(family)
    tag = new_tag()
    talk.field.enter(tag, enters_s=0.0)
    assert talk.ask(ReadBank(Bank.TID, 0, 6, epc=EPC)).data == TID
    assert talk.ask(WriteEpc(NEW_EPC, 0x3000, epc=EPC)).status is Status.OK
    assert talk.ask(ReadBank(Bank.EPC, 1, 7, epc=NEW_EPC)).data == b"\x30\x00" + NEW_EPC
    assert talk.ask(SetAccessPassword(SECRET, epc=NEW_EPC)).status is Status.OK
    lock = LockTag(SECRET, access_password=LockAction.NEEDS_PASSWORD, epc_bank=LockAction.NEEDS_PASSWORD, epc=NEW_EPC)
    assert talk.ask(lock).status is Status.OK

    assert talk.ask(WriteEpc(EPC, 0x3000, epc=NEW_EPC)).status in (Status.LOCKED, Status.WRITE_FAILED)
    refusal = talk.ask(WriteEpc(EPC, 0x3000, SECRET + 1, epc=NEW_EPC))
    has_no_word = family == "llrp"  # 1.0.1: the tag is silent
    assert refusal.status is (Status.NO_TAG if has_no_word else Status.WRONG_PASSWORD) or "wrong access password" in refusal.detail
    assert talk.ask(ReadBank(Bank.RESERVED, 2, 2, epc=NEW_EPC)).status is not Status.OK
    assert tag.epc == NEW_EPC

    assert talk.ask(ReadBank(Bank.TID, 0, 6, epc=NEW_EPC)).data == TID
    assert talk.ask(WriteEpc(EPC, 0x3000, SECRET, epc=NEW_EPC)).status is Status.OK
    assert tag.epc == EPC


@pytest.mark.parametrize("family", sorted(set(SIMULATED_FAMILIES) - NAMES_NO_TAG))
def test_the_answer_to_an_access_names_the_tag(family: str) -> None:
    talk = Conversation(family)
    talk.field.enter(new_tag(), enters_s=0.0)
    reply = talk.ask(WriteBank(Bank.USER, 0, b"\x12\x34"))
    assert reply.tag is not None
    assert (reply.status, reply.tag.epc, reply.tag.pc) == (Status.OK, EPC, 0x3000)


@ALL_FAMILIES
def test_the_right_one_of_many_tags_is_read(family: str) -> None:
    talk = Conversation(family, air=NORMAL_AIR)
    for number in range(8):
        talk.field.enter(new_tag(number), enters_s=0.0)
    for number in (5, 2):
        tag = new_tag(number)
        assert talk.ask(ReadBank(Bank.TID, 0, 6, epc=tag.epc)).data == tag.tid


@ALL_FAMILIES
def test_without_a_tag_in_the_field(family: str) -> None:
    talk = Conversation(family)
    assert talk.ask(ReadBank(Bank.TID, 0, 6, epc=EPC)).status in (Status.NO_TAG, Status.READ_FAILED)
    assert talk.ask(WriteEpc(NEW_EPC, 0x3000)).status in (Status.NO_TAG, Status.WRITE_FAILED)
    if family not in CANNOT_LOCK:
        assert talk.ask(LockTag(0, epc_bank=LockAction.NEEDS_PASSWORD)).status in (Status.NO_TAG, Status.LOCK_FAILED)


@ALL_FAMILIES
def test_reading_beyond_the_memory_of_the_tag(family: str) -> None:
    talk = Conversation(family)
    talk.field.enter(new_tag(), enters_s=0.0)
    has_no_word = family == "llrp"  # 1.0.1: "non-specific tag error"
    said = (Status.TAG_ERROR,) if has_no_word else (Status.MEMORY_OVERRUN, Status.BAD_PARAMETER)
    assert talk.ask(ReadBank(Bank.TID, 0, 20)).status in said


@ALL_FAMILIES
def test_settings_are_kept(family: str) -> None:
    talk = Conversation(family)
    assert talk.ask(GetInfo()).status is Status.OK
    assert talk.ask(SetPower(22)).status is Status.OK
    assert talk.ask(GetPower()).detail == "22 dBm"
    assert talk.ask(SetRegion(Region.EU)).status is Status.OK
    assert talk.ask(GetRegion()).detail == "eu"
    assert talk.ask(SetOutput(2 if family == "cf" else 3, is_high=True)).status is Status.OK


@ALL_FAMILIES
def test_a_thousand_reads_a_second_before_many_tags(family: str) -> None:
    talk = Conversation(family, air=NORMAL_AIR, options=ReaderOptions(round_period_s=0.01))
    for number in range(25):
        talk.field.enter(new_tag(number), enters_s=0.0)
    talk.tell(StartInventory())
    assert len(seen_in(talk.pass_time(1.0))) >= 1500


@ALL_FAMILIES
def test_the_first_report_on_the_line_is_noted(family: str) -> None:
    talk = Conversation(family)
    talk.field.enter(new_tag(), enters_s=0.5, leaves_s=1.0)
    talk.tell(StartInventory())
    talk.pass_time(1.5)
    (first,) = talk.field.take_first_answers()
    assert (first.epc, first.tid) == (EPC, TID)
    assert 0.5 <= first.now_s <= 0.55


BAD_LINE = LineFaults(noise=0.1, wrong_checksum=0.05, truncated=0.05, split=0.3, merged=0.3)


@ALL_FAMILIES
@pytest.mark.parametrize("seed", range(5))
def test_on_a_bad_line_no_tag_is_invented_and_none_is_lost(family: str, seed: int) -> None:
    talk = Conversation(family, faults=BAD_LINE, seed=seed)
    tags = [new_tag(number) for number in range(10)]
    for number, tag in enumerate(tags):
        talk.field.enter(tag, enters_s=number * 0.3, leaves_s=number * 0.3 + 1.0)
    talk.tell(StartInventory())
    events = talk.pass_time(4.5)
    assert errors_of(events)
    known = [seen.epc for seen in seen_in(events) if seen.epc in {tag.epc for tag in tags}]
    assert len(known) >= len(seen_in(events)) - 2  # an 8-bit sum lets one harmed frame in 256 pass
    assert {first.epc for first in talk.field.take_first_answers()} <= set(known) == {tag.epc for tag in tags}


@ALL_FAMILIES
def test_a_reader_that_refuses_and_one_that_does_not_answer(family: str) -> None:
    refusing = Conversation(family, faults=LineFaults(refused=1.0))
    assert refusing.ask(GetPower()).status is not Status.OK or family == "r2000"  # R2000: a code cannot be told from a power
    silent = Conversation(family, faults=LineFaults(unanswered=1.0))
    silent.tell(GetInfo())
    assert silent.pass_time(0.5) == []


@ALL_FAMILIES
def test_a_silence_of_the_whole_reader(family: str) -> None:
    talk = Conversation(family, faults=LineFaults(silences_per_minute=30, silence_s=1.0))
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.tell(StartInventory())
    tenths = [bool(talk.pass_time(0.1)) for _ in range(200)]
    assert any(tenths)
    assert not all(tenths)


@ALL_FAMILIES
def test_noise_from_the_host_is_not_answered(family: str) -> None:
    talk = Conversation(family)
    talk.reader.receive_data(b"\x00\xffnoise\xbb\xaa\xa0\x01")
    assert talk.pass_time(0.2) == []
    talk.reader.receive_data(bytes(600))
    assert talk.ask(GetInfo()).status is Status.OK


@pytest.mark.parametrize("family", ["m100", "r200"])
class TestM100:
    def send(self, talk: Conversation, family: str, opcode: int, payload: str = "") -> None:
        talk.reader.receive_data(build_frame(DELIMITERS[family], FrameType.COMMAND, opcode, bytes.fromhex(payload)))

    def test_an_inventory_ends_by_itself_without_a_word(self, family: str) -> None:
        talk = Conversation(family)
        self.send(talk, family, 0x27, "220005")
        assert talk.pass_time(1.0) == [RoundEnded(reads=0)] * 5
        assert talk.pass_time(1.0) == []

    def test_one_round(self, family: str) -> None:
        talk = Conversation(family)
        self.send(talk, family, 0x22)
        assert talk.pass_time(0.1) == [RoundEnded(reads=0)]
        talk.field.enter(new_tag(), enters_s=0.0)
        self.send(talk, family, 0x22)
        assert [seen.epc for seen in seen_in(talk.pass_time(0.1))] == [EPC]

    @pytest.mark.parametrize(
        ("opcode", "payload", "status"),
        [
            pytest.param(0x5A, "", Status.BAD_COMMAND, id="unknown command"),
            pytest.param(0x07, "09", Status.BAD_PARAMETER, id="unknown region"),
            pytest.param(0xB6, "2710", Status.BAD_PARAMETER, id="100 dBm"),
            pytest.param(0x39, "00", Status.BAD_PARAMETER, id="half a read"),
            pytest.param(
                0x49, "00000000" + "03" + "0000" + "0002" + "1234", Status.BAD_PARAMETER, id="one word where two are to be written"
            ),
            pytest.param(0x49, "00000000" + "03" + "0000" + "0001" + "12345678", Status.BAD_PARAMETER, id="two where one is"),
            pytest.param(0x0C, "0100000020600030", Status.BAD_PARAMETER, id="a mask shorter than it says"),
            pytest.param(0x27, "22", Status.BAD_PARAMETER, id="an inventory without a count"),
            pytest.param(0x12, "03", Status.BAD_PARAMETER, id="no such select mode"),
            pytest.param(0x1A, "0109", Status.BAD_PARAMETER, id="half a pin"),
            pytest.param(0xAB, "", Status.BAD_PARAMETER, id="no channel"),
            pytest.param(0x0E, "10", Status.BAD_PARAMETER, id="half a query"),
            pytest.param(0x0E, "1020", Status.OK, id="query"),
            pytest.param(0xAD, "ff", Status.OK, id="hopping"),
            pytest.param(0xAA, "", Status.OK, id="channel"),
            pytest.param(0x0B, "", Status.OK, id="select"),
            pytest.param(0xF1, "", Status.OK, id="modem"),
        ],
    )
    def test_odd_commands(self, family: str, opcode: int, payload: str, status: Status) -> None:
        talk = Conversation(family)
        self.send(talk, family, opcode, payload)
        (reply,) = talk.pass_time(0.1)
        assert isinstance(reply, Reply)
        assert reply.status is status

    def test_a_selection_by_tid_bank_narrows_an_inventory_in_mode_0(self, family: str) -> None:
        talk = Conversation(family)
        for number in range(4):
            talk.field.enter(new_tag(number), enters_s=0.0)
        self.send(talk, family, 0x0C, "02" + "00000000" + "60" + "00" + new_tag(2).tid.hex())
        self.send(talk, family, 0x12, "00")
        talk.pass_time(0.1)
        self.send(talk, family, 0x22)
        assert [seen.epc for seen in seen_in(talk.pass_time(0.1))] == [new_tag(2).epc]

    def test_killing(self, family: str) -> None:
        talk = Conversation(family)
        talk.field.enter(new_tag(kill_password=7), enters_s=0.0)
        self.send(talk, family, 0x65, "00000008")
        self.send(talk, family, 0x65, "00000007")
        self.send(talk, family, 0x22)
        wrong, killed, nobody = talk.pass_time(0.1)
        assert isinstance(wrong, Reply)
        assert isinstance(killed, Reply)
        assert (wrong.status, killed.status, nobody) == (Status.WRONG_PASSWORD, Status.OK, RoundEnded(reads=0))

    def test_each_kind_of_info(self, family: str) -> None:
        talk = Conversation(family)
        for kind in ("00", "01", "02", "03"):
            self.send(talk, family, 0x03, kind)
        words = [event.detail for event in talk.pass_time(0.1) if isinstance(event, Reply)]
        assert words == ["hardware: M100 26dBm V1.0", "firmware: V2.3.5", "maker: MagicRF", "invalid parameter"]


class TestR2000:
    def send(self, talk: Conversation, command: int, data: str = "", address: int = 1) -> None:
        talk.reader.receive_data(build_r2000_frame(address, command, bytes.fromhex(data)))

    def test_each_antenna_hears_its_own_tags(self) -> None:
        talk = Conversation("r2000")
        for port in (1, 2, 4):
            talk.field.enter(new_tag(port), enters_s=0.0, antenna=port)
        talk.ask(SetAntennas((1, 2, 3, 4)))
        talk.tell(StartInventory())
        events = talk.pass_time(1.0)
        assert {(seen.epc, seen.antenna) for seen in seen_in(events)} == {(new_tag(port).epc, port) for port in (1, 2, 4)}
        assert events[-1] == RoundEnded(6, None, 240)

    def test_eight_antennas(self) -> None:
        talk = Conversation("r2000", options=ReaderOptions(antenna_ports=8))
        for port in range(1, 9):
            talk.field.enter(new_tag(port), enters_s=0.0, antenna=port)
        talk.ask(SetAntennas(tuple(range(1, 9))))
        talk.tell(StartInventory())
        assert {(seen.epc, seen.antenna) for seen in seen_in(talk.pass_time(1.0))} == {(new_tag(port).epc, port) for port in range(1, 9)}

    def test_a_loop_counts_every_round_until_another_command(self) -> None:
        talk = Conversation("r2000")
        talk.tell(StartInventory())
        assert talk.pass_time(0.29) == [RoundEnded(0, 1)] * 10
        assert talk.ask(GetAntennas()).detail == "port 1"
        assert talk.pass_time(0.3) == []

    def test_a_board_that_does_not_loop_ends_after_one_round(self) -> None:
        talk = Conversation("r2000", options=ReaderOptions(loops_on_ff=False))
        talk.field.enter(new_tag(), enters_s=0.0)
        talk.tell(StartInventory())
        events = talk.pass_time(0.5)
        assert [type(event).__name__ for event in events] == ["TagSeen", "RoundEnded"]
        assert talk.codec.facts.round_end_may_stop

    def test_a_counted_inventory(self) -> None:
        talk = Conversation("r2000")
        self.send(talk, 0x8B, "010003")
        assert talk.pass_time(0.5) == [RoundEnded(0, 1)]

    def test_an_antenna_that_is_not_there(self) -> None:
        talk = Conversation("r2000", options=ReaderOptions(missing_antennas=frozenset({1})))
        talk.tell(StartInventory())
        (reply,) = talk.pass_time(0.2)
        assert isinstance(reply, Reply)
        assert reply.status is Status.ANTENNA_MISSING
        talk.ask(SetAntennas((1, 2)))
        talk.tell(StartInventory())
        events = talk.pass_time(0.5)
        assert [event.detail for event in events if isinstance(event, Notice)] == ["port 1: antenna not connected"] * 2
        assert isinstance(events[-1], RoundEnded)

    def test_only_its_own_address_and_the_public_one_are_answered(self) -> None:
        talk = Conversation("r2000", options=ReaderOptions(address=5))
        self.send(talk, 0x72, address=1)
        assert talk.pass_time(0.1) == []
        self.send(talk, 0x72, address=5)
        self.send(talk, 0x72, address=0xFF)
        assert len(talk.pass_time(0.1)) == 2

    def test_the_buffer(self) -> None:
        talk = Conversation("r2000")
        for number in range(3):
            talk.field.enter(new_tag(number), enters_s=0.0)
        self.send(talk, 0x80, "01")
        self.send(talk, 0x80, "01")
        self.send(talk, 0x92)
        self.send(talk, 0x91)
        self.send(talk, 0x90)
        events = talk.pass_time(0.1)
        assert events[:2] == [RoundEnded(3, 1)] * 2
        assert isinstance(events[2], Reply)
        assert events[2].data == b"\x00\x03"
        assert {seen.epc for seen in seen_in(events)} == {new_tag(number).epc for number in range(3)}
        assert len(events) == 3 + 3 + 1, "a frame for each tag and no last word: hosts take the next frame for their next answer (pyImpinj)"
        assert isinstance(events[-1], Reply)
        assert events[-1].detail == "buffer is empty"

    @pytest.mark.parametrize(
        ("command", "data", "status"),
        [
            pytest.param(0x5A, "", Status.OK, id="unknown command"),
            pytest.param(0x74, "04", Status.BAD_PARAMETER, id="no such antenna"),
            pytest.param(0x76, "22", Status.BAD_PARAMETER, id="34 dBm"),
            pytest.param(0x78, "020007", Status.BAD_PARAMETER, id="a frequency of another region"),
            pytest.param(0x7A, "03", Status.BAD_PARAMETER, id="no such beeper mode"),
            pytest.param(0x61, "0101", Status.BAD_PARAMETER, id="an input set"),
            pytest.param(0x85, "000c01", Status.BAD_PARAMETER, id="a match shorter than it says"),
            pytest.param(0x89, "", Status.BAD_PARAMETER, id="an inventory without a repeat"),
            pytest.param(0x8A, "ff00ff00ff00ff000001", Status.BAD_PARAMETER, id="an inventory before no antenna"),
            pytest.param(0x83, "000000000900", Status.BAD_PARAMETER, id="no such lock field"),
            pytest.param(0x81, "02", Status.BAD_PARAMETER, id="half a read"),
            pytest.param(0x82, "000000000300021234", Status.BAD_PARAMETER, id="one word where two are to be written"),
            pytest.param(0x94, "0000000003000112345678", Status.BAD_PARAMETER, id="two where one is"),
            pytest.param(0x86, "", Status.OK, id="which EPC is matched"),
            pytest.param(0x93, "", Status.OK, id="empty the buffer"),
            pytest.param(0x7B, "", Status.OK, id="temperature"),
        ],
    )
    def test_odd_commands(self, command: int, data: str, status: Status) -> None:
        talk = Conversation("r2000")
        talk.field.enter(new_tag(), enters_s=0.0)
        self.send(talk, command, data)
        (reply,) = talk.pass_time(0.1)
        assert isinstance(reply, Reply)
        assert reply.status is status

    def test_the_beeper(self) -> None:
        assert Conversation("r2000").ask(Beep(BeepMode.EACH_ROUND)).status is Status.OK
