"""A module that does not stream (M5e), on a real line: the session writes the steps of its polling."""

from pathlib import Path
from threading import Event, Timer

import pytest

from firmware_protocols.catalogue import codec_for
from firmware_protocols.codec import Direction
from firmware_protocols.events import TagSeen
from reader_agent.clock import Moment, SystemClock
from reader_agent.link_address import parse_address
from reader_agent.links.open_link import open_link
from reader_agent.readers.session import Codecs, Counters, Ears, ReaderSetup, Session
from reader_agent.readers.tid_reading import WantedTids
from tests.reader_agent.simulator import EPC, TID, SimulatorProcess

WITHIN_S = 20.0


@pytest.mark.parametrize("options", [pytest.param({}, id="as it says itself"), pytest.param({"model": "m5e"}, id="as it is configured")])
def test_its_tags_and_their_tids_are_read(tmp_path: Path, options: dict[str, str]) -> None:
    simulator = SimulatorProcess.on_pty("thingmagic", tmp_path / "by-id", "--set", "model=m5e")
    simulator.enter()
    clock, wanted, stop, seen, tids = SystemClock(), WantedTids(), Event(), list[bytes](), list[bytes]()

    def tag_seen(tag: TagSeen, at: Moment) -> None:
        seen.append(tag.epc)
        if len(seen) == 1 or not tids:
            wanted.ask_for(tag.epc, at.monotonic_s)
        if tids and len(seen) > 20:
            stop.set()

    ears = Ears(tag_seen=tag_seen, tid_read=lambda _, tid: tids.append(tid))
    link, counters = open_link(parse_address(simulator.url), 115_200), Counters()
    codecs = Codecs(codec_for("thingmagic", options=options), codec_for("thingmagic", direction=Direction.TO_READER))
    session = Session(link, codecs, ears, counters, clock)
    setup = ReaderSetup(ports=(1,), has_to_read_tid=True)
    given_up = Timer(WITHIN_S, stop.set)
    given_up.start()
    session.prepare(setup)
    session.listen(setup, wanted, stop)
    given_up.cancel()
    link.close()
    assert simulator.stop() == 0
    assert counters.model.startswith("M5e, ")
    assert ({each.hex().upper() for each in seen}, {each.hex().upper() for each in tids}) == ({EPC}, {TID})
    assert counters.frame_errors == 0
