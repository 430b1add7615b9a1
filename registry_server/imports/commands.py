"""`ebike-server import FILE`: what would be taken in, row by row; with `--apply` all of it, or nothing."""

import csv
import json
import re
import secrets
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.table import Table

from registry_server.command_line import (
    AsJson,
    AuthoritySlug,
    DatabaseUrl,
    DataDir,
    Installation,
    installation,
    printable,
    screen,
    show_refusal,
)
from registry_server.errors import FieldProblem, SetupError
from registry_server.imports import service
from registry_server.imports.columns import HEADERS, MAX_BYTES, FileRefused
from registry_server.imports.service import ImportTools, Judged
from registry_server.licences.service import lock_counter
from registry_server.people.bangla import plain_code
from registry_server.people.keys import keys_of
from registry_server.schema import refresh_statistics
from registry_server.web.formats import day, digits
from registry_server.web.texts import Language, Texts

SHOWN_ROWS = 20
_LONG_NUMBER = re.compile(r"(?:\d[\s.‐‑–-]*){10,}")
"""As many digits as the shortest NID has."""
EXIT_REFUSED = 2
AS_TYPED = frozenset({"found", "name"})
File = Annotated[Path, typer.Argument(help="A CSV file in UTF-8 with a header line, Bangla or English.", exists=True, dir_okay=False)]
Apply = Annotated[bool, typer.Option("--apply", help="Take the bikes in. Without it nothing is changed.")]
Report = Annotated[Path | None, typer.Option("--report", help="Where the report of all rows goes; FILE.report.csv if not given.")]
InLanguage = Annotated[Language, typer.Option("--language", "--lang", help="Language of the report.")]


def import_bikes(  # noqa: PLR0913, PLR0917 — a command's options are its parameters
    file: File,
    authority: AuthoritySlug,
    apply: Apply = False,  # noqa: FBT002 — a flag
    as_json: AsJson = False,  # noqa: FBT002 — a flag
    report: Report = None,
    lang: InLanguage = Language.EN,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Register the bikes of a CSV file: first a dry run with a report row by row, with --apply all of them or none."""
    say = _Words(Texts.load(), lang)
    report_path = report or file.with_name(f"{file.name}.report.csv")
    try:
        with installation(data_dir, database_url) as here:
            outcome = _run(here, here.get_authority_id(authority), file, lambda found: _write_report(report_path, found, say), apply=apply)
    except FileRefused as refused:
        _show_refusal(say, refused, as_json=as_json)
        raise typer.Exit(EXIT_REFUSED) from None
    _show(outcome, report_path, say, as_json=as_json)
    if outcome.judged.bad:
        raise typer.Exit(EXIT_REFUSED)


class Outcome(NamedTuple):
    """What became of a file; `serials` is None in a dry run and where a row is bad."""

    judged: Judged
    serials: range | None


class _Words(NamedTuple):
    texts: Texts
    language: Language

    def of(self, key: str, **facts: object) -> str:
        """Counts in the language's digits; names and what was typed as they are."""
        shown = {name: value if name in AS_TYPED else self._number(value) for name, value in facts.items()}
        return self.texts.say(self.language, key, **shown)

    def field(self, field: str) -> str:
        """As the form of the pages calls it."""
        key = f"licences.{field}"
        return self.of(key) if self.texts.has(key) else field

    def header(self, field: str) -> str:
        """A header of that column which is understood."""
        spellings = HEADERS[field]
        return next((one for one in spellings if not one.isascii()), field) if self.language is Language.BN else spellings[0]

    def problem(self, problem: FieldProblem) -> str:
        """What was typed stands in it; of what may be an NID that slipped into another column, only the end."""
        found = _masked(problem.found)
        sentence = f"error.{problem.code}"
        return f"{self.field(problem.field)}: {self.of(sentence, found=found, **problem.facts)}"

    def refusal(self, refused: FileRefused) -> str:
        facts: dict[str, str] = dict(refused.facts)
        facts |= {name: ", ".join(map(self.header, facts[name].split(", "))) for name in ("missing", "doubled") if name in facts}
        facts |= {"on": day(date.fromisoformat(facts["on"]), self.language)} if "on" in facts else {}
        return self.of(f"error.{refused.code}", **facts)

    def _number(self, value: object) -> object:
        is_count = isinstance(value, int) or (isinstance(value, str) and value.isdecimal())
        return digits(value, self.language) if is_count else value


def _run(here: Installation, authority_id: int, file: Path, report: Callable[[Outcome], None], *, apply: bool) -> Outcome:
    """A report that cannot be written undoes the import: it alone says which bike got which number."""
    data = _contents(file)
    act, keys = here.act(authority_id), keys_of(here.settings, here.database)
    with here.database.write(authority_id) if apply else here.database.read(authority_id) as session:
        if apply:
            lock_counter(session, authority_id)  # nobody registers between the judging and the writing
        judged = service.judge(session, data, act=act, secrets=keys)
        serials = None
        if apply and not judged.bad:
            serials = service.apply(session, judged, file.name, act=act, tools=ImportTools(keys, secrets.randbits))
        outcome = Outcome(judged, serials)
        report(outcome)
    if serials is not None:
        refresh_statistics(here.database)
    return outcome


def _contents(file: Path) -> bytes:
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise SetupError(f"{file} has {size:,} bytes; at most {MAX_BYTES:,} are read at once: split it")
    return file.read_bytes()


def _write_report(path: Path, outcome: Outcome, say: _Words) -> None:
    """One line a row, readable by a spreadsheet (with a byte-order mark, so that Bangla is not garbled there). No NID stands in it."""
    serials = dict(zip((row.line for row in outcome.judged.good), outcome.serials or (), strict=False))
    lines = {row.line: (say.of("imports.ok"), str(serials.get(row.line, ""))) for row in outcome.judged.good}
    lines |= {row.line: (say.of("imports.bad"), " ".join(map(say.problem, row.problems))) for row in outcome.judged.bad}
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(say.of(f"imports.{name}") for name in ("line", "result", "serial_or_problem"))
            writer.writerows((line, result, _harmless(text)) for line, (result, text) in sorted(lines.items()))
    except OSError as error:
        raise SetupError(f"the report cannot be written to {path}: {error.strerror}; name another place with --report") from error


def _masked(found: str) -> str:
    masked = _LONG_NUMBER.sub(lambda number: "…" + re.sub(r"\D", "", number[0])[-4:], plain_code(found))
    return masked if "…" in masked else found


def _harmless(cell: str) -> str:
    """A spreadsheet must not take what somebody typed for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _show(outcome: Outcome, report: Path, say: _Words, *, as_json: bool) -> None:
    judged = outcome.judged
    if as_json:
        sys.stdout.write(json.dumps(_facts(outcome, report), ensure_ascii=False) + "\n")
        return
    if judged.ignored:
        screen.print(say.of("imports.ignored", columns=printable(", ".join(judged.ignored))), highlight=False)
    if judged.bad:
        screen.print(_table(judged, say))
        screen.print(say.of("imports.refused", bad=len(judged.bad), rows=judged.rows, report=report), highlight=False)
    elif outcome.serials is None:
        suggested = sum(row.is_latin_suggested for row in judged.good)
        screen.print(say.of("imports.would", rows=judged.rows, suggested=suggested, report=report), highlight=False)
    else:
        first, last = outcome.serials[0], outcome.serials[-1]
        screen.print(say.of("imports.done", rows=judged.rows, first=first, last=last, report=report), highlight=False)


def _table(judged: Judged, say: _Words) -> Table:
    table = Table(title=say.of("imports.problems", shown=min(SHOWN_ROWS, len(judged.bad)), bad=len(judged.bad)))
    table.add_column(say.of("imports.line"), justify="right")
    table.add_column(say.of("imports.problem"))
    for row in judged.bad[:SHOWN_ROWS]:
        table.add_row(digits(row.line, say.language), printable("\n".join(map(say.problem, row.problems))))
    return table


def _facts(outcome: Outcome, report: Path) -> dict[str, Any]:
    judged = outcome.judged
    codes = Counter(problem.code for row in judged.bad for problem in row.problems)
    return {
        "sha256": judged.sha256,
        "rows": judged.rows,
        "ignored_columns": list(judged.ignored),
        "bad": [{"line": row.line, "problems": [{"field": one.field, "code": one.code} for one in row.problems]} for row in judged.bad],
        "problems": dict(codes),
        "applied": outcome.serials is not None,
        "serials": [outcome.serials[0], outcome.serials[-1]] if outcome.serials else None,
        "report": str(report),
    }


def _show_refusal(say: _Words, refused: FileRefused, *, as_json: bool) -> None:
    sentence = say.refusal(refused)
    if as_json:
        sys.stdout.write(json.dumps({"applied": False, "refused": refused.code, "detail": sentence}, ensure_ascii=False) + "\n")
    else:
        show_refusal(sentence)
