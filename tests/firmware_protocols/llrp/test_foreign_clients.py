"""What hosts that nobody here wrote ask of a reader (sllurp, LTK, edgex, llrp-rs), message by message from LLRP 1.0.1 §10 to §15."""

import struct

import pytest

from firmware_protocols.commands import GetInfo, Region, SetRegion, StartInventory
from firmware_protocols.errors import Unsupported
from firmware_protocols.events import Event, Notice, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.llrp.codec import LlrpCodec
from firmware_protocols.llrp.frames import build_message, parameters_of, tlv, type_of, version_of
from firmware_protocols.llrp.tables import MessageType, Tlv, Version
from firmware_protocols.simulators import SimulatedTag
from firmware_protocols.simulators.llrp_settings import LlrpOptions, capabilities
from tests.firmware_protocols.llrp.building import OK, message
from tests.firmware_protocols.reading import read
from tests.firmware_protocols.simulators.conversing import EPC, TID, new_tag, seen_in
from tests.firmware_protocols.simulators.test_llrp_reader import TICK_S, Talk

ROSPEC = 5
HEADER_AND_EPC = 27  # bytes of a report before what is said of its tag
NO_STOP = tlv(Tlv.ROSPEC_STOP_TRIGGER, bytes(5))
WHEN_TOLD, IMMEDIATE = tlv(Tlv.ROSPEC_START_TRIGGER, b"\0"), tlv(Tlv.ROSPEC_START_TRIGGER, b"\x01")
EACH_TAG = tlv(Tlv.RO_REPORT_SPEC, struct.pack(">BH", 1, 1), tlv(Tlv.TAG_REPORT_CONTENT_SELECTOR, b"\x10\x80"))
ENDLESS = tlv(Tlv.AISPEC_STOP_TRIGGER, bytes(5))


def aispec(stop: bytes = ENDLESS, *, antenna: int = 0, inventory: bytes = b"", inventory_spec_id: int = 1) -> bytes:
    configuration = tlv(Tlv.ANTENNA_CONFIGURATION, bytes(2), tlv(Tlv.C1G2_INVENTORY_COMMAND, bytes(1), inventory))
    return tlv(
        Tlv.AISPEC,
        struct.pack(">HH", 1, antenna),
        stop,
        tlv(Tlv.INVENTORY_PARAMETER_SPEC, struct.pack(">HB", inventory_spec_id, 1), configuration),
    )


def lasting(milliseconds: int) -> bytes:
    return tlv(Tlv.AISPEC_STOP_TRIGGER, struct.pack(">BI", 1, milliseconds))


def rospec(
    *aispecs: bytes,
    start: bytes = IMMEDIATE,
    stop: bytes = NO_STOP,
    reports: bytes = EACH_TAG,
    number: int = ROSPEC,
    priority: int = 0,
) -> bytes:
    boundary = tlv(Tlv.RO_BOUNDARY_SPEC, start, stop)
    return tlv(Tlv.ROSPEC, struct.pack(">IBB", number, priority, 0), boundary, *(aispecs or (aispec(),)), reports)


def add(talk: Talk, spec: bytes, number: int = ROSPEC) -> list[Event]:
    """Add it and enable it."""
    talk.send(MessageType.ADD_ROSPEC, spec.hex())
    return talk.send(MessageType.ENABLE_ROSPEC, f"{number:08x}")


def talk_before(*tags: SimulatedTag, manner: LlrpOptions = LlrpOptions()) -> Talk:  # noqa: B008 — a frozen value
    talk = Talk(manner)
    for tag in tags:
        talk.field.enter(tag, enters_s=0.0)
    talk.pass_time(TICK_S)
    return talk


def ask_for_events(talk: Talk, *events: int) -> None:
    states = b"".join(tlv(Tlv.EVENT_NOTIFICATION_STATE, struct.pack(">HB", event, 0x80)) for event in events)
    talk.send(MessageType.SET_READER_CONFIG, "00" + tlv(Tlv.READER_EVENT_NOTIFICATION_SPEC, states).hex())


def notices(events: list[Event], name: str) -> list[Notice]:
    return [event for event in events if isinstance(event, Notice) and event.name == name]


def status_of(events: list[Event]) -> Status:
    return next(event for event in events if isinstance(event, Reply)).status


class TestStartAndStop:
    @pytest.mark.parametrize("kind", [MessageType.START_ROSPEC, MessageType.STOP_ROSPEC])
    def test_0_means_all_to_those_alone_that_may_mean_all(self, kind: MessageType) -> None:
        talk = talk_before()
        add(talk, rospec(start=WHEN_TOLD))
        assert status_of(talk.send(kind, "00000000")) is Status.BAD_PARAMETER
        assert status_of(talk.send(MessageType.DISABLE_ROSPEC, "00000000")) is Status.OK

    def test_the_clock_starts_it_again_and_again(self) -> None:
        """As sllurp asks for with a period."""
        talk = talk_before(new_tag())
        ask_for_events(talk, 2)
        start = tlv(Tlv.ROSPEC_START_TRIGGER, b"\x02", tlv(Tlv.PERIODIC_TRIGGER, struct.pack(">II", 500, 1000)))
        add(talk, rospec(aispec(lasting(200)), start=start))
        assert not seen_in(talk.pass_time(0.4))
        events = talk.pass_time(3.0)
        assert [notice.code for notice in notices(events, "rospec")] == [0, 1, 0, 1, 0, 1]
        assert 15 <= len(seen_in(events)) <= 30

    def test_an_input_starts_it_and_another_stops_it(self) -> None:
        talk = talk_before(new_tag())

        def trigger(kind: int, parameter: Tlv, level: int) -> bytes:
            gpi = tlv(Tlv.GPI_TRIGGER, struct.pack(">HBI", 1, level, 0))
            return tlv(parameter, bytes((kind,)) + bytes(4 * (parameter == Tlv.ROSPEC_STOP_TRIGGER)), gpi)

        starts, stops = trigger(3, Tlv.ROSPEC_START_TRIGGER, 0x80), trigger(2, Tlv.ROSPEC_STOP_TRIGGER, 0)
        add(talk, rospec(start=starts, stop=stops))
        assert not seen_in(talk.pass_time(0.3))
        talk.reader.dialect.change_input(1, talk.now_s, is_high=True)
        assert seen_in(talk.pass_time(0.3))
        talk.reader.dialect.change_input(1, talk.now_s, is_high=False)
        talk.pass_time(TICK_S)
        assert not seen_in(talk.pass_time(0.3))

    def test_a_smaller_number_of_priority_goes_before(self) -> None:
        talk = talk_before(new_tag())
        ask_for_events(talk, 2)
        add(talk, rospec(priority=4))
        later = add(talk, rospec(number=6, priority=5), 6)
        assert not notices(later, "rospec")
        sooner = add(talk, rospec(number=7, priority=1), 7)
        assert [(notice.code, notice.detail) for notice in notices(sooner, "rospec")] == [
            (2, "ROSpec 5 preempted"),
            (0, "ROSpec 7 started"),
        ]

    def test_a_start_before_it_is_enabled_is_refused_and_harms_nothing(self) -> None:
        talk = talk_before(new_tag())
        talk.send(MessageType.ADD_ROSPEC, rospec().hex())
        assert status_of(talk.send(MessageType.START_ROSPEC, f"{ROSPEC:08x}")) is Status.BAD_PARAMETER
        assert status_of(talk.send(MessageType.ENABLE_ROSPEC, f"{ROSPEC:08x}")) is Status.OK
        assert seen_in(talk.pass_time(0.2))


class TestStretches:
    """A ROSpec is worked on AISpec by AISpec."""

    def test_each_has_its_antennas_and_its_time_and_after_the_last_it_is_over(self) -> None:
        talk = talk_before()
        for antenna in (1, 2):
            talk.field.enter(new_tag(antenna), enters_s=0.0, antenna=antenna)
        ask_for_events(talk, 2, 6)
        add(talk, rospec(aispec(lasting(300), antenna=2), aispec(lasting(300), antenna=1), start=WHEN_TOLD))
        talk.send(MessageType.START_ROSPEC, f"{ROSPEC:08x}")
        first, second = talk.pass_time(0.25), talk.pass_time(1.0)
        assert {seen.antenna for seen in seen_in(first)} == {2}
        told = [notice for notice in second if isinstance(notice, Notice)]
        assert [(notice.name, notice.data.hex()) for notice in told] == [
            ("aispec", f"00{ROSPEC:08x}0001"),
            ("aispec", f"00{ROSPEC:08x}0002"),
            ("rospec", f"01{ROSPEC:08x}00000000"),
        ]

    def test_each_report_says_by_which_specs_the_tag_was_read(self) -> None:
        talk = talk_before(new_tag())
        numbers = EACH_TAG.replace(b"\x10\x80", b"\xe0\x00")  # of the ROSpec, of the AISpec in it, of its InventoryParameterSpec
        add(talk, rospec(aispec(lasting(200)), aispec(lasting(200), inventory_spec_id=1234), start=WHEN_TOLD, reports=numbers))
        talk.send(MessageType.START_ROSPEC, f"{ROSPEC:08x}")
        talk.now_s += TICK_S
        said = [frame[HEADER_AND_EPC:] for tick in range(50) for frame in talk.reader.advance(talk.now_s + tick * TICK_S)]
        assert set(said) == {bytes.fromhex(f"89{ROSPEC:08x} 8e0001 8a0001"), bytes.fromhex(f"89{ROSPEC:08x} 8e0002 8a04d2")}

    def test_one_that_starts_at_once_starts_again_after_the_last(self) -> None:
        """By such a ROSpec sllurp (`report_every_n_tags`) and CrossMgr read for hours."""
        talk = talk_before(new_tag())
        ask_for_events(talk, 2)
        began = add(talk, rospec(aispec(lasting(200)), start=IMMEDIATE))
        events = began + talk.pass_time(1.1)
        assert [notice.code for notice in notices(events, "rospec")][:5] == [0, 1, 0, 1, 0]
        assert len(seen_in(events)) > 15

    def test_reports_at_the_end_of_each(self) -> None:
        talk = talk_before(new_tag())
        reports = EACH_TAG.replace(struct.pack(">BH", 1, 1), struct.pack(">BH", 1, 0), 1)
        add(talk, rospec(aispec(lasting(200)), aispec(lasting(200)), reports=reports, start=WHEN_TOLD))
        talk.send(MessageType.START_ROSPEC, f"{ROSPEC:08x}")
        seen = seen_in(talk.pass_time(1.0))
        assert len(seen) == 2
        assert all((each.reads or 0) > 3 for each in seen)

    def test_it_ends_when_so_many_tags_were_seen(self) -> None:
        talk = talk_before(new_tag(1), new_tag(2))
        ask_for_events(talk, 2)
        by_tags = tlv(Tlv.TAG_OBSERVATION_TRIGGER, struct.pack(">BBHHHI", 0, 0, 2, 0, 0, 5000))
        add(talk, rospec(aispec(tlv(Tlv.AISPEC_STOP_TRIGGER, b"\x03" + bytes(4), by_tags)), start=WHEN_TOLD))
        events = talk.send(MessageType.START_ROSPEC, f"{ROSPEC:08x}") + talk.pass_time(1.0)
        assert [notice.code for notice in notices(events, "rospec")] == [0, 1]

    def test_version_1_1_reports_after_so_many_milliseconds(self) -> None:
        talk = talk_before(new_tag())
        reports = EACH_TAG.replace(struct.pack(">BH", 1, 1), struct.pack(">BH", 6, 250), 1)
        add(talk, rospec(reports=reports))
        seen = seen_in(talk.pass_time(1.1))
        assert 3 <= len(seen) <= 4
        assert all((each.reads or 0) > 5 for each in seen)


class TestFilters:
    """C1G2Filter, state-unaware (§15.2.1.1.1)."""

    OURS, OTHER = new_tag(), SimulatedTag(epc=bytes.fromhex("300833b2ddd9014000000000"), tid=TID[:-1] + b"\0")

    def seen_with(self, *filters: bytes) -> set[bytes]:
        talk = talk_before(self.OURS, self.OTHER)
        add(talk, rospec(aispec(inventory=b"".join(filters))))
        return {seen.epc for seen in seen_in(talk.pass_time(0.3))}

    def by_epc(self, start: str, action: int | None) -> bytes:
        mask = bytes.fromhex(start)
        inventory_mask = tlv(Tlv.C1G2_TAG_INVENTORY_MASK, struct.pack(">BHH", 0x40, 32, 8 * len(mask)), mask)
        named = b"" if action is None else tlv(Tlv.C1G2_STATE_UNAWARE_ACTION, bytes((action,)))
        return tlv(Tlv.C1G2_FILTER, bytes(1), inventory_mask, named)

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            pytest.param([], {"ours", "other"}, id="none"),
            pytest.param([("e280", 0)], {"ours"}, id="select what matches"),
            pytest.param([("e280", None)], {"ours"}, id="no action named (sllurp)"),
            pytest.param([("e280", 4)], {"other"}, id="select what does not match"),
            pytest.param([("e280", 3)], {"other"}, id="take away what matches"),
            pytest.param([("e280", 0), ("3008", 1)], {"ours", "other"}, id="and add others"),
            pytest.param([("ffff", 0)], set(), id="nothing matches"),
        ],
    )
    def test_which_tags_take_part(self, filters: list[tuple[str, int | None]], found: set[str]) -> None:
        names = {self.OURS.epc: "ours", self.OTHER.epc: "other"}
        assert {names[epc] for epc in self.seen_with(*(self.by_epc(*each) for each in filters))} == found

    def test_a_filter_without_a_mask_is_refused(self) -> None:
        talk = talk_before()
        spec = rospec(aispec(inventory=tlv(Tlv.C1G2_FILTER, bytes(1))))
        assert status_of(talk.send(MessageType.ADD_ROSPEC, spec.hex())) is Status.BAD_PARAMETER


def access_spec(*targets: bytes) -> bytes:
    read_tid = tlv(Tlv.C1G2_READ, struct.pack(">HIBHH", 3, 0, 0x80, 0, 2))
    return tlv(
        Tlv.ACCESS_SPEC,
        struct.pack(">IHBBI", 9, 0, 1, 0, 0),
        tlv(Tlv.ACCESS_SPEC_STOP_TRIGGER, bytes(3)),
        tlv(Tlv.ACCESS_COMMAND, tlv(Tlv.C1G2_TAG_SPEC, *targets), read_tid),
    )


def target(pointer: int, data: str, *, is_match: bool = True) -> bytes:
    wanted = bytes.fromhex(data)
    bits = 8 * len(wanted)
    head = struct.pack(">BHH", 0x40 | 0x20 * is_match, pointer, bits)
    return tlv(Tlv.C1G2_TARGET_TAG, head + b"\xff" * len(wanted) + bits.to_bytes(2) + wanted)


class TestAccessSpecs:
    @pytest.mark.parametrize(
        ("targets", "is_done"),
        [
            pytest.param([target(32, "e280")], True, id="one pattern"),
            pytest.param([target(32, "e280"), target(112, "3c4d")], True, id="two that it fits"),
            pytest.param([target(32, "e280"), target(112, "ffff")], False, id="two of which it fits one"),
            pytest.param([target(32, "e280"), target(112, "ffff", is_match=False)], True, id="one that it must not fit"),
        ],
    )
    def test_a_tag_has_to_fit_every_pattern(self, targets: list[bytes], is_done: bool) -> None:
        talk = talk_before(new_tag())
        talk.send(MessageType.ADD_ACCESSSPEC, access_spec(*targets).hex())
        talk.send(MessageType.ENABLE_ACCESSSPEC, "00000009")
        add(talk, rospec())
        results = [event for event in talk.pass_time(0.2) if isinstance(event, Reply)]
        assert bool(results) == is_done
        assert all(reply.data == TID[:4] for reply in results)

    def test_they_are_shown_as_they_stand(self) -> None:
        talk = talk_before()
        spec = access_spec(target(32, "e280"))
        talk.send(MessageType.ADD_ACCESSSPEC, spec.hex())

        def shown() -> bytes:
            (reply,) = (event for event in talk.send(MessageType.GET_ACCESSSPECS) if isinstance(event, Reply))
            return reply.data

        assert shown() == spec
        talk.send(MessageType.ENABLE_ACCESSSPEC, "00000009")
        assert shown() == spec[:11] + b"\x80" + spec[12:]


class TestSettings:
    def test_what_is_to_be_reported_where_a_rospec_does_not_say(self) -> None:
        talk = talk_before(new_tag())
        talk.send(MessageType.SET_READER_CONFIG, "00" + EACH_TAG.hex())
        (shown,) = (event for event in talk.send(MessageType.GET_READER_CONFIG, "0000 04 0000 0000") if isinstance(event, Reply))
        assert tlv(Tlv.TAG_REPORT_CONTENT_SELECTOR, b"\x10\x80", tlv(Tlv.C1G2_EPC_MEMORY_SELECTOR, b"\0")) in shown.data
        add(talk, rospec(reports=b""))
        assert len(seen_in(talk.pass_time(0.3))) > 5

    @pytest.mark.parametrize(
        ("asked", "starts"),
        [
            pytest.param("0002 02 0000 0000", ["00dd"], id="one antenna"),
            pytest.param("0000 09 0002 0000", ["00e100080002"], id="one input"),
            pytest.param("0000 0a 0000 0003", ["00db00070003"], id="one output"),
            pytest.param("0000 0a 0063 0003", ["00db00070003"], id="no such input, which was not asked for"),
            pytest.param("0009 02 0000 0000", [], id="no such antenna"),
            pytest.param("0000 09 0063 0000", [], id="no such input"),
            pytest.param("0000 0a 0000 0063", [], id="no such output"),
            pytest.param("0000 4d 0000 0000", [], id="what no reader has"),
        ],
    )
    def test_what_is_asked_for_alone(self, asked: str, starts: list[str]) -> None:
        (reply,) = (event for event in talk_before().send(MessageType.GET_READER_CONFIG, asked) if isinstance(event, Reply))
        assert reply.status is (Status.OK if starts else Status.BAD_PARAMETER)
        said = [reply.data[each.start - 4 : each.end] for each in parameters_of(reply.data, 0, len(reply.data))]
        assert [each.hex()[: len(start)] for each, start in zip(said, starts, strict=True)] == starts

    def test_keepalives_that_went_unanswered_before_they_were_set_anew_do_not_count(self) -> None:
        talk = talk_before()
        talk.answers_keepalives = False
        keepalives = "00" + tlv(Tlv.KEEPALIVE_SPEC, struct.pack(">BI", 1, 100)).hex()
        talk.send(MessageType.SET_READER_CONFIG, keepalives)
        assert len(notices(talk.pass_time(0.25), "keepalive")) == 2
        talk.send(MessageType.SET_READER_CONFIG, "80")
        talk.send(MessageType.SET_READER_CONFIG, keepalives)
        assert len(notices(talk.pass_time(1.0), "keepalive")) == 3

    def test_the_factorys_settings_end_what_runs(self) -> None:
        talk = talk_before(new_tag())
        ask_for_events(talk, 2)
        talk.send(MessageType.SET_READER_CONFIG, "00" + tlv(Tlv.KEEPALIVE_SPEC, struct.pack(">BI", 1, 50)).hex())
        add(talk, rospec())
        assert seen_in(talk.pass_time(0.2))
        assert status_of(talk.send(MessageType.SET_READER_CONFIG, "80")) is Status.OK
        assert talk.pass_time(0.5) == []

    def test_a_reader_that_holds_back_until_its_host_is_ready(self) -> None:
        talk = talk_before(new_tag())
        talk.send(MessageType.SET_READER_CONFIG, "00" + tlv(Tlv.EVENTS_AND_REPORTS, b"\x80").hex())
        add(talk, rospec())
        assert seen_in(talk.pass_time(0.2))
        talk.connect()
        greeting, *others = talk.pass_time(0.5)
        assert isinstance(greeting, Notice)
        assert (greeting.name, others) == ("connection_attempt", [])
        assert len(seen_in(talk.send(MessageType.ENABLE_EVENTS_AND_REPORTS) + talk.pass_time(0.1))) > 10

    @pytest.mark.parametrize(("is_impinj", "known"), [(False, {0, 1, 2, 3}), (True, {0, 1, 2, 3, 1000, 1002})])
    def test_it_has_the_modes_that_hosts_ask_for_unseen(self, is_impinj: bool, known: set[int]) -> None:
        """Without mode 2 sllurp refuses to start for impinj-llrp: "Invalid mode_identifier"."""
        said = capabilities(0, 4, is_impinj=is_impinj)
        entry = struct.pack(">HH", Tlv.C1G2_RF_MODE_ENTRY, 32)
        assert {mode for mode in range(2000) if entry + struct.pack(">I", mode) in said} == known

    def test_our_own_host_says_that_it_is_ready(self) -> None:
        talk = talk_before(new_tag())
        talk.send(MessageType.SET_READER_CONFIG, "00" + tlv(Tlv.EVENTS_AND_REPORTS, b"\x80").hex())
        talk.connect()
        talk.tell(StartInventory())
        assert seen_in(talk.pass_time(0.5))


class TestVersions:
    def test_it_is_told_what_the_reader_speaks_in_1_1_itself(self) -> None:
        talk = talk_before()
        talk.reader.receive_data(build_message(Version.V1_1, MessageType.GET_SUPPORTED_VERSION, 1))
        (answer,) = talk.reader.advance(talk.now_s + TICK_S)
        assert (type_of(answer), version_of(answer), answer[10:12]) == (56, Version.V1_1, bytes((Version.V1_0_1, Version.V1_1)))

    def test_after_it_was_agreed_on_everything_is_1_1(self) -> None:
        talk = talk_before(new_tag())
        talk.reader.receive_data(build_message(Version.V1_1, MessageType.SET_PROTOCOL_VERSION, 1, b"\x02"))
        talk.reader.receive_data(build_message(Version.V1_1, MessageType.ADD_ROSPEC, 2, rospec()))
        talk.reader.receive_data(build_message(Version.V1_1, MessageType.ENABLE_ROSPEC, 3, ROSPEC.to_bytes(4)))
        messages = [each for tick in range(1, 20) for each in talk.reader.advance(talk.now_s + tick * TICK_S)]
        assert MessageType.RO_ACCESS_REPORT in {type_of(each) for each in messages}
        assert {version_of(each) for each in messages} == {Version.V1_1}

    def test_the_next_host_begins_with_1_0_1(self) -> None:
        talk = talk_before()
        talk.send(MessageType.SET_PROTOCOL_VERSION, "02")
        talk.reader.connect()
        (greeting,) = talk.reader.advance(talk.now_s + TICK_S)
        assert version_of(greeting) == Version.V1_0_1


class TestOurHostBeforeForeignReaders:
    def test_a_reader_that_does_not_know_how_to_be_told_that_we_are_ready(self) -> None:
        """Its ERROR_MESSAGE is the answer to nothing that was asked: no command fails by it."""
        codec = LlrpCodec()
        codec.encode(StartInventory())
        number = int.from_bytes(codec.bytes_to_send()[6:10])
        refusal = message(MessageType.ERROR_MESSAGE, tlv(Tlv.LLRP_STATUS, struct.pack(">HH", 109, 0)), message_id=number)
        (event,) = read(codec, [refusal])
        assert isinstance(event, Notice)
        assert (event.name, event.code) == ("error", 109)

    def test_it_says_once_a_connection_that_it_is_ready(self) -> None:
        codec = LlrpCodec()
        codec.encode(StartInventory())
        assert type_of(codec.bytes_to_send()) == MessageType.ENABLE_EVENTS_AND_REPORTS
        codec.encode(StartInventory())
        assert codec.bytes_to_send() == b""

    def test_the_loop_of_specs_of_1_1(self) -> None:
        data = tlv(Tlv.READER_EVENT_NOTIFICATION_DATA, tlv(Tlv.UTC_TIMESTAMP, bytes(8)), tlv(Tlv.SPEC_LOOP_EVENT, struct.pack(">II", 1, 7)))
        (event,) = read(LlrpCodec(), [message(MessageType.READER_EVENT_NOTIFICATION, data)])
        assert isinstance(event, Notice)
        assert (event.name, event.data.hex()) == ("spec_loop", "0000000100000007")

    @pytest.mark.parametrize(
        ("country", "region", "is_taken"),
        [
            pytest.param(50, Region.BANGLADESH, True, id="a reader set for Bangladesh"),
            pytest.param(356, Region.INDIA, True, id="a reader set for India"),
            pytest.param(356, Region.BANGLADESH, False, id="another country's"),
            pytest.param(356, Region.EU, True, id="the standard that it follows"),
            pytest.param(356, Region.US, False, id="another standard"),
        ],
    )
    def test_the_region_is_the_country_or_the_standard(self, country: int, region: Region, is_taken: bool) -> None:
        codec = LlrpCodec()
        body = tlv(Tlv.REGULATORY_CAPABILITIES, struct.pack(">HH", country, 2))
        read(codec, [message(MessageType.GET_READER_CAPABILITIES_RESPONSE, OK, body)])
        if is_taken:
            assert codec.encode(SetRegion(region))
        else:
            with pytest.raises(Unsupported, match="this one has ETSI"):
                codec.encode(SetRegion(region))


def test_a_message_of_type_0_is_kept_and_the_next_is_read() -> None:
    """`04000000000a3afb30a8`: an empty report (edgex) whose type was lost; it once ended the codec. No standard has a type 0."""
    lost_its_type = bytes.fromhex("04000000000a3afb30a8")
    events = read(LlrpCodec(), [lost_its_type + message(MessageType.RO_ACCESS_REPORT)])
    assert events == [Notice("message_0", data=b"", detail="not understood"), RoundEnded(reads=0)]
    after_noise = read(LlrpCodec(), [b"\xff" + lost_its_type + message(MessageType.RO_ACCESS_REPORT)])
    assert after_noise[-1] == RoundEnded(reads=0)


def test_what_our_host_asks_first_is_answered_by_every_manner_of_reader() -> None:
    for manner in (LlrpOptions(is_impinj=True), LlrpOptions(has_no_clock=True), LlrpOptions(omits_unchanged=True)):
        talk = talk_before(new_tag(), manner=manner)
        assert talk.ask(GetInfo()).status is Status.OK
        talk.tell(StartInventory())
        assert {seen.epc for seen in seen_in(talk.pass_time(0.3)) if isinstance(seen, TagSeen)} == {EPC}
