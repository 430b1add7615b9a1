"""Where an officer can go. Features hand in their places through `app.py`; a place without roles is for every officer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from registry_server.people.models import Role

Count = Callable[[Session, datetime], int]
"""What waits there: from the officer's read session and the time."""


@dataclass(frozen=True, slots=True)
class Place:
    """One link of the navigation and one card of the home page. `<text_key>` names it, `<text_key>_hint` says what is done there."""

    path: str
    text_key: str
    roles: frozenset[Role] = frozenset()
    count: Count | None = None

    def is_open_to(self, role: Role) -> bool:
        return not self.roles or role in self.roles


def places_for(places: Iterable[Place], role: Role) -> list[Place]:
    return [place for place in places if place.is_open_to(role)]


def place_of(path: str, places: Iterable[Place]) -> Place | None:
    """The place that a page belongs to, so that the navigation marks it: the deepest one above the page."""
    above = [place for place in places if path == place.path or path.startswith(f"{place.path.rstrip('/')}/")]
    return max(above, key=lambda place: len(place.path), default=None)
