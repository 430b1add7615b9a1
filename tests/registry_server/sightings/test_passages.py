"""Which sightings make one passage."""

from datetime import UTC, datetime

import pytest

from registry_server.sightings.passages import KnownPassage, OpenSightings, PassageBook

EPC, OTHER = b"\xeb" * 12, b"\xec" * 12
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def passage(number: int, at_s: float = 100.0, epc: bytes = EPC, checkpoint: int = 1) -> KnownPassage:
    return KnownPassage(number, 1, checkpoint, "in", epc, EPOCH, at_s, at_s, is_time_sure=True, received_at=EPOCH)


@pytest.mark.parametrize(
    ("at_s", "epc", "checkpoint", "joins"),
    [
        pytest.param(103.0, EPC, 1, True, id="another lane three seconds later"),
        pytest.param(105.0, EPC, 1, True, id="at the gap"),
        pytest.param(105.1, EPC, 1, False, id="after the gap"),
        pytest.param(97.0, EPC, 1, True, id="reported later, seen earlier"),
        pytest.param(94.0, EPC, 1, False, id="long before"),
        pytest.param(101.0, OTHER, 1, False, id="another tag"),
        pytest.param(101.0, EPC, 2, False, id="another checkpoint"),
    ],
)
def test_what_joins_a_closed_passage(at_s: float, epc: bytes, checkpoint: int, joins: bool) -> None:
    book = PassageBook()
    known = passage(1)
    book.add(known)
    assert book.find_joined(epc, checkpoint, at_s) is (known if joins else None)


def test_an_agent_that_restarts_while_the_bike_stands_there_makes_no_second_passage() -> None:
    book, open_sightings = PassageBook(), OpenSightings()
    known = passage(1)
    book.add(known)
    open_sightings.open((1, 1), known)  # its closing died with the agent
    assert book.find_joined(EPC, 1, 117.0) is known
    assert book.find_joined(EPC, 1, 161.0) is None


def test_a_long_stay_is_one_passage_until_it_has_closed() -> None:
    book, open_sightings = PassageBook(), OpenSightings()
    known = passage(1)
    book.add(known)
    open_sightings.open((1, 1), known)
    closed = open_sightings.close((1, 1), None)
    assert closed is known
    known.join(130.0)
    assert book.find_joined(EPC, 1, 134.0) is known
    assert book.find_joined(EPC, 1, 136.0) is None


def test_a_closing_that_overtook_its_opening_gives_its_chip_at_the_opening() -> None:
    open_sightings, known = OpenSightings(), passage(1)
    assert open_sightings.close((1, 1), b"\xe2" * 12) is None
    assert open_sightings.open((1, 1), known) == b"\xe2" * 12
    assert known.open_sightings == 0


def test_the_oldest_are_forgotten_first() -> None:
    book = PassageBook(remembered=4)
    for number in range(1, 6):
        book.add(passage(number, epc=bytes([number]) * 12))
    assert [bool(book.of(bytes([number]) * 12)) for number in range(1, 6)] == [False, False, True, True, True]


def test_a_tag_parked_before_the_antenna_does_not_fill_the_book() -> None:
    book = PassageBook(remembered=100)
    for number in range(1, 300):
        book.add(passage(number, at_s=number * 100.0))
    assert [known.id for known in book.of(EPC)] == list(range(292, 300))
    for number in range(300, 400):
        book.add(passage(number, epc=OTHER))
    assert book.of(EPC) == ()


def test_open_sightings_are_bounded() -> None:
    open_sightings = OpenSightings(remembered=4)
    for number in range(8):
        open_sightings.open((1, number), passage(number))
        open_sightings.close((2, number), None)
    assert [open_sightings.close((1, number), None) is not None for number in range(8)] == [False] * 6 + [True] * 2
