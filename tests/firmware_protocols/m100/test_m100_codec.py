"""M100 and its twin: commands to bytes, and what each answer means."""

import pytest

from firmware_protocols.codec import Direction
from firmware_protocols.commands import (
    Bank,
    Command,
    GetInfo,
    GetPower,
    GetRegion,
    LockAction,
    LockTag,
    ReadBank,
    Region,
    SetAccessPassword,
    SetOutput,
    SetPower,
    SetRegion,
    StartInventory,
    StopInventory,
    WriteBank,
    WriteEpc,
)
from firmware_protocols.errors import BadArgument
from firmware_protocols.events import Event, FrameError, FrameFault, HostCommand, Notice, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.m100.codec import M100Codec
from firmware_protocols.m100.frames import DELIMITERS, FrameType, build_frame
from tests.firmware_protocols.reading import read

EPC = bytes.fromhex("30751feb705c5904e3d50d70")
SELECT = "bb000c001301000000206000" + EPC.hex() + "ad7e"
NEVER_SELECT = "bb0012000101147e"
NAMED = "0e3400" + EPC.hex()


def event_of(frame_type: FrameType, opcode: int, payload: str) -> Event:
    (event,) = read(M100Codec(), [build_frame(DELIMITERS["m100"], frame_type, opcode, bytes.fromhex(payload))])
    return event


def answer_to(opcode: int, payload: str) -> Reply:
    reply = event_of(FrameType.RESPONSE, opcode, payload)
    assert isinstance(reply, Reply)
    return reply


@pytest.mark.parametrize(
    ("command", "frames"),
    [
        pytest.param(GetInfo(), ["bb0003000100047e"], id="info"),
        pytest.param(GetRegion(), ["bb00080000087e"], id="region"),
        pytest.param(SetRegion(Region.CHINA_900), ["bb0007000101097e"], id="set region"),
        pytest.param(SetRegion(Region.EU), ["bb00070001030b7e"], id="set region EU"),
        pytest.param(GetPower(), ["bb00b70000b77e"], id="power"),
        pytest.param(SetPower(20), ["bb00b6000207d08f7e"], id="set power, as printed"),
        pytest.param(StartInventory(), ["bb0027000322ffff4a7e"], id="start"),
        pytest.param(StopInventory(), ["bb00280000287e"], id="stop"),
        pytest.param(SetOutput(4, is_high=True), ["bb001a0003000401227e", "bb001a0003010401237e"], id="output: direction, then level"),
        pytest.param(ReadBank(Bank.TID, 0, 6, epc=EPC), [SELECT, "bb003900090000000002000000064a7e"], id="read TID of one tag"),
        pytest.param(ReadBank(Bank.USER, 0, 2, 0xFFFF), [NEVER_SELECT, "bb003900090000ffff0300000002457e"], id="read any tag, as printed"),
        pytest.param(
            WriteBank(Bank.USER, 0, bytes.fromhex("12345678"), 0xFFFF),
            [NEVER_SELECT, "bb0049000d0000ffff0300000002123456786d7e"],
            id="write, as printed",
        ),
        pytest.param(
            WriteEpc(EPC, 0x3000, epc=EPC),
            [SELECT, "bb004900170000000001000100073000" + EPC.hex() + "a67e"],
            id="write PC and EPC",
        ),
        pytest.param(
            SetAccessPassword(0x11223344, epc=EPC), [SELECT, "bb0049000d00000000000002000211223344047e"], id="set access password"
        ),
        pytest.param(
            LockTag(0xFFFF, access_password=LockAction.NEEDS_PASSWORD),
            [NEVER_SELECT, "bb008200070000ffff020080097e"],
            id="lock, as printed",
        ),
    ],
)
def test_a_command_in_bytes(command: Command, frames: list[str]) -> None:
    assert [frame.hex() for frame in M100Codec().encode(command)] == frames


def test_the_twin_says_the_same_between_other_delimiters() -> None:
    command = ReadBank(Bank.TID, 0, 6, epc=EPC)
    ours, twins = M100Codec("m100").encode(command), M100Codec("r200").encode(command)
    assert [frame[1:-1] for frame in twins] == [frame[1:-1] for frame in ours]
    assert all((frame[0], frame[-1]) == (0xAA, 0xDD) for frame in twins)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(SetPower(31), id="power beyond the module"),
        pytest.param(WriteBank(Bank.USER, 0, bytes(66)), id="33 words"),
        pytest.param(SetOutput(5, is_high=True), id="no such pin"),
    ],
)
def test_what_no_module_takes_is_refused_before_it_is_sent(command: Command) -> None:
    with pytest.raises(BadArgument):
        M100Codec().encode(command)


def test_a_long_epc_is_selected_by_its_end() -> None:
    """A select mask has 255 bits at most."""
    epc = bytes(range(62))
    select, _ = M100Codec().encode(ReadBank(Bank.TID, 0, 2, epc=epc))
    assert select[5:-2].hex() == "01" + "00000120" + "f0" + "00" + epc[32:].hex()


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        pytest.param("09", Status.READ_FAILED, id="read"),
        pytest.param("0e", Status.BAD_PARAMETER, id="parameter"),
        pytest.param("10", Status.WRITE_FAILED, id="write"),
        pytest.param("12", Status.KILL_FAILED, id="kill"),
        pytest.param("13", Status.LOCK_FAILED, id="lock"),
        pytest.param("16", Status.WRONG_PASSWORD, id="password"),
        pytest.param("17", Status.BAD_COMMAND, id="command"),
        pytest.param("20", Status.READER_ERROR, id="hopping"),
        pytest.param("a3" + NAMED, Status.MEMORY_OVERRUN, id="read beyond memory"),
        pytest.param("b4" + NAMED, Status.LOCKED, id="write to locked memory"),
        pytest.param("bb" + NAMED, Status.LOW_POWER, id="write with too little power"),
        pytest.param("cf" + NAMED, Status.TAG_ERROR, id="lock, tag does not say why"),
        pytest.param("d0" + NAMED, Status.TAG_ERROR, id="kill, other"),
        pytest.param("e4" + NAMED, Status.LOCKED, id="special command"),
        pytest.param("a8" + NAMED, Status.TAG_ERROR, id="read, a code of the tag's that our Gen2 does not have"),
        pytest.param("2e", Status.TAG_ERROR, id="Monza QT"),
        pytest.param("77", Status.READER_ERROR, id="a code that no manual has"),
    ],
)
def test_an_error_frame(payload: str, status: Status) -> None:
    reply = answer_to(0xFF, payload)
    assert (reply.command, reply.status, reply.code) == ("error", status, int(payload[:2], 16))
    assert reply.detail
    assert (reply.tag.epc if reply.tag else b"") == (EPC if NAMED in payload else b"")


def test_no_tag_in_a_round_is_the_end_of_a_round() -> None:
    assert event_of(FrameType.RESPONSE, 0xFF, "15") == RoundEnded(reads=0)


def test_after_an_access_it_is_the_answer_to_that() -> None:
    """A round's own could only be late, and an access that was broken off by it is tried again."""
    codec, no_tag = M100Codec(), [bytes.fromhex("bb01ff000115167e")]
    codec.encode(ReadBank(Bank.TID, 0, 6, epc=EPC))
    (reply,) = read(codec, no_tag)
    assert isinstance(reply, Reply)
    assert (reply.command, reply.status, reply.code) == ("error", Status.NO_TAG, 0x15)
    codec.encode(StartInventory())
    assert read(codec, no_tag) == [RoundEnded(reads=0)]


def test_a_write_that_did_not_succeed() -> None:
    reply = answer_to(0x49, NAMED + "02")
    assert (reply.status, reply.code, reply.data) == (Status.WRITE_FAILED, 2, b"")


@pytest.mark.parametrize("opcode", [pytest.param(0xE6, id="Monza QT"), pytest.param(0xD3, id="block permalock")])
def test_a_special_write_is_answered_by_a_status_too(opcode: int) -> None:
    reply = answer_to(opcode, NAMED + "00")
    assert (reply.status, reply.code, reply.data) == (Status.OK, 0, b"")


def test_which_blocks_are_permalocked_is_data() -> None:
    assert answer_to(0xD3, NAMED + "0700").data == b"\x07\x00"


def test_a_setting_that_was_not_taken() -> None:
    assert answer_to(0xB6, "01").status is Status.READER_ERROR


@pytest.mark.parametrize(
    ("opcode", "payload", "detail"),
    [
        pytest.param(0x03, "004d31303020323664426d2056312e30", "hardware: M100 26dBm V1.0", id="hardware"),
        pytest.param(0xB7, "07d0", "20 dBm", id="power"),
        pytest.param(0x08, "03", "eu", id="region"),
        pytest.param(0x08, "09", "", id="a region that the manual does not have"),
    ],
)
def test_an_answer_in_words(opcode: int, payload: str, detail: str) -> None:
    reply = answer_to(opcode, payload)
    assert (reply.status, reply.data, reply.detail) == (Status.OK, bytes.fromhex(payload), detail)


def test_an_unknown_opcode_is_shown_with_its_data() -> None:
    assert answer_to(0x5A, "0102") == Reply("0x5a", Status.OK, data=b"\x01\x02")
    assert event_of(FrameType.NOTICE, 0x5A, "0102") == Notice("0x5a", data=b"\x01\x02")


@pytest.mark.parametrize(
    ("frame_type", "opcode", "payload"),
    [
        pytest.param(FrameType.NOTICE, 0x22, "c93400" + EPC.hex(), id="a report without its CRC"),
        pytest.param(FrameType.NOTICE, 0x22, "", id="a report of nothing"),
        pytest.param(FrameType.NOTICE, 0x22, "c9", id="a report of one byte"),
        pytest.param(FrameType.NOTICE, 0x22, "c91800" + EPC.hex() + "3a76", id="a PC for a shorter EPC"),
        pytest.param(FrameType.NOTICE, 0x22, "c93200" + EPC.hex() + "00" + "3a76", id="a PC with an XPC, and half a word"),
        pytest.param(FrameType.RESPONSE, 0x39, "0e3400", id="an answer shorter than the tag it names"),
        pytest.param(FrameType.RESPONSE, 0x39, "", id="an answer of nothing"),
        pytest.param(FrameType.RESPONSE, 0xFF, "", id="an error without a code"),
        pytest.param(FrameType.COMMAND, 0x22, "", id="a command, on the way to a reader"),
    ],
)
def test_a_whole_frame_with_nonsense_in_it(frame_type: FrameType, opcode: int, payload: str) -> None:
    error = event_of(frame_type, opcode, payload)
    assert isinstance(error, FrameError)
    assert error.reason is FrameFault.CONTENT


@pytest.mark.parametrize("size", [0, 2, 8, 12, 16, 62])
def test_epcs_of_every_length(size: int) -> None:
    epc = bytes(range(size))
    pc = size // 2 << 11
    seen = event_of(FrameType.NOTICE, 0x22, "80" + f"{pc:04x}" + epc.hex() + "0000")
    assert isinstance(seen, TagSeen)
    assert (seen.epc, seen.pc, seen.rssi.value if seen.rssi else 0) == (epc, pc, -128.0)


XPCS = [
    pytest.param("3200", "0001", id="XPC_W1"),
    pytest.param("3600", "80010002", id="XPC_W1 and W2"),
    pytest.param("3200", "", id="a module that cuts it off"),
]


@pytest.mark.parametrize(("pc", "xpc"), XPCS)
def test_an_extended_pc_is_no_part_of_the_epc(pc: str, xpc: str) -> None:
    seen = event_of(FrameType.NOTICE, 0x22, "c9" + pc + xpc + EPC.hex() + "0000")
    assert isinstance(seen, TagSeen)
    assert (seen.epc, seen.pc) == (EPC, int(pc, 16))


@pytest.mark.parametrize(("pc", "xpc"), XPCS)
def test_nor_where_an_answer_names_the_tag(pc: str, xpc: str) -> None:
    named = bytes.fromhex(pc + xpc) + EPC
    reply = answer_to(0x39, bytes((len(named),)).hex() + named.hex() + "12345678")
    assert (reply.tag and reply.tag.epc, reply.data) == (EPC, bytes.fromhex("12345678"))


def test_delimiters_inside_data_are_data() -> None:
    reply = answer_to(0x39, NAMED + "bb7e7ebbbb02220000247e")
    assert reply.data == bytes.fromhex("bb7e7ebbbb02220000247e")


def test_the_other_half_reads_what_we_send() -> None:
    codec = M100Codec(direction=Direction.TO_READER)
    commands = read(codec, M100Codec().encode(LockTag(0x1234, epc_bank=LockAction.NEEDS_PASSWORD, epc=EPC)))
    assert commands == [
        HostCommand("set_select", 0x0C, bytes.fromhex("01000000206000") + EPC),
        HostCommand("lock_tag", 0x82, bytes.fromhex("00001234" + "008020")),
    ]


def test_a_readers_frame_on_the_way_to_a_reader_is_nonsense() -> None:
    (error,) = read(M100Codec(direction=Direction.TO_READER), [bytes.fromhex("bb01ff000115167e")])
    assert isinstance(error, FrameError)
    assert (error.reason, "from-reader" in error.found) == (FrameFault.CONTENT, True)
