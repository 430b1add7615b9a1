"""Which sections a complaint after a flag may rest on, by the authority's law. Data; see docs/law.md for what is settled and what is not.

A flag cites, it does not accuse: each page says "may rest on".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from registry_server.matcher.facts import Facts, NeverIssued
from registry_server.matcher.states import FlagKind


@dataclass(frozen=True, slots=True)
class LawSection:
    act_bn: str
    act_en: str
    section_bn: str
    section_en: str
    about_bn: str
    about_en: str


_CITY_BN, _CITY_EN = "স্থানীয় সরকার (সিটি কর্পোরেশন) আইন, ২০০৯", "Local Government (City Corporation) Act 2009"
_TOWN_BN, _TOWN_EN = "স্থানীয় সরকার (পৌরসভা) আইন, ২০০৯", "Local Government (Pourashava) Act 2009"

SECTIONS: Mapping[str, LawSection] = {
    "city.schedule3.19_2": LawSection(
        _CITY_BN,
        _CITY_EN,
        "তৃতীয় তফসিল, অনুচ্ছেদ ১৯.২",
        "Third Schedule, paragraph 19.2",
        "কর্পোরেশনের লাইসেন্স ও নিবন্ধন ছাড়া রাখা, ভাড়া দেওয়া বা চালানো যাবে না",
        "not to be kept, let on hire or driven without the corporation's licence and registration",
    ),
    "city.schedule5.60ka": LawSection(
        _CITY_BN,
        _CITY_EN,
        "ধারা ৯২ ও পঞ্চম তফসিল, ক্রমিক ৬০ক",
        "section 92 with Fifth Schedule, item 60ক",
        "লাইসেন্স বা নিবন্ধন না থাকা",
        "no licence or registration",
    ),
    "city.s93": LawSection(
        _CITY_BN,
        _CITY_EN,
        "ধারা ৯৩",
        "section 93",
        "৫,০০০ টাকা পর্যন্ত, এবং চলতে থাকলে প্রতি দিনের জন্য ৫০০ টাকা পর্যন্ত জরিমানা",
        "a fine of up to Tk 5,000, and up to Tk 500 for each further day",
    ),
    "city.s96": LawSection(
        _CITY_BN,
        _CITY_EN,
        "ধারা ৯৬",
        "section 96",
        "পুলিশের সহায়তা করার দায়িত্ব",
        "the duty of the police to help",
    ),
    "town.s109": LawSection(
        _TOWN_BN,
        _TOWN_EN,
        "ধারা ১০৯",
        "section 109",
        "২,০০০ টাকা পর্যন্ত, এবং পুনরাবৃত্তিতে প্রতি দিনের জন্য ২০০ টাকা পর্যন্ত জরিমানা",
        "a fine of up to Tk 2,000, and up to Tk 200 a day on repetition",
    ),
}

_NO_LICENCE = frozenset(FlagKind) - {FlagKind.STOLEN, FlagKind.IMPOSSIBLE_TRAVEL}

_CITED: Mapping[str, Mapping[FlagKind, tuple[str, ...]]] = {
    "city_corporation_2009": {
        **dict.fromkeys(_NO_LICENCE, ("city.schedule3.19_2", "city.schedule5.60ka", "city.s93")),
        FlagKind.STOLEN: ("city.s96",),
        FlagKind.IMPOSSIBLE_TRAVEL: (),  # which of the two is the copy is not known before one stands in front of an officer
    },
    "pourashava_2009": {
        **dict.fromkeys(_NO_LICENCE, ("town.s109",)),
        FlagKind.STOLEN: (),
        FlagKind.IMPOSSIBLE_TRAVEL: (),
    },
}


def sections_for(law: str, facts: Facts) -> tuple[str, ...]:
    """Keys of SECTIONS. None are cited for a law that this program does not know, nor for a number that belongs to a licence: then it is
    the tag that was not written here, and whose it is a person has to find out.
    """
    if isinstance(facts, NeverIssued) and facts.reason == "not_bound":
        return ()
    return _CITED.get(law, {}).get(facts.kind, ())
