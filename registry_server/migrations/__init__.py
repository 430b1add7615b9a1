"""Alembic revisions that run the same on SQLite and PostgreSQL, and the functions that run them."""
