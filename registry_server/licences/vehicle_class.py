"""What a bike is licensed for."""

from enum import StrEnum


class VehicleClass(StrEnum):
    PASSENGER = "passenger"
    GOODS = "goods"


SPELLINGS: dict[str, VehicleClass] = {
    spelling: vehicle_class
    for vehicle_class, spellings in (
        (VehicleClass.PASSENGER, ("passenger", "p", "যাত্রী", "যাত্রীবাহী", "যাত্রীবাহি", "প্যাসেঞ্জার")),
        (VehicleClass.GOODS, ("goods", "g", "cargo", "পণ্য", "পণ্যবাহী", "পণ্যবাহি", "মাল", "মালবাহী", "মালবাহি")),
    )
    for spelling in spellings
}
