"""`ebike-reader simulate`: the options, and the life of the process."""

import json
import signal
import sys
from pathlib import Path
from random import Random
from typing import Annotated, NoReturn

import typer

from firmware_protocols.catalogue import FAMILIES
from firmware_protocols.simulators import simulator_for
from firmware_protocols.simulators.faults import LineFaults
from firmware_protocols.simulators.tag_field import RadioConditions, TagField
from reader_agent.clock import SystemClock
from reader_agent.reader_tool.lines import Line, PtyLine, TcpLine
from reader_agent.reader_tool.simulate import JsonValue, Parts, Simulation

WRONG_USE = 2
Share = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of frames or commands, 0 to 1.")]


def simulate(  # noqa: PLR0913 — each option of the command is a parameter: that is typer's form
    family: Annotated[str, typer.Argument(help=f"One of {', '.join(FAMILIES)}.")],
    *,
    is_pty: Annotated[bool, typer.Option("--pty", help="On a new pseudo-terminal, whose path is printed first.")] = False,
    tcp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="On a listening socket; port 0 takes a free one.")] = None,
    link: Annotated[Path | None, typer.Option(help="With --pty: a symbolic link that stays, as udev's by-id path does.")] = None,
    takes_orders: Annotated[bool, typer.Option("--stdin", help="Take orders from standard input, one JSON object a line.")] = False,
    until_eof: Annotated[bool, typer.Option("--until-eof", help="With --stdin: end when standard input ends.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed plays the same chances.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Tell what happens as JSON lines on standard output.")] = False,
    miss_rate: Share = 0.05,
    noise: Share = 0.0,
    wrong_checksum: Share = 0.0,
    truncated: Share = 0.0,
    split: Share = 0.0,
    merged: Share = 0.0,
    refused: Share = 0.0,
    unanswered: Share = 0.0,
) -> None:
    """Play a reader on a pseudo-terminal or a socket, until Ctrl-C. Faults are shares of frames or commands."""
    if family not in FAMILIES:
        _refuse(f"no reader family {family!r}; known are {', '.join(FAMILIES)}")
    faults = LineFaults(noise, wrong_checksum, truncated, split, merged, refused, unanswered)
    rng = Random(seed)  # noqa: S311 — chance that can be played again, no secret
    field = TagField(rng, RadioConditions(miss_rate=miss_rate))
    stopped = _signals()
    line = _open_line(is_pty=is_pty, tcp=tcp, link=link)
    reader = simulator_for(family, field, rng, faults=faults)
    simulation = Simulation(Parts(reader, field, line), SystemClock(), _tell if as_json else _keep_quiet)
    if as_json:
        _tell({"event": "listening", "at": line.place})
    else:
        typer.echo(line.place)
    try:
        while not stopped and (takes_orders or not until_eof):
            takes_orders = simulation.turn(has_orders=takes_orders)
    finally:
        simulation.unplug()


def _signals() -> list[int]:
    """Fills when we are told to end."""
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    return stopped


def _open_line(*, is_pty: bool, tcp: str | None, link: Path | None) -> Line:
    if is_pty == (tcp is not None):
        _refuse("write either --pty or --tcp HOST:PORT")
    if tcp is None:
        return PtyLine(link)
    host, _, port = tcp.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        _refuse(f"--tcp {tcp}: write HOST:PORT, such as 127.0.0.1:4001")
    try:
        return TcpLine(host, int(port))
    except OSError as error:
        _refuse(f"--tcp {tcp}: {error.strerror or error}; choose another port, or 0 for a free one")


def _tell(happened: dict[str, JsonValue]) -> None:
    sys.stdout.write(json.dumps(happened) + "\n")
    sys.stdout.flush()


def _keep_quiet(_happened: dict[str, JsonValue]) -> None:
    """A person asked for the line's place alone."""


def _refuse(sentence: str) -> NoReturn:
    typer.echo(f"ebike-reader: {sentence}", err=True)
    raise typer.Exit(WRONG_USE)
