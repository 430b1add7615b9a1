"""The spool loses nothing that it said it has, whatever happens to the process, the disk or the file."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader_agent.errors import FolderWrong, SpoolFull, SpoolHeld
from reader_agent.spool.spool import Spool
from schemas.identifiers import BootId

BOOT, EARLIER = BootId("00000000000000b2"), BootId("00000000000000a1")
ROOMY = 64 * 1024 * 1024


def open_spool(folder: Path, boot: BootId = BOOT, capacity_bytes: int = ROOMY) -> Spool:
    return Spool(folder, boot, capacity_bytes=capacity_bytes, stamp="20261122T063000Z")


def fill(folder: Path, count: int, boot: BootId = BOOT, size: int = 300) -> None:
    spool = open_spool(folder, boot)
    for _ in range(count):
        spool.append(lambda seq: body(seq, size), 1)
    spool.close()


def body(seq: int, size: int = 300) -> bytes:
    return f"batch {seq} ".encode().ljust(size, b".")


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = open_spool(tmp_path)
    yield spool
    spool.close()


def seqs(spool: Spool, boot: BootId = BOOT) -> list[int]:
    return [batch.seq for batch in spool.oldest(10_000) if batch.boot == boot]


def test_sequence_numbers_begin_at_one_and_have_no_gap(spool: Spool) -> None:
    assert [spool.append(body, 1) for _ in range(3)] == [1, 2, 3]
    assert [(batch.seq, batch.body) for batch in spool.oldest(10)] == [(1, body(1)), (2, body(2)), (3, body(3))]


def test_a_batch_that_cannot_be_sealed_uses_no_number(spool: Spool) -> None:
    def fails(_seq: int) -> bytes:
        raise ValueError("no key")

    with pytest.raises(ValueError, match="no key"):
        spool.append(fails, 1)
    assert spool.append(body, 1) == 1


def test_batches_of_earlier_lives_come_first_and_are_still_sent(tmp_path: Path) -> None:
    fill(tmp_path, 2, EARLIER)
    spool = open_spool(tmp_path)
    spool.append(body, 1)
    assert [(batch.boot, batch.seq) for batch in spool.oldest(10)] == [(EARLIER, 1), (EARLIER, 2), (BOOT, 1)]
    spool.close()


@pytest.mark.parametrize(
    ("boot", "through", "beyond", "left"),
    [
        pytest.param(BOOT, 0, [], [1, 2, 3, 4, 5], id="nothing is committed"),
        pytest.param(BOOT, 3, [], [4, 5], id="the first three"),
        pytest.param(BOOT, 1, [4], [2, 3, 5], id="one ahead of a gap"),
        pytest.param(BOOT, 9, [12], [], id="more than there is"),
        pytest.param(EARLIER, 5, [], [1, 2, 3, 4, 5], id="another life"),
    ],
)
def test_only_what_the_ack_covers_is_forgotten(spool: Spool, boot: BootId, through: int, beyond: list[int], left: list[int]) -> None:
    for _ in range(5):
        spool.append(body, 1)
    spool.forget(boot, through, beyond)
    assert seqs(spool) == left


@settings(max_examples=15)
@given(acks=st.lists(st.tuples(st.integers(0, 12), st.lists(st.integers(1, 12), max_size=4)), max_size=6))
def test_any_acks_in_any_order_leave_exactly_what_none_covers(
    tmp_path_factory: pytest.TempPathFactory, acks: list[tuple[int, list[int]]]
) -> None:
    spool = open_spool(tmp_path_factory.mktemp("spool"))
    for _ in range(10):
        spool.append(body, 1)
    covered: set[int] = set()
    for through, beyond in acks:
        spool.forget(BOOT, through, beyond)
        covered |= {*range(1, through + 1), *beyond}
    assert seqs(spool) == [seq for seq in range(1, 11) if seq not in covered]
    spool.close()


def test_a_second_agent_on_the_same_folder_is_refused_and_told_who_has_it(tmp_path: Path, spool: Spool) -> None:
    with pytest.raises(SpoolHeld, match=f"in use by process {os.getpid()}"):
        open_spool(tmp_path)
    assert spool.append(body, 1) == 1


APPENDER = """
import sys
from pathlib import Path
from reader_agent.spool.spool import Spool
from schemas.identifiers import BootId
spool = Spool(Path(sys.argv[1]), BootId(sys.argv[2]), capacity_bytes=64 << 20, stamp="x")
while True:
    print(spool.append(lambda seq: f"batch {seq} ".encode().ljust(300, b"."), 1), flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 60, 150], ids="killed after append {}".format)
def test_kill_9_loses_no_batch_that_was_said_to_be_kept(tmp_path: Path, after: int) -> None:
    arguments = [sys.executable, "-c", APPENDER, str(tmp_path), str(BOOT)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(after):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        told = after + len(process.stdout.read().split())
    spool = open_spool(tmp_path, BootId("00000000000000c3"))
    kept = seqs(spool)
    assert kept == list(range(1, len(kept) + 1))
    assert len(kept) >= told
    assert spool.damage is None
    spool.close()


def flip(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset % len(content)] ^= 0xFF
    path.write_bytes(bytes(content))


def test_a_flipped_record_is_quarantined_and_the_others_are_sent(tmp_path: Path) -> None:
    fill(tmp_path, 9)
    path = tmp_path / "spool.sqlite"
    flip(path, path.read_bytes().index(b"batch 5 ") + 20)
    spool = open_spool(tmp_path, BootId("00000000000000c3"))
    assert seqs(spool) == [1, 2, 3, 4, 6, 7, 8, 9]
    assert (spool.quarantined, spool.damage) == (1, None)
    spool.close()


@pytest.mark.parametrize("offset", [0, 17, 18, 30, 43, 52, 60, 96, 102, 394, 400, 3800, 4000], ids="byte {} of the first page".format)
def test_a_broken_first_page_costs_no_batch(tmp_path: Path, offset: int) -> None:
    fill(tmp_path, 20)
    flip(tmp_path / "spool.sqlite", offset)
    spool = open_spool(tmp_path, BootId("00000000000000c3"))
    assert seqs(spool) == list(range(1, 21))
    spool.close()


def test_one_broken_page_costs_only_its_own_batches(tmp_path: Path) -> None:
    fill(tmp_path, 400)
    path = tmp_path / "spool.sqlite"
    page = path.read_bytes().index(b"batch 200 ") // 4096
    content = bytearray(path.read_bytes())
    content[page * 4096 : (page + 1) * 4096] = bytes(4096)
    path.write_bytes(bytes(content))
    spool = open_spool(tmp_path, BootId("00000000000000c3"))
    assert spool.damage is not None
    assert len(seqs(spool)) == spool.damage.rescued >= 380
    spool.close()


@pytest.mark.parametrize("by", [1, 2, 4])
def test_a_page_whose_rows_are_out_of_order_does_not_lead_round_for_ever(tmp_path: Path, by: int) -> None:
    fill(tmp_path, 40)
    path = tmp_path / "spool.sqlite"
    content = bytearray(path.read_bytes())
    page = content.index(b"batch 1 ") // 4096 * 4096
    cells = int.from_bytes(content[page + 3 : page + 5])  # https://www.sqlite.org/fileformat2.html, 1.6
    first, end = page + 8, page + 8 + 2 * cells
    content[first:end] = content[first + 2 * by : end] + content[first : first + 2 * by]
    path.write_bytes(bytes(content))
    spool = open_spool(tmp_path, BootId("00000000000000c3"))
    assert spool.damage is not None
    assert len(seqs(spool)) == spool.damage.rescued >= 40 - cells
    spool.close()


@settings(max_examples=25)
@given(place=st.floats(0, 1, exclude_max=True))
def test_wherever_a_byte_flips_the_start_works_and_no_changed_batch_is_sent(tmp_path_factory: pytest.TempPathFactory, place: float) -> None:
    folder = tmp_path_factory.mktemp("spool")
    fill(folder, 30)
    path = folder / "spool.sqlite"
    flip(path, int(place * path.stat().st_size))
    spool = open_spool(folder, BootId("00000000000000c3"))
    sent = {batch.seq: batch.body for batch in spool.oldest(100)}
    assert all(kept == body(seq) for seq, kept in sent.items())
    assert spool.append(body, 1) == 1
    if spool.damage:
        assert spool.damage.set_aside.exists()
    spool.close()


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be looked at" * 40], ids=["empty", "foreign"])
def test_a_file_that_is_no_spool_is_kept_aside_and_work_goes_on(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "spool.sqlite").write_bytes(content)
    spool = open_spool(tmp_path)
    assert spool.append(body, 1) == 1
    if content:
        assert spool.damage is not None
        assert spool.damage.set_aside.read_bytes() == content
    spool.close()


def test_a_full_spool_drops_its_oldest_batches_and_counts_their_sightings(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, capacity_bytes=400_000)
    for _ in range(300):
        spool.append(lambda seq: body(seq, 4000), 2)
    kept = seqs(spool)
    assert kept == list(range(kept[0], 301))
    assert len(kept) > 50
    assert spool.dropped_sightings == 2 * (300 - len(kept))
    spool.close()
    again = open_spool(tmp_path, BootId("00000000000000c3"))
    assert again.dropped_sightings == 2 * (300 - len(kept))
    again.close()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_drops_the_oldest_and_the_newest_are_kept(tiny_disk: Path) -> None:
    spool = open_spool(tiny_disk)
    for _ in range(1500):
        spool.append(lambda seq: body(seq, 4000), 1)
    kept = seqs(spool)
    assert kept == list(range(kept[0], 1501))
    assert len(kept) > 200
    assert spool.dropped_sightings == 1500 - len(kept)
    spool.close()


def test_when_somebody_else_fills_the_disk_work_goes_on_and_grows_again_with_the_room(tiny_disk: Path) -> None:
    spool = open_spool(tiny_disk)
    for _ in range(100):
        spool.append(lambda seq: body(seq, 4000), 1)
    other = tiny_disk / "somebody-elses.log"
    with pytest.raises(OSError, match="No space left"):
        other.write_bytes(bytes(8 << 20))
    for _ in range(300):
        spool.append(lambda seq: body(seq, 4000), 1)
    kept = seqs(spool)
    assert kept == list(range(kept[0], 401))
    assert spool.dropped_sightings == 400 - len(kept)
    other.unlink()
    spool.forget(BOOT, 350, [])
    for _ in range(300):
        spool.append(lambda seq: body(seq, 4000), 1)
    assert seqs(spool) == list(range(351, 701))
    spool.close()


def test_a_batch_larger_than_the_whole_spool_is_refused_and_the_number_stays_free(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, capacity_bytes=200_000)
    with pytest.raises(SpoolFull, match="free space"):
        spool.append(lambda seq: body(seq, 400_000), 1)
    assert spool.append(body, 1) == 1
    spool.close()


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FolderWrong, match=r"data_dir .* cannot be used: .*; it must be writable"):
        open_spool(tmp_path / "file" / "data")


def test_a_full_disk_at_the_start_is_no_damage(tiny_disk: Path) -> None:
    fill(tiny_disk, 20)
    (tiny_disk / "spool.reserve").unlink()
    with pytest.raises(OSError, match="No space left"):
        (tiny_disk / "somebody-elses.log").write_bytes(bytes(8 << 20))
    try:
        spool = open_spool(tiny_disk, BootId("00000000000000c3"))
    except FolderWrong:
        pass
    else:
        assert spool.damage is None
        spool.close()
    (tiny_disk / "somebody-elses.log").unlink()
    spool = open_spool(tiny_disk, BootId("00000000000000d4"))
    assert seqs(spool) == list(range(1, 21))
    spool.close()


def test_every_commit_is_synchronous(spool: Spool, tmp_path: Path) -> None:
    assert spool._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert sqlite3.connect(tmp_path / "spool.sqlite").execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_disk_that_is_filled_just_after_the_start_still_takes_a_thousand_sightings(tiny_disk: Path) -> None:
    spool = open_spool(tiny_disk)
    with pytest.raises(OSError, match="No space left"):
        (tiny_disk / "somebody-elses.log").write_bytes(bytes(8 << 20))
    for _ in range(200):
        spool.append(lambda seq: body(seq, 1000), 5)
    assert seqs(spool) == list(range(1, 201))
    assert spool.dropped_sightings == 0
    spool.close()
    spool = open_spool(tiny_disk)
    assert seqs(spool) == list(range(1, 201)), "and they outlive a restart"
    spool.close()


def test_batches_set_aside_are_left_out_until_they_are_taken_back(spool: Spool) -> None:
    for _ in range(5):
        spool.append(lambda seq: b"body %d" % seq, 1)
    ids = [batch.id for batch in spool.oldest(10)]
    spool.aside.put([ids[0], ids[2], 999])
    assert [batch.seq for batch in spool.oldest(10)] == [2, 4, 5]
    assert [batch.seq for batch in spool.oldest(10, after_id=ids[1], through_id=ids[3])] == [4]
    assert (len(spool.aside), len(spool), spool.newest_id) == (2, 5, ids[4])
    assert [spool.aside.find_id(BOOT, place) for place in range(3)] == [ids[0], ids[2], None]
    found = spool.find(ids[2])
    assert found is not None
    assert (found.seq, found.body) == (3, b"body 3")
    spool.aside.take_back()
    assert [batch.seq for batch in spool.oldest(10)] == [1, 2, 3, 4, 5]


def test_a_batch_set_aside_that_is_confirmed_is_forgotten_there_too(spool: Spool) -> None:
    for _ in range(5):
        spool.append(lambda _: b"body", 1)
    spool.aside.put_life(BOOT)
    assert spool.aside.lives() == [(BOOT, 5)]
    spool.forget(BOOT, 2, [4])
    assert (len(spool), spool.aside.lives()) == (2, [(BOOT, 2)])
    assert spool.oldest(10) == []


def test_batches_set_aside_are_dropped_first_like_all_old_ones_when_the_spool_is_full(tmp_path: Path) -> None:
    spool = Spool(tmp_path, BOOT, capacity_bytes=32 * 4096, stamp="x")
    spool.append(lambda _: bytes(2000), 1)
    spool.aside.put_life(BOOT)
    while not spool.dropped_sightings:
        spool.append(lambda _: bytes(2000), 1)
    assert len(spool.aside) == 0
    spool.close()


def test_behind_a_flipped_record_the_next_is_found_at_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path, BOOT, capacity_bytes=1 << 20, stamp="x")
    for _ in range(3):
        spool.append(lambda _: b"body", 1)
    with sqlite3.connect(tmp_path / "spool.sqlite") as database:
        database.execute("UPDATE batches SET body = x'00' WHERE seq <= 2")
    assert [batch.seq for batch in spool.oldest(1)] == [3]
    assert spool.quarantined == 2
    spool.close()


def test_a_spool_of_a_later_version_is_set_aside_and_its_batches_and_its_losses_go_on(tmp_path: Path) -> None:
    fill(tmp_path, 5, EARLIER)
    with closing(sqlite3.connect(tmp_path / "spool.sqlite")) as later, later:
        later.execute("ALTER TABLE batches ADD COLUMN mood TEXT")
        later.execute("CREATE TABLE moods (name TEXT)")
        later.execute("UPDATE counters SET value = 7")
    spool = open_spool(tmp_path)
    assert spool.damage is not None
    assert (spool.damage.rescued, seqs(spool, EARLIER), spool.dropped_sightings) == (5, [1, 2, 3, 4, 5], 7)
    spool.close()
