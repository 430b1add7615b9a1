"""The example that `ebike-agent example` prints: as it stands, and with the readers in its comments."""

import re
import tomllib
from pathlib import Path

import pytest

from reader_agent.config import parse_config
from reader_agent.example import EXAMPLE

FIRST_IN_COMMENTS = "# [[readers]]"


def uncommented(text: str) -> str:
    plain, _, rest = text.partition(FIRST_IN_COMMENTS)
    return plain + re.sub(r"^# (?=[\[a-z])", "", FIRST_IN_COMMENTS + rest, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "readers"),
    [
        pytest.param(EXAMPLE, ["gate-1", "gate-2"], id="as it stands"),
        pytest.param(uncommented(EXAMPLE), ["gate-1", "gate-2", "gate-3", "gate-4"], id="with the readers in its comments"),
    ],
)
def test_the_example_can_be_taken_as_it_is(text: str, readers: list[str]) -> None:
    assert [reader.name for reader in parse_config(tomllib.loads(text), Path("agent.toml")).readers] == readers
