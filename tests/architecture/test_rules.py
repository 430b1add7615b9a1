"""Rules that import-linter cannot state: who may commit, and who may ask the time."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "firmware_protocols", "reader_agent", "plate_printer", "registry_server")

MAY_COMMIT = {"registry_server/db.py"}
MAY_ASK_THE_TIME = {
    "registry_server/clock.py",
    "reader_agent/clock.py",
    "plate_printer/commands.py",
}
CLOCK_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def calls(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            yield name, node.func.attr, node.lineno


def breaches_of_commit(name: str, tree: ast.Module) -> list[str]:
    return [f"{name}:{line}" for _, verb, line in calls(tree) if verb == "commit" and name not in MAY_COMMIT]


def breaches_of_clock(name: str, tree: ast.Module) -> list[str]:
    return [f"{name}:{line}" for owner, verb, line in calls(tree) if (owner, verb) in CLOCK_CALLS and name not in MAY_ASK_THE_TIME]


def test_only_db_commits() -> None:
    assert [place for name, tree in sources() for place in breaches_of_commit(name, tree)] == []


def test_the_time_comes_in_as_an_argument() -> None:
    assert [place for name, tree in sources() for place in breaches_of_clock(name, tree)] == []


@pytest.mark.parametrize("line", ["session.commit()", "self.session.commit()"])
def test_the_commit_rule_can_fail(line: str) -> None:
    assert breaches_of_commit("registry_server/licences/service.py", ast.parse(line))


@pytest.mark.parametrize("line", ["datetime.now(UTC)", "datetime.datetime.now()", "date.today()", "time.time()"])
def test_the_clock_rule_can_fail(line: str) -> None:
    assert breaches_of_clock("registry_server/licences/service.py", ast.parse(line))
