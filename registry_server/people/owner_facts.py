"""What is known of an owner, checked. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnerFacts:
    """Values as `names`, `nid` and `wards` give them. The NID stands here in clear: never log this."""

    name_bn: str
    name_en: str
    guardian_name: str
    nid: str
    mobile: str
    ward: int
    holding: str = ""

    def __repr__(self) -> str:
        return f"OwnerFacts({self.name_en!r})"
