"""News as text: pieces of the page for people, one object a passage for programs. What is rendered is the same for all who ask alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from jinja2 import Environment

from registry_server.cases.rules import GroupKey, by_seriousness
from registry_server.matcher.sentences import Words
from registry_server.sightings.models import Verdict
from registry_server.wall.board import CheckpointNow, Passed
from registry_server.wall.feed import News
from registry_server.wall.position import Position
from registry_server.web.texts import Language, Texts

MOST_ROWS = 20
"""Legal passages that the page lists; of one tick no more are sent."""
MOST_CARDS = 12


@dataclass(frozen=True, slots=True)
class Show:
    """What one watcher wants: all checkpoints or one, in a language."""

    language: Language
    checkpoint: str | None = None

    def chosen(self, passed: Iterable[Passed]) -> list[Passed]:
        return [row for row in passed if self.checkpoint in {None, row.checkpoint}]


@dataclass(frozen=True, slots=True)
class Painter:
    """Templates and sentences; escapes everything that came from outside."""

    templates: Environment
    texts: Texts

    def piece(self, passed: Passed, language: Language, now: datetime) -> str:
        """A card for what is worth stopping, a row for what is in order."""
        plate = self.words(passed.bike.plate, language) if passed.bike else None
        facts: dict[str, Any] = {"passed": passed, "bike": passed.bike, "plate": plate, "place": self.words(passed.place, language)}
        if not passed.flags:
            return self._render("wall/clear_row.html", language, now, facts)
        kinds = by_seriousness(flag.kind for flag in passed.flags)
        licence_id = passed.bike.licence_id if passed.bike else None
        facts["reasons"] = [self.texts.say(language, f"cases.kind.{kind}") for kind in kinds]
        facts["review"] = str(GroupKey.of(licence_id, bytes.fromhex(passed.epc), passed.checkpoint_id))
        return self._render("wall/flag_card.html", language, now, facts)

    def health(self, checkpoints: Iterable[CheckpointNow], show: Show, now: datetime) -> str:
        shown = [checkpoint for checkpoint in checkpoints if show.checkpoint in {None, checkpoint.slug}]
        is_doubtful = not all(checkpoint.is_healthy(now) for checkpoint in shown)
        return self._render("wall/health.html", show.language, now, {"checkpoints": shown, "is_doubtful": is_doubtful})

    def page_event(self, show: Show, now: datetime, news: News) -> bytes:
        """The event for the page; nothing if the news does not concern what is shown."""
        if news.health is not None:
            return _event("health", {"html": self.health(news.health, show, now), "now": now})
        chosen = show.chosen(news.passed)
        clear = [passed for passed in chosen if not passed.flags]
        left_out = {passed.id for passed in clear[:-MOST_ROWS]}
        pieces = [self._piece_event(passed, show.language, now) for passed in chosen if passed.id not in left_out]
        return _event("passages", {"pieces": pieces}, str(news.position)) if pieces else b""

    @staticmethod
    def words(words: Words, language: Language) -> str:
        return words.bn if language is Language.BN else words.en

    def _piece_event(self, passed: Passed, language: Language, now: datetime) -> dict[str, Any]:
        return {
            "passage": passed.id,
            "flags": len(passed.flags),
            "seen_at": passed.seen_at,
            "received_at": passed.received_at,
            "html": self.piece(passed, language, now),
        }

    def _render(self, template: str, language: Language, now: datetime, facts: Mapping[str, Any]) -> str:
        context = {"t": partial(self.texts.say, language), "language": language, "now": now, **facts}
        return self.templates.get_template(template).render(context)


def program_events(show: Show, news: News) -> bytes:
    """One event for each passage; nothing is left out. The position stands with the last one: a batch is had whole or comes again."""
    chosen = show.chosen(news.passed)
    events = [_event("passage", describe(passed)) for passed in chosen[:-1]]
    events += [_event("passage", describe(passed), str(news.position)) for passed in chosen[-1:]]
    return b"".join(events)


def describe(passed: Passed) -> dict[str, Any]:
    """A passage as programs read it. `plate` and `licence` are null for a tag that is not in the register."""
    return {
        "passage": passed.id,
        "epc": passed.epc,
        "plate": passed.bike.plate.en if passed.bike else None,
        "licence": passed.bike.number if passed.bike else None,
        "checkpoint": passed.checkpoint,
        "lane": passed.lane,
        "verdict": Verdict.FLAGGED if passed.flags else Verdict.LEGAL,
        "proof_level": passed.proof_level,
        "flags": [{"id": flag.id, "kind": flag.kind} for flag in passed.flags],
        "seen_at": passed.seen_at,
        "received_at": passed.received_at,
    }


def sign(name: str, position: Position | None = None) -> bytes:
    """An event that says all by its name, and by its id where the client is to ask on."""
    return _event(name, {}, str(position or ""))


def _event(name: str, data: Mapping[str, Any], id_: str = "") -> bytes:
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {name}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
