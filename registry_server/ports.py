"""Ports of this machine: whether one can be had, and how a place is written in a URL."""

import socket

from registry_server.errors import SetupError


def claim_port(host: str, port: int, who: str, remedy: str) -> int:
    """The port for `who`, 0 replaced by a free one. Raises SetupError where another program has it: it would pass for ours."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(f"{who} cannot listen on {in_url(host, port)} ({error.strerror}). {remedy}") from None
        return int(probe.getsockname()[1])


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def in_url(host: str, port: int) -> str:
    """An IPv6 address stands in brackets there (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
