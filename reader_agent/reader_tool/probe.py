"""What is attached to a line: listen to it, then ask it in each family's language.

The order of the questions keeps one family's question from spoiling the next one's answer. LLRP is for networks alone, and its reader
speaks first. Chafon comes last: its frames have no head, and the FF in them is the head of a ThingMagic frame of 33 bytes, for which
such a module would wait. The heads of the others (FF, A0, BB, AA, CF) stand in nobody's question but their own and, as the start of a
frame that is whole at once and wrong, CF's.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from firmware_protocols.catalogue import ALL_FAMILIES, FAMILIES, LISTENED_FAMILIES, codec_for
from firmware_protocols.codec import Codec
from firmware_protocols.events import NEED_DATA, FrameError, TagSeen
from reader_agent.clock import Clock
from reader_agent.door_address import DoorAddress, HttpAddress
from reader_agent.door_rules import HTTP_FAMILY
from reader_agent.errors import LinkLost, ReaderRefused
from reader_agent.link_address import LinkAddress, SerialAddress
from reader_agent.links.http_link import HttpLink
from reader_agent.links.link import Link
from reader_agent.reader_tool.conversation import new_session
from reader_agent.readers.session import Counters

ORDER = ("llrp", "thingmagic", "r2000", "m100", "r200", "cf", "chafon")
TRIES = {"r2000": 2}  # its commands go to three addresses in turn, and a greeting has one of its own
NETWORK_ONLY = frozenset({"llrp"})
WITHOUT_TLS = {5085: 5084}
OTHER_BAUDS = (38400, 9600, 230400, 921600)  # what readers are set to besides their families' defaults, most frequent first
LISTEN_S, DOOR_LISTEN_S = 0.3, 5.0  # a message comes when a tag does, and no question can be asked instead
LISTENING = "(listening)"
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


@dataclass(slots=True)
class Heard:
    """What came without a question."""

    byte_count: int = 0
    frames: dict[str, int] = field(default_factory=dict)
    """By family: how many good frames."""
    clean: set[str] = field(default_factory=set)
    """Families to which nothing was broken."""

    @property
    def in_words(self) -> str:
        good = ", ".join(f"{count} good frame{'s' * (count > 1)} of {family}" for family, count in self.frames.items())
        return good or (f"{self.byte_count} bytes that no family knows" if self.byte_count else "silence")


def probe(address: LinkAddress, open_at: OpenAt, clock: Clock) -> tuple[Found | None, list[Attempt]]:
    """The reader that answers at that address, and every question up to there. Raises LinkLost or PortHeld if there is no line."""
    if isinstance(address, HttpAddress):
        return _probe_server(address, open_at)
    attempts: list[Attempt] = []
    told_by_itself: list[Found] = []
    for baud in _bauds(address):
        heard = _listen(address, open_at, baud, clock)
        attempts.append(Attempt(LISTENING, baud, heard.in_words))
        for family in _families(address, heard):
            result = _ask(address, open_at, baud, family, clock)
            attempts.append(Attempt(family, baud, result.model if isinstance(result, Counters) else result))
            if isinstance(result, Counters):
                return Found(family, baud, result.model), attempts
        told_by_itself += [
            Found(family, baud, "it reports tags unasked") for family in LISTENED_FAMILIES if family in heard.clean & heard.frames.keys()
        ]
    return next(iter(told_by_itself), None), attempts


def _probe_server(address: HttpAddress, open_at: OpenAt) -> tuple[Found, list[Attempt]]:
    """Only one family has one, and who has signed in there has found it. It goes on with what it was doing."""
    with closing(open_at(address, OTHER_BAUDS[0])) as link:
        model = link.model if isinstance(link, HttpLink) else ""
    found = Found(HTTP_FAMILY, None, model or "it answers as an R700 does")
    return found, [Attempt(HTTP_FAMILY, None, found.model)]


def _bauds(address: LinkAddress) -> Iterator[int | None]:
    """A wrong speed makes every family silent, so all are asked at one before the next. None where a line has no speed."""
    if not isinstance(address, SerialAddress):
        yield None
    elif address.baud:
        yield address.baud
    else:
        serial = [facts.default_baud for facts in FAMILIES.values() if facts.name not in NETWORK_ONLY]
        yield from dict.fromkeys((*serial, *OTHER_BAUDS))


def _families(address: LinkAddress, heard: Heard) -> list[str]:
    """Who is asked: first who was heard, then who usually has this port, then the others in their order. Nobody where one only hears."""
    if isinstance(address, DoorAddress):
        return []
    port = None if isinstance(address, SerialAddress) else WITHOUT_TLS.get(address.port, address.port)
    asked = [name for name in FAMILIES if not (name in NETWORK_ONLY and isinstance(address, SerialAddress))]

    def place(family: str) -> tuple[int, bool, int]:
        known = ORDER.index(family) if family in ORDER else len(ORDER)
        return -heard.frames.get(family, 0), port is None or FAMILIES[family].default_tcp_port != port, known

    return sorted(asked, key=place)


def _listen(address: LinkAddress, open_at: OpenAt, baud: int | None, clock: Clock) -> Heard:
    """A reader that streams, or greets, says itself what it is."""
    codecs, heard = {family: codec_for(family) for family in ALL_FAMILIES}, Heard(clean=set(ALL_FAMILIES))
    with closing(open_at(address, baud or OTHER_BAUDS[0])) as link:
        until_s = clock.now().monotonic_s + (DOOR_LISTEN_S if isinstance(address, DoorAddress) else LISTEN_S)
        try:
            while (left_s := until_s - clock.now().monotonic_s) > 0:
                data = link.read(left_s)
                heard.byte_count += len(data)
                for codec in codecs.values():
                    codec.receive_data(data)
        except LinkLost:
            pass  # it hangs up on who says nothing: the questions will tell
    for family, codec in codecs.items():
        _count(heard, family, codec)
    return heard


def _count(heard: Heard, family: str, codec: Codec) -> None:
    while (event := codec.next_event()) is not NEED_DATA:
        if isinstance(event, FrameError):
            heard.clean.discard(family)
        elif isinstance(event, TagSeen) or family in FAMILIES:
            heard.frames[family] = heard.frames.get(family, 0) + 1


def _ask(address: LinkAddress, open_at: OpenAt, baud: int | None, family: str, clock: Clock) -> Counters | str:
    """What the reader says about itself, or why that family was not heard."""
    counters = Counters()
    with closing(open_at(address, baud or FAMILIES[family].default_baud)) as link:
        try:
            new_session(link, family, counters, clock).greet(TRIES.get(family, 1))
        except ReaderRefused as error:
            return str(error)
        except LinkLost as error:
            if error.last_words:  # it speaks this language, and will not talk to us
                counters.model = error.last_words
                return counters
            return f"no answer ({counters.frame_errors} unreadable pieces)" if counters.frame_errors else "no answer"
    return counters
