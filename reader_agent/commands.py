"""`ebike-agent`: check a configuration, make the key, run."""

import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from reader_agent.agent import Agent
from reader_agent.clock import SystemClock
from reader_agent.config import AgentConfig, ConfigWrong, read_config
from reader_agent.errors import AgentError
from reader_agent.example import EXAMPLE
from reader_agent.key_file import load_key, load_or_make_key
from reader_agent.logs import log_as_json
from reader_agent.surroundings import look_around
from schemas.signing import key_fingerprint, public_key_of

app = typer.Typer(
    help="The daemon of one checkpoint: reads tags and sends what it saw.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)

ConfigPath = Annotated[Path, typer.Argument(metavar="FILE", help="The agent's TOML file; `ebike-agent example` prints one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


@app.command()
def run(config_file: ConfigPath) -> None:
    """Read tags and send what was seen, until SIGTERM or Ctrl-C."""
    config = _config_or_exit(config_file)
    log_as_json()
    try:
        agent = Agent(config, load_key(config.key_file), SystemClock())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: agent.ask_to_stop())
        agent.run()
    except AgentError as error:
        _complain(str(error))
        raise typer.Exit(1) from None


@app.command()
def check(config_file: ConfigPath, *, as_json: AsJson = False) -> None:
    """Say what is wrong with a configuration and with the files it names, and how to put it right. Exit code 1 if anything is."""
    try:
        config = read_config(config_file)
    except ConfigWrong as error:
        if as_json:
            _print_findings(ok=False, problems=[(problem.key, problem.remedy, str(problem)) for problem in error.problems])
        else:
            _show_problems(error)
        raise typer.Exit(1) from None
    found = look_around(config, config_file)
    faults = [finding for finding in found if finding.is_fault]
    notes = [finding.text for finding in found if not finding.is_fault]
    if as_json:
        _print_findings(ok=not faults, problems=[(fault.key, fault.text, fault.text) for fault in faults], notes=notes)
    elif faults:
        _complain(f"{config_file} is right, but not for this computer as it is:")
        for fault in faults:
            err.print(f"  {escape(fault.text)}")
    else:
        _show_plan(config, config_file)
    if not as_json:
        for note in notes:
            out.print(f"note: {escape(note)}")
    if faults:
        raise typer.Exit(1)


@app.command()
def key(config_file: ConfigPath, *, as_json: AsJson = False) -> None:
    """Print the public key that the registry needs; make the private one first if there is none."""
    config = _config_or_exit(config_file)
    try:
        private, is_new = load_or_make_key(config.key_file)
    except AgentError as error:
        _complain(str(error))
        raise typer.Exit(1) from None
    public = public_key_of(private)
    facts = {"agent": str(config.agent), "public_key": public.hex(), "fingerprint": key_fingerprint(public)}
    if as_json:
        typer.echo(json.dumps({**facts, "is_new": is_new}))
        return
    out.print(f"{'Made' if is_new else 'Found'} {escape(str(config.key_file))}. It never leaves this computer. The registry needs:")
    for name, value in facts.items():
        out.print(f"  {name.replace('_', ' '):<12} {value}")


@app.command()
def example() -> None:
    """Print a configuration with comments, to begin with."""
    typer.echo(EXAMPLE, nl=False)


def _print_findings(*, ok: bool, problems: Sequence[tuple[str, str, str]], notes: Sequence[str] = ()) -> None:
    entries = [{"key": key, "remedy": remedy, "text": text} for key, remedy, text in problems]
    typer.echo(json.dumps({"ok": ok, "problems": entries, "notes": list(notes)}, ensure_ascii=False))


def _config_or_exit(path: Path) -> AgentConfig:
    try:
        return read_config(path)
    except ConfigWrong as error:
        _show_problems(error)
        raise typer.Exit(1) from None


def _show_problems(error: ConfigWrong) -> None:
    count = len(error.problems)
    _complain(f"{error.path}: {count} {'problem' if count == 1 else 'problems'}")
    for problem in error.problems:
        err.print(f"  {escape(str(problem))}")


def _complain(sentence: str) -> None:
    err.print(f"[red]ebike-agent:[/red] {escape(sentence)}")


def _show_plan(config: AgentConfig, path: Path) -> None:
    out.print(f"[green]{escape(str(path))} is right.[/green] Agent {config.agent} at {config.checkpoint}, broker {config.broker.address}")
    table = Table("reader", "family", Column("where", overflow="fold"), "antenna = lane", "TID")
    for reader in config.readers:
        lanes = ", ".join(f"{port} = {lane}" for port, lane in reader.antennas.items())
        table.add_row(reader.name, reader.family, escape(reader.link.place), lanes, "yes" if reader.read_tid else "no")
    out.print(table)


def main() -> None:
    app(prog_name="ebike-agent")
