"""The wall's page and its two streams."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from markupsafe import Markup
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sse_starlette import EventSourceResponse
from starlette.responses import Response

from registry_server.authorities.models import Checkpoint
from registry_server.authorities.queries import checkpoints
from registry_server.errors import NotFound
from registry_server.matcher.sentences import Words
from registry_server.people.models import Role
from registry_server.wall import queries
from registry_server.wall.feed import STREAMS_PER_OFFICER, Feed, News
from registry_server.wall.position import Position
from registry_server.wall.rendering import MOST_CARDS, MOST_ROWS, Painter, Show, program_events, sign
from registry_server.wall.stream import More, SignedOut, Stale, Viewer, follow
from registry_server.web.deps import Now, ReadSession, SignedIn, is_still_signed_in, registry_database, require
from registry_server.web.navigation import Place
from registry_server.web.pages import language_of, page, texts_of

log = structlog.get_logger()
ROLES = (Role.CHECKPOINT_OFFICER, Role.MAGISTRATE, Role.LICENCE_OFFICER, Role.ADMINISTRATOR)
PLACES = (Place("/wall", "wall.place", frozenset(ROLES)),)
SEND_WITHIN_S = 30.0
"""A client that takes nothing for so long is gone; it comes back with its position."""

STOP_WITHIN_S = 2.0
MOST_MISSED_PAGES = 20
"""Of PAGE_PASSAGES: a program that was away for long comes back for the rest, and holds no thread for all of it at once."""

router = APIRouter(prefix="/wall")
Watcher = Annotated[SignedIn, Depends(require(*ROLES))]


def wall_feed(request: Request) -> Feed:
    """The process's one feed."""
    feed: Feed = request.app.state.wall_feed
    return feed


@router.get("")
def show_wall(request: Request, signed_in: Watcher, session: ReadSession, now: Now, checkpoint: str = "") -> Response:
    choices = checkpoints(session)
    chosen = _chosen(choices, checkpoint)
    show, painter = Show(language_of(request), chosen.slug if chosen else None), _painter(request)
    position = queries.newest_position(session)
    id_ = chosen.id if chosen else None
    health = queries.health(session, [signed_in.authority_id], now)[signed_in.authority_id]
    flagged, clear = queries.latest_flagged(session, id_, MOST_CARDS), queries.latest_clear(session, id_, MOST_ROWS)
    query = f"?checkpoint={chosen.slug}" if chosen else ""
    return page(
        request,
        signed_in,
        "wall/wall.html",
        choices=choices,
        checkpoint=show.checkpoint,
        here_name=painter.words(_words(chosen), show.language) if chosen else "",
        here_path=f"/wall{query}",
        stream=f"/wall/stream{query}",
        position=position,
        limit=STREAMS_PER_OFFICER,
        health=Markup(painter.health(health, show, now)),  # noqa: S704 — rendered by our templates, which escape
        cards=Markup("").join(Markup(painter.piece(passed, show.language, now)) for passed in flagged),  # noqa: S704 — the same
        rows=Markup("").join(Markup(painter.piece(passed, show.language, now)) for passed in clear),  # noqa: S704 — the same
        most_cards=MOST_CARDS,
        most_rows=MOST_ROWS,
    )


class Start:
    """Where a stream begins: `Last-Event-ID` of a browser that comes back, else `after`, else now."""

    def __init__(self, after: Annotated[str, Query()] = "", last_event_id: Annotated[str, Header()] = "") -> None:
        self.position = Position.parse(last_event_id) or Position.parse(after)

    def or_now(self, session: Session) -> Position:
        newest = queries.newest_position(session)
        return (
            newest if self.position is None else Position(min(self.position.passage, newest.passage), min(self.position.flag, newest.flag))
        )


Starting = Annotated[Start, Depends()]


@router.get("/stream")
def stream_page(
    request: Request, signed_in: Watcher, starting: Starting, session: ReadSession, checkpoint: str = ""
) -> EventSourceResponse:
    """Events `passages` (pieces of the page), `health`, `stale` (load the page again), `signed_out`."""
    show, painter, clock = _show(request, session, checkpoint), _painter(request), request.app.state.clock
    viewer = _viewer(request, signed_in, 1, lambda _: Stale())
    return _stream(
        request, viewer, starting.or_now(session), lambda news: news.text(show, lambda one: painter.page_event(show, clock.now(), one))
    )


@router.get("/stream.json")
def stream_for_programs(
    request: Request, signed_in: Watcher, starting: Starting, session: ReadSession, checkpoint: str = ""
) -> EventSourceResponse:
    """One event `passage` for each, nothing left out; again when a later read raises one more flag on it.

    After MOST_MISSED_PAGES of what was missed the stream ends with the event `more`, whose id is where to ask on: an EventSource does so
    by itself.
    """
    show = _show(request, session, checkpoint)
    key = ("json", show.checkpoint)
    viewer = _viewer(request, signed_in, MOST_MISSED_PAGES, More)
    return _stream(request, viewer, starting.or_now(session), lambda news: news.text(key, lambda one: program_events(show, one)))


def _stream(request: Request, viewer: Viewer, start: Position, encode: Callable[[News], bytes]) -> EventSourceResponse:
    feed = wall_feed(request)
    feed.check_room(viewer.officer_id)
    return EventSourceResponse(
        _events(feed, viewer, start, encode),
        send_timeout=SEND_WITHIN_S,
        sep="\n",
        shutdown_event=viewer.stopping,
        shutdown_grace_period=STOP_WITHIN_S,
    )


async def _events(feed: Feed, viewer: Viewer, start: Position, encode: Callable[[News], bytes]) -> AsyncIterator[bytes]:
    try:
        async for news in follow(feed, viewer, start):
            match news:
                case Stale():
                    yield sign("stale")
                case More(position):
                    yield sign("more", position)
                case SignedOut():
                    yield sign("signed_out")
                case _:
                    if text := encode(news):
                        yield text
    except OperationalError as error:
        log.warning("a wall's stream lost the database; it will ask again", reason=str(error.orig))


def _viewer(request: Request, signed_in: SignedIn, most_missed_pages: int, too_much: Callable[[Position], Stale | More]) -> Viewer:
    database = registry_database(request)

    def missed(position: Position, limit: int) -> queries.Page:
        with database.read(signed_in.authority_id) as session:
            return queries.passed_after(session, position, limit)

    return Viewer(signed_in.authority_id, signed_in.officer_id, missed, lambda: is_still_signed_in(request), most_missed_pages, too_much)


def _painter(request: Request) -> Painter:
    return Painter(request.app.state.templates, texts_of(request))


def _show(request: Request, session: Session, checkpoint: str) -> Show:
    chosen = _chosen(checkpoints(session), checkpoint)
    return Show(language_of(request), chosen.slug if chosen else None)


def _chosen(choices: Sequence[Checkpoint], slug: str) -> Checkpoint | None:
    """None for all. Raises NotFound for one that this authority does not have."""
    if not slug:
        return None
    for checkpoint in choices:
        if checkpoint.slug == slug:
            return checkpoint
    raise NotFound("checkpoint", slug)


def _words(checkpoint: Checkpoint) -> Words:
    return Words(checkpoint.name_bn, checkpoint.name_en)
