"""The private key stays private, is never replaced, and a wrong file is named with its remedy."""

import subprocess
import sys
from pathlib import Path

import pytest

from reader_agent.errors import KeyFileWrong
from reader_agent.key_file import load_key, load_or_make_key
from schemas.signing import KEY_BYTES


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new-folder" / "agent.key"
    key, is_new = load_or_make_key(path)
    assert (len(key), is_new) == (KEY_BYTES, True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_make_key(path) == (key, False)
    assert load_key(path) == key


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        pytest.param(None, 0o600, "make it with `ebike-agent key CONFIG`", id="no file"),
        pytest.param("ab" * 32, 0o644, "mode 0644; if nobody else can have read it, type: chmod 600", id="readable by others"),
        pytest.param("ab" * 31, 0o600, "62 digits", id="too short"),
        pytest.param("-----BEGIN PRIVATE KEY-----", 0o600, "something else than hex digits", id="another form"),
        pytest.param("ক", 0o600, "something else than hex digits; put it back from a copy", id="no ASCII"),
    ],
)
def test_a_wrong_key_file_is_refused(tmp_path: Path, content: str | None, mode: int, says: str) -> None:
    path = tmp_path / "agent.key"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(KeyFileWrong, match=says):
        load_key(path)


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "agent.key"
    path.write_text("damaged")
    path.chmod(0o600)
    with pytest.raises(KeyFileWrong):
        load_or_make_key(path)
    assert path.read_text() == "damaged"


def test_a_full_disk_leaves_no_half_key(tmp_path: Path) -> None:
    path = tmp_path / "agent.key"
    program = f"""
import resource
from pathlib import Path
from reader_agent.errors import KeyFileWrong
from reader_agent.key_file import load_or_make_key
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    load_or_make_key(Path({str(path)!r}))
except KeyFileWrong as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "a place that cannot be written (File too large); make room" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_key_in_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileWrong, match="correct key_file"):
        load_key(tmp_path)
