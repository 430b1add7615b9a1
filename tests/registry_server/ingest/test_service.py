"""What one transaction makes of messages, on both engines, without a broker."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from registry_server.audit.models import AuditEntry
from registry_server.authorities.models import Agent
from registry_server.db import Database
from registry_server.ingest.envelope import Delivery
from registry_server.ingest.forgetting import forget_batches, forget_some
from registry_server.licences.models import Licence, RegistryChange
from registry_server.licences.states import LicenceState
from registry_server.matcher.change_watch import ChangeWatch
from registry_server.matcher.facts import ImpossibleTravel, TidMismatch, read_facts
from registry_server.matcher.loading import tags_of_licences
from registry_server.matcher.models import Flag
from registry_server.sightings.models import (
    AgentLife,
    AgentState,
    AgentStateChange,
    DeadLetter,
    Passage,
    PassageCount,
    ReceivedBatch,
    Sighting,
    SightingClosing,
    SignedMessage,
    Verdict,
)
from schemas.epc import ClosedEpc, Epc
from schemas.identifiers import LaneId, ProofLevel
from schemas.messages import Ack, SignedBatch
from schemas.signing import signer_for
from tests.registry_server.ingest.checkpoints import (
    AUTHORITY,
    BOOT,
    NEXT_BOOT,
    NOW,
    City,
    Machine,
    add_licence,
    address,
    closed,
    identified,
    opened,
    tid_of,
)

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def city(database: Database) -> City:
    return City(database).build()


def rows(city: City, model: type[Any]) -> list[Any]:
    with city.database.read() as session:
        found = list(session.scalars(select(model).order_by(*model.__table__.primary_key)))
        session.expunge_all()
        return found


def flags(city: City) -> list[tuple[str, int]]:
    return [(flag.kind, flag.passage_id) for flag in rows(city, Flag)]


def counts(city: City) -> dict[str, int]:
    with city.database.read() as session:
        grouped = select(PassageCount.verdict, func.sum(PassageCount.passages)).group_by(PassageCount.verdict)
        return {verdict: int(passages) for verdict, passages in session.execute(grouped) if passages}


def test_a_legal_bike_is_stored_counted_and_not_flagged(city: City) -> None:
    outcome = city.worker().take(city.here.delivery(1, opened(1, 1), closed(1)))
    (passage,), (sighting,), (closing,) = rows(city, Passage), rows(city, Sighting), rows(city, SightingClosing)
    assert (passage.verdict, passage.licence_id, passage.proof_level, passage.at) == (Verdict.LEGAL, 1, ProofLevel.EPC_TID, NOW)
    assert (passage.checkpoint_id, passage.lane, passage.authority_id, passage.is_time_sure) == (1, "in", AUTHORITY, True)
    assert (sighting.passage_id, sighting.first_seen_at, sighting.tid, sighting.pc) == (passage.id, NOW, bytes(tid_of(1)), 0x3100)
    assert (closing.number, closing.reads, closing.last_seen_at) == (1, 12, NOW + timedelta(seconds=2))
    assert outcome.acks == [(city.here.address, Ack(boot=BOOT, through=1))]
    assert (flags(city), counts(city), rows(city, SignedMessage)) == ([], {"legal": 1}, [])


def test_a_flag_holds_what_it_rests_on_and_the_signed_message_is_kept(city: City) -> None:
    with city.database.write() as session:
        session.execute(update(Licence).where(Licence.id == 2).values(valid_until=date(2026, 6, 30)))
    delivery = city.here.delivery(1, opened(1, 1), opened(2, 2))
    city.worker().take(delivery)
    (flag,), (kept,) = rows(city, Flag), rows(city, SignedMessage)
    assert (flag.kind, flag.licence_id, flag.proof_level, flag.state, flag.at) == ("expired", 2, "epc_tid", "open", NOW)
    assert flag.facts == {"kind": "expired", "valid_until": "2026-06-30", "seen_on": "2026-11-22"}
    assert flag.law_sections == ["city.schedule3.19_2", "city.schedule5.60ka", "city.s93"]
    assert (kept.life_id, kept.seq, kept.payload) == (flag.life_id, flag.seq, delivery.payload)
    assert counts(city) == {"legal": 1, "flagged": 1}


def test_the_same_message_a_hundred_times_counts_once_and_is_acknowledged_each_time(city: City) -> None:
    worker, delivery = city.worker(), city.here.delivery(1, opened(1, 1))
    acks = [worker.take(delivery).acks for _ in range(50)]
    acks += [worker.take(*[delivery] * 50).acks]
    assert acks == [[(city.here.address, Ack(boot=BOOT, through=1))]] * 51
    assert (len(rows(city, Sighting)), len(rows(city, Passage)), counts(city)) == (1, 1, {"legal": 1})


def test_a_replay_after_a_restart_of_the_worker_counts_once(city: City) -> None:
    delivery = city.here.delivery(1, opened(1, 1))
    city.worker().take(delivery)
    outcome = city.worker().take(delivery)
    assert (outcome.repeated, len(rows(city, Sighting))) == (1, 1)


def forged(city: City) -> Delivery:
    return Machine(city.here.address).delivery(1, opened(1, 1))


def altered(city: City) -> Delivery:
    delivery = city.here.delivery(1, opened(1, 1))
    return Delivery(delivery.topic, delivery.payload.replace(b'"in"', b'"ex"'))


def of_nobody(city: City) -> Delivery:
    return Machine(address("nowhere")).delivery(1, opened(1, 1))


def in_anothers_name(city: City) -> Delivery:
    return Delivery(city.there.delivery(1, opened(1, 1)).topic, city.here.delivery(1, opened(1, 1)).payload)


def with_unknown_field(city: City) -> Delivery:
    text = SignedBatch.split(city.here.delivery(1, opened(1, 1)).payload).text.replace(b'"seq"', b'"colour":"red","seq"')
    signature = signer_for(city.here.private_key)(b"ebike/v1/sightings\0" + text)
    return Delivery(city.here.delivery(1, opened(1, 1)).topic, b"EBK1" + signature + text)


REFUSED: list[Any] = [
    pytest.param(forged, "signature", id="signed with another key"),
    pytest.param(altered, "signature", id="altered on the way"),
    pytest.param(of_nobody, "no agent", id="of an agent that nobody registered"),
    pytest.param(in_anothers_name, "found those of ebike/v1/kcc/", id="on another agent's topic"),
    pytest.param(with_unknown_field, "colour", id="with a field that the contract does not know"),
    pytest.param(lambda city: Delivery(city.here.delivery(1, opened(1, 1)).topic, b"\x00\xff"), "EBK1", id="bytes of no kind"),
    pytest.param(lambda _: Delivery("ebike/v1/a\0b", b"{}"), "topic", id="a topic that is none of ours"),
    pytest.param(lambda city: city.here.delivery(1, opened(1, 1), opened(1, 2)), "twice", id="a sighting that opens twice"),
    pytest.param(
        lambda city: city.here.delivery(1, opened(1, 1, first_seen_at=datetime(9999, 12, 31, tzinfo=UTC))),
        "1970 and 2200",
        id="a year 9999",
    ),
    pytest.param(lambda city: Delivery(city.here.status().topic, b'{"online":1}'), "status", id="a status of the wrong shape"),
]


@pytest.mark.parametrize(("make", "reason"), REFUSED)
def test_what_cannot_be_believed_is_kept_with_the_reason_and_harms_nobody(
    city: City, make: Callable[[City], Delivery], reason: str
) -> None:
    worker, bad, good = city.worker(), make(city), city.there.delivery(1, opened(1, 3))
    outcome = worker.take(bad, good, bad)
    worker.take(bad, now=LATER)
    (letter,) = rows(city, DeadLetter)
    assert reason in letter.reason
    assert (letter.payload, letter.times, letter.at, letter.last_at) == (bad.payload, 3, NOW, LATER)
    assert [ack for _, ack in outcome.acks] == [Ack(boot=BOOT, through=1)]
    assert [passage.licence_id for passage in rows(city, Passage)] == [3]


def test_a_revoked_agent_is_not_believed(city: City) -> None:
    with city.database.write() as session:
        session.execute(update(Agent).where(Agent.id == 1).values(is_revoked=True))
    city.worker().take(city.here.delivery(1, opened(1, 1)))
    assert "revoked" in rows(city, DeadLetter)[0].reason
    assert rows(city, Passage) == []


def test_an_agent_registered_a_moment_ago_is_believed(city: City) -> None:
    worker, new = city.worker(), Machine(address("new"))
    with city.database.write() as session:
        city.add_agent(session, 3, new, 22.9)
    assert worker.take(new.delivery(1, opened(1, 1))).sightings == 1


def test_a_condemned_message_goes_to_the_dead_letters(city: City) -> None:
    delivery = city.here.delivery(1, opened(1, 1))
    city.worker().take(delivery, condemned={delivery.sha256: "it could not be stored: because"})
    assert rows(city, DeadLetter)[0].reason == "it could not be stored: because"
    assert rows(city, ReceivedBatch) == []


def test_a_gap_is_seen_acknowledged_as_one_and_closed_when_it_is_filled(city: City) -> None:
    worker = city.worker()
    worker.take(city.here.delivery(1, opened(1, 1)))
    outcome = worker.take(city.here.delivery(3, opened(3, 2)), city.here.delivery(4, opened(4, 3)))
    assert outcome.acks == [(city.here.address, Ack(boot=BOOT, through=1, beyond=[3, 4]))]
    (life,) = rows(city, AgentLife)
    assert (life.through, life.beyond, life.gap_since_at) == (1, [[3, 4]], NOW)
    outcome = city.worker().take(city.here.delivery(2, opened(2, 1)), now=LATER)
    assert outcome.acks == [(city.here.address, Ack(boot=BOOT, through=4))]
    (life,) = rows(city, AgentLife)
    assert (life.through, life.beyond, life.gap_since_at) == (4, [], None)
    assert [entry.action for entry in rows(city, AuditEntry)] == ["agent:gap:open", "agent:gap:close"]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)], ids=str)
@pytest.mark.parametrize("together", [True, False], ids=["in one transaction", "one by one"])
def test_order_does_not_matter(city: City, order: tuple[int, ...], together: bool) -> None:
    """Opening, closing with a foreign chip, and another bike: the mismatch rises once whatever comes first."""
    mine = {
        1: city.here.delivery(1, opened(1, 1, tid=None)),
        2: city.here.delivery(2, closed(1, tid=tid_of(99))),
        3: city.here.delivery(3, opened(2, 2), closed(2)),
    }
    worker = city.worker()
    for group in [order] if together else [(seq,) for seq in order]:
        worker.take(*(mine[seq] for seq in group))
    assert [kind for kind, _ in flags(city)] == ["tid_mismatch"]
    assert counts(city) == {"legal": 1, "flagged": 1}
    assert sorted((one.verdict, one.licence_id) for one in rows(city, Passage)) == [("flagged", 1), ("legal", 2)]


def test_a_chip_read_after_the_opening_is_judged_once(city: City) -> None:
    worker = city.worker()
    worker.take(city.here.delivery(1, opened(1, 1, tid=None)))
    assert (rows(city, Passage)[0].proof_level, flags(city)) == (ProofLevel.EPC_ONLY, [])
    worker.take(city.here.delivery(2, opened(2, 1, tid=tid_of(99), lane=LaneId("out"))), city.here.delivery(3, closed(1, tid=tid_of(99))))
    (passage,) = rows(city, Passage)
    assert (passage.proof_level, passage.tid, passage.verdict) == (ProofLevel.EPC_TID, bytes(tid_of(99)), Verdict.FLAGGED)
    (flag,) = rows(city, Flag)
    assert read_facts(flag.facts) == TidMismatch(bound_tid=str(tid_of(1)), read_tid=str(tid_of(99)))
    assert counts(city) == {"flagged": 1}


def test_a_copied_tag_is_told_as_soon_as_its_chip_has_answered_and_its_closing_adds_nothing(city: City) -> None:
    worker = city.worker()
    worker.take(city.here.delivery(1, opened(1, 1, tid=None)))
    assert flags(city) == []
    worker.take(city.here.delivery(2, identified(1, tid_of(99))))
    assert [kind for kind, _ in flags(city)] == ["tid_mismatch"]
    worker.take(city.here.delivery(3, closed(1, tid=tid_of(99))))
    assert [kind for kind, _ in flags(city)] == ["tid_mismatch"]


def test_the_right_chip_raises_the_proof_level_of_a_legal_passage_and_no_flag(city: City) -> None:
    city.worker().take(city.here.delivery(1, opened(1, 1, tid=None), identified(1, tid_of(1))))
    (passage,) = rows(city, Passage)
    assert (passage.proof_level, passage.verdict) == (ProofLevel.EPC_TID, Verdict.LEGAL)


def test_two_chips_with_one_number_in_one_passage_are_seen(city: City) -> None:
    city.worker().take(city.here.delivery(1, opened(1, 1), opened(2, 1, tid=tid_of(99), lane=LaneId("out"))))
    assert [kind for kind, _ in flags(city)] == ["tid_mismatch"]


def test_a_restarted_agent_makes_no_second_passage(city: City) -> None:
    worker = city.worker()
    worker.take(city.here.delivery(1, opened(1, 1)))
    seconds_later = NOW + timedelta(seconds=12)
    again = city.here.delivery(1, opened(1, 1, first_seen_at=seconds_later), boot=NEXT_BOOT, sealed_at=seconds_later)
    worker.take(again, now=seconds_later)
    assert (len(rows(city, Passage)), len(rows(city, Sighting)), len(rows(city, AgentLife))) == (1, 2, 2)


def test_a_restarted_worker_makes_no_second_passage(city: City) -> None:
    city.worker().take(city.here.delivery(1, opened(1, 1)))
    seconds_later = NOW + timedelta(seconds=12)
    city.worker(seconds_later).take(city.here.delivery(2, opened(2, 1, first_seen_at=seconds_later)), now=seconds_later)
    assert len(rows(city, Passage)) == 1


def there_after(city: City, gap: timedelta, *, ahead_s: float = 0.0, **what: object) -> Delivery:
    """The same tag at the other checkpoint, by a clock that is so much ahead."""
    true_at = NOW + gap
    stated_at = true_at + timedelta(seconds=ahead_s)
    return city.there.delivery(
        1, opened(1, 1, first_seen_at=stated_at), **{"sealed_at": stated_at, "clock_offset_ms": ahead_s * 1000} | what
    )


@pytest.mark.parametrize("is_restarted", [False, True], ids=["one worker", "a worker that has restarted between"])
def test_the_same_tag_far_away_a_minute_later_is_flagged_and_both_passages_are_kept(city: City, is_restarted: bool) -> None:
    worker = city.worker()
    worker.take(city.here.delivery(1, opened(1, 1)))
    if is_restarted:
        worker = city.worker(LATER)
    worker.take(there_after(city, timedelta(minutes=1)), now=LATER)
    (flag,) = rows(city, Flag)
    facts = read_facts(flag.facts)
    assert isinstance(facts, ImpossibleTravel)
    assert (facts.other_checkpoint_id, facts.apart_s, facts.chips, facts.other_at) == (1, 60.0, "same", NOW)
    assert (flag.passage_id, flag.other_passage_id, flag.law_sections) == (2, 1, [])
    with city.database.write() as session:
        forget_some(session, LATER + timedelta(days=2), LATER)
    assert [passage.id for passage in rows(city, Passage)] == [1, 2]


@pytest.mark.parametrize(
    ("gap", "what"),
    [
        pytest.param(timedelta(minutes=40), {}, id="time enough"),
        pytest.param(timedelta(minutes=40), {"ahead_s": -2300.0}, id="time enough, by a clock that is slow and says so"),
        pytest.param(timedelta(minutes=40), {"ahead_s": -2300.0, "clock_offset_ms": None}, id="by a clock that is slow and does not know"),
        pytest.param(timedelta(seconds=30), {"ahead_s": 90_000.0, "clock_offset_ms": None}, id="by a clock that is in tomorrow"),
    ],
)
def test_no_clock_accuses_a_bike(city: City, gap: timedelta, what: dict[str, Any]) -> None:
    worker = city.worker()
    worker.take(city.here.delivery(1, opened(1, 1)))
    worker.take(there_after(city, gap, **what), now=NOW + gap)
    assert flags(city) == []
    assert len(rows(city, Passage)) == 2


def test_strangers_and_never_issued_numbers_are_flagged_for_what_they_are(city: City) -> None:
    outsider = ClosedEpc(authority=AUTHORITY + 1, serial=1, issue=1, random=1).to_epc()
    made_up = ClosedEpc(authority=AUTHORITY, serial=1, issue=1, random=12345).to_epc()
    shop = Epc(bytes.fromhex("30751feb705c5904e3d50d70e280"))
    events = [opened(number, 0, epc=epc, tid=None) for number, epc in enumerate([outsider, made_up, shop], start=1)]
    city.worker().take(city.here.delivery(1, *events))
    assert flags(city) == [("unknown_tag", 1), ("never_issued", 2), ("unknown_tag", 3)]
    assert [passage.licence_id for passage in rows(city, Passage)] == [None, None, None]


def test_what_an_officer_changes_is_known_at_the_next_poll(city: City) -> None:
    worker = city.worker()
    with city.database.read() as session:
        watch = ChangeWatch.begin(session, NOW)
    with city.database.write() as session:
        add_licence(session, 50)
        session.execute(update(Licence).where(Licence.id == 1).values(state=LicenceState.SUSPENDED))
        session.add(RegistryChange(licence_id=1, at=NOW))
    worker.take(city.here.delivery(1, opened(1, 50), closed(1)))
    with city.database.read() as session:
        worker.matcher.tags.put_all(tags_of_licences(session, watch.poll(session, NOW)))
        assert watch.poll(session, NOW) == set()
    worker.take(city.there.delivery(1, opened(1, 1), opened(2, 2)))
    worker.take(city.here.delivery(2, opened(2, 50, first_seen_at=LATER)), now=LATER)
    assert [(one.licence_id, one.verdict) for one in rows(city, Passage)] == [
        (None, "flagged"),
        (1, "flagged"),
        (2, "legal"),
        (50, "legal"),
    ]


def test_legal_passages_are_forgotten_and_their_counts_stay(city: City) -> None:
    worker = city.worker()
    worker.take(city.here.delivery(1, opened(1, 1), closed(1), opened(2, 999, tid=None), closed(2)))
    tomorrow = NOW + timedelta(hours=25)
    worker.take(city.here.delivery(2, opened(3, 2, first_seen_at=tomorrow), sealed_at=tomorrow), now=tomorrow)
    with city.database.write() as session:
        assert forget_some(session, tomorrow - timedelta(hours=24), tomorrow) == 2
        assert forget_some(session, tomorrow - timedelta(hours=24), tomorrow) == 0
        forget_batches(session, tomorrow - timedelta(hours=24))
    assert [(one.id, one.verdict) for one in rows(city, Passage)] == [(2, "flagged"), (3, "legal")]
    assert [one.passage_id for one in rows(city, Sighting)] == [2, 3]
    assert [one.number for one in rows(city, SightingClosing)] == [2]
    assert [one.seq for one in rows(city, ReceivedBatch)] == [1, 2]
    assert counts(city) == {"legal": 2, "flagged": 1}


def test_numbers_of_forgotten_passages_are_not_given_again(city: City) -> None:
    city.worker().take(city.here.delivery(1, opened(1, 1)))
    with city.database.write() as session:
        forget_some(session, LATER, LATER)
    city.worker().take(city.here.delivery(2, opened(2, 1, first_seen_at=LATER)), now=LATER)
    assert [one.id for one in rows(city, Passage)] == [2]


def test_the_newest_status_stands_and_changes_of_health_are_noted(city: City) -> None:
    worker = city.worker()
    worker.take(city.here.status(version="1", spooled_batches=2**53 - 1), city.here.status(version="x" * 99))
    worker.take(city.here.status(state="lost"), now=LATER)
    worker.take(city.here.status(online=False, state="lost"), now=LATER)
    (state,) = rows(city, AgentState)
    assert (state.is_online, state.received_at, state.readers[0]["state"]) == (False, LATER, "lost")
    assert [(one.is_online, one.readers) for one in rows(city, AgentStateChange)] == [
        (True, {"r1": "running"}),
        (True, {"r1": "lost"}),
        (False, {"r1": "lost"}),
    ]


@settings(max_examples=30)
@given(data=st.data())
def test_any_order_and_repetition_of_batches_stores_each_once(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any, data: Any
) -> None:
    path = tmp_path_factory.mktemp("any") / "registry.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    city = City(database).build()
    mine = [city.here.delivery(seq, opened(seq, seq % 3 + 1), closed(seq)) for seq in range(1, 9)]
    order = data.draw(st.lists(st.sampled_from(range(8)), max_size=30)) + list(range(8))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=6)))
    worker = city.worker()
    for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True):
        if data.draw(st.booleans()):
            worker = city.worker()
        worker.take(*(mine[index] for index in order[start:end]))
    assert [one.number for one in rows(city, Sighting)] == list(range(1, 9))
    assert (len(rows(city, Passage)), counts(city)) == (3, {"legal": 3})
    assert (rows(city, AgentLife)[0].through, rows(city, AgentLife)[0].beyond) == (8, [])
    database.close()
