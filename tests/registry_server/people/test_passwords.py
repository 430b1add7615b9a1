"""Passwords: what is refused, what is given, and that an unknown name costs the same time."""

import time
from datetime import UTC, datetime

import pytest

from registry_server.errors import FieldProblem
from registry_server.people import passwords
from registry_server.people.models import Role
from registry_server.people.service import NewOfficer
from registry_server.people.sign_in import Attempt, NewSession
from registry_server.web.sign_in_routes import Credentials


@pytest.mark.parametrize(
    ("password", "code"),
    [
        pytest.param("elevenchars", "password_short", id="eleven characters"),
        pytest.param("x" * 129, "password_long", id="longer than is hashed"),
        pytest.param("rahim the great", "password_has_name", id="holds the name"),
        pytest.param("RAHIM the great", "password_has_name", id="holds the name in capitals"),
        pytest.param("Bangladesh1971!", "password_common", id="a common word with digits"),
        pytest.param("aaaaaaaaaaaab", "password_common", id="two letters"),
        pytest.param("123456789012", "password_common", id="counting"),
    ],
)
def test_a_guessable_password_is_refused(password: str, code: str) -> None:
    with pytest.raises(FieldProblem) as refused:
        passwords.check_new_password(password, "rahim")
    assert refused.value.code == code
    assert password not in str(refused.value), "a password stands in no message"


@pytest.mark.parametrize("password", ["twelve chars", "নদীর ধারে পাঁচটি নৌকা", "x7#kQ9!mZ2@pL5"])
def test_a_good_one_is_taken_in_any_script(password: str) -> None:
    passwords.check_new_password(password, "rahim")
    assert passwords.matches(password, passwords.hash_password(password))


def test_one_time_passwords_differ_and_are_good_ones() -> None:
    drawn = {passwords.one_time_password() for _ in range(100)}
    assert len(drawn) == 100
    for password in drawn:
        passwords.check_new_password(password, "rahim")


def test_a_damaged_hash_matches_nothing() -> None:
    assert not passwords.matches("anything at all", "not a hash")


def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password() -> None:
    known = passwords.hash_password("five boats on the Rupsha")
    passwords.matches("warm up", None)

    def fastest(password_hash: str | None) -> float:
        spans = []
        for _ in range(5):
            begin = time.thread_time()
            assert not passwords.matches("wrong", password_hash)
            spans.append(time.thread_time() - begin)
        return min(spans)

    assert fastest(None) > fastest(known) / 3


@pytest.mark.parametrize(
    "value",
    [
        NewOfficer("rahim", "Rahim", Role.MAGISTRATE, "canary"),
        NewSession("canary", "canary"),
        Credentials(Attempt("rahim", "192.0.2.1", datetime(2026, 11, 22, tzinfo=UTC)), "canary"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_carries_a_password_or_a_token_does_not_show_it(value: object) -> None:
    assert "canary" not in repr(value)
