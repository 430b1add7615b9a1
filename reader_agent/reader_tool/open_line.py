"""The line that a command was told to play a reader on."""

import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from reader_agent.clock import SystemClock
from reader_agent.reader_tool.lines import PtyLine, TcpLine
from reader_agent.reader_tool.terminal import refuse
from reader_agent.reader_tool.tls_line import TlsLine, make_certificate

_Line = TypeVar("_Line")


def open_line(
    *, is_pty: bool, tcp: str | None, link: Path | None, baud: int | None = None, tls: str | None = None, certificate: Path | None = None
) -> PtyLine | TcpLine:
    """Ends the program with a sentence if there is no such line. A TLS line makes its certificate where there is none."""
    if is_pty + (tcp is not None) + (tls is not None) != 1:
        refuse("write either --pty or --tcp HOST:PORT")
    if baud is not None and not is_pty:
        refuse("--baud is the speed of a serial line; it goes with --pty")
    if link is not None and not is_pty:
        refuse("--link is a path to a pseudo-terminal; it goes with --pty")
    if tls is not None:
        if certificate is None:
            refuse("--tls: write --cert FILE.pem, too; it is made if it is not there, and hosts are given it as their ca")
        whole = certificate.absolute()
        return listen_at("--tls", tls, lambda host, port: TlsLine(host, port, usable_certificate(whole, host)))
    return _pty_line(link, baud) if tcp is None else listen_at("--tcp", tcp, TcpLine)


def _pty_line(link: Path | None, baud: int | None) -> PtyLine:
    if link is not None and os.path.lexists(link) and not link.is_symlink():
        refuse(f"--link {link}: that is no link, and would be lost; write a path where nothing is")
    try:
        return PtyLine(link, baud)
    except OSError as error:
        refuse(f"{'--pty' if link is None else f'--link {link}'}: {error.strerror}")


def listen_at(option: str, place: str, line: Callable[[str, int], _Line]) -> _Line:
    """The line that `line` makes of host and port. Ends the program with a sentence where there can be none."""
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        refuse(f"{option} {place}: write HOST:PORT, such as 127.0.0.1:4001")
    try:
        return line(host, int(port))
    except OSError as error:
        refuse(f"{option} {place}: {error.strerror or error}; choose another port, or 0 for a free one")


def usable_certificate(certificate: Path, host: str) -> Path:
    """Made if it is missing. Ends the program with a sentence if there is something else, or no place for it."""
    try:
        if not certificate.exists():
            made = make_certificate(host, SystemClock().now().utc)
            with os.fdopen(os.open(certificate, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(made)
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, password=lambda: b"")  # never ask at a terminal
    except ssl.SSLError:
        refuse(f"--cert {certificate}: holds no certificate with its key; give a PEM file of both, or a path where nothing is: it is made")
    except OSError as error:
        refuse(f"--cert {certificate}: {error.strerror}; name a file in a folder that this account may write")
    return certificate
