"""TagReportData → TagSeen, with what it inherits. Most reports of a reader have one shape: a shape is learnt once, and runs of it are
cut by one `struct`; everything else is read parameter by parameter. Both give the same (§13.2.3).
"""

import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import repeat
from typing import Any, NamedTuple

from firmware_protocols.events import Event, Meaning, Notice, Reply, Rssi, RssiUnit, Status, TagSeen
from firmware_protocols.llrp.connection import Connection
from firmware_protocols.llrp.frames import TLV_HEADER_SIZE, Malformed, Parameter, parameter_at, parameters_of
from firmware_protocols.llrp.tables import IMPINJ, OP_RESULT, TV_SIZE, ImpinjParameter, Tlv, Tv

MOST_IN_RUN = 256
MOST_LAYOUTS = 64
CUSTOM_FIELDS_SIZE = 8  # vendor u32, subtype u32
COUNT_SIZE = 2
UNKNOWN = "in a report, not understood"
OP_RESULT_SIZE = 3  # result u8, OpSpecID u16

SIGNED_DBM = tuple(Rssi(float(byte - 256 if byte > 127 else byte), RssiUnit.DBM, bytes((byte,))) for byte in range(256))
"""PeakRSSI: one signed byte, whole dBm."""

TV_FIELD: dict[int, str] = {
    Tv.EPC_96: "epc",
    Tv.PC: "pc",
    Tv.PEAK_RSSI: "rssi",
    Tv.ANTENNA_ID: "antenna",
    Tv.CHANNEL_INDEX: "frequency_khz",
    Tv.TAG_SEEN_COUNT: "reads",
    Tv.FIRST_SEEN_UTC: "first_seen_us",
    Tv.FIRST_SEEN_UPTIME: "first_seen_us",
    Tv.LAST_SEEN_UTC: "last_seen_us",
    Tv.LAST_SEEN_UPTIME: "last_seen_us",
}
TV_FORMAT = {1: "B", 2: "H", 4: "I", 8: "Q", 12: "12s"}
IMPINJ_FIELD: dict[int, str] = {
    ImpinjParameter.SERIALIZED_TID: "tid",
    ImpinjParameter.RF_PHASE_ANGLE: "phase",
    ImpinjParameter.PEAK_RSSI: "impinj_rssi",
}
IMPINJ_FORMAT = {"phase": "H", "impinj_rssi": "h"}

RSSI, FREQUENCY = TagSeen._fields.index("rssi"), TagSeen._fields.index("frequency_khz")
_make_tag = partial(tuple.__new__, TagSeen)


@lru_cache(maxsize=8192)
def centi_dbm(value: int) -> Rssi:
    """Impinj's own RSSI: s16, 1/100 dBm."""
    return Rssi(value / 100, RssiUnit.DBM, struct.pack(">h", value))


class Piece(NamedTuple):
    """One parameter of a shape: bytes that never change, then a field as `struct` has it."""

    constant: bytes
    name: str
    format: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Reports of one shape."""

    size: int
    run: re.Pattern[bytes]
    """Matches as many of them as follow each other, MOST_IN_RUN at most: then a hostile message costs no more than a plain one."""
    cutter: struct.Struct
    targets: tuple[int, ...]
    """Which of TagSeen's fields each of the cutter's is."""
    to_rssi: Callable[[int], Rssi] | None
    has_channel: bool
    has_pc: bool
    epc_size: int


@dataclass(slots=True)
class TagReports:
    """Reads the reports of one connection."""

    connection: Connection
    _latest: Layout | None = None
    _layouts: dict[tuple[Piece, ...], Layout] = field(default_factory=dict)

    def read(self, data: bytes, start: int, end: int) -> list[Event]:
        """What stands between two offsets of a message: tags, and what is not understood. Raises Malformed."""
        events: list[Event] = []
        while start < end:
            layout = self._latest
            run = layout.run.match(data, start, end) if layout else None
            if layout and run:
                events += self._cut(layout, run[0])
                start = run.end()
                continue
            report = parameter_at(data, start, end)
            if report.type != Tlv.TAG_REPORT_DATA:
                events.append(
                    Notice("parameter", code=report.type, data=data[report.start : report.end], detail="in a report, not understood")
                )
                start = report.end
                continue
            parameters = parameters_of(data, report.start, report.end)
            self._latest = self._layout_of(data, report, parameters)
            if self._latest is None:
                events += read_report(data, parameters, self.connection)
                start = report.end
        return events

    def _layout_of(self, data: bytes, report: Parameter, parameters: list[Parameter]) -> Layout | None:
        """None for a report that holds what only `read_report` reads."""
        pieces = _pieces_of(data, parameters)
        if pieces is None:
            return None
        head = Piece(data[report.start - TLV_HEADER_SIZE : report.start], "", "")
        shape = (head, *pieces)
        layout = self._layouts.get(shape)
        if layout is None:
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            layout = self._layouts[shape] = _build_layout(shape)
        return layout

    def _cut(self, layout: Layout, run: bytes) -> list[TagSeen]:
        """The reports of a run, a column at a time. What they do not hold is what was heard last; what they hold is then the last."""
        if len(run) == layout.size:
            return [self._cut_one(layout, run)]
        known = self.connection
        columns: list[Iterable[Any]] = list(map(repeat, known.inherited(layout.epc_size)))
        for target, column in zip(layout.targets, zip(*layout.cutter.iter_unpack(run), strict=True), strict=True):
            columns[target] = column
        if layout.to_rssi:
            columns[RSSI] = map(layout.to_rssi, columns[RSSI])
        if layout.has_channel:
            columns[FREQUENCY] = map(known.channels_khz.get, columns[FREQUENCY])
        tags = list(map(_make_tag, zip(*columns, strict=False)))
        self._remember(layout, tags[-1])
        return tags

    def _cut_one(self, layout: Layout, report: bytes) -> TagSeen:
        known = self.connection
        fields = known.inherited(layout.epc_size)
        for target, value in zip(layout.targets, layout.cutter.unpack(report), strict=True):
            fields[target] = value
        if layout.to_rssi:
            fields[RSSI] = layout.to_rssi(fields[RSSI])
        if layout.has_channel:
            fields[FREQUENCY] = known.channels_khz.get(fields[FREQUENCY])
        tag: TagSeen = _make_tag(fields)
        self._remember(layout, tag)
        return tag

    def _remember(self, layout: Layout, tag: TagSeen) -> None:
        self.connection.last = tag
        if layout.has_pc:
            self.connection.pc = tag.pc


def _pieces_of(data: bytes, parameters: list[Parameter]) -> tuple[Piece, ...] | None:
    """None if the report holds something that no column holds, or the same field twice, or no EPC."""
    pieces = []
    for parameter in parameters:
        piece = _piece_of(data, parameter)
        if piece is None:
            return None
        pieces.append(piece)
    names = [piece.name for piece in pieces if piece.name]
    return tuple(pieces) if "epc" in names and len(set(names)) == len(names) else None


def _piece_of(data: bytes, parameter: Parameter) -> Piece | None:
    kind, start, end = parameter
    if kind in TV_SIZE:
        name = TV_FIELD.get(kind, "")
        return Piece(data[start - 1 : start], name, TV_FORMAT[end - start] if name else f"{end - start}x")
    head = start - TLV_HEADER_SIZE
    if kind == Tlv.EPC_DATA:
        size = end - _epc_start(data, parameter)
        return Piece(data[head : start + COUNT_SIZE], "epc", f"{size}s")
    name = _impinj_name(data, parameter)
    value = start + CUSTOM_FIELDS_SIZE
    if name == "tid" and _words_fill(data, value, end):
        return Piece(data[head : value + COUNT_SIZE], name, f"{end - value - COUNT_SIZE}s")
    if name in IMPINJ_FORMAT and end - value == struct.calcsize(IMPINJ_FORMAT[name]):
        return Piece(data[head:value], name, IMPINJ_FORMAT[name])
    return None


def _build_layout(shape: tuple[Piece, ...]) -> Layout:
    sizes = [struct.calcsize(">" + piece.format) for piece in shape]
    names = [piece.name for piece in shape]
    to_rssi = centi_dbm if "impinj_rssi" in names else SIGNED_DBM.__getitem__ if "rssi" in names else None
    if to_rssi is centi_dbm:
        names = ["" if name == "rssi" else name.removeprefix("impinj_") for name in names]  # the finer of the two
    pairs = list(zip(shape, sizes, names, strict=True))
    pattern = b"".join(re.escape(piece.constant) + b".{%d}" % size for piece, size, _ in pairs)
    cutter = "".join(f"{len(piece.constant)}x{piece.format if name else f'{size}x'}" for piece, size, name in pairs)
    return Layout(
        size=sum(sizes) + sum(len(piece.constant) for piece in shape),
        run=re.compile(b"(?:%b){1,%d}" % (pattern, MOST_IN_RUN), re.DOTALL),
        cutter=struct.Struct(">" + cutter),
        targets=tuple(TagSeen._fields.index(name) for name in names if name),
        to_rssi=to_rssi,
        has_channel="frequency_khz" in names,
        has_pc="pc" in names,
        epc_size=sizes[names.index("epc")],
    )


def _epc_start(data: bytes, parameter: Parameter) -> int:
    """Of EPCData: a count of bits u16, then as many bytes as hold them. Raises Malformed."""
    start, size = parameter.start, parameter.end - parameter.start
    bits = int.from_bytes(data[start : start + COUNT_SIZE])
    if size < COUNT_SIZE or size != COUNT_SIZE + (bits + 7) // 8:
        raise Malformed(f"{bits} bits of EPC in EPCData", f"{max(size - COUNT_SIZE, 0)} bytes")
    return start + COUNT_SIZE


def _impinj_name(data: bytes, parameter: Parameter) -> str:
    """What a Custom parameter of Impinj's holds; "" for every other parameter."""
    value = parameter.start + CUSTOM_FIELDS_SIZE
    if parameter.type != Tlv.CUSTOM or value > parameter.end:
        return ""
    vendor, subtype = struct.unpack_from(">II", data, parameter.start)
    return IMPINJ_FIELD.get(subtype, "") if vendor == IMPINJ else ""


def _words_fill(data: bytes, start: int, end: int) -> bool:
    """Do a count u16 and as many words, one at least, fill the place?"""
    words = int.from_bytes(data[start : start + COUNT_SIZE])
    return words > 0 and start + COUNT_SIZE + 2 * words == end


class Outcome(NamedTuple):
    """Of one operation on the tag."""

    kind: int
    code: int
    op_spec_id: int
    data: bytes


def read_report(data: bytes, parameters: list[Parameter], known: Connection) -> list[Event]:
    """One report, parameter by parameter: the tag, then what was done to it, then what is not understood. Raises Malformed."""
    said: dict[str, Any] = {}
    outcomes: list[Outcome] = []
    rest: list[Event] = []
    for parameter in parameters:
        kind, start, end = parameter
        if kind in TV_SIZE:
            _note_tv(data, parameter, said)
        elif kind == Tlv.EPC_DATA:
            said["epc"] = data[_epc_start(data, parameter) : end]
        elif kind in OP_RESULT:
            outcomes.append(_outcome_of(data, parameter))
        elif not _note_impinj(data, parameter, said):
            rest.append(Notice("parameter", code=kind, data=data[start:end], detail=UNKNOWN))
    if "epc" not in said:
        raise Malformed("an EPC in the tag report", "none")
    tag = _remember(said, outcomes, known)
    return [tag, *(_reply(outcome, tag, known) for outcome in outcomes), *rest]


def _note_tv(data: bytes, parameter: Parameter, said: dict[str, Any]) -> None:
    kind, start, end = parameter
    name = TV_FIELD.get(kind)
    if name is None or (kind in _UPTIMES and name in said):
        return
    said[name] = data[start:end] if kind == Tv.EPC_96 else int.from_bytes(data[start:end])


_UPTIMES = frozenset({Tv.FIRST_SEEN_UPTIME, Tv.LAST_SEEN_UPTIME})  # a reader that says UTC too means the UTC


def _note_impinj(data: bytes, parameter: Parameter, said: dict[str, Any]) -> bool:
    """False if the parameter is not one of those that are known."""
    name, value, end = _impinj_name(data, parameter), parameter.start + CUSTOM_FIELDS_SIZE, parameter.end
    if name == "tid" and _words_fill(data, value, end):
        said[name] = data[value + COUNT_SIZE : end]
    elif name in IMPINJ_FORMAT and end - value == struct.calcsize(IMPINJ_FORMAT[name]):
        (said[name],) = struct.unpack_from(">" + IMPINJ_FORMAT[name], data, value)
    else:
        return False
    return True


def _remember(said: dict[str, Any], outcomes: list[Outcome], known: Connection) -> TagSeen:
    """The tag with what it inherits; what was said is now what was heard last."""
    if "rssi" in said:
        said["rssi"] = SIGNED_DBM[said["rssi"]]
    if "impinj_rssi" in said:
        said["rssi"] = centi_dbm(said.pop("impinj_rssi"))
    if "frequency_khz" in said:
        said["frequency_khz"] = known.channels_khz.get(said["frequency_khz"])
    inherited = dict(zip(TagSeen._fields, known.inherited(len(said["epc"])), strict=True))
    known.last = tag = TagSeen(**inherited | _awaited_tid(outcomes, known) | said)
    if "pc" in said:
        known.pc = tag.pc
    return tag


def _awaited_tid(outcomes: list[Outcome], known: Connection) -> dict[str, bytes]:
    awaited = known.awaited
    for outcome in outcomes:
        if awaited and awaited.reads_tid and outcome.op_spec_id == awaited.op_spec_id and outcome.code == 0 and outcome.data:
            return {"tid": outcome.data}
    return {}


def _outcome_of(data: bytes, parameter: Parameter) -> Outcome:
    """Result u8, OpSpecID u16; what was read has a count of words before it. Raises Malformed."""
    kind, start, end = parameter
    value = start + OP_RESULT_SIZE
    if value > end:
        raise Malformed(f"result and OpSpecID in parameter {kind}", f"{end - start} bytes")
    if kind in (Tlv.C1G2_READ_RESULT, Tlv.C1G2_BLOCK_PERMALOCK_STATUS_RESULT):
        words = int.from_bytes(data[value : value + COUNT_SIZE])
        value += COUNT_SIZE
        if value + 2 * words != end:
            raise Malformed(f"{words} words in parameter {kind}", f"{max(end - value, 0)} bytes")
    return Outcome(kind, data[start], int.from_bytes(data[start + 1 : start + OP_RESULT_SIZE]), data[value:end])


def _reply(outcome: Outcome, tag: TagSeen, known: Connection) -> Reply:
    """To the command that is waiting for this result; else named after the operation."""
    command, codes = OP_RESULT[outcome.kind]
    status, text = codes.get(outcome.code) or Meaning(Status.TAG_ERROR, f"result {outcome.code}, not in the standard")
    awaited = known.awaited
    if awaited and outcome.op_spec_id == awaited.op_spec_id and not awaited.is_answered:
        command, awaited.is_answered = awaited.command, True
    return Reply(command, status, outcome.code, outcome.data, tag, text)
