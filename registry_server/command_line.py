"""What the sub-commands of `ebike-server` share: where the registry lies, and how a refusal looks on a terminal."""

import getpass
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from registry_server.audit.service import Act
from registry_server.authorities.queries import find_authority
from registry_server.clock import Clock, SystemClock
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.errors import Conflict, FieldProblem, NotFound, RegistryError, SetupError
from registry_server.schema import migrate
from registry_server.secrets_box import KEY_FILE
from registry_server.web.texts import Language, Texts

P = ParamSpec("P")
R = TypeVar("R")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the database, the keys and the broker's store.  [EBIKE_DATA_DIR]")
]
DatabaseUrl = Annotated[str | None, typer.Option("--database-url", help="A PostgreSQL that already runs.  [EBIKE_DATABASE_URL]")]
BrokerUrl = Annotated[str | None, typer.Option("--broker-url", help="An MQTT broker that already runs.  [EBIKE_BROKER_URL]")]
AuthoritySlug = Annotated[str, typer.Option("--authority", help="The authority's short name, e.g. kcc.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]

screen = Console(markup=False, emoji=False, soft_wrap=True)
"""Prints words as they are: a name with brackets in it is a name. What is to stand out is a `rich.text.Text`."""
errors = Console(stderr=True, markup=False, emoji=False, soft_wrap=True)


STEERING = dict.fromkeys({*range(32), *range(127, 160)} - set(b"\t\n"), "\ufffd")


@dataclass(frozen=True, slots=True)
class Installation:
    """One registry: its settings, its database with the newest schema."""

    settings: Settings
    database: Database
    clock: Clock

    def act(self, authority_id: int) -> Act:
        """Who acts on a terminal is the login name of the machine."""
        return Act(authority_id, f"cli:{getpass.getuser()}", self.clock.now())

    def get_authority_id(self, slug: str) -> int:
        with self.database.read() as session:
            found = find_authority(session, slug)
            if found is None:
                raise NotFound("authority", slug)
            return found.id


def settings_with(**given: object) -> Settings:
    """The environment's settings with what was typed on top. Raises SetupError for a name that means nothing."""
    known = {f"EBIKE_{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith("EBIKE_") and not name.startswith("EBIKE_TEST_") and name not in known)
    if unknown:
        raise SetupError(f"{', '.join(unknown)} in the environment means nothing here. Known: {', '.join(sorted(known))}")
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        wrong = "; ".join(f"EBIKE_{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors(include_input=False))
        raise SetupError(f"a setting cannot be used: {wrong}") from None


def refuse_lost_database(settings: Settings) -> None:
    """Keys without their database: an empty one in its place would hide the loss. Raises SetupError."""
    if not settings.database_url and (settings.data_dir / KEY_FILE).exists() and not settings.sqlite_file.exists():
        raise SetupError(
            f"{settings.sqlite_file} is missing, though {KEY_FILE} lies beside it: restore the database from its backup "
            "(docs/running.md, Backups). If a new, empty registry is wanted, move the key file away first."
        )


def registry_settings(**given: object) -> Settings:
    """The settings of a registry that is there or is to begin. Raises SetupError."""
    settings = settings_with(**given)
    refuse_lost_database(settings)
    return settings


@contextmanager
def installation(data_dir: Path | None = None, database_url: str | None = None) -> Iterator[Installation]:
    settings = registry_settings(data_dir=data_dir, database_url=database_url)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.sqlalchemy_url)
    try:
        migrate(database)
        yield Installation(settings, database, SystemClock())
    finally:
        database.close()


def explained(command: Callable[P, R]) -> Callable[P, R]:
    """A refusal becomes one clear line and exit code 1, never a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except RegistryError as refusal:
            show_refusal(_in_words(refusal))
        except OperationalError as error:
            show_refusal(f"the database does not answer: {error.orig}")
        except DatabaseError as error:
            if not _is_no_database(error):
                raise
            show_refusal("the database file is damaged or no SQLite database; restore it from its backup (docs/running.md, Backups)")
        except ArgumentError:
            show_refusal("the database URL cannot be read; expected postgresql://user:password@host/name")
        raise typer.Exit(1)

    return run


def _is_no_database(error: DatabaseError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", None) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def show_refusal(sentence: str) -> None:
    errors.print(Text.assemble(("ebike-server:", "bold red"), " ", printable(sentence)))


def printable(text: str) -> str:
    """Without the signs by which a file or a name could steer the terminal."""
    return text.translate(STEERING)


def _in_words(refusal: RegistryError) -> str:
    match refusal:
        case NotFound():
            return f"no {refusal.kind} is called {refusal.key!r} in this registry (--data-dir and --database-url say which one)"
        case Conflict():
            return Texts.load().say(Language.EN, f"error.{refusal.code}", **refusal.facts)
        case FieldProblem():
            return Texts.load().say(Language.EN, f"error.{refusal.code}", found=refusal.found, **refusal.facts)
    return str(refusal)
