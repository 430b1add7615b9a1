"""Every fault that a simulator has, and what the real agent does about it: what it spools, what its status says, whether it comes back.

One row for each fault, tried with all families that it can befall, at once: each on its own real line, before one agent. A fault that is
added to a simulator fails `test_every_fault_of_every_simulator_has_a_row` until it has a row here. The same rows stand in
docs/simulators.md.
"""

import re
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import Enum
from pathlib import Path

import pytest

from firmware_protocols.catalogue import ALL_FAMILIES, FAMILIES, LISTENED_FAMILIES
from firmware_protocols.simulators.faults import LineFaults
from firmware_protocols.simulators.llrp_settings import LlrpOptions
from firmware_protocols.simulators.reader import ReaderOptions
from reader_agent.clock import SystemClock
from reader_agent.link_address import parse_address
from reader_agent.links.open_link import open_link
from reader_agent.reader_tool.conversation import new_session
from reader_agent.reader_tool.orders import Order
from reader_agent.readers.session import Counters
from tests.reader_agent.readers.street import Manner, Street

ASKED, TOLD = tuple(FAMILIES), tuple(LISTENED_FAMILIES)
ALL = tuple(ALL_FAMILIES)
# TCP harms no bytes, so what a bad wire does befalls those on serial lines.
WIRED = tuple(family for family in ALL if family not in {"llrp", "impinj-json", "zebra-json"})
WIRED_AND_CHECKED = tuple(family for family in WIRED if family != "keyboard")
SERVED = tuple(family for family in WIRED if family in FAMILIES)  # what a serial server brings to the network
BIKES, BIKE_S = 3, 0.8

READING, BACK, LOST, REFUSED, BLIND = ("running",), ("running", "lost", "running"), ("lost",), ("refused",), ("running", "refused")
CLOCK_SLACK = timedelta(seconds=5)
Deed = Callable[[Street], None]


class Sees(Enum):
    """Which of the bikes that come after it are spooled."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


def nothing(_street: Street) -> None:
    """The fault is in the reader from the first."""


def fall_silent(street: Street) -> None:
    street.order('{"faults": {"silence_s": 2.6}}')
    street.linger(2.6)


def pull_the_cable(street: Street) -> None:
    street.order('{"unplug": {"seconds": 1.0}}')


def stay_idle(street: Street) -> None:
    street.linger(3.5)


@dataclass(frozen=True, slots=True)
class Row:
    """One fault. `names` are the fields of the simulators' settings that it tries."""

    names: tuple[str, ...]
    manner: Manner
    families: tuple[str, ...]
    states: tuple[str, ...] = READING
    """What the status goes through, and where it ends."""
    detail: str = ""
    """What it says at the end."""
    sees: Sees = Sees.ALL
    has_errors: bool = False
    """Does the status count broken frames?"""
    before: Deed = nothing
    deed: Deed = nothing
    """What is done while it reads; afterwards bikes come again."""


def options(**given: object) -> Manner:
    return Manner(options=ReaderOptions(**{"round_period_s": 0.05} | given))  # type: ignore[arg-type]  # a table of fields


def leave_it_reading(street: Street) -> None:
    """A host starts the inventory of each and dies without a word."""
    for family, player in street.players.items():
        with closing(open_link(parse_address(player.url), 115200)) as link:
            session = new_session(link, family, Counters(), SystemClock())
            session.greet()
            session.start_inventory()
            session.hear(0.2)


def come_second(street: Street) -> None:
    """Another program connects to each reader, and is gone again."""
    for player in street.players.values():
        host, _, port = player.line.place.rpartition(":")
        with socket.create_connection((host, int(port))) as other:
            other.settimeout(1.0)
            street.linger(0.3)


ROWS = [
    pytest.param(Row((), Manner(), ALL), id="no fault"),
    pytest.param(Row(("noise",), Manner(LineFaults(noise=0.3)), WIRED_AND_CHECKED, has_errors=True), id="noise"),
    pytest.param(Row(("wrong_checksum",), Manner(LineFaults(wrong_checksum=0.1)), WIRED_AND_CHECKED, has_errors=True), id="wrong checksum"),
    pytest.param(Row(("truncated",), Manner(LineFaults(truncated=0.1)), WIRED_AND_CHECKED, has_errors=True), id="truncated frames"),
    pytest.param(Row(("split",), Manner(LineFaults(split=1.0)), ALL), id="split frames"),
    pytest.param(Row(("merged",), Manner(LineFaults(merged=1.0)), ALL), id="merged frames"),
    pytest.param(
        Row(("refused",), Manner(LineFaults(refused=1.0)), ASKED, ("refused",), "the reader (refuses|says)", sees=Sees.NONE),
        id="every command refused",
    ),
    pytest.param(
        Row(("unanswered",), Manner(LineFaults(unanswered=1.0)), ASKED, LOST, "no answer to GetInfo; is it a", sees=Sees.NONE),
        id="no command answered",
    ),
    pytest.param(
        Row(("silences_per_minute", "silence_s"), Manner(LineFaults(silences_per_minute=30, silence_s=0.4)), ALL), id="short silences"
    ),
    pytest.param(
        Row(("faults",), Manner(), ASKED, BACK, deed=fall_silent),
        id="silence of more than two seconds",
    ),
    pytest.param(Row(("faults",), Manner(), TOLD, deed=fall_silent), id="silence of one that cannot be asked"),
    pytest.param(Row(("unplug",), Manner(), ALL, BACK, deed=pull_the_cable), id="the cable is pulled"),
    pytest.param(Row(("round_period_s",), options(round_period_s=0.5), ALL), id="slow rounds"),
    pytest.param(
        Row(("missing_antennas",), options(missing_antennas=frozenset({1})), ("r2000", "thingmagic"), BLIND, "antenna", sees=Sees.NONE),
        id="antenna off",
    ),
    pytest.param(
        Row(("missing_antennas",), options(missing_antennas=frozenset({1})), ("chafon",), READING, "antenna", sees=Sees.NONE),
        id="antenna off, and rounds go on",
    ),
    pytest.param(
        Row(("missing_antennas",), options(missing_antennas=frozenset({1})), ("cf", "impinj-json", "zebra-json"), sees=Sees.NONE),
        id="antenna off, and nobody tells",
    ),
    pytest.param(
        Row(("mismatched_antennas",), options(mismatched_antennas=frozenset({1})), ("thingmagic",), BLIND, "return loss", sees=Sees.NONE),
        id="antenna sends its power back",
    ),
    pytest.param(Row(("loops_on_ff",), options(loops_on_ff=False), ("r2000",)), id="inventory ends after each round"),
    pytest.param(Row(("starts_in_bootloader",), options(starts_in_bootloader=True), ("thingmagic",)), id="in its bootloader"),
    pytest.param(Row(("is_left_reading",), options(is_left_reading=True), ("thingmagic",)), id="streams from before"),
    pytest.param(Row((), Manner(), ASKED, before=leave_it_reading), id="stale stream after a restart"),
    pytest.param(
        Row(("overheats_after_s",), options(overheats_after_s=0.4), ("thingmagic",), BLIND, "temperature", sees=Sees.SOME),
        id="temperature stop",
    ),
    pytest.param(Row(("pushes",), options(pushes=True), ("chafon",)), id="reports unasked"),
    pytest.param(Row(("reports_empty_rounds",), Manner(llrp=LlrpOptions(reports_empty_rounds=True)), ("llrp",)), id="empty reports"),
    pytest.param(Row(("omits_unchanged",), Manner(llrp=LlrpOptions(omits_unchanged=True)), ("llrp",)), id="reports with holes"),
    pytest.param(
        Row(("missed_keepalives",), Manner(llrp=LlrpOptions(missed_keepalives=1.0)), ("llrp",), deed=stay_idle),
        id="keep-alives missed",
    ),
    pytest.param(
        Row(("stops_after_s",), Manner(llrp=LlrpOptions(stops_after_s=0.3)), ("llrp",), READING, "ended by itself", sees=Sees.SOME),
        id="stopped by itself",
    ),
    pytest.param(Row(("answer_delay_s",), Manner(llrp=LlrpOptions(answer_delay_s=0.4)), ("llrp",)), id="slow answers"),
    pytest.param(
        Row(("clock_drift_ppm", "clock_at_zero_us"), Manner(llrp=LlrpOptions(clock_at_zero_us=0, clock_drift_ppm=1e5)), ("llrp",)),
        id="a clock that is wrong and drifts",
    ),
    pytest.param(Row(("has_no_clock",), Manner(llrp=LlrpOptions(has_no_clock=True)), ("llrp",)), id="no clock"),
    pytest.param(Row((), Manner(), ("llrp",), deed=come_second), id="a second client of a reader for one"),
    pytest.param(Row((), Manner(is_on_tcp=True), SERVED, BACK, deed=come_second), id="a second client that takes the line"),
    pytest.param(Row((), Manner(baud=19200), SERVED, LOST, "at this speed", sees=Sees.NONE), id="wrong baud"),
]
NO_FAULT = {
    "antenna_ports": "how the reader is built",
    "address": "agent.toml has it",
    "model": "how the reader is built",
    "is_impinj": "how the reader is built",
    "enter": "a tag",
    "remove": "a tag",
}


def test_every_fault_of_every_simulator_has_a_row() -> None:
    settings = {field.name for kind in (LineFaults, ReaderOptions, LlrpOptions) for field in fields(kind)} | set(Order.__struct_fields__)
    tried = {name for parameter in ROWS for name in parameter.values[0].names}  # type: ignore[union-attr]  # each holds one Row
    assert tried | set(NO_FAULT) == settings
    assert not tried & set(NO_FAULT)


def test_every_row_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "simulators.md").read_text(encoding="utf-8")
    assert [row.id for row in ROWS if f"| {row.id} |" not in page] == []


@pytest.mark.parametrize("row", ROWS)
def test_what_the_agent_does(row: Row, tmp_path: Path) -> None:
    street = Street(row.families, tmp_path, row.manner)
    with street.playing():
        row.before(street)
        with street.watched():
            wait_for_all(street, row, lambda family: street.status(family).state == (row.states[0] if row.deed is nothing else "running"))
            row.deed(street)
            wait_for_all(street, row, lambda family: has_gone(street.states(family), row.states))
            bikes = set(street.send_bikes(BIKES, every_s=BIKE_S))
            if row.sees is Sees.ALL:
                wait_for_all(street, row, lambda family: bikes <= street.epcs(family))
            else:
                street.linger(BIKES * BIKE_S)
            for family in row.families:
                check(street, row, family, bikes)


def check(street: Street, row: Row, family: str, bikes: set[bytes]) -> None:
    status, seen = street.status(family), street.epcs(family)
    assert row.sees is Sees.SOME or status.state == row.states[-1], status
    assert re.search(row.detail, status.detail) if row.detail else status.detail == "", status
    assert status.frame_errors > 0 if row.has_errors else row.sees is not Sees.ALL or status.frame_errors == 0, status
    assert seen <= bikes, "a number that no bike has"
    assert row.sees is not Sees.NONE or not seen
    late = [abs(event.first_seen_at - sealed_at) for event, sealed_at in street.opened(family)]
    assert max(late, default=timedelta()) < CLOCK_SLACK, "the reader's clock has got into a sighting"


def has_gone(states: list[str], wanted: tuple[str, ...]) -> bool:
    """Did it go through these, in this order, whatever else came between?"""
    left = iter(states)
    return all(state in left for state in wanted)


def wait_for_all(street: Street, row: Row, is_true: Callable[[str], bool]) -> None:
    done = street.wait_until(lambda: all(is_true(family) for family in row.families))
    assert done, [(street.states(family), street.status(family), len(street.epcs(family))) for family in row.families]
