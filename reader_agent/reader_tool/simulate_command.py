"""`ebike-reader simulate`: the options, and the life of the process."""

import json
import sys
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from typing import Annotated, NamedTuple

import typer

from firmware_protocols.errors import ProtocolError
from firmware_protocols.simulators import simulator_for
from firmware_protocols.simulators.faults import NO_FAULTS, LineFaults
from firmware_protocols.simulators.llrp import LlrpReader
from firmware_protocols.simulators.llrp_settings import PLAIN, LlrpOptions
from firmware_protocols.simulators.reader import DEFAULT_OPTIONS, ReaderOptions, SimulatedReader
from firmware_protocols.simulators.scenario import BadScenario, Scenario, parse_scenario
from firmware_protocols.simulators.tag_field import TagField
from reader_agent.clock import SystemClock
from reader_agent.reader_tool.lines import Line, TcpLine
from reader_agent.reader_tool.one_client import OneClient
from reader_agent.reader_tool.open_door import Doors, open_door, serve
from reader_agent.reader_tool.open_line import open_line
from reader_agent.reader_tool.simulate import JsonValue, Parts, Simulation
from reader_agent.reader_tool.terminal import NO_TEXT, FamilyName, facts_or_exit, refuse, told_to_end
from reader_agent.reader_tool.values import BadValue, options_of, parse_fields

Share = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of frames or commands, 0 to 1.")]
READER_SETTINGS = "; ".join(f"{name}={takes}" for name, takes in options_of(ReaderOptions).items())
LLRP_SETTINGS = "; ".join(f"{name}={takes}" for name, takes in options_of(LlrpOptions).items())


class _Manner(NamedTuple):
    """How the reader differs from a plain one."""

    options: ReaderOptions
    llrp: LlrpOptions


def simulate(  # noqa: PLR0913 — each option of the command is a parameter: that is typer's form
    family: FamilyName,
    *,
    is_pty: Annotated[bool, typer.Option("--pty", help="On a new pseudo-terminal, whose path is printed first.")] = False,
    tcp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="On a listening socket; port 0 takes a free one.")] = None,
    tls: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="On a listening socket inside TLS, as LLRP has it on 5085.")] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--cert", metavar="FILE.pem", help="With --tls, --http: certificate and key; made for HOST if not there."),
    ] = None,
    http: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="An R700's own HTTP server; with --cert it is HTTPS.")] = None,
    mqtt: Annotated[str | None, typer.Option(metavar="URL", help="Publish to mqtt://BROKER:PORT/TOPIC.")] = None,
    post: Annotated[str | None, typer.Option(metavar="URL", help="Post to the agent's webhook at http://HOST:PORT/PATH.")] = None,
    account: Annotated[str | None, typer.Option(help="With --http: who may ask; with --post: as whom it signs in.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="The password of --account.")] = None,
    link: Annotated[Path | None, typer.Option(help="With --pty: a symbolic link that stays, as udev's by-id path does.")] = None,
    baud: Annotated[
        int | None, typer.Option(min=50, help="With --pty: the reader's speed; a host at another one hears garbage. Else any speed fits.")
    ] = None,
    takes_orders: Annotated[bool, typer.Option("--stdin", help="Take orders from standard input, one JSON object a line.")] = False,
    until_eof: Annotated[bool, typer.Option("--until-eof", help="With --stdin: end when standard input ends.")] = False,
    scenario_file: Annotated[
        Path | None, typer.Option("--scenario", metavar="FILE.toml", help="Which tags come when, on what a line.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed plays the same chances; goes before the scenario's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell what happens as JSON lines on standard output.")] = False,
    round_period_s: Annotated[float | None, typer.Option(min=0.001, help="How long one inventory round takes.")] = None,
    antenna_ports: Annotated[int | None, typer.Option(min=1, help="How many antenna ports the reader has.")] = None,
    missing_antennas: Annotated[str | None, typer.Option(metavar="2,3", help="Ports with nothing connected.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help=f"How this reader differs. {READER_SETTINGS}. LLRP also: {LLRP_SETTINGS}."),
    ] = None,
    miss_rate: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="Share of rounds in which a tag is not heard.")] = None,
    noise: Share = 0.0,
    wrong_checksum: Share = 0.0,
    truncated: Share = 0.0,
    split: Share = 0.0,
    merged: Share = 0.0,
    refused: Share = 0.0,
    unanswered: Share = 0.0,
    silences_per_minute: Annotated[float, typer.Option(min=0.0, help="How often the reader falls wholly silent.")] = 0.0,
    silence_s: Annotated[float, typer.Option(min=0.0, help="For how long.")] = NO_FAULTS.silence_s,
) -> None:
    """Play a reader on a pseudo-terminal or a socket, until Ctrl-C. Faults are shares of frames or commands."""
    facts_or_exit(family)
    scenario = _scenario_or_exit(scenario_file)
    named = {"round-period-s": round_period_s, "antenna-ports": antenna_ports, "missing-antennas": missing_antennas}
    manner = _manner_or_exit(family, settings or [], {name: str(value) for name, value in named.items() if value is not None})
    wanted = LineFaults(noise, wrong_checksum, truncated, split, merged, refused, unanswered, silences_per_minute, silence_s)
    rng = Random(scenario.seed if seed is None else seed)  # noqa: S311 — chance that can be played again, no secret
    field = TagField(rng, scenario.air if miss_rate is None else replace(scenario.air, miss_rate=miss_rate))
    stop = told_to_end()
    doors = Doors(http, mqtt, post, account, password_file, certificate)
    line = (
        open_door(doors, family)
        if doors.is_any
        else open_line(is_pty=is_pty, tcp=tcp, link=link, baud=baud, tls=tls, certificate=certificate)
    )
    reader = _new_reader(family, field, rng, _merged(scenario.faults, wanted), manner)
    _keep_the_door(line, reader)
    serve(line, reader)
    simulation = Simulation(Parts(reader, field, line), SystemClock(), _tell if as_json else _keep_quiet)
    simulation.play(scenario)
    if as_json:
        _tell({"event": "listening", "at": line.place})
    else:
        typer.echo(line.place)
    try:
        while not stop.is_set() and (takes_orders or not until_eof):
            takes_orders = simulation.turn(has_orders=takes_orders)
    finally:
        simulation.unplug()


def _scenario_or_exit(path: Path | None) -> Scenario:
    if path is None:
        return Scenario(tags=())
    try:
        return parse_scenario(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        refuse(f"--scenario {path}: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"--scenario {path}: {NO_TEXT}")
    except (tomllib.TOMLDecodeError, BadScenario) as error:
        refuse(f"--scenario {path}: {error}")


def _manner_or_exit(family: str, settings: list[str], named: dict[str, str]) -> _Manner:
    """`--set` and, over it, the options with names of their own."""
    given = {name: value for name, _, value in (setting.partition("=") for setting in settings)} | named
    own = options_of(LlrpOptions) if family == "llrp" else {}
    try:
        options = parse_fields(ReaderOptions, {name: value for name, value in given.items() if name not in own})
        llrp = parse_fields(LlrpOptions, {name: value for name, value in given.items() if name in own})
    except BadValue as error:
        refuse(f"--set {error}")
    return _Manner(replace(DEFAULT_OPTIONS, **options), replace(PLAIN, **llrp))


def _new_reader(family: str, field: TagField, rng: Random, faults: LineFaults, manner: _Manner) -> SimulatedReader:
    if family == "llrp":
        return LlrpReader(field, rng, faults, manner.options, manner.llrp)
    try:
        return simulator_for(family, field, rng, faults=faults, options=manner.options)
    except (ProtocolError, ValueError) as error:
        refuse(str(error))


def _merged(faults: LineFaults, wanted: LineFaults) -> LineFaults:
    """The scenario's faults, and over them those that the command line names."""
    names = [field.name for field in fields(LineFaults)]
    named = {name: getattr(wanted, name) for name in names if getattr(wanted, name) != getattr(NO_FAULTS, name)}
    return replace(faults, **named)


def _keep_the_door(line: Line, reader: SimulatedReader) -> None:
    """A reader for one client at a time says so to the second."""
    if isinstance(line, TcpLine) and isinstance(reader, LlrpReader):
        line.doorkeeper = OneClient(reader, SystemClock())


def _tell(happened: dict[str, JsonValue]) -> None:
    sys.stdout.write(json.dumps(happened) + "\n")
    sys.stdout.flush()


def _keep_quiet(_happened: dict[str, JsonValue]) -> None:
    """A person asked for the line's place alone."""
