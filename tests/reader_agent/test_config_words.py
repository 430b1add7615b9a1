"""What `ebike-agent check` says to usual mistakes: the nearest right word, no pydantic, and never a password."""

import tomllib
from pathlib import Path

import pytest

from reader_agent.config import ConfigWrong, parse_config, read_config
from reader_agent.example import EXAMPLE

PASSWORD = "PASSWORD"


def complaints(tmp_path: Path, text: str | bytes) -> list[str]:
    path = tmp_path / "agent.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigWrong) as caught:
        read_config(path)
    said = [str(problem) for problem in caught.value.problems]
    assert PASSWORD not in f"{said} {caught.value}".replace("USER:PASSWORD@", "")
    return said


def changed(old: str, new: str) -> str:
    assert old in EXAMPLE
    return EXAMPLE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param("checkpoint =", "chekpoint =", "(did you mean checkpoint?)", id="a key misspelt"),
        pytest.param("power_dbm = 26.0", "power = 26.0", "(did you mean power_dbm?)", id="a reader's key misspelt"),
        pytest.param("[spool]", "[spol]", "spol = {…}: is not a setting", id="a table misspelt, its content not shown"),
        pytest.param("[broker]", "[brokr]", "brokr = {…}: is not a setting", id="the broker's table misspelt, its password not shown"),
        pytest.param("[[readers]]", "[[reader]]", "reader = […]: is not a setting of this program", id="readers misspelt"),
        pytest.param("[broker]\nurl", "broker", 'broker = "…": write a table', id="the broker as one line, its password not shown"),
        pytest.param(":PASSWORD@", ":PASSWORD/x@", 'broker.url = "…": this is no address of a broker', id="a slash in the password"),
        pytest.param(":8883", ":0", "this is no address of a broker", id="port 0"),
        pytest.param(":8883", ":8883/ebike", "this is no address of a broker", id="a path behind the broker"),
        pytest.param("tcp://192.0.2.20:4001", "192.0.2.20:4001", "write tcp://192.0.2.20:4001", id="a bare host and port"),
        pytest.param('"serial:///dev', '"/dev', "write serial:///dev/serial/by-id/usb-1a86", id="a bare path"),
        pytest.param('family = "m100"', 'family = "M100"', "(did you mean m100?)", id="a family in capitals"),
        pytest.param('region = "eu"', 'region = "EU"', "(did you mean eu?)", id="a region in capitals"),
        pytest.param("read_tid = true", 'read_tid = "yes"', 'read_tid = "yes": write true or false, without quotes', id="yes in quotes"),
        pytest.param("read_tid = true", "read_tid = 1", "write true or false", id="1 for true"),
        pytest.param("power_dbm = 26.0", 'power_dbm = "26"', "write a number from 0 to 36, without quotes", id="a number in quotes"),
        pytest.param("power_dbm = 26.0", "power_dbm = nan", "write a number from 0 to 36", id="no number"),
        pytest.param("power_dbm = 26.0", "power_dbm = true", "write a number from 0 to 36", id="true for a number"),
        pytest.param("max_mb = 512", "max_mb = 0.5", "write a whole number from 1 to 100000", id="half a megabyte"),
        pytest.param("max_s = 60.0", "max_s = 1.0", "silence_s = 2.0: is longer than window.max_s = 1", id="a silence that never ends"),
        pytest.param('"/var/lib/ebike-agent/agent.key"', "7", 'key_file = 7: write text in quotes, such as "7"', id="a number for a path"),
        pytest.param(
            '{ 1 = "in", 2 = "out" }', '{ 1 = "in", 2 = "Out" }', '{ 1 = "in", 2 = "Out" }: write a name', id="a lane in capitals"
        ),
        pytest.param('{ 1 = "in", 2 = "out" }', '{ 1 = "in", "১" = "out" }', "an antenna port stands there twice", id="one port twice"),
        pytest.param("power_dbm = 26.0", "power_dbm = ২৬", "line 33, column 13); write numbers with the digits 0 to 9", id="Bangla digits"),
        pytest.param('"kcc"', "“kcc”", "write straight quotation marks", id="typographic quotes"),
        pytest.param('"kcc"', "kcc", "write text in quotation marks", id="no quotes"),
        pytest.param("\ndata_dir", '\nagent = "x"\ndata_dir', "agent stands there twice; remove one of them", id="a key twice"),
        pytest.param("[lanes]", "[broker]", "[broker] stands there twice", id="a table twice, its password not shown"),
        pytest.param("[lanes]", 'url = "mqtts://u:PASSWORD@h"\n[lanes]', "url stands there twice", id="the broker twice, not shown"),
        pytest.param('"towards the market"', "5", 'lanes.in = 5: write text in quotes, such as "5"', id="a number for a lane's label"),
        pytest.param("out =", '"বাহির" =', 'lanes.বাহির = "বাহির": write a name', id="a lane's name in Bangla"),
        pytest.param('region = "eu"', 'region = ["eu"]', "region = […]: write one text in quotes", id="a list for a region"),
        pytest.param('{ 1 = "in" }', '{ 1.5 = "in" }', "antennas = { 1 = {…} }: write one text", id="a port and a half"),
        pytest.param("power_dbm = 26.0", "power_dbm = " + "9" * 5000, "is not TOML: Exceeds the limit", id="a number without end"),
        pytest.param("power_dbm = 26.0", "power_dbm = " + "[" * 5000, "is not TOML: maximum recursion", id="brackets without end"),
        pytest.param("192.0.2.20:", "192.0.2.20 :", "this is no address of a reader", id="a blank in a reader's host"),
        pytest.param("tcp://", "tcp://u:PASSWORD@", 'gate-2.url = "…": this is no address of a reader', id="a password for a bare port"),
        pytest.param("broker.example", "broker .example", 'broker.url = "…": this is no address', id="a blank in the broker's host"),
        pytest.param("authority =", "authority\u00a0=", "a blank in that line is no plain space", id="a blank from a word processor"),
    ],
)
def test_a_usual_mistake_is_named_with_what_to_write(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert any(says in line for line in complaints(tmp_path, changed(old, new)))


def test_the_line_of_another_encoding_is_named(tmp_path: Path) -> None:
    assert complaints(tmp_path, EXAMPLE.encode().replace(b"towards", b"t\xf4wards")) == ["is not UTF-8 text (line 17); save it as UTF-8"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte-order mark"])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_what_editors_write_is_read(tmp_path: Path, mark: bytes, ending: bytes) -> None:
    path = tmp_path / "agent.toml"
    path.write_bytes(mark + EXAMPLE.encode().replace(b"\n", ending))
    assert read_config(path) == parse_config(tomllib.loads(EXAMPLE), path)
