"""Conversations with a simulated ThingMagic module, on real bytes: as our host, as the vendor's, and as a careless one."""

from random import Random

import pytest

from firmware_protocols.commands import (
    Bank,
    GetAntennas,
    GetInfo,
    GetPower,
    GetRegion,
    ReadBank,
    SetAntennas,
    StartInventory,
    StopInventory,
    WriteEpc,
)
from firmware_protocols.events import Event, FrameError, Notice, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.gen2 import LockField
from firmware_protocols.simulators import LineFaults, ReaderOptions, SimulatedTag
from firmware_protocols.thingmagic.frames import build_command
from tests.firmware_protocols.reading import errors_of
from tests.firmware_protocols.simulators.conversing import EPC, TID, Conversation, new_tag, seen_in

VENDOR_STARTS = [
    pytest.param("03", "get_info", id="version"),
    pytest.param("0c", "get_program", id="program"),
    pytest.param("68", "get_power_mode", id="power mode"),
    pytest.param("6a010e", "get_option", id="transport"),
    pytest.param("6a0112", "get_option", id="product group"),
    pytest.param("63", "get_protocol", id="protocol"),
    pytest.param("6105", "get_antennas", id="antennas"),
    pytest.param("6a010c", "get_option", id="read filter"),
    pytest.param("6a010d", "get_option", id="read filter time"),
    pytest.param("9708", "set_region", id="region"),
    pytest.param("6c019f41", "get_statistics", id="statistics"),
    pytest.param("2a", "clear_tag_buffer", id="clear the buffer"),
    pytest.param("71", "get_regions", id="regions"),
    pytest.param("70", "get_protocols", id="protocols"),
    pytest.param("65", "get_hop_table", id="hop table"),
    pytest.param("6201", "get_power", id="power and limits"),
    pytest.param("940a8c", "set_write_power", id="write power"),
    pytest.param("6b0500", "get_protocol_option", id="session"),
    pytest.param("9b050202", "set_protocol_option", id="Miller"),
    pytest.param("9a010c00", "set_option", id="no read filter"),
    pytest.param("9803", "set_power_mode", id="set power mode"),
    pytest.param("69", "get_user_mode", id="user mode"),
    pytest.param("6601", "get_inputs", id="inputs"),
    pytest.param("72", "get_temperature", id="temperature"),
    pytest.param("060001c200", "set_baud", id="speed"),
    pytest.param("91020101", "set_antennas", id="antenna list"),
    pytest.param("6101", "get_antennas", id="antenna in use and what is connected"),
    pytest.param("6103", "get_antennas", id="powers of each port"),
    pytest.param("6104", "get_antennas", id="powers and settling times"),
    pytest.param("91040101f401f40000", "set_antennas", id="power and settling time of a port"),
    pytest.param("6501", "get_hop_table", id="hop time"),
    pytest.param("9a011b01", "set_option", id="frames with CRC, as the vendor's SDK leaves them"),
]


def send(talk: Conversation, body: str) -> None:
    """Opcode and data."""
    frame = bytes.fromhex(body)
    talk.reader.receive_data(build_command(frame[0], frame[1:]))


def say(talk: Conversation, body: str) -> list[Event]:
    """What comes at once."""
    send(talk, body)
    return talk.pass_time(0.01)


def answer(talk: Conversation, body: str) -> Reply:
    (reply,) = say(talk, body)
    assert isinstance(reply, Reply)
    return reply


def with_tags(*tags: SimulatedTag, options: ReaderOptions = ReaderOptions()) -> Conversation:  # noqa: B008 — a frozen value
    talk = Conversation("thingmagic", options=options)
    for tag in tags:
        talk.field.enter(tag, enters_s=0.0)
    return talk


@pytest.mark.parametrize(("body", "name"), VENDOR_STARTS)
def test_each_question_of_the_vendors_start_up_is_answered(body: str, name: str) -> None:
    reply = answer(Conversation("thingmagic"), body)
    assert (reply.command, reply.status) == (name, Status.OK)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param("5a", 0x0101, id="unknown command"),
        pytest.param("0108", 0x0109, id="flash: known, not simulated"),
        pytest.param("9700", 0x010B, id="no region"),
        pytest.param("9777", 0x010B, id="unknown region"),
        pytest.param("930003", 0x0402, id="another tag protocol"),
        pytest.param("92ffff", 0x0106, id="negative power"),
        pytest.param("922710", 0x0103, id="100 dBm"),
        pytest.param("92", 0x0100, id="power without a power"),
        pytest.param("9102010102", 0x0100, id="half a pair of ports"),
        pytest.param("91020505", 0x0507, id="no such port"),
        pytest.param("6107", 0x0105, id="no such antenna option"),
        pytest.param("6a01ee", 0x0105, id="no such option"),
        pytest.param("9a01ee00", 0x0105, id="no such option to set"),
        pytest.param("6b0310", 0x0402, id="an option of another protocol"),
        pytest.param("0600000001", 0x010A, id="no such speed"),
        pytest.param("960501", 0x0105, id="no such output"),
        pytest.param("91070100", 0x0100, id="half the time of a port"),
        pytest.param("9107000032", 0x0100, id="a rest, and no port"),
        pytest.param("91070500ff", 0x0507, id="time of no such port"),
        pytest.param("04", 0x0101, id="start the firmware that runs"),
        pytest.param("2f000003", 0x0109, id="no such control of a stream"),
        pytest.param("2f000004", 0x0100, id="half a command within a stream"),
        pytest.param("9a011b00", 0x0109, id="frames without CRC"),
        pytest.param("9103010a", 0x0100, id="half the powers of a port"),
        pytest.param("91030501f401f4", 0x0507, id="powers of no such port"),
        pytest.param("910301271001f4", 0x0103, id="100 dBm at a port"),
        pytest.param("2f0000", 0x0100, id="half a start"),
        pytest.param("2f0000012100000507" + "2210001b03e801ff", 0x0105, id="a stream of something else"),
        pytest.param("2f0000012200000307" + "2210001b03e801ff", 0x0402, id="a stream of another protocol"),
        pytest.param("2f0000012200000507" + "2210001303e801ff", 0x0105, id="a stream that does not stream"),
        pytest.param("2f000001220000051c" + "2210001f00fa01ff" + "0109" + "24" + bytes(9).hex(), 0x0100, id="embedded command cut off"),
        pytest.param("2f0000012200000513" + "2210001f00fa01ff" + "0109" + "24" + bytes(9).hex(), 0x0109, id="embedded write"),
        pytest.param("2803e81000000200000000", 0x0100, id="half a read"),
        pytest.param("2803e81700000200000000" + "06" + "00000000", 0x0105, id="no such way to select"),
        pytest.param("2403e8000000000003" + "00", 0x0100, id="half a word"),
        pytest.param("2101f4", 0x0400, id="a single read before no tag"),
        pytest.param("29000000", 0x0600, id="an empty buffer"),
    ],
)
def test_odd_commands(body: str, code: int) -> None:
    assert answer(Conversation("thingmagic"), body).code == code


class TestStream:
    def test_the_tid_comes_with_every_report(self) -> None:
        talk = with_tags(new_tag())
        talk.tell(StartInventory())
        seen = seen_in(talk.pass_time(0.3))
        assert {(each.epc, each.tid, each.antenna, each.frequency_khz) for each in seen} == {(EPC, TID, 1, 865_700)}

    def test_a_chip_with_a_short_tid_is_seen_without_it(self) -> None:
        talk = with_tags(SimulatedTag(epc=EPC, tid=TID[:4]))
        talk.tell(StartInventory())
        assert {(each.epc, each.tid) for each in seen_in(talk.pass_time(0.3))} == {(EPC, None)}

    def test_without_a_tag_its_pulse_beats(self) -> None:
        talk = Conversation("thingmagic")
        talk.tell(StartInventory())
        unfiltered, started, *pulses = talk.pass_time(2.0)
        assert isinstance(unfiltered, Reply)
        assert isinstance(started, Reply)
        assert (unfiltered.command, started.command) == ("set_option", "start_inventory")
        assert 6 <= len(pulses) <= 8
        assert set(pulses) == {RoundEnded(reads=0)}

    def test_each_antenna_hears_its_own_tags(self) -> None:
        talk = Conversation("thingmagic")
        for port in (1, 2, 4):
            talk.field.enter(new_tag(port), enters_s=0.0, antenna=port)
        talk.ask(SetAntennas((1, 2, 3, 4)))
        talk.tell(StartInventory())
        seen = seen_in(talk.pass_time(1.0))
        assert {(each.epc, each.antenna) for each in seen} == {(new_tag(port).epc, port) for port in (1, 2, 4)}

    def test_the_published_start_without_embedded_data_streams_too(self) -> None:
        talk = with_tags(new_tag())
        started = say(talk, "2f000001220000050722" + "10001b03e801ff")
        assert [event.command for event in started if isinstance(event, Reply)] == ["start_inventory"]
        assert {(each.epc, each.tid, each.reads) for each in seen_in(talk.pass_time(0.2))} == {(EPC, None, 1)}

    def test_the_vendors_assistant_gets_the_temperature_after_each_search(self) -> None:
        talk = Conversation("thingmagic")
        say(talk, "2f0000012200000" + "50c22" + "8810051b03e800c800570100")
        events = talk.pass_time(3.2)
        assert events == [RoundEnded(reads=0), Notice("temperature", data=b"\x1e", detail="30 °C")] * 3

    def test_its_selection_keeps_other_tags_out(self) -> None:
        talk = with_tags(new_tag(0), new_tag(1))
        last_byte = f"{new_tag(1).epc[-1]:02x}"
        say(talk, "2f000001220000051922" + "8814051b03e800fa00570100" + "00000000" + "00000078" + "08" + last_byte + "040000")
        assert {each.epc for each in seen_in(talk.pass_time(0.2))} == {new_tag(1).epc}

    def test_late_tags_come_before_the_answer_to_a_stop_and_none_after_it(self) -> None:
        talk = with_tags(new_tag())
        talk.tell(StartInventory())
        talk.pass_time(0.2)
        talk.tell(StopInventory())
        *late, stopped = talk.pass_time(0.01)
        assert [type(event) for event in late] == [TagSeen]
        assert isinstance(stopped, Reply)
        assert (stopped.command, stopped.status) == ("stop_inventory", Status.OK)
        assert talk.pass_time(1.0) == []

    def test_stopping_what_does_not_run_is_answered(self) -> None:
        assert Conversation("thingmagic").ask(StopInventory()).status is Status.OK

    def test_questions_are_answered_while_it_streams(self) -> None:
        talk = with_tags(new_tag())
        talk.tell(StartInventory())
        talk.pass_time(0.1)
        assert answer_among(say(talk, "72")).detail == "30 °C"
        assert seen_in(talk.pass_time(0.1))


def answer_among(events: list[Event]) -> Reply:
    (reply,) = [event for event in events if isinstance(event, Reply)]
    return reply


class TestMisbehaviour:
    def test_in_the_bootloader_it_knows_little_until_its_firmware_is_started(self) -> None:
        talk = with_tags(new_tag(), options=ReaderOptions(starts_in_bootloader=True))
        assert answer(talk, "0c").detail == "bootloader"
        assert talk.ask(ReadBank(Bank.TID, 0, 6)).code == 0x0101
        assert talk.ask(ReadBank(Bank.TID, 0, 6)).data == TID  # the codec has put the start of the firmware before it
        assert answer(talk, "0c").detail == "application"

    def test_a_host_that_begins_with_a_stop_gets_it_going(self) -> None:
        """As the agent begins every conversation: stop, then ask what it is."""
        talk = with_tags(new_tag(), options=ReaderOptions(starts_in_bootloader=True))
        assert talk.ask(StopInventory()).status is Status.BAD_COMMAND
        assert talk.ask(GetInfo()).detail.startswith("M6e, firmware")
        talk.tell(StartInventory())
        assert seen_in(talk.pass_time(0.2))

    def test_it_goes_back_to_its_bootloader(self) -> None:
        talk = with_tags(new_tag())
        talk.tell(StartInventory())
        talk.pass_time(0.1)
        answer(talk, "09")
        assert talk.pass_time(0.5) == []
        assert answer(talk, "67").code == 0x0101

    def test_a_stale_stream_is_stopped_and_drained(self) -> None:
        talk = with_tags(new_tag(), options=ReaderOptions(is_left_reading=True))
        assert seen_in(talk.pass_time(0.2))
        assert talk.ask(StopInventory()).status is Status.OK
        assert talk.pass_time(0.5) == []
        assert talk.ask(GetRegion()).detail == "eu"

    def test_too_hot_it_says_so_and_hears_nothing(self) -> None:
        talk = with_tags(new_tag(), options=ReaderOptions(overheats_after_s=1.0))
        talk.tell(StartInventory())
        assert seen_in(talk.pass_time(0.9))
        talk.pass_time(0.3)
        events = talk.pass_time(1.0)
        assert {(event.name, event.status) for event in events if isinstance(event, Notice)} == {("temperature", Status.TEMPERATURE)}
        assert not seen_in(events)
        talk.ask(StopInventory())
        talk.tell(StartInventory())
        assert seen_in(talk.pass_time(0.5))

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            pytest.param(ReaderOptions(missing_antennas=frozenset({2})), "antenna_missing", id="nothing connected"),
            pytest.param(ReaderOptions(mismatched_antennas=frozenset({2})), "return_loss", id="return loss"),
        ],
    )
    def test_an_antenna_in_trouble_is_named_and_the_other_one_reads(self, options: ReaderOptions, name: str) -> None:
        talk = with_tags(new_tag(), options=options)
        talk.ask(SetAntennas((1, 2)))
        talk.tell(StartInventory())
        events = talk.pass_time(1.0)
        assert {event.name for event in events if isinstance(event, Notice)} == {name}
        assert seen_in(events)

    def test_a_missing_antenna_is_told_and_refused(self) -> None:
        talk = with_tags(new_tag(), options=ReaderOptions(missing_antennas=frozenset({1}), antenna_ports=2))
        assert talk.ask(GetAntennas()).detail == "port 1 not connected, port 2 connected"
        assert talk.ask(ReadBank(Bank.TID, 0, 6)).status is Status.ANTENNA_MISSING
        assert say(talk, "22100013" + "03e8" + "0057") == [
            Notice("antenna_missing", Status.ANTENNA_MISSING, 0x503, b"", "antenna not connected")
        ]

    def test_wrong_checksums_cost_their_reports_and_no_more(self) -> None:
        talk = Conversation("thingmagic", faults=LineFaults(wrong_checksum=0.3))
        talk.field.enter(new_tag(), enters_s=0.0)
        talk.tell(StartInventory())
        events = talk.pass_time(3.0)
        assert 60 <= len(seen_in(events)) <= 80
        assert 20 <= len(errors_of(events)) <= 40
        assert {each.epc for each in seen_in(events)} == {EPC}

    def test_noise_does_not_silence_it(self) -> None:
        talk = with_tags(new_tag())
        rng = Random(5)
        for _ in range(50):
            talk.reader.receive_data(rng.randbytes(rng.randint(1, 40)))
            talk.pass_time(0.01)
        talk.reader.receive_data(bytes(300))
        assert not [event for event in talk.pass_time(0.1) if isinstance(event, FrameError)]
        assert talk.ask(GetPower()).detail == "27 dBm"


class TestAccess:
    def test_it_is_told_which_tag_by_epc_tid_or_user_memory(self) -> None:
        talk = with_tags(*(new_tag(number) for number in range(4)))
        tag = new_tag(2)
        by_tid = "2803e8" + "1200000100000002" + "06" + "00000000" + "00000000" + "60" + tid_of(2)
        assert answer(talk, by_tid).data == tag.epc
        by_epc_bits = "2803e8" + "1400000200000000" + "06" + "00000000" + "00000020" + "60" + tag.epc.hex()
        assert answer(talk, by_epc_bits).data == tag.tid
        all_but = "2803e8" + "1c00000200000000" + "06" + "00000000" + "00000020" + "60" + tag.epc.hex()
        assert answer(talk, all_but).data != tag.tid
        by_user = "2803e8" + "1300000200000000" + "06" + "00000000" + "00000000" + "10" + "ffff"
        assert answer(talk, by_user).status is Status.NO_TAG
        by_length = "2803e8" + "1600000200000000" + "06" + "0040"
        assert answer(talk, by_length).status is Status.NO_TAG

    def test_the_short_form_of_a_read_is_answered_by_the_words_alone(self) -> None:
        assert answer(with_tags(new_tag()), "2803e8" + "02" + "00000000" + "06").data == TID

    def test_a_count_of_nothing_reads_to_the_end_of_the_bank(self) -> None:
        assert answer(with_tags(new_tag()), "2803e8" + "00" + "02" + "00000000" + "00").data == TID

    @pytest.mark.parametrize("form", ["00" + "00", "05" + "00000000", "01" + "00000000" + "60" + EPC.hex()])
    def test_the_vendors_way_to_write_an_epc(self, form: str) -> None:
        tag = new_tag()
        assert answer(with_tags(tag), "2303e8" + form + "aabbccdd").status is Status.OK
        assert (tag.epc.hex(), tag.pc) == ("aabbccdd", 0x1000)

    def test_the_published_lock_locks(self) -> None:
        tag = SimulatedTag(epc=bytes.fromhex("111122223333444455556666"), tid=TID, access_password=0x11223344)
        talk = with_tags(tag)
        assert answer(talk, "2503e8" + "01" + "11223344" + "0020" + "0020" + "60" + tag.epc.hex()).status is Status.OK
        assert tag.lock_of(LockField.EPC_BANK) == 0b10
        assert talk.ask(WriteEpc(EPC, 0x3000)).status is Status.LOCKED

    def test_killing(self) -> None:
        talk = with_tags(new_tag(kill_password=7))
        assert answer(talk, "2603e8" + "00" + "00000008" + "00").status is Status.WRONG_PASSWORD
        assert answer(talk, "2603e8" + "00" + "00000007" + "00").status is Status.OK
        assert answer(talk, "2101f4").status is Status.NO_TAG
        assert answer(with_tags(new_tag()), "2603e8" + "00" + "00000000" + "00").status is Status.TAG_ERROR


def tid_of(number: int) -> str:
    return new_tag(number).tid.hex()


class TestBuffer:
    def test_a_search_before_no_tag(self) -> None:
        assert say(Conversation("thingmagic"), "22100013" + "03e8" + "0057") == [RoundEnded(reads=0)]

    def test_a_search_of_the_vendors_sdk_and_its_buffer(self) -> None:
        talk = with_tags(*(new_tag(number) for number in range(12)))
        assert answer(talk, "22" + "88" + "10" + "0013" + "03e8" + "0057").detail == "12 tags in the buffer"
        assert answer(talk, "29").detail == "12 tags in the buffer"
        first, second = say(talk, "2901ff00"), say(talk, "2901ff00")
        assert {each.epc for each in seen_in(first + second)} == {new_tag(number).epc for number in range(12)}
        assert len(seen_in(first)) < 12
        assert answer(talk, "2901ff00").code == 0x0600
        assert seen_in(say(talk, "2901ff01")) == seen_in(first)  # option 01: from the start again
        assert answer(talk, "2a").status is Status.OK
        assert answer(talk, "29").detail == "0 tags in the buffer"

    def test_reads_of_one_tag_are_counted(self) -> None:
        talk = with_tags(new_tag())
        for _ in range(3):
            assert answer(talk, "22" + "00" + "0003" + "01f4").detail == "1 tags in the buffer"
        (seen, _) = say(talk, "29004700")
        assert isinstance(seen, TagSeen)
        assert (seen.reads, seen.tid) == (3, None)

    def test_a_search_with_the_tid(self) -> None:
        talk = with_tags(new_tag())
        answer(talk, "22" + "10" + "0017" + "01f4" + "01ff" + "0109" + "28" + "0000000200000000" + "06")
        assert [each.tid for each in seen_in(say(talk, "2901ff00"))] == [TID]

    @pytest.mark.parametrize("body", ["2103e8", "2103e800", "2103e8100006"])
    def test_a_single_read(self, body: str) -> None:
        reply = answer(with_tags(new_tag()), body)
        assert reply.tag is not None
        assert (reply.command, reply.tag.epc) == ("read_single", EPC)
