"""What the agent says about itself."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reader_agent.health import StatusWriter, find_clock_offset_ms
from reader_agent.spool.spool import Spool
from schemas.identifiers import AgentId, BootId, ReaderId
from schemas.messages import ReaderState, ReaderStatus, decode_status, encode

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
BOOT = BootId("00000000000000b2")


def test_the_offset_is_small_or_not_known() -> None:
    offset_ms = find_clock_offset_ms()
    assert offset_ms is None or abs(offset_ms) < 60_000


def test_the_offset_is_asked_of_the_kernel_without_starting_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    find_clock_offset_ms()


def test_a_status_says_what_waits_and_what_was_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path, BOOT, capacity_bytes=1 << 20, stamp="x")
    spool.append(lambda _: b"body", 1)
    writer = StatusWriter(AgentId("pti-more-1"), BOOT, spool)
    reader = ReaderStatus(ReaderId("gate-1"), ReaderState.LOST, "unplugged", reads=7)
    online = writer.online([reader], 3, AT)
    offline = writer.offline(AT)
    spool.close()
    assert decode_status(encode(online)) == online
    assert (online.online, online.spooled_batches, online.dropped_sightings, online.readers) == (True, 1, 3, [reader])
    assert (offline.online, offline.spooled_batches, offline.readers) == (False, 1, [])
    assert online.version


def test_a_status_says_what_the_registry_refuses_and_what_the_disk_has_changed(tmp_path: Path) -> None:
    spool = Spool(tmp_path, BOOT, capacity_bytes=1 << 20, stamp="x")
    for _ in range(4):
        spool.append(lambda _: b"body", 1)
    with closing(sqlite3.connect(tmp_path / "spool.sqlite")) as disk, disk:
        disk.execute("UPDATE batches SET body = x'00' WHERE seq = 1")
    spool.aside.put([batch.id for batch in spool.oldest(9)[:2]])
    writer = StatusWriter(AgentId("pti-more-1"), BOOT, spool)
    for status in (writer.online([], 0, AT), writer.offline(AT)):
        assert (status.spooled_batches, status.refused_batches, status.quarantined_batches) == (3, 2, 1)
    spool.close()
