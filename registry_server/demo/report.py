"""What the demo prints."""

import sys
from collections import Counter
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from registry_server.demo.city import STORIES
from registry_server.demo.observer import Shown
from registry_server.demo.seeding import SignIn
from registry_server.demo.tally import Latency, StoryResult

WIDTH = 140  # of a file or a pipe; a terminal knows its own
screen = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH, soft_wrap=True)
SHOWN_A_LINE = 3


def opening_panel(web_url: str, sign_ins: Sequence[SignIn], seconds: float | None) -> None:
    table = Table.grid(padding=(0, 3))
    for sign_in in sign_ins:
        table.add_row(sign_in.role.replace("_", " "), f"[bold]{sign_in.name}[/]", sign_in.password)
    ends = f"ends by itself after {seconds:.0f} s" if seconds is not None else "Ctrl-C ends it"
    screen.print(Panel(table, title=f"[bold]{web_url}[/]", subtitle=ends, expand=False))
    screen.print("Register a bike as the licence officer: it drives through within seconds and is flagged, for its chip is blank.")
    screen.print("Press “write the tag” on its page: the desk encodes the chip, and the bike comes through green.\n")


def second_line(second: int, shown: Sequence[Shown]) -> None:
    """One line: how many passed in this second, and what was found on the last of them."""
    flagged = [passage for passage in shown if passage.kinds]
    names = [f"[red]{escape(f'{one.checkpoint}: {one.plate or one.epc[-8:]}')} {'+'.join(one.kinds)}[/]" for one in flagged]
    screen.print(
        f"{second:4d} s  [green]{len(shown) - len(flagged):2d} legal[/]  {len(flagged):2d} flagged  {'  '.join(names[-SHOWN_A_LINE:])}"
    )


def closing_table(results: Sequence[StoryResult], latency: Latency | None) -> None:
    table = Table(title="\nInjected beside found", box=SIMPLE_HEAD, padding=0, show_edge=False)
    for title in ("story", "injected", "heard", "passages", "owed flag", "flagged", "other flags", "lost", "duplicated"):
        is_text = title in {"story", "owed flag", "other flags"}
        # a terminal of 80 columns: words go to the next line, numbers stay whole
        table.add_column(title, justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold")
    for result in results:
        table.add_row(*_cells(result))
    screen.print(table)
    for result in results:
        if result.story in STORIES and STORIES[result.story].note:
            screen.print(f"  {_words(result.story)}: {STORIES[result.story].note}")
    totals = Counter({"heard": sum(row.heard for row in results), "passages": sum(row.passages for row in results)})
    lost, doubled = sum(row.lost for row in results), sum(row.duplicated for row in results)
    screen.print(f"\nsightings heard {totals['heard']}, passages stored {totals['passages']}, lost {lost}, duplicated {doubled}")
    if latency:
        screen.print(
            f"latency, first byte on the serial line → event at the page: p50 {latency.p50_ms:.0f} ms, "
            f"p99 {latency.p99_ms:.0f} ms ({latency.count} passages)"
        )


def _cells(result: StoryResult) -> list[str]:
    others = ", ".join(f"{_words(kind)} {count}" for kind, count in sorted(result.other_flags.items())) or "-"
    numbers = (result.injected, result.heard, result.passages)
    ends = (result.lost, result.duplicated)
    return [
        _words(result.story),
        *map(str, numbers),
        _words(result.owed or "-"),
        str(result.flagged) if result.owed else "-",
        others,
        *map(str, ends),
    ]


def _words(name: str) -> str:
    return name.replace("_", " ")
