"""Orders as a registry would give them, with codes that are really signed."""

from datetime import date

from plate_printer import samples
from schemas.orders import BilingualText, CardOrder, PlateOrder
from schemas.qr_token import ProofClass, ProofKind, ProofToken, drive_by_code, qr_url, sign_proof
from schemas.signing import public_key_of, signer_for

PRIVATE_KEY = bytes(range(32))
PUBLIC_KEY = public_key_of(PRIVATE_KEY)
MAC_KEY = b"k" * 32
HOST = "ebike.khulnacity.gov.bd"


def proof_url(serial: int, kind: ProofKind) -> str:
    token = ProofToken(kind, 1, serial, ProofClass.PASSENGER, date(2026, 11, 22), None, b"\1\2\3\4")
    return qr_url(HOST, sign_proof(token, signer_for(PRIVATE_KEY)))


def plate_order(serial: int = 1234, vehicle_class: BilingualText = samples.PASSENGER) -> PlateOrder:
    digits = f"{serial:06d}"
    return PlateOrder(
        authority=samples.AUTHORITY,
        number=BilingualText(bn=f"খুলনা-প {digits.translate(str.maketrans('0123456789', '০১২৩৪৫৬৭৮৯'))}", en=f"KCC-P {digits}"),
        vehicle_class=vehicle_class,
        serial=serial,
        issue=1,
        drive_by_url=qr_url(HOST, drive_by_code(serial, MAC_KEY)),
        proof_url=proof_url(serial, ProofKind.PLATE),
        fiscal_year=BilingualText(bn="২০২৬-২৭", en="2026-27"),
        helpline="16100",
    )


def card_order(photo: bytes | None = None) -> CardOrder:
    return CardOrder(
        authority=samples.AUTHORITY,
        title=samples.CARD.title,
        owner_name=BilingualText(bn="মোঃ ক্ষুদ্র ম্যাজিস্ট্রেট রহমান", en="Md Khudra Magistrate Rahman"),
        number=samples.NUMBER,
        vehicle_class=samples.PASSENGER,
        licence_number="KCC/EB/2026/001234",
        serial=1234,
        valid_until=date(2027, 6, 30),
        proof_url=proof_url(1234, ProofKind.CARD),
        photo=photo,
    )
