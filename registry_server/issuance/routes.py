"""A licence's record with its tag, plate and card; the PDFs; the desks.

The record page stands here and not with the licences, for it shows what both features know.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from secrets import randbits
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from registry_server.audit.models import AuditEntry
from registry_server.clock import dhaka_date, fiscal_year_of
from registry_server.epc_allocation import service as epc_allocation
from registry_server.epc_allocation.models import EpcAllocation, TagBinding
from registry_server.issuance import desks, service
from registry_server.issuance.models import Desk, JobState, TagJob
from registry_server.issuance.orders import Codes
from registry_server.issuance.printing import DocumentKind, Drawing, outdated_among, print_document, prints_of, reprint_document
from registry_server.licences.actions import Action, open_actions
from registry_server.licences.models import Licence
from registry_server.licences.queries import history_of, namesakes_of
from registry_server.licences.routes import Officer, Reader, Visit, number_writer
from registry_server.licences.service import get_record
from registry_server.licences.states import LicenceState
from registry_server.people.models import Role
from registry_server.web import pages
from registry_server.web.csrf import check_wanted
from registry_server.web.deps import AppSettings, Now, ReadSession, RecordId, RegistryDatabase, Secrets, SignedIn, WriteSession, require
from registry_server.web.navigation import Place
from schemas.epc import Epc
from schemas.tid import Tid

DESK_READERS = (Role.LICENCE_OFFICER, Role.ADMINISTRATOR)
PLACES = (Place("/desks", "issuance.nav", frozenset(DESK_READERS)),)
REFRESH_S = 2
router = APIRouter()


class Shown(StrEnum):
    """The page that a piece is for."""

    RECORD = "record"
    REGISTERED = "registered"


def our_codes(secrets: Secrets, settings: AppSettings) -> Codes:
    return Codes(secrets, settings.public_host)


OurCodes = Annotated[Codes, Depends(our_codes)]


@dataclass(frozen=True, slots=True)
class TagView:
    """What the page shows of a licence's tag."""

    allocation: EpcAllocation
    epc: str
    binding: TagBinding | None
    tid: str
    job: TagJob | None
    desk: Desk | None
    awake_desks: int

    @property
    def is_moving(self) -> bool:
        """Whether a look in a moment may show something new."""
        return self.binding is None and self.job is not None and self.job.state in {JobState.WAITING, JobState.TAKEN}


@router.get("/licences/{licence_id}")
def show_record(  # noqa: PLR0913, PLR0917 — a route names what it needs
    request: Request, session: ReadSession, signed_in: Reader, now: Now, licence_id: RecordId, codes: OurCodes, done: str = ""
) -> Response:
    visit = Visit(request, session, signed_in, now)
    licence = get_record(session, licence_id)
    actions = _actions(licence, dhaka_date(now)) if signed_in.role == Role.LICENCE_OFFICER else []
    done_key = next(
        (f"{feature}.done.{done}" for feature in ("licences", "issuance") if pages.texts_of(request).has(f"{feature}.done.{done}")), ""
    )
    facts = _record_facts(visit, licence) | _print_facts(visit, licence, codes)
    return pages.page(request, signed_in, "issuance/record.html", actions=actions, done_key=done_key, on=Shown.RECORD, **facts)


@router.get("/licences/{licence_id}/registered")
def show_registered(
    request: Request, session: ReadSession, signed_in: Officer, now: Now, licence_id: RecordId, codes: OurCodes
) -> Response:
    """What comes after the form: the number and the next steps. Can be opened again."""
    visit = Visit(request, session, signed_in, now)
    licence = get_record(session, licence_id)
    namesakes = [(other.id, number_writer(visit)(other)) for other in namesakes_of(session, licence)]
    facts = _record_facts(visit, licence) | _print_facts(visit, licence, codes)
    return pages.page(request, signed_in, "issuance/registered.html", on=Shown.REGISTERED, namesakes=namesakes, **facts)


@router.get("/licences/{licence_id}/tag")
def show_tag(  # noqa: PLR0913, PLR0917 — a route names what it needs
    request: Request, session: ReadSession, signed_in: Reader, now: Now, licence_id: RecordId, codes: OurCodes, on: Shown = Shown.RECORD
) -> Response:
    """The tag's part of a page, asked again every REFRESH_S while a desk is at it; the last brings what changes on the page `on`."""
    visit = Visit(request, session, signed_in, now)
    licence = get_record(session, licence_id)
    facts = _record_facts(visit, licence)
    parts = [pages.fragment(request, signed_in, "issuance/tag.html", on=on, **facts)]
    if not facts["tag"].is_moving:
        parts.append(_news(visit, on, facts | _print_facts(visit, licence, codes)))
    return HTMLResponse("".join(parts), headers={"Cache-Control": "no-store"})


@router.get("/licences/{licence_id}/prints")
def show_prints(  # noqa: PLR0913, PLR0917 — a route names what it needs
    request: Request, session: ReadSession, signed_in: Reader, now: Now, licence_id: RecordId, codes: OurCodes, on: Shown = Shown.RECORD
) -> Response:
    """What a print changes on the page `on`: asked when the officer comes back to it from the PDF."""
    visit = Visit(request, session, signed_in, now)
    licence = get_record(session, licence_id)
    news = _news(visit, on, _record_facts(visit, licence) | _print_facts(visit, licence, codes))
    return HTMLResponse(news, headers={"Cache-Control": "no-store"})


@router.post("/licences/{licence_id}/tag")
def order_tag(session: WriteSession, signed_in: Officer, now: Now, licence_id: RecordId, secrets: Secrets) -> Response:
    service.order_tag(session, licence_id, act=signed_in.act(now), secrets=secrets, random_bits=randbits)
    return pages.redirect(f"/licences/{licence_id}?done=tag#tag")


@router.post("/licences/{licence_id}/tag/take-back")
def take_back(session: WriteSession, signed_in: Officer, now: Now, licence_id: RecordId) -> Response:
    allocation = service.get_allocation(session, get_record(session, licence_id))
    job = service.find_open_job(session, allocation)
    if job is not None:
        service.take_back(session, job.id, act=signed_in.act(now))
    return pages.redirect(f"/licences/{licence_id}?done=taken-back#tag")


@router.post("/licences/{licence_id}/{kind}.pdf")
def print_pdf(
    database: RegistryDatabase, signed_in: Officer, now: Now, licence_id: RecordId, kind: DocumentKind, codes: OurCodes
) -> Response:
    return _pdf(print_document(database, licence_id, kind, act=signed_in.act(now), codes=codes))


@router.get("/licences/{licence_id}/{kind}.pdf", dependencies=[Depends(check_wanted)])
def reprint_pdf(
    database: RegistryDatabase, signed_in: Officer, now: Now, licence_id: RecordId, kind: DocumentKind, codes: OurCodes
) -> Response:
    """For the browser that reloads or saves what it was sent: a further copy, counted as one. Another site's link makes none."""
    return _pdf(reprint_document(database, licence_id, kind, act=signed_in.act(now), codes=codes))


@router.get("/desks")
def show_desks(
    request: Request, session: ReadSession, signed_in: Annotated[SignedIn, Depends(require(*DESK_READERS))], now: Now
) -> Response:
    rows = [(desk, desks.is_awake(desk, now)) for desk in desks.desks_of(session, signed_in.authority_id)]
    waiting = service.count_waiting(session, signed_in.authority_id)
    return pages.page(request, signed_in, "issuance/desks.html", rows=rows, waiting=waiting)


def tag_view(visit: Visit, licence: Licence) -> TagView:
    allocation = service.get_allocation(visit.session, licence)
    binding = epc_allocation.find_binding(visit.session, allocation)
    job = service.find_last_job(visit.session, allocation)
    desk = visit.session.get(Desk, job.desk_id) if job is not None and job.desk_id is not None else None
    awake = sum(desks.is_awake(one, visit.now) for one in desks.desks_of(visit.session, licence.authority_id))
    return TagView(allocation, str(Epc(allocation.epc)), binding, str(Tid(binding.tid)) if binding else "", job, desk, awake)


def _failed_step(request: Request, job: TagJob | None) -> str:
    """In words; a step that another version of the desk names, as it is."""
    step = job.failure_step if job else ""
    return pages.say(request, f"issuance.step.{step}") if pages.texts_of(request).has(f"issuance.step.{step}") else step


def _record_facts(visit: Visit, licence: Licence) -> dict[str, Any]:
    today, tag = dhaka_date(visit.now), tag_view(visit, licence)
    return {
        "licence": licence,
        "number": number_writer(visit)(licence),
        "today": today,
        "fiscal_year": fiscal_year_of(licence.valid_until),
        "tag": tag,
        "is_officer": visit.signed_in.role == Role.LICENCE_OFFICER,
        "refresh_s": REFRESH_S,
        "failed_step": _failed_step(visit.request, tag.job),
    }


def _print_facts(visit: Visit, licence: Licence, codes: Codes) -> dict[str, Any]:
    return {
        "prints": prints_of(visit.session, licence.id),
        "outdated": outdated_among(visit.session, licence, codes),
        "kinds": list(DocumentKind),
        "history": [(entry, _label_of(visit.request, entry)) for entry in history_of(visit.session, licence)],
    }


def _news(visit: Visit, on: Shown, facts: dict[str, Any]) -> str:
    return pages.fragment(visit.request, visit.signed_in, f"issuance/{on}_news.html", is_news=True, **facts)


def _actions(licence: Licence, today: date) -> list[Action]:
    is_stolen = licence.vehicle.stolen_at is not None
    return open_actions(LicenceState(licence.state), is_stolen=is_stolen, valid_until=licence.valid_until, today=today)


def _label_of(request: Request, entry: AuditEntry) -> str:
    """The deed in words; as the audit log writes it if it has none."""
    key = f"issuance.history.{entry.action}"
    return pages.say(request, key) if pages.texts_of(request).has(key) else entry.action


def _pdf(printed: Drawing) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{printed.number}-{printed.kind}.pdf"', "Cache-Control": "no-store"}
    return Response(printed.pdf, media_type="application/pdf", headers=headers)
