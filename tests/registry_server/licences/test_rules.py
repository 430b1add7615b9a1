"""The pure rules of the licence office."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.errors import FieldProblem, FieldProblems
from registry_server.licences.actions import Action, open_actions
from registry_server.licences.chassis import chassis
from registry_server.licences.numbers import WrittenNumber, find_number_in, latin_number, plate_numbers
from registry_server.licences.registration import FIELDS, fiscal_year, read_registration, reason, with_suggestions
from registry_server.licences.search import read_query
from registry_server.licences.states import LicenceState
from registry_server.licences.terms import first_term_end, renewed_term_end, years_to_renew
from registry_server.licences.vehicle_class import VehicleClass
from registry_server.web.texts import Language, Texts

TEXTS = Texts.load()
PREFIXES = ("KCC", "খুলনা")
TODAY = date(2026, 11, 22)
TYPED = {
    "name_bn": "মো: রহিম",
    "name_en": "Md. Rahim",
    "guardian_name": "করিম উদ্দিন",
    "nid": "১২৩৪৫৬৭৮৯০",
    "mobile": "০১৭১২৩৪৫৬৭৮",
    "ward": "১২",
    "holding": "৪৫/ক",
    "vehicle_class": "যাত্রীবাহী",
    "chassis": "ab-12 ৩৪ c",
    "motor": "",
    "colour": "সবুজ",
    "maker": "উদাহরণ",
    "battery": "",
    "fiscal_year": "২০২৬-২৭",
    "form_id": "5f3b1c9e-8a64-4a53-9d3a-0d6f7a1c2b3d",
}


def test_a_form_is_read_into_values() -> None:
    form = read_registration(TYPED, 31)
    assert (form.owner.name_bn, form.owner.nid, form.owner.mobile, form.owner.ward) == ("মোঃ রহিম", "1234567890", "+8801712345678", 12)
    assert (form.vehicle.chassis, form.vehicle.vehicle_class) == ("AB1234C", VehicleClass.PASSENGER)
    assert (form.fiscal_year, form.form_id) == (2026, TYPED["form_id"])


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(FieldProblems) as refused:
        read_registration({}, 31)
    missing = {"name_bn", "name_en", "guardian_name", "nid", "mobile", "ward", "vehicle_class", "chassis", "colour", "maker"}
    assert {problem.field for problem in refused.value.problems} == missing


def test_an_empty_latin_name_is_suggested_and_a_typed_one_stays() -> None:
    assert with_suggestions({**TYPED, "name_en": " "})["name_en"] == "Md. Rahim"
    assert with_suggestions({**TYPED, "name_en": "Rohim"})["name_en"] == "Rohim"


@pytest.mark.parametrize("language", Language)
def test_the_example_beside_the_battery_may_be_typed(language: Language) -> None:
    example = re.split("যেমন: |e.g. ", TEXTS.by_key["licences.battery_hint"][language])[1]
    assert FIELDS["battery"]("battery", example) == example


@pytest.mark.parametrize(
    ("field", "typed"),
    [("battery", "48V±2"), ("motor", "BLDC_1200"), ("motor", "60–72 V"), ("maker", "Hero®"), ("maker", "A@B|C"), ("holding", "12½")],
)
def test_what_things_are_written_with_is_not_taken_for_bijoy(field: str, typed: str) -> None:
    assert FIELDS[field](field, typed) == typed


@pytest.mark.parametrize("typed", ["K¨wig", "jvj † mv`v", "‡gvUi"])
def test_bijoy_is_told_of_things_too(typed: str) -> None:
    with pytest.raises(FieldProblem, match="looks_like_bijoy"):
        FIELDS["maker"]("maker", typed)


@given(st.dictionaries(st.sampled_from([*FIELDS, "form_id"]), st.text()))
def test_any_form_is_read_or_refused_with_sentences_in_both_languages(typed: dict[str, str]) -> None:
    try:
        read_registration(with_suggestions(typed), 31)
    except FieldProblems as refused:
        for problem in refused.problems:
            for language, sentence in TEXTS.by_key[f"error.{problem.code}"].items():
                assert sentence.format(found=problem.found, **problem.facts), language


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        pytest.param("KCC-P-000123", WrittenNumber(123, VehicleClass.PASSENGER), id="as kept"),
        pytest.param("KCC-P 000123", WrittenNumber(123, VehicleClass.PASSENGER), id="as on the plate"),
        pytest.param("kccp123", WrittenNumber(123, VehicleClass.PASSENGER), id="run together"),
        pytest.param("খুলনা-ম ০০০১২৩", WrittenNumber(123, VehicleClass.GOODS), id="Bangla"),
        pytest.param("খুলনা ১২৩", WrittenNumber(123, None), id="without the class"),
        pytest.param("g 7", WrittenNumber(7, VehicleClass.GOODS), id="without the prefix"),
        pytest.param(" ০০০১২৩ ", WrittenNumber(123, None), id="the serial alone"),
        pytest.param("BCC-P-000123", None, id="another city's"),
        pytest.param("0", None, id="serials begin with 1"),
        pytest.param("01712345678", None, id="a telephone number"),
        pytest.param("রহিম", None, id="a name"),
    ],
)
def test_a_licence_number_is_read_in_any_spelling(typed: str, found: WrittenNumber | None) -> None:
    assert find_number_in(typed, PREFIXES) == found


@given(st.integers(1, 16_777_215), st.sampled_from(VehicleClass))
def test_what_is_printed_is_read_back(serial: int, vehicle_class: VehicleClass) -> None:
    bangla, latin = plate_numbers("খুলনা", "KCC", vehicle_class, serial)
    written = [bangla, latin, latin_number("KCC", vehicle_class, serial)]
    assert [find_number_in(text, PREFIXES) for text in written] == [WrittenNumber(serial, vehicle_class)] * 3


@pytest.mark.parametrize(
    ("typed", "kept"), [("ab-12 ৩৪ c", "AB1234C"), ("LX7/2024.0001", "LX720240001"), ("ＬＸ７２０２４\u200e１", "LX720241")]
)
def test_a_chassis_number_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert chassis("chassis", typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "missing"),
        ("1234", "chassis_length"),
        ("A1" * 21, "chassis_length"),
        ("চেসিস১২৩", "chassis_signs"),
        ("NONUMBER", "chassis_no_digit"),
    ],
)
def test_a_wrong_chassis_number_is_said_so(typed: str, code: str) -> None:
    with pytest.raises(FieldProblem, match=code):
        chassis("chassis", typed)


@pytest.mark.parametrize(("typed", "year"), [("2026-27", 2026), ("২০২৬-২০২৭", 2026), ("2026", 2026), ("", None)])
def test_a_fiscal_year_is_known_by_its_beginning(typed: str, year: int | None) -> None:
    assert fiscal_year("fiscal_year", typed) == year


@pytest.mark.parametrize("typed", ["2026-28", "26-27", "next", "2026-2", "²026"])
def test_what_is_no_fiscal_year_is_refused(typed: str) -> None:
    with pytest.raises(FieldProblem, match="fiscal_year"):
        fiscal_year("fiscal_year", typed)


@pytest.mark.parametrize(
    ("year", "today", "end"),
    [
        pytest.param(None, date(2026, 6, 30), date(2026, 6, 30), id="last day of the year"),
        pytest.param(None, date(2026, 7, 1), date(2027, 6, 30), id="first day of the next"),
        pytest.param(2027, TODAY, date(2028, 6, 30), id="a year ahead"),
        pytest.param(2024, TODAY, date(2025, 6, 30), id="an old list that is taken in"),
    ],
)
def test_a_licence_is_valid_until_30_june(year: int | None, today: date, end: date) -> None:
    assert first_term_end(year, today) == end


@pytest.mark.parametrize(
    ("until", "year", "code"),
    [
        pytest.param(date(2027, 6, 30), 2026, "fiscal_year_paid", id="paid already"),
        pytest.param(date(2025, 6, 30), 2025, "fiscal_year_range", id="a year that is over"),
        pytest.param(date(2027, 6, 30), 2028, "fiscal_year_range", id="too far ahead"),
    ],
)
def test_a_renewal_is_for_the_present_year_or_the_next(until: date, year: int, code: str) -> None:
    assert year not in years_to_renew(until, TODAY)
    with pytest.raises(FieldProblem, match=code):
        renewed_term_end(until, year, TODAY)


@pytest.mark.parametrize("typed", ["", "a", "    "])
def test_a_reason_has_some_words(typed: str) -> None:
    with pytest.raises(FieldProblem):
        reason("reason", typed)


@pytest.mark.parametrize(
    ("state", "is_stolen", "actions"),
    [
        (LicenceState.ACTIVE, False, [Action.RENEW, Action.REPLACE_TAG, Action.SUSPEND, Action.STOLEN, Action.CANCEL]),
        (LicenceState.SUSPENDED, True, [Action.RENEW, Action.REPLACE_TAG, Action.RESUME, Action.FOUND, Action.CANCEL]),
        (LicenceState.CANCELLED, False, [Action.STOLEN]),
    ],
)
def test_the_page_offers_what_the_state_allows(state: LicenceState, is_stolen: bool, actions: list[Action]) -> None:
    assert open_actions(state, is_stolen=is_stolen, valid_until=date(2027, 6, 30), today=TODAY) == actions


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("খুলনা-প ০০০১২৩", "number"),
        ("০১৭১২ ৩৪৫৬৭৮", "mobile"),
        ("ab-12345", "chassis"),
        ("EB0001 0000007B 01 12345678", "epc"),
        ("E28011602000001122334455", "tid"),
        ("Md. Rahim", "words"),
        ("১২৩৪৫৬৭৮৯০", "may_be_nid"),
    ],
)
def test_the_search_box_understands(typed: str, field: str) -> None:
    assert getattr(read_query(typed, PREFIXES), field)


@given(st.text())
def test_any_text_may_be_searched_for(text: str) -> None:
    assert len(read_query(text, PREFIXES).words) <= 120
