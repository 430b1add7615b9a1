"""The web application over two authorities and an officer of each role in each, with a clock that a test sets."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from registry_server.app import create_app
from registry_server.authorities.models import Authority
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.people.models import Officer, Role
from registry_server.people.passwords import hash_password
from registry_server.secrets_box import SecretsBox, load_or_create

HOST = "http://localhost"
PASSWORD = "sundarban tigers swim"
NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
"""Noon in Dhaka, 22 November 2026: fiscal year 2026-27."""
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass
class SetClock:
    """Stands still until a test moves it."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Browser:
    """What an officer's browser does: keeps cookies, names its origin, follows no redirect unseen, sends forms with their token."""

    client: TestClient
    name: str
    headers: dict[str, str] = field(default_factory=lambda: {"Origin": HOST, "Sec-Fetch-Site": "same-origin"})

    def get(self, path: str, **options: Any) -> Response:
        return self.client.get(path, **options)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> Response:
        """A form of one of our pages: with the session's token. Give `files` for uploads."""
        return self.post_bare(path, {"csrf_token": self.csrf_token(), **(data or {})}, **options)

    def post_bare(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> Response:
        """What is given and nothing else."""
        return self.client.post(path, data=dict(data or {}), **{"headers": self.headers, **options})

    def csrf_token(self) -> str:
        found = CSRF.search(self.client.get("/shortcuts").text)
        return found[1] if found else ""

    def sign_in(self, password: str = PASSWORD, **fields: str) -> Response:
        found = FORM_TOKEN.search(self.client.get("/sign-in").text)
        assert found
        return self.post_bare("/sign-in", {"form_token": found[1], "sign_in_name": self.name, "password": password, **fields})


ClientFor = Callable[..., Browser]


def officer_name(role: Role, authority: str = "kcc") -> str:
    return f"{authority}.{role.replace('_', '.')}"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var", cookie_secure=False, web_port=0)


@pytest.fixture
def secrets(settings: Settings) -> SecretsBox:
    return load_or_create(settings.data_dir)


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def web_database(sqlite_database: Database) -> Database:
    """What the pages stand on. `web/test_on_postgresql.py` gives another."""
    return sqlite_database


@pytest.fixture
def seeded(web_database: Database, password_hash: str) -> Database:
    """`kcc` and `bcc`, each with one officer of each role whose password is PASSWORD."""
    with web_database.write() as session:
        for authority in _authorities():
            session.add(authority)
            session.flush()
            session.add_all(_officer(authority, role, password_hash) for role in Role)
    return web_database


@pytest.fixture
def authority_ids(seeded: Database) -> dict[str, int]:
    with seeded.read() as session:
        return {authority.slug: authority.id for authority in session.query(Authority)}


@pytest.fixture
def app(settings: Settings, seeded: Database, clock: SetClock, secrets: SecretsBox) -> FastAPI:
    return create_app(settings, seeded, clock, secrets)


@pytest.fixture
def browser_for(app: FastAPI) -> Iterator[Callable[[str], Browser]]:
    """A new browser in which nobody is signed in, for an officer's name. A failing route answers 500 as it would in service."""
    with ExitStack() as stack:

        def browser(name: str = "") -> Browser:
            client = TestClient(app, base_url=HOST, follow_redirects=False, raise_server_exceptions=False)
            return Browser(stack.enter_context(client), name)

        yield browser


@pytest.fixture
def anybody(browser_for: Callable[[str], Browser]) -> Browser:
    """A browser in which nobody is signed in."""
    return browser_for("nobody")


@pytest.fixture
def client_for(browser_for: Callable[[str], Browser]) -> ClientFor:
    """`client_for(Role.MAGISTRATE)` or `client_for(Role.MAGISTRATE, "bcc")`: a browser with that officer signed in."""

    def signed_in(role: Role, authority: str = "kcc") -> Browser:
        browser = browser_for(officer_name(role, authority))
        assert browser.sign_in().status_code == 303
        return browser

    return signed_in


def _authorities() -> list[Authority]:
    return [
        Authority(
            slug="kcc",
            name_bn="খুলনা সিটি কর্পোরেশন",
            name_en="Khulna City Corporation",
            plate_prefix_bn="খুলনা",
            plate_prefix_en="KCC",
            law="city_corporation_2009",
            afi=None,
            wards=31,
        ),
        Authority(
            slug="bcc",
            name_bn="বরিশাল সিটি কর্পোরেশন",
            name_en="Barishal City Corporation",
            plate_prefix_bn="বরিশাল",
            plate_prefix_en="BCC",
            law="city_corporation_2009",
            afi=None,
        ),
    ]


def _officer(authority: Authority, role: Role, password_hash: str) -> Officer:
    return Officer(
        authority_id=authority.id,
        sign_in_name=officer_name(role, authority.slug),
        full_name=f"{authority.slug} {role}",
        role=role,
        password_hash=password_hash,
        must_change_password=False,
        is_disabled=False,
        created_at=NOON,
    )
