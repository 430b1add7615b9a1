"""An R700 over HTTP: begun, heard, seen to be lost, and refused in words."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from firmware_protocols.commands import SetAntennas
from firmware_protocols.impinj_json.requests import LISTEN_ONLY, STREAM_PATH, visit
from reader_agent.door_address import Account, HttpAddress
from reader_agent.errors import LinkLost, ReaderRefused
from reader_agent.link_address import parse_address
from reader_agent.links.http_link import HttpLink
from reader_agent.links.open_link import open_link
from tests.reader_agent.links.scripted_http import Script, serving
from tests.reader_agent.simulator import EPC, SimulatorProcess

ONE_PORT = visit([SetAntennas((1,))])
START, STOP, STATUS, SYSTEM = (f"/api/v1/{path}" for path in ("profiles/inventory/start", "profiles/stop", "status", "system"))


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "r700.password"
    file.write_text("impinj\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def reader(tmp_path: Path, password_file: Path) -> Iterator[SimulatorProcess]:
    certificate = ("--cert", str(tmp_path / "r700.pem"))
    process = SimulatorProcess(
        "impinj-json", "--http", "127.0.0.1:0", *certificate, "--account", "root", "--password-file", str(password_file)
    )
    yield process
    process.stop()


@pytest.fixture
def address(reader: SimulatorProcess, password_file: Path) -> HttpAddress:
    address = parse_address(f"{reader.place}&account=root&password_file={password_file}")
    assert isinstance(address, HttpAddress)
    return address


def read_until(link: HttpLink, wanted: bytes, within_s: float = 10.0) -> bytes:
    heard, until_s = b"", monotonic() + within_s
    while wanted not in heard and monotonic() < until_s:
        heard += link.read(0.2)
    assert wanted in heard
    return heard


def end_of(link: HttpLink) -> tuple[Exception, float]:
    """Why the link is lost, and after how many seconds."""
    since_s = monotonic()
    while monotonic() - since_s < 10:
        try:
            link.read(0.1)
        except (LinkLost, ReaderRefused) as error:
            return error, monotonic() - since_s
    raise AssertionError("the link still stands")


def plain(port: int) -> HttpAddress:
    return HttpAddress("127.0.0.1", port)


def test_a_reader_is_begun_over_https_and_heard_line_by_line(reader: SimulatorProcess, address: HttpAddress) -> None:
    link = HttpLink(address, ONE_PORT)
    reader.enter(antenna=2, epc="EB0001000000010200000002", tid="E28011602000111122223344")
    reader.enter(antenna=1)
    heard = read_until(link, EPC.encode())
    assert b"EB0001000000010200000002" not in heard  # port 2 was not asked for
    assert link.model == "R700 37000000000"
    link.close()


def test_closing_leaves_the_reader_idle(reader: SimulatorProcess, address: HttpAddress) -> None:
    HttpLink(address, ONE_PORT).close()
    link = HttpLink(address, LISTEN_ONLY)
    reader.enter()
    assert EPC.encode() not in link.read(0.5)
    link.close()


def test_a_dead_reader_is_noticed_at_once_and_the_same_address_leads_to_it_again(reader: SimulatorProcess, address: HttpAddress) -> None:
    link = HttpLink(address, ONE_PORT)
    reader.tell(unplug={"seconds": 1.0})
    error, after_s = end_of(link)
    link.close()
    assert isinstance(error, LinkLost)
    assert after_s < 3
    with pytest.raises(LinkLost, match="is the reader on"):
        HttpLink(address, ONE_PORT)
    reader.await_event("listening")
    link = HttpLink(address, ONE_PORT)
    reader.enter()
    read_until(link, EPC.encode())
    link.close()


def test_a_reader_that_hangs_is_lost_within_three_seconds(reader: SimulatorProcess, address: HttpAddress) -> None:
    link = HttpLink(address, ONE_PORT)
    reader.tell(faults={"silence_s": 20.0})
    error, after_s = end_of(link)
    link.close()
    assert "no answer to GET /api/v1/status" in str(error)
    assert after_s < 3


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        pytest.param({"account": None}, ReaderRefused, "401, it wants an account; write .account=root", id="no account"),
        pytest.param({"account": Account("admin", password_env="R700")}, ReaderRefused, "'admin' or its password is wrong", id="wrong"),
        pytest.param({"account": Account("root", Path("/nowhere/p"))}, LinkLost, "password_file=/nowhere/p: No such file", id="no file"),
        pytest.param({"account": Account("root", password_env="NONE")}, LinkLost, "password_env=NONE: no such variable", id="no variable"),
        pytest.param({"tls": None}, LinkLost, "no connection", id="http to an https port"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_write(
    address: HttpAddress, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], error: type[Exception], says: str
) -> None:
    monkeypatch.setenv("R700", "wrong")
    with pytest.raises(error, match=says):
        HttpLink(replace(address, **change))  # type: ignore[arg-type]  # rows of a table


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_password_is_sent(address: HttpAddress) -> None:
    assert address.tls is not None
    with pytest.raises(LinkLost, match="vouches for the reader's certificate"):
        HttpLink(replace(address, tls=replace(address.tls, ca=None)))


def test_a_certificate_for_another_name_needs_that_name(address: HttpAddress) -> None:
    assert address.tls is not None
    with pytest.raises(LinkLost, match=r"is not for 'impinj-14-2a'"):
        HttpLink(replace(address, tls=replace(address.tls, name="impinj-14-2a")))


@pytest.mark.parametrize("rights", [0o604, 0o644])
def test_a_password_that_everybody_may_read_is_not_sent(address: HttpAddress, password_file: Path, rights: int) -> None:
    password_file.chmod(rights)
    with pytest.raises(LinkLost, match="everybody may read it; chmod o-r"):
        HttpLink(address)


@pytest.mark.parametrize(
    ("path", "status", "error", "says"),
    [
        pytest.param(START, 503, LinkLost, "POST /api/v1/profiles/inventory/start: it answers 503; it is busy", id="busy"),
        pytest.param(START, 409, LinkLost, "answers 409; it is busy", id="an inventory is still ending"),
        pytest.param(START, 400, ReaderRefused, "400 no such field: fastId", id="a profile that it does not know"),
        pytest.param(SYSTEM, 404, ReaderRefused, "switch its interface from LLRP to IoT", id="the LLRP interface is on"),
        pytest.param(
            START, 403, ReaderRefused, "403 no such field: fastId; switch its interface from LLRP to IoT", id="only LLRP may read"
        ),
        pytest.param(START, 404, ReaderRefused, "bring its firmware up to date", id="its firmware knows presets only"),
        pytest.param(SYSTEM, 301, ReaderRefused, "it points to 'https://r700/'; write that address", id="to HTTPS"),
        pytest.param(STREAM_PATH, 401, ReaderRefused, "401", id="the stream for others only"),
        pytest.param(STREAM_PATH, 503, LinkLost, "answers 503", id="too many streams"),
    ],
)
def test_what_a_reader_answers_is_told_in_words(path: str, status: int, error: type[Exception], says: str) -> None:
    with serving(Script({path: status}, location="https://r700/" if status == 301 else "")) as port, pytest.raises(error, match=says):
        HttpLink(plain(port), ONE_PORT)


def test_the_requests_come_in_their_order_with_nothing_of_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    script = Script()
    with serving(script) as port:
        HttpLink(plain(port), ONE_PORT).close()
    assert script.paths()[:4] == [SYSTEM, STOP, START, STREAM_PATH]
    assert script.paths()[-1] == STOP
    assert all(headers["Accept-Encoding"] == "identity" for headers in script.headers)


def test_a_stream_that_ends_or_tears_brings_all_it_said_first() -> None:
    with serving(Script(pieces=(b'{"a":1}\r\n', b'{"b":'), ends=True)) as port:
        link = HttpLink(plain(port), ONE_PORT)
        read_until(link, b'{"a":1}\r\n{"b":')
        error, _ = end_of(link)
        link.close()
    assert "the reader ended its stream" in str(error)


def test_an_inventory_that_somebody_else_has_ended_is_begun_again() -> None:
    script = Script(reading="idle")
    with serving(script) as port:
        link = HttpLink(plain(port), ONE_PORT)
        error, after_s = end_of(link)
        link.close()
    assert "somebody else has ended its inventory" in str(error)
    assert after_s < 3


def test_a_stop_where_nothing_ran_may_be_a_conflict() -> None:
    script = Script({STOP: 409}, pieces=(b"\r\n",))
    with serving(script) as port:
        link = HttpLink(plain(port), ONE_PORT)
        assert link.read(5) == b"\r\n"
        link.close()
    assert script.paths()[:4] == [SYSTEM, STOP, START, STREAM_PATH]


@pytest.mark.parametrize("status", [200, 404, 500], ids=["it reads", "it knows no status", "it has a fault of its own"])
def test_any_answer_to_the_question_for_its_status_is_a_sign_of_life(status: int) -> None:
    script = Script({STATUS: status})
    with serving(script) as port:
        link = HttpLink(plain(port), ONE_PORT)
        since_s = monotonic()
        while script.paths().count(STATUS) < 2:
            assert link.read(0.1) == b""
            assert monotonic() - since_s < 10
        link.close()


def test_a_password_that_was_changed_meanwhile_is_no_lost_line_but_a_refusal() -> None:
    with serving(Script({STATUS: 401})) as port:
        link = HttpLink(plain(port), ONE_PORT)
        error, _ = end_of(link)
        link.close()
    assert isinstance(error, ReaderRefused)


def test_a_reader_that_answers_the_stream_with_its_first_tag_only_is_waited_for_by_nobody() -> None:
    script = Script(is_late=True, pieces=(b"{}\r\n",))
    with serving(script) as port:
        link = HttpLink(plain(port), ONE_PORT)
        assert link.read(0.05) == b""
        script.over.set()
        read_until(link, b"{}\r\n")
        link.close()


def test_closing_waits_for_no_stream_that_never_answered() -> None:
    with serving(Script(is_late=True)) as port:
        link = HttpLink(plain(port), ONE_PORT)
        since_s = monotonic()
        link.close()
        assert monotonic() - since_s < 2
    assert not any(thread.is_alive() for thread in link._threads)


def test_a_line_in_pieces_comes_whole_and_a_flood_is_held_back() -> None:
    pieces = tuple(b"x" * 65536 for _ in range(200))
    with serving(Script(pieces=pieces, ends=True)) as port:
        link = HttpLink(plain(port), ONE_PORT)
        Event().wait(0.3)
        assert link._inbox.received <= 4 << 20
        heard = 0
        while heard < 200 * 65536:
            heard += len(link.read(1.0))
        link.close()


def test_nothing_can_be_written_on_it() -> None:
    with serving(Script()) as port:
        link = open_link(plain(port), 115200)
        with pytest.raises(LinkLost, match="only tells what it sees"):
            link.write(b"\xbb")
        link.close()


def test_no_thread_and_no_socket_is_left() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with serving(Script()) as port:
        for _ in range(3):
            HttpLink(plain(port), ONE_PORT).close()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
