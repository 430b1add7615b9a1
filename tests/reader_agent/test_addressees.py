"""A batch goes out under the address that is sealed in it."""

from datetime import UTC, datetime

from reader_agent.addressees import Addressees
from reader_agent.spool.spool import SpooledBatch
from schemas.identifiers import AgentId, AuthorityId, BootId, CheckpointId
from schemas.messages import SightingBatch, SightingClosed, seal
from schemas.topics import AgentAddress

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
OWN = AgentAddress(AuthorityId("kcc"), CheckpointId("pti-more"), AgentId("pti-more-1"))
EARLIER = AgentAddress(AuthorityId("kcc"), CheckpointId("old-bridge"), AgentId("pti-more-1"))
BOOT, BEFORE = BootId("00000000000000b2"), BootId("00000000000000a1")


def sealed_by(address: AgentAddress, boot: BootId) -> SpooledBatch:
    event = SightingClosed(sighting=1, last_seen_at=AT, reads=1)
    body = seal(SightingBatch(address.authority, address.checkpoint, address.agent, boot, 1, AT, [event]), lambda _: bytes(64))
    return SpooledBatch(1, boot, 1, body)


def test_our_own_is_welcome_from_the_start_and_another_once_something_of_it_is_confirmed() -> None:
    addressees = Addressees(OWN, BOOT)
    earlier = sealed_by(EARLIER, BEFORE)
    assert addressees.is_welcome(sealed_by(OWN, BOOT))
    assert addressees.find(earlier) == EARLIER
    assert not addressees.is_welcome(earlier)
    addressees.note_confirmed(BEFORE)
    assert addressees.is_welcome(earlier)


def test_an_earlier_life_under_the_same_name_is_welcome() -> None:
    assert Addressees(OWN, BOOT).is_welcome(sealed_by(OWN, BEFORE))


def test_what_does_not_say_who_sealed_it_goes_out_under_our_own() -> None:
    assert Addressees(OWN, BOOT).find(SpooledBatch(1, BEFORE, 1, b"EBK9")) == OWN
