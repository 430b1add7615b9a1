"""Every kind has a sentence in both languages, and says what is not known."""

import re
from datetime import UTC, date, datetime
from typing import get_args

import pytest

from registry_server.matcher.facts import (
    Cancelled,
    Expired,
    Facts,
    ImpossibleTravel,
    NeverIssued,
    RetiredTag,
    Stolen,
    Suspended,
    TidMismatch,
    UnknownTag,
)
from registry_server.matcher.law import SECTIONS, sections_for
from registry_server.matcher.sentences import A_PERSON_DECIDES, sentence_of
from registry_server.matcher.states import FlagKind

AT = datetime(2026, 11, 22, 19, tzinfo=UTC)  # the 23rd in Dhaka
DAY = date(2026, 6, 30)
EXAMPLES: list[Facts] = [
    UnknownTag("foreign"),
    UnknownTag("other_authority", 12),
    NeverIssued(1, 1, "no_such_number"),
    NeverIssued(1, 1, "not_bound"),
    RetiredTag(AT),
    TidMismatch("E280", "E281"),
    Expired(DAY, DAY),
    Suspended(DAY, AT),
    Cancelled(DAY, AT),
    Stolen(AT),
    ImpossibleTravel(2, "দূরে", "Far", AT, 60.0, 1201.4, 20.0, 20_015, 24_018, 60.0, "same"),
]


def test_every_kind_is_tried_here() -> None:
    assert {type(facts) for facts in EXAMPLES} == set(get_args(Facts))
    assert {facts.kind for facts in EXAMPLES} == set(FlagKind)


@pytest.mark.parametrize("facts", EXAMPLES, ids=lambda facts: f"{facts.kind} {getattr(facts, 'reason', '')}")
def test_a_sentence_is_in_its_language(facts: Facts) -> None:
    words = sentence_of(facts)
    assert re.search("[\u0980-\u09ff]", words.bn)
    assert words.bn.endswith("।")
    assert words.en.endswith(".")
    assert not re.search("[\u0980-\u09ff]", words.en)


def test_bangla_sentences_have_bangla_digits() -> None:
    assert "৩০/০৬/২০২৬" in sentence_of(Expired(DAY, DAY)).bn
    assert "২৪.০ কিমি" in sentence_of(EXAMPLES[-1]).bn


def test_days_are_those_of_bangladesh() -> None:
    for facts in (Stolen(AT), Suspended(DAY, AT), Cancelled(DAY, AT)):
        assert "23/11/2026" in sentence_of(facts).en


def test_no_sentence_convicts() -> None:
    for facts in EXAMPLES:
        assert not re.search("guilty|offender|illegal|criminal", sentence_of(facts).en)
    assert "a person decides" in A_PERSON_DECIDES.en


@pytest.mark.parametrize("law", ["city_corporation_2009", "pourashava_2009"])
@pytest.mark.parametrize("facts", EXAMPLES, ids=lambda facts: f"{facts.kind} {getattr(facts, 'reason', '')}")
def test_every_section_cited_is_one_we_can_name(law: str, facts: Facts) -> None:
    assert set(sections_for(law, facts)) <= set(SECTIONS)


@pytest.mark.parametrize(
    ("law", "facts", "sections"),
    [
        pytest.param(
            "city_corporation_2009",
            Expired(DAY, DAY),
            ("city.schedule3.19_2", "city.schedule5.60ka", "city.s93"),
            id="a run-out licence in a city corporation",
        ),
        pytest.param("pourashava_2009", Expired(DAY, DAY), ("town.s109",), id="in a pourashava"),
        pytest.param("city_corporation_2009", Stolen(AT), ("city.s96",), id="theft is for the police"),
        pytest.param("city_corporation_2009", EXAMPLES[-1], (), id="two places: nothing before one bike stands there"),
        pytest.param("city_corporation_2009", NeverIssued(1, 1, "not_bound"), (), id="a licence's number in a tag that we did not write"),
        pytest.param("another_law", Expired(DAY, DAY), (), id="a law that is not known is not cited"),
    ],
)
def test_what_is_cited(law: str, facts: Facts, sections: tuple[str, ...]) -> None:
    assert sections_for(law, facts) == sections
