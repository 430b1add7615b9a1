"""Made-up orders for a look at the documents and for a printer's proof."""

from datetime import date

from schemas.orders import BilingualText, CardOrder, PlateOrder

AUTHORITY = BilingualText(bn="খুলনা সিটি কর্পোরেশন", en="Khulna City Corporation")
NUMBER = BilingualText(bn="খুলনা-প ০০১২৩৪", en="KCC-P 001234")
PASSENGER = BilingualText(bn="যাত্রীবাহী", en="Passenger")
GOODS = BilingualText(bn="পণ্যবাহী", en="Goods")
_URL = "HTTPS://EBIKE.EXAMPLE/V/"
_DRIVE_BY = f"{_URL}1234-SPECIMENSPECI"
_PROOF = _URL + ("SPECIMEN" * 16)[:125]

PLATE = PlateOrder(
    authority=AUTHORITY,
    number=NUMBER,
    vehicle_class=PASSENGER,
    serial=1234,
    issue=1,
    drive_by_url=_DRIVE_BY,
    proof_url=_PROOF,
    fiscal_year=BilingualText(bn="২০২৬-২৭", en="2026-27"),
    helpline="16100",
)
GOODS_PLATE = PlateOrder(
    authority=AUTHORITY,
    number=BilingualText(bn="খুলনা-ম ০০০৫৬৭", en="KCC-G 000567"),
    vehicle_class=GOODS,
    serial=567,
    issue=2,
    drive_by_url=f"{_URL}567-SPECIMENSPECI",
    proof_url=_PROOF,
    fiscal_year=PLATE.fiscal_year,
    helpline="16100",
)
CARD = CardOrder(
    authority=AUTHORITY,
    title=BilingualText(bn="ইজিবাইক রেজিস্ট্রেশন কার্ড", en="Easy-bike registration card"),
    owner_name=BilingualText(bn="নমুনা নাম", en="Specimen Name"),
    number=NUMBER,
    vehicle_class=PASSENGER,
    licence_number="KCC/EB/2026/001234",
    serial=1234,
    valid_until=date(2027, 6, 30),
    proof_url=_PROOF,
)
