"""What hosts that are not ours send, as their sources have it: the simulated readers answer as their manuals say.

Sources: wabson-chafon-rfid 1.0.0, uhfreader18 0.6.0 and pyImpinj 1.2 (PyPI), rfid-r200 (jredrejo), M5Unit-UHF-RFID `CMD.h`, CFApi.h of the
maker, YR8900 and V3.7 serial specifications.
"""

import pytest

from firmware_protocols.cf.frames import build_frame as build_cf
from firmware_protocols.chafon.frames import build_frame as build_chafon
from firmware_protocols.events import Event, Reply, RoundEnded, Status, TagSeen
from firmware_protocols.m100.frames import DELIMITERS, FrameType
from firmware_protocols.m100.frames import build_frame as build_m100
from firmware_protocols.r2000.codec import R2000Codec
from firmware_protocols.r2000.frames import build_frame as build_r2000
from firmware_protocols.simulators import ReaderOptions
from tests.firmware_protocols.simulators.conversing import EPC, TID, Conversation, new_tag, seen_in


def talk_with(family: str, frame: bytes, *, model: str | None = None) -> list[Event]:
    """What the reader, with one tag before it, says to one frame."""
    talk = Conversation(family, options=ReaderOptions(model=model))
    talk.field.enter(new_tag(), enters_s=0.0)
    talk.reader.receive_data(frame)
    return talk.pass_time(1.0)


def chafon(command: int, data: str = "", *, address: int = 0xFF, model: str | None = None) -> list[Event]:
    return talk_with("chafon", build_chafon(address, command, bytes.fromhex(data)), model=model)


def r2000(command: int, data: str = "") -> list[Event]:
    return talk_with("r2000", build_r2000(1, command, bytes.fromhex(data)))


def m100(opcode: int, payload: str = "") -> list[Event]:
    return talk_with("m100", build_m100(DELIMITERS["m100"], FrameType.COMMAND, opcode, bytes.fromhex(payload)))


def cf(command: int, data: str = "", *, address: int = 0xFF) -> list[Event]:
    return talk_with("cf", build_cf(address, command, bytes.fromhex(data)))


def only_reply(events: list[Event]) -> Reply:
    (reply,) = events
    assert isinstance(reply, Reply)
    return reply


class TestChafon:
    @pytest.mark.parametrize(
        "scan",
        [
            pytest.param("0f" + "00" + "01" + "000000" + "00" + "80" + "03", id="a mask of no bits (wabson's G2InventoryCommand)"),
            pytest.param("01" + "00" + "00" + "80" + "0a", id="sniffed from an RRU9816"),
            pytest.param("04" + "01" + "01" + "0020" + "08" + "e2" + "00" + "80" + "03", id="a mask of the first byte"),
            pytest.param("04" + "00", id="Q and session alone"),
            pytest.param("", id="nothing at all"),
        ],
    )
    def test_an_inventory_finds_the_tag(self, scan: str) -> None:
        assert {(seen.epc, seen.antenna) for seen in seen_in(chafon(0x01, scan))} == {(EPC, 1)}

    def test_a_mask_of_another_tag_finds_none(self) -> None:
        assert seen_in(chafon(0x01, "0400" + "01" + "0020" + "08" + "e3" + "00" + "80" + "03")) == []

    def test_uhfreader18_reports_words_of_the_tid_if_asked(self) -> None:
        """AdrTID and LenTID, as ChafonReaderApi asks an RU5102."""
        assert {seen.epc for seen in seen_in(chafon(0x01, "0204", model="uhfreader18"))} == {TID[4:12]}

    @pytest.mark.parametrize("address", [0x00, 0xFF])
    def test_as_it_comes_from_its_maker_it_is_00_and_answers_the_public_address(self, address: int) -> None:
        assert only_reply(chafon(0x21, address=address)).status is Status.OK

    def test_what_it_does_not_know_is_answered_without_a_name(self) -> None:
        """V2.20 §3.2: the answer to an unknown command carries 00 in its place."""
        reply = only_reply(chafon(0x99))
        assert (reply.command, reply.status, reply.code) == ("error", Status.BAD_COMMAND, 0xFE)

    @pytest.mark.parametrize(
        ("command", "data", "said"),
        [
            pytest.param(0x28, "05", "", id="baud rate"),
            pytest.param(0x22, "310a", "", id="band 0, channels of one's own"),
            pytest.param(0x22, "3180", "", id="US"),
            pytest.param(0x34, "001e0a0f", "", id="Wiegand"),
            pytest.param(0x35, "000200000101", "", id="work mode"),
            pytest.param(0x36, "", "001e0a0f" + "000201000101" + "0800", id="which work mode"),
            pytest.param(0x37, "08", "", id="EAS accuracy"),
            pytest.param(0x38, "64", "", id="Syris offset"),
            pytest.param(0x3B, "03", "03", id="trigger time"),
            pytest.param(0x3B, "ff", "00", id="which trigger time"),
        ],
    )
    def test_settings_of_uhfreader18(self, command: int, data: str, said: str) -> None:
        reply = only_reply(chafon(command, data, model="uhfreader18"))
        assert (reply.status, reply.data.hex()) == (Status.OK, said)

    @pytest.mark.parametrize(
        ("command", "data", "said"),
        [
            pytest.param(0x2F, "9a", "", id="power, for now"),
            pytest.param(0x2F, "1a1b1c9d", "", id="a power for each port"),
            pytest.param(0x94, "", "1e1e1e1e", id="which powers"),
            pytest.param(0x3F, "85", "", id="antennas 1 and 3, for now"),
            pytest.param(0x22, "4680", "", id="Ukraine"),
            pytest.param(0x22, "f400", "", id="US 3"),
            pytest.param(0x79, "9a", "", id="a power of its own for writing"),
            pytest.param(0x7A, "", "00", id="which power for writing"),
            pytest.param(0x7B, "85", "05", id="how often a write is tried again"),
            pytest.param(0x9A, "01" + "00" + "00" + "01" + "0000" + "00" + "00", "", id="select"),
        ],
    )
    def test_settings_that_the_makers_library_asks_of_later_readers(self, command: int, data: str, said: str) -> None:
        reply = only_reply(chafon(command, data))
        assert (reply.status, reply.data.hex()) == (Status.OK, said)

    @pytest.mark.parametrize(("ports", "data"), [(8, "f0"), (8, "0100f0"), (16, "0100f0")])
    def test_the_antennas_of_larger_readers_are_set_in_either_form(self, ports: int, data: str) -> None:
        talk = Conversation("chafon", options=ReaderOptions(antenna_ports=ports))
        talk.reader.receive_data(build_chafon(0xFF, 0x3F, bytes.fromhex(data)))
        assert only_reply(talk.pass_time(0.1)).status is Status.OK

    def test_of_one_tag_it_tells_once(self) -> None:
        seen, end = chafon(0x0F)
        assert isinstance(seen, TagSeen)
        assert (seen.epc, end) == (EPC, RoundEnded(1))

    def test_a_session_that_there_is_not_is_refused(self) -> None:
        assert only_reply(chafon(0x01, "0405008003")).status is Status.BAD_PARAMETER

    def test_a_work_mode_that_scans_pushes_what_it_sees(self) -> None:
        events = chafon(0x35, "010204000101", model="uhfreader18")
        assert {seen.epc for seen in seen_in(events)} == {EPC}

    @pytest.mark.parametrize(
        ("command", "data", "said"),
        [
            pytest.param(0x15, "00" + "02" + "0000" + "06" + "00000000", TID.hex(), id="extended read"),
            pytest.param(0x16, "01" + "00" + "03" + "0001" + "1234" + "00000000", "", id="extended write"),
            pytest.param(0x10, "01" + "00" + "03" + "01" + "1234" + "00000000", "", id="block write"),
            pytest.param(0x07, "00" + "03" + "00" + "02" + "00000000", "", id="block erase"),
            pytest.param(0x92, "", "0126", id="temperature"),
        ],
    )
    def test_other_ways_to_the_same(self, command: int, data: str, said: str) -> None:
        reply = only_reply(chafon(command, data))
        assert (reply.status, reply.data.hex()) == (Status.OK, said)


class TestR2000:
    @pytest.mark.parametrize(
        ("switch", "reads"),
        [
            pytest.param("0001" + "ff01" * 3 + "00" + "01", 1, id="pyImpinj: places without an antenna still have a stay"),
            pytest.param("0001" + "0101" + "0201" + "0301" + "00" + "05", 5, id="four antennas, five times"),
            pytest.param("0002" + "0100" + "0200" + "0300" + "0400" + "0500" + "0600" + "0700" + "00" + "03", 6, id="eight places"),
            pytest.param(
                "0001" + "ff00" * 7 + "00" + "0000000000" + "02" + "00" + "000000" + "00" + "0a",
                10,
                id="the long form, session S2, ten times",
            ),
        ],
    )
    def test_a_switch_of_antennas(self, switch: str, reads: int) -> None:
        events = r2000(0x8A, switch)
        assert [event.reads for event in events if isinstance(event, RoundEnded)] == [reads]
        assert {(seen.epc, seen.antenna) for seen in seen_in(events)} == {(EPC, 1)}

    def test_a_switch_of_no_known_length_is_refused(self) -> None:
        assert only_reply(r2000(0x8A, "000101010201")).status is Status.BAD_PARAMETER

    @pytest.mark.parametrize(
        ("command", "data"),
        [
            pytest.param(0x8B, "01" + "00" + "00" + "01" + "02", id="8B: session, target, SL, phase, repeat"),
            pytest.param(0x8A, "0001" + "ff00" * 7 + "00" + "0000000000" + "0100" + "000000" + "01" + "01", id="8A, long form"),
        ],
    )
    def test_phases_are_told_where_they_are_asked_for(self, command: int, data: str) -> None:
        assert {seen.phase for seen in seen_in(r2000(command, data))} == {0x0120}

    @pytest.mark.parametrize(
        ("command", "data", "said"),
        [
            pytest.param(0x62, "03", "", id="antenna detector"),
            pytest.param(0x67, b"0123456789AB".hex(), "", id="identifier"),
            pytest.param(0x69, "d1", "", id="link profile"),
            pytest.param(0x71, "04", "", id="baud rate"),
            pytest.param(0x76, "14151617", "", id="power of each of four ports"),
            pytest.param(0x78, "04" + "14" + "0a" + "0d3356", "", id="frequencies of one's own"),
            pytest.param(0x7E, "07", "12", id="return loss"),
            pytest.param(0x8C, "8d", "", id="FastTID"),
            pytest.param(0x8E, "", "00", id="is FastTID on"),
            pytest.param(0x97, "", "1e1e1e1e", id="power of each port"),
        ],
    )
    def test_settings(self, command: int, data: str, said: str) -> None:
        reply = only_reply(r2000(command, data))
        assert (reply.status, reply.data.hex()) == (Status.OK, said)

    def test_a_reset_is_not_answered(self) -> None:
        assert r2000(0x70) == []

    def test_a_new_address_holds_at_once(self) -> None:
        talk = Conversation("r2000")
        for address, command, data in ((1, 0x73, b"\x07"), (1, 0x72, b""), (7, 0x72, b""), (0xFF, 0x72, b"")):
            talk.reader.receive_data(build_r2000(address, command, data))
        replies = [event for event in talk.pass_time(0.1) if isinstance(event, Reply)]
        assert [reply.command for reply in replies] == ["set_address", "get_info", "get_info"]

    def test_frequencies_of_ones_own_are_counted_from_their_start(self) -> None:
        talk = Conversation("r2000")
        talk.field.enter(new_tag(), enters_s=0.0)
        for command, data in ((0x78, "04140a0d3356"), (0x79, ""), (0x89, "01")):
            talk.reader.receive_data(build_r2000(1, command, bytes.fromhex(data)))
        events = talk.pass_time(0.5)
        assert {seen.frequency_khz for seen in seen_in(events)} == {865_110}

    @pytest.mark.parametrize("port", [1, 4, 5, 8])
    def test_an_eight_port_board_names_each_port(self, port: int) -> None:
        talk = Conversation("r2000", options=ReaderOptions(antenna_ports=8))
        talk.codec = R2000Codec(antenna_ports=8)
        talk.field.enter(new_tag(), enters_s=0.0, antenna=port)
        for command, data in ((0x74, bytes((port - 1,))), (0x89, b"\x01"), (0x81, bytes.fromhex("02000600000000"))):
            talk.reader.receive_data(build_r2000(1, command, data))
            events = talk.pass_time(0.2)
        talk.reader.receive_data(build_r2000(1, 0x89, b"\x01"))
        (seen,) = seen_in(talk.pass_time(0.2))
        (read,) = events
        assert isinstance(read, Reply)
        assert read.tag is not None
        assert (seen.antenna, read.tag.antenna) == (port, port)


class TestM100:
    @pytest.mark.parametrize(
        ("opcode", "payload", "said"),
        [
            pytest.param(0x11, "00c0", "", id="baud rate"),
            pytest.param(0x17, "", "", id="sleep"),
            pytest.param(0x1D, "02", "02", id="minutes until it sleeps"),
            pytest.param(0x04, "010103", "010103", id="idle mode"),
            pytest.param(0xA9, "050102030405", "", id="channels"),
            pytest.param(0xF0, "030601b0", "", id="demodulator"),
            pytest.param(0xF1, "", "030601b0", id="which demodulator"),
            pytest.param(0xF2, "", "0013" + "f2" * 20, id="jammers"),
            pytest.param(0xF3, "", "0013" + "ba" * 20, id="channels' strength"),
            pytest.param(0x0B, "", "01000000200000", id="which select"),
        ],
    )
    def test_settings(self, opcode: int, payload: str, said: str) -> None:
        reply = only_reply(m100(opcode, payload))
        assert (reply.status, reply.data.hex()) == (Status.OK, said)

    def test_rounds_end_by_themselves(self) -> None:
        """rfid-r200 asks for ten."""
        assert [event.epc for event in m100(0x27, "22000a") if isinstance(event, TagSeen)] == [EPC] * 10

    def test_one_round(self) -> None:
        assert len(seen_in(m100(0x22))) == 1


class TestCf:
    @pytest.mark.parametrize("address", [0x00, 0xFF])
    def test_as_it_comes_from_its_maker_it_is_00_and_answers_the_public_address(self, address: int) -> None:
        assert only_reply(cf(0x0070, address=address)).status is Status.OK

    @pytest.mark.parametrize(
        ("command", "data", "said"),
        [
            pytest.param(0x0053, "1a", "", id="power without the byte in reserve"),
            pytest.param(0x0059, "0100", "", id="air protocol"),
            pytest.param(0x0059, "02", "00", id="which air protocol"),
            pytest.param(0x005A, "02", "04", id="which speed"),
            pytest.param(0x005C, "02", "00", id="which address"),
            pytest.param(0x0052, "", "", id="reboot"),
            pytest.param(0x000E, "", "", id="save"),
        ],
    )
    def test_settings(self, command: int, data: str, said: str) -> None:
        reply = only_reply(cf(command, data))
        assert (reply.status, reply.data.hex()) == (Status.OK, said)

    @pytest.mark.parametrize(
        ("mask", "status"),
        [
            pytest.param("0000" + "08" + "e2", Status.OK, id="the first byte"),
            pytest.param("0004" + "06" + "28", Status.OK, id="six bits from the fifth"),
            pytest.param("0000" + "08" + "e3", Status.NO_TAG, id="another's first byte"),
            pytest.param("0000" + "00", Status.OK, id="none"),
        ],
    )
    def test_a_mask_of_some_bits(self, mask: str, status: Status) -> None:
        talk = Conversation("cf")
        talk.field.enter(new_tag(), enters_s=0.0)
        talk.reader.receive_data(build_cf(0, 0x0007, bytes.fromhex(mask)))
        talk.pass_time(0.1)
        talk.reader.receive_data(build_cf(0, 0x0003, bytes.fromhex("00" + "00000000" + "02" + "0000" + "06")))
        first, *_ = talk.pass_time(0.1)
        assert isinstance(first, Reply)
        assert first.status is status
