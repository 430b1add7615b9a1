"""Which families there are, and the codec of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from firmware_protocols.cf.codec import DEFAULT_ADDRESS as CF_DEFAULT_ADDRESS
from firmware_protocols.cf.codec import DEFAULT_PORTS as CF_DEFAULT_PORTS
from firmware_protocols.cf.codec import FACTS as CF_FACTS
from firmware_protocols.cf.codec import CfCodec
from firmware_protocols.chafon.codec import DEFAULT_ADDRESS as CHAFON_DEFAULT_ADDRESS
from firmware_protocols.chafon.codec import DEFAULT_PORTS as CHAFON_DEFAULT_PORTS
from firmware_protocols.chafon.codec import FACTS as CHAFON_FACTS
from firmware_protocols.chafon.codec import ChafonCodec
from firmware_protocols.chafon.tables import Model as ChafonModel
from firmware_protocols.codec import Codec, Direction, FamilyFacts
from firmware_protocols.errors import BadArgument, ProtocolError
from firmware_protocols.family_options import Options, find_option_problems
from firmware_protocols.impinj_json.codec import FACTS as IMPINJ_JSON_FACTS
from firmware_protocols.impinj_json.codec import ImpinjJsonCodec
from firmware_protocols.keyboard.codec import FACTS as KEYBOARD_FACTS
from firmware_protocols.keyboard.codec import KeyboardCodec
from firmware_protocols.llrp.codec import DEFAULT_PORTS as LLRP_DEFAULT_PORTS
from firmware_protocols.llrp.codec import FACTS as LLRP_FACTS
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.encoding import InventoryManner
from firmware_protocols.llrp.tables import Version as LlrpVersion
from firmware_protocols.m100.codec import FACTS as M100_FACTS
from firmware_protocols.m100.codec import M100Codec
from firmware_protocols.r2000.codec import DEFAULT_ADDRESS, DEFAULT_PORTS, R2000Codec
from firmware_protocols.r2000.codec import FACTS as R2000_FACTS
from firmware_protocols.thingmagic.codec import DEFAULT_PORTS as THINGMAGIC_DEFAULT_PORTS
from firmware_protocols.thingmagic.codec import FACTS as THINGMAGIC_FACTS
from firmware_protocols.thingmagic.codec import ThingMagicCodec
from firmware_protocols.zebra_json.codec import FACTS as ZEBRA_JSON_FACTS
from firmware_protocols.zebra_json.codec import ZebraJsonCodec


@dataclass(frozen=True, slots=True)
class CodecOptions:
    """What differs between readers of one family. A family takes what concerns it; None is the family's own default."""

    direction: Direction = Direction.FROM_READER
    address: int | None = None
    """The reader's address on a shared line."""
    antenna_ports: int | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    """What `family_options.OPTIONS` lists for the family, checked."""


@dataclass(frozen=True, slots=True)
class _Family:
    facts: FamilyFacts
    build: Callable[[CodecOptions], Codec]


def _m100(family: str) -> _Family:
    return _Family(M100_FACTS[family], lambda options: _one_port(family, options))


def _one_port(family: str, options: CodecOptions) -> Codec:
    if options.antenna_ports not in (None, 1):
        raise BadArgument(family, "number of antenna ports", "1", str(options.antenna_ports))
    if options.address is not None:
        raise BadArgument(family, "address", "none: the frames carry no address", f"{options.address:02x}")
    return M100Codec(family, direction=options.direction)


def _r2000(options: CodecOptions) -> Codec:
    return R2000Codec(
        direction=options.direction,
        address=DEFAULT_ADDRESS if options.address is None else options.address,
        antenna_ports=DEFAULT_PORTS if options.antenna_ports is None else options.antenna_ports,
    )


def _llrp(options: CodecOptions) -> Codec:
    if options.address is not None:
        raise BadArgument("llrp", "address", "none: a reader has its own network address", f"{options.address:02x}")
    own = dict(options.own)
    version = LLRP_VERSIONS[own.pop("version", "1.0.1")]
    ports = LLRP_DEFAULT_PORTS if options.antenna_ports is None else options.antenna_ports
    return LlrpCodec(direction=options.direction, version=version, antenna_ports=ports, manner=InventoryManner(**own))


def _thingmagic(options: CodecOptions) -> Codec:
    if options.address is not None:
        raise BadArgument("thingmagic", "address", "none: the frames carry no address", f"{options.address:02x}")
    ports = THINGMAGIC_DEFAULT_PORTS if options.antenna_ports is None else options.antenna_ports
    return ThingMagicCodec(direction=options.direction, antenna_ports=ports, **options.own)


def _chafon(options: CodecOptions) -> Codec:
    return ChafonCodec(
        direction=options.direction,
        address=CHAFON_DEFAULT_ADDRESS if options.address is None else options.address,
        antenna_ports=CHAFON_DEFAULT_PORTS if options.antenna_ports is None else options.antenna_ports,
        model=ChafonModel(options.own["model"]) if "model" in options.own else None,
        with_fast_id=options.own.get("fast_id", False),
    )


def _cf(options: CodecOptions) -> Codec:
    return CfCodec(
        direction=options.direction,
        address=CF_DEFAULT_ADDRESS if options.address is None else options.address,
        antenna_ports=CF_DEFAULT_PORTS if options.antenna_ports is None else options.antenna_ports,
    )


def _listened(facts: FamilyFacts, codec: Callable[[Direction], Codec]) -> _Family:
    return _Family(facts, lambda options: _without_options(facts, codec, options))


def _without_options(facts: FamilyFacts, codec: Callable[[Direction], Codec], options: CodecOptions) -> Codec:
    if options.address is not None:
        raise BadArgument(facts.name, "address", "none: what it tells carries no address", f"{options.address:02x}")
    if options.antenna_ports not in (None, facts.antenna_ports):
        raise BadArgument(facts.name, "number of antenna ports", "none: each report names its port", str(options.antenna_ports))
    return codec(options.direction)


LLRP_VERSIONS = {"1.0.1": LlrpVersion.V1_0_1, "1.1": LlrpVersion.V1_1}
_CATALOGUE: dict[str, _Family] = {
    "m100": _m100("m100"),
    "r200": _m100("r200"),
    "r2000": _Family(R2000_FACTS, _r2000),
    "thingmagic": _Family(THINGMAGIC_FACTS, _thingmagic),
    "llrp": _Family(LLRP_FACTS, _llrp),
    "chafon": _Family(CHAFON_FACTS, _chafon),
    "cf": _Family(CF_FACTS, _cf),
}

_LISTENED: dict[str, _Family] = {
    "impinj-json": _listened(IMPINJ_JSON_FACTS, lambda direction: ImpinjJsonCodec(direction=direction)),
    "zebra-json": _listened(ZEBRA_JSON_FACTS, lambda direction: ZebraJsonCodec(direction=direction)),
    "keyboard": _listened(KEYBOARD_FACTS, lambda direction: KeyboardCodec(direction=direction)),
}

FAMILIES: dict[str, FamilyFacts] = {name: family.facts for name, family in _CATALOGUE.items()}
"""Those that one converses with: they answer commands."""
LISTENED_FAMILIES: dict[str, FamilyFacts] = {name: family.facts for name, family in _LISTENED.items()}
"""Those that only tell what they see: their codecs encode no command."""
ALL_FAMILIES: dict[str, FamilyFacts] = FAMILIES | LISTENED_FAMILIES


class UnknownFamily(ProtocolError):
    """No codec of that name."""

    def __init__(self, family: str) -> None:
        super().__init__(f"no reader family {family!r}; known are {', '.join(ALL_FAMILIES)}")
        self.family = family


def codec_for(
    family: str,
    *,
    direction: Direction = Direction.FROM_READER,
    address: int | None = None,
    antenna_ports: int | None = None,
    options: Options | None = None,
) -> Codec:
    """A new codec. Raises UnknownFamily, which names the known ones, and BadArgument for an option the family cannot have.
    `options`: see `family_options.OPTIONS`.
    """
    entry = _CATALOGUE.get(family) or _LISTENED.get(family)
    if entry is None:
        raise UnknownFamily(family)
    for problem in find_option_problems(family, options or {}):
        raise BadArgument(family, f"option {problem.key}", problem.remedy, str(problem.value))
    return entry.build(CodecOptions(direction, address, antenna_ports, options or {}))
