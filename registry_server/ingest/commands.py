"""`ebike-server dead-letters`: what came from the broker and could not be taken."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from registry_server.clock import DHAKA
from registry_server.command_line import AsJson, DatabaseUrl, DataDir, installation, printable, screen
from registry_server.ingest import dead_letters as letters

Most = Annotated[int, typer.Option("--most", min=1, help="How many to list, the newest first.")]
Payload = Annotated[int | None, typer.Option("--payload", metavar="ID", help="Write the bytes of this one to standard output, no list.")]


def dead_letters(
    most: Most = 50, payload: Payload = None, *, as_json: AsJson = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """List messages that could not be taken, with the reason; the one that came last first."""
    with installation(data_dir, database_url) as here, here.database.read() as session:
        if payload is not None:
            sys.stdout.buffer.write(letters.get_payload(session, payload))
            return
        listed, kept, forgotten = letters.newest(session, most), letters.count(session), letters.forgotten(session)
    if as_json:
        facts = {"kept": kept, "letters": [asdict(one) for one in listed], "forgotten": [asdict(day) for day in forgotten]}
        sys.stdout.write(json.dumps(facts, default=lambda moment: moment.isoformat(), ensure_ascii=False) + "\n")
        return
    for one in listed:
        screen.print(_line(one), highlight=False)
    screen.print(f"{len(listed)} of {kept} dead letters", highlight=False)
    for day in forgotten:
        screen.print(f"{day.last_on}: {day.letters} forgotten, which had come {day.messages} times", highlight=False)


def _line(one: letters.Letter) -> str:
    """On two lines, for a topic and a reason are long."""
    last = one.last_at.astimezone(DHAKA).strftime("%Y-%m-%d %H:%M:%S")
    return f"{one.id:>6}  {last}  {printable(one.topic)}  {one.bytes} bytes, {one.times} times\n        {printable(one.reason)}"
