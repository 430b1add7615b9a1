"""The log as a page."""

from datetime import timedelta

import pytest

from registry_server.audit.service import Act, record
from registry_server.db import Database
from registry_server.people.models import Role
from tests.registry_server.conftest import NOON, ClientFor


@pytest.fixture
def log(seeded: Database, authority_ids: dict[str, int]) -> None:
    with seeded.write() as session:
        for number in range(120):
            record(
                session,
                Act(authority_ids["kcc"], "system:worker", NOON - timedelta(hours=number)),
                "flag:raise",
                f"bike-{number}",
                n=number,
            )
        for subject in ("KCC-P-000007", "2026-27/00001"):
            record(session, Act(authority_ids["kcc"], "system:test", NOON), "test:done", subject)
        record(session, Act(authority_ids["bcc"], "bcc.magistrate", NOON), "flag:raise", "other-city")
        record(session, Act(authority_ids["kcc"], "kcc.magistrate", NOON), "case:open", "<b>&", note="<script>alert(1)</script>")


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MAGISTRATE])
def test_supervisors_see_their_own_authority_s_log(role: Role, client_for: ClientFor) -> None:
    page = client_for(role).get("/audit").text
    assert "flag:raise" in page
    assert "other-city" not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_deeds_stand_there_in_words_and_changes_as_before_and_after(
    client_for: ClientFor, seeded: Database, authority_ids: dict[str, int]
) -> None:
    with seeded.write() as session:
        act = Act(authority_ids["kcc"], "kcc.administrator", NOON)
        record(session, act, "officer:change", "rahim", changed={"role": ["magistrate", "administrator"]})
        record(session, act, "flag:view", "L1-2", flags=[4, 7])
    page = client_for(Role.ADMINISTRATOR).get("/audit").text
    for expected in ("কর্মকর্তার নাম বা পদ বদল", "বদল: পদ: ম্যাজিস্ট্রেট → প্রশাসক", "চিহ্ন নম্বর: ৪, ৭", "প্রবেশ <code"):
        assert expected in page, expected


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        pytest.param("subject=bike-7", "bike-7<", "bike-8<", id="by record"),
        pytest.param("by=kcc.magistrate&action=case:", "case:open", "flag:raise", id="by officer and kind of action"),
        pytest.param("by=KCC.Magistrate", "case:open", "flag:raise", id="by officer in capitals"),
        pytest.param("action=মামলা", "case:open", "flag:raise", id="by a word of the deed"),
        pytest.param("action=Case+opened", "case:open", "flag:raise", id="by its words in the other language"),
        pytest.param("subject=খুলনা-প ০০০০০৭", "KCC-P-000007<", "bike-7<", id="by a licence as on the plate"),
        pytest.param("subject=kcc-p 7", "KCC-P-000007<", "bike-7<", id="by a licence as somebody types it"),
        pytest.param("subject=২০২৬-২৭/০০০০১", "2026-27/00001<", "bike-7<", id="by a case as its page writes it"),
        pytest.param("on=2026-11-21", "bike-13<", "bike-12<", id="by day in Dhaka"),
        pytest.param("on=২০২৬-১১-২১", "bike-13<", "bike-12<", id="by day in Bangla digits"),
        pytest.param("before=60&action=flag:", "bike-58<", "bike-60<", id="a page further"),
        pytest.param("subject=%25", "এমন কোনো কাজ পাওয়া যায়নি", "bike-7<", id="no pattern in a filter"),
        pytest.param("on=someday", "দিনটি এভাবে লিখুন", "এমন কোনো কাজ", id="a day that cannot be read"),
        pytest.param("on=0001-01-01", "দিনটি এভাবে লিখুন", "এমন কোনো কাজ", id="a day before all time in Dhaka"),
        pytest.param("before=²", "bike-119<", "এমন কোনো কাজ", id="a page that cannot be read"),
        pytest.param("before=99999999999999999999", "bike-119<", "এমন কোনো কাজ", id="a page past all numbers"),
    ],
)
def test_the_log_is_filtered(query: str, there: str, absent: str, client_for: ClientFor) -> None:
    page = client_for(Role.ADMINISTRATOR).get(f"/audit?{query}").text
    assert there in page
    assert absent not in page


@pytest.mark.usefixtures("log")
def test_older_entries_are_a_link_away_and_keep_the_filter(client_for: ClientFor) -> None:
    browser = client_for(Role.ADMINISTRATOR)
    page = browser.get("/audit?by=system:worker").text
    assert 'href="/audit?subject=&amp;by=system%3Aworker&amp;action=&amp;on=&amp;before=71"' in page
    assert "bike-69<" in browser.get("/audit?by=system:worker&before=71").text
