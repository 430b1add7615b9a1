"""`ebike-reader encode`: a command in words → the frames that ask for it, or the HTTP requests."""

import json
import re
from collections.abc import Iterable
from typing import Annotated, get_args

import typer

from firmware_protocols.catalogue import codec_for
from firmware_protocols.commands import Command, WriteEpc
from firmware_protocols.errors import ProtocolError
from firmware_protocols.gen2 import pc_with_epc_size
from firmware_protocols.impinj_json.requests import HttpRequest, requests_for
from reader_agent.door_rules import HTTP_FAMILY
from reader_agent.reader_tool.terminal import AntennaPorts, AsJson, FamilyName, OwnOptions, conversing_or_exit, options_or_exit, refuse
from reader_agent.reader_tool.values import BadValue, options_of, parse_fields, required_of

COMMANDS: dict[str, type] = {re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower(): kind for kind in get_args(Command)}


OWN_DEFAULTS: dict[type, set[str]] = {WriteEpc: {"new-pc"}}
"""Options that a command needs and this one fills in."""


class BadCommand(ValueError):
    """These words are no command."""


def parse_command(name: str, words: list[str]) -> Command:
    """`read-bank`, `["--bank", "tid", "--word-address=0", …]` → the command. A new EPC without a PC word gets the one of its length.

    Raises BadCommand, which says what was expected.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        raise BadCommand(f"no command {name!r}; known are {', '.join(COMMANDS)}")
    try:
        values = parse_fields(kind, _options(kind, words))
    except BadValue as error:
        raise BadCommand(f"{name}: {error}") from None
    if kind is WriteEpc and "new_epc" in values:
        values.setdefault("new_pc", pc_with_epc_size(0, len(values["new_epc"])))
    missing = [f"--{option} {options_of(kind)[option]}" for option in required_of(kind) if option.replace("-", "_") not in values]
    if missing:
        raise BadCommand(f"{name} needs {', '.join(missing)}")
    command: Command = kind(**values)
    return command


def _options(kind: type, words: list[str]) -> dict[str, str]:
    """`--name value` and `--name=value`; a yes or no may be left out and is a yes then."""
    takes, given, rest = options_of(kind), dict[str, str](), list(words)
    while rest:
        name, has_value, value = rest.pop(0).partition("=")
        if not name.startswith("--"):
            raise BadValue("option", "--NAME VALUE", name)
        name = name.removeprefix("--")
        if not has_value:
            is_next_a_value = bool(rest) and not rest[0].startswith("--")
            if not is_next_a_value and takes.get(name, "true|false") != "true|false":
                raise BadValue(name, takes[name], "nothing")
            value = rest.pop(0) if is_next_a_value else "true"
        if name in given:
            raise BadValue(name, "it once", "it twice")
        given[name] = value
    return given


def _usage() -> str:
    """Every command with its options, for `--help`."""
    lines = []
    for name, kind in COMMANDS.items():
        required = {*required_of(kind)} - OWN_DEFAULTS.get(kind, set())
        words = [f"--{option} {takes}" if option in required else f"[--{option} {takes}]" for option, takes in options_of(kind).items()]
        lines.append(" ".join([name, *words]))
    return "Commands:\n\n" + "\n\n".join(lines)


def encode(  # noqa: PLR0913 — each option of the command is a parameter
    context: typer.Context,
    family: FamilyName,
    command: Annotated[str, typer.Argument(help="What to ask, such as get-info or read-bank; --help lists all with their options.")],
    *,
    address: Annotated[int | None, typer.Option(help="The reader's address on a shared line.")] = None,
    antenna_ports: AntennaPorts = None,
    option: OwnOptions = None,
    as_json: AsJson = False,
) -> None:
    """Print the frames of a command as hex, one a line; of an R700 its HTTP requests, each with its body."""
    if family != HTTP_FAMILY:
        conversing_or_exit(family)
    options = options_or_exit(family, option or [])
    try:
        asked = parse_command(command, context.args)
        codec = codec_for(family, address=address, antenna_ports=antenna_ports, options=options)
        if family == HTTP_FAMILY:
            _print_requests(command, requests_for(asked), as_json=as_json)
            return
        frames = codec.encode(asked)
    except (BadCommand, ProtocolError) as error:
        refuse(str(error))
    texts = [frame.hex() for frame in frames]
    typer.echo(json.dumps({"family": family, "command": command, "frames": texts}) if as_json else "\n".join(texts))


def _print_requests(command: str, requests: Iterable[HttpRequest], *, as_json: bool) -> None:
    if as_json:
        told = [request._asdict() for request in requests]
        typer.echo(json.dumps({"family": HTTP_FAMILY, "command": command, "requests": told}))
        return
    for request in requests:
        typer.echo(" ".join([request.method, request.path, *([json.dumps(request.body)] if request.body else [])]))


def add_to(app: typer.Typer) -> None:
    settings = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(context_settings=settings, epilog=_usage())(encode)
