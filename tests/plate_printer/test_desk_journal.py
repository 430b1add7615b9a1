from datetime import UTC, datetime
from pathlib import Path

import pytest

from plate_printer.desk_journal import Journal, Report
from plate_printer.errors import JournalError
from schemas.orders import EncodedTag, EncodingFailure
from schemas.tid import Tid
from tests.plate_printer.bench_field import OURS, TID_A

ENCODED = EncodedTag(7, OURS, Tid(TID_A), locked=True, encoded_at=datetime(2026, 11, 22, 6, 30, tzinfo=UTC))
FAILED = EncodingFailure(8, "lock", "lock_failed (13): no tag", Tid(TID_A))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal"


def waiting(path: Path) -> list[Report]:
    reports: list[Report] = []
    with Journal(path) as journal:
        while (oldest := journal.oldest) is not None:
            reports.append(oldest)
            journal.forget_oldest()
    return reports


def test_reports_outlive_the_program_in_their_order(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(ENCODED)
        journal.append(FAILED)
    assert waiting(path) == [ENCODED, FAILED]


def test_what_was_forgotten_does_not_come_back(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(ENCODED)
        journal.append(FAILED)
        journal.forget_oldest()
    assert waiting(path) == [FAILED]


def test_what_the_registry_refused_is_kept_for_a_person(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(ENCODED)
        journal.put_oldest_aside("bound to another licence")
        assert len(journal) == 0
        kept = journal.refused_path.read_text()
    assert "bound to another licence" in kept
    assert str(OURS) in kept
    assert waiting(path) == []


def test_a_draft_cut_off_by_a_power_failure_is_not_read(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(ENCODED)
    path.with_name("journal.new").write_bytes(b'encoded {"job": 9, "ep')
    assert waiting(path) == [ENCODED]


@pytest.mark.parametrize("line", [b"encoded {}", b"nonsense", b'failed {"job": 0}'], ids=str)
def test_a_damaged_journal_is_refused_with_the_line_and_the_remedy(path: Path, line: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(line + b"\n")
    with pytest.raises(JournalError, match=r"line 1.*show it to an engineer"):
        Journal(path)


def test_a_folder_that_cannot_be_written_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="--journal"):
        Journal(tmp_path / "file" / "journal")


def test_one_desk_at_a_time(path: Path) -> None:
    with Journal(path), pytest.raises(JournalError, match="another desk"):
        Journal(path)
    Journal(path).close()


def test_a_full_disk_loses_nothing_that_was_there(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(ENCODED)
        path.with_name("journal.new").mkdir()
        with pytest.raises(JournalError, match="start the desk again"):
            journal.append(FAILED)
        assert journal.oldest == ENCODED
    path.with_name("journal.new").rmdir()
    assert waiting(path) == [ENCODED]
