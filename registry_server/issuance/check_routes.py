"""The page that the code on a plate or a card opens, for everybody with a phone: whether this office issued it, and what to compare."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from registry_server.clock import dhaka_date
from registry_server.issuance.checking import find_issued
from registry_server.web import pages
from registry_server.web.deps import AppSettings, Now, RegistryDatabase, Secrets, find_signed_in

router = APIRouter()


@router.get("/V/{code}")
def check_code(request: Request, database: RegistryDatabase, settings: AppSettings, secrets: Secrets, now: Now, code: str) -> Response:
    """Names no person. An officer of the authority finds the way to the record."""
    issued = find_issued(database, code, secrets, dhaka_date(now))
    signed_in = find_signed_in(request, database, settings, now)
    is_ours = issued is not None and signed_in is not None and signed_in.authority_id == issued.authority_id
    return pages.page(request, signed_in, "issuance/check.html", 200 if issued else 404, issued=issued, is_ours=is_ours)
