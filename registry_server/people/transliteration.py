"""Bangla letters in Latin ones, the way names are written in Bangladesh. A table and one walk over the letters; pure."""

import re

CONSONANTS = {
    "ক": "k", "খ": "kh", "গ": "g", "ঘ": "gh", "ঙ": "ng", "চ": "ch", "ছ": "s", "জ": "j", "ঝ": "jh", "ঞ": "n",
    "ট": "t", "ঠ": "th", "ড": "d", "ঢ": "dh", "ণ": "n", "ত": "t", "থ": "th", "দ": "d", "ধ": "dh", "ন": "n",
    "প": "p", "ফ": "f", "ব": "b", "ভ": "bh", "ম": "m", "য": "j", "র": "r", "ল": "l", "শ": "sh", "ষ": "sh",
    "স": "s", "হ": "h", "ৰ": "r", "ৱ": "w",
}  # fmt: skip
VOWEL_SIGNS = {"া": "a", "ি": "i", "ী": "i", "ু": "u", "ূ": "u", "ৃ": "ri", "ে": "e", "ৈ": "oi", "ো": "o", "ৌ": "ou"}
VOWELS = {"অ": "a", "আ": "a", "ই": "i", "ঈ": "i", "উ": "u", "ঊ": "u", "ঋ": "ri", "এ": "e", "ঐ": "oi", "ও": "o", "ঔ": "ou"}
OTHERS = {"ৎ": "t", "ং": "ng", "ঃ": "", "ঁ": ""} | dict(zip("০১২৩৪৫৬৭৮৯", "0123456789", strict=True))
NUKTA, HASANTA, YA = "\u09bc", "\u09cd", "য"
WITH_NUKTA = {"ড": "r", "ঢ": "rh", YA: "y"}
JOINERS = "\u200c\u200d"

# ব is silent as the second letter of these conjuncts (বিশ্বাস), য is a glide in all.
BA_IS_GLIDE_AFTER = frozenset("শষসতদজধন")
SPELLED = (("ক্ষ", "খ"), ("জ্ঞ", "গ"), ("ওয\u09bcা", "ৱা"), ("োয\u09bcা", "ৱা"))

_WORD = re.compile("[\u0980-\u09ff\u200c\u200d]+")

USUAL = {
    "মোঃ": "Md.", "মো": "Md.", "মোছাঃ": "Mst.", "মোসাঃ": "Mst.", "মোহাম্মদ": "Mohammad", "মুহাম্মদ": "Muhammad", "রহমান": "Rahman",
    "হোসেন": "Hossain", "হোসাইন": "Hossain", "বেগম": "Begum", "খাতুন": "Khatun", "আক্তার": "Akter", "আকতার": "Akter", "শেখ": "Sheikh",
    "মিয\u09bcা": "Mia", "আলী": "Ali", "আলি": "Ali", "উদ্দিন": "Uddin", "উদ্দীন": "Uddin", "ইসলাম": "Islam", "আহমেদ": "Ahmed",
    "আহমদ": "Ahmad", "সরকার": "Sarker", "হাওলাদার": "Howlader", "তালুকদার": "Talukder", "শিকদার": "Sikder", "মজুমদার": "Majumder",
    "বিশ্বাস": "Biswas", "মণ্ডল": "Mondal", "মন্ডল": "Mondal", "রায\u09bc": "Roy", "দাস": "Das", "ঘোষ": "Ghosh", "চৌধুরী": "Chowdhury",
    "সৈয\u09bcদ": "Syed", "কাজী": "Kazi", "গাজী": "Gazi", "হাজী": "Hazi", "খান": "Khan", "মোল্লা": "Molla", "মোল্যা": "Molla",
    "শরীফ": "Sharif", "আব্দুল": "Abdul", "আবদুল": "Abdul", "আব্দুর": "Abdur", "আবদুর": "Abdur", "করিম": "Karim", "রহিম": "Rahim",
    "হক": "Haque", "আলম": "Alam", "উল্লাহ": "Ullah", "আনোয\u09bcার": "Anwar", "জাহাঙ্গীর": "Jahangir", "সুলতানা": "Sultana", "পারভীন": "Parvin",
}  # fmt: skip


def latin_letters(word: str) -> str:
    """Letter by letter, lower case; an unwritten vowel is `a` between consonants and nothing at the end. Unknown signs stay as they are."""
    for spelled, spoken in SPELLED:
        word = word.replace(spelled, spoken)
    letters = _letters(word)
    parts = []
    for place, (sign, has_nukta) in enumerate(letters):
        before, after = letters[place - 1][0] if place else "", letters[place + 1][0] if place + 1 < len(letters) else ""
        if sign in CONSONANTS:
            first = letters[place - 2][0] if before == HASANTA and place > 1 else ""
            parts.append(_consonant(sign, has_nukta=has_nukta, conjunct_of=first))
            is_closed = after == "" or after in VOWEL_SIGNS or after in {HASANTA, "ঃ"}
            parts.append("" if is_closed else "a")
        elif sign != HASANTA:
            parts.append(VOWEL_SIGNS.get(sign) or VOWELS.get(sign) or OTHERS.get(sign, sign))
    return "".join(parts)


def suggest_latin(name_bn: str) -> str:
    """A first spelling for the officer to correct: the usual one of usual names, else by the letters."""
    return " ".join(_WORD.sub(_suggest_word, name_bn).split())[:120]


def _suggest_word(match: re.Match[str]) -> str:
    word = match[0]
    return USUAL.get(word) or latin_letters(word).capitalize()


def _letters(word: str) -> list[tuple[str, bool]]:
    plain = [sign for sign in word if sign not in JOINERS]
    return [(sign, plain[place + 1 : place + 2] == [NUKTA]) for place, sign in enumerate(plain) if sign != NUKTA]


def _consonant(sign: str, *, has_nukta: bool, conjunct_of: str) -> str:
    if has_nukta:
        return WITH_NUKTA.get(sign, CONSONANTS[sign])
    if conjunct_of and sign == YA:
        return "y"
    if conjunct_of in BA_IS_GLIDE_AFTER and sign == "ব":
        return "w"
    return CONSONANTS[sign]
