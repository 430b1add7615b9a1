"""Sentences in both languages, read from `texts/<feature>.toml`.

A key is `<feature>.<name>`; keys of an `[error]` table are `error.<code>` whatever the file.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from registry_server.errors import SetupError

TEXTS_DIR = Path(__file__).parent / "texts"
SHARED_TABLES = frozenset({"error"})


class Language(StrEnum):
    BN = "bn"
    EN = "en"

    @property
    def other(self) -> "Language":
        return Language.EN if self is Language.BN else Language.BN


Sentences = Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Texts:
    by_key: Mapping[str, Sentences]

    @classmethod
    def load(cls, folder: Path = TEXTS_DIR) -> Self:
        """Every file of the folder. Raises SetupError that names file and key for a doubled key or a missing language."""
        by_key: dict[str, Sentences] = {}
        for path in sorted(folder.glob("*.toml")):
            for key, sentences in _entries(path):
                if key in by_key:
                    raise SetupError(f"{path.name}: the key {key} stands in another file too")
                by_key[key] = sentences
        return cls(by_key)

    def say(self, language: Language, key: str, /, **facts: object) -> str:
        """The sentence with its facts. Raises KeyError for a key or a fact that does not exist: tests walk all keys."""
        return self.by_key[key][language].format(**facts)

    def has(self, key: str) -> bool:
        return key in self.by_key


def _entries(path: Path) -> Iterator[tuple[str, Sentences]]:
    for name, value in tomllib.loads(path.read_text(encoding="utf-8")).items():
        yield from _walk(path, name if name in SHARED_TABLES else f"{path.stem}.{name}", value)


def _walk(path: Path, key: str, value: Any) -> Iterator[tuple[str, Sentences]]:
    if not isinstance(value, dict):
        raise SetupError(f'{path.name}: {key} must be {{bn = "…", en = "…"}}, found {value!r}')
    if value.keys() & set(Language):
        if value.keys() != set(Language):
            raise SetupError(f"{path.name}: {key} needs exactly bn and en, found {', '.join(sorted(value))}")
        yield key, {Language(code): sentence for code, sentence in value.items()}
        return
    for name, inner in value.items():
        yield from _walk(path, f"{key}.{name}", inner)
