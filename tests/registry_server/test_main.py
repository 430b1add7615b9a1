"""`ebike-server` as a process."""

import json
import stat
import subprocess
from pathlib import Path

from sqlalchemy import select

from registry_server.authorities.models import Authority
from registry_server.command_line import installation
from registry_server.processes import own_command
from registry_server.secrets_box import load_or_create
from schemas.signing import public_key_of


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


def test_an_authority_without_an_afi_of_its_own_gets_that_of_closed_systems(tmp_path: Path) -> None:
    """Else its tags would pass for GS1 numbers (decision 0001)."""
    names = ["--name-bn", "খুলনা", "--name-en", "Khulna", "--plate-prefix-bn", "খুলনা", "--plate-prefix-en", "KCC"]
    done = subprocess.run(
        own_command("authority", "add", "kcc", *names, "--data-dir", str(tmp_path)), check=True, capture_output=True, text=True, timeout=60
    )
    assert "its tags carry the AFI 15 (hex 0F)" in done.stdout
    with installation(tmp_path) as here, here.database.read() as session:
        assert session.scalars(select(Authority.afi)).all() == [15]


def test_the_key_that_checks_an_authoritys_plates_is_printed_for_whoever_checks_them(tmp_path: Path) -> None:
    names = ["--name-bn", "খুলনা", "--name-en", "Khulna", "--plate-prefix-bn", "খুলনা", "--plate-prefix-en", "KCC"]
    subprocess.run(own_command("authority", "add", "kcc", *names, "--data-dir", str(tmp_path)), check=True, capture_output=True, timeout=60)
    shown = subprocess.run(own_command("qr-key", "kcc", "--json", "--data-dir", str(tmp_path)), check=True, capture_output=True, timeout=60)
    keys = load_or_create(tmp_path).qr_keys(1)
    assert json.loads(shown.stdout) == {"authority": "kcc", "key_id": 1, "public_key": public_key_of(keys.private_key).hex()}
