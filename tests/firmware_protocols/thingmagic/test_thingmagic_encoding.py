"""ThingMagic modules: commands to bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.codec import Direction
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
from firmware_protocols.errors import BadArgument, ProtocolError
from firmware_protocols.events import (
    HostCommand,
)
from firmware_protocols.thingmagic.codec import ThingMagicCodec
from firmware_protocols.thingmagic.frames import build_command
from tests.firmware_protocols.reading import read
from tests.firmware_protocols.thingmagic.building import EPC


def bodies_of(command: Command, codec: ThingMagicCodec | None = None) -> list[str]:
    """Opcode and data of each frame."""
    return [frame[2:-2].hex() for frame in (codec or ThingMagicCodec()).encode(command)]


GEN2 = "930005"
SELECTED = "60" + EPC.hex()


@pytest.mark.parametrize(
    ("command", "bodies"),
    [
        pytest.param(GetInfo(), ["03"], id="info"),
        pytest.param(
            StartInventory(),
            [
                "9a010c00",
                "2f000001220000" + "0513" + "2210001f00fa01ff" + "0109" + "28" + "0000000200000000" + "06",
            ],
            id="start: no filter, then a stream with all metadata and the TID",
        ),
        pytest.param(StopInventory(), ["2f000002"], id="stop"),
        pytest.param(GetRegion(), ["67"], id="region"),
        pytest.param(SetRegion(Region.EU), ["9708"], id="EU3"),
        pytest.param(SetRegion(Region.US), ["9701"], id="NA"),
        pytest.param(SetRegion(Region.KOREA), ["9709"], id="KR2"),
        pytest.param(SetRegion(Region.CHINA_900), ["9706"], id="PRC"),
        pytest.param(SetRegion(Region.CHINA_800), ["970a"], id="PRC2"),
        pytest.param(SetRegion(Region.INDIA), ["9704"], id="IN"),
        pytest.param(SetRegion(Region.BANGLADESH), ["971d"], id="BD"),
        pytest.param(GetPower(), ["6200"], id="power"),
        pytest.param(SetPower(22.5), ["9208ca", "9408ca"], id="power to read and to write"),
        pytest.param(GetAntennas(), ["6105"], id="antennas"),
        pytest.param(SetAntennas((1, 3)), ["9102" + "0101" + "0303"], id="the ports of a search"),
        pytest.param(SetOutput(2, is_high=True), ["960201"], id="output"),
        pytest.param(ReadBank(Bank.TID, 0, 6), [GEN2, "2803e8" + "10" + "0000" + "02" + "00000000" + "06"], id="read the TID of any tag"),
        pytest.param(
            ReadBank(Bank.USER, 1, 2, 0x11223344),
            [GEN2, "2803e8" + "15" + "0000" + "03" + "00000001" + "02" + "11223344"],
            id="read with a password",
        ),
        pytest.param(
            ReadBank(Bank.USER, 1, 2, epc=EPC),
            [GEN2, "2803e8" + "11" + "0000" + "03" + "00000001" + "02" + "00000000" + SELECTED],
            id="read a tag by its EPC",
        ),
        pytest.param(
            WriteBank(Bank.USER, 0, b"\x00\xee"), [GEN2, "2403e8" + "00" + "00000000" + "03" + "00ee"], id="write, as SparkFun prints it"
        ),
        pytest.param(
            WriteEpc(EPC, 0x3000, 1, EPC),
            [GEN2, "2403e8" + "01" + "00000001" + "01" + "00000001" + SELECTED + "3000" + EPC.hex()],
            id="write PC and EPC",
        ),
        pytest.param(SetAccessPassword(0xAABBCCDD), [GEN2, "2403e8" + "00" + "00000002" + "00" + "aabbccdd"], id="set the access password"),
        pytest.param(
            LockTag(0x11223344, epc_bank=LockAction.NEEDS_PASSWORD, epc=bytes.fromhex("111122223333444455556666")),
            [GEN2, "2503e8" + "01" + "11223344" + "0020" + "0020" + "60" + "111122223333444455556666"],
            id="lock, as the M5e guide prints it",
        ),
        pytest.param(
            LockTag(1, kill_password=LockAction.CLOSED_FOREVER, user_bank=LockAction.OPEN),
            [GEN2, "2503e8" + "00" + "00000001" + "0302" + "0300"],
            id="lock whichever answers",
        ),
    ],
)
def test_what_is_sent(command: Command, bodies: list[str]) -> None:
    assert bodies_of(command) == bodies


def test_a_long_epc_takes_a_longer_length() -> None:
    epc = bytes(range(32))
    assert (
        bodies_of(ReadBank(Bank.TID, 0, 2, epc=epc))[1]
        == "2803e8" + "31" + "0000" + "02" + "00000000" + "02" + "00000000" + "0100" + epc.hex()
    )


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(SetPower(33), id="power beyond any module"),
        pytest.param(SetPower(-1), id="negative power"),
        pytest.param(SetPower(float("nan")), id="no power"),
        pytest.param(SetAntennas(()), id="no antenna"),
        pytest.param(SetAntennas((5,)), id="no such port"),
        pytest.param(SetAntennas((1, 1)), id="a port twice"),
        pytest.param(SetOutput(5, is_high=True), id="no such output"),
        pytest.param(ReadBank(Bank.USER, 0, 121), id="longer than an answer"),
        pytest.param(WriteBank(Bank.USER, 0, bytes(130)), id="longer than a frame"),
        pytest.param(WriteEpc(EPC, 0x3800), id="PC for a longer EPC"),
        pytest.param(Beep(BeepMode.EACH_TAG), id="no beeper"),
    ],
)
def test_what_no_module_takes_is_refused_before_it_is_sent(command: Command) -> None:
    with pytest.raises(ProtocolError):
        ThingMagicCodec().encode(command)


@pytest.mark.parametrize("ports", [0, 3, 32])
def test_no_module_has_so_many_ports(ports: int) -> None:
    with pytest.raises(BadArgument, match="antenna ports"):
        ThingMagicCodec(antenna_ports=ports)


@given(
    command=st.sampled_from([ReadBank(Bank.TID, 0, 2, epc=EPC), WriteEpc(EPC, 0x3000, 1, EPC), StartInventory(), SetPower(20), GetInfo()])
)
def test_the_other_half_reads_what_we_send(command: Command) -> None:
    frames = ThingMagicCodec().encode(command)
    heard = read(ThingMagicCodec(direction=Direction.TO_READER), frames, has_gap=False)
    assert [build_command(each.opcode, each.data) for each in heard if isinstance(each, HostCommand)] == list(frames)


def test_start_and_stop_have_one_opcode_and_two_names() -> None:
    codec = ThingMagicCodec(direction=Direction.TO_READER)
    commands = read(
        codec,
        [ThingMagicCodec().encode(StartInventory())[-1], *ThingMagicCodec().encode(StopInventory()), build_command(0x2F, b"\0\0\x04")],
    )
    assert [each.command for each in commands if isinstance(each, HostCommand)] == ["start_inventory", "stop_inventory", "multi_protocol"]
