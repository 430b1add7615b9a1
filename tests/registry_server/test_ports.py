"""A port is had or refused with what to do, on IPv4 and IPv6 alike; what listens there is named as a URL names it."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from registry_server.broker import start_broker
from registry_server.config import Settings
from registry_server.errors import SetupError
from registry_server.ports import claim_port
from registry_server.up import Running

HOSTS = [pytest.param("127.0.0.1", id="IPv4"), pytest.param("::1", id="IPv6")]


@pytest.mark.parametrize("host", HOSTS)
def test_a_port_that_another_program_has_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as other,
        pytest.raises(SetupError, match=r"the pages cannot listen on .* Stop that"),
    ):
        claim_port(host, other.getsockname()[1], "the pages", "Stop that.")


@pytest.mark.parametrize("host", HOSTS)
def test_a_broker_is_found_at_its_url(host: str, tmp_path: Path) -> None:
    broker = start_broker(tmp_path / "broker", host, 0)
    try:
        parts = urlsplit(broker.url)
        assert parts.hostname == host
        socket.create_connection((host, int(parts.port or 0)), 5.0).close()
    finally:
        broker.stop()


@pytest.mark.parametrize("host", HOSTS)
def test_the_address_of_the_pages_can_be_opened_as_it_is_told(host: str) -> None:
    assert urlsplit(Running(Settings(web_host=host, web_port=8000)).web_url).hostname == host
