"""The password of an account, fetched when it is needed: one that was changed is taken at the next opening."""

import os
import stat
from base64 import b64encode

from reader_agent.door_address import Account
from reader_agent.errors import LinkLost

MAX_BYTES = 1024


def password_of(account: Account, where: str) -> str:
    """Raises LinkLost, which says what is wrong with the file or the variable."""
    if account.password_file is None:
        return _from_environment(account.password_env or "", where)
    try:
        with account.password_file.open("rb") as file:
            mode, data = os.fstat(file.fileno()).st_mode, file.read(MAX_BYTES)
        password = data.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise LinkLost(where, f"password_file={account.password_file}: {error.strerror}; write the password into that file") from error
    except UnicodeDecodeError as error:
        raise LinkLost(where, f"password_file={account.password_file}: is no text; write the password alone into it") from error
    if mode & stat.S_IROTH:
        raise LinkLost(where, f"password_file={account.password_file}: everybody may read it; chmod o-r it, and change the password")
    if not password:
        raise LinkLost(where, f"password_file={account.password_file}: is empty; write the password into it")
    return password


def basic_authorization(name: str, password: str) -> str:
    """What stands in the header `Authorization` (RFC 7617, in UTF-8)."""
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode("ascii")


def _from_environment(name: str, where: str) -> str:
    password = os.environ.get(name, "")
    if not password:
        raise LinkLost(where, f"password_env={name}: no such variable; set it where this program is started")
    return password
