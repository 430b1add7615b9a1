"""What a person or a program may tell a running simulator, one JSON object a line."""

from math import inf

import msgspec
from msgspec import Struct

from schemas.epc import Epc
from schemas.errors import ContractError
from schemas.messages import UNREADABLE, from_text
from schemas.tid import Tid


class Enter(Struct, frozen=True, forbid_unknown_fields=True):
    """A tag comes before an antenna. A TID that was there before is the same chip, with what a host has written into it;
    `epc` may then be left out.
    """

    tid: Tid
    epc: Epc | None = None
    dwell_s: float = inf
    delay_s: float = 0.0
    antenna: int = 1
    rssi_dbm: float = -50.0
    access_password: int = 0


class Remove(Struct, frozen=True, forbid_unknown_fields=True):
    tid: Tid


class Faults(Struct, frozen=True, forbid_unknown_fields=True):
    """The reader is still there and says nothing for so long."""

    silence_s: float


class Unplug(Struct, frozen=True, forbid_unknown_fields=True):
    """The cable is pulled and put back after so long."""

    seconds: float


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of these."""

    enter: Enter | None = None
    remove: Remove | None = None
    faults: Faults | None = None
    unplug: Unplug | None = None

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.enter, self.remove, self.faults, self.unplug)) != 1:
            raise ContractError("order", 'one of "enter", "remove", "faults", "unplug"', "none or several")


_decoder = msgspec.json.Decoder(Order, dec_hook=from_text)


def parse_order(line: bytes) -> Order:
    """Raises ContractError with the place and what was expected there."""
    try:
        return _decoder.decode(line)
    except UNREADABLE as error:
        raise ContractError("order", 'such as {"enter": {"epc": "…", "tid": "…"}}', str(error)) from error
