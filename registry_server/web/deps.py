"""What a route may ask for in its signature: who is signed in, sessions, the time. The signature is the permission."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Request
from sqlalchemy.orm import Session

from registry_server.audit.service import Act
from registry_server.authorities.models import Authority
from registry_server.clock import Clock
from registry_server.config import Settings
from registry_server.db import Database
from registry_server.errors import NotAllowed, RegistryError
from registry_server.people import sign_in
from registry_server.people.models import Officer, OfficerSession, Role
from registry_server.people.throttle import canonical_address
from registry_server.people.wards import last_ward
from registry_server.secrets_box import SecretsBox
from registry_server.web import csrf

UNTYPED = dict.fromkeys({*range(32), 127, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0xFEFF} - set(b"\t\n\r"))
UNTIL_PASSWORD_IS_CHANGED = frozenset({"/password", "/sign-out"})


@dataclass(frozen=True, slots=True)
class AuthorityFacts:
    """What every page shows of the officer's authority."""

    slug: str
    name_bn: str
    name_en: str
    helpline: str
    last_ward: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The officer who asks."""

    officer_id: int
    authority_id: int
    sign_in_name: str
    full_name: str
    role: Role
    csrf_token: str
    must_change_password: bool
    authority: AuthorityFacts
    session: sign_in.SessionEnd

    def act(self, now: datetime) -> Act:
        return Act(self.authority_id, self.sign_in_name, now)


class SignInNeeded(RegistryError):
    """Nobody is signed in, or not any more."""


class PasswordChangeNeeded(RegistryError):
    """A one-time password opens nothing but the page where it is changed."""


def registry_database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def app_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def secrets_box(request: Request) -> SecretsBox:
    box: SecretsBox = request.app.state.secrets
    return box


def now(request: Request) -> datetime:
    clock: Clock = request.app.state.clock
    return clock.now()


def client_address(request: Request) -> str:
    """Who asks, as an IP address. A proxy that hands on what is none stands for its client."""
    settings: Settings = request.app.state.settings
    return canonical_address(request.client.host if request.client else "", settings.trusted_proxy)


async def posted(request: Request) -> dict[str, str]:
    """The text fields of the posted form, cleaned and stripped; the last one of a name counts. Files are not in it."""
    form = await request.form()
    return {name: cleaned(value) for name, value in form.multi_items() if isinstance(value, str)}


def cleaned(text: str) -> str:
    """Typed text without what nobody types: controls but tab and newline, and marks that turn the direction of writing.

    The joiners ZWJ and ZWNJ stay: Bangla is spelt with them.
    """
    return text.translate(UNTYPED).strip()


RegistryDatabase = Annotated[Database, Depends(registry_database)]
"""For pages that nobody signs in for, and for work between sessions. A session carries an authority only if it is given one."""
AppSettings = Annotated[Settings, Depends(app_settings)]
Secrets = Annotated[SecretsBox, Depends(secrets_box)]
ClientAddress = Annotated[str, Depends(client_address)]
Now = Annotated[datetime, Depends(now)]
Posted = Annotated[dict[str, str], Depends(posted)]
RecordId = Annotated[int, Path(le=2**63 - 1)]
"""The number of a record in an address. One that no database can hold names nothing: 404."""


def officer_who_asks(request: Request, form: Posted, database: RegistryDatabase, settings: AppSettings, at: Now) -> SignedIn:
    """Who asks, with a living session; for what changes something also from our own page (Origin) with this session's token.

    Raises SignInNeeded, PasswordChangeNeeded, csrf.Forged.
    """
    signed_in = find_signed_in(request, database, settings, at)
    if signed_in is None:
        raise SignInNeeded("sign in first")
    request.state.signed_in = signed_in
    if request.method not in csrf.SAFE_METHODS:
        csrf.check_origin(request)
        csrf.check_token(signed_in.csrf_token, form.get(csrf.FIELD) or request.headers.get(csrf.HEADER, ""))
    if signed_in.must_change_password and request.url.path not in UNTIL_PASSWORD_IS_CHANGED:
        raise PasswordChangeNeeded
    return signed_in


OfficerWhoAsks = Annotated[SignedIn, Depends(officer_who_asks)]


def require(*roles: Role) -> Callable[[SignedIn], SignedIn]:
    """The dependency of a route that these roles may use; without roles, every officer. Raises NotAllowed."""

    def signed_in_with_role(request: Request, signed_in: OfficerWhoAsks) -> SignedIn:
        if roles and signed_in.role not in roles:
            raise NotAllowed(signed_in.role, f"{request.method} {request.url.path}")
        return signed_in

    signed_in_with_role.roles = frozenset(roles or Role)  # type: ignore[attr-defined]  # read by the test that walks all routes
    return signed_in_with_role  # type: ignore[return-value]  # FastAPI gives the request; routes see the result only


def _read_session(database: RegistryDatabase, signed_in: OfficerWhoAsks) -> Iterator[Session]:
    with database.read(signed_in.authority_id) as session:
        yield session


def _write_session(database: RegistryDatabase, signed_in: OfficerWhoAsks) -> Iterator[Session]:
    with database.write(signed_in.authority_id) as session:
        yield session


# scope="function": the unit of work ends before the answer is sent. With FastAPI's default a commit that fails still answers 200.
ReadSession = Annotated[Session, Depends(_read_session, scope="function")]
WriteSession = Annotated[Session, Depends(_write_session, scope="function")]


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to this host and to https."""
    return "__Host-ebike" if settings.cookie_secure else "ebike"


def find_signed_in(request: Request, database: Database, settings: Settings, at: datetime) -> SignedIn | None:
    """Who sends this session cookie. Using a session keeps it alive."""
    token = request.cookies.get(cookie_name(settings))
    if not token:
        return None
    age = sign_in.SessionAge(settings.session_idle, settings.session_absolute)
    with database.read() as session:
        found = sign_in.find_session(session, token, at, age)
        if found is None:
            return None
        is_due = sign_in.needs_touch(found[0], at)
        end = sign_in.end_of(found[0], at if is_due else found[0].last_used_at, age)
        signed_in = _signed_in(session, *found, end)
    if is_due:
        with database.write() as session:
            sign_in.touch_session(session, token, at)
    return signed_in


def is_still_signed_in(request: Request) -> bool:
    """For a live stream, every few seconds: ends when the officer signs out, is disabled, or after the absolute age.

    Watching counts neither as use nor as idleness.
    """
    settings: Settings = request.app.state.settings
    token = request.cookies.get(cookie_name(settings), "")
    at = request.app.state.clock.now()
    with registry_database(request).read() as session:
        return (
            sign_in.find_session(session, token, at, sign_in.SessionAge(settings.session_absolute, settings.session_absolute)) is not None
        )


def _signed_in(session: Session, officer_session: OfficerSession, officer: Officer, end: sign_in.SessionEnd) -> SignedIn:
    authority = session.get_one(Authority, officer.authority_id)
    return SignedIn(
        officer_id=officer.id,
        authority_id=officer.authority_id,
        sign_in_name=officer.sign_in_name,
        full_name=officer.full_name,
        role=Role(officer.role),
        csrf_token=officer_session.csrf_token,
        must_change_password=officer.must_change_password,
        authority=AuthorityFacts(authority.slug, authority.name_bn, authority.name_en, authority.helpline, last_ward(authority.wards)),
        session=end,
    )
