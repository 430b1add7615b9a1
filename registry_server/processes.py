"""Child processes that never outlive their parent: started, watched, started again, stopped cleanly."""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from registry_server.errors import SetupError

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOP_WAIT_S = 10.0
LOCK_FILE = "up.lock"


def die_with_parent() -> None:
    """Runs in the child before exec: the kernel ends it when the parent is gone, however that went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One program that is to run for as long as we do."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: int | None = subprocess.DEVNULL
    stdout: int | IO[str] | None = None
    stderr: int | IO[str] | None = None
    log_file: Path | None = None
    """Takes both outputs; opened anew at each start, so that a child that is started again goes on writing there."""
    _process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        if self.log_file is None:
            self._start(self.stdout, self.stderr)
            return
        with self.log_file.open("a") as log:
            self._start(log, log)

    def _start(self, stdout: int | IO[str] | None, stderr: int | IO[str] | None) -> None:
        self._process = subprocess.Popen(  # noqa: S603 — our own programs with arguments of our own
            self.argv,
            env={**os.environ, **self.environment},
            stdin=self.stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            bufsize=1,
            preexec_fn=die_with_parent,  # noqa: PLW1509 — prctl alone, before any thread of the child
            start_new_session=True,  # Ctrl-C reaches us only; we stop children in order
        )

    @property
    def process(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise SetupError(f"{self.name} was not started")
        return self._process

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll()

    def stop(self, wait_s: float = STOP_WAIT_S) -> None:
        """SIGTERM, then SIGKILL after `wait_s`. Does nothing to a program that has ended."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def own_command(*arguments: str) -> list[str]:
    """Arguments that run this program again, in another process."""
    return [sys.executable, "-m", "registry_server", *arguments]


def script(name: str) -> str:
    """The path of another of our console scripts, installed beside this Python."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise SetupError(f"{name} is not installed beside {sys.executable}. Run `make setup`.")
    return str(path)


class FolderLock:
    """One `up` a folder. The lock goes with the process, so no stale one is left behind."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / LOCK_FILE
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self._path.open("a+")
        except OSError as error:
            raise SetupError(
                f"{data_dir} cannot be used as data folder ({error.strerror}). Give --data-dir a folder that this account may write."
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise SetupError(
                f"{data_dir} is in use by another `ebike-server up` (process {holder}). Stop that one, or give --data-dir another folder."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.truncate(0)
        self._file.close()
