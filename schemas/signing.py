"""Ed25519 signatures. The one door to `cryptography` of this package."""

import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.errors import ContractError

KEY_BYTES = 32
SIGNATURE_BYTES = 64

Signer = Callable[[bytes], bytes]
"""Takes the bytes to sign, gives the 64-byte signature."""


def new_private_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key_of(private_key: bytes) -> bytes:
    return _private(private_key).public_key().public_bytes_raw()


def signer_for(private_key: bytes) -> Signer:
    return _private(private_key).sign


def is_signed_by(public_key: bytes, signature: bytes, data: bytes) -> bool:
    if len(public_key) != KEY_BYTES:
        raise ContractError("public key", f"{KEY_BYTES} bytes", f"{len(public_key)} bytes")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def key_fingerprint(public_key: bytes) -> str:
    """Sixteen hex digits by which two people can compare a key aloud."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def _private(key: bytes) -> Ed25519PrivateKey:
    if len(key) != KEY_BYTES:
        raise ContractError("private key", f"{KEY_BYTES} bytes", f"{len(key)} bytes")
    return Ed25519PrivateKey.from_private_bytes(key)
