"""A configuration is right, or everything that is wrong with it is said at once: key, value, remedy."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from firmware_protocols.catalogue import ALL_FAMILIES
from firmware_protocols.commands import Region
from reader_agent.config import AgentConfig, ConfigWrong, parse_broker, parse_config, read_config
from reader_agent.example import EXAMPLE
from reader_agent.link_address import FORMS, SerialAddress, TcpAddress, parse_address

PATH = Path("agent.toml")


def raw(**changes: Any) -> dict[str, Any]:
    return {
        "authority": "kcc",
        "checkpoint": "pti-more",
        "agent": "pti-more-1",
        "key_file": "/var/lib/ebike-agent/agent.key",
        "data_dir": "/var/lib/ebike-agent",
        "broker": {"url": "mqtt://127.0.0.1"},
        "lanes": {"in": "towards the market"},
        "readers": [reader()],
    } | changes


def reader(**changes: Any) -> dict[str, Any]:
    return {"name": "gate-1", "family": "m100", "url": "tcp://192.0.2.20:4001", "antennas": {"1": "in"}} | changes


def problems(config: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigWrong) as caught:
        parse_config(config, PATH)
    return [str(problem) for problem in caught.value.problems]


def test_the_example_is_a_right_configuration() -> None:
    config = parse_config(tomllib.loads(EXAMPLE), PATH)
    assert [reader.name for reader in config.readers] == ["gate-1", "gate-2"]
    assert config.readers[0].link == SerialAddress("/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0", 115200)
    assert config.readers[0].region is Region.EU
    assert config.readers[1].antennas == {1: "in", 2: "out"}


def test_what_is_left_out_has_a_default() -> None:
    config: AgentConfig = parse_config(raw(), PATH)
    assert (config.window.silence_s, config.window.max_s, config.spool.max_mb) == (2.0, 60.0, 512)
    assert (config.readers[0].power_dbm, config.readers[0].region, config.readers[0].read_tid) == (None, None, False)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param(
            raw(readers=[reader(url="serial:/dev/x")]),
            f'readers.gate-1.url = "serial:/dev/x": this is no address of a reader; write {FORMS}',
            id="address of no known form",
        ),
        pytest.param(
            raw(readers=[reader(url="serial:///dev/ttyUSB0?baud=fast")]),
            'readers.gate-1.url = "serial:///dev/ttyUSB0?baud=fast": baud=fast is no baud rate; write a number such as baud=115200',
            id="speed that is no number",
        ),
        pytest.param(
            raw(readers=[reader(family="m200")]),
            f'readers.gate-1.family = "m200": unknown reader family; write one of {", ".join(ALL_FAMILIES)} (did you mean r200?)',
            id="unknown family",
        ),
        pytest.param(
            raw(readers=[reader(antennas={"1": "out"})]),
            'readers.gate-1.antennas.1 = "out": no such lane; write one of [lanes] (in) or add it',
            id="unknown lane",
        ),
        pytest.param(
            raw(readers=[reader(), reader(name="gate-2")]),
            'readers.gate-2.url = "tcp://192.0.2.20:4001": reader gate-1 already uses this port; give each its own',
            id="one port for two readers",
        ),
        pytest.param(
            raw(readers=[reader(url="serial:///dev/a"), reader(name="gate-2", url="serial:///dev/a?baud=9600")]),
            'readers.gate-2.url = "serial:///dev/a?baud=9600": reader gate-1 already uses this port; give each its own',
            id="one port for two readers at two speeds",
        ),
        pytest.param(
            raw(readers=[reader(), reader(url="tcp://192.0.2.21:4001")]),
            'readers.gate-1.name = "gate-1": two readers cannot share a name; give each its own',
            id="one name for two readers",
        ),
        pytest.param(
            raw(authority="Khulna City"),
            "authority = \"Khulna City\": write a name of 1 to 40 of a-z, 0-9 and inner '-'",
            id="a name with capitals and spaces",
        ),
        pytest.param(
            raw(data_dir="spool"), 'data_dir = "spool": write the whole path, such as "/var/lib/ebike-agent/spool"', id="a path in the air"
        ),
        pytest.param(
            raw(colour="red"), 'colour = "red": is not a setting of this program; remove it or correct its spelling', id="unknown"
        ),
        pytest.param(
            raw(readers=[reader(power=30)]),
            "readers.gate-1.power = 30: is not a setting of this program; remove it or correct its spelling (did you mean power_dbm?)",
            id="unknown setting of a reader",
        ),
        pytest.param(
            raw(readers=[reader(power_dbm=60)]),
            "readers.gate-1.power_dbm = 60: write a number from 0 to 36, without quotes",
            id="more power than any reader has",
        ),
        pytest.param(
            raw(readers=[reader(region="bd")]),
            'readers.gate-1.region = "bd": unknown region; write one of china_900, china_800, us, eu, korea, india, bangladesh',
            id="unknown region",
        ),
        pytest.param(
            raw(readers=[reader(family="thingmagic", options={"model": "m4"})]),
            'readers.gate-1.options.model = "m4": write one of "m5e", "m6e", "micro", "nano", "m7e": '
            "the module, before it says so itself; an M5e does not stream",
            id="an option that the family does not take",
        ),
        pytest.param(
            raw(readers=[reader(options={"model": "m5e"})]),
            'readers.gate-1.options.model = "m5e": m100 readers have no options; remove it',
            id="an option of another family",
        ),
        pytest.param(
            raw(readers=[reader(options="m5e")]),
            'readers.gate-1.options = "m5e": write a table, such as { keepalive_ms = 500 }',
            id="options that are no table",
        ),
        pytest.param(
            raw(broker={"url": "http://user:secret@host"}),
            'broker.url = "…": this is no address of a broker; write mqtt://USER:PASSWORD@HOST:1883 or mqtts://USER:PASSWORD@HOST:8883, '
            "within name and password / as %2F, # as %23, ? as %3F",
            id="no broker, and the password is not shown",
        ),
        pytest.param(
            raw(broker={"url": "mqtts://host", "cert_file": "/etc/a.pem"}),
            'broker.cert_file = "/etc/a.pem": a client certificate needs both cert_file and cert_key_file; write both or none',
            id="half a certificate",
        ),
        pytest.param(
            raw(broker={"url": "mqtt://host", "ca_file": "/etc/a.pem"}),
            'broker.url = "…": certificates are used with TLS only; write mqtts://…',
            id="certificates without TLS",
        ),
        pytest.param(
            raw(readers=[reader(power_dbm=33)]),
            "readers.gate-1.power_dbm = 33.0: m100: power in dBm: expected 0 to 30, found 33.0",
            id="more power than this family has",
        ),
        pytest.param(
            raw(readers=[reader(antennas={"2": "in"})]),
            'readers.gate-1.antennas = "2": m100 readers have one port; write { 1 = "LANE" }',
            id="a port that this family does not have",
        ),
        pytest.param(
            raw(readers=[reader(family="r2000", antennas={"5": "in"})]),
            'readers.gate-1.antennas = "5": r2000: antenna ports: expected different ports from 1 to 4, found (5,)',
            id="a port beyond the board's",
        ),
        pytest.param(
            raw(readers=[reader(family="r2000", antenna_ports=3)]),
            'readers.gate-1.family = "r2000": r2000: number of antenna ports: expected 1, 2, 4, 8, found 3; '
            "correct antenna_ports or address",
            id="a board that is not made",
        ),
        pytest.param(raw(lanes={}), 'lanes = {}: write at least one lane, such as in = "towards the market"', id="no lane"),
        pytest.param(
            {key: value for key, value in raw().items() if key != "key_file"},
            "key_file: is missing; write it, `ebike-agent example` shows the form",
            id="something is missing",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(config: dict[str, Any], says: str) -> None:
    assert says in problems(config)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    config = raw(authority=1, readers=[reader(family="x", antennas={"1": "nowhere"}), reader(name="gate-2", url="x")])
    assert [line.split(" = ")[0] for line in problems(config)] == [
        "authority",
        "readers.gate-1.family",
        "readers.gate-2.url",
        "readers.gate-1.antennas.1",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="no file"),
        pytest.param(b"a = \xff", "is not UTF-8 text (line 1); save it as UTF-8", id="another encoding"),
        pytest.param(b"a = = 1", "is not TOML", id="no TOML"),
    ],
)
def test_a_file_that_cannot_be_understood_is_a_problem_too(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "agent.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigWrong, match=str(path)) as caught:
        read_config(path)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("tcp://gate.local:4001", TcpAddress("gate.local", 4001), id="tcp"),
        pytest.param("tcp://[::1]:4001", TcpAddress("::1", 4001), id="tcp over IPv6"),
        pytest.param("serial:///dev/serial/by-id/usb-x", SerialAddress("/dev/serial/by-id/usb-x"), id="serial at the family's speed"),
        pytest.param("serial:///dev/ttyS1?baud=57600", SerialAddress("/dev/ttyS1", 57600), id="serial at a speed"),
    ],
)
def test_addresses(url: str, address: object) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize("url", ["", "tcp://host", "tcp://host:0", "tcp://host:99999", "serial://dev/x", "serial:///", "usb:///dev/x"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="write tcp://HOST:PORT or serial:///dev/serial/by-id/NAME"):
        parse_address(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "has_tls", "username", "password"),
    [
        pytest.param("mqtt://h", "h", 1883, False, None, None, id="plain"),
        pytest.param("mqtts://u:p%40ss@h:9999", "h", 9999, True, "u", "p@ss", id="with TLS and a password that holds an @"),
        pytest.param("mqtts://h", "h", 8883, True, None, None, id="TLS has its own port"),
    ],
)
def test_broker_addresses(*, url: str, host: str, port: int, has_tls: bool, username: str | None, password: str | None) -> None:
    address = parse_broker(url)
    assert (address.host, address.port, address.has_tls, address.username, address.password) == (host, port, has_tls, username, password)
    assert "p@ss" not in f"{address} {address!r}"


@pytest.mark.parametrize("family", ALL_FAMILIES)
def test_every_family_may_have_its_first_port_in_a_lane(family: str) -> None:
    config = parse_config(raw(readers=[reader(family=family)]), PATH)
    assert config.readers[0].antennas == {1: "in"}
