"""The agent's private key: 64 hex digits in a file that only its owner may read."""

import os
import stat
from pathlib import Path

from reader_agent.errors import KeyFileWrong
from schemas.signing import KEY_BYTES, new_private_key


def load_key(path: Path) -> bytes:
    """The private key. Raises KeyFileWrong if it is missing, damaged, or readable by others."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise KeyFileWrong(path, "no such file; make it with `ebike-agent key CONFIG`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileWrong(path, f"a file that cannot be read ({error})") from error
    if mode & 0o077:
        raise KeyFileWrong(path, f"mode {mode:04o}; type: chmod 600 {path}")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise KeyFileWrong(path, "something else than hex digits") from None
    if len(key) != KEY_BYTES:
        raise KeyFileWrong(path, f"{len(text)} digits")
    return key


def load_or_make_key(path: Path) -> tuple[bytes, bool]:
    """The private key, and whether it was made just now. Never replaces a file that is there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return load_key(path), False
    except OSError as error:
        raise KeyFileWrong(path, f"a place that cannot be written ({error.strerror})") from error
    key = new_private_key()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key, True
