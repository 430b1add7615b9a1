"""Frames of other hosts and other modules: the vendor's assistant, an M5e without a stream, a tag with its password.

The assistant's frames were captured by the author of the notes "SparkFun Simultaneous RFID Tag Reader Library: filters" from the
Universal Reader Assistant 6.2 (MercuryAPI 1.37.2.24) before an M6e Nano.
"""

import pytest

from firmware_protocols.codec import Direction
from firmware_protocols.commands import (
    Bank,
    GetInfo,
    LockAction,
    LockTag,
    ReadBank,
    SetAccessPassword,
    StartInventory,
    StopInventory,
)
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import HostCommand, Notice, Reply, RoundEnded, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.simulators import ReaderOptions, SimulatedTag
from firmware_protocols.thingmagic.codec import ThingMagicCodec
from firmware_protocols.thingmagic.encoding import TAG_TIMEOUT_MS
from firmware_protocols.thingmagic.frames import build_command, build_reply
from plate_printer.desk_reader import ANSWER_S
from tests.firmware_protocols.reading import read
from tests.firmware_protocols.simulators.conversing import EPC, TID, Conversation, new_tag

HOST_FRAMES = [
    pytest.param("ff082288100013 03e8 0057 1fdf", "read_multiple", id="search, several selects allowed"),
    pytest.param("ff1722 88 14 0013 03e8 0057 00000000 00000020 18 9812ab 040000 39b2", "read_multiple", id="search by EPC"),
    pytest.param("ff2023 03e8 01 00000000 60 9812ab32ff00020605e401f4 9812ab32ff00020605e401f5 5d8f", "write_epc", id="write an EPC"),
    pytest.param("ff1223 03e8 01 00000000 20 aabbccdd aabbccddeeff 2ffa", "write_epc", id="write a longer EPC"),
    pytest.param("ff1c28 03e8 11 0000 00 00000000 00 00000000 60 9812ab32ff00020605e401f6 ba85", "read_bank", id="read a bank by EPC"),
    pytest.param("ff0329 0057 00 a322", "get_tag_buffer", id="fetch the buffer"),
    pytest.param("ff152f 0000 01 22 0000 05 0c 22 88 10 051b 03e8 00c8 0057 0100 c9da", "start_inventory", id="stream"),
    pytest.param(
        "ff232f 0000 01 22 0000 05 1a 22 88 14 051b 03e8 00fa 0057 0100 00000000 00000020 10 e200 040000 46c5",
        "start_inventory",
        id="stream by EPC",
    ),
]


@pytest.mark.parametrize(("frame", "name"), HOST_FRAMES)
def test_the_assistants_frames_are_read_and_built_again(frame: str, name: str) -> None:
    data = bytes.fromhex(frame)
    (command,) = read(ThingMagicCodec(direction=Direction.TO_READER), [data])
    assert isinstance(command, HostCommand)
    assert command.command == name
    assert build_command(command.opcode, command.data) == data


def test_the_buffer_of_a_nano_as_the_assistant_fetched_it() -> None:
    answer = build_reply(
        0x29,
        0,
        bytes.fromhex(
            "0057 00 02"
            "2b c6 11 00000009 05 0080 3400 e200470457606426e301010e c4bb"
            "2f cc 11 0000000e 05 0080 3000 e200420e8c506017044e7949 50a7"
        ),
    )
    first, second, reply = read(ThingMagicCodec(), [answer])
    assert first == TagSeen(bytes.fromhex("e200470457606426e301010e"), 0x3400, None, Rssi(-58, RssiUnit.DBM, b"\xc6"), 1, reads=0x2B)
    assert second == TagSeen(bytes.fromhex("e200420e8c506017044e7949"), 0x3000, None, Rssi(-52, RssiUnit.DBM, b"\xcc"), 1, reads=0x2F)
    assert isinstance(reply, Reply)
    assert reply.status is Status.OK


def say(talk: Conversation, body: str) -> Reply:
    frame = bytes.fromhex(body)
    talk.reader.receive_data(build_command(frame[0], frame[1:]))
    (reply,) = (event for event in talk.pass_time(0.01) if isinstance(event, Reply))
    return reply


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        pytest.param("88 14 {} 00000000 00000020 10 e280 040000", 2, id="one select"),
        pytest.param("88 1c {} 00000000 00000020 10 e280 040000", 0, id="one select, inverted"),
        pytest.param("88 14 {} 00000000 00000020 10 e280 0400 04 00000070 10 3c4e 040000", 1, id="a second select"),
        pytest.param("88 10 {}", 2, id="several selects allowed, none given"),
        pytest.param("81 14 {} 00000000 00000020 10 e280", 2, id="battery-assisted tags: one select without an end"),
        pytest.param("84 10 {}", 2, id="read after write, without a select"),
    ],
)
def test_which_tags_a_search_means(selection: str, found: int) -> None:
    talk = Conversation("thingmagic")
    for number in range(2):
        talk.field.enter(new_tag(number), enters_s=0.0)
    asked = selection.replace("{}", "0003 00fa 0057")
    frame = bytes.fromhex(f"22 {asked}")
    talk.reader.receive_data(build_command(frame[0], frame[1:]))
    (answer,) = talk.pass_time(0.01)
    if found:
        assert isinstance(answer, Reply)
        assert answer.detail == f"{found} tags in the buffer"
    else:
        assert answer == RoundEnded(reads=0)


def told(talk: Conversation, body: str) -> list[str]:
    """The data of each answer, as it stands on the line: the vendor's SDK reads at fixed places."""
    frame = bytes.fromhex(body)
    talk.reader.receive_data(build_command(frame[0], frame[1:]))
    return [write[5:-2].hex() for write in talk.reader.advance(talk.now_s)]


def test_before_the_words_stand_the_metadata_that_the_vendors_sdk_asked_for() -> None:
    """TMR_SR_cmdGEN2ReadTagData asks for protocol and data (00C0), and finds no data in the data's place: they follow."""
    talk = Conversation("thingmagic")
    talk.field.enter(new_tag(), enters_s=0.0)
    assert told(talk, "28 03e8 10 00c0 02 00000000 06") == ["1000c0" + "05" + "0000" + TID.hex()]
    assert say(talk, "28 03e8 10 00c0 02 00000000 06").data == TID


def test_a_search_with_an_embedded_command_tells_how_often_it_was_done() -> None:
    """TMR_SR_executeEmbeddedRead: after the tags the number of commands, the opcode, successes, failures."""
    talk = Conversation("thingmagic")
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.field.enter(SimulatedTag(epc=new_tag(1).epc, tid=TID[:4]), enters_s=0.0)
    search = "22 10 0017 01f4 01ff 01 09 28 0000 00 02 00000000 06"
    assert told(talk, search) == ["100017" + "00000002" + "01" + "28" + "0001" + "0001"]
    assert say(talk, search).detail == "2 tags in the buffer"


def test_a_status_within_a_stream_stands_without_metadata() -> None:
    """As captured of a Nano: ff0b22 0000 8800 011b 02 8200 8200 01 1c 1d49. The SDK looks for its kind where no metadata stand."""
    talk = Conversation("thingmagic")
    told(talk, "2f 0000 01 22 0000 05 0c 22 88 10 051b 0064 0000 0057 0100")
    talk.now_s = 0.5
    assert "8800" + "051b" + "02" + "8200" + "8200" + "01" + "1e" in [write[5:-2].hex() for write in talk.reader.advance(talk.now_s)]


def test_ports_may_be_given_times_of_their_own() -> None:
    """MercuryAPI, setAntennaReadTimeList, where each antenna has a plan of its own; port 0 is a rest."""
    talk = Conversation("thingmagic")
    assert say(talk, "91 07 02 007d 00 0032 01 007d").status is Status.OK
    assert told(talk, "61 02") == ["02" + "0202" + "0101"]


def test_it_is_asked_whether_a_pin_is_an_output() -> None:
    assert told(Conversation("thingmagic"), "96 01") == ["0101"]  # as a Nano answered


def test_a_pin_is_made_an_input_and_an_output_again() -> None:
    """TMR_SR_cmdSetGPIODirection: option 01, pin, direction, level."""
    talk = Conversation("thingmagic")
    assert told(talk, "96 01 02 00 00") == [""]
    assert told(talk, "96 02") == ["0200"]
    assert told(talk, "66 01") == ["01" + "010100" + "020000" + "030100" + "040100"]
    assert told(talk, "96 01 02 01 01") == [""]
    assert told(talk, "66 01") == ["01" + "010100" + "020101" + "030100" + "040100"]
    assert say(talk, "96 01 09 01 01").code == 0x0105


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param("67 01 40", "01084000" + "00", id="listen before talk"),
        pytest.param("6a 01 13", "0113" + "0000", id="which product it is"),
        pytest.param("65 01", "0100000177", id="how long it stays on a channel"),
        pytest.param("65 02", "0200000032", id="the raster of the channels"),
        pytest.param("65 03", "03000d35a4", id="the lowest frequency"),
    ],
)
def test_the_vendors_sdk_asks_for_more(body: str, answer: str) -> None:
    """TMR_SR_cmdGetRegionConfiguration and its like: the value stands after what was asked, as wide as the SDK reads it."""
    assert told(Conversation("thingmagic"), body) == [answer]


def test_channels_are_those_of_the_region_by_any_of_its_numbers() -> None:
    talk = Conversation("thingmagic")
    assert told(talk, "97 0d") == [""]
    assert told(talk, "65 03") == ["03" + (902_750).to_bytes(4).hex()]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param("2f 0000 04 00 72", "04" + "01" + "72" + "0000" + "1e", id="told"),
        pytest.param("2f 0000 04 02 92 0a8c", "04" + "00" + "92" + "0000", id="set"),
        pytest.param("2f 0000 04 01 97 00", "04" + "00" + "97" + "010b", id="refused"),
    ],
)
def test_a_parameter_is_asked_while_a_stream_runs(body: str, answer: str) -> None:
    """MercuryAPI, isContinuousReadParamSupported: the command goes inside 2F, and so does its whole answer."""
    talk = Conversation("thingmagic")
    talk.tell(StartInventory())
    talk.pass_time(0.1)
    assert answer in told(talk, body)


def of_model(model: str) -> Conversation:
    return Conversation("thingmagic", options=ReaderOptions(model=model))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        pytest.param("m5e", "M5e, ", id="M5e"),
        pytest.param("m6e", "M6e, ", id="M6e"),
        pytest.param("micro", "M6e Micro, ", id="Micro"),
        pytest.param("nano", "M6e Nano, ", id="Nano"),
        pytest.param("m7e", "M7e Pico, ", id="M7e"),
    ],
)
def test_each_model_is_known_by_what_it_says(model: str, said: str) -> None:
    assert of_model(model).ask(GetInfo()).detail.startswith(said)


def test_a_nano_has_no_more_than_27_dbm() -> None:
    """As captured by SparkFun: ff0762 0000 01 0a8c 0a8c 0000 54b4."""
    nano = of_model("nano")
    assert told(nano, "62 01") == ["01" + "0a8c" + "0a8c" + "0000"]
    assert say(nano, "92 0a8d").code == 0x0103


def test_no_such_model() -> None:
    with pytest.raises(BadArgument, match=r"model: expected m5e, .*found m4"):
        ThingMagicCodec(model="m4")
    with pytest.raises(ValueError, match="m5e"):
        of_model("m4")


def answered(codec: ThingMagicCodec, opcode: int, code: int = 0) -> bytes:
    """What a codec that polls says next, when its last question has been answered."""
    assert read(codec, [build_reply(opcode, code)]) == []
    return codec.bytes_to_send()


class TestWithoutStream:
    """An M5e has no stream: it is searched into its buffer, and that is fetched, step by step."""

    def rounds(self, talk: Conversation, count: int) -> list[TagSeen]:
        seen: list[TagSeen] = []
        for _ in range(count):
            talk.tell(StartInventory())
            events = talk.pass_time(0.2)
            assert [event for event in events if isinstance(event, RoundEnded)], events
            seen += (event for event in events if isinstance(event, TagSeen))
        return seen

    def test_its_tags_are_read_round_after_round(self) -> None:
        talk = of_model("m5e")
        for number in range(30):  # more than one answer holds
            talk.field.enter(new_tag(number), enters_s=0.0)
        talk.ask(GetInfo())
        facts = talk.codec.facts
        assert (facts.inventory_ends_by_itself, facts.round_end_may_stop, facts.start_is_answered) == (True, True, False)
        assert len(self.rounds(talk, 2)) == 60

    def test_an_empty_round_ends_too(self) -> None:
        talk = of_model("m5e")
        talk.ask(GetInfo())
        assert self.rounds(talk, 3) == []

    def test_a_tag_that_has_gone_is_not_read_from_the_buffer(self) -> None:
        talk = of_model("m5e")
        talk.field.enter(new_tag(), enters_s=0.0, leaves_s=0.3)
        talk.ask(GetInfo())
        assert len(self.rounds(talk, 1)) == 1
        talk.pass_time(0.3)
        assert self.rounds(talk, 2) == []

    def test_told_which_it_is_it_is_never_asked_to_stream(self) -> None:
        codec = ThingMagicCodec(model="m5e")
        assert codec.facts.reads_tid_in_inventory is False
        assert codec.encode(StartInventory()) == codec.encode(StopInventory()) == (build_command(0x2A),)

    def test_a_stop_breaks_off_what_was_under_way(self) -> None:
        codec = ThingMagicCodec(model="m5e")
        codec.encode(StartInventory())
        codec.encode(StopInventory())
        (reply,) = read(codec, [build_reply(0x2A, 0)])
        assert isinstance(reply, Reply)
        assert codec.bytes_to_send() == b""

    def test_it_is_told_to_report_dbm_before_its_first_search(self) -> None:
        """As it leaves its maker an M5e reports the RSSI in units of its own."""
        talk = of_model("m5e")
        talk.field.enter(new_tag(), enters_s=0.0)
        talk.ask(GetInfo())
        assert all(tag.rssi is not None and -80 < tag.rssi.value < -20 for tag in self.rounds(talk, 2))

    def test_an_antenna_in_trouble_is_told_and_the_round_is_over(self) -> None:
        codec = ThingMagicCodec(model="m5e")
        codec.encode(StartInventory())
        assert answered(codec, 0x2A) == build_command(0x9A, bytes.fromhex("010901"))
        assert answered(codec, 0x9A) == build_command(0x9A, bytes.fromhex("010201"))
        assert answered(codec, 0x9A, 0x0105) == build_command(0x22, bytes.fromhex("00 0003 00fa"))
        (event,) = read(codec, [build_reply(0x22, 0x0503)])
        assert isinstance(event, Notice)
        assert event.status is Status.ANTENNA_MISSING
        assert codec.bytes_to_send() == b""


def test_the_desk_waits_until_the_module_has_said_that_there_is_no_tag() -> None:
    assert ANSWER_S * 1000 > TAG_TIMEOUT_MS


class TestPassword:
    def test_a_wrong_one_is_named(self) -> None:
        talk = Conversation("thingmagic")
        talk.field.enter(SimulatedTag(epc=EPC, tid=TID, access_password=0x11223344), enters_s=0.0)
        lock = LockTag(0x55667788, epc_bank=LockAction.NEEDS_PASSWORD, epc=EPC)
        for command in (lock, ReadBank(Bank.USER, 0, 1, 0x55667788, EPC), SetAccessPassword(1, 0x55667788, EPC)):
            assert talk.ask(command).status is Status.WRONG_PASSWORD

    def test_without_one_the_same_status_is_an_error_of_the_tag(self) -> None:
        codec = ThingMagicCodec()
        codec.encode(ReadBank(Bank.USER, 0, 1))
        (reply,) = read(codec, [build_reply(0x28, 0x040A)])
        assert isinstance(reply, Reply)
        assert reply.status is Status.TAG_ERROR
