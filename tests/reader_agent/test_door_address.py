"""What may stand in a URL of a smart reader, and what is written instead of the rest."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader_agent.door_address import Account, DoorAddress, HttpAddress, MqttAddress, WebhookAddress, parse_door
from reader_agent.link_address import parse_address
from reader_agent.tls_address import TlsAddress

R700 = "/etc/ebike/r700"
FILE = Account("root", Path(f"{R700}.password"))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("https://192.0.2.30", HttpAddress("192.0.2.30", 443, tls=TlsAddress("192.0.2.30", 443)), id="https"),
        pytest.param("http://r700.local:8080/", HttpAddress("r700.local", 8080), id="http with a port"),
        pytest.param("http://relay/lane/1", HttpAddress("relay", 80, "/lane/1"), id="a stream elsewhere"),
        pytest.param(
            f"https://r700?ca={R700}.pem&name=impinj-14-2a&account=root&password_file={R700}.password",
            HttpAddress("r700", 443, account=FILE, tls=TlsAddress("r700", 443, Path(f"{R700}.pem"), "impinj-14-2a")),
            id="https with all settings",
        ),
        pytest.param("mqtt://broker/zebra/fx1/#", MqttAddress("broker", 1883, "zebra/fx1/#"), id="all topics of a reader"),
        pytest.param("mqtt://broker:1884/zebra/+/d-evt", MqttAddress("broker", 1884, "zebra/+/d-evt"), id="one level of a topic open"),
        pytest.param(
            "mqtts://broker/fx1?account=gate&password_env=GATE_3",
            MqttAddress("broker", 8883, "fx1", Account("gate", password_env="GATE_3"), TlsAddress("broker", 8883)),
            id="mqtts with an account",
        ),
        pytest.param("webhook://0.0.0.0:8081/gate-3", WebhookAddress("0.0.0.0", 8081, "/gate-3"), id="webhook"),
        pytest.param("webhook://10.0.0.1:8443/x?cert=/a.pem", WebhookAddress("10.0.0.1", 8443, "/x", cert=Path("/a.pem")), id="with TLS"),
        pytest.param("webhook://[::1]:8081/a/b", WebhookAddress("::1", 8081, "/a/b"), id="webhook on IPv6"),
    ],
)
def test_addresses(url: str, address: DoorAddress) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        pytest.param("https://root:impinj@192.0.2.30", "holds no password; write .account=NAME&password_file=/path", id="a password"),
        pytest.param("mqtt://me@broker/topic", "holds no password", id="a name alone"),
        pytest.param("http://\0", "a sign in it that cannot be seen", id="a host of no letters"),
        pytest.param("serial:///dev/tty\0USB0", "a sign in it that cannot be seen", id="a path of no letters"),
        pytest.param("tcp://gate\x07:4001", "a sign in it that cannot be seen", id="a bell in a name"),
        pytest.param("https://", "this is no address of a reader; write .*https://HOST", id="no host"),
        pytest.param("https://r700:0", "this is no address", id="port 0"),
        pytest.param("https://r700:66000", "out of range.*; write https://HOST", id="no port"),
        pytest.param("https://r700?token=1", "unknown setting 'token'.*account=…, password_file=…", id="an unknown setting"),
        pytest.param("http://r700?ca=/a.pem", "unknown setting 'ca'", id="a certificate without TLS"),
        pytest.param("mqtts://broker/t?name=x", "unknown setting 'name'", id="a name that paho cannot check"),
        pytest.param("https://r700?ca=r700.pem", "ca=r700.pem is no whole path", id="half a path"),
        pytest.param("https://r700?account=root", "either password_file=/path/to/file or password_env=", id="an account without password"),
        pytest.param("https://r700?password_file=/p", "write account=NAME", id="a password without account"),
        pytest.param("https://r700?account=a&password_file=/p&password_env=P", "either password_file", id="two passwords"),
        pytest.param("https://r700?account=a:b&password_env=P", "holds no colon", id="a colon in the name"),
        pytest.param(
            "https://r700?account=a&password_file=p", "password_file=p is no whole path; write .*/etc/ebike/p", id="half of another"
        ),
        pytest.param("mqtt://broker", "the reader's topic is missing; write mqtt://broker/TOPIC", id="no topic"),
        pytest.param("mqtt://broker/#/a", "'#' for all that follow, at the end", id="a filter that none is"),
        pytest.param("mqtt://broker/a+/b", "'[+]' stands for one whole level", id="half a level"),
        pytest.param("webhook://0.0.0.0/gate-3", "write the port to listen on and the path", id="no port to listen on"),
        pytest.param("webhook://0.0.0.0:8081", "write the port to listen on and the path", id="no path"),
        pytest.param("webhook://0.0.0.0:8081/x?ca=/a", "unknown setting 'ca'", id="whom a listener trusts"),
        pytest.param("webhook://0.0.0.0:8081/x?cert=a.pem", "cert=a.pem is no whole path; write .*/etc/ebike/a.pem", id="half of a third"),
    ],
)
def test_what_is_no_address_is_told_with_what_to_write(url: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy) as raised:
        parse_address(url)
    assert "impinj@" not in str(raised.value)


@given(scheme=st.sampled_from(["http", "https", "mqtt", "mqtts", "webhook"]), rest=st.text(max_size=60))
def test_any_text_is_an_address_or_a_sentence(scheme: str, rest: str) -> None:
    host = "r700"
    with suppress(ValueError):
        host = parse_door(f"{scheme}://{rest}").host
    assert host.isprintable()
    assert " " not in host
