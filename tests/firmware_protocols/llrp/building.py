"""How the tests of LLRP write messages."""

import struct

from firmware_protocols.codec import Direction
from firmware_protocols.commands import Command
from firmware_protocols.events import HostCommand
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import build_message, tlv, tv
from firmware_protocols.llrp.tables import MessageType, Tlv, Tv, Version
from firmware_protocols.simulators.llrp_settings import capabilities
from tests.firmware_protocols.reading import read

EPC = bytes.fromhex("e28011700000020f1a2b3c4d")
TID = bytes.fromhex("e2801170200012345678abcd")
OK = tlv(Tlv.LLRP_STATUS, bytes(4))


def message(kind: int, *parts: bytes, message_id: int = 7, version: Version = Version.V1_0_1) -> bytes:
    return build_message(version, kind, message_id, b"".join(parts))


def tag(*fields: bytes, epc: bytes = EPC) -> bytes:
    named = tv(Tv.EPC_96, epc) if len(epc) == 12 else tlv(Tlv.EPC_DATA, struct.pack(">H", len(epc) * 8), epc)
    return tlv(Tlv.TAG_REPORT_DATA, named, *fields)


def report(*tags: bytes) -> bytes:
    return message(MessageType.RO_ACCESS_REPORT, *tags)


def antenna(port: int) -> bytes:
    return tv(Tv.ANTENNA_ID, struct.pack(">H", port))


def rssi(dbm: int) -> bytes:
    return tv(Tv.PEAK_RSSI, struct.pack(">b", dbm))


def custom(vendor: int, subtype: int, value: bytes) -> bytes:
    return tlv(Tlv.CUSTOM, struct.pack(">II", vendor, subtype), value)


def codec_that_knows(*, is_impinj: bool = False) -> LlrpCodec:
    codec = LlrpCodec()
    read(codec, [message(MessageType.GET_READER_CAPABILITIES_RESPONSE, OK, capabilities(0, 4, is_impinj=is_impinj))])
    return codec


def asked(codec: LlrpCodec, command: Command) -> list[HostCommand]:
    events = read(LlrpCodec(direction=Direction.TO_READER), codec.encode(command))
    return [event for event in events if isinstance(event, HostCommand)]


def names(commands: list[HostCommand]) -> list[str]:
    return [command.command for command in commands]
