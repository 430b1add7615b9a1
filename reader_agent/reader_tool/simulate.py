"""A simulated reader on a real line: what a host finds behind a pseudo-terminal or a socket."""

import os
import select
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from firmware_protocols.simulators.reader import SimulatedReader
from firmware_protocols.simulators.scenario import Scenario, fill_field
from firmware_protocols.simulators.simulated_tag import SimulatedTag
from firmware_protocols.simulators.tag_field import TagField
from reader_agent.clock import Clock
from reader_agent.reader_tool.lines import Line
from reader_agent.reader_tool.orders import Enter, Order, parse_order
from schemas.errors import ContractError

TICK_S = 0.005
CHUNK = 65536
STDIN = 0
JsonValue = str | float | None
Tell = Callable[[dict[str, JsonValue]], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What is simulated: the reader, the tags around it, and the line to its host."""

    reader: SimulatedReader
    field: TagField
    line: Line


@dataclass(slots=True)
class Interruptions:
    """Until when the reader says nothing, and when a pulled cable is put back."""

    silent_until_s: float = -inf
    replug_s: float | None = None


class Simulation:
    """Runs until told to stop. Orders come line by line from `feed`; what happens is told as JSON objects."""

    def __init__(self, parts: Parts, clock: Clock, tell: Tell) -> None:
        self._parts, self._clock, self._tell = parts, clock, tell
        self._interruptions = Interruptions()
        self._chips: dict[bytes, SimulatedTag] = {}
        self._known_epcs: dict[bytes, bytes] = {}
        self._text = b""

    def turn(self, *, has_orders: bool) -> bool:
        """Wait a moment for the host or an order, then let the reader do what is due. False when the orders have ended."""
        handles = self._parts.line.handles()
        ready, _, _ = select.select([*handles, *([STDIN] if has_orders else [])], [], [], TICK_S)
        if has_orders and STDIN in ready:
            text = os.read(STDIN, CHUNK)
            self.feed(text)
            has_orders = bool(text)
        self.advance()
        return has_orders

    def feed(self, text: bytes) -> None:
        """Orders, in any pieces. One that cannot be read is told and passed over."""
        *lines, self._text = (self._text + text).split(b"\n")
        for line in filter(None, map(bytes.strip, lines)):
            try:
                self._obey(parse_order(line))
            except (ContractError, ValueError) as error:
                self._tell({"event": "order_refused", "reason": str(error)})

    def play(self, scenario: Scenario) -> None:
        """Let the scenario's tags come, its times counted from now."""
        for chip in fill_field(self._parts.field, scenario, starts_s=self._clock.now().monotonic_s):
            self._know(chip)

    def advance(self) -> None:
        now_s = self._clock.now().monotonic_s
        self._replug_if_due(now_s)
        is_silent = now_s < self._interruptions.silent_until_s
        heard = b"" if is_silent else self._parts.line.receive()
        if heard:
            self._parts.reader.receive_data(heard)
        for data in self._parts.reader.advance(now_s):
            if not is_silent:
                self._parts.line.send(data)
        self._tell_first_answers(is_lost=is_silent or self._interruptions.replug_s is not None)
        if heard:
            self._tell_writes()

    def unplug(self) -> None:
        """The end: nothing of the line is left behind."""
        self._parts.line.unplug()

    def _obey(self, order: Order) -> None:
        now_s = self._clock.now().monotonic_s
        if order.enter:
            self._enter(order.enter, now_s)
        elif order.remove and not self._parts.field.remove(order.remove.tid):
            raise ContractError("remove", "a TID that is in the field", str(order.remove.tid))
        elif order.faults:
            self._interruptions.silent_until_s = now_s + order.faults.silence_s
        elif order.unplug:
            self._parts.line.unplug()
            self._interruptions.replug_s = now_s + order.unplug.seconds
            self._tell({"event": "unplugged", "at": self._unix_time()})

    def _enter(self, order: Enter, now_s: float) -> None:
        enters_s = now_s + order.delay_s
        chip = self._chip(order)
        self._parts.field.enter(
            chip, enters_s=enters_s, leaves_s=enters_s + order.dwell_s, antenna=order.antenna, peak_rssi_dbm=order.rssi_dbm
        )

    def _chip(self, order: Enter) -> SimulatedTag:
        chip = self._chips.get(order.tid)
        if chip and order.epc in {None, chip.epc}:
            return chip
        if order.epc is None:
            raise ContractError("enter", "an EPC for a chip that was not here before", str(order.tid))
        chip = SimulatedTag(epc=order.epc, tid=order.tid, access_password=order.access_password)
        self._know(chip)
        return chip

    def _know(self, chip: SimulatedTag) -> None:
        self._chips[chip.tid], self._known_epcs[chip.tid] = chip, chip.epc

    def _replug_if_due(self, now_s: float) -> None:
        due_s = self._interruptions.replug_s
        if due_s is not None and now_s >= due_s:
            self._interruptions.replug_s = None
            self._parts.line.plug_in()
            self._tell({"event": "listening", "at": self._parts.line.place})

    def _tell_first_answers(self, *, is_lost: bool) -> None:
        for answer in self._parts.field.take_first_answers():
            if not is_lost:
                told: dict[str, JsonValue] = {"epc": answer.epc.hex().upper(), "tid": answer.tid.hex().upper()}
                self._tell({"event": "first_answer", **told, "at": self._unix_time()})

    def _tell_writes(self) -> None:
        for tid, chip in self._chips.items():
            before = self._known_epcs[tid]
            if chip.epc != before:
                self._known_epcs[tid] = chip.epc
                told: dict[str, JsonValue] = {"tid": tid.hex().upper(), "epc": chip.epc.hex().upper(), "epc_before": before.hex().upper()}
                self._tell({"event": "tag_written", **told, "at": self._unix_time()})

    def _unix_time(self) -> float:
        return self._clock.now().utc.timestamp()
