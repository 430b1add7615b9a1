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
from registry_server.private_file import read_private

NONCE_BYTES = 12
KEY_FILE = "registry-keys.json"
KEY_NAMES = ("field_key", "index_key", "qr_key")
QR_KEY_ID = 1
"""Which generation of an authority's keys signs now."""


@dataclass(frozen=True, slots=True, repr=False)
class QrKeys:
    """With which one authority makes the codes on its plates and cards."""

    private_key: bytes
    mac_key: bytes
    key_id: int = QR_KEY_ID


@dataclass(frozen=True, slots=True, repr=False)
class SecretsBox:
    """Keys of one installation. Never printed, never in a log; `repr` shows nothing."""

    field_key: bytes
    index_key: bytes
    qr_key: bytes

    def qr_keys(self, authority_id: int) -> QrKeys:
        """Each authority's own: serials count from 1 in each, so the key is what tells whose plate it is. Drawn from one secret and the
        number that its tags carry, so that there is one file to keep.
        """
        return QrKeys(private_key=self._drawn("qr-proof", authority_id), mac_key=self._drawn("qr-drive-by", authority_id))

    def _drawn(self, use: str, authority_id: int) -> bytes:
        return hmac.digest(self.qr_key, f"ebike/{use}/{authority_id}".encode(), "sha256")

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
        keys = json.loads(read_private(path))
        field, index, qr = (bytes.fromhex(keys[name]) for name in KEY_NAMES)
    except (ValueError, TypeError, KeyError) as error:
        raise SetupError(f"{path} is damaged ({error}): restore it from backup; without it no NID can be read") from error
    return SecretsBox(field_key=field, index_key=index, qr_key=qr)


def _create(path: Path) -> None:
    keys = {name: secrets.token_bytes(32) for name in KEY_NAMES}
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
