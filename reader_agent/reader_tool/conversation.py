"""One reader and one program over an open link, without a checkpoint around them."""

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import Direction
from firmware_protocols.events import TagSeen
from reader_agent.clock import Clock, Moment
from reader_agent.links.link import Link
from reader_agent.readers.session import Codecs, Counters, Ears, Session


def new_session(link: Link, family: str, counters: Counters, clock: Clock, antenna_ports: int | None = None) -> Session:
    """A conversation that passes nothing on: whoever holds it takes what `hear` gives. `antenna_ports`: None is the family's usual."""
    codecs = Codecs(codec_for(family, antenna_ports=antenna_ports), codec_for(family, direction=Direction.TO_READER))
    return Session(link, codecs, Ears(_ignore_tag, _ignore_tid), counters, clock)


def _ignore_tag(_seen: TagSeen, _at: Moment) -> None:
    """There is no gate."""


def _ignore_tid(_epc: bytes, _tid: bytes) -> None:
    """There is no gate."""
