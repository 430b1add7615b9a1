"""What an entry of the audit log says, in the reader's words: the deed, the names of its facts, and values that are codes of ours. Pure."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from registry_server.web.formats import day, digits
from registry_server.web.texts import Language, Texts

DEEDS = ("audit.deed", "issuance.history")
"""The tables of texts that have a word for an action."""
NAMES = ("audit.fact", "licences", "people")
"""And for the name of a fact, and for a field that was changed."""
CODES = ("people.role", "licences.state", "licences.class", "cases.reason", "issuance.step")
"""And for a value."""


class AuditWords(NamedTuple):
    texts: Texts
    language: Language

    def deed(self, action: str) -> str:
        """Empty for a deed that has no words: its code stands beside them."""
        return self._word(DEEDS, action) or ""

    def name(self, fact: str) -> str:
        return self._word(NAMES, fact) or fact

    def value(self, value: object) -> str:
        match value:
            case None | "" | []:
                return "—"
            case Mapping():
                return "; ".join(f"{self.name(str(field))}: {' → '.join(map(self.value, pair))}" for field, pair in value.items())
            case list() | tuple():
                return ", ".join(map(self.value, value))
            case str():
                return self._word(CODES, value) or self._day_or_text(value)
            case _:
                return digits(value, self.language)

    def _day_or_text(self, text: str) -> str:
        try:
            return day(date.fromisoformat(text), self.language)
        except ValueError:
            return digits(text, self.language) if text.isdecimal() else text

    def _word(self, tables: tuple[str, ...], name: str) -> str | None:
        keys = (f"{table}.{name}" for table in tables)
        return next((self.texts.say(self.language, key) for key in keys if self.texts.has(key)), None)


def actions_meant(texts: Texts, typed: str) -> tuple[str, ...]:
    """The beginnings of actions that somebody who types this looks for: a code, or a part of its words in either language."""
    sought = _plain(typed)
    if not sought:
        return ()
    worded = {
        key.removeprefix(f"{table}.")
        for key, sentences in texts.by_key.items()
        for table in DEEDS
        if key.startswith(f"{table}.") and any(sought in _plain(sentence) for sentence in sentences.values())
    }
    return (typed, *sorted(worded))


def _plain(text: str) -> str:
    """NFC takes ড়, ঢ় and য় apart, however they were typed."""
    return unicodedata.normalize("NFC", text).strip().casefold()
