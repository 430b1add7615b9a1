"""A form counts only if our own page sent it: the browser says from where, and the form carries the session's token."""

import hmac
from urllib.parse import urlsplit

from fastapi import Request

from registry_server.errors import RegistryError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "csrf_token"
HEADER = "x-csrf-token"
OWN_SITES = frozenset({"same-origin", "none"})


class Forged(RegistryError):
    """The request did not come from a page of this officer's session."""


def check_origin(request: Request) -> None:
    """Raises Forged for a request that another site caused."""
    if not is_from_our_site(request):
        raise Forged(f"from {request.headers.get('origin') or request.headers.get('sec-fetch-site')}")


def check_wanted(request: Request) -> None:
    """For a GET that leaves a trace in the books: raises Forged unless a person asked for it from our pages or by typing the address."""
    check_origin(request)
    if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
        raise Forged("the browser asks before the officer does")


def is_from_our_site(request: Request) -> bool:
    """As far as the browser says.

    The scheme is not compared: behind a proxy that ends TLS it differs. A client that names no origin at all is left to the token.
    """
    origin = request.headers.get("origin")
    is_same_host = origin is None or _host_of(origin) == request.headers.get("host")
    return is_same_host and request.headers.get("sec-fetch-site", "same-origin") in OWN_SITES


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as `http://[`
        return ""


def check_token(expected: str, found: str) -> None:
    if not expected or not hmac.compare_digest(expected.encode(), found.encode()):
        raise Forged("the token is not this session's")
