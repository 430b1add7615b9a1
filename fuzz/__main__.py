"""`make fuzz`: a million harmed frames for every family; exit code 1, with the bytes, if a codec raises, stalls, grows or stays deaf."""

from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from secrets import randbelow
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from firmware_protocols.catalogue import ALL_FAMILIES
from firmware_protocols.events import FrameFault
from fuzz.run import Counts, attack

console = Console(width=140, soft_wrap=True)


def main(
    frames: Annotated[int, typer.Option(min=1, help="Mutated frames for each family.")] = 1_000_000,
    family: Annotated[list[str] | None, typer.Option(help="Only this one; may be given again.")] = None,
    seed: Annotated[int | None, typer.Option(help="Plays the same harm again; left out: by chance, and printed.")] = None,
    processes: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    chosen_seed = randbelow(1_000_000) if seed is None else seed
    families = family or list(ALL_FAMILIES)
    if unknown := [name for name in families if name not in ALL_FAMILIES]:
        raise typer.BadParameter(f"no reader family {', '.join(unknown)}; known are {', '.join(ALL_FAMILIES)}")
    console.print(f"seed {chosen_seed}, {frames:,} frames a family")
    # A process for each family: what one holds is not seen in another's memory.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        running = [pool.submit(attack, name, frames, chosen_seed) for name in families]
        for done in as_completed(running):
            console.print(f"{done.result().family}: {done.result().seconds:.0f} s, {len(done.result().findings)} findings")
        results = [done.result() for done in running]
    console.print(as_table(results))
    findings = [finding for counts in results for finding in counts.findings]
    for finding in findings:
        console.print(f"[red]{finding.family}[/red] {finding.direction}, seed {finding.seed}: {escape(finding.what)}")
        console.print(f"  bytes: {finding.data.hex()}", markup=False)
    if findings:
        raise typer.Exit(1)


def as_table(results: list[Counts]) -> Table:
    table = Table(title="Harmed frames")
    headings = (
        "family",
        "frames",
        "MB",
        "events",
        *(f"{fault} errors" for fault in FrameFault),
        "good ones read after",
        "grew MB",
        "CPU s",
        "",
    )
    for heading in headings:
        table.add_column(heading, justify="left" if heading in {"family", ""} else "right")
    for counts in results:
        errors = (f"{counts.errors[fault.value]:,}" for fault in FrameFault)
        cells = (f"{counts.frames:,}", f"{counts.byte_count / 1e6:,.1f}", f"{counts.events:,}", *errors, f"{counts.recoveries:,}")
        verdict = "[red]found[/red]" if counts.findings else "[green]ok[/green]"
        table.add_row(counts.family, *cells, f"{counts.growth_kb / 1024:.1f}", f"{counts.seconds:.1f}", verdict)
    return table


if __name__ == "__main__":
    typer.run(main)
