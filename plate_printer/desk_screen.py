"""What the desk says to the officer: Bangla first, English below, one thing at a time. `--json` says it to a program."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Protocol

import msgspec
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from plate_printer.tag_writer import Prompt


class Say(StrEnum):
    """What the desk itself has to say; what the tag needs are Prompts."""

    STARTED = "started"
    NO_JOB = "no_job"
    JOB = "job"
    JOB_GONE = "job_gone"
    ENCODED = "encoded"
    FAILED = "failed"
    REPORTED = "reported"
    REFUSED = "refused"
    SERVER_AWAY = "server_away"
    READER_LOST = "reader_lost"
    READER_BACK = "reader_back"
    STOPPED = "stopped"


class Tone(Enum):
    """The colour of the frame."""

    QUIET = "white"
    DO = "yellow"
    GOOD = "green"
    BAD = "red"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Both languages, with the names of facts in braces."""

    tone: Tone
    bn: str
    en: str


SENTENCES: dict[Say | Prompt, Sentence] = {
    Say.STARTED: Sentence(Tone.QUIET, "ট্যাগ ডেস্ক চালু হয়েছে: {server}", "Tag desk started; reader {reader}"),
    Say.NO_JOB: Sentence(Tone.QUIET, "এখন কোনো কাজ নেই; কাজের জন্য অপেক্ষা করছি", "No job now; waiting for one"),
    Say.JOB: Sentence(Tone.DO, "কাজ {job}: {number_bn}", "Job {job}: {number_en}"),
    Say.JOB_GONE: Sentence(
        Tone.QUIET, "কাজ {job} এই ডেস্ক থেকে ফিরিয়ে নেওয়া হয়েছে; ট্যাগ লেখা হয়নি", "Job {job} was taken back from this desk; no tag was written"
    ),
    Say.ENCODED: Sentence(
        Tone.GOOD,
        "{number_bn}: ট্যাগ লেখা ও তালাবদ্ধ হয়েছে। ট্যাগটি সরিয়ে নিন",
        "{number_en}: the tag is written and locked. Take it away\nEPC {epc}\nTID {tid}",
    ),
    Say.FAILED: Sentence(
        Tone.BAD,
        "{number_bn}: ট্যাগ লেখা যায়নি ({step})। ট্যাগটি আলাদা রাখুন, অফিসে আবার কাজ দিন",
        "{number_en}: the tag could not be written ({step}). Put it aside and order the tag again\n{reason}",
    ),
    Say.REPORTED: Sentence(Tone.GOOD, "কাজ {job}: রেজিস্ট্রি জেনেছে", "Job {job}: the registry knows"),
    Say.REFUSED: Sentence(
        Tone.BAD, "কাজ {job}: রেজিস্ট্রি ট্যাগটি নেয়নি। ট্যাগটি আলাদা রাখুন", "Job {job}: the registry refused. Put the tag aside\n{reason}"
    ),
    Say.SERVER_AWAY: Sentence(
        Tone.BAD,
        "রেজিস্ট্রির সঙ্গে যোগাযোগ নেই; আবার চেষ্টা করছি। {waiting}টি ফলাফল এখানে রাখা আছে, কিছু হারায়নি",
        "The registry cannot be reached; trying again. {waiting} results are kept here, nothing is lost\n{reason}",
    ),
    Say.READER_LOST: Sentence(
        Tone.BAD, "রিডার পাওয়া যাচ্ছে না; তার ও বিদ্যুৎ দেখুন। আবার চেষ্টা করছি", "The reader is lost; check cable and power. Trying again\n{reason}"
    ),
    Say.READER_BACK: Sentence(Tone.GOOD, "রিডার আবার পাওয়া গেছে", "The reader is back"),
    Say.STOPPED: Sentence(Tone.QUIET, "ডেস্ক বন্ধ হয়েছে", "The desk has stopped"),
    Prompt.PUT_TAG: Sentence(Tone.DO, "ট্যাগটি রিডারের উপর রাখুন", "Put the tag on the reader"),
    Prompt.TAKE_OTHERS_AWAY: Sentence(
        Tone.DO, "একাধিক ট্যাগ দেখা যাচ্ছে; একটি রেখে বাকিগুলো সরিয়ে নিন", "Several tags are seen; leave one, take the others away"
    ),
    Prompt.PUT_BACK: Sentence(Tone.DO, "কাজ শেষ হয়নি; ট্যাগটি আবার রিডারের উপর রাখুন", "Not finished; put the tag back on the reader"),
    Prompt.TAG_IS_TAKEN: Sentence(
        Tone.BAD,
        "এই ট্যাগ অন্য গাড়ির, তালাবদ্ধ। সরিয়ে নিয়ে একটি খালি ট্যাগ রাখুন",
        "This tag belongs to another bike and is locked. Take it away and put a blank one",
    ),
    Prompt.TAG_HAS_NO_NUMBER: Sentence(
        Tone.BAD,
        "এই চিপের নিজস্ব নম্বর নেই, ব্যবহার করা যাবে না। অন্য ধরনের ট্যাগ রাখুন",
        "This chip has no number of its own and cannot be used. Put a tag of another make",
    ),
    Prompt.WRITING: Sentence(Tone.DO, "লেখা হচ্ছে; ট্যাগ নড়াবেন না", "Writing; do not move the tag"),
}


class Screen(Protocol):
    def show(self, what: Say | Prompt, **facts: str) -> None:
        """Say it, unless it was the last thing said."""


class OfficerScreen:
    """Framed sentences on a terminal; plain lines where the output is a file."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: object = None

    def show(self, what: Say | Prompt, **facts: str) -> None:
        if (what, facts) == self._last:
            return
        self._last = (what, facts)
        sentence = SENTENCES[what]
        bangla, english = sentence.bn.format(**facts), sentence.en.format(**facts)
        if self._console.is_terminal:
            text = Text.assemble((bangla, "bold"), "\n", english)
            self._console.print(Panel(text, border_style=sentence.tone.value, expand=False))
        else:
            self._console.print(Text(f"{bangla} / {english}"), soft_wrap=True)


class JsonScreen:
    """One JSON object a line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: object = None

    def show(self, what: Say | Prompt, **facts: str) -> None:
        if (what, facts) != self._last:
            self._last = (what, facts)
            line = msgspec.json.encode({"event": what.value, **facts}).decode()
            self._console.print(Text(line), soft_wrap=True)
            self._console.file.flush()
