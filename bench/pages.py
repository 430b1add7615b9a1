"""How long every page of the registry takes with half a million vehicles, on both databases. Wanted: none over 300 ms.

`python -m bench.pages [--vehicles N] [--hits N] [--json FILE]`. The pages are asked through the application in this process, signed in as
the role that they are for; the figure is from the request to the last byte of the page.
"""

import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from starlette.routing import Route
from starlette.testclient import TestClient

from bench.city import AUTHORITY, epc_of, tid_of
from bench.ingest import database_on
from bench.registry_rows import PASSWORD, fill_registry, officer_name, today_utc
from registry_server.app import ROUTERS, create_app
from registry_server.clock import SystemClock
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.licences.queries import TermFilter
from registry_server.licences.states import LicenceState
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.people.models import Role
from registry_server.schema import migrate, refresh_statistics
from registry_server.secrets_box import load_or_create
from schemas.qr_token import drive_by_code

WANTED_MS = 300.0
HOST = "http://localhost"
VEHICLES, HITS = 500_000, 10
NOT_PAGES = frozenset(
    {
        "/static/{version}/{name:path}",
        "/favicon.ico",
        "/language/{language}",
        "/wall/stream",
        "/wall/stream.json",
        "/licences/{licence_id}/{kind}.pdf",
    }
)
"""Routes of GET that are no page: files, a cookie, streams without an end, documents that are there once they were printed."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One page as it is asked. `route` is the route's own path."""

    name: str
    route: str
    path: str
    role: Role | None = Role.LICENCE_OFFICER


NAIVE = {
    "search: common name": "SELECT l.* FROM licence l JOIN owner o ON o.id = l.owner_id WHERE o.name_en LIKE '%Abdul%' "
    "AND o.name_en LIKE '%Rahman%' ORDER BY l.id DESC LIMIT 50",
    "search: name that nobody has": "SELECT l.* FROM licence l JOIN owner o ON o.id = l.owner_id WHERE o.name_en LIKE '%Zzyx%' LIMIT 50",
    "licences: without tag": "SELECT l.* FROM licence l WHERE l.state != 'cancelled' AND NOT EXISTS (SELECT 1 FROM epc_allocation a "
    "JOIN tag_binding b ON b.allocation_id = a.id WHERE a.licence_id = l.id AND b.retired_at IS NULL) ORDER BY l.id DESC LIMIT 51",
    "audit: action that never was": "SELECT * FROM audit_entry WHERE action LIKE 'officer:disable%' ORDER BY id DESC LIMIT 51",
}
"""By page: what is asked where no index, no table of words and no mark was made for the question."""


@dataclass(frozen=True, slots=True)
class PageFigures:
    engine: str
    name: str
    p50_ms: float
    p95_ms: float
    slowest_ms: float
    size_kb: float
    naive_ms: float | None = None
    """The bare question without our index, where there is a naive form of it."""

    @property
    def is_fast_enough(self) -> bool:
        return self.p95_ms <= WANTED_MS


def probes(vehicles: int, code_of: Callable[[int], str]) -> list[Probe]:
    """Every page, and each list with each of its filters. The needle of a search is a bike in the middle. `code_of` gives what is on a
    plate, by its serial.
    """
    middle, admin, magistrate = vehicles // 2 + 3, Role.ADMINISTRATOR, Role.MAGISTRATE
    licence, epc = f"/licences/{middle}", bytes(epc_of(middle)).hex()
    lists = {
        "newest": "",
        "deep page": f"?before={vehicles // 2}",
        **{f"state {state}": f"?state={state}" for state in LicenceState},
        **{f"class {kind}": f"?class={kind}" for kind in VehicleClass},
        **{f"term {term}": f"?term={term}" for term in TermFilter},
        "without tag": "?tag=none",
        "without tag, deep": f"?tag=none&before={vehicles // 2}",
        "suspended goods that ran out, without tag": "?state=suspended&class=goods&term=over&tag=none",
        "cancelled that run out soon": "?state=cancelled&term=soon",
    }
    needles = {
        "plate": f"KCC-P-{middle:06d}",
        "digits of a plate": f"{middle}",
        "mobile": f"017{middle:08d}",
        "chassis": f"BNCH{middle:09d}",
        "EPC": epc,
        "TID": tid_of(middle).hex(),
        "common name": "Md. Abdul Rahman",
        "one common word": "Rahman",
        "name that nobody has": "Zzyx Qwfp",
        "nothing like it": "??",
    }
    return [
        *(Probe(f"licences: {name}", "/licences", f"/licences{query}") for name, query in lists.items()),
        *(Probe(f"search: {name}", "/search", f"/search?q={needle}") for name, needle in needles.items()),
        Probe("record", "/licences/{licence_id}", licence),
        Probe("record: registered", "/licences/{licence_id}/registered", f"{licence}/registered"),
        Probe("record: tag", "/licences/{licence_id}/tag", f"{licence}/tag"),
        Probe("record: prints", "/licences/{licence_id}/prints", f"{licence}/prints"),
        Probe("record: correction", "/licences/{licence_id}/correction", f"{licence}/correction"),
        Probe("record: NID", "/licences/{licence_id}/nid", f"{licence}/nid"),
        Probe("record: suspend", "/licences/{licence_id}/change/{action}", f"{licence}/change/suspend"),
        Probe("form", "/licences/new", "/licences/new"),
        Probe("desks", "/desks", "/desks"),
        Probe("wall", "/wall", "/wall", Role.CHECKPOINT_OFFICER),
        Probe("wall: one place", "/wall", "/wall?checkpoint=place-1", Role.CHECKPOINT_OFFICER),
        Probe("home: magistrate", "/", "/", magistrate),
        Probe("home: licence officer", "/", "/"),
        Probe("review", "/review", "/review", magistrate),
        Probe("review: kind", "/review", "/review?kind=stolen", magistrate),
        Probe("review: place", "/review", "/review?checkpoint=1", magistrate),
        Probe("review: day", "/review", f"/review?day={today_utc().date()}", magistrate),
        Probe("review: one bike", "/review/{group}", "", magistrate),
        Probe("cases", "/cases", "/cases", magistrate),
        Probe("cases: deep page", "/cases", "/cases?before=2500", magistrate),
        Probe("case", "/cases/{case_id:int}", "/cases/77", magistrate),
        Probe("audit", "/audit", "/audit", admin),
        Probe("audit: record", "/audit", f"/audit?subject=KCC-P-{middle:06d}", admin),
        Probe("audit: officer", "/audit", f"/audit?by={officer_name(Role.MAGISTRATE)}", admin),
        Probe("audit: officer who did nothing", "/audit", f"/audit?by={officer_name(Role.CHECKPOINT_OFFICER)}", admin),
        Probe("audit: action", "/audit", "/audit?action=licence:renew", admin),
        Probe("audit: action that never was", "/audit", "/audit?action=officer:disable", admin),
        Probe("audit: day", "/audit", f"/audit?on={today_utc().date().replace(day=1)}", admin),
        Probe("audit: deep page", "/audit", "/audit?before=400000", admin),
        Probe("officers", "/officers", "/officers", admin),
        Probe("officers: new", "/officers/new", "/officers/new", admin),
        Probe("officers: one", "/officers/{officer_id}", "/officers/1", admin),
        Probe("shortcuts", "/shortcuts", "/shortcuts"),
        Probe("password", "/password", "/password"),
        Probe("sign-in", "/sign-in", "/sign-in", None),
        Probe("code of a plate", "/V/{code}", f"/V/{code_of(middle)}", None),
        Probe("alive", "/healthz", "/healthz", None),
        Probe("ready", "/readyz", "/readyz", None),
    ]


def main(vehicles: int = VEHICLES, hits: int = HITS, json_file: Annotated[Path | None, typer.Option("--json")] = None) -> None:
    console = Console(width=120)
    figures = measure(vehicles, hits, console)
    console.print(as_table(figures))
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(one) for one in figures], indent=2))


def measure(vehicles: int, hits: int, console: Console) -> list[PageFigures]:
    figures: list[PageFigures] = []
    for engine in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="ebike-bench-") as folder, database_on(engine, Path(folder)) as url:
            console.print(f"{engine}: writing {vehicles:,} vehicles …")
            database = Database(url)
            migrate(database)
            fill_registry(database, vehicles, today_utc())
            look_at_tables(database)
            naive = time_naive(database)
            pages = measure_on(engine, database, Path(folder), vehicles, hits)
            figures += [replace(page, naive_ms=naive.get(page.name)) for page in pages]
            database.close()
    return figures


def time_naive(database: Database) -> dict[str, float]:
    """By page, milliseconds of the same question as one would first put it, without page, session and sign-in around it."""
    took_ms = {}
    with database.read() as session:
        for page, statement in NAIVE.items():
            began_s = time.perf_counter()
            session.execute(text(statement)).all()
            took_ms[page] = (time.perf_counter() - began_s) * 1000
    return took_ms


def look_at_tables(database: Database) -> None:
    """What each start of the programs does on SQLite, and PostgreSQL by itself after a while."""
    refresh_statistics(database)
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def measure_on(engine: str, database: Database, folder: Path, vehicles: int, hits: int) -> list[PageFigures]:
    settings = Settings(data_dir=folder / "var", cookie_secure=False, web_port=0)
    secrets = load_or_create(settings.data_dir)
    app = create_app(settings, database, SystemClock(), secrets)
    wanted = probes(vehicles, lambda serial: drive_by_code(serial, secrets.qr_keys(AUTHORITY).mac_key))
    check_none_is_left_out(wanted)
    figures = []
    for role in (None, *Role):
        with signed_in(app, role) as browser:
            figures += [time_page(engine, browser, probe, hits) for probe in wanted if probe.role is role]
    return figures


def check_none_is_left_out(wanted: list[Probe]) -> None:
    """Raises ValueError for a page that has no probe: a new one is to be timed, too."""
    routes = {route.path for router in ROUTERS for route in router.routes if isinstance(route, Route) and "GET" in (route.methods or ())}
    missing = routes - {probe.route for probe in wanted} - NOT_PAGES
    if missing:
        raise ValueError(f"no probe for {', '.join(sorted(missing))}")


@contextmanager
def signed_in(app: FastAPI, role: Role | None) -> Iterator[TestClient]:
    with TestClient(app, base_url=HOST) as browser:
        if role is not None:
            token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/sign-in").text)
            assert token
            form = {"form_token": token[1], "sign_in_name": officer_name(role), "password": PASSWORD}
            answer = browser.post("/sign-in", data=form, headers={"Origin": HOST, "Sec-Fetch-Site": "same-origin"})
            assert answer.history, answer.status_code
        yield browser


def time_page(engine: str, browser: TestClient, probe: Probe, hits: int) -> PageFigures:
    """The first look counts: it is what an officer gets in the morning."""
    path = probe.path or first_bike_that_waits(browser)
    took_ms, size = [], 0
    for _ in range(hits):
        began_s = time.perf_counter()
        answer = browser.get(path)  # a search with one hit leads on to its record: both are waited for
        took_ms.append((time.perf_counter() - began_s) * 1000)
        size = len(answer.content)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    p95 = statistics.quantiles(took_ms, n=20, method="inclusive")[-1]
    return PageFigures(engine, probe.name, statistics.median(took_ms), p95, max(took_ms), size / 1024)


def first_bike_that_waits(browser: TestClient) -> str:
    found = re.search(r'href="(/review/[LT][^"?#]+)', browser.get("/review").text)
    assert found
    return found[1]


def as_table(figures: list[PageFigures]) -> Table:
    table = Table(title=f"Pages of the registry, milliseconds (wanted: {WANTED_MS:.0f} at p95)")
    engines = list(dict.fromkeys(one.engine for one in figures))
    table.add_column("page", no_wrap=True)
    for engine in engines:
        for what in ("p50", "p95", "naive / p50"):
            table.add_column(f"{engine}\n{what}", justify="right")
    by_page = {(one.engine, one.name): one for one in figures}
    for name in dict.fromkeys(one.name for one in figures):
        shown = [by_page[engine, name] for engine in engines]
        cells = [cell for one in shown for cell in cells_of(one)]
        table.add_row(name, *cells, style="" if all(one.is_fast_enough for one in shown) else "red")
    return table


def cells_of(one: PageFigures) -> tuple[str, ...]:
    ratio = "" if one.naive_ms is None else f"{one.naive_ms / one.p50_ms:.1f} x"
    return f"{one.p50_ms:.0f}", f"{one.p95_ms:.0f}", ratio


if __name__ == "__main__":
    typer.run(main)
