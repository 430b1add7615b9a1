"""`ebike-reader record`: write down what goes over a line."""

import json
from contextlib import closing
from pathlib import Path
from threading import Event, Timer
from typing import Annotated

import typer

from firmware_protocols.catalogue import FAMILIES
from reader_agent.clock import SystemClock
from reader_agent.errors import AgentError
from reader_agent.links.link import Link
from reader_agent.links.open_link import open_link
from reader_agent.reader_tool.conversation import new_session
from reader_agent.reader_tool.recording import RecordedLink, Recorder
from reader_agent.reader_tool.terminal import (
    FAILED,
    AsJson,
    Url,
    address_or_exit,
    err,
    facts_or_exit,
    in_small_letters,
    refuse,
    told_to_end,
)
from reader_agent.readers.session import Counters, ReaderSetup
from reader_agent.readers.tid_reading import WantedTids

COMMON_BAUD = 115_200
TICK_S = 0.1


def record(
    url: Url,
    file: Annotated[Path, typer.Argument(help="Where to write; a file that is there is not touched.")],
    *,
    family: Annotated[
        str | None,
        typer.Option("--family", "-f", help="Whose bytes; a family that takes commands is told to read.", callback=in_small_letters),
    ] = None,
    ports: Annotated[str, typer.Option(help="With --family: the antenna ports, such as 1,2.")] = "1",
    seconds: Annotated[float | None, typer.Option(min=0.1, help="End by itself.")] = None,
    as_json: AsJson = False,
) -> None:
    """Keep the bytes of a line with their times, until Ctrl-C. Without --family it only listens."""
    address = address_or_exit(url)
    baud = facts_or_exit(family).default_baud if family else COMMON_BAUD
    setup = ReaderSetup(_ports_or_exit(ports))
    stop, reason = told_to_end(), ""
    if seconds is not None:
        timer = Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
    try:
        with closing(open_link(address, baud)) as link, file.open("x", encoding="utf-8") as text:
            recorder = Recorder(text, SystemClock(), family, without_account(url))
            reason = _run(RecordedLink(link, recorder), family, setup, stop)
            lasted_s = recorder.lasted_s
    except FileExistsError:
        refuse(f"{file} is there already; a recording is never written over")
    except OSError as error:
        refuse(f"{file}: {error.strerror or error}", FAILED)
    except AgentError as error:
        refuse(str(error), FAILED)
    told = {"received_bytes": recorder.received_bytes, "sent_bytes": recorder.sent_bytes, "seconds": round(lasted_s, 1)}
    if as_json:
        typer.echo(json.dumps({"file": str(file), **told, "reason": reason}))
    else:
        err.print(f"{file}: {recorder.received_bytes} bytes received, {recorder.sent_bytes} sent, in {lasted_s:.1f} s", markup=False)
    if reason:
        refuse(f"{reason}; what came before is in {file}", FAILED)


def without_account(url: str) -> str:
    """A recording is passed on: a name and password in the address are not part of it."""
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return scheme + mark + place.rpartition("@")[2] + slash + path


def _ports_or_exit(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        refuse(f"--ports {text}: write numbers with commas between them, such as 1,2")


def _run(link: Link, family: str | None, setup: ReaderSetup, stop: Event) -> str:
    """Until told to stop. Gives the reason if it ended otherwise: what was recorded so far stays a recording."""
    try:
        if family not in FAMILIES:
            while not stop.is_set():
                link.read(TICK_S)
        else:
            session = new_session(link, family, Counters(), SystemClock())
            session.prepare(setup)
            session.listen(setup, WantedTids(), stop)
    except AgentError as error:
        return str(error)
    return ""
