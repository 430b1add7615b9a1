"""What is attached to a line: ask it in each family's language."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from firmware_protocols.catalogue import FAMILIES, codec_for
from firmware_protocols.codec import Direction, FamilyFacts
from firmware_protocols.events import TagSeen
from reader_agent.clock import Clock, Moment
from reader_agent.errors import LinkLost, ReaderRefused
from reader_agent.link_address import LinkAddress, SerialAddress
from reader_agent.links.link import Link
from reader_agent.readers.session import Codecs, Counters, Ears, Session

OTHER_BAUDS = (57600, 38400, 9600)  # what readers leave the factory with besides their family's default, most frequent first
OpenAt = Callable[[LinkAddress, int], Link]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One question that was asked, and what came of it."""

    family: str
    baud: int | None
    result: str


@dataclass(frozen=True, slots=True)
class Found:
    family: str
    baud: int | None
    model: str


def probe(address: LinkAddress, open_at: OpenAt, clock: Clock) -> tuple[Found | None, list[Attempt]]:
    """The reader that answers at that address, and every question up to there. Raises LinkLost or PortHeld if there is no line."""
    attempts: list[Attempt] = []
    for baud, facts in _questions(address):
        result = _ask(address, open_at, baud or facts.default_baud, facts, clock)
        attempts.append(Attempt(facts.name, baud, result.model if isinstance(result, Counters) else result))
        if isinstance(result, Counters):
            return Found(facts.name, baud, result.model), attempts
    return None, attempts


def _questions(address: LinkAddress) -> Iterator[tuple[int | None, FamilyFacts]]:
    """Speeds outside, families inside: a wrong speed makes every family silent."""
    families = [codec_for(family).facts for family in FAMILIES]
    if not isinstance(address, SerialAddress):
        yield from ((None, facts) for facts in families)
        return
    usual = dict.fromkeys(facts.default_baud for facts in families)
    for baud in [address.baud] if address.baud else [*usual, *(baud for baud in OTHER_BAUDS if baud not in usual)]:
        yield from ((baud, facts) for facts in families)


def _ask(address: LinkAddress, open_at: OpenAt, baud: int, facts: FamilyFacts, clock: Clock) -> Counters | str:
    """What the reader says about itself, or why that family was not heard."""
    counters = Counters()
    link = open_at(address, baud)
    try:
        Session(link, _codecs(facts.name), Ears(_ignore_tag, _ignore_tid), counters, clock).greet(tries=1)
    except (LinkLost, ReaderRefused) as error:
        return f"no answer ({counters.frame_errors} unreadable pieces)" if counters.frame_errors else str(error)
    finally:
        link.close()
    return counters


def _codecs(family: str) -> Codecs:
    return Codecs(codec_for(family), codec_for(family, direction=Direction.TO_READER))


def _ignore_tag(_seen: TagSeen, _at: Moment) -> None:
    """Probing is not reading."""


def _ignore_tid(_epc: bytes, _tid: bytes) -> None:
    """Probing is not reading."""
