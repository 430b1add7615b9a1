"""What is true of Bangla text on a computer: spellings that mean the same, invisible signs, digits. Pure.

Sources: Unicode 16, chapter 12.2 (Bengali) and chapter 23.2 (joiners); UAX #15 for the composition exclusions.
"""

import re
import unicodedata

from registry_server.errors import FieldProblem

_LATIN_DIGITS, _BANGLA_DIGITS = "0123456789", "০১২৩৪৫৬৭৮৯"
_TO_LATIN, _TO_BANGLA = str.maketrans(_BANGLA_DIGITS, _LATIN_DIGITS), str.maketrans(_LATIN_DIGITS, _BANGLA_DIGITS)
_FULL_WIDTH = {sign + 0xFEE0: sign for sign in range(0x21, 0x7F)}  # as lists from China write Latin letters and digits
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF])
_CODE_SIGNS: dict[int, int | None] = {**_TO_LATIN, **_FULL_WIDTH, **_INVISIBLE}
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_HASANTA, _CONSONANT = "\u09cd", "\u0995-\u09b9\u09ce\u09f0\u09f1"

# A joiner means something after a hasanta before a consonant (no conjunct), and between র and ্য (র‍্যাব). Elsewhere it is a stray.
_JOINER_IN_PLACE = re.compile(f"(?<={_HASANTA})[{_ZWNJ}{_ZWJ}](?=[{_CONSONANT}])|(?<=\u09b0){_ZWJ}(?={_HASANTA}\u09af)")
_KHANDA_TA = re.compile(f"\u09a4{_HASANTA}{_ZWJ}(?![{_CONSONANT}])")  # the spelling of ৎ before Unicode 4.1
_VISARGA_BY_COLON = re.compile("(?<=[\u0980-\u09ff])\\s?:(?=\\s|$|[\u0980-\u09ff])")  # মো: is typed for মোঃ
_BANGLA = re.compile("[\u0980-\u09ff]")

# Signs that a Bijoy (ANSI) font shows as Bangla and that no person's name holds in Latin letters. Makes, capacities and numbers hold
# some of them: `5 × 12 V`, `BLDC_1200`, `48–60 V`.
_BIJOY_SIGNS = frozenset("†‡‰Š‹Œ•–—™š›œŸ¡¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿×ÿ÷ˆ~|@^_`\\")
_BIJOY_SIGNS_OF_THINGS = _BIJOY_SIGNS - frozenset("•–—™®°±²³·¼½¾×÷~|@^_`\\")
_REFUSED = frozenset({"Cc", "Co", "Cn", "Cs"})


def latin_digits(text: str) -> str:
    return text.translate(_TO_LATIN)


def bangla_digits(text: str) -> str:
    return text.translate(_TO_BANGLA)


def plain_code(text: str) -> str:
    """A number or a code as a machine writes it: digits Latin, full-width signs plain, and none of the invisible signs that come along
    when it is copied from a telephone's contacts or a web page.
    """
    return text.translate(_CODE_SIGNS)


def has_bangla(text: str) -> bool:
    return _BANGLA.search(text) is not None


def looks_like_bijoy(text: str) -> bool:
    """Whether a name may come from a Bijoy/ANSI font: Latin letters among signs that no name has, and no Bangla letter."""
    return not has_bangla(text) and not _BIJOY_SIGNS.isdisjoint(text)


def thing_looks_like_bijoy(text: str) -> bool:
    """The same for what is written of a thing: a make, a number, a capacity."""
    return not has_bangla(text) and not _BIJOY_SIGNS_OF_THINGS.isdisjoint(text)


def clean_text(field: str, text: str, max_length: int) -> str:
    """One spelling for one text: NFC (which takes ড়, ঢ়, য় apart), single spaces, no invisible strays. Idempotent.

    Raises FieldProblem for what cannot be meant: control characters, private letters, half a surrogate, too long.
    """
    spaced = " ".join(text.split())
    _refuse_unreadable(field, spaced)
    joined = _KHANDA_TA.sub("\u09ce", unicodedata.normalize("NFC", spaced))
    plain = unicodedata.normalize("NFC", " ".join(_without_strays(joined).split()))
    if len(plain) > max_length:
        raise FieldProblem(field, "too_long", plain[:40] + "…", limit=str(max_length), length=str(len(plain)))
    return plain


def clean_name_signs(text: str) -> str:
    """A colon after a Bangla letter is the visarga that the typist did not find."""
    return _VISARGA_BY_COLON.sub("\u0983", text)


def _refuse_unreadable(field: str, text: str) -> None:
    for sign in text:
        if unicodedata.category(sign) in _REFUSED:
            raise FieldProblem(field, "unreadable_sign", f"U+{ord(sign):04X}")


def _without_strays(text: str) -> str:
    kept = {match.start() for match in _JOINER_IN_PLACE.finditer(text)}
    return "".join(sign for place, sign in enumerate(text) if place in kept or unicodedata.category(sign) != "Cf")
