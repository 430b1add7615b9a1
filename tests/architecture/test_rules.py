"""Rules that import-linter cannot state: who may commit, who may ask the time, what has to stand in its contracts."""

import ast
import re
from collections.abc import Iterator
from configparser import ConfigParser
from fnmatch import fnmatch
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


def contract(name: str, setting: str) -> str:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    return contracts[f"importlinter:contract:{name}"][setting]


def calls_itself_pure(tree: ast.Module) -> bool:
    return re.search(r"\b[Pp]ure\b", ast.get_docstring(tree) or "") is not None


def test_only_db_commits() -> None:
    assert [place for name, tree in sources() for place in breaches_of_commit(name, tree)] == []


def test_the_time_comes_in_as_an_argument() -> None:
    assert [place for name, tree in sources() for place in breaches_of_clock(name, tree)] == []


def test_what_calls_itself_pure_is_held_to_it() -> None:
    held = contract("pure", "source_modules").split()
    pure = [name.removesuffix(".py").replace("/", ".") for name, tree in sources() if calls_itself_pure(tree)]
    assert [module for module in pure if module.startswith("registry_server.") and not any(fnmatch(module, one) for one in held)] == []


def test_no_family_may_know_another() -> None:
    families = {path.parent.name for path in (ROOT / "firmware_protocols").glob("*/codec.py")}
    assert {module.rpartition(".")[2] for module in contract("codecs-independent", "modules").split()} == families


@pytest.mark.parametrize("package", PACKAGES)
def test_whoever_installs_a_package_gets_its_types(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("line", ["session.commit()", "self.session.commit()"])
def test_the_commit_rule_can_fail(line: str) -> None:
    assert breaches_of_commit("registry_server/licences/service.py", ast.parse(line))


@pytest.mark.parametrize("line", ["datetime.now(UTC)", "datetime.datetime.now()", "date.today()", "time.time()"])
def test_the_clock_rule_can_fail(line: str) -> None:
    assert breaches_of_clock("registry_server/licences/service.py", ast.parse(line))
