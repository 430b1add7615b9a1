"""Which families there are, and the codec of each."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware_protocols.codec import Codec, Direction, FamilyFacts
from firmware_protocols.errors import ProtocolError
from firmware_protocols.m100.codec import FACTS as M100_FACTS
from firmware_protocols.m100.codec import M100Codec


@dataclass(frozen=True, slots=True)
class CodecOptions:
    """What differs between readers of one family. A family takes what concerns it; None is the family's own default."""

    direction: Direction = Direction.FROM_READER
    address: int | None = None
    """The reader's address on a shared line."""
    antenna_ports: int | None = None


@dataclass(frozen=True, slots=True)
class _Family:
    facts: FamilyFacts
    build: Callable[[CodecOptions], Codec]


_CATALOGUE: dict[str, _Family] = {
    "m100": _Family(M100_FACTS["m100"], lambda options: M100Codec("m100", direction=options.direction)),
    "r200": _Family(M100_FACTS["r200"], lambda options: M100Codec("r200", direction=options.direction)),
}

FAMILIES: dict[str, FamilyFacts] = {name: family.facts for name, family in _CATALOGUE.items()}


class UnknownFamily(ProtocolError):
    """No codec of that name."""

    def __init__(self, family: str) -> None:
        super().__init__(f"no reader family {family!r}; known are {', '.join(FAMILIES)}")
        self.family = family


def codec_for(
    family: str,
    *,
    direction: Direction = Direction.FROM_READER,
    address: int | None = None,
    antenna_ports: int | None = None,
) -> Codec:
    """A new codec. Raises UnknownFamily, which names the known ones, and BadArgument for an option the family cannot have."""
    entry = _CATALOGUE.get(family)
    if entry is None:
        raise UnknownFamily(family)
    return entry.build(CodecOptions(direction, address, antenna_ports))
