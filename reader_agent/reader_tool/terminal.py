"""What every command of the tool says to its user, and how it refuses."""

import signal
import sys
from collections.abc import Callable, Iterable
from threading import Event
from typing import Annotated, NoReturn

import structlog
import typer
from rich.console import Console
from rich.markup import escape

from firmware_protocols.catalogue import ALL_FAMILIES, FAMILIES, UnknownFamily
from firmware_protocols.codec import FamilyFacts
from firmware_protocols.family_options import Options, find_option_problems, typed_options
from reader_agent.link_address import LinkAddress, parse_address

FAILED, WRONG_USE = 1, 2
NO_TEXT = "expected text in UTF-8, found other bytes"
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)


def in_small_letters(family: str | None) -> str | None:
    """As a person writes a family's name: makers print it in capitals."""
    return family.strip().lower() if family is not None else None


def _beginning_with(names: Iterable[str]) -> Callable[[str], list[str]]:
    return lambda incomplete: [name for name in names if name.startswith(incomplete.lower())]


FamilyName = Annotated[
    str,
    typer.Argument(
        help=f"One of {', '.join(ALL_FAMILIES)}.", callback=in_small_letters, autocompletion=_beginning_with(ALL_FAMILIES), metavar="FAMILY"
    ),
]
FamilyOption = Annotated[
    str,
    typer.Option(
        "--family", "-f", help=f"One of {', '.join(FAMILIES)}.", callback=in_small_letters, autocompletion=_beginning_with(FAMILIES)
    ),
]
Url = Annotated[
    str,
    typer.Argument(
        help="tcp://HOST:PORT or serial:///dev/serial/by-id/NAME, with ?baud=N if it is not the family's own; of a smart reader "
        "https://HOST, mqtt://BROKER/TOPIC or webhook://0.0.0.0:PORT/PATH, with ?account=NAME&password_file=FILE."
    ),
]
AntennaPorts = Annotated[int | None, typer.Option(help="How many antenna ports the reader has, where its family leaves that open.")]
OwnOptions = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="KEY=VALUE", help="What the family may be told, as in agent.toml, e.g. model=uhfreader18."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


def refuse(sentence: str, code: int = WRONG_USE) -> NoReturn:
    err.print(f"[red]ebike-reader:[/red] {escape(sentence)}")
    raise typer.Exit(code)


def facts_or_exit(family: str) -> FamilyFacts:
    if family not in ALL_FAMILIES:
        refuse(str(UnknownFamily(family)))
    return ALL_FAMILIES[family]


def conversing_or_exit(family: str) -> FamilyFacts:
    """A family whose readers take commands."""
    facts = facts_or_exit(family)
    if family not in FAMILIES:
        refuse(f"{family} readers only tell what they see and take no commands; those that do: {', '.join(FAMILIES)}")
    return facts


def options_or_exit(family: str, pairs: list[str]) -> Options:
    """What was given with --option."""
    typed = dict[str, str]()
    for pair in pairs:
        key, has_value, value = pair.partition("=")
        if not has_value:
            refuse(f"--option {pair}: write KEY=VALUE, such as model=m5e")
        typed[key.strip()] = value.strip()
    options = typed_options(family, typed)
    for problem in find_option_problems(family, options):
        refuse(f"--option {problem.key}={typed[problem.key]}: {problem.remedy}")
    return options


def address_or_exit(url: str) -> LinkAddress:
    # What a link tells of itself (a reader that posts to the wrong path) is no part of the answer.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    try:
        return parse_address(url)
    except ValueError as error:
        refuse(f"{url}: {error}")


def told_to_end() -> Event:
    """Is set when Ctrl-C or a service's stop comes."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop
