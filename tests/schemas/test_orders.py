"""Orders come back the same, refuse what the contract does not allow, and keep their secret."""

import json
from datetime import UTC, datetime

import pytest

from schemas.epc import ClosedEpc, PcWord
from schemas.errors import ContractError
from schemas.identifiers import AuthorityId
from schemas.orders import BilingualText, EncodedTag, EncodingFailure, EncodingJob, decode_order, encode_order
from schemas.tid import Tid

EPC = ClosedEpc(1, 7, 1, 99).to_epc()
JOB = EncodingJob(
    job=3,
    authority=AuthorityId("kcc"),
    number=BilingualText(bn="খুলনা-প ০০০০০৭", en="KCC-P 000007"),
    epc=EPC,
    pc=PcWord.for_epc(EPC, afi=0x0F),
    access_password="5ec2e7aa",
)
DONE = EncodedTag(job=3, epc=EPC, tid=Tid.parse("E2801160200012345678ABCD"), locked=True, encoded_at=datetime(2026, 11, 22, tzinfo=UTC))
FAILED = EncodingFailure(job=3, step="lock", reason="the tag left the field")


@pytest.mark.parametrize("order", [JOB, DONE, FAILED], ids=lambda order: type(order).__name__)
def test_an_order_comes_back_the_same(order: EncodingJob | EncodedTag | EncodingFailure) -> None:
    assert decode_order(type(order), encode_order(order)) == order


def test_the_tags_password_travels_but_is_never_shown() -> None:
    assert b"5ec2e7aa" in encode_order(JOB)
    assert "5ec2e7aa" not in repr(JOB)
    assert "5ec2e7aa" not in f"{JOB}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"mood": 1}, "unknown field `mood`", id="unknown field"),
        pytest.param({"epc": "E2"}, "EPC", id="half a word of EPC"),
        pytest.param({"tid": "E280"}, "TID", id="TID too short"),
        pytest.param({"encoded_at": "2026-11-22T06:00:00+06:00"}, "UTC", id="time of another zone"),
        pytest.param({"job": 0}, ">= 1", id="jobs count from 1"),
        pytest.param({"locked": "yes"}, "bool", id="a word where yes or no belongs"),
    ],
)
def test_what_the_contract_does_not_allow_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ContractError, match=words):
        decode_order(EncodedTag, json.dumps(json.loads(encode_order(DONE)) | change).encode())


def test_an_order_that_is_no_utf_8_is_refused_as_all_else() -> None:
    with pytest.raises(ContractError, match="EncodedTag: expected the published schema"):
        decode_order(EncodedTag, encode_order(DONE).replace(b"E280", b"E2\xff0"))
