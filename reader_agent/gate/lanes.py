"""Which lane an antenna watches."""

from collections.abc import Mapping
from dataclasses import dataclass

from firmware_protocols.events import RssiUnit, TagSeen
from reader_agent.clock import Moment
from schemas.epc import Epc, PcWord
from schemas.errors import ContractError
from schemas.identifiers import LaneId, ReaderId
from schemas.tid import Tid


@dataclass(frozen=True, slots=True)
class LaneRead:
    """One read, at its place: what the window is fed with."""

    lane: LaneId
    reader: ReaderId
    antenna: int
    epc: Epc
    at: Moment
    pc: PcWord | None = None
    tid: Tid | None = None
    rssi_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A read that belongs to no lane, and why. It is counted and named to the operator, never silently dropped."""

    reader: ReaderId
    reason: str


class LaneMap:
    """The antenna ports of every reader and the lanes they watch, as configured."""

    def __init__(self, antennas: Mapping[ReaderId, Mapping[int, LaneId]]) -> None:
        self._antennas = antennas

    def place(self, reader: ReaderId, seen: TagSeen, at: Moment) -> LaneRead | Unplaced:
        """The read at its lane. A family that names no antenna must have exactly one configured."""
        ports = self._antennas[reader]
        antenna = next(iter(ports)) if seen.antenna is None else seen.antenna
        lane = ports.get(antenna)
        if lane is None:
            return Unplaced(reader, f"antenna {antenna} is in no lane; configured: {', '.join(map(str, ports))}")
        try:
            epc = Epc(seen.epc)
        except ContractError as error:
            return Unplaced(reader, str(error))
        rssi = seen.rssi.value if seen.rssi and seen.rssi.unit is RssiUnit.DBM else None
        return LaneRead(lane, reader, antenna, epc, at, _find_pc(seen.pc), find_tid(seen.tid), rssi)


def _find_pc(pc: int | None) -> PcWord | None:
    return None if pc is None else PcWord(pc)


def find_tid(words: bytes | None) -> Tid | None:
    """The TID, or None where what was read cannot be one."""
    try:
        return Tid(words) if words else None
    except ContractError:
        return None
