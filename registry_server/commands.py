"""The command line of the registry: `ebike-server COMMAND`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvicorn

from registry_server import worker as sightings_worker
from registry_server.app import create_app
from registry_server.authorities import commands as authority_commands
from registry_server.clock import SystemClock
from registry_server.command_line import BrokerUrl, DatabaseUrl, DataDir, explained, registry_settings, screen, settings_with
from registry_server.db import Database
from registry_server.demo.run import DemoOptions, run_demo
from registry_server.errors import SetupError
from registry_server.imports import commands as import_commands
from registry_server.ingest import commands as ingest_commands
from registry_server.issuance import commands as desk_commands
from registry_server.logs import log_as_json
from registry_server.people import commands as officer_commands
from registry_server.people.keys import keys_of
from registry_server.up import BrokerPlace, Running, bring_database_up, quiet_when_stopped, stop_on_signals, system_up
from registry_server.web.limits import SERVER_LIMITS

log = structlog.get_logger()
app = typer.Typer(
    name="ebike-server",
    help="The registry of battery easy-bikes: pages, checkpoint worker, broker.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
for name, group in {
    "authority": authority_commands.authority_app,
    "checkpoint": authority_commands.checkpoint_app,
    "agent": authority_commands.agent_app,
    "user": officer_commands.app,
    "desk": desk_commands.app,
}.items():
    app.add_typer(group, name=name)
app.command("import")(explained(import_commands.import_bikes))
app.command("dead-letters")(explained(ingest_commands.dead_letters))
app.command("qr-key")(explained(desk_commands.qr_key))

WebHost = Annotated[str | None, typer.Option("--host", help="Address of the pages.  [EBIKE_WEB_HOST]")]
WebPort = Annotated[int | None, typer.Option("--port", help="Port of the pages.  [EBIKE_WEB_PORT]")]
BrokerPort = Annotated[int, typer.Option("--broker-port", help="Port of the broker that is started.")]
BrokerHost = Annotated[str, typer.Option("--broker-host", help="Address on which the started broker listens; it knows no passwords.")]
GRACEFUL_S = 3
DEFAULT_BROKER_PORT = 1883
LOOPBACK = "127.0.0.1"


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Register under the function's name; a refusal is one line and exit code 1."""
    return app.command()(explained(function))


@command
def up(  # noqa: PLR0913, PLR0917 — a command's options are its parameters
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    broker_url: BrokerUrl = None,
    host: WebHost = None,
    port: WebPort = None,
    broker_host: BrokerHost = LOOPBACK,
    broker_port: BrokerPort = DEFAULT_BROKER_PORT,
) -> None:
    """Start broker, worker and pages; stop them all with Ctrl-C."""
    settings = registry_settings(data_dir=data_dir, database_url=database_url, broker_url=broker_url, web_host=host, web_port=port)
    stop = stop_on_signals()
    with quiet_when_stopped(), system_up(settings, BrokerPlace(broker_host, broker_port), stop=stop) as running:
        _tell_where(running)
        running.watch(stop)


def _tell_where(running: Running) -> None:
    """To a person in lines to read, to a journal as one line of the log."""
    where = {"pages": running.web_url, "broker": running.settings.broker_address, "data": str(running.settings.data_dir.resolve())}
    if screen.is_terminal:
        screen.print("\n".join(f"{name:<8}{address}" for name, address in where.items()))
    else:
        log.info("all is up", **where)


@command
def web(data_dir: DataDir = None, database_url: DatabaseUrl = None, host: WebHost = None, port: WebPort = None) -> None:
    """The pages alone, for a machine whose database and worker run elsewhere."""
    settings = registry_settings(data_dir=data_dir, database_url=database_url, web_host=host, web_port=port)
    database = Database(settings.sqlalchemy_url)
    application = create_app(settings, database, SystemClock(), keys_of(settings, database))
    uvicorn.run(
        application,
        host=settings.web_host,
        port=settings.web_port,
        log_config=None,  # `log_as_json` has seen to it
        access_log=False,  # the proxy keeps one; an address may hold a name that somebody searched for
        timeout_graceful_shutdown=GRACEFUL_S,
        proxy_headers=bool(settings.trusted_proxy),
        forwarded_allow_ips=settings.trusted_proxy or None,
        server_header=False,
        **SERVER_LIMITS,
    )


@command
def worker(data_dir: DataDir = None, database_url: DatabaseUrl = None, broker_url: BrokerUrl = None) -> None:
    """Take sightings from the broker, match, store, acknowledge."""
    settings = registry_settings(data_dir=data_dir, database_url=database_url, broker_url=broker_url)
    if not settings.broker_url:
        raise SetupError("the worker needs a broker: give --broker-url mqtt://HOST:1883, or use `ebike-server up`")
    database = Database(settings.sqlalchemy_url, cache_kib=sightings_worker.CACHE_KIB)
    sightings_worker.run_worker(settings, database, SystemClock(), stop_on_signals())


@command
def migrate(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Bring the database to the newest schema."""
    bring_database_up(registry_settings(data_dir=data_dir, database_url=database_url))
    screen.print("the database has the newest schema")


@command
def demo(
    seconds: Annotated[float | None, typer.Option("--seconds", min=1, help="End by itself after so long, with a table.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same number shows the same city again.")] = 1,
    port: WebPort = None,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Keep what the demo writes; else it is gone afterwards.")] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The demo city: simulated readers, real everything else."""
    run_demo(settings_with(database_url=database_url, web_port=port or 0), DemoOptions(seconds, seed, data_dir), SystemClock())


def main() -> None:
    os.umask(0o077)  # the database, the broker's store, tokens and reports are nobody else's, also in a folder that others may enter
    log_as_json()
    app()
