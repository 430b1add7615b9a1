"""What a flag rests on as labelled lines for a page: the label's text, the value as people read it, the raw value beside it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from registry_server.matcher.facts import Chips, Facts, ImpossibleTravel, read_facts
from registry_server.matcher.law import SECTIONS, LawSection
from registry_server.matcher.sentences import Words, sentence_of
from registry_server.web import formats
from registry_server.web.texts import Language

HIDDEN = frozenset({"other_checkpoint_id", "other_name_bn", "other_name_en"})
WORDED = frozenset({"numbering", "reason", "chips"})
"""Facts whose value is a name with a sentence of its own: `cases.fact_value.<value>`."""


class FactLine(NamedTuple):
    """`shown` None: the value has the text `cases.fact_value.<raw>`."""

    name: str
    shown: str | None
    raw: str


class FlagFacts(NamedTuple):
    """`facts` None: written by another version of this program; the raw lines still stand."""

    sentence: Words | None
    lines: list[FactLine]
    sections: list[LawSection]


def of_flag(stored: Mapping[str, Any], law_sections: Iterable[str], language: Language, chips: Chips = "unknown") -> FlagFacts:
    """`stored` and `law_sections` as they stand in the flag's row. `chips`: of impossible travel, as far as both have been read by now;
    at the moment of judgement most had not answered yet.
    """
    sections = [SECTIONS[key] for key in law_sections if key in SECTIONS]
    try:
        facts = read_facts(stored)
    except msgspec.ValidationError:
        return FlagFacts(None, [FactLine(str(name), str(value), str(value)) for name, value in stored.items()], sections)
    if isinstance(facts, ImpossibleTravel) and facts.chips == "unknown":
        facts = msgspec.structs.replace(facts, chips=chips)
    return FlagFacts(sentence_of(facts), lines(facts, language), sections)


def lines(facts: Facts, language: Language) -> list[FactLine]:
    found = [_line(name, getattr(facts, name), language) for name in facts.__struct_fields__ if name not in HIDDEN]
    if isinstance(facts, ImpossibleTravel):
        other = facts.other_name_bn if language is Language.BN else facts.other_name_en
        found.insert(0, FactLine("other_checkpoint", other, ""))
        speed = f"{facts.road_m / max(facts.apart_s, 0.001) * 3.6:.0f}"
        found.append(FactLine("speed_kmh", formats.digits(speed, language), speed))
    return [line for line in found if line.shown != ""]


def _line(name: str, value: Any, language: Language) -> FactLine:
    raw = value.isoformat() if isinstance(value, date) else str(value)
    if name in WORDED:
        return FactLine(name, None, raw)
    if isinstance(value, datetime):
        shown = f"{formats.day(value, language)}, {formats.time_of_day(value, language, with_seconds=True)}"
    elif isinstance(value, date):
        shown = formats.day(value, language)
    elif value is None:
        shown = ""
    elif isinstance(value, str):
        shown = value
    else:
        shown = formats.digits(f"{value:g}" if value < 10_000 else f"{value:.0f}", language)
    return FactLine(name, shown, raw)
