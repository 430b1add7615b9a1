"""Officers who press the button at the same moment."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from registry_server.audit.service import Act
from registry_server.db import Database
from registry_server.errors import Conflict
from registry_server.licences.models import Licence, LicenceCounter
from registry_server.licences.registration import RegistrationForm
from tests.registry_server.licences.office import form, register

OFFICERS = 8
FORM_ID = "5f3b1c9e-8a64-4a53-9d3a-0d6f7a1c2b3d"


def register_at_once(database: Database, act: Act, forms: Sequence[RegistrationForm]) -> list[int | str]:
    """Serials, or the codes of refusals."""
    start = Barrier(len(forms))

    def one(what: RegistrationForm) -> int | str:
        start.wait(timeout=30)
        try:
            return register(database, act, what).serial
        except Conflict as refused:
            return f"{refused.code} {refused.facts['number']}"

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(one, forms))


def test_serials_are_consecutive(database: Database, act: Act) -> None:
    results = register_at_once(database, act, [form(n) for n in range(OFFICERS)])
    assert sorted(results, key=str) == list(range(1, OFFICERS + 1))
    with database.read() as session:
        assert session.scalars(select(LicenceCounter.last_serial)).one() == OFFICERS


@pytest.mark.parametrize(
    ("shared", "code"),
    [
        pytest.param({"nid": "9876543210"}, "owner_has_licence", id="one NID"),
        pytest.param({"chassis": "SAME00001"}, "chassis_has_licence", id="one chassis"),
    ],
)
def test_one_officer_wins_and_the_others_are_told_the_number(database: Database, act: Act, shared: dict[str, str], code: str) -> None:
    results = register_at_once(database, act, [form(n, **shared) for n in range(OFFICERS)])
    assert Counter(results) == {1: 1, f"{code} KCC-P-000001": OFFICERS - 1}


def test_a_double_click_makes_one_licence(database: Database, act: Act) -> None:
    results = register_at_once(database, act, [form(form_id=FORM_ID)] * 2)
    assert results == [1, 1]
    with database.read() as session:
        assert len(session.scalars(select(Licence.id)).all()) == 1
