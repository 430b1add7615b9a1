"""Simulated Chafon readers of each generation: what they do well, and how they misbehave."""

import pytest

from firmware_protocols.chafon.codec import ChafonCodec
from firmware_protocols.chafon.frames import build_frame
from firmware_protocols.chafon.tables import Model
from firmware_protocols.commands import Bank, GetInfo, GetRegion, ReadBank, SetAntennas, StartInventory, StopInventory, WriteEpc
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import Event, Notice, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.simulators import ReaderOptions, SimulatedTag
from tests.firmware_protocols.reading import errors_of
from tests.firmware_protocols.simulators.conversing import EPC, TID, Conversation, new_tag, seen_in


def conversation(model: Model | None = None, **options: object) -> Conversation:
    talk = Conversation("chafon", options=ReaderOptions(model=model, **options))  # type: ignore[arg-type]  # rows of options
    talk.codec = ChafonCodec(model=model, antenna_ports=talk.codec.facts.antenna_ports)
    return talk


def send(talk: Conversation, command: int, data: str = "", *, address: int = 0) -> None:
    talk.reader.receive_data(build_frame(address, command, bytes.fromhex(data)))


def replies_in(events: list[Event]) -> list[Reply]:
    return [event for event in events if isinstance(event, Reply)]


def test_a_model_that_is_not_played_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadArgument, match=r"expected 288 .*uhfreader18 .*ex10, found mu9"):
        Conversation("chafon", options=ReaderOptions(model="mu9"))


@pytest.mark.parametrize("model", list(Model))
def test_each_generation_is_told_apart_by_its_info(model: Model) -> None:
    talk = conversation(model)
    talk.codec = ChafonCodec()
    reply = talk.ask(GetInfo())
    assert reply.detail.startswith("UHFReader18" if model is Model.UHFREADER18 else "UHFReader288M")
    assert len(reply.data) == (8 if model is Model.UHFREADER18 else 12)


def test_uhfreader18_reports_neither_antenna_nor_strength() -> None:
    talk = conversation(Model.UHFREADER18)
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.tell(StartInventory())
    events = talk.pass_time(0.2)
    assert set(seen_in(events)) == {TagSeen(EPC)}
    assert RoundEnded(1) in events


def test_ex10_goes_on_until_it_is_stopped() -> None:
    talk = conversation(Model.EX10)
    talk.field.enter(new_tag(), enters_s=0.0)
    assert talk.ask(StartInventory()).command == "start_fast_inventory"
    events = talk.pass_time(1.0)
    assert 30 <= len(seen_in(events)) <= 35
    assert not [event for event in events if isinstance(event, RoundEnded)]
    assert talk.ask(StopInventory()).status is Status.OK
    assert talk.pass_time(0.5) == []


def test_while_an_inventory_runs_nothing_else_is_heard() -> None:
    talk = conversation()
    send(talk, 0x01, "040000" + "80" + "05")
    send(talk, 0x21)
    assert replies_in(talk.pass_time(0.45)) == []
    assert talk.pass_time(0.2) == [RoundEnded(0)]
    assert talk.ask(GetInfo()).status is Status.OK


def test_93_ends_an_inventory_at_once() -> None:
    talk = conversation()
    send(talk, 0x01, "040000" + "80" + "ff")
    talk.pass_time(0.1)
    send(talk, 0x93)
    ended, stopped = talk.pass_time(0.05)
    assert isinstance(ended, RoundEnded)
    assert isinstance(stopped, Reply)
    assert (stopped.command, stopped.status) == ("stop_inventory", Status.OK)


def test_statistics_where_they_are_asked_for() -> None:
    talk = conversation()
    talk.field.enter(new_tag(), enters_s=0.0)
    send(talk, 0x01, "840000" + "80" + "03")
    events = talk.pass_time(0.5)
    assert events[-2:] == [RoundEnded(10), RoundEnded(10, 1)]


def test_fast_id_and_phase_where_they_are_asked_for() -> None:
    talk = conversation()
    talk.field.enter(new_tag(), enters_s=0.0)
    send(talk, 0x01, "340000" + "80" + "03")
    seen = seen_in(talk.pass_time(0.5))[0]
    assert (seen.epc, seen.tid, seen.frequency_khz) == (EPC, TID, 865_700)
    assert seen.phase is not None


def test_the_codec_asks_for_the_tid_with_fast_id() -> None:
    talk = conversation()
    talk.codec = ChafonCodec(with_fast_id=True)
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.tell(StartInventory())
    assert {seen.tid for seen in seen_in(talk.pass_time(0.5))} == {TID}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param("0400" + "01" + "0020" + "60" + new_tag(2).epc.hex(), [new_tag(2).epc], id="a mask of the EPC"),
        pytest.param("0400" + "02" + "0000" + "60" + new_tag(1).tid.hex(), [new_tag(1).epc], id="a mask of the TID"),
        pytest.param("0400" + "01" + "0020" + "60" + bytes(12).hex() + "00" + "80" + "03", [], id="a mask that fits nobody"),
        pytest.param("0400" + "00" + "06" + "00" + "80" + "03", [new_tag(number).tid for number in range(3)], id="words of the TID"),
        pytest.param("", [new_tag(number).epc for number in range(3)], id="no parameters"),
    ],
)
def test_the_longer_forms_of_an_inventory(asked: str, words: list[bytes]) -> None:
    talk = conversation()
    for number in range(3):
        talk.field.enter(new_tag(number), enters_s=0.0)
    send(talk, 0x01, asked)
    assert {seen.epc for seen in seen_in(talk.pass_time(2.5))} == set(words)


def test_each_antenna_hears_its_own_tags() -> None:
    talk = conversation()
    for port in (1, 2, 4):
        talk.field.enter(new_tag(port), enters_s=0.0, antenna=port)
    talk.ask(SetAntennas((1, 2, 3, 4)))
    talk.tell(StartInventory())
    assert {(seen.epc, seen.antenna) for seen in seen_in(talk.pass_time(2.0))} == {(new_tag(port).epc, port) for port in (1, 2, 4)}


def test_sixteen_antennas() -> None:
    talk = conversation(antenna_ports=16)
    talk.codec = ChafonCodec(antenna_ports=16)
    talk.field.enter(new_tag(), enters_s=0.0, antenna=13)
    talk.ask(SetAntennas((13,)))
    talk.tell(StartInventory())
    assert {seen.antenna for seen in seen_in(talk.pass_time(0.5))} == {13}


def test_an_antenna_that_is_not_there_is_told_and_the_others_go_on() -> None:
    talk = conversation(missing_antennas=frozenset({2}))
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.ask(SetAntennas((1, 2)))
    talk.tell(StartInventory())
    events = talk.pass_time(1.0)
    assert {event.status for event in events if isinstance(event, Notice)} == {Status.ANTENNA_MISSING}
    assert {seen.antenna for seen in seen_in(events)} == {1}


def test_a_reader_left_in_real_time_mode_reports_unasked_until_told_otherwise() -> None:
    talk = conversation(pushes=True)
    talk.field.enter(new_tag(), enters_s=0.0, leaves_s=1.0)
    assert {(seen.epc, seen.antenna) for seen in seen_in(talk.pass_time(1.0))} == {(EPC, 1)}
    beats = [event for event in talk.pass_time(61.0) if isinstance(event, Notice)]
    assert [beat.name for beat in beats] == ["heartbeat"] * 2
    assert beats[1].detail.startswith("packet 2, ")
    assert talk.ask(GetRegion()).status is Status.OK
    send(talk, 0x76, "00")
    (reply,) = talk.pass_time(0.1)
    assert isinstance(reply, Reply)
    assert reply.status is Status.OK
    assert talk.pass_time(31.0) == []


def test_uhfreader18_pushes_bare_epcs_and_heartbeats_without_a_crc() -> None:
    talk = conversation(Model.UHFREADER18, pushes=True)
    talk.field.enter(new_tag(), enters_s=0.0, leaves_s=1.0)
    events = talk.pass_time(32.0)
    assert set(seen_in(events)) == {TagSeen(EPC)}
    assert Notice("heartbeat") in events
    assert not errors_of(events)


def test_the_time_between_heartbeats_can_be_set_and_asked_for() -> None:
    talk = conversation(pushes=True)
    send(talk, 0x78, "82")
    send(talk, 0x78, "00")
    assert [reply.data for reply in replies_in(talk.pass_time(0.1))] == [b"\x02", b"\x02"]
    assert len(talk.pass_time(125.0)) == 2


def test_an_epc_is_written_as_other_hosts_write_it() -> None:
    talk = conversation()
    tag = new_tag()
    talk.field.enter(tag, enters_s=0.0)
    send(talk, 0x04, "02" + "00000000" + "aabbccdd")
    talk.pass_time(0.1)
    assert (tag.epc, tag.pc) == (bytes.fromhex("aabbccdd"), 0x1000)


def test_a_long_epc_is_found_by_its_mask() -> None:
    talk = conversation()
    long_epc = bytes(range(40, 80))
    talk.field.enter(new_tag(), enters_s=0.0)
    assert talk.ask(ReadBank(Bank.TID, 0, 6, epc=long_epc)).status is Status.NO_TAG
    tag = SimulatedTag(epc=long_epc, tid=new_tag(1).tid)
    talk.field.enter(tag, enters_s=0.0)
    assert talk.ask(ReadBank(Bank.TID, 0, 6, epc=long_epc)).data == tag.tid
    assert talk.ask(WriteEpc(new_tag(9).epc, 0x3000, epc=long_epc)).status is Status.OK
    assert tag.epc == new_tag(9).epc


def test_killing() -> None:
    talk = conversation()
    talk.field.enter(new_tag(kill_password=7), enters_s=0.0)
    send(talk, 0x05, "00" + "00000008")
    send(talk, 0x05, "00" + "00000007")
    send(talk, 0x05, "00" + "00000007")
    assert [reply.status for reply in replies_in(talk.pass_time(0.1))] == [Status.KILL_FAILED, Status.OK, Status.NO_TAG]


def test_a_tag_without_a_kill_password_is_not_killed() -> None:
    talk = conversation()
    talk.field.enter(new_tag(), enters_s=0.0)
    send(talk, 0x05, "00" + "00000000")
    (reply,) = replies_in(talk.pass_time(0.1))
    assert (reply.status, reply.code) == (Status.KILL_FAILED, 0x0A)


def test_only_its_own_address_and_the_public_one_are_answered_and_a_new_one_holds_from_the_next() -> None:
    talk = conversation(address=5)
    send(talk, 0x21, address=1)
    assert talk.pass_time(0.1) == []
    send(talk, 0x24, "07", address=5)
    send(talk, 0x21, address=5)
    send(talk, 0x21, address=7)
    send(talk, 0x21, address=0xFF)
    assert [reply.command for reply in replies_in(talk.pass_time(0.1))] == ["set_address", "get_info", "get_info"]


@pytest.mark.parametrize(
    ("model", "command", "data", "status"),
    [
        pytest.param(None, 0x5A, "", Status.BAD_COMMAND, id="unknown command"),
        pytest.param(None, 0x50, "00", Status.BAD_COMMAND, id="an inventory of Ex10"),
        pytest.param(Model.UHFREADER18, 0x3F, "01", Status.BAD_COMMAND, id="antennas of a reader with one"),
        pytest.param(None, 0x01, "04", Status.BAD_PARAMETER, id="half an inventory"),
        pytest.param(None, 0x01, "0400" + "00" + "84" + "03", Status.BAD_PARAMETER, id="no such antenna"),
        pytest.param(None, 0x22, "ff00", Status.BAD_PARAMETER, id="no such band"),
        pytest.param(None, 0x22, "0013", Status.BAD_PARAMETER, id="channels upside down"),
        pytest.param(None, 0x25, "02", Status.BAD_PARAMETER, id="200 ms of scan time"),
        pytest.param(None, 0x25, "0a", Status.OK, id="a second of scan time"),
        pytest.param(None, 0x2F, "1f", Status.BAD_PARAMETER, id="31 dBm"),
        pytest.param(None, 0x33, "010203", Status.OK, id="light and buzzer"),
        pytest.param(None, 0x33, "01", Status.BAD_PARAMETER, id="half a signal"),
        pytest.param(None, 0x3F, "10", Status.BAD_PARAMETER, id="the fifth of four antennas"),
        pytest.param(None, 0x3F, "00", Status.BAD_PARAMETER, id="no antenna"),
        pytest.param(None, 0x47, "", Status.OK, id="pins"),
        pytest.param(None, 0x4C, "", Status.OK, id="serial number"),
        pytest.param(None, 0x66, "00", Status.OK, id="no antenna check"),
        pytest.param(None, 0x75, "0000000000", Status.OK, id="parameters of real-time mode"),
        pytest.param(None, 0x76, "03", Status.BAD_PARAMETER, id="no such mode"),
        pytest.param(None, 0x78, "", Status.BAD_PARAMETER, id="no heart-beat time"),
        pytest.param(None, 0x02, "", Status.BAD_PARAMETER, id="a read of nothing"),
        pytest.param(None, 0x02, "06" + EPC.hex() + "02", Status.BAD_PARAMETER, id="half a read"),
        pytest.param(None, 0x02, "ff" + "020006" + "00000000" + "01", Status.BAD_PARAMETER, id="a read by half a mask"),
        pytest.param(None, 0x03, "01", Status.BAD_PARAMETER, id="a write of nothing"),
        pytest.param(None, 0x02, "00" + "020014" + "00000000", Status.MEMORY_OVERRUN, id="beyond the tag's memory"),
        pytest.param(None, 0x02, "00" + "020006" + "00000009", Status.WRONG_PASSWORD, id="wrong password"),
    ],
)
def test_odd_commands(model: Model | None, command: int, data: str, status: Status) -> None:
    talk = conversation(model)
    talk.field.enter(new_tag(), enters_s=0.0)
    send(talk, command, data)
    (reply,) = talk.pass_time(0.1)
    assert isinstance(reply, Reply)
    assert reply.status is status


def test_what_a_host_began_and_did_not_finish_is_forgotten() -> None:
    talk = conversation()
    talk.reader.receive_data(bytes.fromhex("bb002800"))
    talk.pass_time(0.1)
    assert talk.ask(GetInfo()).status is Status.OK
