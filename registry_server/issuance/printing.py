"""Printing a licence's plate and card: drawn first, then counted and written down, then handed out.

Drawing takes longer than anything else here, and a writer that draws keeps all others waiting: so it is done between two sessions.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plate_printer.documents import card_pdf, plate_pdf
from registry_server.audit.service import Act, record
from registry_server.authorities.models import Authority
from registry_server.db import Database
from registry_server.epc_allocation import service as epc_allocation
from registry_server.errors import Conflict, NotFound
from registry_server.issuance.models import PrintedDocument
from registry_server.issuance.orders import Codes, Subject, card_order, plate_order
from registry_server.issuance.service import get_allocation
from registry_server.licences.models import Licence
from registry_server.licences.service import get_living, get_record, require_living
from schemas.orders import BilingualText, CardOrder, PlateOrder, encode_order
from schemas.tid import Tid

NO_YEAR = BilingualText(bn="-", en="-")
DRAWINGS = 3
"""So often it is drawn anew when the record changes meanwhile."""


class DocumentKind(StrEnum):
    PLATE = "plate"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A document that is not counted yet: what it says, and its PDF."""

    licence_id: int
    kind: DocumentKind
    number: str
    order: PlateOrder | CardOrder
    pdf: bytes


def print_document(database: Database, licence_id: int, kind: DocumentKind, *, act: Act, codes: Codes) -> Drawing:
    """The document, and one more copy in the books. Commits.

    Raises NotFound; Conflict for a cancelled licence, and for a record that changes again and again while it is drawn.
    """
    for _ in range(DRAWINGS):
        drawing = draw(database, licence_id, kind, authority_id=act.authority_id, codes=codes)
        with database.write(act.authority_id) as session:
            if count_print(session, drawing, act=act, codes=codes):
                return drawing
    raise Conflict("overtaken", number=drawing.number)


def reprint_document(database: Database, licence_id: int, kind: DocumentKind, *, act: Act, codes: Codes) -> Drawing:
    """A further copy of what was printed before. Raises NotFound if it never was, and what `print_document` raises."""
    with database.read(act.authority_id) as session:
        number = get_record(session, licence_id).number
        if not copies_of(session, licence_id, kind):
            raise NotFound(f"printed {kind} of licence", number)
    return print_document(database, licence_id, kind, act=act, codes=codes)


def draw(database: Database, licence_id: int, kind: DocumentKind, *, authority_id: int, codes: Codes) -> Drawing:
    """From the record as it is now; no session is open while it is drawn. Raises NotFound, Conflict for a cancelled licence."""
    with database.read(authority_id) as session:
        licence = require_living(get_record(session, licence_id))
        number, order = licence.number, order_for(session, licence, kind, codes)
    pdf = plate_pdf(order) if isinstance(order, PlateOrder) else card_pdf(order)
    return Drawing(licence_id, kind, number, order, pdf)


def count_print(session: Session, drawing: Drawing, *, act: Act, codes: Codes) -> bool:
    """Write it down as printed, unless it says something else than the record says by now. Raises Conflict for a cancelled licence."""
    licence = get_living(session, drawing.licence_id)  # locked: two officers who print at once get different copy numbers
    if order_for(session, licence, drawing.kind, codes) != drawing.order:
        return False
    document = PrintedDocument(
        authority_id=act.authority_id,
        licence_id=licence.id,
        kind=drawing.kind,
        copy=copies_of(session, licence.id, drawing.kind) + 1,
        sha256=hashlib.sha256(drawing.pdf).hexdigest(),
        content_sha256=content_of(drawing.order),
        printed_by=act.by,
        printed_at=act.at,
    )
    session.add(document)
    record(session, act, f"{drawing.kind}:print", licence.number, copy=document.copy, sha256=document.sha256)
    session.flush()
    return True


def order_for(session: Session, licence: Licence, kind: DocumentKind, codes: Codes) -> PlateOrder | CardOrder:
    allocation = get_allocation(session, licence)
    binding = epc_allocation.find_binding(session, allocation)
    subject = Subject(
        session.get_one(Authority, licence.authority_id), licence, allocation.issue, None if binding is None else Tid(binding.tid)
    )
    return plate_order(subject, codes) if kind is DocumentKind.PLATE else card_order(subject, codes)


def content_of(order: PlateOrder | CardOrder) -> bytes:
    """SHA-256 of what a document says.

    Not the fiscal year of a plate: a renewal needs no new plate (docs/decisions/0006-qr-codes.md), its year goes on by a sticker.
    """
    lasting = msgspec.structs.replace(order, fiscal_year=NO_YEAR) if isinstance(order, PlateOrder) else order
    return hashlib.sha256(encode_order(lasting)).digest()


def outdated_among(session: Session, licence: Licence, codes: Codes) -> frozenset[DocumentKind]:
    """Kinds whose newest copy says something else than the record now: it must be printed again."""
    newest = {print_.kind: print_.content_sha256 for print_ in reversed(prints_of(session, licence.id))}
    return frozenset(
        kind for kind in DocumentKind if kind in newest and newest[kind] != content_of(order_for(session, licence, kind, codes))
    )


def copies_of(session: Session, licence_id: int, kind: DocumentKind) -> int:
    statement = select(func.max(PrintedDocument.copy)).where(PrintedDocument.licence_id == licence_id, PrintedDocument.kind == kind)
    return session.scalar(statement) or 0


def prints_of(session: Session, licence_id: int) -> list[PrintedDocument]:
    """The newest first."""
    statement = select(PrintedDocument).where(PrintedDocument.licence_id == licence_id).order_by(PrintedDocument.id.desc())
    return list(session.scalars(statement))
