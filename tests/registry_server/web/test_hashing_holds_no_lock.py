"""A password's hash takes as long as the work of a hundred sightings: meanwhile others must be able to write."""

import sqlite3
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from registry_server.db import Database
from registry_server.people import passwords
from registry_server.people.models import Officer, Role
from tests.registry_server.conftest import PASSWORD, Browser, ClientFor

NEW_PASSWORD = "five boats on the Rupsha"
OWN = {"old_password": PASSWORD, "password": NEW_PASSWORD, "password_again": NEW_PASSWORD}
NEW_OFFICER = {"sign_in_name": "nasrin.akter", "full_name": "Nasrin Akter", "role": Role.MAGISTRATE}


class Writing(PasswordHasher):
    """While it hashes, somebody else writes; fails where that has to wait."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.path, self.hashed = str(database.engine.url.database), 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        other = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        finally:
            other.close()
        self.hashed += 1
        return super().hash(password, salt=salt)


def another_officer(database: Database) -> int:
    with database.read() as session:
        return int(session.query(Officer.id).filter_by(sign_in_name="kcc.magistrate").scalar())


@pytest.mark.parametrize(
    ("role", "form", "path"),
    [
        pytest.param(Role.MAGISTRATE, OWN, lambda _: "/password", id="the officer's own choice"),
        pytest.param(Role.ADMINISTRATOR, NEW_OFFICER, lambda _: "/officers", id="a new officer"),
        pytest.param(Role.ADMINISTRATOR, {}, lambda other: f"/officers/{other}/password", id="a forgotten password"),
    ],
)
def test_others_may_write_while_a_password_is_hashed(
    role: Role, form: dict[str, str], path: Callable[[int], str], client_for: ClientFor, seeded: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser: Browser = client_for(role)
    hasher = Writing(seeded)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    assert browser.post(path(another_officer(seeded)), form).status_code in {200, 303}
    assert hasher.hashed == 1
