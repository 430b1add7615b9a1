"""One agent per data folder."""

import fcntl
import os
from pathlib import Path
from typing import Self

from reader_agent.errors import SpoolHeld


class FolderLock:
    """Held from construction to `release`. The kernel gives it back when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        """Raises SpoolHeld with the holder's process number."""
        self._file = os.open(folder / "agent.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 20, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise SpoolHeld(folder, int(holder) if holder.isdigit() else None) from None
        os.ftruncate(self._file, 0)
        try:
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            # A full disk leaves no room for our number; the lock itself holds.
            os.ftruncate(self._file, 0)

    def release(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
