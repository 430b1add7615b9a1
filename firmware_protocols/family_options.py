"""What a family may be told beside address and number of ports: of which make its readers are where the wire cannot tell, and how they
are to take inventory. As data, so that a configuration is checked, and documented, from one place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

OptionValue = str | int | bool
Options = Mapping[str, OptionValue]
MOST_DIGITS = 10  # more than any option has


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these texts."""

    texts: tuple[str, ...]

    @property
    def remedy(self) -> str:
        return f"write one of {', '.join(map(_quoted, self.texts))}"

    def takes(self, value: object) -> bool:
        return value in self.texts

    def of_text(self, text: str) -> OptionValue:
        return text


@dataclass(frozen=True, slots=True)
class YesOrNo:
    remedy = "write true or false, without quotes"

    def takes(self, value: object) -> bool:
        return isinstance(value, bool)

    def of_text(self, text: str) -> OptionValue:
        return {"true": True, "false": False}.get(text, text)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within limits."""

    least: int
    most: int

    @property
    def remedy(self) -> str:
        return f"write a whole number from {self.least} to {self.most}, without quotes"

    def takes(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most

    def of_text(self, text: str) -> OptionValue:
        return int(text) if text.isascii() and text.isdecimal() and len(text) < MOST_DIGITS else text


class Option(NamedTuple):
    form: Choice | YesOrNo | Whole
    meaning: str


OPTIONS: dict[str, dict[str, Option]] = {
    "thingmagic": {
        "model": Option(Choice(("m5e", "m6e", "micro", "nano", "m7e")), "the module, before it says so itself; an M5e does not stream"),
        "tid_in_inventory": Option(YesOrNo(), "read each tag's TID on the way (true if not said); without it inventory is faster"),
    },
    "chafon": {
        "model": Option(Choice(("uhfreader18", "288", "ex10")), "the generation, where the reader's type byte is not known"),
        "fast_id": Option(YesOrNo(), "Impinj chips send their TID with the EPC"),
    },
    "llrp": {
        "version": Option(Choice(("1.0.1", "1.1")), "what we speak (1.0.1 if not said); both are understood"),
        "keepalive_ms": Option(
            Whole(100, 1000), "how often the reader proves itself alive (500 if not said); after two seconds of silence it is lost"
        ),
        "mode_index": Option(Whole(0, 65_535), "ModeIndex of C1G2RFControl, as the reader's table of modes numbers it"),
        "tari_ns": Option(Whole(0, 25_000), "Tari of C1G2RFControl; 0 leaves it to the mode"),
        "session": Option(Whole(0, 3), "Gen2 session (0 if not said: each tag answers in every round)"),
        "population": Option(Whole(1, 65_535), "how many tags are expected before an antenna (8 if not said)"),
        "impinj_extensions": Option(YesOrNo(), "ask for TID, phase and finer RSSI; if not said, of readers that Impinj made"),
    },
}


def typed_options(family: str, typed: Mapping[str, str]) -> dict[str, OptionValue]:
    """Options as a person types them: yes-or-no and numbers become such where the option takes one. What makes no sense stays as it is,
    for `find_option_problems` to name.
    """
    known = OPTIONS.get(family, {})
    return {key: known[key].form.of_text(text) if key in known else text for key, text in typed.items()}


@dataclass(frozen=True, slots=True)
class OptionProblem:
    key: str
    value: object
    remedy: str


def find_option_problems(family: str, given: Mapping[str, object]) -> Iterator[OptionProblem]:
    """Every option that the family does not have or not take, with what to write instead."""
    known = OPTIONS.get(family, {})
    for key, value in given.items():
        option = known.get(key)
        if option is None:
            yield OptionProblem(key, value, _unknown(family, key, tuple(known)))
        elif not option.form.takes(value):
            yield OptionProblem(key, value, f"{option.form.remedy}: {option.meaning}")


def _unknown(family: str, key: str, known: tuple[str, ...]) -> str:
    if not known:
        return f"{family} readers have no options; remove it"
    nearest = get_close_matches(key, known, 1)
    meant = f"; is {nearest[0]} meant?" if nearest else ""
    return f"no option of {family} readers, which have {', '.join(known)}{meant}"


def _quoted(text: str) -> str:
    return f'"{text}"'
