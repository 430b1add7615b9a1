"""ThingMagic modules: tags as they stand in a stream and in the buffer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.commands import (
    StopInventory,
)
from firmware_protocols.events import (
    Event,
    FrameError,
    FrameFault,
    Notice,
    Reply,
    RoundEnded,
    Rssi,
    RssiUnit,
    Status,
    TagSeen,
)
from firmware_protocols.thingmagic.codec import ThingMagicCodec
from firmware_protocols.thingmagic.frames import build_reply
from firmware_protocols.thingmagic.tables import CODE, METADATA_SIZE, Metadata
from tests.firmware_protocols.reading import errors_of, read, without_errors
from tests.firmware_protocols.thingmagic.building import EPC, METADATA, SAID, SEEN, STREAM, TID, event_of


def test_tags_that_come_before_the_answer_to_a_stop_are_reads() -> None:
    codec = ThingMagicCodec()
    codec.encode(StopInventory())
    late = build_reply(0x22, 0, bytes.fromhex(STREAM + "01" + METADATA + "0060" + TID.hex() + "0f" + SAID))
    events = read(codec, [late + late + build_reply(0x2F, 0, b"\x02")])
    assert events[:2] == [SEEN, SEEN]
    assert isinstance(events[2], Reply)
    assert events[2].command == "stop_inventory"


class TestStream:
    @pytest.mark.parametrize(
        ("data", "tid"),
        [
            pytest.param("0060" + TID.hex(), TID, id="the TID"),
            pytest.param("0000", None, id="nothing could be read"),
            pytest.param("80000404", None, id="an error instead of data"),
        ],
    )
    def test_a_tag_with_what_was_read_of_it(self, data: str, tid: bytes | None) -> None:
        assert event_of(0x22, STREAM + "01" + METADATA + data + "0f" + SAID) == SEEN._replace(tid=tid)

    @pytest.mark.parametrize("prefix", ["81", "84", "88"])
    def test_two_option_bytes(self, prefix: str) -> None:
        assert event_of(0x22, prefix + STREAM + "01" + METADATA + "0060" + TID.hex() + "0f" + SAID) == SEEN

    def test_no_metadata(self) -> None:
        assert event_of(0x22, "00" + "001b" + "01" + SAID) == TagSeen(EPC, 0x3000)

    def test_all_metadata_of_an_m7e(self) -> None:
        data = "10" + "001f" + "1fff" + "01" + METADATA + "0060" + TID.hex() + "0f" + "02" + "00" + "01" + "abcd" + SAID
        assert event_of(0x22, data) == SEEN

    @given(flags=st.integers(0, 0x1FFF), tid=st.sampled_from([b"", TID, TID[:4]]))
    def test_any_choice_of_metadata(self, flags: int, tid: bytes) -> None:
        """What was asked for is there, what was not is None."""
        values = {flag: bytes((size,) * size) for flag, size in METADATA_SIZE.items()}
        values |= {Metadata.PROTOCOL: b"\x05", Metadata.DATA: (len(tid) * 8).to_bytes(2) + tid}
        metadata = b"".join(value for flag, value in values.items() if flags & flag)
        seen = event_of(0x22, "10001b" + f"{flags:04x}" + "01" + metadata.hex() + SAID)
        assert isinstance(seen, TagSeen)
        assert (seen.epc, seen.pc) == (EPC, 0x3000)
        assert seen.tid == (tid or None if flags & Metadata.DATA else None)
        assert (seen.rssi is not None) == bool(flags & Metadata.RSSI)
        assert seen.reads == (1 if flags & Metadata.READ_COUNT else None)
        assert seen.antenna == (16 if flags & Metadata.ANTENNA else None)
        assert seen.frequency_khz == (0x030303 if flags & Metadata.FREQUENCY else None)
        assert seen.phase == (0x0202 if flags & Metadata.PHASE else None)

    @pytest.mark.parametrize(("byte", "port"), [("11", 1), ("43", 4), ("00", 16)])
    def test_the_antenna_is_the_one_that_sends(self, byte: str, port: int) -> None:
        seen = event_of(0x22, "10001b" + "0004" + "01" + byte + SAID)
        assert isinstance(seen, TagSeen)
        assert seen.antenna == port

    @pytest.mark.parametrize(("byte", "dbm"), [("c4", -60.0), ("00", 0.0), ("80", -128.0), ("05", 5.0)])
    def test_rssi_is_signed(self, byte: str, dbm: float) -> None:
        seen = event_of(0x22, "10001b" + "0002" + "01" + byte + SAID)
        assert isinstance(seen, TagSeen)
        assert seen.rssi == Rssi(dbm, RssiUnit.DBM, bytes.fromhex(byte))

    @pytest.mark.parametrize(
        ("said", "epc", "pc"),
        [
            pytest.param("0020" + "0000" + "abcd", b"", 0, id="no EPC"),
            pytest.param(
                "00a0" + "3200" + "0080" + EPC.hex() + "0000" + "1234", EPC + b"\0\0", 0x3200, id="an XPC word is none of the EPC"
            ),
            pytest.param("00b0" + "3200" + "8080" + "0001" + EPC.hex() + "0000" + "1234", EPC + b"\0\0", 0x3200, id="nor are two"),
        ],
    )
    def test_what_a_tag_says_of_itself(self, said: str, epc: bytes, pc: int) -> None:
        assert event_of(0x22, "10001b" + "0000" + "01" + said) == TagSeen(epc, pc)

    def test_a_tag_of_another_protocol_has_no_pc(self) -> None:
        assert event_of(0x22, "10001b" + "0040" + "01" + "03" + "0050" + "e004010203040506" + "1234") == TagSeen(
            bytes.fromhex("e004010203040506")
        )

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(STREAM + "01" + METADATA + "0060" + TID.hex() + "0f" + SAID + "00", id="a byte too many"),
            pytest.param(STREAM + "01" + METADATA + "0060" + TID.hex() + "0f" + SAID[:-2], id="a byte too few"),
            pytest.param(STREAM + "01" + METADATA[:8], id="metadata cut off"),
            pytest.param(STREAM + "01" + METADATA + "7f00", id="data longer than the frame"),
            pytest.param("10001b" + "0000" + "01" + "0080" + "1800" + EPC.hex() + "1234", id="a PC for a shorter EPC"),
            pytest.param("10001b" + "0000" + "01" + "0008" + "30", id="no room for a CRC"),
            pytest.param("10001b" + "4000" + "01" + SAID, id="metadata of which nobody knows the size"),
            pytest.param(STREAM + "07", id="no such kind"),
            pytest.param("10001b01", id="cut off before its kind"),
            pytest.param("00", id="one byte"),
        ],
    )
    def test_a_whole_frame_with_nonsense_in_it(self, data: str) -> None:
        error = event_of(0x22, data)
        assert isinstance(error, FrameError)
        assert error.reason is FrameFault.CONTENT

    @pytest.mark.parametrize(
        ("status", "data", "event"),
        [
            pytest.param(0x0400, "", RoundEnded(reads=0), id="heart-beat"),
            pytest.param(0x0000, "", RoundEnded(), id="a search is over"),
            pytest.param(0x0000, STREAM + "00" + "0003" + "0000", RoundEnded(), id="a search is over, with counts"),
            pytest.param(0x0000, "11005b" + "00000005", RoundEnded(reads=5), id="as many tags as were wanted"),
            pytest.param(0x0000, "10005b" + "00000101", RoundEnded(reads=257), id="a count that looks like a tag"),
            pytest.param(0x0000, "8810005b" + "00000258", RoundEnded(reads=600), id="a count that looks like a status"),
            pytest.param(0x0400, "8810001b" + "001001" + "000000fd", RoundEnded(reads=0), id="heart-beat of a search with several selects"),
            pytest.param(0x0504, "", Notice("temperature", Status.TEMPERATURE, 0x504, b"", CODE[0x504].text), id="too hot"),
            pytest.param(0x0505, "", Notice("return_loss", Status.READER_ERROR, 0x505, b"", CODE[0x505].text), id="return loss"),
            pytest.param(0x0503, "", Notice("antenna_missing", Status.ANTENNA_MISSING, 0x503, b"", CODE[0x503].text), id="no antenna"),
            pytest.param(
                0, "00011b" + "02" + "8200" + "8200" + "01" + "1c", Notice("temperature", data=b"\x1c", detail="28 °C"), id="temperature"
            ),
            pytest.param(
                0, "00011b" + "02" + "8200" + "8200" + "01" + "f6", Notice("temperature", data=b"\xf6", detail="-10 °C"), id="frost"
            ),
            pytest.param(
                0,
                "00011b" + "02" + "01" + "01" + "04" + "00000010",
                Notice("statistics", data=bytes.fromhex("01010400000010")),
                id="other statistics",
            ),
            pytest.param(0, "00011b" + "02", Notice("statistics"), id="no statistics"),
            pytest.param(
                0, "00011b" + "02" + "8200" + "8200", Notice("statistics", data=bytes.fromhex("82008200")), id="statistics cut off"
            ),
        ],
    )
    def test_what_a_stream_says_of_the_module(self, status: int, data: str, event: Event) -> None:
        assert event_of(0x22, data, status) == event

    def test_a_search_that_the_module_cannot_do(self) -> None:
        reply = event_of(0x22, "", 0x0405)
        assert reply == Reply("read_multiple", Status.READER_ERROR, 0x405, detail="radio is off: set a region first")


class TestBuffer:
    @pytest.mark.parametrize("data", ["00" + "0003" + "02", "0000130000" + "0002", "88000013" + "00000002", "88100013" + "02"])
    def test_how_many_tags_a_search_found(self, data: str) -> None:
        reply = event_of(0x22, data)
        assert isinstance(reply, Reply)
        assert reply.detail == "2 tags in the buffer"

    def test_two_tags_as_a_nano_reported_them(self) -> None:
        """The data of a published answer; both CRCs of the tags hold."""
        first = "2bc611" + "00000009" + "05" + "0080" + "3400" + "e200470457606426e301010e" + "c4bb"
        second = "2fcc11" + "0000000e" + "05" + "0080" + "3000" + "e200420e8c506017044e7949" + "50a7"
        events = read(ThingMagicCodec(), [build_reply(0x29, 0, bytes.fromhex("0057" + "00" + "02" + first + second))])
        assert [(seen.epc.hex(), seen.reads, seen.antenna) for seen in events if isinstance(seen, TagSeen)] == [
            ("e200470457606426e301010e", 0x2B, 1),
            ("e200420e8c506017044e7949", 0x2F, 1),
        ]
        assert events[2] == Reply("get_tag_buffer", Status.OK, 0, detail="2 tags")

    def test_where_reading_and_writing_stand(self) -> None:
        reply = event_of(0x29, "00010004")
        assert isinstance(reply, Reply)
        assert reply.detail == "3 tags in the buffer"

    def test_an_empty_buffer(self) -> None:
        assert event_of(0x29, "", 0x0600) == Reply("get_tag_buffer", Status.NO_TAG, 0x600, detail=CODE[0x600].text)

    @pytest.mark.parametrize("data", ["0000" + "00" + "02" + SAID, "0000" + "00" + "01" + SAID + "00", "0000"])
    def test_not_what_its_count_says(self, data: str) -> None:
        events = read(ThingMagicCodec(), [build_reply(0x29, 0, bytes.fromhex(data))])
        assert [error.reason for error in errors_of(events)] == [FrameFault.CONTENT]
        assert all(isinstance(event, TagSeen) for event in without_errors(events))

    @pytest.mark.parametrize(
        ("data", "tag"),
        [
            pytest.param("00" + EPC.hex() + "1234", TagSeen(EPC), id="with the option byte"),
            pytest.param(EPC.hex() + "1234", TagSeen(EPC), id="without"),
            pytest.param("10" + "0002" + "c4" + SAID, TagSeen(EPC, 0x3000, rssi=Rssi(-60.0, RssiUnit.DBM, b"\xc4")), id="with metadata"),
            pytest.param(
                "11" + "01ff" + METADATA + "0000" + "0f" + EPC.hex() + "1234",
                SEEN._replace(pc=None, tid=None),
                id="with metadata, as the vendor's SDK reads it",
            ),
            pytest.param("10" + "0006" + "c422" + EPC[:8].hex() + "1234", TagSeen(EPC[:8], rssi=SEEN.rssi, antenna=2), id="a shorter EPC"),
        ],
    )
    def test_a_single_read(self, data: str, tag: TagSeen) -> None:
        assert event_of(0x21, data) == Reply("read_single", Status.OK, 0, tag=tag)

    def test_a_single_read_of_nothing(self) -> None:
        assert isinstance(event_of(0x21, ""), FrameError)
