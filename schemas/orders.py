"""What the registry orders to be made, and what the issuing desk reports of a tag.

Values only: everything printed stands here as text or picture, so that a document can be drawn without a database.
"""

from datetime import date
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from schemas.epc import Epc, PcWord
from schemas.errors import ContractError
from schemas.identifiers import AuthorityId
from schemas.messages import UNREADABLE, Instant, from_text, require_utc, to_text
from schemas.tid import Tid

Text = Annotated[str, Meta(min_length=1, max_length=120)]
_T = TypeVar("_T", bound=Struct)
JobId = Annotated[int, Meta(ge=1)]


class BilingualText(Struct, frozen=True, forbid_unknown_fields=True):
    """One text in the two languages of every document."""

    bn: Text
    en: Text


class PlateOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """One number plate. `number` is what people read from the street, e.g. খুলনা-প ০০১২৩৪ / KCC-P 001234."""

    authority: BilingualText
    number: BilingualText
    vehicle_class: BilingualText
    serial: int
    issue: Annotated[int, Meta(ge=0, le=255)]
    drive_by_url: Text
    proof_url: Annotated[str, Meta(min_length=1, max_length=200)]
    fiscal_year: BilingualText
    helpline: str = ""


class CardOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """One CR80 card for the owner. No NID, no address, no telephone: a lost card must tell a stranger nothing more."""

    authority: BilingualText
    title: BilingualText
    owner_name: BilingualText
    number: BilingualText
    vehicle_class: BilingualText
    licence_number: Text
    serial: int
    valid_until: date
    proof_url: Annotated[str, Meta(min_length=1, max_length=200)]
    photo: bytes | None = None
    """JPEG or PNG."""


class EncodingJob(Struct, frozen=True, forbid_unknown_fields=True):
    """What a desk is to write into the next blank tag. The password is secret: over TLS or loopback only, never in a log."""

    job: JobId
    authority: AuthorityId
    number: BilingualText
    epc: Epc
    pc: PcWord
    access_password: Annotated[str, Meta(pattern="^[0-9a-f]{8}$")]

    def __repr__(self) -> str:
        return f"EncodingJob(job={self.job}, epc={self.epc})"  # a value finds its way into logs; its password must not


class EncodedTag(Struct, frozen=True, forbid_unknown_fields=True):
    """A tag written, read back and locked: this chip now carries that EPC."""

    job: JobId
    epc: Epc
    tid: Tid
    locked: bool
    encoded_at: Instant

    def __post_init__(self) -> None:
        require_utc("encoded_at", self.encoded_at)


class EncodingFailure(Struct, frozen=True, forbid_unknown_fields=True):
    """The desk could not finish. `step` is what it was doing; `tid` is the spoilt chip's, if it was read."""

    job: JobId
    step: Text
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    tid: Tid | None = None


Order = PlateOrder | CardOrder | EncodingJob | EncodedTag | EncodingFailure


def encode_order(order: Order) -> bytes:
    return msgspec.json.encode(order, enc_hook=to_text)


def decode_order(type_: type[_T], payload: bytes) -> _T:
    """Raises ContractError with the place and what was expected there."""
    try:
        return msgspec.json.decode(payload, type=type_, dec_hook=from_text)
    except UNREADABLE as error:
        raise ContractError(type_.__name__, "the published schema", str(error)) from error
