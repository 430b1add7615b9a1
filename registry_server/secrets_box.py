"""The registry's own secrets: field encryption, blind index, QR keys. One door to `cryptography` and to the key file."""

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry_server.errors import SetupError
from schemas.signing import new_private_key

NONCE_BYTES = 12
KEY_FILE = "registry-keys.json"
KEY_NAMES = ("field_key", "index_key", "qr_private_key", "qr_mac_key")


@dataclass(frozen=True, slots=True, repr=False)
class SecretsBox:
    """Keys of one installation. Never printed, never in a log; `repr` shows nothing."""

    field_key: bytes
    index_key: bytes
    qr_private_key: bytes
    qr_mac_key: bytes
    qr_key_id: int = 1

    def encrypt(self, text: str, purpose: str) -> bytes:
        """AES-256-GCM with a random nonce; `purpose` is bound in, so a value moved to another field does not open."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.field_key).encrypt(nonce, text.encode(), purpose.encode())

    def decrypt(self, data: bytes, purpose: str) -> str:
        try:
            return AESGCM(self.field_key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], purpose.encode()).decode()
        except InvalidTag:
            raise SetupError(f"an encrypted {purpose} does not open with the keys in {KEY_FILE}: restore that file from backup") from None

    def blind_index(self, text: str, purpose: str) -> bytes:
        """Finds an equal value without showing it."""
        return hmac.digest(self.index_key, purpose.encode() + b"\0" + text.encode(), "sha256")


def load_or_create(data_dir: Path) -> SecretsBox:
    """The keys in `data_dir`; made on the first start, readable by the owner of the process only."""
    path = data_dir / KEY_FILE
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        _create(path)
    try:
        keys = json.loads(path.read_text())
        field, index, qr_private, qr_mac = (bytes.fromhex(keys[name]) for name in KEY_NAMES)
    except (ValueError, TypeError, KeyError) as error:
        raise SetupError(f"{path} is damaged ({error}): restore it from backup; without it no NID can be read") from error
    return SecretsBox(field_key=field, index_key=index, qr_private_key=qr_private, qr_mac_key=qr_mac)


def _create(path: Path) -> None:
    keys = {name: secrets.token_bytes(32) for name in ("field_key", "index_key", "qr_mac_key")} | {"qr_private_key": new_private_key()}
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    with draft.open("w") as out:
        out.write(json.dumps({name: value.hex() for name, value in keys.items()}))
        out.flush()
        os.fsync(out.fileno())  # the database is durable, so must be the keys that open it
    try:
        os.link(draft, path)  # fails if another process was first; its keys are the ones then
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def token_hash(token: str) -> bytes:
    """What is kept of a random token of 128 bits or more."""
    return hashlib.sha256(token.encode()).digest()
