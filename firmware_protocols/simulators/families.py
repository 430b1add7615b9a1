"""Which families can be simulated."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from firmware_protocols.cf.codec import CfCodec
from firmware_protocols.chafon.codec import ChafonCodec
from firmware_protocols.codec import Codec, Direction
from firmware_protocols.errors import ProtocolError
from firmware_protocols.m100.codec import M100Codec
from firmware_protocols.r2000.codec import R2000Codec
from firmware_protocols.simulators.cf import CfDialect
from firmware_protocols.simulators.chafon import ChafonDialect
from firmware_protocols.simulators.faults import NO_FAULTS, LineFaults
from firmware_protocols.simulators.llrp import LlrpReader
from firmware_protocols.simulators.m100 import M100Dialect
from firmware_protocols.simulators.r2000 import R2000Dialect
from firmware_protocols.simulators.reader import DEFAULT_OPTIONS, Dialect, LineReader, LineSetup, ReaderOptions, SimulatedReader
from firmware_protocols.simulators.smart import ImpinjTeller, KeyboardTeller, SmartReader, Teller, zebra_teller
from firmware_protocols.simulators.tag_field import TagField
from firmware_protocols.simulators.thingmagic import ThingMagicDialect
from firmware_protocols.thingmagic.codec import ThingMagicCodec


class _Kind(NamedTuple):
    codec: Callable[[], Codec]
    dialect: Callable[[TagField, ReaderOptions], Dialect]


def _m100(family: str) -> _Kind:
    return _Kind(lambda: M100Codec(family, direction=Direction.TO_READER), lambda tags, _: M100Dialect(family, tags))


_KINDS: dict[str, _Kind] = {
    "m100": _m100("m100"),
    "r200": _m100("r200"),
    "r2000": _Kind(lambda: R2000Codec(direction=Direction.TO_READER), R2000Dialect),
    "thingmagic": _Kind(lambda: ThingMagicCodec(direction=Direction.TO_READER), ThingMagicDialect),
    "chafon": _Kind(lambda: ChafonCodec(direction=Direction.TO_READER), ChafonDialect),
    "cf": _Kind(lambda: CfCodec(direction=Direction.TO_READER), CfDialect),
}
_TELLERS: dict[str, Callable[[ReaderOptions], Teller]] = {
    "impinj-json": lambda _: ImpinjTeller(),
    "zebra-json": zebra_teller,
    "keyboard": lambda _: KeyboardTeller(),
}
SIMULATED_FAMILIES: tuple[str, ...] = (*_KINDS, "llrp")
"""Those that a host can converse with."""


def simulator_for(
    family: str, field: TagField, rng: Random, *, faults: LineFaults = NO_FAULTS, options: ReaderOptions = DEFAULT_OPTIONS
) -> SimulatedReader:
    """A simulated reader before that field. All its chance comes from `rng`. Raises ProtocolError for a family without a simulator."""
    if family == "llrp":
        return LlrpReader(field, rng, faults, options)
    if family in _TELLERS:
        return SmartReader(_TELLERS[family](options), field, rng, faults, options)
    kind = _KINDS.get(family)
    if kind is None:
        raise ProtocolError(f"no simulator for family {family!r}; there are {', '.join([*SIMULATED_FAMILIES, *_TELLERS])}")
    return LineReader(kind.codec(), kind.dialect(field, options), field, rng, LineSetup(faults, options.round_period_s))
