"""The agent's private key: 64 hex digits in a file that only its owner may read."""

import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path

from reader_agent.errors import KeyFileWrong
from schemas.signing import KEY_BYTES, new_private_key

MAKE_IT = "make it with `ebike-agent key CONFIG`"
REPLACE_IT = "put it back from a copy; or remove it, make a new one with `ebike-agent key CONFIG` and register its public key"


def load_key(path: Path) -> bytes:
    """The private key. Raises KeyFileWrong if it is missing, damaged, or readable by others."""
    try:
        facts = path.stat()
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise KeyFileWrong(path, "no such file", MAKE_IT) from None
    except PermissionError as error:
        raise KeyFileWrong(path, "one that this account may not read", _who_may(path)) from error
    except UnicodeDecodeError:
        raise KeyFileWrong(path, "something else than hex digits", REPLACE_IT) from None
    except OSError as error:
        raise KeyFileWrong(path, f"no file ({error.strerror})", "correct key_file") from error
    if facts.st_mode & 0o077:
        found = f"mode {stat.S_IMODE(facts.st_mode):04o}"
        raise KeyFileWrong(path, found, f"if nobody else can have read it, type: chmod 600 {path}; else remove it and make a new one")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise KeyFileWrong(path, "something else than hex digits", REPLACE_IT) from None
    if len(key) != KEY_BYTES:
        raise KeyFileWrong(path, f"{len(text)} digits", REPLACE_IT)
    return key


def load_or_make_key(path: Path) -> tuple[bytes, bool]:
    """The private key, and whether it was made just now. Never replaces a file that is there."""
    if path.exists():
        return load_key(path), False
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        key = new_private_key()
        _write_durably(draft, key.hex() + "\n")
        path.hardlink_to(draft)  # fails where another process was first; then its key is the one
    except FileExistsError:
        return load_key(path), False
    except OSError as error:
        found = f"a place that cannot be written ({error.strerror})"
        raise KeyFileWrong(path, found, "make room or give rights there, or correct key_file") from error
    finally:
        with suppress(OSError):
            draft.unlink()
    return key, True


def _write_durably(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _who_may(path: Path) -> str:
    """What to type where another account made it, most often root by `sudo ebike-agent key`."""
    with suppress(KeyError):
        return f"make it this account's, type: sudo chown {pwd.getpwuid(os.geteuid()).pw_name} {path}"
    return "make it this account's with chown"
