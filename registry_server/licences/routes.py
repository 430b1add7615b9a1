"""The licence officer's pages: list, search, registration, and what is done to a licence."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from secrets import randbits
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from registry_server.audit.service import Act
from registry_server.authorities.models import Authority
from registry_server.clock import dhaka_date, fiscal_year_of
from registry_server.errors import Conflict, FieldProblem, FieldProblems
from registry_server.licences import queries, service
from registry_server.licences.actions import GRAVE, Action
from registry_server.licences.models import Licence
from registry_server.licences.numbers import plate_numbers
from registry_server.licences.queries import ListFilter, TermFilter
from registry_server.licences.registration import FIELDS, fiscal_year, read_registration, reason, with_suggestions
from registry_server.licences.search import read_query
from registry_server.licences.states import LicenceState
from registry_server.licences.terms import YEARS_AHEAD, years_to_renew
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.people.models import Role
from registry_server.people.nid import nid
from registry_server.secrets_box import SecretsBox
from registry_server.web import pages
from registry_server.web.address_values import find_row_id
from registry_server.web.deps import Now, Posted, ReadSession, RecordId, Secrets, SignedIn, WriteSession, require
from registry_server.web.errors import problem_sentences, refusal_sentence
from registry_server.web.navigation import Place
from registry_server.web.texts import Language

READERS = (Role.LICENCE_OFFICER, Role.ADMINISTRATOR, Role.CHECKPOINT_OFFICER, Role.MAGISTRATE)
LIST_READERS = (Role.LICENCE_OFFICER, Role.ADMINISTRATOR)
PLACES = (
    Place("/licences", "licences.nav", frozenset(LIST_READERS)),
    Place("/licences/new", "licences.nav_new", frozenset({Role.LICENCE_OFFICER})),
)
CONFLICT_FIELDS = {
    "owner_has_licence": "nid",
    "owner_had_licence": "nid",
    "chassis_has_licence": "chassis",
    "chassis_had_licence": "chassis",
    "chassis_stolen": "chassis",
}
"""Where the form shows a conflict that only the database knows."""

_SCANNED = re.compile(r"\s*https?://[^/\s]+/V/(?P<code>[A-Z0-9-]+)\s*", re.IGNORECASE)
"""What a scanner at the counter types: the code of a plate or a card."""

Reader = Annotated[SignedIn, Depends(require(*READERS))]
ListReader = Annotated[SignedIn, Depends(require(*LIST_READERS))]
Officer = Annotated[SignedIn, Depends(require(Role.LICENCE_OFFICER))]
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at what, when."""

    request: Request
    session: Session
    signed_in: SignedIn
    now: datetime


_E = TypeVar("_E", bound=StrEnum)


@router.get("/licences")
def show_list(request: Request, session: ReadSession, signed_in: ListReader, now: Now) -> Response:
    typed = {name: request.query_params.get(name, "") for name in ("state", "class", "term", "tag", "before")}
    wanted = ListFilter(
        today=dhaka_date(now),
        state=_choice(LicenceState, typed["state"]),
        vehicle_class=_choice(VehicleClass, typed["class"]),
        term=_choice(TermFilter, typed["term"]),
        without_tag=typed["tag"] == "none",
        before=find_row_id(typed["before"]),
    )
    found = queries.find_page(session, signed_in.authority_id, wanted)
    older = f"/licences?{urlencode({**typed, 'before': found.next_before})}" if found.next_before else ""
    newest = f"/licences?{urlencode({**typed, 'before': ''})}" if wanted.before is not None else ""
    facts: dict[str, Any] = {"typed": typed, "found": found, "older": older, "newest": newest, "today": wanted.today}
    number_of = number_writer(Visit(request, session, signed_in, now))
    return pages.page(request, signed_in, "licences/list.html", number_of=number_of, **facts)


@router.get("/search")
def search(request: Request, session: ReadSession, signed_in: Reader, now: Now, q: str = "", refused: str = "") -> Response:
    """By anything but an NID, which must not stand in an address: it is led away from there before anything is shown."""
    visit = Visit(request, session, signed_in, now)
    sought = read_query(q, ())
    if sought.may_be_nid and sought.mobile is None:
        return pages.redirect("/search?refused=nid")
    if refused == "nid":
        return _results(visit, "", [], nid_in_address=True)
    return _show_hits(visit, q, None)


@router.post("/search")
def search_posted(request: Request, session: ReadSession, signed_in: Reader, now: Now, form: Posted, secrets: Secrets) -> Response:
    """By anything; an NID for the licence officer only."""
    may_seek_nid = signed_in.role == Role.LICENCE_OFFICER
    return _show_hits(Visit(request, session, signed_in, now), form.get("q", ""), secrets if may_seek_nid else None)


@router.get("/licences/new")
def show_form(request: Request, signed_in: Officer, now: Now) -> Response:
    return _form_page(request, signed_in, now, {"form_id": str(uuid.uuid4())})


@router.post("/licences/latin-name")
def suggest_latin_name(request: Request, signed_in: Officer, form: Posted) -> Response:
    """The field for the Latin name, filled from the Bangla one unless the officer has typed it. For htmx."""
    filled = with_suggestions(form)
    return HTMLResponse(pages.fragment(request, signed_in, "licences/latin_name.html", typed=filled, problems={}))


@router.post("/licences")
def register(request: Request, session: WriteSession, signed_in: Officer, now: Now, form: Posted, secrets: Secrets) -> Response:
    """An empty Latin name comes back filled with a suggestion, to be looked at and sent again."""
    try:
        values = read_registration(form, signed_in.authority.last_ward)
        licence = service.register(session, values, act=signed_in.act(now), secrets=secrets, random_bits=randbits)
    except (FieldProblem, FieldProblems, Conflict) as refused:
        session.rollback()
        return _form_page(request, signed_in, now, with_suggestions(form), registration_problems(request, refused, form))
    return pages.redirect(f"/licences/{licence.id}/registered")


@router.get("/licences/{licence_id}/change/{action}")
def show_action(request: Request, session: ReadSession, signed_in: Officer, now: Now, licence_id: RecordId, action: Action) -> Response:
    return _action_page(Visit(request, session, signed_in, now), licence_id, action)


@router.post("/licences/{licence_id}/change/{action}")
def act_on_licence(  # noqa: PLR0913, PLR0917 — a route names what it needs
    request: Request, session: WriteSession, signed_in: Officer, now: Now, licence_id: RecordId, action: Action, form: Posted
) -> Response:
    try:
        _do(session, licence_id, action, form, signed_in.act(now))
    except FieldProblem as refused:
        session.rollback()
        return _action_page(Visit(request, session, signed_in, now), licence_id, action, form, problem_sentences(request, refused))
    return pages.redirect(f"/licences/{licence_id}?done={action}")


@router.get("/licences/{licence_id}/nid")
def ask_for_nid(request: Request, session: ReadSession, signed_in: Officer, now: Now, licence_id: RecordId) -> Response:
    return _nid_page(Visit(request, session, signed_in, now), licence_id)


@router.post("/licences/{licence_id}/nid")
def reveal_nid(  # noqa: PLR0913, PLR0917 — a route names what it needs
    request: Request, session: WriteSession, signed_in: Officer, now: Now, licence_id: RecordId, form: Posted, secrets: Secrets
) -> Response:
    """Shown in the answer to the form and nowhere else: going back to the page asks again."""
    visit = Visit(request, session, signed_in, now)
    try:
        why = reason("reason", form.get("reason", ""))
    except FieldProblem as refused:
        return _nid_page(visit, licence_id, typed=form, problems=problem_sentences(request, refused))
    shown = service.reveal_nid(session, licence_id, why, act=signed_in.act(now), secrets=secrets)
    return _nid_page(visit, licence_id, nid=shown)


def number_writer(visit: Visit) -> Callable[[Licence], str]:
    """How the reader sees a licence's number: as on the plate, in the page's language."""
    authority = visit.session.get_one(Authority, visit.signed_in.authority_id)
    is_bangla = pages.language_of(visit.request) is Language.BN

    def write(licence: Licence) -> str:
        bangla, _ = plate_numbers(
            authority.plate_prefix_bn, authority.plate_prefix_en, VehicleClass(licence.vehicle.vehicle_class), licence.serial
        )
        return bangla if is_bangla else licence.number

    return write


def registration_problems(request: Request, refused: FieldProblem | FieldProblems | Conflict, form: dict[str, str]) -> dict[str, str]:
    """Sentences by field; a conflict stands at the field that it is about."""
    if isinstance(refused, Conflict):
        return {CONFLICT_FIELDS.get(refused.code, "name_bn"): refusal_sentence(request, refused) or str(refused)}
    sentences = problem_sentences(request, refused)
    problems = refused.problems if isinstance(refused, FieldProblems) else [refused]
    missing = {one.field: pages.say(request, f"licences.{one.field}") for one in problems if one.code == "missing"}
    sentences |= {field: pages.say(request, "licences.fill_in", field=label) for field, label in missing.items()}
    if "name_en" in sentences and with_suggestions(form).get("name_en", "") != form.get("name_en", ""):
        sentences["name_en"] = pages.say(request, "error.check_latin_name")
    elif "name_bn" in sentences and not form.get("name_en", "").strip():
        sentences.pop("name_en", None)  # it may stay empty: its suggestion comes with a Bangla name that can be read
    return sentences


def _do(session: Session, licence_id: int, action: Action, form: dict[str, str], act: Act) -> None:
    if action is Action.RENEW:
        year = fiscal_year("fiscal_year", form.get("fiscal_year", ""))
        if year is None:
            raise FieldProblem("fiscal_year", "missing")
        service.renew(session, licence_id, year, act=act)
        return
    why = reason("reason", form.get("reason", ""))
    if action is Action.REPLACE_TAG:
        service.replace_tag(session, licence_id, why, act=act, random_bits=randbits)
    else:
        VERBS[action](session, licence_id, why, act=act)


VERBS = {
    Action.SUSPEND: service.suspend,
    Action.RESUME: service.resume,
    Action.CANCEL: service.cancel,
    Action.STOLEN: service.report_stolen,
    Action.FOUND: service.report_found,
}


def _show_hits(visit: Visit, q: str, secrets: SecretsBox | None) -> Response:
    scanned = _SCANNED.fullmatch(q)
    if scanned is not None:
        return pages.redirect(f"/V/{scanned['code'].upper()}")
    authority = visit.session.get_one(Authority, visit.signed_in.authority_id)
    sought = read_query(q, (authority.plate_prefix_en, authority.plate_prefix_bn))
    hits = queries.find_exact(visit.session, authority.id, sought)
    if sought.may_be_nid and secrets is not None:
        hits += _hits_by_nid(visit.session, authority.id, q, secrets)
    if len({licence.id for licence in hits}) == 1:
        return pages.redirect(f"/licences/{hits[0].id}")
    hits = hits or queries.find_by_name(visit.session, authority.id, sought.words)
    shown = "" if sought.may_be_nid and sought.mobile is None else q
    return _results(visit, shown, hits, is_empty_query=not q.strip())


def _hits_by_nid(session: Session, authority_id: int, q: str, secrets: SecretsBox) -> list[Licence]:
    try:
        return queries.find_by_nid(session, authority_id, nid("q", q), secrets)
    except FieldProblem:
        return []


def _results(visit: Visit, q: str, hits: list[Licence], **facts: Any) -> Response:
    context: dict[str, Any] = {
        "nid_in_address": False,
        "is_empty_query": False,
        "most": queries.MOST_HITS,
        "today": dhaka_date(visit.now),
    } | facts
    tagged = queries.tagged_among(visit.session, hits)
    number_of = number_writer(visit)
    return pages.page(visit.request, visit.signed_in, "licences/search.html", q=q, hits=hits, tagged=tagged, number_of=number_of, **context)


def _form_page(request: Request, signed_in: SignedIn, now: Now, typed: dict[str, str], problems: dict[str, str] | None = None) -> Response:
    present = fiscal_year_of(dhaka_date(now))
    facts = {
        "typed": dict.fromkeys((*FIELDS, "form_id"), "") | typed,
        "problems": _in_form_order(problems or {}),
        "last_ward": signed_in.authority.last_ward,
        "years": list(range(present, present + YEARS_AHEAD + 1)),
    }
    return pages.page(request, signed_in, "licences/new.html", 422 if problems else 200, **facts)


def _action_page(
    visit: Visit, licence_id: int, action: Action, typed: dict[str, str] | None = None, problems: dict[str, str] | None = None
) -> Response:
    licence = service.get_record(visit.session, licence_id)
    facts: dict[str, Any] = {
        "licence": licence,
        "number": number_writer(visit)(licence),
        "action": action,
        "is_grave": action in GRAVE,
        "years": years_to_renew(licence.valid_until, dhaka_date(visit.now)),
        "typed": {"reason": "", "fiscal_year": ""} | (typed or {}),
        "problems": problems or {},
    }
    return pages.page(visit.request, visit.signed_in, "licences/action.html", 422 if problems else 200, **facts)


def _nid_page(visit: Visit, licence_id: int, **facts: Any) -> Response:
    licence = service.get_record(visit.session, licence_id)
    context = {"nid": "", "typed": {"reason": ""}, "problems": {}} | facts
    status = 422 if context["problems"] else 200
    number = number_writer(visit)(licence)
    return pages.page(visit.request, visit.signed_in, "licences/nid.html", status, licence=licence, number=number, **context)


def _in_form_order(problems: dict[str, str]) -> dict[str, str]:
    return {field: problems[field] for field in FIELDS if field in problems}


def _choice(kind: type[_E], typed: str) -> _E | None:
    return kind(typed) if typed in set(kind) else None
