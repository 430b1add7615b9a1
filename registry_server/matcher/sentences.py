"""What a flag says to people, in both languages: what is known, and what is not. Pure."""

from datetime import date, datetime
from typing import NamedTuple, assert_never

from registry_server.clock import DHAKA
from registry_server.matcher.facts import (
    Cancelled,
    Chips,
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
from registry_server.people.bangla import bangla_digits


class Words(NamedTuple):
    """A sentence or a name in both languages."""

    bn: str
    en: str


A_PERSON_DECIDES = Words("এটি একটি সংকেত মাত্র; সিদ্ধান্ত নেবেন একজন মানুষ।", "This is a sign, no more; a person decides.")


_BEHIND_TRAVEL: dict[Chips, Words] = {
    "different": Words(
        "দুই জায়গায় ভিন্ন চিপ উত্তর দিয়েছে: একটি নকল। কোনটি, তা নিবন্ধিত চিপের সঙ্গে মিলিয়ে দেখুন।",
        "Different chips answered: one of the two is a copy. Compare both with the chip on record.",
    ),
    "same": Words(
        "দুই জায়গায় একই চিপ নম্বর পাওয়া গেছে: চিপ নম্বরসহ নকল, অথবা কোনো চেকপোস্টের ঘড়ি ভুল।",
        "The same chip number answered at both: a copy that imitates the chip too, or a checkpoint's clock is wrong.",
    ),
    "unknown": Words(
        "দুটির একটি নকল (কোনটি তা জানা নেই), অথবা কোনো চেকপোস্টের ঘড়ি ভুল।",
        "One of the two is a copy, which one is not known; or a checkpoint's clock is wrong.",
    ),
}


def sentence_of(facts: Facts) -> Words:  # noqa: PLR0911 — one arm for each kind; mypy holds that none is missing
    """What was found."""
    match facts:
        case UnknownTag():
            return _unknown(facts)
        case NeverIssued():
            return _never_issued(facts)
        case RetiredTag(retired_at):
            day = _day(retired_at)
            return Words(
                f"ট্যাগটি {day.bn} তারিখে বাতিল বা বদল করা হয়েছে, তবু সাড়া দিচ্ছে। পুরোনো ট্যাগ কেউ লাগিয়ে থাকতে পারে।",
                f"The tag was replaced or withdrawn on {day.en} and still answers. Somebody may have put the old one on.",
            )
        case TidMismatch(bound_tid, read_tid):
            return Words(
                f"ট্যাগ নম্বরটি আমাদের, কিন্তু চিপ অন্য: নিবন্ধিত {bound_tid}, পাওয়া গেছে {read_tid}। ট্যাগ নকল, অথবা ভুলভাবে নথিভুক্ত।",
                f"The tag number is ours but the chip is another: registered {bound_tid}, found {read_tid}. "
                "A copied tag, or one wrongly recorded.",
            )
        case Expired(valid_until):
            day = _day(valid_until)
            return Words(
                f"লাইসেন্সের মেয়াদ {day.bn} তারিখে শেষ হয়েছে; নবায়ন নথিভুক্ত নেই।",
                f"The licence ran out on {day.en}; no renewal is recorded.",
            )
        case Suspended(_, since):
            day = _day(since)
            return Words(f"লাইসেন্সটি {day.bn} থেকে স্থগিত আছে।", f"The licence has been suspended since {day.en}.")
        case Cancelled(_, since):
            day = _day(since)
            return Words(f"লাইসেন্সটি {day.bn} তারিখে বাতিল করা হয়েছে।", f"The licence was cancelled on {day.en}.")
        case Stolen(reported_at):
            day = _day(reported_at)
            return Words(
                f"গাড়িটি {day.bn} তারিখে চুরি হয়েছে বলে জানানো হয়েছে। চালক চোর নাও হতে পারেন; মালিক নিজেই ফিরে পেয়ে থাকতে পারেন।",
                f"The vehicle was reported stolen on {day.en}. The driver need not be the thief; the owner may have found it.",
            )
        case ImpossibleTravel():
            return _travel(facts)
        case _:
            assert_never(facts)


def _unknown(facts: UnknownTag) -> Words:
    if facts.numbering == "other_authority":
        return Words(
            f"ট্যাগটি অন্য কর্তৃপক্ষের (নম্বর {_digits(facts.authority_number or 0)}) নম্বর বলছে; এখানে অচেনা। বাইরের বৈধ গাড়িও হতে পারে।",
            f"The tag answers with a number of another authority (number {facts.authority_number}); unknown here. "
            "It may be a legal bike from outside.",
        )
    return Words(
        "ট্যাগটি এই নিবন্ধনের কোনো নম্বর নয়; এখানে অচেনা। বাইরের গাড়ি বা অন্য কাজের ট্যাগ হতে পারে।",
        "The tag holds no number of this register; unknown here. It may be a bike from outside or a tag for another purpose.",
    )


def _never_issued(facts: NeverIssued) -> Words:
    if facts.reason == "not_bound":
        return Words(
            "নম্বরটি একটি লাইসেন্সের জন্য রাখা, কিন্তু আমরা এই নম্বরে কোনো ট্যাগ লিখে নথিভুক্ত করিনি।",
            "The number is set aside for a licence, but no tag with it has been written and recorded by us.",
        )
    return Words(
        "নম্বরটি আমাদের নম্বরের মতো, কিন্তু এই নম্বর কখনো দেওয়া হয়নি।",
        "The number has our form, but it was never given out.",
    )


def _travel(facts: ImpossibleTravel) -> Words:
    km = f"{facts.road_m / 1000:.1f}"
    apart, needed = round(facts.apart_s), round(facts.needed_s)
    return Words(
        f"একই ট্যাগ নম্বর {_digits(apart)} সেকেন্ডের ব্যবধানে {facts.other_name_bn}-এও পড়া হয়েছে, রাস্তায় প্রায় {_digits(km)} কিমি দূরে; "
        f"যেতে অন্তত {_digits(needed)} সেকেন্ড লাগে। {_BEHIND_TRAVEL[facts.chips].bn}",
        f"The same tag number was read at {facts.other_name_en} {apart} s apart, about {km} km by road; "
        f"the way takes at least {needed} s. {_BEHIND_TRAVEL[facts.chips].en}",
    )


def _day(at: datetime | date) -> Words:
    day = at.astimezone(DHAKA).date() if isinstance(at, datetime) else at
    return Words(_digits(f"{day:%d/%m/%Y}"), f"{day:%d/%m/%Y}")


def _digits(value: float | str) -> str:
    return bangla_digits(str(value))
