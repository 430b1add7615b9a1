"""What pages load is ours or vendored, known by its hash, and small."""

import base64
import gzip
import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from fastapi import FastAPI

from registry_server.web.static_files import LONG, STATIC_DIR, StaticFiles
from tests.registry_server.conftest import Browser

VENDOR = STATIC_DIR / "vendor"
MANIFEST = tomllib.loads((VENDOR / "VENDORED.toml").read_text())
FIRST_PAGE_BYTES, LATER_PAGE_BYTES = 200_000, 20_000


@pytest.mark.parametrize("name", MANIFEST)
def test_a_vendored_file_is_the_one_that_was_looked_at(name: str) -> None:
    found = base64.b64encode(hashlib.sha384((VENDOR / name).read_bytes()).digest()).decode()
    assert found == MANIFEST[name]["sha384"]


def test_nothing_is_vendored_without_source_and_licence() -> None:
    there = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file() and path.parent.name != "licences"}
    assert there - {"VENDORED.toml"} == set(MANIFEST)
    assert all({"source", "licence", "changes"} <= entry.keys() for entry in MANIFEST.values())


def test_no_style_sheet_or_script_of_ours_asks_another_site() -> None:
    for path in (STATIC_DIR / "ebike.css", STATIC_DIR / "ebike.js", VENDOR / "govuk-frontend-6.6.0.css"):
        assert re.findall(r"""(?:https?:|["'(])//\w+""", path.read_text()) == [], path.name


def test_the_crest_and_the_typeface_of_another_government_are_not_ours() -> None:
    text = (VENDOR / "govuk-frontend-6.6.0.css").read_text()
    assert "crest" not in text
    assert "GDS" not in text


def test_every_file_that_a_style_sheet_names_exists() -> None:
    for name in re.findall(r'url\("([^"]+)"\)', (STATIC_DIR / "ebike.css").read_text()):
        assert (STATIC_DIR / name).is_file(), name


def test_a_file_is_kept_for_long_under_its_version_and_not_under_an_old_one(app: FastAPI, anybody: Browser) -> None:
    url = app.state.static_files.url("ebike.css")
    answer = anybody.get(url)
    assert (answer.status_code, answer.headers["cache-control"], answer.headers["content-encoding"]) == (200, LONG, "gzip")
    assert answer.text == (STATIC_DIR / "ebike.css").read_text()
    old = anybody.get("/static/old/ebike.css")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["../app.py", "%2e%2e/app.py", "nothing.css", "", "vendor", "/etc/passwd"])
def test_only_files_of_the_folder_are_served(name: str, anybody: Browser) -> None:
    assert anybody.get(f"/static/x/{name}", follow_redirects=True).status_code == 404


def test_the_version_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    before = StaticFiles.load(tmp_path).version
    (tmp_path / "a.css").write_text("b{}")
    assert StaticFiles.load(tmp_path).version != before


def test_the_first_page_is_light_and_the_next_ones_are_lighter(anybody: Browser) -> None:
    page = anybody.get("/sign-in", headers={"Accept-Encoding": "identity"}).text
    own = len(gzip.compress(page.encode()))
    names = [name.partition("/static/")[2].partition("/")[2] for name in re.findall(r'(?:href|src)="([^"]+)"', page) if "/static/" in name]
    linked = sum(_on_the_wire(STATIC_DIR / name) for name in set(names))
    fonts = sum(_on_the_wire(path) for path in (VENDOR / "fonts").iterdir())
    assert own < LATER_PAGE_BYTES
    assert own + linked + fonts < FIRST_PAGE_BYTES


def _on_the_wire(path: Path) -> int:
    return path.stat().st_size if path.suffix == ".woff2" else len(gzip.compress(path.read_bytes()))
