"""The log in the reader's language."""

import re
from pathlib import Path

import pytest

import registry_server
from registry_server.web.audit_words import AuditWords, actions_meant
from registry_server.web.texts import Language, Texts

TEXTS = Texts.load()
BANGLA, ENGLISH = AuditWords(TEXTS, Language.BN), AuditWords(TEXTS, Language.EN)
RECORDED = re.compile(r"(?:record|write_change)\(([^()]*(?:\([^()]*\)[^()]*)*)\)")


def recorded_facts() -> set[str]:
    """The names of all facts that services write down, from their source."""
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(registry_server.__file__).parent.rglob("*.py"))
    return {name for call in RECORDED.findall(sources) for name in re.findall(r"(\w+)=(?!=)", call)}


def test_every_fact_that_is_written_down_has_a_name_in_both_languages() -> None:
    facts = recorded_facts()
    assert {"reason", "valid_until", "flags", "address"} <= facts
    assert [name for name in sorted(facts) if BANGLA.name(name) == name] == []


@pytest.mark.parametrize(
    ("value", "bangla", "english"),
    [
        pytest.param("2027-06-30", "৩০ জুন ২০২৭", "30 June 2027", id="a day"),
        pytest.param(12, "১২", "12", id="a number"),
        pytest.param("settled_since", "এর মধ্যে নবায়ন বা মীমাংসা হয়েছে", "Renewed or settled since", id="a reason of ours"),
        pytest.param("active", "বৈধ", "Active", id="a state"),
        pytest.param("থানার চিঠি no. 7", "থানার চিঠি no. 7", "থানার চিঠি no. 7", id="what was typed"),
        pytest.param(None, "—", "—", id="nothing"),
        pytest.param([], "—", "—", id="none of several"),
        pytest.param([4, 7], "৪, ৭", "4, 7", id="several"),
        pytest.param({"colour": ["লাল", ""]}, "রং: লাল → —", "Colour: লাল → —", id="a change"),
    ],
)
def test_a_fact_is_said_in_the_reader_s_language(value: object, bangla: str, english: str) -> None:
    assert (BANGLA.value(value), ENGLISH.value(value)) == (bangla, english)


def test_a_deed_is_found_by_a_part_of_its_words_however_they_are_typed() -> None:
    assert "owner:nid:reveal" in actions_meant(TEXTS, "nid LOOKED")
    assert "agent:gap:open" in actions_meant(TEXTS, "বার্তায\u09bc ফাঁক")
    assert actions_meant(TEXTS, "officer:") == ("officer:",)
    assert actions_meant(TEXTS, " ") == ()
