"""What the registry has not yet heard, on disk: a result outlives a power cut, and no job is taken while one waits.

One JSON line a report, written whole, synced, then put in the place of the old file. What the registry refused for good is kept in a
second file beside it, for a person.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

import msgspec

from plate_printer.errors import JournalError
from schemas.errors import ContractError
from schemas.orders import EncodedTag, EncodingFailure, decode_order, encode_order

Report = EncodedTag | EncodingFailure


class Journal:
    """The reports that wait, oldest first. Held by one desk at a time."""

    def __init__(self, path: Path) -> None:
        """Raises JournalError: unreadable, not writable, or held by another desk."""
        self._path = path
        self._lock: IO[bytes] | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = path.with_name(f"{path.name}.lock").open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._waiting = list(_read(path))
        except BlockingIOError:
            self.close()
            raise JournalError(f"journal {path}: another desk on this machine is using it; end that one, or give --journal") from None
        except OSError as error:
            self.close()
            raise JournalError(f"journal {path}: {error.strerror}; give another place with --journal") from error
        except JournalError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()

    @property
    def oldest(self) -> Report | None:
        return self._waiting[0] if self._waiting else None

    def __len__(self) -> int:
        return len(self._waiting)

    def append(self, report: Report) -> None:
        """On disk when this returns."""
        self._store([*self._waiting, report])

    def forget_oldest(self) -> None:
        """The registry has it."""
        self._store(self._waiting[1:])

    def put_oldest_aside(self, reason: str) -> None:
        """The registry will never take it: keep it with the reason, and go on."""
        line = msgspec.json.encode({"refused": reason, "report": msgspec.Raw(encode_order(self._waiting[0]))})
        with self._as_journal_error(), self.refused_path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.forget_oldest()

    @property
    def refused_path(self) -> Path:
        return self._path.with_name(f"{self._path.name}.refused")

    def _store(self, reports: list[Report]) -> None:
        draft = self._path.with_name(f"{self._path.name}.new")
        with self._as_journal_error():
            with draft.open("wb") as file:
                file.writelines(_line(report) for report in reports)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            _sync_folder(self._path.parent)
        self._waiting = reports

    def _as_journal_error(self) -> "_DiskTrouble":
        return _DiskTrouble(self._path)


class _DiskTrouble:
    """A full or broken disk, said in our words."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            raise JournalError(f"journal {self._path}: {error.strerror}; make room, then start the desk again") from error


def _line(report: Report) -> bytes:
    kind = b"encoded " if isinstance(report, EncodedTag) else b"failed "
    return kind + encode_order(report) + b"\n"


def _read(path: Path) -> Iterator[Report]:
    with suppress(FileNotFoundError):
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            kind, _, text = line.partition(b" ")
            try:
                yield decode_order(EncodedTag, text) if kind == b"encoded" else decode_order(EncodingFailure, text)
            except ContractError as error:
                raise JournalError(f"journal {path}, line {number}: {error}; move the file away and show it to an engineer") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
