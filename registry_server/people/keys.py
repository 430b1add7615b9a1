"""The registry's keys belong to its rows: with others no NID opens, and one person could have two licences."""

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from registry_server.config import Settings
from registry_server.db import Database
from registry_server.errors import SetupError
from registry_server.people.models import Owner
from registry_server.people.owners import NID
from registry_server.schema import is_current
from registry_server.secrets_box import KEY_FILE, SecretsBox, load_or_create


def keys_of(settings: Settings, database: Database) -> SecretsBox:
    """The keys in the data folder; made there for a registry that has no owner yet.

    Raises SetupError if they are missing or are not those with which its owners were written; OperationalError if they are missing
    and the database is away, for then nobody can say whether there should be any.
    """
    has_keys = (settings.data_dir / KEY_FILE).exists()
    try:
        sample = _newest_nid(database)
    except OperationalError:
        if not has_keys:
            raise
        sample = None
    if sample is not None and not has_keys:
        raise SetupError(
            f"{KEY_FILE} is missing in {settings.data_dir}, but the registry holds owners. Restore it from its backup, "
            "or copy it from the machine that has it (docs/running.md, Backups)."
        )
    secrets = load_or_create(settings.data_dir)
    if sample is not None:
        secrets.decrypt(sample, NID)
    return secrets


def _newest_nid(database: Database) -> bytes | None:
    if not is_current(database):
        return None
    with database.read() as session:
        return session.scalars(select(Owner.nid_encrypted).order_by(Owner.id.desc()).limit(1)).first()
