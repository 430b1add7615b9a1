"""The HTTP API of the issuing desk: a bearer token, JSON by `schemas.orders`, no cookie and so no CSRF token.

401 an unknown or revoked token · 404 no such job · 409 the registry says no, and the same report will not succeed later ·
413 a body over the limit · 422 a body that is not the contract's. Each with `{"detail": …}`, in Bangla for `Accept-Language: bn`.
"""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from msgspec import Meta, Struct
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from registry_server.audit.service import Act
from registry_server.errors import Conflict, NotFound, RegistryError
from registry_server.issuance import desks, service
from registry_server.issuance.models import Desk
from registry_server.web import pages
from registry_server.web.deps import Now, RegistryDatabase, Secrets
from registry_server.web.texts import Language
from schemas.errors import ContractError
from schemas.orders import EncodedTag, EncodingFailure, decode_order, encode_order

MAX_BODY_BYTES = 4096


class UnknownDesk(RegistryError):
    """No desk has this token, or no more."""

    def __init__(self) -> None:
        super().__init__("no desk has this token: it was mistyped or revoked. `ebike-server desk add` prints a new one")


class BodyTooLarge(RegistryError):
    def __init__(self) -> None:
        super().__init__(f"a report has at most {MAX_BODY_BYTES} bytes")


class Alive(Struct, frozen=True, forbid_unknown_fields=True):
    """What a desk says of itself now and then."""

    state: Annotated[str, Meta(min_length=1, max_length=20)]
    detail: Annotated[str, Meta(max_length=300)] = ""


class DeskRoute(APIRoute):
    """Refusals as JSON whatever the request accepts: a program asks here, never a browser."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except (RegistryError, ContractError) as refused:
                return _refusal(request, refused)

        return answer


@dataclass(frozen=True, slots=True)
class DeskVisit:
    """A desk that asks, in a unit of work of its authority."""

    desk: Desk
    session: Session
    act: Act


def _known_desk(request: Request, database: RegistryDatabase) -> tuple[int, int]:
    """The ids of the desk and of its authority."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    with database.read() as session:
        found = desks.find_desk(session, token.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise UnknownDesk
        return found.id, found.authority_id


KnownDesk = Annotated[tuple[int, int], Depends(_known_desk)]


async def _body(request: Request, _known: KnownDesk) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
    return bytes(body)


Body = Annotated[bytes, Depends(_body)]


def _desk_who_asks(known: KnownDesk, _body: Body, database: RegistryDatabase, at: Now) -> Iterator[DeskVisit]:
    """Begins once the body is here: a desk on a slow line must not hold the database's lock while it sends."""
    desk_id, authority_id = known
    with database.write(authority_id) as session:
        desk = session.get_one(Desk, desk_id)
        desks.note_alive(desk, at)
        yield DeskVisit(desk, session, Act(authority_id, f"desk:{desk.name}", at))


Asking = Annotated[DeskVisit, Depends(_desk_who_asks, scope="function")]
router = APIRouter(prefix="/desk/v1", route_class=DeskRoute)
NOTHING = 204


@router.post("/jobs/next")
def take_next_job(asking: Asking, secrets: Secrets) -> Response:
    """The job to do now, the same again until it is reported. The answer holds a password: no cache may keep it."""
    job = service.next_job(asking.session, asking.desk, act=asking.act, secrets=secrets)
    if job is None:
        return Response(status_code=NOTHING)
    return Response(encode_order(job), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post("/jobs/{job}/encoded")
def report_encoded(asking: Asking, job: int, body: Body) -> Response:
    report = decode_order(EncodedTag, body)
    _refuse_other_job(job, report.job)
    service.job_done(asking.session, asking.desk, report, act=asking.act)
    return Response(status_code=NOTHING)


@router.post("/jobs/{job}/failed")
def report_failed(asking: Asking, job: int, body: Body) -> Response:
    report = decode_order(EncodingFailure, body)
    _refuse_other_job(job, report.job)
    service.job_failed(asking.session, asking.desk, report, act=asking.act)
    return Response(status_code=NOTHING)


@router.post("/alive")
def report_alive(asking: Asking, body: Body) -> Response:
    report = decode_order(Alive, body)
    desks.note_alive(asking.desk, asking.act.at, report.state, report.detail)
    return Response(status_code=NOTHING)


def _refuse_other_job(in_address: int, in_report: int) -> None:
    if in_address != in_report:
        raise ContractError("job", f"{in_address} as in the address", str(in_report))


def _refusal(request: Request, refused: RegistryError | ContractError) -> Response:
    match refused:
        case UnknownDesk():
            return JSONResponse({"detail": str(refused)}, 401, headers={"WWW-Authenticate": "Bearer"})
        case BodyTooLarge():
            return JSONResponse({"detail": str(refused)}, 413)
        case NotFound():
            return JSONResponse({"detail": str(refused)}, 404)
        case ContractError():
            return JSONResponse({"detail": str(refused)}, 422)
        case Conflict():
            language = Language.BN if request.headers.get("accept-language", "").startswith("bn") else Language.EN
            return JSONResponse({"detail": pages.texts_of(request).say(language, f"error.{refused.code}", **refused.facts)}, 409)
        case _:
            raise refused
