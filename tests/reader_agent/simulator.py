"""`ebike-reader simulate` as a child process: a reader at the other end of a real line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

EPC = "EB0001000000010100000001"
TID = "E28011602000111122223333"


class SimulatorProcess:
    """Started with `--json --stdin`; orders go in by `tell`, what happens comes out by `await_event`."""

    def __init__(self, family: str, *options: str) -> None:
        command = [sys.executable, "-m", "reader_agent.reader_tool", "simulate", family, "--json", "--stdin", "--until-eof", *options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.place = str(self.await_event("listening")["at"])

    @classmethod
    def on_pty(cls, family: str, link: Path, *options: str) -> Self:
        return cls(family, "--pty", "--link", str(link), *options)

    @classmethod
    def on_tcp(cls, family: str, *options: str) -> Self:
        return cls(family, "--tcp", "127.0.0.1:0", *options)

    @property
    def url(self) -> str:
        return f"serial://{self.place}" if self.place.startswith("/") else f"tcp://{self.place}"

    def tell(self, **order: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def enter(self, epc: str = EPC, tid: str = TID, **more: Any) -> None:
        self.tell(enter={"epc": epc, "tid": tid, **more})

    def await_event(self, name: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            event: dict[str, Any] = json.loads(line)
            if event["event"] == name:
                return event
        raise AssertionError(f"the simulator ended before {name!r}")

    def stop(self) -> int:
        """Ends it as its user does: no more orders. Gives the exit code."""
        self._process.communicate()
        return self._process.returncode
