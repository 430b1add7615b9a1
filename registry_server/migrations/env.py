"""Alembic's entry. The connection comes from `schema.migrate`; there is no alembic.ini."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection

from registry_server.db import Base, UtcDateTime
from registry_server.schema import import_models


def _plain_types(kind: str, item: object, _context: object) -> str | Literal[False]:
    """A revision must not depend on our types of today."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


import_models()
connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=_plain_types,
)
with context.begin_transaction():
    context.run_migrations()
