"""What the desk and the registry say to each other over HTTP. The one door to httpx2.

`POST {server}/desk/v1/jobs/next` → 200 and a job, or 204 · `…/jobs/{job}/encoded` and `…/jobs/{job}/failed` → 204, or 409 with the
reason · `…/alive` → 204. All with `Authorization: Bearer TOKEN`. A job holds a tag's password, so plain HTTP is for this machine only.
"""

import ipaddress
import re
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

import httpx2

from plate_printer.errors import DeskMisused, ServerAway, ServerRefused
from schemas.errors import ContractError
from schemas.orders import EncodedTag, EncodingFailure, EncodingJob, decode_order, encode_order

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 10.0
UNAUTHORIZED = 401
MAX_DETAIL = 300  # letters that the registry takes
_WORTH_REPEATING = frozenset({408, 425, 429})
_NO_CONTENT = 204
_ERRNO = re.compile(r"\[Errno -?\d+\] ")


class DeskState(StrEnum):
    """What the office sees of this desk."""

    WAITING = "waiting"
    WRITING = "writing"
    READER_LOST = "reader_lost"


class RegistryClient:
    """One registry, one token. Every method raises ServerAway (try again) or ServerRefused (do not)."""

    def __init__(self, server: str, token: str) -> None:
        """Raises DeskMisused for an address over which a password must not travel."""
        self.server = server.rstrip("/")
        _require_private(self.server)
        self._http = httpx2.Client(
            headers={"Authorization": f"Bearer {token}", "Accept-Language": "bn"},
            timeout=httpx2.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def take_job(self) -> EncodingJob | None:
        """The next job for this desk, None when there is none. Taken again before it is reported, it is the same job."""
        response = self._post("/desk/v1/jobs/next", b"")
        if response.status_code == _NO_CONTENT:
            return None
        try:
            return decode_order(EncodingJob, response.content)
        except ContractError as error:
            raise ServerRefused(response.status_code, f"its answer is not a job that this desk can read: {error.expected}") from None

    def report(self, report: EncodedTag | EncodingFailure) -> None:
        """Hand in what became of a job. ServerRefused carries the registry's sentence, e.g. that the chip is another licence's."""
        verb = "encoded" if isinstance(report, EncodedTag) else "failed"
        self._post(f"/desk/v1/jobs/{report.job}/{verb}", encode_order(report))

    def say_alive(self, state: DeskState, detail: str) -> None:
        self._post("/desk/v1/alive", {"state": state, "detail": detail[:MAX_DETAIL]})

    def _post(self, path: str, body: bytes | dict[str, str]) -> httpx2.Response:
        try:
            if isinstance(body, bytes):
                response = self._http.post(self.server + path, content=body, headers={"Content-Type": "application/json"})
            else:
                response = self._http.post(self.server + path, json=body)
        except httpx2.HTTPError as error:
            raise ServerAway(self.server, _in_words(error)) from error
        _require_success(self.server, response)
        return response


def _in_words(error: httpx2.HTTPError) -> str:
    said = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return "its certificate is not believed; is --server the name that it bears, is it in date, and is this computer's clock right?"
    if isinstance(error, httpx2.TimeoutException):
        return "it does not answer in time"
    return _ERRNO.sub("", said)


def _require_success(server: str, response: httpx2.Response) -> None:
    status = response.status_code
    if status >= 500 or status in _WORTH_REPEATING:
        raise ServerAway(server, f"it answers {status}")
    if not response.is_success:
        raise ServerRefused(status, _detail_of(response))


def _detail_of(response: httpx2.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        body = None
    detail = body.get("detail") if isinstance(body, dict) else None
    return str(detail or response.reason_phrase)


def _require_private(server: str) -> None:
    try:
        parts = urlsplit(server)
        host = parts.hostname if parts.scheme in {"http", "https"} and parts.port != 0 else None
    except ValueError:
        host = None
    if not host:
        raise DeskMisused(f"--server: expected https://host or http://127.0.0.1:port, found {server!r}")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise DeskMisused(f"--server: {server} is plain HTTP to another machine, and jobs hold tag passwords; use https://")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
