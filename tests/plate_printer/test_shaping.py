import pytest

from plate_printer.shaping import Weight, glyph_run, has_glyph, measure


@pytest.mark.parametrize(
    ("text", "glyphs"),
    [
        pytest.param("ক্ষ", 1, id="three letters, one conjunct"),
        pytest.param("স্ট্র", 1, id="five letters, one conjunct"),
        pytest.param("র্প", 2, id="reph is one mark on the next letter"),
        pytest.param("ম্য", 2, id="ya-phala"),
        pytest.param("০১২", 3, id="figures"),
    ],
)
@pytest.mark.parametrize("weight", Weight)
def test_letters_are_joined(text: str, glyphs: int, weight: Weight) -> None:
    assert len(glyph_run(text, weight)) == glyphs


def test_a_vowel_sign_moves_before_its_consonant() -> None:
    ki, k = glyph_run("কি", Weight.REGULAR), glyph_run("ক", Weight.REGULAR)
    assert ki[1].glyph_id == k[0].glyph_id


def test_a_joined_line_is_narrower_than_its_letters() -> None:
    text = "ম্যাজিস্ট্রেট"
    assert measure(text, Weight.BOLD).width_em < 0.9 * sum(measure(letter, Weight.BOLD).width_em for letter in text)


@pytest.mark.parametrize("letter", [*"কঙৎংঃঁ্০৯AZaz09 -/.,:;()&'’“”।৳·–\u200c\u200d"], ids=lambda letter: f"U+{ord(letter):04X}")
def test_letters_of_bangladeshi_papers_are_there(letter: str) -> None:
    assert has_glyph(letter)


@pytest.mark.parametrize("letter", ["😀", "क", "ا", "\x00", "\u202e"], ids=lambda letter: f"U+{ord(letter):04X}")
def test_other_letters_are_not(letter: str) -> None:
    assert not has_glyph(letter)
