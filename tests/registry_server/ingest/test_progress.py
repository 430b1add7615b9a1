"""Which batches are stored: against a set."""

from hypothesis import given
from hypothesis import strategies as st

from registry_server.ingest.progress import Progress


@given(st.lists(st.integers(1, 40), max_size=80))
def test_it_says_what_a_set_would(seqs: list[int]) -> None:
    progress, oracle = Progress(), set[int]()
    for seq in seqs:
        assert progress.add(seq) is (seq not in oracle)
        oracle.add(seq)
    assert [seq in progress for seq in range(1, 42)] == [seq in oracle for seq in range(1, 42)]
    through = next(seq for seq in range(42) if seq + 1 not in oracle)
    assert progress.through == through
    assert progress.missing == sum(seq not in oracle for seq in range(1, max(oracle, default=0)))
    flat = [seq for first, last in progress.beyond for seq in range(first, last + 1)]
    assert flat == sorted(seq for seq in oracle if seq > through)


def test_ranges_are_joined() -> None:
    progress = Progress()
    for seq in (1, 2, 5, 7, 6, 9):
        progress.add(seq)
    assert (progress.through, progress.beyond, progress.missing) == (2, [[5, 7], [9, 9]], 3)
    progress.add(3)
    progress.add(4)
    assert (progress.through, progress.beyond) == (7, [[9, 9]])
