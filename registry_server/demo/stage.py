"""The demo's machines: one simulated reader and one real agent a checkpoint, one simulated reader and one real desk at the counter."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import IO, Any, Self

from registry_server.demo.city import AUTHORITY_SLUG, DemoCheckpoint
from registry_server.demo.traffic import DrivePast
from registry_server.errors import SetupError
from registry_server.processes import Child, script
from registry_server.up import go_on_unless

Heard = Callable[[str, Mapping[str, Any]], None]
"""Called with a simulator's name and each JSON line that it prints."""

LISTENING_WITHIN_S = 30.0
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Entry:
    """What is put before a simulated antenna."""

    epc: bytes
    tid: bytes
    dwell_s: float
    antenna: int = 1
    rssi_dbm: float = -50.0

    def as_json(self) -> dict[str, Any]:
        return {
            "epc": self.epc.hex(),
            "tid": self.tid.hex(),
            "dwell_s": round(self.dwell_s, 3),
            "antenna": self.antenna,
            "rssi_dbm": round(self.rssi_dbm, 1),
        }


class SimulatedReader:
    """`ebike-reader simulate`, told what passes by JSON lines, telling what it put on the line."""

    def __init__(self, name: str, family: str, where: tuple[str, ...], heard: Heard) -> None:
        argv = [script("ebike-reader"), "simulate", family, *where, "--stdin", "--json"]
        self.name = name
        self.address = ""
        self._heard = heard
        self._listening = threading.Event()
        self._child = Child(f"reader {name}", argv, stdin=PIPE, stdout=PIPE)

    def start(self) -> None:
        self._child.start()
        threading.Thread(target=self._listen, name=self.name, daemon=True).start()

    def wait_until_listening(self, stop: threading.Event) -> None:
        deadline_s = time.monotonic() + LISTENING_WITHIN_S
        while not self._listening.wait(LOOK_EVERY_S):
            go_on_unless(stop)
            if time.monotonic() > deadline_s:
                raise SetupError(f"the simulated reader {self.name} did not start")

    def tell(self, **what: object) -> None:
        """Put a tag before the antenna (`enter`), take it away (`remove`), break the line (`faults`, `unplug`)."""
        pipe = self._child.process.stdin
        if pipe is not None and self._child.exit_code() is None:
            pipe.write(json.dumps(what) + "\n")
            pipe.flush()

    def stop(self) -> None:
        self._child.stop()

    def _listen(self) -> None:
        pipe = self._child.process.stdout
        for line in pipe or ():
            event = json.loads(line)
            if event.get("event") == "listening":
                self.address = str(event["at"])
                self._listening.set()
            else:
                self._heard(self.name, event)


class Stage:
    """Every machine of the demo beside the server itself."""

    def __init__(self, folder: Path, heard: Heard, log_to: IO[str] | None = None, stop: threading.Event | None = None) -> None:
        """`stop` ends the waiting for a reader, by Stopped."""
        self._folder = folder
        self._log_to = log_to
        self._heard = heard
        self._stop = stop or threading.Event()
        self._stack = ExitStack()
        self.readers: dict[str, SimulatedReader] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open_checkpoints(self, checkpoints: tuple[DemoCheckpoint, ...]) -> None:
        for place in checkpoints:
            self._start_reader(place.slug, place.family, ("--pty", "--link", str(self._folder / f"{place.slug}.tty")))
        for place in checkpoints:
            self.readers[place.slug].wait_until_listening(self._stop)
            argv = [script("ebike-agent"), "run", str(agent_file(self._folder, place))]
            self._start(Child(f"agent {place.slug}", argv, stderr=self._log_to))

    def open_desk(self, server_url: str, token_file: Path) -> None:
        self._start_reader("desk", "m100", ("--tcp", "127.0.0.1:0"))
        self.readers["desk"].wait_until_listening(self._stop)
        argv = [script("ebike-plates"), "desk", "--server", server_url, "--token-file", str(token_file)]
        reader = ["--reader", f"tcp://{self.readers['desk'].address}", "--family", "m100"]
        with (self._folder / "desk.log").open("w") as screen:
            self._start(Child("desk", [*argv, *reader, "--journal", str(self._folder / "desk-journal")], stdout=screen, stderr=screen))

    def drive(self, drive: DrivePast) -> None:
        """Let a bike pass. One without a tag moves no needle."""
        if drive.bike.epc is not None and drive.bike.tid is not None:
            entry = Entry(drive.bike.epc, drive.bike.tid, drive.dwell_s, drive.antenna, drive.rssi_dbm)
            self.readers[drive.checkpoint.slug].tell(enter=entry.as_json())

    def _start_reader(self, name: str, family: str, where: tuple[str, ...]) -> None:
        reader = SimulatedReader(name, family, where, self._heard)
        reader.start()
        self._stack.callback(reader.stop)
        self.readers[name] = reader

    def _start(self, child: Child) -> None:
        child.start()
        self._stack.callback(child.stop)


def agent_key_file(folder: Path, place: DemoCheckpoint) -> Path:
    return folder / f"{place.slug}.key"


def agent_file(folder: Path, place: DemoCheckpoint) -> Path:
    return folder / f"{place.slug}.toml"


def write_agent_file(folder: Path, place: DemoCheckpoint, broker_url: str) -> Path:
    """The configuration of one checkpoint's agent."""
    lanes = "\n".join(f'{lane} = "{place.name_en}"' for lane in place.lanes)
    antennas = ", ".join(f'{port} = "{lane}"' for port, lane in enumerate(place.lanes, start=1))
    path = agent_file(folder, place)
    path.write_text(
        f"""\
authority = "{AUTHORITY_SLUG}"
checkpoint = "{place.slug}"
agent = "{place.slug}-1"
key_file = "{agent_key_file(folder, place)}"
data_dir = "{folder / place.slug}"

[broker]
url = "{broker_url}"

[lanes]
{lanes}

[[readers]]
name = "gate"
family = "{place.family}"
url = "serial://{folder / f"{place.slug}.tty"}?baud=115200"
antennas = {{ {antennas} }}
read_tid = true
"""
    )
    return path
