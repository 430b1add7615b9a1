"""`ebike-reader simulate`: the options, and the life of the process."""

import json
import signal
import sys
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from typing import Annotated, NoReturn

import typer

from firmware_protocols.catalogue import FAMILIES
from firmware_protocols.simulators import simulator_for
from firmware_protocols.simulators.faults import NO_FAULTS, LineFaults
from firmware_protocols.simulators.scenario import BadScenario, Scenario, parse_scenario
from firmware_protocols.simulators.tag_field import TagField
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
    scenario_file: Annotated[
        Path | None, typer.Option("--scenario", metavar="FILE.toml", help="Which tags come when, on what a line.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed plays the same chances; goes before the scenario's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell what happens as JSON lines on standard output.")] = False,
    miss_rate: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="Share of rounds in which a tag is not heard.")] = None,
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
    scenario = _scenario_or_exit(scenario_file)
    wanted = LineFaults(noise, wrong_checksum, truncated, split, merged, refused, unanswered)
    rng = Random(scenario.seed if seed is None else seed)  # noqa: S311 — chance that can be played again, no secret
    field = TagField(rng, scenario.air if miss_rate is None else replace(scenario.air, miss_rate=miss_rate))
    stopped = _signals()
    line = _open_line(is_pty=is_pty, tcp=tcp, link=link)
    reader = simulator_for(family, field, rng, faults=_merged(scenario.faults, wanted))
    simulation = Simulation(Parts(reader, field, line), SystemClock(), _tell if as_json else _keep_quiet)
    simulation.play(scenario)
    if as_json:
        _tell({"event": "listening", "at": line.place})
    else:
        typer.echo(line.place)
    try:
        while not stopped and (takes_orders or not until_eof):
            takes_orders = simulation.turn(has_orders=takes_orders)
    finally:
        simulation.unplug()


def _scenario_or_exit(path: Path | None) -> Scenario:
    if path is None:
        return Scenario(tags=())
    try:
        return parse_scenario(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        _refuse(f"--scenario {path}: {error.strerror}")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, BadScenario) as error:
        _refuse(f"--scenario {path}: {error}")


def _merged(faults: LineFaults, wanted: LineFaults) -> LineFaults:
    """The scenario's faults, and over them those that the command line names."""
    names = [field.name for field in fields(LineFaults)]
    named = {name: getattr(wanted, name) for name in names if getattr(wanted, name) != getattr(NO_FAULTS, name)}
    return replace(faults, **named)


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
