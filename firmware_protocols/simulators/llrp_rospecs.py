"""ROSpecs as a host has laid them ready in a simulated LLRP reader: when to read, with which antennas, what to report (§11, §13)."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from firmware_protocols.commands import Bank
from firmware_protocols.llrp.frames import Malformed, Parameter, parameters_of
from firmware_protocols.llrp.tables import IMPINJ, ImpinjParameter, Tlv
from firmware_protocols.simulators.simulated_tag import SimulatedTag

EVERY_ANTENNA = 0
IMMEDIATE, PERIODIC, GPI_START = 1, 2, 3  # what starts a ROSpec (§11.2.1.1)
DURATION, GPI_STOP, BY_TAGS = 1, 2, 3  # what stops a ROSpec or an AISpec (§11.2.2.1)
HIGH = 0x80


@dataclass(frozen=True, slots=True)
class ReportSpec:
    """When tags are reported and what of them."""

    trigger: int = 2
    """0 when asked; 1 after so many tags or at the end of an AISpec, 2 or of the ROSpec; 1.1: 3, 4 seconds and 5, 6 milliseconds instead
    of tags.
    """
    count: int = 0
    """Tags, seconds or milliseconds; 0: only at the end."""
    selected: int = 0xFFC0
    """Bits of TagReportContentSelector."""
    epc_memory: int = 0
    """0x80 CRC, 0x40 PC."""
    impinj: frozenset[int] = frozenset()
    """Which of Impinj's own fields."""

    def is_due(self, tags: int, waited_s: float) -> bool:
        """May what has been read be reported before the end?"""
        if self.trigger in (1, 2):
            return 0 < self.count <= tags
        period_s = self.count if self.trigger in (3, 4) else self.count / 1000
        return self.trigger in (3, 4, 5, 6) and tags > 0 and 0 < period_s <= waited_s

    @property
    def is_sent_after_each_aispec(self) -> bool:
        return self.trigger in (1, 3, 5)


@dataclass(frozen=True, slots=True)
class Target:
    """Which tags are meant: a bank's bits from a place, under a mask."""

    bank: Bank
    is_match: bool
    pointer: int
    mask: int
    data: int
    bits: int

    def means(self, tag: SimulatedTag) -> bool:
        memory = tag.peek(self.bank)
        shift = len(memory) * 8 - self.pointer - self.bits
        if shift < 0:
            return not self.is_match
        found = int.from_bytes(memory) >> shift
        return ((found ^ self.data) & self.mask == 0) is self.is_match


UNAWARE_ACTIONS: dict[int, tuple[bool | None, bool | None]] = {
    0: (True, False),
    1: (True, None),
    2: (None, False),
    3: (False, None),
    4: (False, True),
    5: (None, True),
}
"""What a C1G2Filter does to tags that match and to those that do not: select, unselect, nothing (§15.2.1.1.3)."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One select before a round."""

    target: Target
    action: int


def admits(filters: tuple[Filter, ...], tag: SimulatedTag) -> bool:
    """Does the tag take part in the round?"""
    if not filters:
        return True
    takes_part = UNAWARE_ACTIONS[filters[0].action] in ((None, False), (False, None))  # the first only takes away
    for each in filters:
        matching, others = UNAWARE_ACTIONS[each.action]
        change = matching if each.target.means(tag) else others
        takes_part = takes_part if change is None else change
    return takes_part


@dataclass(frozen=True, slots=True)
class AiSpec:
    """One stretch of a ROSpec."""

    antennas: tuple[int, ...]
    lasts_ms: int | None
    """None: without an end."""
    tags: int
    """It ends when so many different tags were seen; 0: it does not."""
    inventory_spec_id: int
    """Number of its InventoryParameterSpec."""
    filters: Mapping[int, tuple[Filter, ...]]
    """By antenna."""

    def filters_of(self, antenna: int) -> tuple[Filter, ...]:
        return self.filters.get(antenna) or self.filters.get(EVERY_ANTENNA, ())


@dataclass(frozen=True, slots=True)
class Gpi:
    """A level at an input."""

    port: int
    is_high: bool


@dataclass(frozen=True, slots=True)
class Boundary:
    """When a ROSpec starts by itself, and when it stops."""

    starts_at_once: bool = False
    starts_by: Gpi | None = None
    offset_ms: int | None = None
    """None: it does not start by the clock."""
    period_ms: int = 0
    lasts_ms: int | None = None
    stops_by: Gpi | None = None


@dataclass(slots=True)
class RoSpec:
    """One ROSpec as it was added, and how it stands."""

    rospec_id: int
    priority: int
    encoded: bytes
    boundary: Boundary
    aispecs: tuple[AiSpec, ...]
    reports: ReportSpec | None
    is_enabled: bool = False
    next_start_s: float | None = None
    """When the clock starts it; None: not by the clock."""
    is_active: bool = False
    ends_s: float | None = None
    """While it runs: when it ends; None if it does not."""

    def with_state(self) -> bytes:
        """As GET_ROSPECS shows it: 0 disabled, 1 inactive, 2 active."""
        state = 2 if self.is_active else int(self.is_enabled)
        return self.encoded[:9] + bytes((state,)) + self.encoded[10:]

    @property
    def antennas(self) -> set[int]:
        return {antenna for aispec in self.aispecs for antenna in aispec.antennas}


def read_rospec(data: bytes, spec: Parameter) -> RoSpec:
    """Raises Malformed."""
    need(spec, 6)
    rospec_id, priority = struct.unpack_from(">IB", data, spec.start)
    boundary, reports = Boundary(), None
    aispecs: list[AiSpec] = []
    for inner in parameters_of(data, spec.start + 6, spec.end):
        if inner.type == Tlv.RO_BOUNDARY_SPEC:
            boundary = _read_boundary(data, inner)
        elif inner.type == Tlv.AISPEC:
            aispecs.append(_read_aispec(data, inner))
        elif inner.type == Tlv.RO_REPORT_SPEC:
            reports = read_report_spec(data, inner)
    if not aispecs:
        raise Malformed("an AISpec in the ROSpec", "none")
    return RoSpec(rospec_id, priority, data[spec.start - 4 : spec.end], boundary, tuple(aispecs), reports)


def _read_boundary(data: bytes, boundary: Parameter) -> Boundary:
    said = Boundary()
    for trigger in parameters_of(data, boundary.start, boundary.end):
        if trigger.type == Tlv.ROSPEC_START_TRIGGER:
            said = _with_start(data, trigger, said)
        elif trigger.type == Tlv.ROSPEC_STOP_TRIGGER:
            need(trigger, 5)
            kind, duration_ms = struct.unpack_from(">BI", data, trigger.start)
            if kind == DURATION:
                said = replace(said, lasts_ms=duration_ms)
            elif kind == GPI_STOP:
                level, timeout_ms = _read_gpi(data, trigger, 5)
                said = replace(said, stops_by=level, lasts_ms=timeout_ms)
    return said


def _with_start(data: bytes, trigger: Parameter, said: Boundary) -> Boundary:
    need(trigger, 1)
    kind = data[trigger.start]
    if kind == GPI_START:
        return replace(said, starts_by=_read_gpi(data, trigger, 1)[0])
    for inner in parameters_of(data, trigger.start + 1, trigger.end):
        if kind == PERIODIC and inner.type == Tlv.PERIODIC_TRIGGER:
            need(inner, 8)
            offset_ms, period_ms = struct.unpack_from(">II", data, inner.start)
            return replace(said, offset_ms=offset_ms, period_ms=period_ms)
    return replace(said, starts_at_once=kind == IMMEDIATE)


def _read_gpi(data: bytes, trigger: Parameter, before: int) -> tuple[Gpi | None, int | None]:
    """The level, and after how many milliseconds it is over without it; None: never."""
    for inner in parameters_of(data, trigger.start + before, trigger.end):
        if inner.type == Tlv.GPI_TRIGGER:
            need(inner, 7)
            port, level, timeout_ms = struct.unpack_from(">HBI", data, inner.start)
            return Gpi(port, bool(level & HIGH)), timeout_ms or None
    return None, None


def _read_aispec(data: bytes, aispec: Parameter) -> AiSpec:
    need(aispec, 2)
    count = int.from_bytes(data[aispec.start : aispec.start + 2])
    need(aispec, 2 + 2 * count)
    antennas = struct.unpack_from(f">{count}H", data, aispec.start + 2)
    lasts_ms, tags, inventory_spec_id = None, 0, 0
    filters: dict[int, tuple[Filter, ...]] = {}
    for inner in parameters_of(data, aispec.start + 2 + 2 * count, aispec.end):
        if inner.type == Tlv.AISPEC_STOP_TRIGGER:
            lasts_ms, tags = _read_aispec_stop(data, inner)
        elif inner.type == Tlv.INVENTORY_PARAMETER_SPEC:
            need(inner, 3)
            inventory_spec_id = int.from_bytes(data[inner.start : inner.start + 2])
            filters |= dict(_filters_of(data, parameters_of(data, inner.start + 3, inner.end)))
    return AiSpec((EVERY_ANTENNA,) if EVERY_ANTENNA in antennas else antennas, lasts_ms, tags, inventory_spec_id, filters)


def _read_aispec_stop(data: bytes, trigger: Parameter) -> tuple[int | None, int]:
    """After how many milliseconds, after how many tags."""
    need(trigger, 5)
    kind, duration_ms = struct.unpack_from(">BI", data, trigger.start)
    if kind == DURATION:
        return duration_ms, 0
    if kind == GPI_STOP:
        return _read_gpi(data, trigger, 5)[1], 0
    for inner in parameters_of(data, trigger.start + 5, trigger.end):
        if kind == BY_TAGS and inner.type == Tlv.TAG_OBSERVATION_TRIGGER:
            need(inner, 12)
            what, _, tags, _, _, timeout_ms = struct.unpack_from(">BBHHHI", data, inner.start)
            return timeout_ms or None, tags if what == 0 else 0
    return None, 0


def _filters_of(data: bytes, configurations: list[Parameter]) -> Iterator[tuple[int, tuple[Filter, ...]]]:
    """Of each AntennaConfiguration that has any. Those that mind the inventoried flags (state-aware) are not simulated."""
    for configuration in configurations:
        if configuration.type != Tlv.ANTENNA_CONFIGURATION:
            continue
        need(configuration, 2)
        antenna = int.from_bytes(data[configuration.start : configuration.start + 2])
        for command in parameters_of(data, configuration.start + 2, configuration.end):
            if command.type == Tlv.C1G2_INVENTORY_COMMAND:
                need(command, 1)
                inner = parameters_of(data, command.start + 1, command.end)
                found = [_read_filter(data, each) for each in inner if each.type == Tlv.C1G2_FILTER]
                yield antenna, tuple(filter(None, found))


def _read_filter(data: bytes, parameter: Parameter) -> Filter | None:
    """Of a filter that names no action (sllurp) the tags that match take part; one that minds the flags is passed over."""
    need(parameter, 1)
    target, action = None, 0
    for inner in parameters_of(data, parameter.start + 1, parameter.end):
        if inner.type == Tlv.C1G2_TAG_INVENTORY_MASK:
            target = _read_mask(data, inner)
        elif inner.type == Tlv.C1G2_STATE_UNAWARE_ACTION:
            need(inner, 1)
            action = data[inner.start]
        elif inner.type == Tlv.C1G2_STATE_AWARE_ACTION:
            return None
    if target is None:
        raise Malformed("a C1G2TagInventoryMask in the C1G2Filter", "none")
    return Filter(target, action) if action in UNAWARE_ACTIONS else None


def _read_mask(data: bytes, parameter: Parameter) -> Target:
    """Bank, pointer u16, count of bits u16, bits."""
    need(parameter, 5)
    bank, pointer, bits = struct.unpack_from(">BHH", data, parameter.start)
    need(parameter, 5 + (bits + 7) // 8)
    wanted = int.from_bytes(data[parameter.start + 5 : parameter.start + 5 + (bits + 7) // 8]) >> (-bits % 8)
    return Target(Bank(bank >> 6), is_match=True, pointer=pointer, mask=(1 << bits) - 1, data=wanted, bits=bits)


def read_report_spec(data: bytes, spec: Parameter) -> ReportSpec:
    """Raises Malformed."""
    need(spec, 3)
    trigger, count = struct.unpack_from(">BH", data, spec.start)
    selected = epc_memory = 0
    impinj: frozenset[int] = frozenset()
    for selector in parameters_of(data, spec.start + 3, spec.end):
        if selector.type == Tlv.TAG_REPORT_CONTENT_SELECTOR:
            need(selector, 2)
            selected = int.from_bytes(data[selector.start : selector.start + 2])
            for inner in parameters_of(data, selector.start + 2, selector.end):
                if inner.type == Tlv.C1G2_EPC_MEMORY_SELECTOR:
                    need(inner, 1)
                    epc_memory = data[inner.start]
        elif _impinj_subtype(data, selector) == ImpinjParameter.TAG_REPORT_CONTENT_SELECTOR:
            inner_parameters = parameters_of(data, selector.start + 8, selector.end)
            impinj = frozenset(_impinj_subtype(data, inner) for inner in inner_parameters if data[inner.end - 1])
    return ReportSpec(trigger, count, selected, epc_memory, impinj)


def _impinj_subtype(data: bytes, parameter: Parameter) -> int:
    """0 for whatever is not Impinj's."""
    if parameter.type != Tlv.CUSTOM or parameter.end - parameter.start < 8:
        return 0
    vendor, subtype = struct.unpack_from(">II", data, parameter.start)
    return subtype if vendor == IMPINJ else 0


def need(parameter: Parameter, size: int) -> None:
    if parameter.end - parameter.start < size:
        raise Malformed(f"{size} bytes of parameter {parameter.type}", str(parameter.end - parameter.start))
