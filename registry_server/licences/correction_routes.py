"""The page on which a licence officer corrects what a record says of its owner and its bike."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from registry_server.errors import Conflict, FieldProblem, FieldProblems
from registry_server.licences.correction import CORRECTED, correct, facts_of, read_correction, state_of
from registry_server.licences.routes import Officer, Visit, number_writer, registration_problems
from registry_server.licences.service import get_record, require_living
from registry_server.web import pages
from registry_server.web.deps import Now, Posted, ReadSession, RecordId, Secrets, WriteSession
from registry_server.web.formats import digits
from registry_server.web.pages import language_of
from registry_server.web.texts import Language

router = APIRouter()


@router.get("/licences/{licence_id}/correction")
def show_correction(request: Request, session: ReadSession, signed_in: Officer, now: Now, licence_id: RecordId) -> Response:
    return _form_page(Visit(request, session, signed_in, now), licence_id)


@router.post("/licences/{licence_id}/correction")
def correct_licence(  # noqa: PLR0913, PLR0917 — a route names what it needs
    request: Request, session: WriteSession, signed_in: Officer, now: Now, licence_id: RecordId, form: Posted, secrets: Secrets
) -> Response:
    """What is refused comes back with all that was typed and the record's present state: sent again, it counts."""
    try:
        correction = read_correction(form, signed_in.authority.last_ward)
        changes = correct(session, licence_id, correction, act=signed_in.act(now), secrets=secrets)
    except (FieldProblem, FieldProblems, Conflict) as refused:
        if isinstance(refused, Conflict) and refused.code == "licence_cancelled":
            raise
        session.rollback()
        problems = registration_problems(request, refused, form)
        return _form_page(Visit(request, session, signed_in, now), licence_id, form, problems)
    return pages.redirect(f"/licences/{licence_id}?done={'correct' if changes else 'unchanged'}")


def _form_page(visit: Visit, licence_id: int, typed: dict[str, str] | None = None, problems: dict[str, str] | None = None) -> Response:
    licence = require_living(get_record(visit.session, licence_id))
    shown = {"nid": "", "reason": ""} | _as_written(facts_of(licence), language_of(visit.request)) | (typed or {})
    said = problems or {}
    return pages.page(
        visit.request,
        visit.signed_in,
        "licences/correction.html",
        422 if said else 200,
        licence=licence,
        number=number_writer(visit)(licence),
        typed=shown,
        problems={field: said[field] for field in (*CORRECTED, "reason") if field in said},
        last_ward=visit.signed_in.authority.last_ward,
        seen=state_of(licence),
    )


def _as_written(facts: dict[str, str], language: Language) -> dict[str, str]:
    """Numbers as people write them: the mobile without the country, in the page's digits."""
    return facts | {"mobile": digits(facts["mobile"].removeprefix("+88"), language), "ward": digits(facts["ward"], language)}
