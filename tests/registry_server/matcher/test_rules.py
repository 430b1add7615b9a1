"""Each rule as a row: what was read, what is registered, which flags rise and what they rest on."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from registry_server.licences.states import LicenceState
from registry_server.matcher.facts import (
    Cancelled,
    Expired,
    Facts,
    NeverIssued,
    RetiredTag,
    Stolen,
    Suspended,
    TidMismatch,
    UnknownTag,
    read_facts,
    to_json,
)
from registry_server.matcher.rules import Answer, TagRecord, is_other_chip, judge, proof_of
from schemas.epc import ClosedEpc
from schemas.identifiers import ProofLevel

OURS, THEIRS = 7, 8
EPC = bytes(ClosedEpc(authority=OURS, serial=123, issue=2, random=99).to_epc())
TID = bytes.fromhex("e280689400004001a2b3c4d5")
OTHER_TID = bytes.fromhex("e280689400004001a2b3c4d6")
LAST_DAY = date(2027, 6, 30)
DAY = date(2026, 11, 22)
AT = datetime(2026, 11, 1, 4, tzinfo=UTC)
GOOD = TagRecord(OURS, 55, LicenceState.ACTIVE, AT, LAST_DAY, tid=TID)


def changed(**what: object) -> TagRecord:
    return TagRecord(**{name: getattr(GOOD, name) for name in TagRecord.__slots__} | what)


@pytest.mark.parametrize(
    ("epc", "tid", "record", "on", "expected"),
    [
        pytest.param(EPC, TID, GOOD, DAY, [], id="a good licence on its chip"),
        pytest.param(EPC, None, GOOD, DAY, [], id="a chip that was not read is no mismatch"),
        pytest.param(EPC, TID, GOOD, LAST_DAY, [], id="the last valid day is valid"),
        pytest.param(EPC, TID, GOOD, date(2027, 7, 1), [Expired(LAST_DAY, date(2027, 7, 1))], id="the day after is not"),
        pytest.param(EPC, OTHER_TID, GOOD, DAY, [TidMismatch(TID.hex().upper(), OTHER_TID.hex().upper())], id="another chip"),
        pytest.param(EPC, TID[:8], GOOD, DAY, [], id="a chip read in part that agrees as far as it goes"),
        pytest.param(EPC, TID, changed(state=LicenceState.SUSPENDED), DAY, [Suspended(LAST_DAY, AT)], id="suspended"),
        pytest.param(EPC, TID, changed(state=LicenceState.CANCELLED), DAY, [Cancelled(LAST_DAY, AT)], id="cancelled"),
        pytest.param(
            EPC,
            TID,
            changed(state=LicenceState.CANCELLED),
            date(2030, 1, 1),
            [Cancelled(LAST_DAY, AT)],
            id="cancelled does not also run out",
        ),
        pytest.param(
            EPC,
            TID,
            changed(state=LicenceState.SUSPENDED),
            date(2028, 1, 1),
            [Suspended(LAST_DAY, AT), Expired(LAST_DAY, date(2028, 1, 1))],
            id="suspended and run out are two flags",
        ),
        pytest.param(EPC, TID, changed(stolen_at=AT), DAY, [Stolen(AT)], id="stolen with a good licence"),
        pytest.param(
            EPC,
            OTHER_TID,
            changed(stolen_at=AT),
            DAY,
            [TidMismatch(TID.hex().upper(), OTHER_TID.hex().upper()), Stolen(AT)],
            id="another chip with a stolen bike's number",
        ),
        pytest.param(EPC, TID, changed(retired_at=AT, tid=None), DAY, [RetiredTag(AT)], id="a replaced tag that still answers"),
        pytest.param(
            EPC,
            TID,
            changed(retired_at=AT, tid=None, state=LicenceState.CANCELLED),
            DAY,
            [RetiredTag(AT), Cancelled(LAST_DAY, AT)],
            id="a withdrawn tag of a cancelled licence",
        ),
        pytest.param(EPC, TID, changed(tid=None), DAY, [NeverIssued(123, 2, "not_bound")], id="a number set aside but not written"),
        pytest.param(EPC, TID, None, DAY, [NeverIssued(123, 2, "no_such_number")], id="our form, never given out"),
        pytest.param(
            bytes(ClosedEpc(authority=THEIRS, serial=1, issue=1, random=1).to_epc()),
            None,
            None,
            DAY,
            [UnknownTag("other_authority", THEIRS)],
            id="an outsider's number",
        ),
        pytest.param(
            EPC,
            TID,
            changed(authority_id=THEIRS),
            DAY,
            [NeverIssued(123, 2, "no_such_number")],
            id="another authority's record is not shown here",
        ),
        pytest.param(bytes.fromhex("30751feb705c5904e3d50d70"), None, None, DAY, [UnknownTag("foreign")], id="a GS1 number of a shop"),
        pytest.param(bytes.fromhex("3000"), None, None, DAY, [UnknownTag("foreign")], id="a number of one word"),
        pytest.param(bytes(62), None, None, DAY, [UnknownTag("foreign")], id="the longest number"),
    ],
)
def test_what_rises(epc: bytes, tid: bytes | None, record: TagRecord | None, on: date, expected: list[Facts]) -> None:
    assert judge(Answer(epc, tid, OURS, datetime.combine(on, time(6), UTC)), record) == expected


@pytest.mark.parametrize(
    ("at", "is_valid"),
    [
        pytest.param(datetime(2027, 6, 30, 17, 59, 59, tzinfo=UTC), True, id="a second before midnight in Dhaka"),
        pytest.param(datetime(2027, 6, 30, 18, tzinfo=UTC), False, id="midnight in Dhaka, still 30 June in UTC"),
    ],
)
def test_the_day_ends_at_midnight_in_dhaka(at: datetime, is_valid: bool) -> None:
    assert (judge(Answer(EPC, TID, OURS, at), GOOD) == []) is is_valid


@pytest.mark.parametrize(
    ("state", "seen_at", "expected"),
    [
        pytest.param(LicenceState.SUSPENDED, AT - timedelta(seconds=1), [], id="a second before it was suspended"),
        pytest.param(LicenceState.SUSPENDED, AT, [Suspended(LAST_DAY, AT)], id="from that moment on"),
        pytest.param(LicenceState.CANCELLED, AT - timedelta(seconds=1), [], id="a second before it was cancelled"),
        pytest.param(LicenceState.CANCELLED, AT, [Cancelled(LAST_DAY, AT)], id="cancelled from that moment on"),
    ],
)
def test_a_licence_that_was_stopped_later_held_when_the_tag_was_read(state: LicenceState, seen_at: datetime, expected: list[Facts]) -> None:
    assert judge(Answer(EPC, TID, OURS, seen_at), changed(state=state)) == expected


def test_one_that_had_run_out_before_it_was_cancelled_is_told_as_run_out() -> None:
    late = changed(state=LicenceState.CANCELLED, state_since=datetime(2028, 3, 1, tzinfo=UTC))
    assert judge(Answer(EPC, TID, OURS, datetime(2028, 1, 1, 6, tzinfo=UTC)), late) == [Expired(LAST_DAY, date(2028, 1, 1))]


@pytest.mark.parametrize(
    ("seen_at", "expected"),
    [
        pytest.param(AT - timedelta(seconds=1), [], id="a second before, told late"),
        pytest.param(AT, [RetiredTag(AT)], id="from that moment on"),
    ],
)
def test_a_tag_that_was_replaced_later_was_right_when_it_was_read(seen_at: datetime, expected: list[Facts]) -> None:
    assert judge(Answer(EPC, TID, OURS, seen_at), changed(retired_at=AT, tid=None)) == expected


@pytest.mark.parametrize(
    ("tid", "level"),
    [
        pytest.param(None, ProofLevel.EPC_ONLY, id="no TID"),
        pytest.param(TID[:4], ProofLevel.EPC_ONLY, id="class and model only: alike on millions of chips"),
        pytest.param(TID, ProofLevel.EPC_TID, id="with a serial number"),
    ],
)
def test_what_a_read_proves(tid: bytes | None, level: ProofLevel) -> None:
    assert proof_of(tid) is level


@pytest.mark.parametrize(
    ("bound", "read", "is_other"),
    [(TID, TID, False), (TID, TID + b"\x00\x01", False), (TID, TID[:6], False), (TID, OTHER_TID, True), (TID, b"\xe2\x00\x00\x00", True)],
)
def test_chips_are_compared_as_far_as_both_were_read(bound: bytes, read: bytes, is_other: bool) -> None:
    assert is_other_chip(bound, read) is is_other


def test_facts_read_back_as_they_were_stored() -> None:
    import msgspec  # noqa: PLC0415 — stands for the database's JSON column

    for facts in (UnknownTag("foreign"), RetiredTag(AT), Expired(LAST_DAY, DAY), NeverIssued(1, 2, "not_bound"), TidMismatch("AA", "BB")):
        assert read_facts(msgspec.json.decode(to_json(facts))) == facts
