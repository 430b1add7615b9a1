"""What the documents for newcomers name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IN_CODE_SIGNS = re.compile(r"`([\w./-]+)`")


def names_of_files(document: str) -> list[str]:
    return [name for name in IN_CODE_SIGNS.findall((ROOT / document).read_text()) if name.endswith((".py", ".md", "/"))]


def is_there(name: str, holders: set[str]) -> bool:
    """Whole, or as the end of a path: `gate/window.py` stands in the agent's package."""
    return any(holder == name or holder.endswith(f"/{name}") for holder in holders)


@pytest.mark.parametrize("document", ["docs/reading-order.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_every_file_that_is_named_is_there(document: str) -> None:
    folders = ("bench", "docs", "firmware_protocols", "fuzz", "plate_printer", "reader_agent", "registry_server", "schemas", "tests")
    paths = [path for folder in folders for path in (ROOT / folder, *(ROOT / folder).rglob("*"))] + list(ROOT.glob("*.md"))
    holders = {path.relative_to(ROOT).as_posix() + ("/" if path.is_dir() else "") for path in paths}
    named = names_of_files(document)
    assert named
    assert [name for name in named if not is_there(name, holders)] == []
