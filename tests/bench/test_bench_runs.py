"""Every part of `make bench` runs to its end and counts what it should, in small. How fast is nobody's assertion."""

from pathlib import Path

import pytest

from bench import decode, ingest, latency, llrp, pages
from bench.registry_rows import Sizes, fill_registry, today_utc
from registry_server.db import Database
from registry_server.schema import migrate


def test_every_serial_family_is_decoded_and_compared_with_its_line() -> None:
    rates = decode.measure(reports=100)
    assert {rate.family.split(",")[0] for rate in rates} == {"m100", "r200", "r2000", "thingmagic", "chafon", "cf"}
    assert all(rate.codec > 0 and rate.bare_walk > 0 and rate.times_the_line > 0 for rate in rates)


def test_llrp_is_decoded_beside_a_bare_walk_at_three_sizes() -> None:
    rates = llrp.measure(reports=100)
    assert [rate.reports_per_message for rate in rates] == [1, 10, 50]
    assert all(rate.codec > 0 and rate.bare_walk > 0 for rate in rates)


def test_every_bike_that_the_radio_read_comes_to_the_page() -> None:
    figures = latency.measure(per_s=40.0, seconds=1.0)
    assert 0 < figures.answered <= figures.injected
    assert figures.latency.count == figures.answered


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/registry.sqlite"


def test_ours_and_the_naive_design_store_what_they_are_sent(sqlite_url: str, tmp_path: Path) -> None:
    figures = ingest.measure_on("sqlite", sqlite_url, tmp_path, licences=2_000, seconds=0.1)
    assert figures.naive_per_s == pytest.approx(figures.naive_reads_per_s / ingest.READS_A_SIGHTING)
    assert min(figures.ratios.values()) > 0
    assert min(figures.start_s, figures.memory_mb, figures.peak_memory_mb) > 0


def test_every_page_is_timed(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    migrate(database)
    fill_registry(database, 1_000, today_utc(), Sizes(passages=3_000, flags=1_200, audit_entries=1_000, cases=100))
    timed = pages.measure_on("sqlite", database, tmp_path, 1_000, hits=2)
    database.close()
    assert {one.name for one in timed} == {one.name for one in pages.probes(1_000, str)}
