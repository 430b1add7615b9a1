"""The web application: features' routes and places on the pages' ground."""

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from registry_server.cases import routes as cases_routes
from registry_server.clock import Clock
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.issuance import check_routes, desk_routes
from registry_server.issuance import routes as issuance_routes
from registry_server.licences import correction_routes
from registry_server.licences import routes as licence_routes
from registry_server.licences.numbers import subject_in_log
from registry_server.secrets_box import SecretsBox
from registry_server.wall import routes as wall_routes
from registry_server.wall.feed import Feed
from registry_server.wall.source import DatabaseSource
from registry_server.web import audit_routes, errors, ground_routes, officer_routes, pages, sign_in_routes
from registry_server.web.middleware import BodyLimit, KnownHosts, NoNul, SecurityHeaders
from registry_server.web.navigation import Place
from registry_server.web.static_files import StaticFiles
from registry_server.web.texts import Texts

# A feature adds its router, and its places in the order of the navigation.
ROUTERS: tuple[APIRouter, ...] = (
    ground_routes.router,
    sign_in_routes.router,
    officer_routes.router,
    audit_routes.router,
    licence_routes.router,
    correction_routes.router,
    issuance_routes.router,
    desk_routes.router,
    check_routes.router,
    wall_routes.router,
    cases_routes.router,
)
PLACES: tuple[Place, ...] = (
    *licence_routes.PLACES,
    *issuance_routes.PLACES,
    *wall_routes.PLACES,
    *cases_routes.PLACES,
    *officer_routes.PLACES,
    *audit_routes.PLACES,
)

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
GZIP_FROM_BYTES = 500


def create_app(settings: Settings, database: Database, clock: Clock, secrets: SecretsBox) -> FastAPI:
    """The application over a migrated database. `app.state` holds what the dependencies of `web.deps` hand out."""
    app = FastAPI(title="ebike-registry", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings, app.state.database, app.state.clock, app.state.secrets = settings, database, clock, secrets
    app.state.texts, app.state.templates = Texts.load(), pages.environment()
    app.state.static_files, app.state.places = StaticFiles.load(), PLACES
    app.state.wall_feed = Feed(lambda: DatabaseSource.open(database, clock))
    for router in ROUTERS:
        app.include_router(router)
    app.state.has_search = any(getattr(route, "path", "") == "/search" for router in ROUTERS for route in router.routes)
    app.state.subject_of = subject_in_log
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(NoNul)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=5)  # leaves text/event-stream alone
    app.add_middleware(KnownHosts, names=(*LOCAL_HOSTS, settings.public_host, settings.web_host))
    app.add_middleware(SecurityHeaders, https_only=settings.cookie_secure)
    return app
