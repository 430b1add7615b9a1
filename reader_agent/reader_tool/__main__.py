"""`ebike-reader`: decode, probe and simulate readers."""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from firmware_protocols.catalogue import FAMILIES, UnknownFamily, codec_for
from firmware_protocols.codec import Codec, Direction
from reader_agent.clock import SystemClock
from reader_agent.errors import AgentError
from reader_agent.link_address import LinkAddress, parse_address
from reader_agent.links.open_link import open_link
from reader_agent.reader_tool.decode import NotHex, bytes_of_hex, decode_lines
from reader_agent.reader_tool.probe import Attempt, Found, probe
from reader_agent.reader_tool.simulate_command import simulate

WRONG_USE = 2
CHUNK = 65536
app = typer.Typer(help="Look at what UHF readers say: decode bytes, find out what is attached, play a reader.", no_args_is_help=True)
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


@app.command()
def decode(
    family: Annotated[str, typer.Argument(help=f"One of {', '.join(FAMILIES)}.")],
    words: Annotated[list[str], typer.Argument(metavar="HEX…", help="Bytes in hex, or - for standard input.")],
    *,
    is_raw: Annotated[bool, typer.Option("--raw", help="Standard input is bytes, not hex.")] = False,
    direction: Annotated[Direction, typer.Option(help="Whose bytes: the reader's, or what a host sends.")] = Direction.FROM_READER,
) -> None:
    """Print one JSON object a line for each event in the bytes. A broken frame is an event like any other."""
    codec = _codec_or_exit(family, direction)
    if is_raw and words != ["-"]:
        _refuse("--raw reads standard input; write - in the place of the bytes")
    try:
        for line in decode_lines(codec, _input(words, is_raw=is_raw)):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    except NotHex as error:
        _refuse(str(error))
    except BrokenPipeError:  # whoever read our lines has seen enough
        sys.stderr.close()


@app.command(name="probe")
def probe_command(
    url: Annotated[str, typer.Argument(help="tcp://HOST:PORT or serial:///dev/serial/by-id/NAME, with ?baud=N if the speed is known.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Find out which reader is attached, and at which speed. Exit code 1 if none answers."""
    try:
        found, attempts = probe(_address_or_exit(url), open_link, SystemClock())
    except AgentError as error:
        _refuse(str(error), code=1)
    if as_json:
        result = {"found": asdict(found) if found else None, "attempts": [asdict(attempt) for attempt in attempts]}
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        _show(url, found, attempts)
    if found is None:
        raise typer.Exit(1)


app.command()(simulate)


def _codec_or_exit(family: str, direction: Direction) -> Codec:
    try:
        return codec_for(family, direction=direction)
    except UnknownFamily as error:
        _refuse(str(error))


def _address_or_exit(url: str) -> LinkAddress:
    try:
        return parse_address(url)
    except ValueError as error:
        _refuse(f"{url}: {error}")


def _input(words: list[str], *, is_raw: bool) -> Iterable[bytes]:
    if words != ["-"]:
        return bytes_of_hex([" ".join(words)])
    pieces = iter(partial(os.read, sys.stdin.fileno(), CHUNK), b"")
    return pieces if is_raw else bytes_of_hex(piece.decode("ascii", "backslashreplace") for piece in pieces)


def _show(url: str, found: Found | None, attempts: list[Attempt]) -> None:
    if found:
        speed = f" at {found.baud} baud" if found.baud else ""
        out.print(f"[green]{found.family}[/green]{speed}: {escape(found.model)}")
        return
    err.print(f"[red]ebike-reader:[/red] nothing known answers at {escape(url)}. Asked:")
    table = Table("family", "baud", "result")
    for attempt in attempts:
        table.add_row(attempt.family, str(attempt.baud or ""), escape(attempt.result))
    err.print(table)


def _refuse(sentence: str, code: int = WRONG_USE) -> NoReturn:
    err.print(f"[red]ebike-reader:[/red] {escape(sentence)}")
    raise typer.Exit(code)


def main() -> None:
    app(prog_name="ebike-reader")


if __name__ == "__main__":
    main()
