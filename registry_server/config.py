"""Settings: command line, then environment (`EBIKE_…`), then defaults that work on one machine."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from registry_server.errors import SetupError


class Settings(BaseSettings):
    """What an engineer can set. `docs/running.md` lists all of it."""

    model_config = SettingsConfigDict(env_prefix="EBIKE_", extra="forbid", frozen=True)

    data_dir: Path = Path("var")
    database_url: str = ""
    """Empty: SQLite in `data_dir`. Else `postgresql://user@host/name`."""
    broker_url: str = ""
    """Empty: `up` starts a broker. Else `mqtt://user:password@host:1883` or `mqtts://…`."""
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] = 8000
    trusted_proxy: str = ""
    """Address of the reverse proxy whose X-Forwarded-For is believed; empty: none, and every client is whom it connects as."""
    public_host: str = "localhost"
    """The host name that stands in QR codes."""
    cookie_secure: bool = True
    """Off only for plain http on a closed network."""
    session_idle: timedelta = timedelta(minutes=15)
    session_absolute: timedelta = timedelta(hours=12)
    sightings_kept: timedelta = timedelta(hours=24)
    """How long a sighting without a flag is kept before it is counted and forgotten."""

    @property
    def sqlalchemy_url(self) -> str:
        """The URL with the driver named; every spelling people use for PostgreSQL is understood. Raises SetupError for another database."""
        if not self.database_url:
            return f"sqlite:///{self.sqlite_file.resolve()}"
        scheme, colon, rest = self.database_url.partition("://")
        if scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
            return f"postgresql+psycopg{colon}{rest}"
        if scheme != "sqlite":
            raise SetupError("the database URL cannot be read; expected postgresql://user:password@host/name")
        return self.database_url

    @property
    def sqlite_file(self) -> Path:
        return self.data_dir / "registry.sqlite"

    @property
    def broker_address(self) -> str:
        """The broker's URL without name and password: what may stand in a log and on a screen.

        Cut at the last `@`, for a password in which `/`, `#` or `?` is not written as `%…` misleads a parser of URLs.
        """
        scheme, separator, rest = self.broker_url.partition("://")
        return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else self.broker_url.rpartition("@")[2]
