"""`ebike-reader decode`: one JSON object a line, whatever the bytes are."""

import fcntl
import json
import os
import subprocess
import sys
import termios
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader_agent.reader_tool.decode import HexReader, NotHex, bytes_of_hex

# M100 manual V2.1, 4.2: a tag notice; its RSSI byte C9 is −55 dBm.
NOTICE = "bb 02 22 00 11 c9 34 00 30 75 1f eb 70 5c 59 04 e3 d5 0d 70 3a 76 ef 7e"
EPC = "30751feb705c5904e3d50d70"


def decode(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "reader_agent.reader_tool", "decode", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)


def events(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        pytest.param(NOTICE.split(), b"", id="words"),
        pytest.param([NOTICE.replace(" ", "").upper()], b"", id="one word, capitals"),
        pytest.param([NOTICE], b"", id="one quoted text"),
        pytest.param([NOTICE.replace(" ", ":")], b"", id="colons between"),
        pytest.param([",".join(f"0x{byte}" for byte in NOTICE.split())], b"", id="as a C array"),
        pytest.param(["{ " + ", ".join(f"0x{byte}" for byte in NOTICE.split()) + " };"], b"", id="as a C array in its braces"),
        pytest.param(["".join(f"\\x{byte}" for byte in NOTICE.split())], b"", id="as a C string"),
        pytest.param(["-"], NOTICE.encode() + b"\n", id="standard input"),
        pytest.param(["-"], b"\n".join(NOTICE.replace(" ", "")[n : n + 3].encode() for n in range(0, 48, 3)), id="lines that cut bytes"),
        pytest.param(["--raw", "-"], bytes.fromhex(NOTICE), id="raw"),
        pytest.param(["--json", NOTICE], b"", id="JSON asked for, as of the other commands"),
    ],
)
def test_however_the_bytes_are_given(arguments: list[str], stdin: bytes) -> None:
    (event,) = events(decode("m100", *arguments, stdin=stdin))
    assert (event["event"], event["epc"], event["rssi"]) == ("tag_seen", EPC, {"value": -55, "unit": "dBm", "raw": "c9"})


@pytest.mark.parametrize(
    ("options", "antenna"),
    [
        pytest.param([], 2, id="up to 8 ports: a bit mask"),
        pytest.param(["--antenna-ports", "16"], 3, id="16 ports: a number from 0"),
    ],
)
def test_what_the_bytes_do_not_say_may_be_told(options: list[str], antenna: int) -> None:
    (event,) = events(decode("chafon", "1500010302010c3039606303c74380001a055940d8a4", *options))
    assert event["antenna"] == antenna


def test_a_family_may_be_told_which_readers_it_has() -> None:
    """Antenna, EPC of a word, RSSI and phase, or, of an UHFReader18, an EPC and nothing else."""
    push = "1100ee003042606303c74380001a05592b53"
    assert [event["epc"] for event in events(decode("chafon", push, "--option", "model=uhfreader18"))] == ["3042606303c74380001a0559"]


R700_EVENT = '{"eventType": "tagInventory", "tagInventoryEvent": {"epcHex": "30751FEB705C5904E3D50D70", "peakRssiCdbm": -5500}}'


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        pytest.param([R700_EVENT], b"", id="one word"),
        pytest.param(["-"], f"  {R700_EVENT}\r\n".encode(), id="standard input"),
        pytest.param(["-"], f"[{R700_EVENT}]\n".encode(), id="a list"),
        pytest.param(["-"], b"\xef\xbb\xbf" + R700_EVENT.encode(), id="a byte order mark before it"),
        pytest.param(["--raw", "-"], f"{R700_EVENT}\n".encode(), id="said to be bytes"),
        pytest.param([f"{R700_EVENT}\n".encode().hex()], b"", id="hex"),
    ],
)
def test_the_json_of_a_smart_reader_may_stand_as_it_is(arguments: list[str], stdin: bytes) -> None:
    (event,) = events(decode("impinj-json", *arguments, stdin=stdin))
    assert (event["event"], event["epc"], event["rssi"]["value"]) == ("tag_seen", EPC, -55)


def test_a_stream_may_begin_with_blank_lines_and_come_one_by_one() -> None:
    command = [sys.executable, "-m", "reader_agent.reader_tool", "decode", "impinj-json", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        reads = [b"\r\n", b"[", R700_EVENT.encode() + b"]\r\n"]
        for count, piece in enumerate(reads):
            process.stdin.write(piece)
            process.stdin.flush()
            deadline_s = time.monotonic() + 30
            while count < len(reads) - 1 and waiting_bytes(process.stdin.fileno()) and time.monotonic() < deadline_s:
                time.sleep(0.01)
        assert [json.loads(process.stdout.readline())["event"] for _ in range(2)] == ["notice", "tag_seen"]
        process.stdin.close()
        assert process.wait() == 0


def waiting_bytes(pipe: int) -> int:
    """How much nobody has taken out of it yet."""
    count = bytearray(4)
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return int.from_bytes(count, sys.byteorder)


def test_json_is_no_hex_to_other_families() -> None:
    assert b"expected hex digits" in decode("m100", "-", stdin=R700_EVENT.encode()).stderr


def test_nothing_on_standard_input_is_nothing() -> None:
    assert events(decode("m100", "-")) == []


def test_a_family_may_be_written_in_capitals() -> None:
    (event,) = events(decode("M100", NOTICE))
    assert event["epc"] == EPC


def test_the_shell_completes_families() -> None:
    program = [sys.executable, "-c", "import sys; from reader_agent.reader_tool.commands import app; app(prog_name='ebike-reader')"]
    asked = {"_EBIKE_READER_COMPLETE": "complete_bash", "COMP_WORDS": "ebike-reader decode r", "COMP_CWORD": "2"}
    done = subprocess.run(program, env=os.environ | asked, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.split() == ["r200", "r2000"]


def test_a_broken_frame_is_an_event_and_the_next_is_read() -> None:
    seen = events(decode("m100", NOTICE.replace("ef 7e", "ee 7e"), NOTICE))
    assert seen[0]["event"] == "frame_error"
    assert seen[0]["reason"] == "checksum"
    assert seen[-1]["epc"] == EPC


def test_half_a_frame_at_the_end_is_told() -> None:
    (event,) = events(decode("m100", NOTICE[:20]))
    assert event["event"] == "frame_error"


def test_the_other_direction_reads_what_a_host_sends() -> None:
    (event,) = events(decode("m100", "--direction", "to-reader", "bb 00 03 00 01 00 04 7e"))
    assert (event["event"], event["opcode"]) == ("host_command", "03")


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        pytest.param(["m100", "bb", "0y22"], b"", b"expected hex digits, found '0y22' in line 1", id="no hex"),
        pytest.param(["m100", "-"], b"bb02\n22zz\n", b"found '22zz' in line 2", id="no hex in the second line"),
        pytest.param(["m100", "-"], b"bb\xff\n", "found 'bb\ufffd' in line 1".encode(), id="bytes without --raw"),
        pytest.param(["m100", "-"], bytes.fromhex(NOTICE), b"or use --raw", id="a whole frame without --raw"),
        pytest.param(["m100", ""], b"", b"no bytes were given; write them in hex, or - for standard input", id="an empty word"),
        pytest.param(["m100", "bb0"], b"", b"half a byte at the end", id="half a byte"),
        pytest.param(["m300", "bb"], b"", b"no reader family 'm300'; known are m100, r200, r2000", id="unknown family"),
        pytest.param(["m100", "--raw", "bb"], b"", b"write - in the place of the bytes", id="raw words"),
    ],
)
def test_wrong_use_is_told_and_exits_2(arguments: list[str], stdin: bytes, says: bytes) -> None:
    done = decode(*arguments, stdin=stdin)
    assert done.returncode == 2
    assert says in done.stderr
    assert b"Traceback" not in done.stderr


def test_lines_come_while_input_still_runs() -> None:
    command = [sys.executable, "-m", "reader_agent.reader_tool", "decode", "m100", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(NOTICE.encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["epc"] == EPC
        process.stdin.close()
        assert process.wait() == 0


def test_a_long_recording_is_read_whole() -> None:
    assert len(events(decode("m100", "-", stdin=NOTICE.replace(" ", "").encode() * 20_000))) == 20_000


@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 200), max_size=6))
def test_hex_in_any_pieces_gives_the_same_bytes(data: bytes, cuts: list[int]) -> None:
    text = data.hex(" ")
    places = sorted({0, len(text), *(cut for cut in cuts if cut <= len(text))})
    pieces = [text[start:end] for start, end in pairwise(places)]
    assert b"".join(bytes_of_hex(pieces)) == data


def test_the_offending_word_is_named_even_when_it_is_long() -> None:
    with pytest.raises(NotHex, match="found 'zzzz"):
        HexReader().feed("aa " + "z" * 10_000)
