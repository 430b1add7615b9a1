"""Messages say what they mean, and refuse what the contract does not allow with what was expected and found."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas import messages, published
from schemas.epc import Epc, PcWord
from schemas.errors import ContractError
from schemas.identifiers import AgentId, AuthorityId, BootId, CheckpointId, LaneId, ReaderId
from schemas.messages import Ack, AgentStatus, ReaderState, ReaderStatus, SightingBatch, SightingClosed, SightingOpened, SignedBatch
from schemas.signing import new_private_key, public_key_of, signer_for
from schemas.tid import Tid
from schemas.topics import Channel

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
KEY = new_private_key()
OPENED = SightingOpened(
    sighting=1,
    lane=LaneId("in-1"),
    reader=ReaderId("gate"),
    antenna=1,
    epc=Epc.parse("EB0001000000010100000001"),
    first_seen_at=AT,
    pc=PcWord.parse("3000"),
    tid=Tid.parse("E2801160200012345678ABCD"),
    rssi_dbm=-55.0,
)
CLOSED = SightingClosed(sighting=1, last_seen_at=AT + timedelta(seconds=3), reads=40, best_rssi_dbm=-48.5)
BATCH = SightingBatch(
    authority=AuthorityId("kcc"),
    checkpoint=CheckpointId("pti-more"),
    agent=AgentId("pti-1"),
    boot=BootId("0123456789abcdef"),
    seq=7,
    sealed_at=AT,
    events=[OPENED, CLOSED],
    clock_offset_ms=1.5,
)


def sealed() -> bytes:
    return messages.seal(BATCH, signer_for(KEY))


def as_json() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SignedBatch.split(sealed()).text)
    return document


def test_a_sealed_batch_comes_back_the_same_and_its_signature_holds() -> None:
    signed = SignedBatch.split(sealed())
    assert signed.is_signed_by(public_key_of(KEY))
    assert signed.read() == BATCH


def test_one_changed_byte_breaks_the_signature() -> None:
    payload = bytearray(sealed())
    payload[-20] ^= 1
    assert not SignedBatch.split(bytes(payload)).is_signed_by(public_key_of(KEY))


def test_a_signature_by_another_key_does_not_hold() -> None:
    assert not SignedBatch.split(sealed()).is_signed_by(public_key_of(new_private_key()))


def with_event(**changes: object) -> dict[str, Any]:
    document = as_json()
    document["events"][0].update(changes)
    return document


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param({**as_json(), "mood": 1}, ["unknown field `mood`"], id="unknown field"),
        pytest.param(with_event(mood=1), ["unknown field `mood`", "$.events[0]"], id="unknown field of an event"),
        pytest.param({**as_json(), "seq": 0}, ["`int` >= 1", "$.seq"], id="sequence from 1"),
        pytest.param({**as_json(), "events": []}, ["length >= 1"], id="no events"),
        pytest.param({**as_json(), "boot": "xyz"}, ["16 lower-case hex digits", "'xyz'"], id="boot id"),
        pytest.param({**as_json(), "authority": ["kcc"]}, ["AuthorityId", "text"], id="a list where a name belongs"),
        pytest.param(with_event(epc="ABC"), ["EPC", "even number of hex digits", "'ABC'"], id="half a byte of EPC"),
        pytest.param(with_event(epc="ABCDEF"), ["EPC", "6 hex digits"], id="EPC of one and a half words"),
        pytest.param(with_event(epc="EB00 0100 0000 0101 0000 0001"), ["EPC", "nothing else", "'EB00 0100"], id="spaces in an EPC"),
        pytest.param(with_event(tid="E2801160 200012345678ABCD"), ["TID", "nothing else"], id="a space in a TID"),
        pytest.param(with_event(pc="30 00"), ["PC word", "nothing else"], id="a space in a PC word"),
        pytest.param(with_event(tid="E280"), ["TID", "4 hex digits"], id="TID too short"),
        pytest.param(with_event(lane="In 1"), ["LaneId", "'In 1'"], id="lane with a space"),
        pytest.param(with_event(antenna=0), ["`int` >= 1", "antenna"], id="antennas count from 1"),
        pytest.param(with_event(first_seen_at="2026-11-22T12:30:00+06:00"), ["UTC", "+06:00"], id="time of another zone"),
        pytest.param(with_event(first_seen_at="2026-11-22T06:30:00"), ["timezone"], id="time of no zone"),
        pytest.param(with_event(event="vanished"), ["vanished"], id="unknown kind of event"),
    ],
)
def test_what_the_contract_does_not_allow_is_refused_in_words(document: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ContractError) as refusal:
        SignedBatch(text=json.dumps(document).encode(), signature=b"").read()
    for word in words:
        assert word in str(refusal.value)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"EBK1" + bytes(64), id="no text"),
        pytest.param(b"EBK2" + bytes(70), id="another version"),
        pytest.param(b"EBK1" + bytes(messages.MAX_MESSAGE_BYTES), id="too long"),
    ],
)
def test_what_is_no_sightings_message_is_refused(payload: bytes) -> None:
    with pytest.raises(ContractError, match="sightings message: expected"):
        SignedBatch.split(payload)


@pytest.mark.parametrize(
    "sent", [b'{"agent": "pti-\xff"}', b'{"boot": "\xed\xa0\x80"}', b'{"\xff": 1}'], ids=["a text", "half a pair", "a key"]
)
@pytest.mark.parametrize(
    "read", [lambda sent: SignedBatch(sent, b"").read(), messages.decode_ack, messages.decode_status], ids=["batch", "ack", "status"]
)
def test_what_is_no_utf_8_is_refused_as_all_else(sent: bytes, read: Callable[[bytes], object]) -> None:
    with pytest.raises(ContractError, match="expected the published schema"):
        read(sent)


def test_an_agent_cannot_build_a_time_outside_utc() -> None:
    with pytest.raises(ContractError, match="UTC"):
        SightingClosed(sighting=1, last_seen_at=AT.astimezone(timezone(timedelta(hours=6))), reads=1)


def test_a_status_with_a_time_outside_utc_is_refused_wherever_it_stands() -> None:
    status = AgentStatus(
        BATCH.agent, BATCH.boot, online=True, at=AT, readers=[ReaderStatus(ReaderId("gate"), ReaderState.RUNNING, last_frame_at=AT)]
    )
    document = json.loads(messages.encode(status))
    document["readers"][0]["last_frame_at"] = "2026-11-22T12:30:00+06:00"
    with pytest.raises(ContractError, match=r"last_frame_at.*UTC"):
        messages.decode_status(json.dumps(document).encode())


def test_ack_and_status_come_back_the_same() -> None:
    ack = Ack(boot=BATCH.boot, through=6, beyond=[8, 9])
    status = AgentStatus(
        agent=BATCH.agent, boot=BATCH.boot, online=True, at=AT, readers=[ReaderStatus(ReaderId("gate"), ReaderState.RUNNING)]
    )
    assert messages.decode_ack(messages.encode(ack)) == ack
    assert messages.decode_status(messages.encode(status)) == status


@pytest.mark.parametrize(
    ("place", "wrong", "words"),
    [
        pytest.param("readers", {"state": "dreaming"}, ["'dreaming'", "$.readers[0].state"], id="unknown state of a reader"),
        pytest.param("readers", {"reads": -1}, [">= 0", "$.readers[0].reads"], id="reads below nothing"),
        pytest.param("readers", {"frame_errors": -1}, [">= 0", "frame_errors"], id="errors below nothing"),
        pytest.param("readers", {"unplaced_reads": 2**53}, ["<= 9007199254740991"], id="more than a double counts"),
        pytest.param("status", {"spooled_batches": -1}, [">= 0", "$.spooled_batches"], id="a spool of less than nothing"),
        pytest.param("status", {"dropped_sightings": -1}, [">= 0", "dropped_sightings"], id="less than nothing dropped"),
        pytest.param("status", {"refused_batches": -1}, [">= 0", "refused_batches"], id="less than nothing refused"),
        pytest.param("status", {"quarantined_batches": -1}, [">= 0", "quarantined_batches"], id="less than nothing in quarantine"),
    ],
)
def test_a_status_that_cannot_be_is_refused_by_us_and_by_the_published_schema(place: str, wrong: dict[str, Any], words: list[str]) -> None:
    status = AgentStatus(BATCH.agent, BATCH.boot, online=True, at=AT, readers=[ReaderStatus(ReaderId("gate"), ReaderState.RUNNING)])
    schema = jsonschema.Draft202012Validator(json.loads(published.documents()["agent-status.schema.json"]))
    document = json.loads(messages.encode(status))
    schema.validate(document)
    (document["readers"][0] if place == "readers" else document).update(wrong)
    assert not schema.is_valid(document)
    with pytest.raises(ContractError) as refusal:
        messages.decode_status(json.dumps(document).encode())
    for word in words:
        assert word in str(refusal.value)


def test_a_status_of_an_agent_that_counts_less_is_read() -> None:
    """An agent from before these counts."""
    status = AgentStatus(BATCH.agent, BATCH.boot, online=True, at=AT)
    document = json.loads(messages.encode(status))
    del document["refused_batches"], document["quarantined_batches"]
    assert messages.decode_status(json.dumps(document).encode()) == status


def test_a_sealed_batch_says_under_which_address_whatever_else_a_later_version_puts_there() -> None:
    text = json.dumps({**as_json(), "mood": 1}).encode()
    assert messages.find_sender(b"EBK1" + bytes(64) + text) == BATCH.address


@pytest.mark.parametrize("payload", [b"", b"EBK2" + sealed()[4:], b"EBK1" + bytes(64) + b"{}", b"EBK1" + bytes(65)])
def test_what_is_not_sealed_in_our_way_has_no_sender(payload: bytes) -> None:
    assert messages.find_sender(payload) is None


def test_what_an_agent_sends_keeps_to_the_published_schema() -> None:
    schema = json.loads(published.documents()["sighting-batch.schema.json"])
    jsonschema.Draft202012Validator(schema).validate(as_json())


def test_the_published_schema_refuses_an_unknown_field() -> None:
    schema = json.loads(published.documents()["sighting-batch.schema.json"])
    assert not jsonschema.Draft202012Validator(schema).is_valid({**as_json(), "mood": 1})


def test_the_published_files_are_fresh() -> None:
    assert published.stale_files(Path(__file__).parents[2] / "docs" / "contracts") == []


def test_topics_come_back_the_same() -> None:
    address = BATCH.address
    assert address.parse_topic(address.topic(Channel.ACK)) == (address, Channel.ACK)
    assert address.topic(Channel.SIGHTINGS) == "ebike/v1/kcc/pti-more/pti-1/sightings"


@pytest.mark.parametrize("topic", ["ebike/v1/kcc/pti-more/pti-1/else", "ebike/v2/kcc/p/a/ack", "ebike/v1/kcc/ack", "ebike/v1/+/p/a/ack"])
def test_a_foreign_topic_is_refused(topic: str) -> None:
    with pytest.raises(ContractError):
        BATCH.address.parse_topic(topic)
