"""A simulated CF gate: what it does well, and how it misbehaves."""

import pytest

from firmware_protocols.cf.frames import build_frame
from firmware_protocols.commands import Bank, GetPower, GetRegion, ReadBank, SetAccessPassword, SetAntennas, StartInventory, WriteBank
from firmware_protocols.events import Event, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.simulators import ReaderOptions
from tests.firmware_protocols.simulators.conversing import EPC, TID, Conversation, new_tag, seen_in

SECRET = 0x5EC2E7A1


def send(talk: Conversation, command: int, data: str = "", *, address: int = 0) -> None:
    talk.reader.receive_data(build_frame(address, command, bytes.fromhex(data)))


def replies_in(events: list[Event]) -> list[Reply]:
    return [event for event in events if isinstance(event, Reply)]


def test_an_inventory_of_so_many_rounds_ends_by_itself() -> None:
    talk = Conversation("cf")
    talk.field.enter(new_tag(), enters_s=0.0)
    send(talk, 0x0001, "01" + "00000003")
    events = talk.pass_time(1.0)
    assert [type(event) for event in events] == [TagSeen] * 3 + [RoundEnded]
    assert events[-1] == RoundEnded(3)


def test_an_inventory_of_a_second_ends_by_itself() -> None:
    talk = Conversation("cf")
    talk.field.enter(new_tag(), enters_s=0.0)
    send(talk, 0x0001, "00" + "00000001")
    assert 33 <= len(seen_in(talk.pass_time(1.5))) <= 36
    assert talk.pass_time(0.5) == []


def test_a_round_that_hears_nothing_proves_that_the_gate_lives() -> None:
    talk = Conversation("cf")
    talk.tell(StartInventory())
    assert set(talk.pass_time(1.0)) == {RoundEnded(0)}


def test_each_antenna_hears_its_own_tags() -> None:
    talk = Conversation("cf", options=ReaderOptions(missing_antennas=frozenset({3})))
    for port in (1, 2, 3, 4):
        talk.field.enter(new_tag(port), enters_s=0.0, antenna=port)
    talk.ask(SetAntennas((1, 2, 3, 4)))
    talk.tell(StartInventory())
    assert {(seen.epc, seen.antenna) for seen in seen_in(talk.pass_time(1.0))} == {(new_tag(port).epc, port) for port in (1, 2, 4)}


def test_passwords_and_refusals_of_a_tag() -> None:
    talk = Conversation("cf")
    talk.field.enter(new_tag(), enters_s=0.0)
    assert talk.ask(SetAccessPassword(SECRET, epc=EPC)).status is Status.OK
    assert talk.ask(WriteBank(Bank.USER, 0, b"\x12\x34", SECRET + 1, EPC)).status is Status.WRONG_PASSWORD
    assert talk.ask(WriteBank(Bank.USER, 99, b"\x12\x34", SECRET, EPC)).status is Status.MEMORY_OVERRUN
    assert talk.ask(WriteBank(Bank.TID, 0, b"\x12\x34", SECRET, EPC)).status is Status.LOCKED
    assert talk.ask(ReadBank(Bank.TID, 0, 6, epc=EPC)).data == TID


def test_a_selection_is_kept_until_another_takes_its_place() -> None:
    talk = Conversation("cf")
    talk.field.enter(new_tag(1), enters_s=0.0)
    assert talk.ask(ReadBank(Bank.TID, 0, 6, epc=new_tag(2).epc)).status is Status.NO_TAG
    assert talk.ask(ReadBank(Bank.TID, 0, 6)).data == new_tag(1).tid


def test_all_parameters_are_set_at_once() -> None:
    talk = Conversation("cf")
    send(talk, 0x0071, "00000080040003")
    (reply,) = replies_in(talk.pass_time(0.1))
    assert reply.status is Status.BAD_PARAMETER
    send(talk, 0x0071, "00000080040003" + "030361006400c80e" + "14" + "010400000c00030005")
    (reply,) = replies_in(talk.pass_time(0.1))
    assert reply.status is Status.OK
    assert (talk.ask(GetRegion()).detail, talk.ask(GetPower()).detail) == ("eu", "20 dBm")


def test_only_its_own_address_and_the_public_one_are_answered() -> None:
    talk = Conversation("cf", options=ReaderOptions(address=5))
    send(talk, 0x0070, address=1)
    assert talk.pass_time(0.1) == []
    send(talk, 0x0070, address=5)
    send(talk, 0x0070, address=0xFF)
    assert len(talk.pass_time(0.1)) == 2


@pytest.mark.parametrize(
    ("command", "data", "status"),
    [
        pytest.param(0x0050, "", Status.OK, id="initialize"),
        pytest.param(0x0054, "", Status.OK, id="power alone"),
        pytest.param(0x0056, "", Status.OK, id="region alone"),
        pytest.param(0x0058, "", Status.OK, id="antennas alone"),
        pytest.param(0x0F0F, "", Status.READER_ERROR, id="unknown command"),
        pytest.param(0x0001, "01" + "00000000", Status.BAD_PARAMETER, id="no rounds"),
        pytest.param(0x0001, "00", Status.BAD_PARAMETER, id="half an inventory"),
        pytest.param(0x0053, "2200", Status.BAD_PARAMETER, id="34 dBm"),
        pytest.param(0x0055, "03", Status.BAD_PARAMETER, id="half a region"),
        pytest.param(0x0057, "10", Status.BAD_PARAMETER, id="the fifth of four antennas"),
        pytest.param(0x0007, "0000", Status.BAD_PARAMETER, id="half a mask"),
        pytest.param(0x005B, "01", Status.BAD_PARAMETER, id="half a beep"),
        pytest.param(0x0077, "0300", Status.BAD_PARAMETER, id="neither close nor release"),
        pytest.param(0x0003, "00", Status.BAD_PARAMETER, id="half a read"),
        pytest.param(0x0005, "00000000" + "0201", Status.LOCK_FAILED, id="a lock, of which nothing is published"),
    ],
)
def test_odd_commands(command: int, data: str, status: Status) -> None:
    talk = Conversation("cf")
    talk.field.enter(new_tag(), enters_s=0.0)
    send(talk, command, data)
    (reply,) = talk.pass_time(0.1)
    assert isinstance(reply, Reply)
    assert reply.status is status
