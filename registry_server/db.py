"""The database's one door: engine, sessions, the unit of work, bulk rows. Nothing else commits."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria
from sqlalchemy.types import TypeDecorator

from registry_server.errors import SetupError

AUTHORITY_KEY, LOOKING_KEY = "authority_id", "only_looks"
BUSY_MS = 15_000
CACHE_KIB = 65_536
REOPEN_AFTER_S = 3600  # SQLite reads its statistics when it opens a file, and the tables grow
ROWS_A_STATEMENT = 64
TABLES_KEY = 0x65_62_74_61_62  # "ebtab"
ONE_STATE = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER column


class OnlyLooking(RuntimeError):
    """A mistake of ours: a page that only looks has changed or locked a row. Else it would be lost on SQLite and fail on PostgreSQL."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses a naive one; gives back UTC on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs its time zone, found {value.isoformat()}")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 — SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, int: BigInteger().with_variant(Integer, "sqlite")}  # noqa: RUF012 — SQLAlchemy's form


class AuthorityOwned:
    """Mixin of every row that belongs to one authority. Sessions that carry an authority see only its rows."""

    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)


class Database:
    """One engine and the only two ways to a session."""

    def __init__(self, url: str, *, cache_kib: int = CACHE_KIB) -> None:
        """`cache_kib` is SQLite's, for each connection."""
        self.engine = _engine(url, cache_kib)
        self._looking = self.engine if self.is_sqlite else self.engine.execution_options(**ONE_STATE)

    @contextmanager
    def write(self, authority_id: int | None = None) -> Iterator[Session]:
        """A unit of work: commits at the end, rolls back on any exception."""
        with self._session(self.engine, authority_id) as session:
            if self.is_sqlite:
                session.execute(text("BEGIN IMMEDIATE"))
            yield session
            session.commit()

    @contextmanager
    def read(self, authority_id: int | None = None) -> Iterator[Session]:
        """A session for looking: all its queries see one state of the database. Raises OnlyLooking at what changes or locks a row."""
        with self._session(self._looking, authority_id) as session:
            session.info[LOOKING_KEY] = True
            if self.is_sqlite:
                _driver(session.connection()).execute("BEGIN")  # takes no lock, so there is nothing to wait for or to refuse
            yield session
            session.rollback()

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A connection for changing tables: one program at a time, and all of it or nothing."""
        with self.engine.begin() as connection:
            connection.execute(text("BEGIN IMMEDIATE" if self.is_sqlite else f"SELECT pg_advisory_xact_lock({TABLES_KEY})"))
            yield connection

    @staticmethod
    @contextmanager
    def _session(engine: Engine, authority_id: int | None) -> Iterator[Session]:
        with Session(engine, expire_on_commit=False) as session:
            if authority_id is not None:
                session.info[AUTHORITY_KEY] = authority_id
            yield session

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        self.engine.dispose()


def copy_rows(session: Session, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert many rows at full speed: COPY on PostgreSQL, many rows a statement on SQLite. Values are the driver's own types."""
    connection = session.connection()
    into = f"{connection.dialect.identifier_preparer.format_table(table)} ({', '.join(columns)})"
    if connection.dialect.name == "postgresql":
        with _driver(connection).cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        insert = f"INSERT INTO {into} VALUES "  # noqa: S608 — names are ours
        _insert_rows(_driver(connection), insert, f"({', '.join('?' * len(columns))})", list(rows))


def _insert_rows(driver: sqlite3.Connection, insert: str, marks: str, rows: Sequence[Sequence[Any]]) -> None:
    """A statement a row costs half as much again, and takes and gives back the interpreter's lock each time."""
    whole = len(rows) - len(rows) % ROWS_A_STATEMENT
    chunks = (rows[at : at + ROWS_A_STATEMENT] for at in range(0, whole, ROWS_A_STATEMENT))
    driver.executemany(insert + ", ".join([marks] * ROWS_A_STATEMENT), (tuple(chain.from_iterable(chunk)) for chunk in chunks))
    driver.executemany(insert + marks, rows[whole:])


def execute_many(session: Session, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run one statement with `?` marks over many rows at the driver's speed."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        with _driver(connection).cursor() as cursor:
            cursor.executemany(statement.replace("?", "%s"), rows)
    else:
        _driver(connection).executemany(statement, rows)


def fetch_rows(session: Session, statement: str) -> list[Any]:
    """All rows of a constant statement as the driver gives them: no objects, no conversion. For loading memory tables."""
    return list(_driver(session.connection()).execute(statement).fetchall())


def insert_ignoring(session: Session, table: Table, row: dict[str, Any]) -> None:
    """Insert one row unless its key exists already."""
    if session.connection().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as dialect_insert  # noqa: PLC0415 — one of the two is used
    else:
        from sqlalchemy.dialects.sqlite import insert as dialect_insert  # type: ignore[assignment]  # noqa: PLC0415 — same shape
    session.connection().execute(dialect_insert(table).values(**row).on_conflict_do_nothing())


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _engine(url: str, cache_kib: int) -> Engine:
    """`hide_parameters`: what is written into rows must not stand in an error that is logged (names, mobiles, password hashes)."""
    sqlite = make_url(url).get_backend_name() == "sqlite"
    if sqlite:
        engine = create_engine(
            url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False}, pool_recycle=REOPEN_AFTER_S, hide_parameters=True
        )
        event.listen(engine, "connect", partial(_prepare_sqlite, cache_kib))
    else:
        engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True)
    return engine


def _prepare_sqlite(cache_kib: int, connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by us: BEGIN IMMEDIATE for writers, BEGIN for readers
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}", f"cache_size=-{cache_kib}"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Session, "do_orm_execute")
def _only_look(state: ORMExecuteState) -> None:
    if state.session.info.get(LOOKING_KEY) and not state.is_relationship_load:
        is_lock = state.is_select and getattr(state.statement, "_for_update_arg", None) is not None
        if is_lock or state.is_insert or state.is_update or state.is_delete:
            raise OnlyLooking(str(state.statement))


@event.listens_for(Session, "do_orm_execute")
def _see_own_authority_only(state: ORMExecuteState) -> None:
    authority_id = state.session.info.get(AUTHORITY_KEY)
    if authority_id is None or state.is_column_load or state.is_relationship_load:
        return
    state.statement = state.statement.options(
        with_loader_criteria(AuthorityOwned, lambda cls: cls.authority_id == authority_id, include_aliases=True)
    )


@event.listens_for(Session, "before_flush")
def _write_own_authority_only(session: Session, _context: object, _instances: object) -> None:
    if session.info.get(LOOKING_KEY):
        raise OnlyLooking(", ".join(sorted({type(row).__name__ for row in (*session.new, *session.dirty, *session.deleted)})))
    authority_id = session.info.get(AUTHORITY_KEY)
    if authority_id is None:
        return
    for row in (*session.new, *session.dirty):
        if isinstance(row, AuthorityOwned):
            if row.authority_id is None:
                row.authority_id = authority_id
            elif row.authority_id != authority_id:
                raise SetupError(f"a row of authority {row.authority_id} in a session of authority {authority_id}")


def is_reachable(database: Database) -> bool:
    try:
        with database.read() as session:
            session.execute(text("SELECT 1"))
    except OperationalError:
        return False
    return True
