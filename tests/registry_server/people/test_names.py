"""Names: one spelling kept, found again in any."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.errors import FieldProblem
from registry_server.people.bangla import clean_text
from registry_server.people.names import bangla_name, latin_name, name_key, words_to_find
from registry_server.people.transliteration import suggest_latin

ZWNJ, ZWJ = "\u200c", "\u200d"
ANY = st.text() | st.text(alphabet=st.characters(min_codepoint=0x980, max_codepoint=0x9FF) | st.sampled_from(f" :.{ZWNJ}{ZWJ}\u202e"))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("  মোঃ   রহিম ", "মোঃ রহিম", id="spaces"),
        pytest.param("মো: রহিম", "মোঃ রহিম", id="colon for visarga"),
        pytest.param("মো:রহিম", "মোঃরহিম", id="colon without a space"),
        pytest.param("রায\u09bc", unicodedata.normalize("NFC", "রায়"), id="য় in two signs"),
        pytest.param("রা\u09df", "রায\u09bc", id="য় in one sign"),
        pytest.param("ক\u09c7\u09beন", "কোন", id="ো in two signs"),
        pytest.param(f"র{ZWJ}\u09cdযাব", f"র{ZWJ}\u09cdযাব", id="joiner that means something"),
        pytest.param(f"রহি{ZWNJ}ম", "রহিম", id="stray joiner"),
        pytest.param("\u202eরহিম\u202c", "রহিম", id="text direction marks"),
        pytest.param(f"ত\u09cd{ZWJ}", "ৎ", id="old spelling of khanda ta"),
    ],
)
def test_one_spelling_is_kept(typed: str, kept: str) -> None:
    assert bangla_name("name_bn", typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        pytest.param("", "missing", id="empty"),
        pytest.param(" \u200b ", "missing", id="nothing that can be seen"),
        pytest.param("Rahim", "not_bangla", id="Latin"),
        pytest.param("রহিম <b>", "not_bangla", id="markup"),
        pytest.param("১২৩", "not_bangla", id="no letter"),
        pytest.param("রহিম।", "name_signs", id="a full stop"),
        pytest.param("রহিম 😀", "name_signs", id="a picture"),
        pytest.param("Avgvi †mvbvi evsjv", "looks_like_bijoy", id="Bijoy"),
        pytest.param("রহিম\x00", "unreadable_sign", id="control character"),
        pytest.param("রহিম\ud800", "unreadable_sign", id="half a surrogate"),
        pytest.param("রহিম " * 60, "too_long", id="too long"),
    ],
)
def test_what_is_no_bangla_name_is_said_so(typed: str, code: str) -> None:
    with pytest.raises(FieldProblem) as refused:
        bangla_name("name_bn", typed)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("read", "typed", "signs"),
    [
        pytest.param(bangla_name, "রহিম; করিম;।", "; ।", id="each once"),
        pytest.param(latin_name, "Karim <Uddin>", "< >", id="markup"),
    ],
)
def test_signs_that_no_name_has_are_named(read: Callable[[str, str], str], typed: str, signs: str) -> None:
    with pytest.raises(FieldProblem) as refused:
        read("name", typed)
    assert (refused.value.code, refused.value.found) == ("name_signs", signs)


@given(ANY)
def test_any_text_is_a_name_or_a_problem_and_a_name_stays_as_it_is(text: str) -> None:
    for read in (bangla_name, latin_name):
        try:
            name = read("name", text)
        except FieldProblem:
            continue
        assert read("name", name) == name


@given(ANY)
def test_cleaning_is_idempotent(text: str) -> None:
    try:
        clean = clean_text("x", text, 10_000)
    except FieldProblem:
        return
    assert clean_text("x", clean, 10_000) == clean


@given(ANY)
def test_any_text_has_a_key_and_a_suggestion(text: str) -> None:
    assert len(name_key(text)) <= 120
    assert len(suggest_latin(text)) <= 120


@pytest.mark.parametrize(
    ("bangla", "spellings"),
    [
        pytest.param("মোঃ রহিম উদ্দিন", ["মো: রহিম উদ্দীন", "মোহাম্মদ রহীম উদ্দিন", "Md. Rahim Uddin", "Mohammad Rohim Uddin"], id="Muhammad"),
        pytest.param("মোছাঃ রহিমা বেগম", ["Mst. Rahima Begum", "Most Rohima Begum"], id="Mosammat"),
        pytest.param("আনোয়ার হোসেন", ["Anwar Hossain", "Anower Hosen", "আনোয়ার হোসাইন"], id="glide"),
        pytest.param("আব্দুল করিম", ["Abdul Karim", "Abdul Korim", "আবদুল করীম"], id="unwritten vowel"),
        pytest.param("শেখ আলী", ["Sheikh Ali", "Shaikh Aly", "সেখ আলি"], id="শ and স"),
        pytest.param("আক্তার", ["Akter", "Aktar", "Akhter"], id="Akter"),
        pytest.param("জাকির", ["Zakir", "Jakir", "যাকির"], id="জ, য and z"),
        pytest.param("ফারুক", ["Faruk", "Faruque", "Farooq", "Pharuk"], id="f"),
        pytest.param("সৈয়দ", ["Syed", "Sayed"], id="Syed"),
        pytest.param("বিশ্বাস", ["Biswas"], id="silent ব"),
        pytest.param("আহমেদ", ["Ahmed", "Ahmad", "Ahammed", "আহমদ"], id="Ahmed"),
        pytest.param("লক্ষ্মী", ["Lakshmi", "Laxmi"], id="ক্ষ"),
    ],
)
def test_spellings_of_one_name_meet(bangla: str, spellings: list[str]) -> None:
    assert {name_key(spelling) for spelling in spellings} == {name_key(bangla)}


@pytest.mark.parametrize(("one", "other"), [("হাসান", "হোসেন"), ("রহিম", "করিম"), ("আলী", "আলম")])
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_words_that_half_the_city_carries_are_not_looked_for() -> None:
    assert words_to_find("মোঃ রহিম") == words_to_find("Rahim")
    assert words_to_find("মোঃ") != []


@pytest.mark.parametrize(
    ("bangla", "latin"), [("মোঃ আব্দুর রহমান", "Md. Abdur Rahman"), ("মোছাঃ খাদিজা খাতুন", "Mst. Khadija Khatun"), ("সজীব", "Sajib")]
)
def test_a_latin_spelling_is_suggested(bangla: str, latin: str) -> None:
    assert suggest_latin(bangla) == latin
