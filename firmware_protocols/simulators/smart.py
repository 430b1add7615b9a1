"""Readers that only tell what they see: R700s, Zebra readers, keyboards. They begin by themselves and hear no command."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import inf
from random import Random
from typing import NamedTuple, Protocol

from firmware_protocols.errors import BadArgument
from firmware_protocols.simulators.faults import FaultyLine, LineFaults
from firmware_protocols.simulators.reader import MOST_ROUNDS_AT_ONCE, ReaderOptions
from firmware_protocols.simulators.tag_field import Answer, Presence, TagField

CLOCK_AT_ZERO = datetime(2026, 1, 1, tzinfo=UTC)  # what the reader's clock says when the simulation's is 0
KEEPALIVE_S = 30.0  # Impinj Reader Configuration REST API 1.6.0, /data/stream
HEARTBEAT_S = 10.0  # a handheld's is a setting
TYPES_AGAIN_S = 1.0  # how long a keyboard keeps quiet about a tag that it has typed
HOPS_KHZ = (865_700, 866_300, 866_900, 867_500)
PHASE_STEP = 33.75
MOST_IN_BATCH = 25  # of the longest EPCs: a handheld's message has at most 6,144 bytes (techdocs.zebra.com)
HANDHELD, FIXED = "handheld", "fixed"
UNASKED = frozenset({"epc", "antennaPort", "peakRssiCdbm", "frequency", "transmitPowerCdbm"})
"""What an R700 tells of a tag when its profile says nothing of events: so in captured events, and what impinj-iot 0.4.0 (PyPI) reads."""
POWER_CDBM = 3000
HOSTNAME = "impinj-00-00-00"
PUSHED = frozenset({"epcHex", "tidHex", "antennaPort", "peakRssiCdbm", "frequency", "phaseAngle", "lastSeenTime"})
"""What one tells that reads by itself, as its owner is told to set it (docs/readers.md)."""


class Told(NamedTuple):
    """One line or message of the reader, and whose stays it reports."""

    frame: bytes
    presences: tuple[Presence, ...] = ()


class Teller(Protocol):
    """How one family says what was heard in one round."""

    def tell(self, heard: list[Answer], now_s: float, *, is_reading: bool) -> Iterator[Told]: ...


class SmartReader:
    """A SimulatedReader that reads from its first moment on, before all its antennas in every round; until it is told otherwise."""

    def __init__(self, teller: Teller, field: TagField, rng: Random, faults: LineFaults, options: ReaderOptions) -> None:
        self.teller, self._field, self._options = teller, field, options
        self.line = FaultyLine(faults, rng)
        self._ports = self.all_ports
        self._next_round_s: float | None = None

    @property
    def all_ports(self) -> frozenset[int]:
        return frozenset(range(1, self._options.antenna_ports + 1))

    @property
    def is_reading(self) -> bool:
        return bool(self._ports)

    def read_before(self, ports: frozenset[int]) -> None:
        """From now on. None of them: it rests."""
        self._ports = ports

    def receive_data(self, data: bytes) -> None:
        """Nobody listens: such a reader is told what to do over HTTP, or not at all."""

    def advance(self, now_s: float) -> list[bytes]:
        is_silent = self.line.is_silent(now_s)
        due_s = now_s if self._next_round_s is None else self._next_round_s
        due_s = max(due_s, now_s - MOST_ROUNDS_AT_ONCE * self._options.round_period_s)
        while due_s <= now_s:
            if not is_silent:
                self._run_round(due_s)
            due_s += self._options.round_period_s
        self._next_round_s = due_s
        return self.line.take_writes()

    def _run_round(self, now_s: float) -> None:
        ports = sorted(self._ports - self._options.missing_antennas)
        heard = [answer for port in ports for answer in self._field.run_round(now_s, port)]
        for told in self.teller.tell(heard, now_s, is_reading=self.is_reading):
            if self.line.put(told.frame):
                for presence in told.presences:
                    self._field.note_reported(presence, now_s)


class Profile(NamedTuple):
    """How an R700's inventory is to read and to be told."""

    power_cdbm: Mapping[int, int]
    """Of each port that it reads with; POWER_CDBM where nothing was said."""
    wanted: frozenset[str]
    """Which fields it tells: of a tag, and `hostname`."""
    antenna_names: Mapping[int, str]


class ImpinjTeller:
    """Lines of an R700: its status when that changes, a line for each report; a blank line when it has long said nothing."""

    def __init__(self) -> None:
        self.profile = Profile({}, PUSHED, {})
        self._last_s = -inf
        self._was_reading: bool | None = None
        self._reports = 0

    def tell(self, heard: list[Answer], now_s: float, *, is_reading: bool) -> Iterator[Told]:
        has_changed, self._was_reading = is_reading is not self._was_reading, is_reading
        if has_changed:
            status = {"inventoryStatus": "running" if is_reading else "idle"}
            yield Told(_line({"timestamp": _iso(now_s), "eventType": "inventoryStatus", "inventoryStatusEvent": status}))
        for answer in heard:
            yield Told(_line(self._event(answer, now_s)), (answer.presence,))
        if heard or has_changed:
            self._last_s = now_s
        elif now_s - self._last_s >= KEEPALIVE_S:
            self._last_s = now_s
            yield Told(b"\r\n")

    def _event(self, answer: Answer, now_s: float) -> dict[str, object]:
        self._reports += 1
        wanted, port = self.profile.wanted, answer.presence.antenna
        tag = {
            "epc": _base64(answer.tag.epc),
            "epcHex": answer.tag.epc.hex().upper(),
            "tid": _base64(answer.tag.tid),
            "tidHex": answer.tag.tid.hex().upper(),
            "pc": _base64(answer.tag.pc.to_bytes(2)),
            "antennaPort": port,
            "peakRssiCdbm": round(answer.rssi_dbm * 100),
            "frequency": HOPS_KHZ[self._reports % len(HOPS_KHZ)],
            "transmitPowerCdbm": self.profile.power_cdbm.get(port, POWER_CDBM),
            "phaseAngle": self._reports * PHASE_STEP % 360,
            "lastSeenTime": _iso(now_s),
        }
        told = {name: value for name, value in tag.items() if name in wanted}
        if "antennaPort" in wanted and port in self.profile.antenna_names:
            told["antennaName"] = self.profile.antenna_names[port]
        said = {"hostname": HOSTNAME} if "hostname" in wanted else {}
        return {"timestamp": _iso(now_s), **said, "eventType": "tagInventory", "tagInventoryEvent": told}


class ZebraFixedTeller:
    """Lines of a fixed Zebra reader in its simple mode: one for each report, nothing else."""

    def __init__(self) -> None:
        self._reports = 0

    def tell(self, heard: list[Answer], now_s: float, *, is_reading: bool) -> Iterator[Told]:  # noqa: ARG002 — the protocol's
        for answer in heard:
            self._reports += 1
            data = {
                "eventNum": self._reports,
                "format": "epc",
                "idHex": answer.tag.epc.hex().upper(),
                "TID": answer.tag.tid.hex().upper(),
                "antenna": answer.presence.antenna,
                "peakRssi": round(answer.rssi_dbm),
                "channel": self._reports % len(HOPS_KHZ) + 1,
                "phase": self._reports * PHASE_STEP % 180,
            }
            yield Told(_line({"data": data, "timestamp": _iso(now_s), "type": "SIMPLE"}), (answer.presence,))


class ZebraHandheldTeller:
    """Messages of a Zebra handheld, each as a line: the tags of a round in batches, and heart-beats."""

    def __init__(self) -> None:
        self._events = 0
        self._beats = 0
        self._next_beat_s: float | None = None

    def tell(self, heard: list[Answer], now_s: float, *, is_reading: bool) -> Iterator[Told]:  # noqa: ARG002 — the protocol's
        if self._next_beat_s is None or now_s >= self._next_beat_s:
            self._next_beat_s = now_s + HEARTBEAT_S
            yield Told(self._heartbeat(now_s))
        for start in range(0, len(heard), MOST_IN_BATCH):
            batch = heard[start : start + MOST_IN_BATCH]
            records = [self._record(answer) for answer in batch]
            message = {"type": "BALANCED_PERFORMANCE", "timestamp": _iso(now_s), "data": {"tagData": records}}
            yield Told(_line(message), tuple(answer.presence for answer in batch))

    def _heartbeat(self, now_s: float) -> bytes:
        self._beats += 1
        status = {"rfidStatus": "INPROGRESS", "tagCount": self._events, "scanCount": 0}
        return _line({"eventName": "heartbeat", "timestamp": _iso(now_s), "eventNumber": self._beats, "data": {"inventoryStatus": status}})

    def _record(self, answer: Answer) -> dict[str, object]:
        self._events += 1
        rssi = round(answer.rssi_dbm)
        return {"idHex": answer.tag.epc.hex().upper(), "peakRssi": rssi, "seenCount": 1, "eventNum": self._events}


class KeyboardTeller:
    """What a reader types: the EPC and Enter, each tag at most once a second."""

    def __init__(self) -> None:
        self._typed_s: dict[bytes, float] = {}

    def tell(self, heard: list[Answer], now_s: float, *, is_reading: bool) -> Iterator[Told]:  # noqa: ARG002 — the protocol's
        self._typed_s = {epc: typed_s for epc, typed_s in self._typed_s.items() if now_s - typed_s < TYPES_AGAIN_S}
        for answer in heard:
            epc = answer.tag.epc
            if epc not in self._typed_s:
                self._typed_s[epc] = now_s
                yield Told(epc.hex().upper().encode("ascii") + b"\r", (answer.presence,))


def zebra_teller(options: ReaderOptions) -> Teller:
    """Raises BadArgument for a model that is not simulated."""
    if options.model in (None, FIXED):
        return ZebraFixedTeller()
    if options.model == HANDHELD:
        return ZebraHandheldTeller()
    raise BadArgument("zebra-json", "model", f"{FIXED} or {HANDHELD}", str(options.model))


def _line(event: Mapping[str, object]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode("ascii") + b"\r\n"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii")


def _iso(now_s: float) -> str:
    moment = CLOCK_AT_ZERO + timedelta(seconds=now_s)
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
