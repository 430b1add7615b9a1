"""Simulated readers that only tell: what they put on the line is what their codecs read."""

import pytest

from firmware_protocols.catalogue import ALL_FAMILIES, FAMILIES, LISTENED_FAMILIES, codec_for
from firmware_protocols.errors import BadArgument, ProtocolError
from firmware_protocols.events import Notice
from firmware_protocols.simulators import NORMAL_AIR, LineFaults, ReaderOptions
from tests.firmware_protocols.reading import errors_of
from tests.firmware_protocols.simulators.conversing import EPC, TID, Conversation, new_tag, seen_in

HANDHELD = ReaderOptions(model="handheld")
KINDS = [
    pytest.param("impinj-json", ReaderOptions(), id="impinj-json"),
    pytest.param("zebra-json", ReaderOptions(), id="zebra-json"),
    pytest.param("zebra-json", HANDHELD, id="zebra-json handheld"),
    pytest.param("keyboard", ReaderOptions(), id="keyboard"),
]
every_kind = pytest.mark.parametrize(("family", "options"), KINDS)


def test_the_names() -> None:
    assert set(LISTENED_FAMILIES) == {"impinj-json", "zebra-json", "keyboard"}
    assert {**FAMILIES, **LISTENED_FAMILIES} == ALL_FAMILIES


@pytest.mark.parametrize("family", LISTENED_FAMILIES)
def test_the_catalogue_knows_them_and_refuses_what_they_cannot_have(family: str) -> None:
    assert codec_for(family).facts == LISTENED_FAMILIES[family]
    with pytest.raises(BadArgument):
        codec_for(family, address=1)
    with pytest.raises(BadArgument):
        codec_for(family, antenna_ports=99)


@every_kind
def test_a_tag_is_told_while_it_is_there(family: str, options: ReaderOptions) -> None:
    talk = Conversation(family, options=options)
    talk.field.enter(new_tag(), enters_s=0.5, leaves_s=2.5)
    before, during, after = talk.pass_time(0.45), talk.pass_time(2.1), talk.pass_time(0.5)
    assert not seen_in(before + after)
    assert {seen.epc for seen in seen_in(during)} == {EPC}
    assert not errors_of(before + during + after)
    (first,) = talk.field.take_first_answers()
    assert (first.epc, first.tid) == (EPC, TID)
    assert 0.5 <= first.now_s <= 0.6


@pytest.mark.parametrize("family", ["impinj-json", "zebra-json"])
def test_each_report_tells_tid_antenna_strength_and_time(family: str) -> None:
    talk = Conversation(family)
    talk.field.enter(new_tag(), enters_s=0.0, antenna=3, peak_rssi_dbm=-45.0)
    seen = seen_in(talk.pass_time(1.0))[-1]
    assert (seen.tid, seen.antenna) == (TID, 3)
    assert seen.rssi is not None
    assert -48 <= seen.rssi.value <= -42
    assert seen.last_seen_us is not None
    assert 1_767_225_600_900_000 <= seen.last_seen_us <= 1_767_225_601_000_000


def test_an_r700_says_that_it_runs_and_keeps_the_line_alive() -> None:
    """A blank line for each half minute without another: Impinj Reader Configuration REST API 1.6.0, /data/stream."""
    names = [event.name for event in Conversation("impinj-json").pass_time(65.0) if isinstance(event, Notice)]
    assert names == ["inventory_status", *["keepalive"] * 2]


def test_a_handheld_beats_and_sends_its_tags_in_batches_that_fit_a_message() -> None:
    talk = Conversation("zebra-json", options=HANDHELD)
    for number in range(60):
        talk.field.enter(new_tag(number), enters_s=1.0)
    writes = [write for tick in range(150) for write in talk.reader.advance(tick / 100)]
    assert max(map(len, writes)) <= 6144
    events = talk.pass_time(25.0)
    assert sum(isinstance(event, Notice) and event.name == "heartbeat" for event in events) == 2
    assert {seen.epc for seen in seen_in(events)} == {new_tag(number).epc for number in range(60)}


def test_a_keyboard_types_each_tag_once_a_second() -> None:
    talk = Conversation("keyboard")
    for number in range(3):
        talk.field.enter(new_tag(number), enters_s=0.0)
    assert len(seen_in(talk.pass_time(4.9))) == 15


@every_kind
def test_an_antenna_that_is_not_there_hears_nothing(family: str, options: ReaderOptions) -> None:
    missing = ReaderOptions(model=options.model, missing_antennas=frozenset({1}))
    talk = Conversation(family, options=missing)
    talk.field.enter(new_tag(), enters_s=0.0)
    assert not seen_in(talk.pass_time(1.0))


@every_kind
def test_what_a_host_says_is_not_heard(family: str, options: ReaderOptions) -> None:
    talk, quiet = Conversation(family, options=options), Conversation(family, options=options)
    talk.reader.receive_data(b"POST / HTTP/1.1\r\n\r\n\xff")
    assert talk.pass_time(1.0) == quiet.pass_time(1.0)


@pytest.mark.parametrize(("family", "options"), KINDS[:3])
@pytest.mark.parametrize("seed", range(3))
def test_on_a_bad_line_no_tag_is_invented_and_none_is_lost(family: str, options: ReaderOptions, seed: int) -> None:
    faults = LineFaults(noise=0.1, wrong_checksum=0.05, truncated=0.05, split=0.3, merged=0.3)
    talk = Conversation(family, faults=faults, options=options, seed=seed, air=NORMAL_AIR)
    tags = [new_tag(number) for number in range(10)]
    for number, tag in enumerate(tags):
        talk.field.enter(tag, enters_s=number * 0.3, leaves_s=number * 0.3 + 1.0)
    events = talk.pass_time(4.5)
    assert errors_of(events)
    assert {seen.epc for seen in seen_in(events)} == {tag.epc for tag in tags}


def test_on_a_bad_line_a_keyboard_invents_tags() -> None:
    """What a line without a checksum is worth."""
    talk = Conversation("keyboard", faults=LineFaults(wrong_checksum=0.5))
    for number in range(200):
        talk.field.enter(new_tag(number), enters_s=number * 0.1, leaves_s=number * 0.1 + 1.0)
    invented = {seen.epc for seen in seen_in(talk.pass_time(25.0))} - {new_tag(number).epc for number in range(200)}
    assert invented


@every_kind
def test_a_silence_of_the_whole_reader(family: str, options: ReaderOptions) -> None:
    talk = Conversation(family, faults=LineFaults(silences_per_minute=30, silence_s=2.0), options=options)
    talk.field.enter(new_tag(), enters_s=0.0)
    seconds = [bool(talk.pass_time(1.0)) for _ in range(40)]
    assert any(seconds)
    assert not all(seconds)


def test_a_model_that_is_not_simulated_is_refused() -> None:
    with pytest.raises(BadArgument, match="fixed or handheld"):
        Conversation("zebra-json", options=ReaderOptions(model="fx1"))


def test_a_family_without_a_simulator_is_told_all_that_have_one() -> None:
    with pytest.raises(ProtocolError, match=r"no reader family 'abacus'|there are m100.*llrp, impinj-json, zebra-json, keyboard"):
        Conversation("abacus")
