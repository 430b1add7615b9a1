"""People's names: checked, brought to one spelling, and found again however they are spelled, in either script. Pure.

The key follows the reductions that Bangla phonetic encodings share (ই/ঈ, শ/ষ/স, ণ/ন, জ/য, ত/থ one; UzZaman & Khan 2005,
"A double metaphone encoding for Bangla"): front vowels stay as `i`, open and back vowels go, for Latin spellings of one
Bangla name differ in just those (Rahim, Rohim; Karim, Korim).
"""

import re

from registry_server.errors import FieldProblem
from registry_server.people.bangla import bangla_digits, clean_name_signs, clean_text, has_bangla, looks_like_bijoy
from registry_server.people.transliteration import latin_letters

MAX_NAME = 120
MAX_WORD = 60
_BANGLA_LETTER = re.compile("[\u0985-\u09b9\u09ce\u09dc-\u09e1\u09f0\u09f1]")
_NO_BANGLA_SIGN = re.compile("[^\u0980-\u09ff\u200c\u200d .,'()/’‘-]")
_NO_LATIN_SIGN = re.compile(r"[^A-Za-z0-9À-ɏ .,'()/’‘-]")
_LATIN_LETTER = re.compile("[A-Za-z]")
_LETTER_OF_ANOTHER = re.compile(r"[^\W\d_\u0980-\u09ff]")  # of a script that is not Bangla
_WORD = re.compile("[a-z0-9\u0980-\u09ff\u200c\u200d]+")

MUHAMMAD, MOSAMMAT = "mhmd", "mst"
_FOLDED = (
    (re.compile("md|mo|mohd|muhd|m[ou]ham+[aeou]d"), MUHAMMAD),
    (re.compile("mst|mosa|musa?m+[ao]t|mosa?m+[ao]t|most"), MOSAMMAT),
    (re.compile("ah[ao]?m+[aeo]d|ahmd"), "amd"),
)
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"(?<=.)e(?=r$)", ""),  # Akter, Aktar; Sarker, Sarkar
        (r"chh|ch", "c"),
        (r"ksh", "k"),
        (r"ph", "f"),
        (r"zh|jh|z", "j"),
        (r"sh|s", "s"),
        (r"v|bh", "b"),
        (r"([kgtdr])h", r"\1"),
        (r"que?$|ck|q", "k"),
        (r"x", "k"),
        (r"^[aou]+", "A"),
        (r"[eiy]+", "i"),
        (r"w", ""),
        (r"(?<=.)h(?!i)", ""),
        (r"(.)\1+", r"\1"),
        (r"[aou]", ""),
        (r"i+", "i"),
    )
)


def bangla_name(field: str, text: str) -> str:
    """A name in Bangla letters, in one spelling. Raises FieldProblem."""
    name = clean_text(field, clean_name_signs(clean_text(field, text, MAX_NAME)), MAX_NAME)
    if not name:
        raise FieldProblem(field, "missing")
    if looks_like_bijoy(name):
        raise FieldProblem(field, "looks_like_bijoy", name)
    if not _BANGLA_LETTER.search(name) or _LETTER_OF_ANOTHER.search(name):
        raise FieldProblem(field, "not_bangla", name)
    plain = bangla_digits(name)
    _refuse_signs(field, _NO_BANGLA_SIGN.findall(plain))
    return plain


def latin_name(field: str, text: str) -> str:
    """A name in Latin letters. Raises FieldProblem."""
    name = clean_text(field, text, MAX_NAME)
    if not name:
        raise FieldProblem(field, "missing")
    if not _LATIN_LETTER.search(name) or has_bangla(name):
        raise FieldProblem(field, "not_latin", name)
    _refuse_signs(field, _NO_LATIN_SIGN.findall(name))
    return name


def name_words(name: str) -> list[str]:
    """The key of each word; words without a sound are left out."""
    keys = (_word_key(word)[:MAX_WORD] for word in _WORD.findall(clean_name_signs(name).lower()))
    return [key for key in keys if key]


def name_key(name: str) -> str:
    """One key for the spellings of one name: মোঃ রহিম, মোহাম্মদ রহীম, Md. Rahim."""
    return " ".join(name_words(name))[:MAX_NAME]


def words_to_find(query: str) -> list[str]:
    """The words worth looking for: without those that half the city carries, unless nothing else was typed."""
    words = list(dict.fromkeys(name_words(query)))
    telling = [word for word in words if word not in {MUHAMMAD, MOSAMMAT}]
    return telling or words


def _refuse_signs(field: str, signs: list[str]) -> None:
    """The name is in its letters: what has to go is named, and nothing else."""
    if signs:
        raise FieldProblem(field, "name_signs", " ".join(dict.fromkeys(signs)))


def _word_key(word: str) -> str:
    spoken = latin_letters(word)
    for pattern, folded in _FOLDED:
        if pattern.fullmatch(spoken):
            return folded
    for pattern, sound in _SOUNDS:
        spoken = pattern.sub(sound, spoken)
    return spoken.lower()
