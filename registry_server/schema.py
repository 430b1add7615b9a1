"""Bringing a database to the newest schema, and refusing one that is newer than this program."""

import importlib
import pkgutil
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.orm import Session

import registry_server
from registry_server.db import Database
from registry_server.errors import SetupError

GROWING = ("licence", "audit_entry", "passage", "flag")
LOOKED_AT = 1000
"""Rows that are looked at of each index: enough to know it, and the look takes a tenth of a second however large it is."""


def import_models() -> None:
    """Load every feature's models, so that the metadata is whole."""
    for package in pkgutil.iter_modules(registry_server.__path__):
        if package.ispkg:
            for module in pkgutil.iter_modules([str(Path(registry_server.__path__[0]) / package.name)]):
                if module.name == "models":
                    importlib.import_module(f"registry_server.{package.name}.models")


def migrate(database: Database) -> None:
    """Run what is missing, in one transaction and one program at a time. Raises SetupError for a newer schema."""
    if not is_current(database):
        _upgrade(database)
    refresh_statistics(database)


def refresh_statistics(database: Database) -> None:
    """Have SQLite look at its tables if one has doubled since it last did; PostgreSQL looks by itself.

    By them it chooses the index to search by. Without them a search among half a million bikes takes a second, with them 20 ms.
    """
    if not database.is_sqlite:
        return
    with database.read() as session:
        told = _told_sizes(session)
        sizes = {table: session.scalar(text(f"SELECT max(id) FROM {table}")) or 0 for table in GROWING}  # noqa: S608 — names of ours
    if all(size < max(LOOKED_AT, 2 * told.get(table, 0)) for table, size in sizes.items()):
        return
    with database.write() as session:
        session.execute(text(f"PRAGMA analysis_limit = {LOOKED_AT}")).all()
        session.execute(text("ANALYZE"))
    database.engine.dispose()  # a connection reads the statistics when it opens


def _told_sizes(session: Session) -> dict[str, int]:
    """By table, what the statistics take for its number of rows."""
    if not session.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")):
        return {}
    rows = session.execute(text("SELECT tbl, stat FROM sqlite_stat1 WHERE idx IS NOT NULL"))
    return {row.tbl: int(row.stat.split()[0]) for row in rows}


def _upgrade(database: Database) -> None:
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
