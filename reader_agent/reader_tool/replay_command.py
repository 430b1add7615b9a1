"""`ebike-reader replay`: the options, and where a recording is played."""

import json
from math import inf
from pathlib import Path
from time import sleep
from typing import Annotated

import typer

from reader_agent.clock import SystemClock
from reader_agent.reader_tool.open_line import open_line
from reader_agent.reader_tool.recording import BadRecording, Entry, Header, read_recording
from reader_agent.reader_tool.replay import Pace, Player, decoded
from reader_agent.reader_tool.terminal import NO_TEXT, AsJson, facts_or_exit, refuse, told_to_end


def replay(  # noqa: PLR0913 — each option of the command is a parameter
    file: Annotated[Path, typer.Argument(help="A recording made by `ebike-reader record`.")],
    *,
    speed: Annotated[str | None, typer.Option(metavar="N|max", help="2 is twice as fast. 1 on a line, max with --decode.")] = None,
    is_pty: Annotated[bool, typer.Option("--pty", help="Play the reader on a new pseudo-terminal, whose path is printed first.")] = False,
    tcp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Play the reader on a socket; port 0 takes a free one.")] = None,
    link: Annotated[Path | None, typer.Option(help="With --pty: a symbolic link that stays.")] = None,
    decode: Annotated[str | None, typer.Option(metavar="FAMILY", help="Print the events as JSON lines; - is the recorded family.")] = None,
    has_no_host: Annotated[bool, typer.Option("--listener", help="Who listens never speaks: wait for no commands.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play a recording on a line, or decode it. A line begins when a host is there; its commands are waited for as they were recorded."""
    header, entries = _recording_or_exit(file)
    if decode is not None:
        if is_pty or tcp is not None:
            refuse("write one of --pty, --tcp and --decode")
        _print_events(entries, _family_or_exit(decode, header), _speed_or_exit(speed or "max"))
        return
    pace = Pace(_speed_or_exit(speed or "1"), has_host=not has_no_host)
    stop = told_to_end()
    line = open_line(is_pty=is_pty, tcp=tcp, link=link)
    typer.echo(json.dumps({"event": "listening", "at": line.place}) if as_json else line.place)
    try:
        Player(line, SystemClock(), pace, stop).play(entries)
    finally:
        line.close()


def _recording_or_exit(file: Path) -> tuple[Header, list[Entry]]:
    try:
        with file.open(encoding="utf-8") as lines:
            return read_recording(lines)
    except OSError as error:
        refuse(f"{file}: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{file}: {NO_TEXT}; give a recording made by `ebike-reader record`")
    except BadRecording as error:
        refuse(f"{file}: {error}")


def _speed_or_exit(text: str) -> float:
    try:
        speed = inf if text == "max" else float(text)
    except ValueError:
        speed = 0.0
    if not speed > 0:
        refuse(f"--speed {text}: write a number above 0, or max")
    return speed


def _family_or_exit(wanted: str, header: Header) -> str:
    family = header.family if wanted == "-" else wanted
    if family is None:
        refuse("the recording does not say of which family it is; write --decode FAMILY")
    return facts_or_exit(family).name


def _print_events(entries: list[Entry], family: str, speed: float) -> None:
    last_s = 0.0
    for t_s, told in decoded(entries, family):
        if speed != inf and t_s > last_s:
            sleep((t_s - last_s) / speed)
            last_s = t_s
        typer.echo(json.dumps({"t": round(t_s, 4), **told}, ensure_ascii=False))
