"""Reading a file of secrets that somebody may have put back from a backup: with looser rights, or as another account's."""

import getpass
import stat
from pathlib import Path

from registry_server.errors import SetupError

OPEN_TO_OTHERS = 0o077


def read_private(path: Path) -> bytes:
    """Its bytes, if nobody else can have read them. Raises SetupError with what to type."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        data = path.read_bytes()
    except PermissionError as error:
        remedy = f"it must belong to the account that runs this; type: sudo chown {getpass.getuser()} {path}"
        raise SetupError(f"{path} cannot be read: {remedy}") from error
    except OSError as error:
        raise SetupError(f"{path} cannot be read ({error.strerror}): restore it from backup") from error
    if mode & OPEN_TO_OTHERS:
        raise SetupError(f"{path} has the mode {mode:04o}: others can read the keys of this registry; type: chmod 600 {path}")
    return data
