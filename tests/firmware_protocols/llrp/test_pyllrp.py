"""Against `pyllrp`, which nobody here wrote: as client of our simulated reader over a real socket, and as reader of our messages.

With CI=true its absence is a failure.
"""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from firmware_protocols.commands import Bank, Command, GetInfo, LockAction, LockTag, ReadBank, SetOutput, StartInventory, WriteEpc
from firmware_protocols.events import TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import type_of
from firmware_protocols.llrp.tables import MESSAGE_NAME
from firmware_protocols.simulators import SimulatedTag
from firmware_protocols.simulators.llrp_settings import LlrpOptions
from tests.firmware_protocols.llrp.building import EPC, TID
from tests.firmware_protocols.llrp.serving import ServedReader
from tests.firmware_protocols.llrp.test_llrp_vectors import ROWS, message_of
from tests.firmware_protocols.reading import read

if find_spec("pyllrp") is None and os.environ.get("CI") != "true":
    pytest.skip("pyllrp is not installed", allow_module_level=True)

NEW_EPC = bytes.fromhex("eb0001000000010100000001")
WITHIN_S = 10.0


@pytest.fixture(scope="module")
def pyllrp() -> Any:
    from pyllrp import LLRPConnector, pyllrp  # noqa: PLC0415 — absent on a developer's machine

    pyllrp.LLRPConnector = LLRPConnector.LLRPConnector
    return pyllrp


@pytest.fixture
def served() -> Iterator[ServedReader]:
    with ServedReader(manner=LlrpOptions(is_impinj=True)) as reader:
        yield reader


@pytest.fixture
def client(pyllrp: Any, served: ServedReader) -> Iterator[Any]:
    connector = pyllrp.LLRPConnector()
    connector.TimeoutSecs = WITHIN_S
    connector.connect("127.0.0.1", served.port)
    yield connector
    connector.disconnect()


def rospec(pyllrp: Any, *, tags: int) -> Any:
    """An inventory as pyllrp's own examples have it, but reported every so many tags."""
    message = pyllrp.GetBasicAddRospecMessage()
    (spec,) = message.Parameters
    boundary, aispec, reports = spec.Parameters
    aispec.Parameters[0] = pyllrp.AISpecStopTrigger_Parameter(AISpecStopTriggerType=pyllrp.AISpecStopTriggerType.Null)
    reports.N = tags
    reports.Parameters[0].EnablePeakRSSI = True
    reports.Parameters[0].EnableTagSeenCount = True
    assert boundary
    return message


def await_tags(client: Any, pyllrp: Any, count: int) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    while len(seen) < count:
        message = pyllrp.UnpackMessageFromSocket(client.readerSocket)
        if isinstance(message, pyllrp.RO_ACCESS_REPORT_Message):
            seen += message.getTagData()
    return seen


def test_it_is_greeted_and_says_goodbye(pyllrp: Any, served: ServedReader) -> None:
    connector = pyllrp.LLRPConnector()
    greeting = connector.connect("127.0.0.1", served.port)
    event = greeting.getFirstParameterByClass(pyllrp.ConnectionAttemptEvent_Parameter)
    assert event.Status == pyllrp.ConnectionAttemptStatusType.Success
    assert connector.timeCorrection is not None
    assert connector.disconnect().success()


def test_a_second_client_is_refused(pyllrp: Any, served: ServedReader, client: Any) -> None:
    second = pyllrp.LLRPConnector()
    with pytest.raises(EnvironmentError, match="Client Initiated Connection Already Exists"):
        second.connect("127.0.0.1", served.port)
    told = pyllrp.UnpackMessageFromSocket(client.readerSocket)
    event = told.getFirstParameterByClass(pyllrp.ConnectionAttemptEvent_Parameter)
    assert event.Status == pyllrp.ConnectionAttemptStatusType.Another_Connection_Attempted


def test_it_reads_what_the_reader_can(pyllrp: Any, client: Any) -> None:
    answer = client.transact(pyllrp.GET_READER_CAPABILITIES_Message())
    assert answer.success()
    powers = list(answer.getAllParametersByClass(pyllrp.TransmitPowerLevelTableEntry_Parameter))
    assert (powers[0].TransmitPowerValue, powers[-1].TransmitPowerValue) == (1000, 3000)
    device = answer.getFirstParameterByClass(pyllrp.GeneralDeviceCapabilities_Parameter)
    assert (device.MaxNumberOfAntennaSupported, device.ReaderFirmwareVersion) == (4, "5.14.0.240")
    answer._validate()


def test_it_reads_how_the_reader_is_set(pyllrp: Any, client: Any) -> None:
    answer = client.transact(pyllrp.GET_READER_CONFIG_Message())
    assert answer.success()
    assert [each.AntennaID for each in answer.getAllParametersByClass(pyllrp.AntennaProperties_Parameter)] == [1, 2, 3, 4]


def test_it_takes_an_inventory(pyllrp: Any, served: ServedReader, client: Any) -> None:
    served.enter(SimulatedTag(epc=EPC, tid=TID))
    served.enter(SimulatedTag(epc=EPC[:8], tid=TID[:-1] + b"\0"), antenna=3)
    assert client.transact(rospec(pyllrp, tags=1)).success()
    assert client.transact(pyllrp.ENABLE_ROSPEC_Message(ROSpecID=123)).success()
    seen = await_tags(client, pyllrp, 20)
    epcs = {each["EPC"].to_bytes(12) if isinstance(each["EPC"], int) else bytes(each["EPC"]): each["AntennaID"] for each in seen}
    assert epcs == {EPC: 1, EPC[:8]: 3}
    assert all(-90 < each["PeakRSSI"] < -30 and each["TagSeenCount"] == 1 for each in seen)
    assert client.transact(pyllrp.DISABLE_ROSPEC_Message(ROSpecID=123)).success()
    assert client.transact(pyllrp.DELETE_ROSPEC_Message(ROSpecID=123)).success()
    assert not client.transact(pyllrp.DELETE_ROSPEC_Message(ROSpecID=123)).success()


def test_tags_are_added_up_until_the_rospec_ends(pyllrp: Any, served: ServedReader, client: Any) -> None:
    served.enter(SimulatedTag(epc=EPC, tid=TID))
    reports: list[Any] = []
    client.addHandler(pyllrp.RO_ACCESS_REPORT_Message, lambda _, message: reports.append(message))
    assert client.transact(rospec(pyllrp, tags=0)).success()
    assert client.transact(pyllrp.ENABLE_ROSPEC_Message(ROSpecID=123)).success()
    while not (said := served.reader.dialect.waiting_reads()) or said < 5:
        client.transact(pyllrp.GET_ROSPECS_Message())
    assert client.transact(pyllrp.DISABLE_ROSPEC_Message(ROSpecID=123)).success()
    (report,) = reports
    (seen,) = report.getTagData()
    assert seen["TagSeenCount"] >= 5


def test_keepalives_and_what_happens_without_an_answer(pyllrp: Any, client: Any) -> None:
    spec = pyllrp.KeepaliveSpec_Parameter(KeepaliveTriggerType=pyllrp.KeepaliveTriggerType.Periodic, PeriodicTriggerValue=30)
    assert client.transact(pyllrp.SET_READER_CONFIG_Message(Parameters=[spec])).success()
    for _ in range(5):
        keepalive = pyllrp.UnpackMessageFromSocket(client.readerSocket)
        assert isinstance(keepalive, pyllrp.KEEPALIVE_Message)
        pyllrp.KEEPALIVE_ACK_Message(MessageID=keepalive.MessageID).send(client.readerSocket)
    with pytest.raises(RuntimeError, match="connection broken"):
        await_tags(client, pyllrp, 1)


def test_impinjs_extensions(pyllrp: Any, client: Any) -> None:
    answer = client.transact(pyllrp.IMPINJ_ENABLE_EXTENSIONS_Message())
    assert isinstance(answer, pyllrp.IMPINJ_ENABLE_EXTENSIONS_RESPONSE_Message)
    assert answer.success()


def test_what_was_added_is_shown_again_and_starts_when_it_is_told(pyllrp: Any, served: ServedReader, client: Any) -> None:
    """As sllurp begins: settings, then whatever was left is deleted, then a ROSpec that waits to be started."""
    served.enter(SimulatedTag(epc=EPC, tid=TID))
    spec = pyllrp.KeepaliveSpec_Parameter(KeepaliveTriggerType=pyllrp.KeepaliveTriggerType.Periodic, PeriodicTriggerValue=5000)
    assert client.transact(pyllrp.SET_READER_CONFIG_Message(ResetToFactoryDefault=True, Parameters=[spec])).success()
    assert client.transact(pyllrp.DELETE_ROSPEC_Message(ROSpecID=0)).success()
    assert client.transact(pyllrp.DELETE_ACCESSSPEC_Message(AccessSpecID=0)).success()
    message = rospec(pyllrp, tags=1)
    message.Parameters[0].Parameters[0].Parameters[0].ROSpecStartTriggerType = pyllrp.ROSpecStartTriggerType.Null
    assert client.transact(message).success()
    assert not client.transact(pyllrp.START_ROSPEC_Message(ROSpecID=123)).success()
    assert client.transact(pyllrp.ENABLE_ROSPEC_Message(ROSpecID=123)).success()
    (shown,) = client.transact(pyllrp.GET_ROSPECS_Message()).getAllParametersByClass(pyllrp.ROSpec_Parameter)
    assert (shown.ROSpecID, shown.CurrentState) == (123, pyllrp.ROSpecState.Inactive)
    assert client.transact(pyllrp.START_ROSPEC_Message(ROSpecID=123)).success()
    assert len(await_tags(client, pyllrp, 5)) >= 5
    assert client.transact(pyllrp.STOP_ROSPEC_Message(ROSpecID=123)).success()


def test_a_tag_is_written_by_an_access_spec(pyllrp: Any, served: ServedReader, client: Any) -> None:
    chip = SimulatedTag(epc=EPC, tid=TID)
    served.enter(chip)
    words = [0x3000, *(int.from_bytes(NEW_EPC[at : at + 2]) for at in range(0, 12, 2))]
    target = pyllrp.C1G2TargetTag_Parameter(MB=1, Pointer=32, TagMask=b"\xff" * 12, TagData=EPC, Match=True)
    write = pyllrp.C1G2Write_Parameter(MB=1, WordPointer=1, WriteData=words, OpSpecID=9, AccessPassword=0)
    stop = pyllrp.AccessSpecStopTrigger_Parameter(
        AccessSpecStopTrigger=pyllrp.AccessSpecStopTriggerType.Operation_Count, OperationCountValue=1
    )
    spec = pyllrp.AccessSpec_Parameter(
        AccessSpecID=456,
        ProtocolID=pyllrp.AirProtocols.EPCGlobalClass1Gen2,
        Parameters=[
            stop,
            pyllrp.AccessCommand_Parameter(Parameters=[pyllrp.C1G2TagSpec_Parameter(Parameters=[target]), write]),
            pyllrp.AccessReportSpec_Parameter(AccessReportTrigger=pyllrp.AccessReportTriggerType.End_Of_AccessSpec),
        ],
    )
    assert client.transact(pyllrp.ADD_ACCESSSPEC_Message(Parameters=[spec])).success()
    assert client.transact(pyllrp.ENABLE_ACCESSSPEC_Message(AccessSpecID=456)).success()
    assert client.transact(rospec(pyllrp, tags=0)).success()
    assert client.transact(pyllrp.ENABLE_ROSPEC_Message(ROSpecID=123)).success()
    message = pyllrp.UnpackMessageFromSocket(client.readerSocket)
    result = message.getFirstParameterByClass(pyllrp.C1G2WriteOpSpecResult_Parameter)
    assert (result.Result, result.OpSpecID, result.NumWordsWritten) == (0, 9, 7)
    assert chip.epc == NEW_EPC


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in ROWS])
def test_both_read_the_published_messages_alike(pyllrp: Any, row: dict[str, Any]) -> None:
    import bitstring  # noqa: PLC0415 — comes with pyllrp

    data = message_of(row)
    theirs = pyllrp.UnpackMessage(bitstring.ConstBitStream(bytes=data))
    assert type(theirs).__name__ == row["meaning"]["pyllrp"]
    if row["direction"] == "from_reader":
        tags = [event for event in read(LlrpCodec(), [data]) if isinstance(event, TagSeen)]
        their_tags = theirs.getTagData() if hasattr(theirs, "getTagData") else []
        assert [tag.antenna for tag in tags] == [each["AntennaID"] for each in their_tags]
        assert [tag.rssi and tag.rssi.value for tag in tags] == [each["PeakRSSI"] for each in their_tags]
        assert [tag.first_seen_us for tag in tags] == [each["Timestamp"] for each in their_tags]


def mend(part: Any) -> None:
    """It leaves fields of single bits as bit strings when it reads, and refuses those when it writes."""
    for definition in part.FieldDefs:
        if definition.TypeCode.startswith("bits"):
            setattr(part, definition.Name, getattr(part, definition.Name).uint)
    for inner in part.Parameters:
        mend(inner)


COMMANDS: list[Command] = [
    GetInfo(),
    StartInventory(),
    ReadBank(Bank.TID, 0, 6, epc=EPC),
    WriteEpc(NEW_EPC, 0x3000, epc=EPC),
    LockTag(0x11223344, epc_bank=LockAction.NEEDS_PASSWORD, access_password=LockAction.NEEDS_PASSWORD),
    SetOutput(1, is_high=True),
]


@pytest.mark.parametrize("command", [pytest.param(each, id=type(each).__name__) for each in COMMANDS])
def test_what_we_ask_is_well_formed_to_it(pyllrp: Any, command: Command) -> None:
    import bitstring  # noqa: PLC0415 — comes with pyllrp

    for frame in LlrpCodec().encode(command):
        message = pyllrp.UnpackMessage(bitstring.ConstBitStream(bytes=frame))
        mend(message)
        message._validate()
        assert message.Name == MESSAGE_NAME[type_of(frame)].upper()
        assert message.pack(bitstring.BitStream()).tobytes() == frame
