"""How the tests of ThingMagic modules write answers."""

from firmware_protocols.events import Event, Rssi, RssiUnit, TagSeen
from firmware_protocols.thingmagic.codec import ThingMagicCodec
from firmware_protocols.thingmagic.frames import build_reply
from tests.firmware_protocols.reading import read

EPC = bytes.fromhex("e200301666130121155074ef")
TID = bytes.fromhex("e2801170200012345678abcd")
SAID = "0080" + "3000" + EPC.hex() + "1234"  # length in bits, PC, EPC, CRC
SEEN = TagSeen(EPC, 0x3000, TID, Rssi(-60.0, RssiUnit.DBM, b"\xc4"), 2, 866_300, 90, 3)
METADATA = "03" + "c4" + "22" + "0d37fc" + "00000127" + "005a" + "05"
STREAM = "10" + "001f" + "01ff"


def event_of(opcode: int, data: str, status: int = 0, codec: ThingMagicCodec | None = None) -> Event:
    (event,) = read(codec or ThingMagicCodec(), [build_reply(opcode, status, bytes.fromhex(data))])
    return event
