"""An officer's browser without the browser: signs in, watches the wall's stream, and tells when each passage came to the page."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from registry_server.clock import Clock
from registry_server.demo.seeding import SignIn
from registry_server.errors import SetupError

STREAM = "/wall/stream.json"
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One passage as it came to the page, `at_s` Unix time."""

    passage: int
    epc: str
    plate: str
    checkpoint: str
    kinds: tuple[str, ...]
    at_s: float


class Observer:
    """Watches in a thread until stopped."""

    def __init__(self, web_url: str, sign_in: SignIn, clock: Clock, saw: Callable[[Shown], None]) -> None:
        self._client = httpx2.Client(base_url=web_url, timeout=httpx2.Timeout(10.0, read=None), headers={"Origin": web_url})
        self._sign_in = sign_in
        self._clock = clock
        self._saw = saw
        self._stopped = threading.Event()
        self._watching = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="observer", daemon=True)

    def start(self) -> None:
        sign_in(self._client, self._sign_in)
        self._thread.start()
        if not self._watching.wait(10.0):
            raise SetupError("the wall's stream did not open")

    def stop(self) -> None:
        self._stopped.set()
        self._client.close()

    def _watch(self) -> None:
        last_id = ""
        while not self._stopped.is_set():
            try:
                for event_id, shown in self._events(last_id):
                    self._saw(shown)
                    last_id = event_id
            except (httpx2.HTTPError, httpx2.StreamError, RuntimeError):  # RuntimeError: the client was closed by `stop`
                self._stopped.wait(RETRY_S)

    def _events(self, last_id: str) -> Iterator[tuple[str, Shown]]:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with self._client.stream("GET", STREAM, headers=headers) as response:
            response.raise_for_status()
            self._watching.set()
            for line in response.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    last_id = value
                elif name == "data":
                    for row in _passages(json.loads(value)):
                        yield last_id, self._shown(row)

    def _shown(self, row: dict[str, Any]) -> Shown:
        return Shown(
            passage=row["passage"],
            epc=row["epc"].upper(),
            plate=row.get("plate") or "",
            checkpoint=row["checkpoint"],
            kinds=tuple(flag["kind"] for flag in row["flags"]),
            at_s=self._clock.now().timestamp(),
        )


def _passages(data: Any) -> list[dict[str, Any]]:
    if isinstance(data, list):
        return data
    return [data] if "passage" in data else []


def sign_in(client: httpx2.Client, who: SignIn) -> None:
    """Through the page, as a person does. Raises SetupError if it is refused."""
    client.get("/sign-in").raise_for_status()
    token = next((cookie.value for cookie in client.cookies.jar if "form" in cookie.name), "") or ""
    answer = client.post("/sign-in", data={"sign_in_name": who.name, "password": who.password, "form_token": token})
    if answer.status_code not in {200, 303}:
        raise SetupError(f"{who.name} could not sign in: the page answered {answer.status_code}")
