"""`ebike-server` as a process."""

import stat
import subprocess
from pathlib import Path

from registry_server.processes import own_command
from registry_server.secrets_box import load_or_create


def test_what_is_written_is_nobody_else_s_also_in_a_folder_that_others_may_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    subprocess.run(own_command("user", "disable", "ghost", "--data-dir", str(tmp_path)), check=False, capture_output=True, timeout=60)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert "registry.sqlite" in modes
    assert set(modes.values()) == {0o600}


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "registry.sqlite").write_bytes(b"not a database " * 300)
    refused = subprocess.run(
        own_command("user", "disable", "ghost", "--data-dir", str(tmp_path)), check=False, capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 1
    assert "restore it from its backup" in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr


def test_a_database_that_vanished_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    command = own_command("user", "disable", "ghost", "--data-dir", str(tmp_path))
    load_or_create(tmp_path)
    refused = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "restore the database from its backup" in " ".join(refused.stderr.split())
    assert not (tmp_path / "registry.sqlite").exists()
