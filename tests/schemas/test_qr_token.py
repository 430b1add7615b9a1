"""The two codes of a plate: what is signed holds, what was changed does not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ContractError
from schemas.qr_token import (
    PROOF_BYTES,
    ProofClass,
    ProofKind,
    ProofToken,
    digest_of,
    drive_by_code,
    qr_url,
    read_drive_by,
    read_proof,
    sign_proof,
)
from schemas.signing import new_private_key, public_key_of, signer_for
from schemas.tid import Tid

KEY = new_private_key()
PUBLIC = {1: public_key_of(KEY)}
TOKEN = ProofToken(ProofKind.PLATE, 1, 1234, ProofClass.GOODS, date(2026, 7, 1), None, digest_of(Tid.parse("E2801160200012345678ABCD")))

tokens = st.builds(
    ProofToken,
    kind=st.sampled_from(ProofKind),
    key_id=st.just(1),
    serial=st.integers(0, (1 << 24) - 1),
    vehicle_class=st.sampled_from(ProofClass),
    issued_on=st.dates(date(2020, 1, 2), date(2190, 1, 1)),
    expires_on=st.none() | st.dates(date(2020, 1, 2), date(2190, 1, 1)),
    tid_digest=st.binary(min_size=4, max_size=4),
)


@given(tokens)
def test_a_signed_code_comes_back_the_same(token: ProofToken) -> None:
    assert read_proof(sign_proof(token, signer_for(KEY)), PUBLIC) == token


def test_a_proof_code_is_78_bytes_in_125_upper_case_digits() -> None:
    code = sign_proof(TOKEN, signer_for(KEY))
    assert (len(code), PROOF_BYTES) == (125, 78)
    assert code == code.upper()


def test_the_head_stands_byte_by_byte_as_documented() -> None:
    assert TOKEN.to_bytes().hex() == "1101" + "0004d2" + "02" + "0945" + "0000" + digest_of(Tid.parse("E2801160200012345678ABCD")).hex()


def changed(code: str, at: int) -> str:
    return code[:at] + ("A" if code[at] != "A" else "B") + code[at + 1 :]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        pytest.param(changed(sign_proof(TOKEN, signer_for(KEY)), 6), "signature", id="serial changed"),
        pytest.param(changed(sign_proof(TOKEN, signer_for(KEY)), 60), "signature", id="signature changed"),
        pytest.param(sign_proof(TOKEN, signer_for(new_private_key())), "signature", id="signed by somebody else"),
        pytest.param(sign_proof(TOKEN, signer_for(KEY))[:-8], "78 bytes", id="cut"),
        pytest.param("not base 32!", "base32", id="no code at all"),
        pytest.param("", "78 bytes", id="nothing"),
    ],
)
def test_a_changed_code_is_refused(code: str, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        read_proof(code, PUBLIC)


def test_a_code_under_an_unknown_key_says_which_key() -> None:
    with pytest.raises(ContractError, match="key 1"):
        read_proof(sign_proof(TOKEN, signer_for(KEY)), {})


@given(st.text())
def test_any_text_is_a_code_or_a_refusal(text: str) -> None:
    with pytest.raises(ContractError):
        read_proof(text, PUBLIC)


@given(st.integers(0, 10**8))
def test_a_drive_by_code_comes_back_and_a_wrong_serial_does_not(serial: int) -> None:
    code = drive_by_code(serial, b"key")
    assert read_drive_by(code, b"key") == serial
    with pytest.raises(ContractError, match="mistyped or forged"):
        read_drive_by(f"{serial + 1}-{code.partition('-')[2]}", b"key")


@given(st.text())
def test_any_text_is_a_drive_by_code_or_a_refusal(text: str) -> None:
    with pytest.raises(ContractError):
        read_drive_by(text, b"key")


def test_an_endless_serial_is_a_refusal_too() -> None:
    with pytest.raises(ContractError, match="SERIAL-MAC"):
        read_drive_by(f"{'9' * 5000}-AAAAAAAAAAAAA", b"key")


def test_the_url_keeps_the_symbol_alphanumeric() -> None:
    allowed = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
    assert set(qr_url("ebike.example.gov.bd", drive_by_code(1234, b"key"))) <= allowed
