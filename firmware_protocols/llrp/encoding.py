"""A command → the messages that ask for it: types and bodies. The headers around them are `frames.build_message`'s."""

import struct
from dataclasses import dataclass
from typing import assert_never

from firmware_protocols.command_checks import check_command, check_ports, check_range, lock_actions
from firmware_protocols.commands import (
    Bank,
    Beep,
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
from firmware_protocols.errors import BadArgument, Unsupported
from firmware_protocols.gen2 import LockField
from firmware_protocols.llrp.capabilities import Capabilities
from firmware_protocols.llrp.frames import tlv
from firmware_protocols.llrp.tables import (
    COUNTRY_REGION,
    IMPINJ,
    INVENTORY_ROSPEC,
    LOCK_DATA_FIELD,
    LOCK_PRIVILEGE,
    STANDARD,
    STANDARD_REGION,
    EventType,
    ImpinjMessage,
    ImpinjParameter,
    MessageType,
    Tlv,
    Version,
)

Request = tuple[MessageType, bytes]
TagCommand = ReadBank | WriteBank | WriteEpc | SetAccessPassword | LockTag

FAMILY = "llrp"
ALL = bytes(4)  # the id that means every ROSpec or AccessSpec
ACCESS_SPEC = 1
READ_MS, WRITE_MS = 120, 450  # how long an access waits for its tag
GEN2 = 1
IMMEDIATE, NULL, DURATION = 1, 0, 1
EVERY_TAGS, AT_REPORT = 1, 0  # triggers of ROReportSpec and AccessReportSpec
SELECTED = 0x1E80  # AntennaID, ChannelIndex, PeakRSSI, FirstSeenTimestamp, TagSeenCount
SELECTED_EPC_MEMORY = 0x40  # PC bits
EPC_BANK_MATCH = 0x60  # bank 1, "matching"
EPC_START_BITS = 32  # after StoredCRC and PC
TRANSIT_MS = 1000
IMPINJ_DUAL_TARGET, IMPINJ_ENABLED = 2, 1
PERIODIC = 1
WANTED_EVENTS = (EventType.GPI, EventType.ROSPEC, EventType.READER_EXCEPTION, EventType.ANTENNA)

# What GET_READER_CAPABILITIES and GET_READER_CONFIG may be asked for.
ALL_CAPABILITIES, REGULATORY = 0, 3
ANTENNA_PROPERTIES, ANTENNA_CONFIGURATION = 2, 3


@dataclass(frozen=True, slots=True)
class InventoryManner:
    """How readers are to take inventory."""

    keepalive_ms: int = 500
    """A session takes two seconds of silence for a dead reader."""
    mode_index: int | None = None
    """Of the reader's own table; None leaves it to the reader."""
    tari_ns: int = 0
    session: int = 0
    population: int = 8
    impinj_extensions: bool | None = None
    """None: of readers that Impinj made."""


PLAIN_MANNER = InventoryManner()


@dataclass(frozen=True, slots=True)
class Situation:
    """What a command's messages depend on beside the command."""

    capabilities: Capabilities
    ports: tuple[int, ...]
    port_count: int
    op_spec_id: int
    version: Version
    """To agree on: 1.0.1 where there is nothing to agree on, or no more."""
    has_events: bool
    """Has the reader been told to say when a ROSpec ends?"""
    refuses_keepalives: bool = False
    manner: InventoryManner = PLAIN_MANNER

    @property
    def has_extensions(self) -> bool:
        wanted = self.manner.impinj_extensions
        return self.capabilities.manufacturer == IMPINJ if wanted is None else wanted


def requests_for(command: Command, situation: Situation) -> tuple[Request, ...]:
    """Raises Unsupported or BadArgument."""
    check_command(FAMILY, command)
    if isinstance(command, TagCommand):
        return _access(command, situation)
    match command:
        case StartInventory():
            return _inventory(situation)
        case GetInfo():
            return (*_agree_on(situation.version), QUESTIONS[GetInfo])
        case GetRegion() | GetPower() | GetAntennas() | StopInventory():
            return (QUESTIONS[type(command)],)
        case _:
            return (_setting(command, situation),)


def _get_config(what: int) -> Request:
    """Of all antennas and all inputs and outputs."""
    return (MessageType.GET_READER_CONFIG, struct.pack(">HBHH", 0, what, 0, 0))


QUESTIONS: dict[type[Command], Request] = {
    GetInfo: (MessageType.GET_READER_CAPABILITIES, bytes((ALL_CAPABILITIES,))),
    GetRegion: (MessageType.GET_READER_CAPABILITIES, bytes((REGULATORY,))),
    GetPower: _get_config(ANTENNA_CONFIGURATION),
    GetAntennas: _get_config(ANTENNA_PROPERTIES),
    StopInventory: (MessageType.DELETE_ROSPEC, ALL),
}


def _setting(command: SetAntennas | SetPower | SetRegion | SetOutput | Beep, situation: Situation) -> Request:
    match command:
        case SetAntennas(ports=wanted):
            check_ports(FAMILY, wanted, situation.capabilities.antenna_ports or situation.port_count)
            return _get_config(ANTENNA_PROPERTIES)  # the ports stand in the next ROSpec; the reader says which it has
        case SetPower(power_dbm=power_dbm):
            return _set_config(tlv(Tlv.ANTENNA_CONFIGURATION, bytes(2), _transmitter(power_dbm, situation.capabilities)))
        case SetOutput(port=port, is_high=is_high):
            check_range(FAMILY, "output", port, 1, situation.capabilities.outputs or 0xFFFF)
            return _set_config(tlv(Tlv.GPO_WRITE_DATA, struct.pack(">HB", port, 0x80 * is_high)))
        case SetRegion(region=region):
            return _check_region(region, situation.capabilities)
        case Beep():
            raise Unsupported(FAMILY, "beep", "wire a buzzer to an output")
    assert_never(command)


def _check_region(region: Region, capabilities: Capabilities) -> Request:
    """No message changes it. If the reader's is the wanted one, or it has not said, it is asked which it has."""
    known = {STANDARD_REGION.get(capabilities.standard or 0), COUNTRY_REGION.get(capabilities.country or 0)}
    if capabilities.standard is not None and region not in known:
        has = STANDARD.get(capabilities.standard, f"standard {capabilities.standard}")
        raise Unsupported(FAMILY, f"change their region to {region}", f"this one has {has}; it is set on the reader's own page, if at all")
    return QUESTIONS[GetRegion]


def _agree_on(version: Version) -> tuple[Request, ...]:
    """A connection begins with 1.0.1; 1.1 has to be asked for (1.1 §9.1)."""
    return ((MessageType.SET_PROTOCOL_VERSION, bytes((version,))),) if version > Version.V1_0_1 else ()


def _set_config(*parameters: bytes) -> Request:
    """Keeps what is not named: never back to the factory's settings."""
    return (MessageType.SET_READER_CONFIG, bytes(1) + b"".join(parameters))


def _transmitter(power_dbm: float, capabilities: Capabilities) -> bytes:
    """HopTableID, ChannelIndex and power as the index of the reader's own table: readers refuse what is not in their tables."""
    powers = capabilities.powers_cdbm
    if not powers:
        raise BadArgument(FAMILY, "power", "the reader's table of powers (ask GetInfo first)", f"{power_dbm:g} dBm before it has come")
    index = capabilities.power_index(power_dbm)
    if index is None or power_dbm > max(powers.values()) / 100:
        expected = f"{min(powers.values()) / 100:g} to {max(powers.values()) / 100:g}"
        raise BadArgument(FAMILY, "power in dBm", expected, f"{power_dbm:g}")
    hop_table = next(iter(capabilities.hop_tables_khz), 0)
    return tlv(Tlv.RF_TRANSMITTER, struct.pack(">HHH", hop_table, 0 if hop_table else 1, index))


def _events(*also: bytes) -> Request:
    states = [tlv(Tlv.EVENT_NOTIFICATION_STATE, struct.pack(">HB", event, 0x80)) for event in WANTED_EVENTS]
    return _set_config(tlv(Tlv.READER_EVENT_NOTIFICATION_SPEC, *states), *also)


def _events_and_keepalive(situation: Situation) -> Request:
    if situation.refuses_keepalives:
        return _events()
    return _events(tlv(Tlv.KEEPALIVE_SPEC, struct.pack(">BI", PERIODIC, situation.manner.keepalive_ms)))


def _inventory(situation: Situation) -> tuple[Request, ...]:
    """What was left by whoever was here before goes first. Impinj's extensions are asked of Impinj's readers alone."""
    enable = (MessageType.CUSTOM_MESSAGE, struct.pack(">IBI", IMPINJ, ImpinjMessage.ENABLE_EXTENSIONS, 0))
    return (
        *((enable,) if situation.has_extensions else ()),
        _events_and_keepalive(situation),
        (MessageType.DELETE_ACCESSSPEC, ALL),
        (MessageType.DELETE_ROSPEC, ALL),
        (MessageType.ADD_ROSPEC, _rospec(INVENTORY_ROSPEC, situation, None, has_extensions=situation.has_extensions)),
        (MessageType.ENABLE_ROSPEC, INVENTORY_ROSPEC.to_bytes(4)),
    )


def _rospec(rospec_id: int, situation: Situation, duration_ms: int | None, *, has_extensions: bool) -> bytes:
    """Starts when it is enabled, all antennas in turn without an end, each tag reported at once. Stops after the duration, if any.

    No stop trigger for the AISpec (readers refuse those by tag), no RFTransmitter (they refuse indices that are not theirs).
    """
    stop = (NULL, 0) if duration_ms is None else (DURATION, duration_ms)
    search = _impinj(ImpinjParameter.INVENTORY_SEARCH_MODE, IMPINJ_DUAL_TARGET.to_bytes(2)) if has_extensions else b""
    manner = situation.manner
    has_mode = manner.mode_index is not None or manner.tari_ns
    mode = tlv(Tlv.C1G2_RF_CONTROL, struct.pack(">HH", manner.mode_index or 0, manner.tari_ns)) if has_mode else b""
    singulation = tlv(Tlv.C1G2_SINGULATION_CONTROL, struct.pack(">BHI", manner.session << 6, manner.population, TRANSIT_MS))
    inventory = tlv(Tlv.C1G2_INVENTORY_COMMAND, bytes(1), mode, singulation, search)
    antennas = struct.pack(f">H{len(situation.ports)}H", len(situation.ports), *situation.ports)
    return tlv(
        Tlv.ROSPEC,
        struct.pack(">IBB", rospec_id, 0, 0),
        tlv(
            Tlv.RO_BOUNDARY_SPEC,
            tlv(Tlv.ROSPEC_START_TRIGGER, bytes((IMMEDIATE,))),
            tlv(Tlv.ROSPEC_STOP_TRIGGER, struct.pack(">BI", *stop)),
        ),
        tlv(
            Tlv.AISPEC,
            antennas,
            tlv(Tlv.AISPEC_STOP_TRIGGER, struct.pack(">BI", NULL, 0)),
            tlv(
                Tlv.INVENTORY_PARAMETER_SPEC,
                struct.pack(">HB", 1, GEN2),
                tlv(Tlv.ANTENNA_CONFIGURATION, bytes(2), inventory),
            ),
        ),
        _report_spec(has_extensions=has_extensions),
    )


def _report_spec(*, has_extensions: bool) -> bytes:
    memory = tlv(Tlv.C1G2_EPC_MEMORY_SELECTOR, bytes((SELECTED_EPC_MEMORY,)))
    wanted = (ImpinjParameter.ENABLE_SERIALIZED_TID, ImpinjParameter.ENABLE_RF_PHASE_ANGLE, ImpinjParameter.ENABLE_PEAK_RSSI)
    enabled = b"".join(_impinj(parameter, IMPINJ_ENABLED.to_bytes(2)) for parameter in wanted)
    return tlv(
        Tlv.RO_REPORT_SPEC,
        struct.pack(">BH", EVERY_TAGS, 1),
        tlv(Tlv.TAG_REPORT_CONTENT_SELECTOR, SELECTED.to_bytes(2), memory),
        _impinj(ImpinjParameter.TAG_REPORT_CONTENT_SELECTOR, enabled) if has_extensions else b"",
    )


def _impinj(parameter: ImpinjParameter, value: bytes) -> bytes:
    return tlv(Tlv.CUSTOM, struct.pack(">II", IMPINJ, parameter), value)


def access_rospec_id(op_spec_id: int) -> int:
    """Another for each access: the end of one that was broken off says nothing of the next."""
    return INVENTORY_ROSPEC + op_spec_id


def _access(command: TagCommand, situation: Situation) -> tuple[Request, ...]:
    """The operation is laid ready first; then a ROSpec runs for as long as the tag may take to answer. Its result is the answer to
    the last message, or the ROSpec's end without one.
    """
    rospec_id = access_rospec_id(situation.op_spec_id)
    duration_ms = READ_MS if isinstance(command, ReadBank) else WRITE_MS
    spec = tlv(
        Tlv.ACCESS_SPEC,
        struct.pack(">IHBBI", ACCESS_SPEC, 0, GEN2, 0, 0),
        tlv(Tlv.ACCESS_SPEC_STOP_TRIGGER, struct.pack(">BH", 1, 1)),  # after one operation
        tlv(Tlv.ACCESS_COMMAND, tlv(Tlv.C1G2_TAG_SPEC, _target(command.epc)), _op_spec(command, situation.op_spec_id)),
        tlv(Tlv.ACCESS_REPORT_SPEC, bytes((AT_REPORT,))),
    )
    return (
        *(() if situation.has_events else (_events(),)),
        (MessageType.DELETE_ROSPEC, ALL),
        (MessageType.DELETE_ACCESSSPEC, ALL),
        (MessageType.ADD_ACCESSSPEC, spec),
        (MessageType.ENABLE_ACCESSSPEC, ACCESS_SPEC.to_bytes(4)),
        (MessageType.ADD_ROSPEC, _rospec(rospec_id, situation, duration_ms, has_extensions=False)),
        (MessageType.ENABLE_ROSPEC, rospec_id.to_bytes(4)),
    )


def _target(epc: bytes | None) -> bytes:
    """The tag with this EPC; None: whichever answers (a mask of no bits)."""
    bits = 8 * len(epc or b"")
    mask = struct.pack(">BHH", EPC_BANK_MATCH, EPC_START_BITS, bits) + b"\xff" * (bits // 8)
    return tlv(Tlv.C1G2_TARGET_TAG, mask, bits.to_bytes(2) + (epc or b""))


def _op_spec(command: TagCommand, op_spec_id: int) -> bytes:
    head = struct.pack(">HI", op_spec_id, command.password)
    match command:
        case ReadBank(bank=bank, word_address=address, word_count=count):
            return tlv(Tlv.C1G2_READ, head, struct.pack(">BHH", bank << 6, address, count))
        case WriteBank(bank=bank, word_address=address, data=data):
            return _write(head, bank, address, data)
        case WriteEpc(new_epc=new_epc, new_pc=new_pc):
            return _write(head, Bank.EPC, 1, new_pc.to_bytes(2) + new_epc)
        case SetAccessPassword(new_password=new_password):
            return _write(head, Bank.RESERVED, 2, new_password.to_bytes(4))
        case LockTag():
            actions = zip(LockField, lock_actions(command), strict=True)
            return tlv(Tlv.C1G2_LOCK, head, *(_lock(field, LockAction(action)) for field, action in actions if action is not None))
    assert_never(command)


def _write(head: bytes, bank: Bank, address: int, data: bytes) -> bytes:
    return tlv(Tlv.C1G2_WRITE, head, struct.pack(">BHH", bank << 6, address, len(data) // 2), data)


def _lock(field: LockField, action: LockAction) -> bytes:
    return tlv(Tlv.C1G2_LOCK_PAYLOAD, bytes((LOCK_PRIVILEGE[action], LOCK_DATA_FIELD[field])))
