"""No page and no refusal lacks a sentence, in either language."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_server.errors import SetupError
from registry_server.web.navigation import Place
from registry_server.web.pages import TEMPLATES_DIR, environment
from registry_server.web.texts import Language, Texts

PACKAGE = TEMPLATES_DIR.parents[1]
KEY_IN_TEMPLATE = re.compile(r"""(?<![\w.])t\(\s*["']([a-z0-9_.]+)["']\s*[,)]""")
CODES = {"FieldProblem": 1, "Conflict": 0}
"""Which argument names the sentence."""
TEXTS = Texts.load()


def placeholders(sentence: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name)


def keys_in_templates() -> Iterator[tuple[str, str]]:
    for path in TEMPLATES_DIR.rglob("*.html"):
        for key in KEY_IN_TEMPLATE.findall(path.read_text(encoding="utf-8")):
            yield path.name, key


def codes_in_code() -> Iterator[tuple[str, str]]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CODES:
                code = node.args[CODES[node.func.id] : CODES[node.func.id] + 1]
                if code and isinstance(code[0], ast.Constant):
                    yield f"{path.parent.name}/{path.name}:{node.lineno}", str(code[0].value)


def test_every_key_in_a_template_has_its_sentences() -> None:
    assert [(name, key) for name, key in keys_in_templates() if not TEXTS.has(key)] == []


def test_every_refusal_in_the_code_has_its_sentences() -> None:
    assert [(place, code) for place, code in codes_in_code() if not TEXTS.has(f"error.{code}")] == []


def test_both_languages_name_the_same_facts() -> None:
    assert [key for key, both in TEXTS.by_key.items() if placeholders(both[Language.BN]) != placeholders(both[Language.EN])] == []


def test_no_bangla_sentence_is_left_in_latin_letters() -> None:
    left = {
        key
        for key, both in TEXTS.by_key.items()
        if re.search("[A-Za-z]{3} +[A-Za-z]{3}", both[Language.BN]) and both[Language.BN].isascii()
    }
    assert left == set()


def test_every_template_compiles() -> None:
    templates = environment()
    for name in templates.list_templates():
        templates.get_template(name)


def test_a_place_has_its_name_and_its_hint() -> None:
    from registry_server.app import PLACES  # noqa: PLC0415 — the list is the subject

    named = [key for place in PLACES for key in (place.text_key, f"{place.text_key}_hint")]
    assert isinstance(PLACES[0], Place)
    assert [key for key in named if not TEXTS.has(key)] == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param('a = { bn = "ক" }', "needs exactly bn and en", id="one language only"),
        pytest.param('a = { bn = "ক", en = "a", fr = "a" }', "needs exactly bn and en", id="a third language"),
        pytest.param('a = "ক"', 'must be {bn = "…", en = "…"}', id="a bare sentence"),
    ],
)
def test_a_faulty_file_is_refused_by_name(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "licences.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match=r"licences\.toml") as refused:
        Texts.load(tmp_path)
    assert named in str(refused.value)


def test_an_error_code_stands_in_one_file_only(tmp_path: Path) -> None:
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text('[error]\nx = { bn = "ক", en = "a" }', encoding="utf-8")
    with pytest.raises(SetupError, match=r"two\.toml: the key error\.x"):
        Texts.load(tmp_path)
