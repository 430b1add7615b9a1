"""The two codes on a number plate (docs/decisions/0006-qr-codes.md). Neither holds personal data.

The proof code is 78 bytes: 14 that say what is proved, then Ed25519 over a domain prefix and those 14. It travels as base32 in an
upper-case URL, which keeps the QR symbol in its alphanumeric mode and opens in any phone's camera. The drive-by code is short,
so that its modules are large: a serial and a 64-bit MAC that filters mistypings and crude forgeries, no more.
"""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import Self

from schemas.errors import ContractError
from schemas.signing import SIGNATURE_BYTES, Signer, is_signed_by
from schemas.tid import Tid

FORMAT = 1
SIGNED_AS = b"KCC-EB-QR1\0"
DAY_ZERO = date(2020, 1, 1)
PROOF_BYTES = 78
MAC_BYTES = 8
MAX_SERIAL = (1 << 24) - 1  # three bytes of the proof code
MAX_SERIAL_DIGITS = 10  # 32 bits, as in the EPC
_HEAD = struct.Struct(">BB3sBHH4s")


class ProofKind(IntEnum):
    PLATE = 1
    CARD = 2
    STICKER = 3


class ProofClass(IntEnum):
    PASSENGER = 1
    GOODS = 2


@dataclass(frozen=True, slots=True)
class ProofToken:
    """What a proof code says. `expires_on` is None where the registry or the sticker states it."""

    kind: ProofKind
    key_id: int
    serial: int
    vehicle_class: ProofClass
    issued_on: date
    expires_on: date | None
    tid_digest: bytes
    """First four bytes of SHA-256 of the TID: binds the code to the chip. Zeroes before a chip is bound."""

    def to_bytes(self) -> bytes:
        if not 0 <= self.serial <= MAX_SERIAL:
            raise ContractError("proof serial", f"0 to {MAX_SERIAL}", str(self.serial))
        return _HEAD.pack(
            FORMAT << 4 | self.kind,
            self.key_id,
            self.serial.to_bytes(3),
            self.vehicle_class,
            _to_day(self.issued_on),
            0 if self.expires_on is None else _to_day(self.expires_on),
            self.tid_digest,
        )

    @classmethod
    def from_bytes(cls, head: bytes) -> Self:
        kinds, key_id, serial, vehicle_class, issued, expires, digest = _HEAD.unpack(head)
        if kinds >> 4 != FORMAT or kinds & 0xF not in set(ProofKind) or vehicle_class not in set(ProofClass):
            raise ContractError("proof code", "format 1, kind 1 to 3, class 1 or 2", head[:6].hex())
        return cls(
            kind=ProofKind(kinds & 0xF),
            key_id=key_id,
            serial=int.from_bytes(serial),
            vehicle_class=ProofClass(vehicle_class),
            issued_on=DAY_ZERO + timedelta(days=issued),
            expires_on=DAY_ZERO + timedelta(days=expires) if expires else None,
            tid_digest=digest,
        )


def digest_of(tid: Tid | None) -> bytes:
    return bytes(4) if tid is None else hashlib.sha256(tid).digest()[:4]


def sign_proof(token: ProofToken, sign: Signer) -> str:
    """The text after the last slash of a proof code's URL: 125 base32 digits."""
    head = token.to_bytes()
    return _to_base32(head + sign(SIGNED_AS + head))


def read_proof(text: str, public_keys: dict[int, bytes]) -> ProofToken:
    """A proof code whose signature holds. Raises ContractError, also for a key id that is not in `public_keys`."""
    data = _from_base32("proof code", text)
    if len(data) != PROOF_BYTES:
        raise ContractError("proof code", f"{PROOF_BYTES} bytes", f"{len(data)} bytes")
    head, signature = data[:-SIGNATURE_BYTES], data[-SIGNATURE_BYTES:]
    token = ProofToken.from_bytes(head)
    if token.key_id not in public_keys:
        raise ContractError("proof code", f"a key among {sorted(public_keys)}", f"key {token.key_id}")
    if not is_signed_by(public_keys[token.key_id], signature, SIGNED_AS + head):
        raise ContractError("proof code", "a signature that holds", "one that does not: forged or damaged")
    return token


def drive_by_code(serial: int, mac_key: bytes) -> str:
    """`<serial>-<13 base32 digits>` for the large code."""
    return f"{serial}-{_to_base32(_mac(serial, mac_key))}"


def read_drive_by(text: str, mac_key: bytes) -> int:
    """The serial. Raises ContractError where the MAC does not hold."""
    serial_text, _, mac_text = text.partition("-")
    if not (serial_text.isascii() and serial_text.isdecimal() and len(serial_text) <= MAX_SERIAL_DIGITS and mac_text):
        raise ContractError("drive-by code", "SERIAL-MAC", repr(text[:40]))
    serial = int(serial_text)
    if not hmac.compare_digest(_from_base32("drive-by code", mac_text), _mac(serial, mac_key)):
        raise ContractError("drive-by code", "a MAC that holds", "one that does not: mistyped or forged")
    return serial


def qr_url(host: str, code: str) -> str:
    """The upper-case URL that a QR symbol holds."""
    return f"HTTPS://{host.upper()}/V/{code}"


def _to_day(on: date) -> int:
    days = (on - DAY_ZERO).days
    if not 0 < days < 1 << 16:
        raise ContractError("proof date", f"a day after {DAY_ZERO}", str(on))
    return days


def _mac(serial: int, key: bytes) -> bytes:
    return hmac.digest(key, b"ebike/drive-by\0" + str(serial).encode(), "sha256")[:MAC_BYTES]


def _to_base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def _from_base32(what: str, text: str) -> bytes:
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        raise ContractError(what, "upper-case base32 digits", repr(text[:40])) from None
