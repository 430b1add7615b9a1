"""Bringing a database to the newest schema, and refusing one that is newer than this program."""

import importlib
import pkgutil
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

import registry_server
from registry_server.db import Database
from registry_server.errors import SetupError


def import_models() -> None:
    """Load every feature's models, so that the metadata is whole."""
    for package in pkgutil.iter_modules(registry_server.__path__):
        if package.ispkg:
            for module in pkgutil.iter_modules([str(Path(registry_server.__path__[0]) / package.name)]):
                if module.name == "models":
                    importlib.import_module(f"registry_server.{package.name}.models")


def migrate(database: Database) -> None:
    """Run what is missing, in one transaction and one program at a time. Raises SetupError for a newer schema."""
    if is_current(database):
        return
    config = _config()
    with database.alone() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        _refuse_newer(config, current)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(database: Database) -> bool:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _refuse_newer(config: Config, current: str | None) -> None:
    if current is None:
        return
    try:
        ScriptDirectory.from_config(config).get_revision(current)
    except CommandError:
        raise SetupError(
            f"the database has schema {current}, which this program does not know: it was used by a newer version. "
            "Start that version, or restore the backup made before the upgrade."
        ) from None
