"""Passwords of officers: hashing, what is acceptable, one-time passwords. The only door to argon2."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from registry_server.errors import FieldProblem

MIN_CHARACTERS = 12
MAX_CHARACTERS = 128
"""A longer one only makes the server work."""
ONE_TIME_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters that are mistaken for each other on paper."""
ONE_TIME_GROUPS, GROUP_CHARACTERS = 4, 4
COMMON = frozenset(
    {
        "password",
        "passw0rd",
        "qwerty",
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "letmein",
        "welcome",
        "admin",
        "administrator",
        "bangladesh",
        "easybike",
        "ebike",
        "iloveyou",
        "abc",
        "changeme",
        "citycorporation",
        "secret",
        "khulna",
        "dhaka",
    }
)
"""Words that guessers try first. A password that is one of them with digits and marks around it is refused."""

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Takes some 50 ms, on purpose: never inside a unit of work, where it would hold up every other writer."""
    return _hasher.hash(password)


def hash_new_password(password: str, sign_in_name: str) -> str:
    """As `hash_password`. Raises FieldProblem if it is a poor one for this officer."""
    check_new_password(password, sign_in_name)
    return hash_password(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Whether the password belongs to the hash. Without a hash (no such officer) it takes as long and says no."""
    try:
        _hasher.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def one_time_password() -> str:
    """Twenty bits a group: `k7mq-…`. It opens nothing but the page where the officer chooses their own."""
    groups = ("".join(secrets.choice(ONE_TIME_ALPHABET) for _ in range(GROUP_CHARACTERS)) for _ in range(ONE_TIME_GROUPS))
    return "-".join(groups)


def check_new_password(password: str, sign_in_name: str) -> None:
    """Raises FieldProblem with the first reason why this officer should not use this password."""
    lowered = password.lower()
    if len(password) < MIN_CHARACTERS:
        raise FieldProblem("password", "password_short", minimum=str(MIN_CHARACTERS))
    if len(password) > MAX_CHARACTERS:
        raise FieldProblem("password", "password_long", maximum=str(MAX_CHARACTERS))
    if sign_in_name.lower() in lowered:
        raise FieldProblem("password", "password_has_name")
    if _is_guessable(lowered):
        raise FieldProblem("password", "password_common")


def _is_guessable(lowered: str) -> bool:
    bare = "".join(filter(str.isalpha, lowered))
    return bare in COMMON or len(set(lowered)) < 4 or lowered in "0123456789" * 13


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))
