"""`ebike-reader`: everything that can be done with a reader and no checkpoint."""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from itertools import chain
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from firmware_protocols.catalogue import LISTENED_FAMILIES, codec_for
from firmware_protocols.codec import Codec, Direction
from firmware_protocols.errors import ProtocolError
from reader_agent.clock import SystemClock
from reader_agent.errors import AgentError
from reader_agent.links.open_link import open_link
from reader_agent.reader_tool import encode
from reader_agent.reader_tool.decode import NotHex, bytes_of_hex, decode_lines, is_json_text, is_undecided
from reader_agent.reader_tool.probe import Attempt, Found, probe
from reader_agent.reader_tool.record import record
from reader_agent.reader_tool.replay_command import replay
from reader_agent.reader_tool.simulate_command import simulate
from reader_agent.reader_tool.tag_commands import lock, read, set_password, write_epc
from reader_agent.reader_tool.terminal import (
    FAILED,
    AntennaPorts,
    AsJson,
    FamilyName,
    OwnOptions,
    Url,
    address_or_exit,
    err,
    facts_or_exit,
    options_or_exit,
    out,
    refuse,
)

CHUNK = 65536
app = typer.Typer(
    help="Talk to UHF readers: find out what is attached, read and write tags, decode and record bytes, play a reader.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


@app.command()
def decode(
    family: FamilyName,
    words: Annotated[
        list[str], typer.Argument(metavar="HEX…", help="Bytes in hex, or - for standard input. JSON of a smart reader may stand as it is.")
    ],
    *,
    is_raw: Annotated[bool, typer.Option("--raw", help="Standard input is bytes, not hex.")] = False,
    direction: Annotated[Direction, typer.Option(help="Whose bytes: the reader's, or what a host sends.")] = Direction.FROM_READER,
    antenna_ports: AntennaPorts = None,
    option: OwnOptions = None,
    _as_json: Annotated[
        bool, typer.Option("--json", help="Changes nothing: it always prints JSON. Taken because every command takes it.")
    ] = False,
) -> None:
    """Print one JSON object a line for each event in the bytes. A broken frame is an event like any other."""
    facts_or_exit(family)
    if is_raw and words != ["-"]:
        refuse("--raw reads standard input; write - in the place of the bytes")
    if not any(word.strip() for word in words):
        refuse("no bytes were given; write them in hex, or - for standard input")
    codec = _codec(family, direction, antenna_ports, option or [])
    try:
        for line in decode_lines(codec, _input(family, words, is_raw=is_raw)):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    except NotHex as error:
        refuse(str(error))
    except BrokenPipeError:  # whoever read our lines has seen enough
        sys.stderr.close()


@app.command(name="probe")
def probe_command(url: Url, *, as_json: AsJson = False) -> None:
    """Find out which reader is attached, and at which speed. Exit code 1 if none answers."""
    try:
        found, attempts = probe(address_or_exit(url), open_link, SystemClock())
    except AgentError as error:
        if as_json:
            typer.echo(json.dumps({"found": None, "attempts": [], "reason": str(error)}, ensure_ascii=False))
        refuse(str(error), FAILED)
    if as_json:
        result = {"found": asdict(found) if found else None, "attempts": [asdict(attempt) for attempt in attempts]}
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        _show(url, found, attempts)
    if found is None:
        raise typer.Exit(FAILED)


encode.add_to(app)
for command in (read, write_epc, lock, set_password, record, replay, simulate):
    app.command()(command)


def _codec(family: str, direction: Direction, antenna_ports: int | None, pairs: list[str]) -> Codec:
    options = options_or_exit(family, pairs)
    try:
        return codec_for(family, direction=direction, antenna_ports=antenna_ports, options=options)
    except ProtocolError as error:
        refuse(str(error))


def _input(family: str, words: list[str], *, is_raw: bool) -> Iterable[bytes]:
    if words != ["-"]:
        text = " ".join(words)
        return [f"{text}\n".encode()] if family in LISTENED_FAMILIES and is_json_text(text) else bytes_of_hex([text])
    pieces = iter(partial(os.read, sys.stdin.fileno(), CHUNK), b"")
    if is_raw:
        return pieces
    first = b""
    while family in LISTENED_FAMILIES and is_undecided(_as_text(first)) and (piece := next(pieces, b"")):
        first += piece
    whole = chain([first], pieces)
    return whole if family in LISTENED_FAMILIES and is_json_text(_as_text(first)) else bytes_of_hex(map(_as_text, whole))


def _as_text(piece: bytes) -> str:
    return piece.decode("utf-8", "replace")


def _show(url: str, found: Found | None, attempts: list[Attempt]) -> None:
    """The answer on standard output; what was tried for it on the other."""
    table = Table("asked", "baud", "result", title=f"tried at {url}", title_justify="left")
    for attempt in attempts:
        table.add_row(escape(attempt.family), str(attempt.baud or ""), escape(attempt.result))
    err.print(table)
    if found is None:
        err.print(f"[red]ebike-reader:[/red] nothing known answers at {escape(url)}")
        return
    speed = f" at {found.baud} baud" if found.baud else ""
    out.print(f"[green]{found.family}[/green]{speed}: {escape(found.model)}")


def main() -> None:
    app(prog_name="ebike-reader")
