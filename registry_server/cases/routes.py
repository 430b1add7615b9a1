"""The magistrate's pages: the queue, one bike at one place, the decision, the cases."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from registry_server.authorities.queries import checkpoints, get_checkpoint_by_id
from registry_server.cases import evidence, page_facts, queries, rules, service
from registry_server.cases.queries import PAGE_SIZE, Filter, Place
from registry_server.cases.rules import GroupKey, Looked
from registry_server.cases.states import CaseState, DismissReason
from registry_server.db import Database
from registry_server.errors import Conflict, FieldProblem, NotFound
from registry_server.matcher.facts import Chips
from registry_server.matcher.models import Flag
from registry_server.matcher.rules import compare_chips
from registry_server.matcher.sentences import A_PERSON_DECIDES
from registry_server.matcher.states import FlagKind
from registry_server.people.models import Role
from registry_server.sightings.models import Passage
from registry_server.web import formats, navigation
from registry_server.web.address_values import find_day, find_row_id
from registry_server.web.deps import Now, Posted, ReadSession, RecordId, RegistryDatabase, SignedIn, require
from registry_server.web.errors import problem_sentences
from registry_server.web.pages import language_of, page, redirect, say
from schemas.identifiers import ProofLevel

READERS = (Role.MAGISTRATE, Role.LICENCE_OFFICER, Role.ADMINISTRATOR, Role.CHECKPOINT_OFFICER)
PLACES = (
    navigation.Place("/review", "cases.place", frozenset(READERS), queries.count_waiting),
    navigation.Place("/cases", "cases.cases_place", frozenset(READERS)),
)
router = APIRouter()
Reader = Annotated[SignedIn, Depends(require(*READERS))]
Magistrate = Annotated[SignedIn, Depends(require(Role.MAGISTRATE))]
NOTHING_TYPED = {"reason": "", "dismiss_note": "", "confirm_note": "", "withdraw_note": ""}


@router.get("/review")
def show_queue(request: Request, signed_in: Reader, session: ReadSession) -> Response:
    typed = {name: request.query_params.get(name, "") for name in ("kind", "checkpoint", "day")}
    places = checkpoints(session)
    slugs = {place.slug: place.id for place in places}
    wanted = Filter(_kind(typed["kind"]), slugs.get(typed["checkpoint"]), find_day(typed["day"]))
    after = Place.parse(request.query_params.get("after", ""))
    waiting = queries.waiting(session, wanted, after, PAGE_SIZE + 1)
    shown, more = waiting[:PAGE_SIZE], waiting[PAGE_SIZE:]
    kept = {name: value for name, value in typed.items() if value}
    return page(
        request,
        signed_in,
        "cases/queue.html",
        waiting=shown,
        totals=queries.totals(session, wanted),
        typed=typed,
        is_filtered=bool(kept),
        kinds=list(rules.SERIOUSNESS),
        weights=rules.SERIOUSNESS,
        grave=rules.GRAVE,
        most_for_repeats=rules.MOST_FOR_REPEATS,
        places_to_choose=places,
        first=f"/review?{urlencode(kept)}" if after else "",
        next=f"/review?{urlencode({**kept, 'after': str(shown[-1].place)})}" if more else "",
    )


@router.get("/review/{group}")
def show_group(request: Request, signed_in: Reader, database: RegistryDatabase, now: Now, group: str) -> Response:
    """What is looked at is written down, before it is shown; what is not there is not."""
    key = GroupKey.parse(group)
    _record_view(database, signed_in, key, now)
    with database.read(signed_in.authority_id) as session:
        done = request.query_params.get("done", "")
        return _group_page(request, signed_in, session, key, Shown(done="dismissed" if done == "dismissed" else ""))


@router.post("/review/{group}/dismissal")
def dismiss(request: Request, signed_in: Magistrate, database: RegistryDatabase, now: Now, form: Posted, group: str) -> Response:
    key, looked = GroupKey.parse(group), Looked.parse(form.get("looked", ""))
    words = form.get("reason", ""), form.get("dismiss_note", "")
    try:
        with database.write(signed_in.authority_id) as session:
            service.dismiss(session, key, looked, words, signed_in.act(now))
    except (FieldProblem, Conflict) as refusal:
        return _group_again(request, signed_in, database, now, key, refusal, form)
    return redirect(f"/review/{key}?done=dismissed")


@router.post("/review/{group}/case")
def confirm(request: Request, signed_in: Magistrate, database: RegistryDatabase, now: Now, form: Posted, group: str) -> Response:
    key, looked = GroupKey.parse(group), Looked.parse(form.get("looked", ""))
    try:
        with database.write(signed_in.authority_id) as session:
            case = service.confirm(session, key, looked, form.get("confirm_note", ""), signed_in.act(now))
    except (FieldProblem, Conflict) as refusal:
        return _group_again(request, signed_in, database, now, key, refusal, form)
    return redirect(f"/cases/{case.id}?done=opened")


@router.get("/cases")
def show_cases(request: Request, signed_in: Reader, session: ReadSession) -> Response:
    found = queries.cases(session, find_row_id(request.query_params.get("before", "")), PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    older = f"/cases?before={shown[-1].case.id}" if len(found) > PAGE_SIZE else ""
    return page(request, signed_in, "cases/cases.html", cases=shown, older=older)


@router.get("/cases/{case_id:int}")
def show_case(request: Request, signed_in: Reader, database: RegistryDatabase, now: Now, case_id: RecordId) -> Response:
    """What is looked at is written down, before it is shown."""
    with database.write(signed_in.authority_id) as session:
        case = queries.get_case(session, case_id)
        service.record_case_view(session, case, queries.flags_of_case(session, case.id), signed_in.act(now))
    done = request.query_params.get("done", "")
    with database.read(signed_in.authority_id) as session:
        return _case_page(request, signed_in, session, case_id, Shown(done=done if done in {"opened", "withdrawn"} else ""))


@router.post("/cases/{case_id:int}/withdrawal")
def withdraw(request: Request, signed_in: Magistrate, database: RegistryDatabase, now: Now, form: Posted, case_id: RecordId) -> Response:
    try:
        with database.write(signed_in.authority_id) as session:
            service.withdraw(session, case_id, form.get("withdraw_note", ""), signed_in.act(now))
    except FieldProblem as problem:
        with database.write(signed_in.authority_id) as session:
            case = queries.get_case(session, case_id)
            service.record_case_view(session, case, queries.flags_of_case(session, case.id), signed_in.act(now))
        with database.read(signed_in.authority_id) as session:
            shown = Shown(422, problem_sentences(request, problem), NOTHING_TYPED | form)
            return _case_page(request, signed_in, session, case_id, shown)
    return redirect(f"/cases/{case_id}?done=withdrawn")


class Shown(NamedTuple):
    """How a page is shown again: with which status, problems, typed text, or after what was done."""

    status: int = 200
    problems: Mapping[str, str] = {}
    typed: Mapping[str, str] = NOTHING_TYPED
    done: str = ""
    conflict: str = ""


class FlagShown(NamedTuple):
    flag: Flag
    facts: page_facts.FlagFacts
    proof: ProofLevel
    """Of its passage by now."""
    raised_by: evidence.Message | None
    seen: list[evidence.Seen]
    health: evidence.HealthThen | None


def _group_again(  # noqa: PLR0913, PLR0917 — what a route names
    request: Request,
    signed_in: SignedIn,
    database: RegistryDatabase,
    at: datetime,
    key: GroupKey,
    refusal: FieldProblem | Conflict,
    form: dict[str, str],
) -> Response:
    """The page with what was typed, as it stands now: of two magistrates the slower one sees what the faster decided.

    It may show what has come since: that is looked at, too.
    """
    typed = NOTHING_TYPED | form
    _record_view(database, signed_in, key, at)
    with database.read(signed_in.authority_id) as session:
        if isinstance(refusal, FieldProblem):
            return _group_page(request, signed_in, session, key, Shown(422, problem_sentences(request, refusal), typed))
        decided_at = formats.time_of_day(datetime.fromisoformat(refusal.facts["at"]), language_of(request), with_seconds=True)
        sentence = say(request, f"error.{refusal.code}", by=refusal.facts["by"], at=decided_at)
        return _group_page(request, signed_in, session, key, Shown(409, {}, typed, conflict=sentence))


def _record_view(database: Database, signed_in: SignedIn, key: GroupKey, at: datetime) -> None:
    """Raises NotFound for an address where nothing is: it writes nothing into the log."""
    with database.write(signed_in.authority_id) as session:
        get_checkpoint_by_id(session, key.checkpoint_id)
        flags = queries.open_flags(session, key)
        if not flags and not queries.earlier(session, key):
            raise NotFound("review", key)
        service.record_view(session, key, flags, signed_in.act(at))


def _group_page(request: Request, signed_in: SignedIn, session: Session, key: GroupKey, shown: Shown) -> Response:
    flags = queries.open_flags(session, key)
    others = queries.earlier(session, key)
    checkpoint = get_checkpoint_by_id(session, key.checkpoint_id)
    if not flags and not others:
        raise NotFound("review", key)
    newest = flags[0] if flags else others[0].flag
    return page(
        request,
        signed_in,
        "cases/group.html",
        shown.status,
        key=key,
        flags=_shown_flags(request, session, flags[: queries.MOST_SHOWN]),
        count=len(flags),
        looked=queries.looked_at(flags),
        kinds=rules.by_seriousness(FlagKind(flag.kind) for flag in flags),
        grave=rules.GRAVE,
        earlier=others,
        checkpoint=checkpoint,
        bike=queries.find_bike(session, key.licence_id),
        epc=newest.epc.hex().upper(),
        reasons=_reasons(request),
        may_decide=signed_in.role is Role.MAGISTRATE,
        person_decides=A_PERSON_DECIDES,
        **_again(shown),
    )


def _case_page(request: Request, signed_in: SignedIn, session: Session, case_id: int, shown: Shown) -> Response:
    case = queries.get_case(session, case_id)
    return page(
        request,
        signed_in,
        "cases/case.html",
        shown.status,
        case=case,
        checkpoint=get_checkpoint_by_id(session, case.checkpoint_id),
        bike=queries.find_bike(session, case.licence_id),
        epc=case.epc.hex().upper(),
        key=GroupKey.of(case.licence_id, case.epc, case.checkpoint_id),
        flags=_shown_flags(request, session, queries.flags_of_case(session, case.id)[: queries.MOST_SHOWN]),
        grave=rules.GRAVE,
        may_withdraw=signed_in.role is Role.MAGISTRATE and case.state == CaseState.OPEN,
        person_decides=A_PERSON_DECIDES,
        **_again(shown),
    )


def _shown_flags(request: Request, session: Session, flags: Sequence[Flag]) -> list[FlagShown]:
    seen, health = evidence.sightings_of(session, flags), evidence.health_at(session, flags)
    passages, raised_by = queries.passages_of(session, flags), evidence.raising_messages(session, flags)
    language = language_of(request)
    return [
        FlagShown(
            flag,
            page_facts.of_flag(flag.facts, flag.law_sections, language, _chips(flag, passages)),
            ProofLevel(passages[flag.passage_id].proof_level if flag.passage_id in passages else flag.proof_level),
            raised_by.get(flag.id),
            seen[flag.id],
            health.get(flag.id),
        )
        for flag in flags
    ]


def _chips(flag: Flag, passages: Mapping[int, Passage]) -> Chips:
    here, there = passages.get(flag.passage_id), passages.get(flag.other_passage_id or 0)
    return compare_chips(here.tid, there.tid) if here is not None and there is not None else "unknown"


def _reasons(request: Request) -> list[tuple[str, str]]:
    return [(reason.value, say(request, f"cases.reason.{reason}")) for reason in DismissReason]


def _again(shown: Shown) -> dict[str, Any]:
    return {"problems": shown.problems, "typed": shown.typed, "done": shown.done, "conflict": shown.conflict}


def _kind(typed: str) -> FlagKind | None:
    return FlagKind(typed) if typed in set(FlagKind) else None
