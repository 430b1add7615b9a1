"""The audit log as a page, for those who supervise."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from registry_server.audit.queries import AuditFilter, find_entries
from registry_server.authorities.models import Authority
from registry_server.people.models import Role
from registry_server.web import pages
from registry_server.web.address_values import find_day, find_row_id
from registry_server.web.audit_words import AuditWords, actions_meant
from registry_server.web.deps import ReadSession, SignedIn, require
from registry_server.web.navigation import Place

ROLES = (Role.ADMINISTRATOR, Role.MAGISTRATE)
PLACES = (Place("/audit", "audit.nav", frozenset(ROLES)),)
FIELDS = ("subject", "by", "action", "on", "before")
router = APIRouter()


@router.get("/audit")
def show_audit(request: Request, session: ReadSession, signed_in: Annotated[SignedIn, Depends(require(*ROLES))]) -> Response:
    typed = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    wanted, problems = _filter(request, typed, session.get_one(Authority, signed_in.authority_id))
    found = find_entries(session, wanted)
    older = f"/audit?{urlencode({**typed, 'before': found.next_before})}" if found.next_before else ""
    newest = f"/audit?{urlencode({**typed, 'before': ''})}" if wanted.before is not None else ""
    facts: dict[str, Any] = {
        "typed": typed,
        "problems": problems,
        "entries": found.entries,
        "words": AuditWords(pages.texts_of(request), pages.language_of(request)),
    }
    return pages.page(request, signed_in, "audit/log.html", older=older, newest=newest, **facts)


def _filter(request: Request, typed: dict[str, str], authority: Authority) -> tuple[AuditFilter, dict[str, str]]:
    """What was asked for, and what could not be read; an unreadable part filters nothing."""
    wanted = AuditFilter(
        subject=request.app.state.subject_of(typed["subject"], authority.plate_prefix_bn, authority.plate_prefix_en),
        by=typed["by"].lower(),
        actions=actions_meant(pages.texts_of(request), typed["action"]),
        on=find_day(typed["on"]),
        before=find_row_id(typed["before"]),
    )
    is_unread = bool(typed["on"]) and wanted.on is None
    return wanted, {"on": pages.say(request, "audit.day_unreadable")} if is_unread else {}
