"""`make bench`: every figure that the project promises, beside a peer or the naive design in the same run.

Prints tables and writes `bench/results/latest.json`. Nothing is asserted: read the ratios, and what else the machine was doing.
"""

import json
import os
import platform
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench import decode, ingest, latency, llrp, pages

console = Console(width=120, soft_wrap=True)
RESULTS = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True, slots=True)
class Results:
    machine: dict[str, Any]
    decode: list[decode.DecodeRate]
    llrp: list[llrp.LlrpRate]
    latency: dict[str, latency.LatencyFigures]
    ingest: list[ingest.Figures]
    pages: list[pages.PageFigures]


def main(
    seconds: Annotated[float, typer.Option(help="How long each load lasts.")] = 15.0,
    licences: Annotated[int, typer.Option(help="How many the worker holds.")] = 1_000_000,
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures are written.")] = RESULTS,
) -> None:
    rates = decode.measure()
    console.print(decode_table(rates))
    llrp_rates = llrp.measure()
    console.print(llrp_table(llrp_rates))
    latencies = measure_latency(seconds)
    console.print(latency_table(latencies))
    durable = ingest.measure(seconds, licences, console)
    console.print(ingest.as_table(durable))
    page_times = pages.measure(pages.VEHICLES, pages.HITS, console)
    console.print(pages.as_table(page_times))
    results = Results(machine(), rates, llrp_rates, latencies, durable, page_times)
    json_file.parent.mkdir(parents=True, exist_ok=True)
    json_file.write_text(json.dumps(asdict(results), indent=2) + "\n")
    console.print(f"written to {json_file}")


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "system": platform.platform(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def measure_latency(seconds: float) -> dict[str, latency.LatencyFigures]:
    with tempfile.TemporaryDirectory(prefix="ebike-bench-") as folder, ingest.database_on("postgresql", Path(folder)) as url:
        return {"sqlite": latency.measure(seconds=seconds), "postgresql": latency.measure(seconds=seconds, database_url=url)}


def decode_table(rates: list[decode.DecodeRate]) -> Table:
    table = Table(title="Decoding: tag reports a second on one core")
    for heading in ("family", "codec", "bare walk of the same bytes", "the line's fastest", "codec / line (wanted: 100)"):
        table.add_column(heading, justify="left" if heading == "family" else "right")
    for rate in rates:
        cells = (f"{rate.codec:,.0f}", f"{rate.bare_walk:,.0f}", f"{rate.line:,.0f}", f"{rate.times_the_line:,.0f} x")
        table.add_row(rate.family, *cells)
    return table


def llrp_table(rates: list[llrp.LlrpRate]) -> Table:
    table = Table(title="Decoding LLRP: tag reports a second on one core")
    for heading in ("reports a message", "codec", "bare walk", "codec / walk (wanted at 50: 0.6)", "pyllrp", "codec / pyllrp"):
        table.add_column(heading, justify="right")
    for rate in rates:
        peer = ("-", "-") if rate.pyllrp is None else (f"{rate.pyllrp:,.0f}", f"{rate.codec / rate.pyllrp:,.0f} x")
        ours = (f"{rate.codec:,.0f}", f"{rate.bare_walk:,.0f}", f"{rate.codec / rate.bare_walk:.2f}")
        table.add_row(str(rate.reports_per_message), *ours, *peer)
    return table


def latency_table(figures: dict[str, latency.LatencyFigures]) -> Table:
    table = Table(title="Serial line → event at the page")
    for heading in ("", *figures):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("sightings a second", *(f"{one.per_s:,.0f}" for one in figures.values()))
    table.add_row("injected", *(f"{one.injected:,}" for one in figures.values()))
    table.add_row("read by the simulated radio", *(f"{one.answered:,}" for one in figures.values()))
    table.add_row("came to the page", *(f"{one.latency.count:,}" for one in figures.values()))
    table.add_row("p50", *(f"{one.latency.p50_ms:.0f} ms" for one in figures.values()))
    table.add_row("p99 (wanted: 250 ms)", *(f"{one.latency.p99_ms:.0f} ms" for one in figures.values()))
    return table


if __name__ == "__main__":
    typer.run(main)
