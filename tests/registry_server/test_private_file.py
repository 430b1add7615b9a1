"""A file of secrets that others can read is refused with what to type."""

from pathlib import Path

import pytest

from registry_server.errors import SetupError
from registry_server.private_file import read_private


def test_what_only_its_owner_may_read_is_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(b"{}")
    path.chmod(0o600)
    assert read_private(path) == b"{}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o777], ids=oct)
def test_what_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(b"{}")
    path.chmod(mode)
    with pytest.raises(SetupError, match=f"has the mode {mode:04o}.*type: chmod 600 {path}"):
        read_private(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"cannot be read .*restore it from backup"):
        read_private(tmp_path)
